//! What the checks look at: everything that was read, once.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;

use super::processes::Processes;
use super::{Examined, SiteHooks};
use crate::backend::redis::keys::{Key, Keys};
use crate::backend::redis::read::{Place, StoredJob};
use crate::backend::redis::survey::{QueueSurvey, Sampled, Survey};
use crate::bench::{Bench, BenchId, Config, Sites};
use crate::codec::frappe::headline_of_description;
use crate::error::Kind;
use crate::model::fault::FaultKind;
use crate::model::id::{JobId, QueueName, site_of_id};
use crate::model::job::{Job, RQ_FAILURE_TTL_S};
use crate::model::worker::{Alive, Liveness, LocalProcess, Worker};
use crate::ops::sites::{ReadSite, Surroundings};
use crate::sanitize::shell_quote;
use crate::settings::Thresholds;

/// What the checks look at.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// What Redis holds, or why it could not be read at all.
    pub survey: Result<&'a Survey, &'a Outage>,
    /// The workers of the scope.
    pub crew: &'a Crew<'a>,
    /// The bench, absent for plain RQ.
    pub bench: Option<&'a BenchFacts<'a>>,
    /// The target's processes on this host.
    pub processes: &'a Processes,
    /// The selected sites; `None` for all.
    pub sites: Option<&'a [String]>,
    /// From where on something is a finding.
    pub thresholds: &'a Thresholds,
    /// The Redis clock, or this host's.
    pub now: Timestamp,
    /// How commands to paste begin.
    pub paste: &'a Paste,
    /// The Redis that was read, without credentials.
    pub place: &'a str,
    /// The names of keys, for commands to paste.
    pub keys: &'a Keys,
    /// Whether everything was read.
    pub deep: bool,
}

/// Why Redis could not be read.
#[derive(Debug, Clone)]
pub struct Outage {
    /// What sort of failure it was.
    pub kind: Kind,
    /// Its words, the cause included.
    pub why: String,
    /// What it says about the way out.
    pub hints: Vec<String>,
}

/// How commands to paste begin, so that they reach this target.
#[derive(Debug, Clone, Default)]
pub struct Paste {
    /// `jobctl` with what names the target.
    pub jobctl: String,
    /// `redis-cli` with the address, without the login.
    pub redis_cli: String,
    /// `bench`, behind a `cd` where the current directory is not in the bench.
    pub bench: String,
    /// The URL for `rq --url`, without the login; empty where there is none.
    pub rq_url: String,
}

/// The workers of the scope: those that serve one of its queues.
#[derive(Default)]
pub struct Crew<'a> {
    members: Vec<Member<'a>>,
    serving: HashMap<&'a QueueName, Vec<usize>>,
}

/// A worker, and what was concluded about it.
pub struct Member<'a> {
    /// The worker.
    pub worker: &'a Worker,
    /// Whether it lives, and why.
    pub liveness: Liveness,
    /// What this host knows of its process.
    pub process: LocalProcess,
}

impl<'a> Crew<'a> {
    /// Musters the workers of a survey; `processes` is by worker name.
    pub fn of(
        survey: &'a Survey,
        processes: &HashMap<String, LocalProcess>,
        now: Timestamp,
    ) -> Self {
        let queues: HashSet<&QueueName> = survey.queues.iter().map(|queue| &queue.name).collect();
        let mut crew = Self::default();
        for worker in survey.workers.iter().flatten() {
            let mine = || worker.queues().iter().filter(|name| queues.contains(name));
            if mine().next().is_none() {
                continue;
            }
            let process = processes.get(&worker.name).copied().unwrap_or(LocalProcess::Elsewhere);
            let liveness = worker.liveness(now, process);
            if liveness.alive != Alive::No {
                for queue in mine() {
                    crew.serving.entry(queue).or_default().push(crew.members.len());
                }
            }
            crew.members.push(Member { worker, liveness, process });
        }
        crew
    }
}

/// What is known of the bench.
pub struct BenchFacts<'a> {
    /// The bench.
    pub bench: &'a Bench,
    /// Its prefix; `None` for v13.
    pub id: Option<BenchId>,
    /// Its sites.
    pub sites: &'a Sites,
    /// The merged configuration of each selected site.
    pub configs: Vec<(String, Config)>,
    /// Whether the scheduler runs, and what else concerns all sites alike. Where a worker of this
    /// bench runs on this host, its scheduler should, too.
    pub around: Surroundings<'a>,
    /// What the database of each selected site says.
    pub databases: Vec<ReadSite<Examined>>,
    /// The jobs of late types that stand in Redis.
    pub enqueued: HashSet<JobId>,
    /// The hooks of each selected site by its name; empty unless the diagnosis is deep.
    pub hooks: BTreeMap<String, SiteHooks>,
}

impl<'a> Facts<'a> {
    /// The queues, where Redis could be read.
    pub fn queues(&self) -> &'a [QueueSurvey] {
        self.survey.map(|survey| survey.queues.as_slice()).unwrap_or_default()
    }

    /// The workers that serve a queue of this scope, dead ones included.
    pub fn workers(&self) -> impl Iterator<Item = &'a Member<'a>> {
        self.crew.members.iter()
    }

    /// The workers that live, a stale one included: it may come back.
    pub fn living_workers(&self) -> impl Iterator<Item = &'a Worker> {
        let living = self.workers().filter(|member| member.liveness.alive != Alive::No);
        living.map(|member| member.worker)
    }

    /// The living workers of a queue.
    pub fn serving(&self, queue: &QueueName) -> impl Iterator<Item = &'a Worker> {
        let places = self.crew.serving.get(queue).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|&at| Some(self.crew.members.get(at)?.worker))
    }

    /// Whether a living worker serves a queue.
    pub fn is_served(&self, queue: &QueueName) -> bool {
        self.crew.serving.contains_key(queue)
    }

    /// Whether the bench's prefix is unknown to this Redis while others are known: then its
    /// emptiness says nothing.
    pub fn prefix_is_unseen(&self) -> bool {
        let (Some(prefix), Ok(survey)) = (self.prefix(), self.survey) else { return false };
        !survey.sees_prefix(prefix) && !survey.foreign_prefixes(Some(prefix)).is_empty()
    }

    /// The bench's prefix.
    pub fn prefix(&self) -> Option<&'a str> {
        self.bench?.id.as_ref().map(|id| id.value.as_str())
    }

    /// A `redis-cli` command to paste.
    pub fn redis_cli(&self, command: &str) -> String {
        format!("{} {command}", self.paste.redis_cli)
    }

    /// A `jobctl` command to paste.
    pub fn jobctl(&self, command: &str) -> String {
        format!("{} {command}", self.paste.jobctl)
    }

    /// The command that repairs the faults of one kind in a queue, to paste.
    pub fn repair(&self, kind: FaultKind, queue: &QueueName) -> String {
        let queue = shell_quote(self.short(queue));
        self.jobctl(&format!("jobs repair --kind {} --queue {queue}", kind.word()))
    }

    /// A `bench` command to paste.
    pub fn bench_cli(&self, command: &str) -> String {
        format!("{} {command}", self.paste.bench)
    }

    /// The key of a queue's list.
    pub fn queue_key(&self, queue: &QueueName) -> String {
        text_of(&self.keys.queue(queue))
    }

    /// The key of a queue's intermediate list.
    pub fn intermediate_key(&self, queue: &QueueName) -> String {
        text_of(&self.keys.intermediate(queue))
    }

    /// The key of a place.
    pub fn key_of(&self, place: &Place) -> String {
        match place {
            Place::Queue(queue) => self.queue_key(queue),
            Place::Intermediate(queue) => self.intermediate_key(queue),
            Place::Registry(registry, queue) => text_of(&self.keys.registry(*registry, queue)),
        }
    }

    /// The key of the lock of RQ's own scheduler for a queue.
    pub fn scheduler_key(&self, queue: &QueueName) -> String {
        text_of(&self.keys.scheduler_lock(queue))
    }

    /// The key whose existence suspends all workers.
    pub fn suspended_key(&self) -> String {
        text_of(&self.keys.suspended())
    }

    /// Whether the bench's configuration names a queue.
    pub fn is_configured(&self, queue: &QueueName) -> bool {
        self.bench.is_some_and(|bench| {
            self.prefix() == queue.prefix()
                && bench.bench.queues().iter().any(|known| known.name == queue.short())
        })
    }

    /// The command that starts a worker for queues; no queue stands for all of the bench's.
    ///
    /// Frappe's jobs only run under Frappe's own command: a plain worker would fail them all.
    pub fn worker_command(&self, queues: &[&QueueName]) -> String {
        if self.bench.is_some() || self.holds_frappe_jobs() {
            let names: Vec<_> = queues
                .iter()
                .map(|queue| queue.short())
                .filter(|name| is_no_option(name))
                .collect();
            return match names.as_slice() {
                [] => self.bench_cli("worker"),
                names => {
                    self.bench_cli(&format!("worker --queue {}", shell_quote(&names.join(","))))
                }
            };
        }
        let names = queues.iter().map(|queue| queue.as_str()).filter(|name| is_no_option(name));
        let names: Vec<_> = names.map(shell_quote).collect();
        let url = match self.paste.rq_url.as_str() {
            "" => String::new(),
            url => format!(" --url {}", shell_quote(url)),
        };
        format!("rq worker{url} {}", names.join(" ")).trim_end().to_owned()
    }

    /// Whether the queues look like those of a bench that was not named: jobs of sites, under a
    /// prefix.
    fn holds_frappe_jobs(&self) -> bool {
        self.queues().iter().any(|queue| {
            let by_id = queue.name.prefix().is_some() && queue.ids.seen > queue.ids.without_site;
            by_id || !queue.waiting.by_site.is_empty()
        })
    }

    /// Which worker runs a job, by its own word.
    pub fn who_runs(&self, id: &JobId, queue: &str) -> String {
        let all = self.survey.ok().and_then(|survey| survey.workers.as_ref().ok());
        let worker = all.into_iter().flatten().find(|worker| worker.current_jobs.contains(id));
        let Some(worker) = worker else { return format!("no worker names it ({queue})") };
        let pid = worker.identity.as_ref().and_then(|identity| identity.pid);
        let pid = pid.map_or_else(String::new, |pid| format!("pid {pid}, "));
        format!("worker {} ({pid}{queue})", worker.short_name())
    }

    /// What a job calls, by its description; `None` where that does not tell.
    pub fn method_of(&self, job: &Job) -> Option<String> {
        let headline = headline_of_description(job.description.as_deref()?)?;
        Some(headline.method.into_owned())
    }

    /// Seconds for which failures of this queue usually are kept: what most of its newest jobs
    /// say, else what the configuration says, else RQ's year.
    pub fn usual_failure_ttl_s(&self, queue: &QueueSurvey) -> f64 {
        let mut seen: BTreeMap<i64, usize> = BTreeMap::new();
        for stored in queue.failed.iter().filter_map(Sampled::stored) {
            if let Some(ttl) = stored.job.failure_ttl_s.filter(|ttl| *ttl > 0) {
                *seen.entry(ttl).or_default() += 1;
            }
        }
        let usual = seen.into_iter().max_by_key(|(_, times)| *times).map(|(ttl, _)| ttl);
        let configured = || {
            let value = &self.bench?.bench.config().get("rq_job_failure_ttl")?.value;
            crate::bench::config::integer(value)
        };
        let default = if self.bench.is_some() { FRAPPE_FAILURE_TTL_S } else { RQ_FAILURE_TTL_S };
        usual.or_else(configured).unwrap_or(default) as f64
    }

    /// The name of a queue as the operator types it: short where the prefix is clear.
    pub fn short<'q>(&self, queue: &'q QueueName) -> &'q str {
        if self.prefix().is_some() && queue.prefix() == self.prefix() {
            queue.short()
        } else {
            queue.as_str()
        }
    }

    /// Whether a job is of a selected site; one whose site cannot be told counts, so that nothing
    /// is hidden.
    pub fn concerns(&self, job: &Job) -> bool {
        let Some(sites) = self.sites else { return true };
        site_of(job).is_none_or(|site| sites.contains(&site))
    }

    /// Like [`Self::concerns`], by the id alone.
    pub fn concerns_id(&self, id: &JobId) -> bool {
        let Some(sites) = self.sites else { return true };
        id.site().is_none_or(|site| sites.iter().any(|selected| selected == site))
    }

    /// Like [`Self::concerns`], for an entry whose job may be gone.
    pub fn concerns_entry(&self, sampled: &Sampled) -> bool {
        match sampled.stored() {
            Some(stored) => self.concerns(&stored.job),
            None => self.concerns_id(&sampled.entry.id),
        }
    }

    /// The jobs of a list that are of a selected site.
    pub fn of_scope<'j>(&self, jobs: &'j [StoredJob]) -> Vec<&'j StoredJob> {
        jobs.iter().filter(|stored| self.concerns(&stored.job)).collect()
    }
}

/// Source: `frappe.utils.background_jobs`, `RQ_JOB_FAILURE_TTL`.
const FRAPPE_FAILURE_TTL_S: i64 = 604_800;

/// Whether a name in a command to paste stays a name: one that begins with a dash would be read as
/// an option, and whoever may enqueue chooses names.
pub(super) fn is_no_option(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('-')
}

/// The site of a job: by its id, else by its description.
pub fn site_of(job: &Job) -> Option<String> {
    site_of_id(job.id.as_bytes()).map(str::to_owned).or_else(|| {
        let headline = headline_of_description(job.description.as_deref()?)?;
        headline.site.map(std::borrow::Cow::into_owned)
    })
}

fn text_of(key: &Key) -> String {
    String::from_utf8_lossy(key.as_bytes()).into_owned()
}
