//! Counts records into groups. One tally per thread; merged at the end.

use jiff::Unit;
use memchr::memmem;

use super::group::Group;
use super::keys::{Key, Keys};
use super::line::{self, Record, Transaction};
use super::query::{By, Query};
use super::seen::{Recent, Seen};
use super::slowest::{Execution, Slowest};
use super::timeline::Axis;

/// Exact values that all groups of a tally may hold of one measure: 4 MiB.
const EXACT_VALUES: usize = 1 << 19;
/// Exact values that one group may hold, few or many groups.
const EXACT_VALUES_OF_GROUP: (usize, usize) = (128, 16_384);
/// A record that begins so much after the present was written under a wrong clock.
const FUTURE_US: i64 = 5 * 60 * 1_000_000;
/// Records of one site are in order and those of several within minutes; more than this is odd.
const STEP_BACK_US: i64 = 60 * 60 * 1_000_000;
/// How a record of Frappe begins, also behind the remains of another.
const RECORD_BEGINS: &[u8] = b"{\"duration\":";

/// What was met beside the executions that were counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Oddities {
    /// Lines that hold a record, asked for or not.
    pub records: u64,
    /// Lines that hold no record.
    pub unreadable: u64,
    /// Records that stood behind the remains of another in one line, and were counted.
    pub salvaged: u64,
    /// Lines without an end, because a writer was stopped or is writing, and without a record.
    pub cut_short: u64,
    /// Records that had been read before.
    pub duplicates: u64,
    /// Records of web requests.
    pub requests: u64,
    /// Records of neither jobs nor requests.
    pub others: u64,
    /// Executions that took less than no time.
    pub negative: u64,
    /// Executions in the future.
    pub future: u64,
    /// Records that end more than an hour before the one that was written before them.
    pub steps_back: u64,
    /// Executions whose wait v15 wrote as 0.
    pub waits_of_v15: u64,
}

impl Oddities {
    fn merge(&mut self, other: &Self) {
        self.records += other.records;
        self.unreadable += other.unreadable;
        self.salvaged += other.salvaged;
        self.cut_short += other.cut_short;
        self.duplicates += other.duplicates;
        self.requests += other.requests;
        self.others += other.others;
        self.negative += other.negative;
        self.future += other.future;
        self.steps_back += other.steps_back;
        self.waits_of_v15 += other.waits_of_v15;
    }
}

/// Counts records into groups.
pub struct Tally<'q> {
    query: &'q Query,
    seen: &'q Seen,
    keys: Keys,
    groups: Vec<Group>,
    axis: Axis,
    slowest: Slowest,
    oddities: Oddities,
    /// Exact values that each group may hold.
    limit: usize,
    /// When the record before ended.
    previous_end_us: Option<i64>,
    recent: Recent,
    /// Whether records may stand elsewhere too, so that other threads must know of them.
    shared: bool,
}

/// What came of all counting.
pub struct Counted {
    /// The groups, in no order.
    pub groups: Vec<(Key, Group)>,
    /// All of them together.
    pub total: Group,
    /// Where the groups' time lines lie.
    pub axis: Axis,
    /// The slowest executions, slowest first.
    pub slowest: Vec<Execution>,
    /// What was met beside.
    pub oddities: Oddities,
}

impl<'q> Tally<'q> {
    /// Counts what `query` asks for; `seen` is shared with the other tallies.
    pub fn new(query: &'q Query, seen: &'q Seen) -> Self {
        Self {
            query,
            seen,
            keys: Keys::default(),
            groups: Vec::new(),
            axis: Axis::default(),
            slowest: Slowest::of(query.slowest),
            oddities: Oddities::default(),
            limit: limit_of(1),
            previous_end_us: None,
            recent: seen.recent(),
            shared: true,
        }
    }

    /// From now on lines are from another place, so their times need not follow. At an edge of
    /// what a thread reads, other threads may meet the same records.
    pub fn begin_part(&mut self, is_edge: bool) {
        self.previous_end_us = None;
        self.shared = is_edge;
    }

    /// Counts a line of a log; `whole` unless it ends without a newline.
    pub fn line(&mut self, line: &[u8], whole: bool) {
        if line::read(line, |record| self.logged(record)).is_some() {
            self.oddities.records += 1;
            return;
        }
        if line.trim_ascii().is_empty() {
            return;
        }
        let Oddities { unreadable, cut_short, .. } = &mut self.oddities;
        let counter = if whole { unreadable } else { cut_short };
        *counter += 1;
        // A writer that was stopped leaves half a line, and the next one writes on behind it.
        let begins = memmem::rfind(line, RECORD_BEGINS).filter(|at| *at > 0);
        let remains = begins.and_then(|at| line.get(at..)).unwrap_or_default();
        if line::read(remains, |record| self.logged(record)).is_some() {
            self.oddities.records += 1;
            self.oddities.salvaged += 1;
        }
    }

    /// Counts that a line was too long to be a record.
    pub fn oversized_line(&mut self) {
        self.oddities.unreadable += 1;
    }

    /// Counts a record of a log, unless it was read before.
    fn logged(&mut self, record: &Record<'_>) {
        if !self.query.covers(record) {
            return;
        }
        if !self.is_new(record) {
            self.oddities.duplicates += 1;
            return;
        }
        match record.transaction {
            Transaction::Job => {}
            Transaction::Request => return self.oddities.requests += 1,
            Transaction::Other => return self.oddities.others += 1,
        }
        let end = record.started_us.saturating_add(record.duration_us.unwrap_or(0));
        let before = self.previous_end_us.replace(end);
        self.oddities.steps_back +=
            u64::from(before.is_some_and(|before| before.saturating_sub(end) > STEP_BACK_US));
        self.execution(record);
    }

    /// Whether a record was not read before. One without an id cannot be told from others.
    fn is_new(&mut self, record: &Record<'_>) -> bool {
        let Some(id) = record.uuid.or(record.job_id) else { return true };
        let record = self.seen.fingerprint(id, record.started_us);
        self.recent.is_new(record) && (!self.shared || self.seen.is_new(record))
    }

    /// Counts an execution, if it is asked for.
    pub fn execution(&mut self, record: &Record<'_>) {
        if !self.query.covers(record) || !self.query.takes(record) {
            return;
        }
        let number = self.number_of(record);
        let span = self.span_of(record.started_us.div_euclid(super::instant::SECOND_US));
        let limit = self.limit;
        // Every number that was given out has a group.
        let Some(group) = self.groups.get_mut(number) else { return };
        group.add(record, span, limit);
        match record.duration_us.map(u64::try_from) {
            Some(Ok(duration)) => self.slowest.offer(record, duration),
            Some(Err(_)) => self.oddities.negative += 1,
            None => {}
        }
        let is_future = record.started_us > self.query.now_us.saturating_add(FUTURE_US);
        self.oddities.future += u64::from(is_future);
        let unknown_wait = record.written_wait_us.is_some() && record.wait_us().is_none();
        self.oddities.waits_of_v15 += u64::from(unknown_wait);
    }

    /// What was met beside the executions so far.
    pub const fn oddities(&self) -> &Oddities {
        &self.oddities
    }

    /// Adds what `other` counted.
    pub fn merge(&mut self, other: Self) {
        self.oddities.merge(&other.oddities);
        self.slowest.merge(other.slowest);
        let before = self.axis;
        self.axis.cover(&other.axis);
        self.move_time_lines(&before);
        for (key, group) in other.keys.into_all().iter().zip(&other.groups) {
            let number = self.keys.of_key(key);
            self.make_room();
            if let Some(ours) = self.groups.get_mut(number) {
                ours.merge(group, &other.axis, &self.axis, self.limit);
            }
        }
    }

    /// Ends the counting.
    pub fn finish(mut self) -> Counted {
        let mut total = Group::default();
        let limit = limit_of(1);
        for group in &mut self.groups {
            group.finish(self.limit);
            total.merge(group, &self.axis, &self.axis, limit);
        }
        total.finish(limit);
        Counted {
            groups: self.keys.into_all().into_iter().zip(self.groups).collect(),
            total,
            axis: self.axis,
            slowest: self.slowest.into_sorted(),
            oddities: self.oddities,
        }
    }

    /// The number of a record's group, which is made if it is new.
    fn number_of(&mut self, record: &Record<'_>) -> usize {
        let keys = &mut self.keys;
        let name = match self.query.by {
            By::Method => record.method,
            By::Queue => record.queue,
            By::Site => record.site,
            By::Hour | By::Day => None,
        };
        let number = match (self.query.by, name) {
            (By::Hour, _) => keys.of_span(record.started_us, Unit::Hour, &self.query.zone),
            (By::Day, _) => keys.of_span(record.started_us, Unit::Day, &self.query.zone),
            (_, Some(name)) => keys.of_name(name),
            (_, None) => keys.of_unknown(),
        };
        self.make_room();
        number
    }

    /// Makes a group for each new key; the more there are, the fewer exact values each may hold.
    fn make_room(&mut self) {
        if self.groups.len() < self.keys.len() {
            self.groups.resize_with(self.keys.len(), Group::default);
            self.limit = limit_of(self.keys.len());
        }
    }

    /// Where a second lies on the time axis, which is made to reach it.
    fn span_of(&mut self, second: i64) -> Option<usize> {
        let span = self.axis.span_of(second);
        if span.is_some() {
            self.axis.note(second);
            return span;
        }
        let before = self.axis;
        self.axis.reach(second);
        self.move_time_lines(&before);
        self.axis.span_of(second)
    }

    fn move_time_lines(&mut self, before: &Axis) {
        if self.axis != *before {
            for group in &mut self.groups {
                group.timeline = self.axis.move_counts(before, &group.timeline);
            }
        }
    }
}

/// Exact values that each of `groups` groups may hold. Only shrinks as groups are added, so that
/// which figures are exact does not depend on how the work was divided.
fn limit_of(groups: usize) -> usize {
    let (least, most) = EXACT_VALUES_OF_GROUP;
    (EXACT_VALUES / groups.max(1)).clamp(least, most)
}

#[cfg(test)]
mod tests;
