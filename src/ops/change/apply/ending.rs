//! What is written down of an operation as a whole: who began it, and how it ended.

use jiff::Timestamp;

use super::Run;
use super::turn::reconnecting;
use crate::context::Context;
use crate::error::{Failure, Result, failure_of};
use crate::journal::{
    Actor, AuditLine, End, Ending, Header, JournalDir, KEPT_BYTES, KEPT_FOR, OpId,
};
use crate::model::plan::Plan;
use crate::ops::change::How;
use crate::report::change::ChangeReport;
use crate::secrets::Secrets;
use crate::sys::clock;
use crate::sys::fault;
use crate::sys::proc::hostname;

impl Run {
    /// Ends the journal, drops the receipts, writes the audit line.
    pub(super) fn finish(
        mut self,
        context: &mut Context,
        header: &Header,
        journals: &JournalDir,
        how: &How,
        ended: Result<Ending>,
    ) -> Result<ChangeReport> {
        let end = End {
            ended_at: clock::now(),
            ending: *ended.as_ref().unwrap_or(&Ending::Failed),
            changed: self.report.changed,
            skipped: self.report.skipped,
        };
        fault::point("before-end");
        // With a batch of which nothing is known the journal stays open: the receipts are needed.
        let closed = if self.open {
            Ok(())
        } else {
            self.close(context, &end)
                .and_then(|()| journals.audit(&AuditLine::of(header, &end, self.journal.is_some())))
        };
        fault::point("ended");
        if let Err(error) = ended.and(closed) {
            return Err(self.explain(context, error));
        }
        let kept_for = how.kept_for.unwrap_or(KEPT_FOR);
        if let Err(error) = journals.prune(end.ended_at, kept_for, KEPT_BYTES, false) {
            self.report.notes.push(format!("old journals were not removed: {error:#}"));
        }
        self.report.op_id = Some(self.op);
        self.report.undoable = self.journal.is_some() && self.report.changed > 0;
        self.report.named_skipped = how.named && self.report.skipped > 0;
        Ok(self.report)
    }

    fn close(&mut self, context: &mut Context, end: &End) -> Result<()> {
        if let Some(journal) = &mut self.journal {
            journal.end(end)?;
        }
        let op = self.op.clone();
        // A receipt that stays behind costs a few bytes; the journal has what it says.
        let forgotten = reconnecting(context, |store| store.forget_receipts(&op));
        if let Err(error) = forgotten {
            self.report.notes.push(format!("receipts were left in Redis: {error:#}"));
        }
        Ok(())
    }

    /// An error in the middle, with how far it got and how to go on.
    fn explain(&self, context: &Context, error: anyhow::Error) -> anyhow::Error {
        let Some(kind) = failure_of(&error).map(Failure::kind) else { return error };
        if self.report.changed == 0 && !self.open {
            return error;
        }
        let done = self.report.changed;
        let told = if self.open { "at least " } else { "" };
        let failure = Failure::new(
            kind,
            format!("stopped in the middle of operation `{}`, {told}{done} jobs changed", self.op),
        );
        let undo = context.target().map(|target| target.undo_command(self.op.as_str()));
        let failure = failure.because(error);
        match (undo, &self.journal) {
            (Ok(undo), Some(_)) => failure.hint(format!("undo with: {undo}")).into(),
            _ => failure.into(),
        }
    }
}

/// Writes the audit line of an operation that keeps no journal.
pub(in crate::ops) fn audit(
    context: &Context,
    plan: &Plan,
    how: &How,
    ending: Ending,
    changed: u64,
) -> Result<()> {
    let header = header_of(context, plan, how, None)?;
    let skipped = plan.count.saturating_sub(changed);
    let end = End { ended_at: clock::now(), ending, changed, skipped };
    context.journals()?.audit(&AuditLine::of(&header, &end, false))
}

pub(super) fn header_of(
    context: &Context,
    plan: &Plan,
    how: &How,
    undoes: Option<&OpId>,
) -> Result<Header> {
    header(context, plan.kind.word(), plan.count, how, undoes)
}

/// The beginning of an operation's journal; `planned` counts what it is going to change.
pub(in crate::ops) fn header(
    context: &Context,
    verb: &str,
    planned: u64,
    how: &How,
    undoes: Option<&OpId>,
) -> Result<Header> {
    let scope = context.scope()?;
    let began_at: Timestamp = clock::now();
    // Always masked: the log outlives the moment in which somebody wanted to see secrets.
    let masked = |text: &str| Secrets::new(false).text(text).into_owned();
    let words: Vec<String> = std::env::args_os()
        .map(|word| crate::sanitize::shell_quote(&word.to_string_lossy()).into_owned())
        .collect();
    Ok(Header {
        op_id: OpId::new(began_at),
        verb: verb.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        began_at,
        actor: actor(),
        reason: how.reason.as_deref().map(masked),
        command: masked(&words.join(" ")),
        bench: scope.bench,
        redis: scope.redis.unwrap_or_default(),
        key_prefix: crate::context::keys().prefix().to_owned(),
        planned,
        undoes: undoes.cloned(),
    })
}

/// Who runs this process.
pub(in crate::ops) fn actor() -> Actor {
    let uid = nix::unistd::getuid();
    let user = nix::unistd::User::from_uid(uid).ok().flatten();
    Actor {
        user: user.map_or_else(|| uid.to_string(), |user| user.name),
        sudo_user: crate::env::read(crate::env::SUDO_USER),
        host: hostname(),
    }
}
