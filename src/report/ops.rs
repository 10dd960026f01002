//! Operations: the list, one of them, what was pruned.

use jiff::Timestamp;
use serde::Serialize;

use super::{Block, Cell, Column, Layout, Report, Role, Table, View};
use crate::human::{self, Zone};
use crate::journal::{End, Ending, Header, OpId, Pruned, SwitchBatch, SwitchImage, Verdict};

/// The operations whose journals are kept.
#[derive(Debug, Serialize)]
pub struct OpsReport {
    /// The operations, newest first.
    pub ops: Vec<OpRow>,
    /// What is not as one would think.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// One operation.
#[derive(Debug, Serialize)]
pub struct OpRow {
    /// Its name.
    pub op_id: OpId,
    /// What it did.
    pub verb: String,
    /// When it began; `null` where its journal cannot be read.
    pub began_at: Option<Timestamp>,
    /// Who did it.
    pub user: String,
    /// Why.
    pub reason: Option<String>,
    /// How it ended; `null` while it runs and after a crash.
    pub ending: Option<Ending>,
    /// Whether it runs.
    pub running: bool,
    /// Whether its journal cannot be read, or ends in the middle of a record.
    pub damaged: bool,
    /// Jobs that it changed, as far as that is known.
    pub changed: u64,
    /// Jobs of which it is not known.
    pub doubtful: u64,
    /// The size of its journal.
    pub size_bytes: u64,
    /// The operation that it undid.
    pub undoes: Option<OpId>,
    /// The operation that undid it.
    pub undone_by: Option<OpId>,
}

impl OpRow {
    /// An operation whose journal cannot be read.
    pub fn unreadable(op_id: OpId) -> Self {
        Self {
            op_id,
            verb: "?".to_owned(),
            began_at: None,
            user: "?".to_owned(),
            reason: None,
            ending: None,
            running: false,
            damaged: true,
            changed: 0,
            doubtful: 0,
            size_bytes: 0,
            undoes: None,
            undone_by: None,
        }
    }

    fn began(&self, zone: &Zone) -> String {
        self.began_at.map_or_else(|| "?".to_owned(), |at| human::time(at, zone))
    }

    fn state(&self) -> Cell {
        match (self.ending, self.running, &self.undone_by) {
            _ if self.damaged => Cell::new("damaged", Role::Bad),
            (_, true, _) => Cell::new("running", Role::Started),
            (_, _, Some(_)) => Cell::new("undone", Role::Dim),
            (None, ..) => Cell::new("unfinished", Role::Bad),
            (Some(Ending::Done), ..) => Cell::new("done", Role::Good),
            (Some(Ending::Interrupted), ..) => Cell::new("interrupted", Role::Warn),
            (Some(Ending::Failed), ..) => Cell::new("failed", Role::Bad),
            (Some(Ending::Recovered), ..) => Cell::new("recovered", Role::Warn),
        }
    }
}

impl Report for OpsReport {
    const SCHEMA: &'static str = "jobctl.ops/1";
    const ITEMS: Option<&'static str> = Some("ops");

    fn view(&self, view: &mut View) {
        let columns = vec![
            Column::left("OPERATION"),
            Column::left("VERB"),
            Column::left("STATE"),
            Column::right("CHANGED"),
            Column::right("SIZE"),
            Column::left("BEGAN"),
            Column::left("USER"),
            Column::left("REASON").flexible(),
        ];
        let mut table = Table::new(columns, "no operation was journalled");
        for op in &self.ops {
            table.row(vec![
                op.op_id.to_string().into(),
                op.verb.clone().into(),
                op.state(),
                human::count(op.changed).into(),
                human::bytes(op.size_bytes).into(),
                op.began(&view.zone).into(),
                op.user.clone().into(),
                op.reason.clone().unwrap_or_default().into(),
            ]);
        }
        view.push(Block::Table(table));
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// One operation and the first of its jobs.
#[derive(Debug, Serialize)]
pub struct OpReport {
    /// The operation.
    #[serde(flatten)]
    pub op: OpRow,
    /// Its header.
    pub header: Header,
    /// Its end.
    pub end: Option<End>,
    /// Its journal.
    pub path: String,
    /// The first of its jobs.
    pub jobs: Vec<OpJob>,
    /// The switches that it turned.
    pub switches: Vec<OpSwitch>,
    /// What is not as one would think.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// A job of an operation.
#[derive(Debug, Serialize)]
pub struct OpJob {
    /// Its id.
    pub id: String,
    /// What became of it; `null` where that is not known.
    pub verdict: Option<Verdict>,
    /// Where the change was to leave it.
    pub left: String,
}

/// A switch of an operation.
#[derive(Debug, Serialize)]
pub struct OpSwitch {
    /// Where it stands, what stood there and what the change was to leave there.
    #[serde(flatten)]
    pub image: SwitchImage,
    /// What became of it; `null` where that is not known.
    pub verdict: Option<Verdict>,
}

impl OpSwitch {
    /// The switches of a batch; `verdicts` are those of the whole journal, by number.
    pub fn of(batch: SwitchBatch, verdicts: &[Option<Verdict>]) -> impl Iterator<Item = Self> {
        (batch.first..).zip(batch.switches).map(|(number, image)| {
            let verdict = usize::try_from(number).ok().and_then(|at| verdicts.get(at).copied());
            Self { image, verdict: verdict.flatten() }
        })
    }
}

impl Report for OpReport {
    const SCHEMA: &'static str = "jobctl.op/1";
    const ITEMS: Option<&'static str> = Some("jobs");
    const LAYOUT: Layout = Layout::Human;

    fn view(&self, view: &mut View) {
        let mut fields: Vec<(String, Cell)> = vec![
            ("operation".to_owned(), self.op.op_id.to_string().into()),
            ("verb".to_owned(), self.op.verb.clone().into()),
            ("state".to_owned(), self.op.state()),
            ("began".to_owned(), self.op.began(&view.zone).into()),
            ("user".to_owned(), self.op.user.clone().into()),
            ("command".to_owned(), self.header.command.clone().into()),
            ("changed".to_owned(), human::count(self.op.changed).into()),
            ("journal".to_owned(), self.path.clone().into()),
        ];
        let optional = [
            ("reason", self.op.reason.clone()),
            ("undoes", self.op.undoes.as_ref().map(ToString::to_string)),
            ("undone by", self.op.undone_by.as_ref().map(ToString::to_string)),
            ("doubtful", (self.op.doubtful > 0).then(|| human::count(self.op.doubtful))),
        ];
        for (name, value) in optional {
            fields.extend(value.map(|value| (name.to_owned(), value.into())));
        }
        view.push(Block::Fields(fields));
        if !self.switches.is_empty() {
            view.push(Block::Table(self.switch_table()));
            return;
        }
        let columns =
            vec![Column::left("JOB").flexible(), Column::left("WHAT"), Column::left("LEFT")];
        let mut table = Table::new(columns, "no job was touched");
        for job in &self.jobs {
            let what = told(job.verdict);
            table.row(vec![job.id.clone().into(), what, job.left.clone().into()]);
        }
        view.push(Block::Table(table));
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl OpReport {
    fn switch_table(&self) -> Table {
        let columns = vec![
            Column::left("SWITCH"),
            Column::left("IN").flexible(),
            Column::left("WAS"),
            Column::left("LEFT AS"),
            Column::left("WHAT"),
        ];
        let mut table = Table::new(columns, "no switch was touched");
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
        for OpSwitch { image, verdict } in &self.switches {
            table.row(vec![
                image.place.key().into(),
                image.place.source().into(),
                value(&image.before).into(),
                value(&image.after).into(),
                told(*verdict),
            ]);
        }
        table
    }
}

fn told(verdict: Option<Verdict>) -> Cell {
    match verdict {
        Some(Verdict::Changed) => Cell::new("changed", Role::Good),
        Some(Verdict::Untouched) => Cell::new("left alone", Role::Dim),
        None => Cell::new("not known", Role::Warn),
    }
}

/// What was thrown away.
#[derive(Debug, Serialize)]
pub struct PruneReport {
    /// Whether nothing was to be changed.
    pub dry_run: bool,
    /// The room that it took.
    pub bytes: u64,
    /// The journals, oldest first.
    pub pruned: Vec<Pruned>,
    /// What is not as one would think.
    #[serde(skip)]
    pub notes: Vec<String>,
}

impl Report for PruneReport {
    const SCHEMA: &'static str = "jobctl.ops-prune/1";
    const ITEMS: Option<&'static str> = Some("pruned");
    const LAYOUT: Layout = Layout::Human;

    fn view(&self, view: &mut View) {
        let (journals, bytes) =
            (human::counted(self.pruned.len() as u64, "journal"), human::bytes(self.bytes));
        let text = if self.dry_run {
            format!("{journals} of {bytes} would be removed")
        } else {
            format!("{journals} of {bytes} removed")
        };
        view.push(Block::Text(text.into()));
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
