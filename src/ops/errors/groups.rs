//! Groups of failures, bounded in number and size whatever the data holds.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use jiff::Timestamp;

use super::retry::{Flags, Spread, is_pasteable};
use super::signature::Signature;
use crate::model::id::JobId;
use crate::report::errors::{ErrorRow, LogRow, Share};
use crate::target::Target;

#[cfg(test)]
mod tests;

/// Groups that are told apart.
pub(super) const MOST_GROUPS: usize = 10_000;

/// Groups that are summed up at a time, so that the work stays linear.
const SUMMED_UP: usize = MOST_GROUPS / 4;

/// Names of queues, sites and methods that are told apart within a group.
const MOST_NAMES: usize = 50;

/// Parts into which the window is divided for the trend.
const PARTS: usize = 12;

/// Stands for what is beyond a bound, and for what has no name.
const OTHER: &str = "other";
const UNKNOWN: &str = "unknown";

/// What a group is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The exception, what it says, and where it was raised.
    Exception,
    /// The method.
    Method,
    /// The queue; rows of the Error Log name none.
    Queue,
    /// The site.
    Site,
}

impl By {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Exception => "exception",
            Self::Method => "method",
            Self::Queue => "queue",
            Self::Site => "site",
        }
    }
}

/// Where a failure was found.
pub(super) enum Origin<'a> {
    /// Among the failed jobs.
    Job(&'a JobId),
    /// In the Error Log.
    Log(LogRow),
}

/// One failure.
pub(super) struct Event<'a> {
    pub signature: Signature,
    pub at: Timestamp,
    pub queue: Option<&'a str>,
    pub site: Option<&'a str>,
    pub method: Option<&'a str>,
    pub origin: Origin<'a>,
    /// Its whole text, where it may be shown.
    pub text: &'a str,
    /// Whether that is only the end.
    pub cut: bool,
}

/// Which texts are kept.
#[derive(Clone)]
pub(super) struct Keeper(Option<String>);

impl Keeper {
    /// Whether the text of a failure of the group `id` is kept.
    pub(super) fn keeps(&self, id: &str) -> bool {
        self.0.as_ref().is_some_and(|wanted| id.starts_with(wanted.as_str()))
    }
}

/// How often names occurred.
#[derive(Debug, Clone, Default)]
pub(super) struct Names(HashMap<String, u64>);

impl Names {
    /// Counts a name.
    pub(super) fn add(&mut self, name: Option<&str>) {
        if let Some(name) = name {
            self.add_times(name, 1);
        }
    }

    fn add_times(&mut self, name: &str, times: u64) {
        if let Some(count) = self.0.get_mut(name) {
            *count += times;
        } else if self.0.len() < MOST_NAMES {
            self.0.insert(name.to_owned(), times);
        } else {
            *self.0.entry(OTHER.to_owned()).or_default() += times;
        }
    }

    /// The names, sorted, where flags can take each of them and there are no more than `most`.
    pub(super) fn pasteable(&self, most: usize) -> Option<Vec<String>> {
        let mut names: Vec<String> = self.0.keys().cloned().collect();
        names.sort();
        // What is summed up as others has no names.
        let all = (1..=most).contains(&names.len()) && self.0.len() < MOST_NAMES;
        (all && names.iter().all(|name| is_pasteable(name))).then_some(names)
    }

    /// Most frequent first.
    fn shares(&self) -> Vec<Share> {
        let shares = self.0.iter().map(|(name, count)| Share { name: name.clone(), count: *count });
        let mut shares: Vec<Share> = shares.collect();
        shares.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        shares
    }
}

/// Failures that are alike.
struct Group {
    /// The newest of them.
    signature: Signature,
    jobs: u64,
    logged: u64,
    first: Timestamp,
    last: Timestamp,
    jobs_over_time: [u64; PARTS],
    logged_over_time: [u64; PARTS],
    queues: Names,
    sites: Names,
    methods: Names,
    /// The same of its failed jobs alone, for the command that retries them.
    spread: Spread,
    example_job: Option<(Timestamp, JobId)>,
    example_log: Option<(Timestamp, LogRow)>,
    text: Option<(Timestamp, String, bool)>,
}

/// All groups.
pub(super) struct Groups {
    by: By,
    since: Timestamp,
    until: Timestamp,
    /// The sites that were asked about; `None` for all.
    sites: Option<Vec<String>>,
    keeper: Keeper,
    by_key: HashMap<String, Group>,
    full: bool,
    /// Failed jobs in all of them.
    pub jobs: u64,
    /// Rows of the Error Log in all of them.
    pub logged: u64,
}

impl Groups {
    /// No groups yet, of failures between two moments, on `sites` (`None` for all); `wanted` begins
    /// the name of the group whose text is kept.
    pub(super) fn new(
        by: By,
        (since, until): (Timestamp, Timestamp),
        sites: Option<Vec<String>>,
        wanted: Option<&str>,
    ) -> Self {
        let keeper = Keeper(wanted.map(str::to_owned));
        let by_key = HashMap::new();
        Self { by, since, until, sites, keeper, by_key, full: false, jobs: 0, logged: 0 }
    }

    pub(super) fn keeper(&self) -> Keeper {
        self.keeper.clone()
    }

    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    pub(super) fn add(&mut self, event: Event<'_>) {
        let is_job = matches!(event.origin, Origin::Job(_));
        let key = match self.by {
            By::Exception => event.signature.id(),
            By::Method => event.method.unwrap_or(UNKNOWN).to_owned(),
            By::Site => event.site.unwrap_or(UNKNOWN).to_owned(),
            // Rows of the Error Log would all be of no queue.
            By::Queue if !is_job => return,
            By::Queue => event.queue.unwrap_or(UNKNOWN).to_owned(),
        };
        if self.by_key.len() >= MOST_GROUPS && !self.by_key.contains_key(&key) {
            self.sum_up();
        }
        let keeps = self.keeper.keeps(&key);
        let part = self.part(event.at);
        self.jobs += u64::from(is_job);
        self.logged += u64::from(!is_job);
        match self.by_key.entry(key) {
            Entry::Occupied(mut group) => group.get_mut().add(event, part, keeps),
            Entry::Vacant(place) => {
                place.insert(Group::new(&event)).add(event, part, keeps);
            }
        }
    }

    /// Makes room: of the rarest groups those that were seen last the longest ago become one.
    fn sum_up(&mut self) {
        self.full = true;
        // A name that many begin with would keep too many.
        let asks_one = self.keeper.0.as_ref().is_some_and(|wanted| wanted.len() >= 4);
        let kept = |key: &str| key == OTHER || asks_one && self.keeper.keeps(key);
        let foldable = self.by_key.iter().filter(|(key, _)| !kept(key));
        let mut ranked: Vec<(u64, Timestamp, String)> =
            foldable.map(|(key, group)| (group.count(), group.last, key.clone())).collect();
        if ranked.len() > SUMMED_UP {
            ranked.select_nth_unstable(SUMMED_UP);
            ranked.truncate(SUMMED_UP);
        }
        for (_, _, key) in ranked {
            let Some(group) = self.by_key.remove(&key) else { continue };
            match self.by_key.entry(OTHER.to_owned()) {
                Entry::Occupied(mut others) => others.get_mut().join(group),
                Entry::Vacant(place) => {
                    place.insert(group);
                }
            }
        }
    }

    /// The part of the window that a moment falls into.
    fn part(&self, at: Timestamp) -> usize {
        let whole = self.until.duration_since(self.since).as_secs_f64().max(1.0);
        let passed = at.duration_since(self.since).as_secs_f64() / whole * PARTS as f64;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the cast saturates, and the part is bounded"
        )]
        let part = passed.max(0.0) as usize;
        part.min(PARTS - 1)
    }

    /// The names of groups that begin so. What is summed up is none: it has no one text.
    pub(super) fn ids_like(&self, name: &str) -> Vec<String> {
        let groups = self.by_key.keys().filter(|id| *id != OTHER || self.by != By::Exception);
        let mut ids: Vec<String> = groups.filter(|id| id.starts_with(name)).cloned().collect();
        ids.sort();
        ids.truncate(8);
        ids
    }

    /// Every group, the most frequent first, then the one that was seen last.
    pub(super) fn rows(&self, target: &Target, now: Timestamp) -> Vec<ErrorRow> {
        let rows = self.by_key.iter().map(|(key, group)| self.row(key, group, target, now));
        let mut rows: Vec<ErrorRow> = rows.collect();
        rows.sort_by(|a, b| {
            let by_count = b.count.cmp(&a.count).then_with(|| b.last_seen.cmp(&a.last_seen));
            by_count.then_with(|| a.group.cmp(&b.group))
        });
        rows
    }

    /// The group whose name begins so, the text of its newest failure, and whether that is only
    /// its end.
    pub(super) fn group(
        &self,
        target: &Target,
        name: &str,
        now: Timestamp,
    ) -> Option<(ErrorRow, String, bool)> {
        let (key, group) = self.by_key.iter().find(|(key, _)| key.starts_with(name))?;
        let (text, cut) = match &group.text {
            Some((_, text, cut)) => (text.clone(), *cut),
            None => (String::new(), false),
        };
        Some((self.row(key, group, target, now), text, cut))
    }

    /// What selects the failed jobs of a group; `None` where it has none, and where nothing can.
    pub(super) fn flags(&self, key: &str) -> Option<Flags> {
        let group = self.by_key.get(key).filter(|_| key != OTHER)?;
        group.spread.flags(&group.signature, self.sites.as_deref())
    }

    fn row(&self, key: &str, group: &Group, target: &Target, now: Timestamp) -> ErrorRow {
        let flags = (self.by == By::Exception).then(|| self.flags(key)).flatten();
        let retry = flags.map(|flags| flags.command(target));
        ErrorRow { retry, ..group.row(key, self.by, now) }
    }
}

impl Group {
    fn new(event: &Event<'_>) -> Self {
        Self {
            signature: event.signature.clone(),
            jobs: 0,
            logged: 0,
            first: event.at,
            last: event.at,
            jobs_over_time: [0; PARTS],
            logged_over_time: [0; PARTS],
            queues: Names::default(),
            sites: Names::default(),
            methods: Names::default(),
            spread: Spread::default(),
            example_job: None,
            example_log: None,
            text: None,
        }
    }

    fn add(&mut self, event: Event<'_>, part: usize, keeps: bool) {
        let at = event.at;
        if at >= self.last {
            self.signature = event.signature;
        }
        (self.first, self.last) = (self.first.min(at), self.last.max(at));
        self.queues.add(event.queue);
        self.sites.add(event.site);
        self.methods.add(event.method);
        if keeps && !event.text.is_empty() && self.text.as_ref().is_none_or(|(of, ..)| *of <= at) {
            self.text = Some((at, event.text.to_owned(), event.cut));
        }
        let over_time = match event.origin {
            Origin::Job(id) => {
                self.jobs += 1;
                self.spread.add(at, event.queue, event.site, event.method);
                if self.example_job.as_ref().is_none_or(|(of, _)| *of <= at) {
                    self.example_job = Some((at, id.clone()));
                }
                &mut self.jobs_over_time
            }
            Origin::Log(row) => {
                self.logged += 1;
                if self.example_log.as_ref().is_none_or(|(of, _)| *of <= at) {
                    self.example_log = Some((at, row));
                }
                &mut self.logged_over_time
            }
        };
        if let Some(count) = over_time.get_mut(part) {
            *count += 1;
        }
    }

    /// Takes in the failures of another group, but for what only one sort of failures has.
    fn join(&mut self, other: Self) {
        self.jobs += other.jobs;
        self.logged += other.logged;
        if other.last >= self.last {
            self.signature = other.signature;
        }
        (self.first, self.last) = (self.first.min(other.first), self.last.max(other.last));
        let counts = self.jobs_over_time.iter_mut().chain(&mut self.logged_over_time);
        for (count, more) in counts.zip(other.jobs_over_time.iter().chain(&other.logged_over_time))
        {
            *count += more;
        }
        for (names, more) in [
            (&mut self.queues, other.queues),
            (&mut self.sites, other.sites),
            (&mut self.methods, other.methods),
        ] {
            more.0.iter().for_each(|(name, count)| names.add_times(name, *count));
        }
        join_example(&mut self.example_job, other.example_job);
        join_example(&mut self.example_log, other.example_log);
    }

    /// A failing job of Frappe leaves both a failed job and a row, so they are not added up.
    fn count(&self) -> u64 {
        self.jobs.max(self.logged)
    }

    fn row(&self, key: &str, by: By, now: Timestamp) -> ErrorRow {
        let signature = &self.signature;
        let over_time = self.jobs_over_time.iter().zip(&self.logged_over_time);
        let is_one_sort = by == By::Exception && key != OTHER;
        ErrorRow {
            group: key.to_owned(),
            class: is_one_sort.then_some(signature.class),
            exception: is_one_sort.then(|| signature.exception.clone()),
            message: is_one_sort.then(|| signature.message.clone()),
            place: signature.place.clone().filter(|_| is_one_sort),
            count: self.count(),
            failed_jobs: self.jobs,
            logged: self.logged,
            first_seen: self.first,
            last_seen: self.last,
            last_seen_age_s: now.duration_since(self.last).as_secs_f64().max(0.0),
            trend: over_time.map(|(jobs, logged)| *jobs.max(logged)).collect(),
            queues: self.queues.shares(),
            sites: self.sites.shares(),
            methods: self.methods.shares(),
            example_job: self.example_job.as_ref().map(|(_, id)| id.clone()),
            example_log: self.example_log.as_ref().map(|(_, row)| row.clone()),
            hint: is_one_sort.then(|| signature.class.hint()),
            retry: None,
        }
    }
}

/// Keeps the newer of two.
fn join_example<T>(mine: &mut Option<(Timestamp, T)>, other: Option<(Timestamp, T)>) {
    if other.as_ref().map(|(at, _)| at) > mine.as_ref().map(|(at, _)| at) {
        *mine = other;
    }
}
