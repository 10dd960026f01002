//! The flags of every command that changes something, and how its report goes out.

use crate::commands::selection::SelectionArgs;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::journal::OpId;
use crate::model::plan::Verb;
use crate::model::selection::Selection;
use crate::ops::change::How;
use crate::report::change::{
    Cancel, ChangeReport, Delete, Enqueue, Move, Named, Promote, Purge, Repair, Resume, Retry,
    Stop, Suspend, Undo,
};

/// The flags of every command that changes something.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Change")]
pub(super) struct MutationArgs {
    #[command(flatten)]
    pub plan: PlanArgs,

    /// Keep no journal: what is done cannot be undone
    #[arg(long)]
    pub no_undo: bool,
}

/// Those of them that have nothing to do with a journal.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Change")]
pub(super) struct PlanArgs {
    /// Show the plan and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Do not ask on a terminal
    #[arg(short, long)]
    pub yes: bool,

    /// Say why, for the journal and the audit log
    #[arg(long, value_name = "TEXT", value_parser = non_empty)]
    pub reason: Option<String>,

    /// Only the first N, in the order of the queues
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
}

/// The flags of what puts jobs into queues that Frappe bounds.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(super) struct RefillArgs {
    /// So many a second, waiting while the queue holds as many as Frappe allows
    #[arg(long, value_name = "N/s", value_parser = rate)]
    pub rate: Option<u32>,

    /// Put more jobs into a queue than Frappe allows
    #[arg(long, conflicts_with = "rate")]
    pub over_cap: bool,
}

/// Takes a number a second, as `20/s` or `20`.
fn rate(text: &str) -> std::result::Result<u32, String> {
    let number = text.strip_suffix("/s").unwrap_or(text).parse();
    number.ok().filter(|rate| *rate > 0).ok_or_else(|| "write for example 20/s".to_owned())
}

impl PlanArgs {
    /// How the change is to be carried out: see [`MutationArgs::how`].
    pub(super) fn how(&self, explicit: bool, named: bool, all: bool) -> How {
        How {
            dry_run: self.dry_run,
            yes: self.yes,
            reason: self.reason.clone(),
            limit: self.limit,
            no_undo: true,
            all,
            explicit,
            named,
            kept_for: None,
        }
    }
}

impl MutationArgs {
    /// How the change is to be carried out. `explicit` says whether a flag or an id gave the
    /// scope, `named` whether an id did.
    pub(super) fn how(&self, explicit: bool, named: bool, all: bool) -> How {
        How { no_undo: self.no_undo, ..self.plan.how(explicit, named, all) }
    }

    /// The jobs that `selection` and `ids` mean, and how they are to be changed: a flag or an id
    /// gives the scope, only an id names jobs.
    pub(super) fn on_jobs(
        &self,
        selection: &SelectionArgs,
        ids: &[String],
        all: bool,
        context: &mut Context,
    ) -> Result<(Selection, How)> {
        let named = !(ids.is_empty() && selection.id.is_empty());
        let explicit = named || selection.is_explicit(context);
        let how = self.how(explicit, named, all);
        Ok((selection.resolve(context)?, how))
    }
}

impl SelectionArgs {
    /// Whether a flag says which jobs are meant; variables and default sites never count.
    fn is_explicit(&self, context: &Context) -> bool {
        !(context.global.site.is_empty()
            && self.queue.is_empty()
            && self.status.is_empty()
            && self.method.is_none()
            && self.event.is_empty()
            && self.user.is_none()
            && self.exception.is_none()
            && self.args.is_empty()
            && self.older_than.is_none()
            && self.since.is_none()
            && self.until.is_none()
            && self.id.is_empty())
    }
}

/// Says how to undo an operation, whatever became of its report: nobody else knows its name.
pub(super) fn offer_undo(context: &mut Context, op: Option<&OpId>) -> Result<()> {
    if let Some(op) = op {
        let command = context.target()?.undo_command(op.as_str());
        context.ui.undo_with(&command);
    }
    Ok(())
}

/// Shows a report under the schema of its verb; the last line says how to undo it.
pub(super) fn finish(context: &mut Context, mut report: ChangeReport) -> Result<Outcome> {
    let scope = context.scope()?;
    report.bench.clone_from(&scope.bench);
    let report = &report;
    let ui = &mut context.ui;
    let shown = match report.plan.kind {
        Verb::Purge => ui.finish(&scope, &Named::<Purge>::of(report)),
        Verb::Delete => ui.finish(&scope, &Named::<Delete>::of(report)),
        Verb::Cancel => ui.finish(&scope, &Named::<Cancel>::of(report)),
        Verb::Retry => ui.finish(&scope, &Named::<Retry>::of(report)),
        Verb::Move => ui.finish(&scope, &Named::<Move>::of(report)),
        Verb::Promote => ui.finish(&scope, &Named::<Promote>::of(report)),
        Verb::Stop => ui.finish(&scope, &Named::<Stop>::of(report)),
        Verb::Enqueue => ui.finish(&scope, &Named::<Enqueue>::of(report)),
        Verb::Repair => ui.finish(&scope, &Named::<Repair>::of(report)),
        Verb::Suspend => ui.finish(&scope, &Named::<Suspend>::of(report)),
        Verb::Resume => ui.finish(&scope, &Named::<Resume>::of(report)),
        Verb::Undo => ui.finish(&scope, &Named::<Undo>::of(report)),
    };
    offer_undo(context, report.op_id.as_ref().filter(|_| report.undoable))?;
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_is_a_number_a_second() {
        assert_eq!(rate("20/s"), Ok(20));
        assert_eq!(rate("20"), Ok(20));
        assert!(rate("0/s").is_err());
        assert!(rate("20/m").is_err());
    }
}
