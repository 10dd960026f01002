//! Which jobs are meant: the selection language of every command that names jobs.
//!
//! A selection is asked in stages, each dearer than the one before: by place, by id, by the small
//! fields, by the payload, by the failure. What an earlier stage turns down is never read further.
//! Uses the `globset` and `regex` crates.

use globset::GlobMatcher;
use jiff::Timestamp;
use regex::Regex;
use serde::Serialize;

use super::event::EventFilter;
use super::id::{JobId, QueueName};
use super::job::{Job, Status, seconds_between};
use super::queue::Registry;

/// Which jobs are meant. Everything empty means all of them.
#[derive(Debug, Default)]
pub struct Selection {
    /// The queues; empty for all of the scope.
    pub queues: Vec<QueueName>,
    /// The sites; `None` for all, those of foreign jobs included.
    pub sites: Option<Vec<String>>,
    /// The states; empty for all.
    pub states: Vec<State>,
    /// The ids; empty for all.
    pub ids: Vec<JobId>,
    /// The method that a job is shown under.
    pub method: Option<GlobMatcher>,
    /// The events that a Frappe job belongs to.
    pub event: Option<EventFilter>,
    /// The user who enqueued a Frappe job.
    pub user: Option<String>,
    /// What the text of the failure holds.
    pub exception: Option<Regex>,
    /// Arguments: a path and the value that stands there.
    pub args: Vec<(String, String)>,
    /// Seconds that a job must have been in its state.
    pub older_than_s: Option<f64>,
    /// The job came into its state at this time or later.
    pub since: Option<Timestamp>,
    /// The job came into its state before this time.
    pub until: Option<Timestamp>,
}

/// A state by which jobs are selected: a place, and for the failed registry what the hash says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Waits in the queue's list
    Queued,
    /// Runs
    Started,
    /// Ended well
    Finished,
    /// Ended with an exception
    Failed,
    /// Stopped by command
    Stopped,
    /// Waits for its time
    Scheduled,
    /// Waits for other jobs
    Deferred,
    /// Canceled
    Canceled,
}

impl State {
    /// All states, in the order in which jobs are listed.
    pub const ALL: [Self; 8] = [
        Self::Started,
        Self::Queued,
        Self::Scheduled,
        Self::Deferred,
        Self::Failed,
        Self::Stopped,
        Self::Finished,
        Self::Canceled,
    ];

    /// The registry where such jobs stand; `None` for the queue's list.
    pub const fn registry(self) -> Option<Registry> {
        match self {
            Self::Queued => None,
            Self::Started => Some(Registry::Started),
            Self::Finished => Some(Registry::Finished),
            Self::Failed | Self::Stopped => Some(Registry::Failed),
            Self::Scheduled => Some(Registry::Scheduled),
            Self::Deferred => Some(Registry::Deferred),
            Self::Canceled => Some(Registry::Canceled),
        }
    }

    /// The word that is shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Started => "started",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Scheduled => "scheduled",
            Self::Deferred => "deferred",
            Self::Canceled => "canceled",
        }
    }

    /// The state that a hash alone tells; `None` for a job that stands nowhere.
    pub const fn told_by(status: &Status) -> Option<Self> {
        match status {
            Status::Queued => Some(Self::Queued),
            Status::Started => Some(Self::Started),
            Status::Finished => Some(Self::Finished),
            Status::Failed => Some(Self::Failed),
            Status::Stopped => Some(Self::Stopped),
            Status::Scheduled => Some(Self::Scheduled),
            Status::Deferred => Some(Self::Deferred),
            Status::Canceled => Some(Self::Canceled),
            _ => None,
        }
    }

    /// The state of a job in a registry (`None`: in the list), by what its hash says.
    ///
    /// The place is the truth for what waits or runs. Ended jobs linger in a registry after they
    /// moved on: there the hash decides, and one that says otherwise is of no state here.
    pub fn of(registry: Option<Registry>, status: &Status) -> Option<Self> {
        match (registry, status) {
            (None, _) => Some(Self::Queued),
            (Some(Registry::Started), _) => Some(Self::Started),
            (Some(Registry::Failed), Status::Stopped) => Some(Self::Stopped),
            (Some(Registry::Failed), Status::Failed | Status::Missing | Status::Other(_)) => {
                Some(Self::Failed)
            }
            (Some(Registry::Finished), Status::Finished | Status::Missing | Status::Other(_)) => {
                Some(Self::Finished)
            }
            (Some(Registry::Canceled), Status::Canceled | Status::Missing | Status::Other(_)) => {
                Some(Self::Canceled)
            }
            // Between two runs of a repeating job RQ 2.3 to 2.7 says `finished`.
            (Some(Registry::Scheduled), _) => Some(Self::Scheduled),
            (Some(Registry::Deferred), status) if !status.has_ended() => Some(Self::Deferred),
            _ => None,
        }
    }
}

/// What a selection says before everything was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admits {
    /// As far as this stage knows.
    Yes,
    /// Certainly not.
    No,
    /// Only the payload tells.
    NeedsPayload,
}

/// What a job's payload says, as far as selections ask.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facets<'a> {
    /// The site.
    pub site: Option<&'a str>,
    /// The method that it is shown under.
    pub method: Option<&'a str>,
    /// The event.
    pub event: Option<&'a str>,
    /// The user.
    pub user: Option<&'a str>,
    /// Whether Frappe's scheduler enqueued it, or somebody in its place.
    pub is_scheduled: bool,
}

impl Selection {
    /// The states that are meant, in the order in which jobs are listed.
    pub fn wanted_states(&self) -> Vec<State> {
        let wanted = |state: &State| self.states.is_empty() || self.states.contains(state);
        State::ALL.into_iter().filter(wanted).collect()
    }

    /// Whether a job may be meant, by its id alone.
    pub fn admits_id(&self, id: &JobId) -> Admits {
        if !self.ids.is_empty() && !self.ids.contains(id) {
            return Admits::No;
        }
        let Some(sites) = &self.sites else { return Admits::Yes };
        match id.site() {
            Some(site) if sites.iter().any(|wanted| wanted == site) => Admits::Yes,
            Some(_) => Admits::No,
            None => Admits::NeedsPayload,
        }
    }

    /// Whether a job may be meant, by its small fields.
    pub fn admits_job(&self, state: State, job: &Job, now: Timestamp) -> bool {
        if !self.admits_state(state) {
            return false;
        }
        self.admits_age(in_state_since(state, job), now)
    }

    /// Whether a job may be meant, by when it came into its state.
    pub fn admits_age(&self, since: Option<Timestamp>, now: Timestamp) -> bool {
        if self.older_than_s.is_none() && self.since.is_none() && self.until.is_none() {
            return true;
        }
        // A job that does not tell its age is not selected by age.
        let Some(since) = since else { return false };
        let old_enough = |least| seconds_between(since, now).is_some_and(|age| age >= least);
        self.older_than_s.is_none_or(old_enough)
            && self.since.is_none_or(|start| since >= start)
            && self.until.is_none_or(|end| since < end)
    }

    /// Whether a state is meant.
    pub fn admits_state(&self, state: State) -> bool {
        self.states.is_empty() || self.states.contains(&state)
    }

    /// Whether nothing but places and ids selects, so that an id whose job is gone fits, too.
    pub fn is_by_place(&self) -> bool {
        let timed = self.older_than_s.is_some() || self.since.is_some() || self.until.is_some();
        !timed && self.exception.is_none() && !self.asks_payload(Admits::Yes)
    }

    /// Whether the payload must be read to decide, where the id did not tell the site or did.
    pub fn asks_payload(&self, by_id: Admits) -> bool {
        by_id == Admits::NeedsPayload
            || self.method.is_some()
            || self.event.is_some()
            || self.user.is_some()
            || !self.args.is_empty()
    }

    /// Whether a job is meant, by its payload.
    pub fn admits_facets(&self, id: &JobId, by_id: Admits, facets: &Facets<'_>) -> bool {
        let site = by_id != Admits::NeedsPayload
            || self.sites.as_ref().is_none_or(|sites| {
                facets.site.is_some_and(|site| sites.iter().any(|wanted| wanted == site))
            });
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        let method = self
            .method
            .as_ref()
            .is_none_or(|glob| facets.method.is_some_and(|method| glob.is_match(method)));
        let event = self.event.as_ref().is_none_or(|event| event.matched_by(id, facets).is_some());
        site && method && event && is(&self.user, facets.user)
    }

    /// Whether a job is meant, by the text of its failure.
    pub fn admits_exception(&self, text: Option<&str>) -> bool {
        self.exception.as_ref().is_none_or(|regex| text.is_some_and(|text| regex.is_match(text)))
    }
}

/// When a job came into its state; what `--older-than`, `--since` and `--until` look at.
pub fn in_state_since(state: State, job: &Job) -> Option<Timestamp> {
    let enqueued = job.enqueued_at.or(job.created_at);
    match state {
        State::Queued => enqueued,
        State::Started => job.started_at.or(enqueued),
        State::Finished | State::Failed | State::Stopped => {
            // The last sign of life is never after the end.
            job.end().or(job.last_heartbeat.max(job.started_at)).or(enqueued)
        }
        State::Scheduled | State::Deferred | State::Canceled => job.created_at.or(enqueued),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_sites(sites: &[&str]) -> Selection {
        let sites = sites.iter().map(|site| (*site).to_owned()).collect();
        Selection { sites: Some(sites), ..Selection::default() }
    }

    #[test]
    fn site_filter_matches_exactly() {
        let erp = of_sites(&["erp"]);
        assert_eq!(erp.admits_id(&JobId::new("erp::a")), Admits::Yes);
        assert_eq!(erp.admits_id(&JobId::new("erp||a")), Admits::Yes);
        assert_eq!(erp.admits_id(&JobId::new("erp.example::a")), Admits::No);
        assert_eq!(erp.admits_id(&JobId::new("erp2::a")), Admits::No);
        assert_eq!(erp.admits_id(&JobId::new("7f2c")), Admits::NeedsPayload);
        let facets = Facets { site: Some("erp2"), ..Facets::default() };
        let id = JobId::new("7f2c");
        assert!(!erp.admits_facets(&id, Admits::NeedsPayload, &facets));
        assert!(!erp.admits_facets(&id, Admits::NeedsPayload, &Facets::default()));
    }

    #[test]
    fn state_of_a_lingering_entry_is_decided_by_the_hash() {
        let failed = Some(Registry::Failed);
        assert_eq!(State::of(failed, &Status::Failed), Some(State::Failed));
        assert_eq!(State::of(failed, &Status::Stopped), Some(State::Stopped));
        assert_eq!(State::of(failed, &Status::Finished), None);
        assert_eq!(State::of(None, &Status::Canceled), Some(State::Queued));
        assert_eq!(State::of(Some(Registry::Scheduled), &Status::Finished), Some(State::Scheduled));
    }

    #[test]
    fn selection_of_nothing_admits_everything_without_payloads() {
        let all = Selection::default();
        assert_eq!(all.admits_id(&JobId::new("x")), Admits::Yes);
        assert!(!all.asks_payload(Admits::Yes));
        assert!(all.admits_facets(&JobId::new("x"), Admits::Yes, &Facets::default()));
        assert!(all.admits_exception(None));
    }
}
