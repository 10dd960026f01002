//! Switches that were turned, or would be: one line per site.

use serde::Serialize;

use super::{Block, Cell, Column, Layout, Report, Role, Table, View};
use crate::error::{Failure, Kind, Outcome};
use crate::journal::{OpId, SwitchPlace};
use crate::schedule::inactive::Reason;

/// Switches that were turned, or would be.
#[derive(Debug, Clone, Serialize)]
pub struct SwitchReport {
    /// What was done, such as `pause-scheduler`.
    pub verb: &'static str,
    /// The operation; `null` where nothing was changed.
    pub op_id: Option<OpId>,
    /// Whether nothing was to be changed.
    pub dry_run: bool,
    /// The switches, a row per site.
    #[serde(rename = "sites")]
    pub rows: Vec<SwitchRow>,
    /// Whether the operation can be undone.
    pub undoable: bool,
    /// The signal that ended it early.
    pub interrupted_by: Option<i32>,
    /// What is not as one would think.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// What is to be told of an operation that ended.
#[derive(Debug, Clone, Default)]
pub struct Ended {
    /// The operation, if it changed something.
    pub op_id: Option<OpId>,
    /// Whether it can be undone.
    pub undoable: bool,
    /// What went wrong with the bookkeeping.
    pub notes: Vec<String>,
}

/// A document that may still be in the cache as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// Why it could not be deleted.
    pub why: String,
    /// Whether the scheduler goes by it.
    pub counts: bool,
}

/// A switch.
#[derive(Debug, Clone, Serialize)]
pub struct SwitchRow {
    /// The site; `null` for a switch of all sites.
    pub site: Option<String>,
    /// How far it got.
    pub turn: Turn,
    /// Where it stands.
    pub place: SwitchPlace,
    /// Whether it could be read; else nothing is known of `before` and `after`.
    pub read: bool,
    /// What stood there, as it is written there; `null` for nothing.
    pub before: Option<String>,
    /// What stands there now, or with a dry run would.
    pub after: Option<String>,
    /// Why it was left alone or failed.
    pub reason: Option<String>,
    /// Whether Frappe's cache may still hold the former value and the scheduler goes by it.
    pub is_stale: bool,
    /// What else keeps the scheduler from running.
    pub obstacles: Vec<Obstacle>,
    /// How it is when it has been turned, such as `paused`.
    #[serde(skip)]
    pub state: &'static str,
    /// The sort of failure.
    #[serde(skip)]
    pub kind: Option<Kind>,
    /// What to type next after a failure.
    #[serde(skip)]
    pub hints: Vec<String>,
}

/// How far turning a switch got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// It is going to be turned.
    Planned,
    /// It was turned.
    Changed,
    /// It stood so already.
    AlreadySo,
    /// It was left alone.
    LeftAlone,
    /// It could not be turned.
    Failed,
}

/// Something else that keeps a scheduler from running.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Obstacle {
    /// The key or field, or what `scheduler status` calls it.
    pub code: String,
    /// The file, or the table and row, in which it stands.
    pub source: String,
    /// What it is, in a sentence.
    pub detail: String,
    /// How to lift it.
    pub fix: Option<String>,
}

impl From<Reason> for Obstacle {
    fn from(reason: Reason) -> Self {
        let Reason { code, source, detail, fix, .. } = reason;
        Self { code: code.to_owned(), source, detail, fix }
    }
}

impl SwitchRow {
    /// A row about a place that is to be `state`.
    pub fn of(place: &SwitchPlace, state: &'static str) -> Self {
        Self {
            site: place.site().map(str::to_owned),
            turn: Turn::Planned,
            place: place.clone(),
            read: false,
            before: None,
            after: None,
            reason: None,
            is_stale: false,
            obstacles: Vec::new(),
            state,
            kind: None,
            hints: Vec::new(),
        }
    }

    /// Writes down that Frappe's cache could not be cleared; gives a note where that changes
    /// nothing for the scheduler.
    pub fn leave_stale(&mut self, stale: Stale) -> Option<String> {
        let site = self.site.as_deref().unwrap_or_default();
        let Stale { why, counts } = stale;
        if !counts {
            let key = self.place.key();
            return Some(format!(
                "{site}: the desk may show the former `{key}` for a while: {why}"
            ));
        }
        self.is_stale = true;
        self.reason = Some(format!(
            "the database was changed, but this Frappe goes by its cached System Settings, which could not be deleted: {why}; run the command again when the cache Redis answers"
        ));
        None
    }

    fn result(&self, dry_run: bool) -> Cell {
        let state = self.state;
        match self.turn {
            Turn::Planned if dry_run => Cell::new(format!("would be {state}"), Role::Plain),
            Turn::Planned => Cell::new("not reached", Role::Warn),
            Turn::Changed | Turn::AlreadySo if self.is_stale => {
                Cell::new(format!("{state}, without effect yet"), Role::Bad)
            }
            Turn::Changed => Cell::new(state, Role::Good),
            Turn::AlreadySo => Cell::new(format!("already {state}"), Role::Dim),
            Turn::LeftAlone => Cell::new("left alone", Role::Warn),
            Turn::Failed => Cell::new("failed", Role::Bad),
        }
    }
}

impl SwitchReport {
    /// A report on nothing yet.
    pub fn of(verb: &'static str) -> Self {
        Self {
            verb,
            op_id: None,
            dry_run: false,
            rows: Vec::new(),
            undoable: false,
            interrupted_by: None,
            notes: Vec::new(),
        }
    }

    /// The switches that are going to be turned.
    pub fn planned(&self) -> impl Iterator<Item = &SwitchRow> {
        self.rows.iter().filter(|row| row.turn == Turn::Planned)
    }

    /// Takes over how the operation ended.
    pub fn ended(&mut self, ended: Ended) {
        self.op_id = ended.op_id;
        self.undoable = ended.undoable;
        self.notes.extend(ended.notes);
    }

    /// The failure to end with where all sites failed for the same kind of reason: its exit code
    /// says more than "some failed". `None` where one was done.
    pub fn sole_failure(&self) -> Option<Failure> {
        let first = self.rows.first()?;
        let kind = first.kind?;
        if self.interrupted_by.is_some() || self.rows.iter().any(|row| row.kind != Some(kind)) {
            return None;
        }
        let site = first.site.as_deref().map_or_else(String::new, |site| format!("{site}: "));
        let mut message = format!("{site}{}", first.reason.as_deref().unwrap_or_default());
        if self.rows.len() > 1 {
            message.push_str(&format!(" (and {} more sites)", self.rows.len() - 1));
        }
        let failure = Failure::new(kind, message);
        Some(first.hints.iter().fold(failure, |failure, hint| failure.hint(hint.as_str())))
    }
}

impl Report for SwitchReport {
    const SCHEMA: &'static str = "jobctl.switch/1";
    const ITEMS: Option<&'static str> = Some("sites");
    const LAYOUT: Layout = Layout::Human;

    fn outcome(&self) -> Outcome {
        if let Some(signal) = self.interrupted_by {
            return Outcome::Interrupted { signal };
        }
        let fails =
            |row: &SwitchRow| row.is_stale || matches!(row.turn, Turn::Failed | Turn::LeftAlone);
        if self.rows.iter().any(fails) { Outcome::No } else { Outcome::Done }
    }

    fn view(&self, view: &mut View) {
        let columns = vec![
            Column::left("SITE"),
            Column::left("RESULT"),
            Column::left("SWITCH"),
            Column::left("WAS"),
            Column::left("IS"),
            Column::left("IN").flexible(),
        ];
        let mut table = Table::new(columns, "nothing to set back");
        for row in &self.rows {
            let value = |value: &Option<String>| match value {
                _ if !row.read => "?".to_owned(),
                Some(value) => value.clone(),
                None => "not set".to_owned(),
            };
            table.row(vec![
                row.site.clone().unwrap_or_else(|| "all sites".to_owned()).into(),
                row.result(self.dry_run),
                row.place.key().into(),
                value(&row.before).into(),
                value(&row.after).into(),
                row.place.source().into(),
            ]);
        }
        view.push(Block::Table(table));
        for row in &self.rows {
            let site = row.site.as_deref().unwrap_or("all sites");
            if let Some(reason) = &row.reason {
                let is_bad = row.is_stale || row.turn == Turn::Failed;
                let role = if is_bad { Role::Bad } else { Role::Warn };
                view.push(Block::Text(Cell::new(format!("{site}: {reason}"), role)));
            }
            for Obstacle { source, detail, fix, .. } in &row.obstacles {
                let text =
                    format!("{site}: its scheduler stays off all the same: {detail} ({source})");
                view.push(Block::Text(Cell::new(text, Role::Warn)));
                if let Some(fix) = fix {
                    view.push(Block::Text(Cell::new(format!("→ {fix}"), Role::Command)));
                }
            }
        }
        if self.dry_run {
            view.push(Block::Text(Cell::new("nothing was changed", Role::Dim)));
        }
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
