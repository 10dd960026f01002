//! What a mutation did, or would do.

use std::marker::PhantomData;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::{Block, Cell, Column, Layout, Report, Role, Table, View};
use crate::error::Outcome;
use crate::human;
use crate::journal::OpId;
use crate::model::fault::FaultKind;
use crate::model::id::JobId;
use crate::model::plan::{LeftAlone, MOST_LISTED, Plan, Skipped, Tally, Verb};

/// What a mutation did, or, with a dry run, would do.
#[derive(Debug, Clone, Serialize)]
pub struct ChangeReport {
    /// The operation; `null` where nothing was changed.
    pub op_id: Option<OpId>,
    /// Whether nothing was to be changed.
    pub dry_run: bool,
    /// The plan.
    pub plan: Plan,
    /// Jobs that were changed.
    pub changed: u64,
    /// The same by what was done to them, where that is not the same for all.
    pub by_action: Tally,
    /// Those that were removed, where the change removes jobs; `null` otherwise.
    pub removed: Option<u64>,
    /// Jobs that were left alone.
    pub skipped: u64,
    /// Why they were left alone.
    pub skipped_by_reason: Tally,
    /// The first of them.
    pub skipped_jobs: Vec<Skipped>,
    /// Whether the operation can be undone.
    pub undoable: bool,
    /// The signal that ended it early.
    pub interrupted_by: Option<i32>,
    /// Whether a job that was named by its id was left alone.
    #[serde(skip)]
    pub named_skipped: bool,
    /// What a repair found, kind by kind.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<FaultGroup>,
    /// Until when the workers are suspended; absent where that is not the matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspended_until: Option<Timestamp>,
    /// The bench, to be named in a dry run.
    #[serde(skip)]
    pub bench: Option<String>,
    /// What is said first, where a count of changes does not say it.
    #[serde(skip)]
    pub headline: Option<String>,
    /// What is not as one would think.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// Faults of one kind that a repair found.
#[derive(Debug, Clone, Serialize)]
pub struct FaultGroup {
    /// The kind.
    pub kind: FaultKind,
    /// How many of them the plan has.
    pub count: u64,
    /// What they are.
    pub finding: &'static str,
    /// What is done about them.
    pub remedy: &'static str,
    /// Whether they are watched for a while before they are touched.
    pub watched: bool,
    /// A few of them.
    pub sample: Vec<JobId>,
}

impl ChangeReport {
    /// The report of a plan that was not, or not yet, carried out.
    pub fn of(plan: Plan, dry_run: bool) -> Self {
        let left_alone = &plan.skipped;
        Self {
            op_id: None,
            dry_run,
            changed: 0,
            by_action: Tally::default(),
            removed: plan.kind.removes().then_some(0),
            skipped: left_alone.len(),
            skipped_by_reason: left_alone.by_reason().clone(),
            skipped_jobs: left_alone.first().to_vec(),
            undoable: false,
            interrupted_by: None,
            named_skipped: false,
            kinds: Vec::new(),
            suspended_until: None,
            bench: None,
            headline: None,
            notes: Vec::new(),
            plan,
        }
    }

    /// Counts changed jobs.
    pub fn add_changed(&mut self, jobs: u64) {
        self.changed += jobs;
        self.removed = self.plan.kind.removes().then_some(self.changed);
    }

    /// Takes over what was done to the changed jobs; only what `kind.done()` names was removed.
    pub fn divide(&mut self, by_action: Tally) {
        let removed = by_action.get(self.plan.kind.done());
        self.removed = self.plan.kind.removes().then_some(removed);
        self.by_action = by_action;
    }

    /// Counts jobs that were left alone.
    pub fn leave(&mut self, jobs: &LeftAlone) {
        self.skipped += jobs.len();
        for (reason, count) in jobs.by_reason().sorted() {
            self.skipped_by_reason.add_many(reason, count);
        }
        let room = MOST_LISTED.saturating_sub(self.skipped_jobs.len());
        self.skipped_jobs.extend(jobs.first().iter().take(room).cloned());
    }

    /// Counts a job that was left alone.
    pub fn skip(&mut self, skipped: Skipped) {
        self.skipped += 1;
        self.skipped_by_reason.add(skipped.reason.as_str());
        if self.skipped_jobs.len() < MOST_LISTED {
            self.skipped_jobs.push(skipped);
        }
    }

    fn outcome(&self) -> Outcome {
        match self.interrupted_by {
            Some(signal) => Outcome::Interrupted { signal },
            None if self.named_skipped => Outcome::No,
            None => Outcome::Done,
        }
    }

    fn view(&self, view: &mut View) {
        view.push(Block::Text(Cell::new(self.sentence(), Role::Strong)));
        if self.plan.kind == Verb::Repair {
            view.push(Block::Table(lay_out_faults(&self.kinds)));
        }
        if let Some(bench) = self.bench.as_ref().filter(|_| self.dry_run) {
            view.push(Block::Fields(vec![("bench".to_owned(), bench.clone().into())]));
        }
        if self.dry_run || self.changed > 0 {
            lay_out_plan(&self.plan, view);
        }
        for (reason, count) in self.skipped_by_reason.sorted() {
            let first = self.skipped_jobs.iter().filter(|skipped| skipped.reason == reason);
            let ids: Vec<String> = first.take(3).map(|skipped| skipped.id.to_string()).collect();
            let more = if count > ids.len() as u64 { ", …" } else { "" };
            let ids =
                if ids.is_empty() { String::new() } else { format!(" ({}{more})", ids.join(", ")) };
            let count = human::counted(count, self.plan.kind.unit());
            let text = format!("left alone: {count}, {reason}{ids}");
            view.push(Block::Text(Cell::new(text, Role::Warn)));
        }
    }

    fn sentence(&self) -> String {
        if let Some(headline) = &self.headline {
            return headline.clone();
        }
        if self.dry_run {
            let planned = self.told(self.plan.count, &self.plan.by_action, "would be ");
            return format!("{planned}; nothing was changed");
        }
        let done = self.told(self.changed, &self.by_action, "");
        match self.interrupted_by {
            Some(_) => format!("{done}, then interrupted"),
            None => done,
        }
    }

    /// What becomes of how many, such as `1 job deleted, 2 canceled`.
    fn told(&self, count: u64, by_action: &Tally, auxiliary: &str) -> String {
        let (main, unit) = (self.plan.kind.done(), self.plan.kind.unit());
        let mut actions = by_action.sorted();
        actions.sort_by_key(|(done, _)| *done != main);
        let Some(((done, first), others)) = actions.split_first() else {
            return format!("{} {auxiliary}{main}", human::counted(count, unit));
        };
        let first = format!("{} {auxiliary}{done}", human::counted(*first, unit));
        others.iter().fold(first, |told, (done, n)| format!("{told}, {} {done}", human::count(*n)))
    }
}

/// What was found, kind by kind.
fn lay_out_faults(kinds: &[FaultGroup]) -> Table {
    let columns = vec![
        Column::left("KIND"),
        Column::right("FOUND"),
        Column::left("WHAT"),
        Column::left("REMEDY"),
        Column::left("SUCH AS").flexible(),
    ];
    let mut table = Table::new(columns, "nothing is broken");
    for group in kinds {
        let ids: Vec<String> = group.sample.iter().map(ToString::to_string).collect();
        table.row(vec![
            group.kind.word().into(),
            human::count(group.count).into(),
            group.finding.into(),
            group.remedy.into(),
            ids.join(", ").into(),
        ]);
    }
    table
}

/// Lays a plan out: what there is of which kind.
pub fn lay_out_plan(plan: &Plan, view: &mut View) {
    let mut fields: Vec<(String, Cell)> = Vec::new();
    fields.extend(plan.to.as_ref().map(|to| ("to queue".to_owned(), to.clone().into())));
    for (name, tally) in [
        ("by queue", &plan.by_queue),
        ("by site", &plan.by_site),
        ("by status", &plan.by_status),
        ("by method", &plan.by_method),
        ("by event", &plan.by_event),
    ] {
        let sorted = tally.sorted();
        let shown: Vec<String> = sorted
            .iter()
            .take(6)
            .map(|(name, count)| format!("{name} {}", human::count(*count)))
            .collect();
        let more = if sorted.len() > 6 { ", …" } else { "" };
        if !shown.is_empty() {
            fields.push((name.to_owned(), format!("{}{more}", shown.join(", ")).into()));
        }
    }
    if plan.dependents > 0 {
        fields.push(("dependents".to_owned(), human::count(plan.dependents).into()));
    }
    if let Some(bytes) = plan.bytes_to_journal {
        fields.push(("journal".to_owned(), format!("about {}", human::bytes(bytes)).into()));
    }
    if let Some(limit) = plan.limit {
        let text = format!("only the first {} in the order of the queues", human::count(limit));
        fields.push(("limit".to_owned(), text.into()));
    }
    if !fields.is_empty() {
        view.push(Block::Fields(fields));
    }
    for warning in &plan.warnings {
        view.push(Block::Text(Cell::new(format!("warning: {warning}"), Role::Warn)));
    }
}

/// A verb as a type, because a schema belongs to a type.
pub trait Schema {
    /// The schema's name.
    const NAME: &'static str;
}

macro_rules! schemas {
    ($($verb:ident $name:literal),* $(,)?) => {$(
        #[doc = concat!("The schema `", $name, "`.")]
        #[derive(Debug)]
        pub struct $verb;
        impl Schema for $verb {
            const NAME: &'static str = $name;
        }
    )*};
}

schemas! {
    Purge "jobctl.purge/1",
    Delete "jobctl.delete/1",
    Cancel "jobctl.cancel/1",
    Retry "jobctl.retry/1",
    Move "jobctl.move/1",
    Promote "jobctl.promote/1",
    Stop "jobctl.stop/1",
    Enqueue "jobctl.enqueue/1",
    Repair "jobctl.repair/1",
    Suspend "jobctl.suspend/1",
    Resume "jobctl.resume/1",
    Undo "jobctl.undo/1",
}

/// A report under the schema of one verb.
#[derive(Debug)]
pub struct Named<'a, S> {
    report: &'a ChangeReport,
    schema: PhantomData<S>,
}

impl<'a, S> Named<'a, S> {
    /// Puts a report under a schema.
    pub fn of(report: &'a ChangeReport) -> Self {
        Self { report, schema: PhantomData }
    }
}

impl<S> Serialize for Named<'_, S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> std::result::Result<Z::Ok, Z::Error> {
        self.report.serialize(serializer)
    }
}

impl<S: Schema> Report for Named<'_, S> {
    const SCHEMA: &'static str = S::NAME;
    const ITEMS: Option<&'static str> = None;
    const LAYOUT: Layout = Layout::Human;

    fn outcome(&self) -> Outcome {
        self.report.outcome()
    }

    fn view(&self, view: &mut View) {
        self.report.view(view);
    }

    fn notes(&self) -> &[String] {
        &self.report.notes
    }
}
