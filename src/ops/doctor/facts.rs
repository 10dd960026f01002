//! What the checks look at: everything that was read, once.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::backend::redis::keys::{Key, Keys};
use crate::backend::redis::read::StoredJob;
use crate::backend::redis::survey::{QueueSurvey, Survey};
use crate::bench::{Bench, BenchId, Config, SchedulerProcess, Sites};
use crate::codec::frappe::headline_of_description;
use crate::model::id::{JobId, QueueName, site_of_id};
use crate::model::job::Job;
use crate::model::worker::{Alive, LocalProcess, Worker};
use crate::render::sanitize::{holds_control, shell_quote};
use crate::settings::Thresholds;

/// What the checks look at.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// What Redis holds, or why it could not be read at all.
    pub survey: Result<&'a Survey, &'a str>,
    /// The bench, absent for plain RQ.
    pub bench: Option<&'a BenchFacts<'a>>,
    /// The selected sites; `None` for all.
    pub sites: Option<&'a [String]>,
    /// From where on something is a finding.
    pub thresholds: &'a Thresholds,
    /// What this host knows of the workers' processes, by worker name.
    pub processes: &'a HashMap<String, LocalProcess>,
    /// The Redis clock, or this host's.
    pub now: Timestamp,
    /// How jobctl is called for this target, for commands to paste.
    pub jobctl: &'a str,
    /// How `redis-cli` is called for this target, for commands to paste.
    pub redis_cli: &'a str,
    /// The URL for `rq --url`, without credentials; empty where there is none.
    pub rq_url: &'a str,
    /// The Redis that was read, without credentials.
    pub place: &'a str,
    /// The names of keys, for commands to paste.
    pub keys: &'a Keys,
    /// Whether everything was read.
    pub deep: bool,
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
    /// Whether the scheduler runs.
    pub scheduler: SchedulerProcess,
    /// Whether any worker of this bench runs on this host, so that its scheduler should, too.
    pub workers_here: bool,
}

impl<'a> Facts<'a> {
    /// The queues, where Redis could be read.
    pub fn queues(&self) -> &'a [QueueSurvey] {
        self.survey.map(|survey| survey.queues.as_slice()).unwrap_or_default()
    }

    /// The workers that serve a queue of this scope, or that lost their registration.
    pub fn workers(&self) -> impl Iterator<Item = &'a Worker> {
        let queues = self.queues();
        let all = self.survey.ok().and_then(|survey| survey.workers.as_ref().ok());
        let covers = move |name: &QueueName| queues.iter().any(|queue| queue.name == *name);
        let prefix = self.prefix().map(str::to_owned);
        all.into_iter().flatten().filter(move |worker| {
            worker.queues().iter().any(|name| {
                covers(name) || prefix.as_deref().is_some_and(|p| name.prefix() == Some(p))
            })
        })
    }

    /// The workers that live, a stale one included: it may come back.
    pub fn living_workers(&self) -> impl Iterator<Item = &'a Worker> {
        self.workers().filter(|worker| self.alive(worker) != Alive::No)
    }

    /// Whether a worker lives.
    pub fn alive(&self, worker: &Worker) -> Alive {
        worker.liveness(self.now, self.process_of(worker)).alive
    }

    /// What this host knows of a worker's process.
    pub fn process_of(&self, worker: &Worker) -> LocalProcess {
        self.processes.get(&worker.name).copied().unwrap_or(LocalProcess::Elsewhere)
    }

    /// How many living workers serve a queue.
    pub fn serving(&self, queue: &QueueName) -> usize {
        self.living_workers().filter(|worker| worker.queues().contains(queue)).count()
    }

    /// The bench's prefix.
    pub fn prefix(&self) -> Option<&'a str> {
        self.bench?.id.as_ref().map(|id| id.value.as_str())
    }

    /// A `redis-cli` command to paste.
    pub fn redis_cli(&self, command: &str) -> String {
        format!("{} {command}", self.redis_cli)
    }

    /// A `jobctl` command to paste.
    pub fn jobctl(&self, command: &str) -> String {
        format!("{} {command}", self.jobctl)
    }

    /// The key of a queue's list.
    pub fn queue_key(&self, queue: &QueueName) -> String {
        text_of(&self.keys.queue(queue))
    }

    /// The key of a queue's intermediate list.
    pub fn intermediate_key(&self, queue: &QueueName) -> String {
        text_of(&self.keys.intermediate(queue))
    }

    /// The key of a job's hash.
    pub fn job_key(&self, id: &JobId) -> String {
        text_of(&self.keys.job(id.as_bytes()))
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

    /// The command that starts a worker for a queue; `None` where its name could harm the shell.
    pub fn worker_command(&self, queue: &str) -> Option<String> {
        if holds_control(queue) {
            return None;
        }
        let queue = shell_quote(queue);
        Some(match self.bench {
            Some(_) => format!("bench worker --queue {queue}"),
            None if self.rq_url.is_empty() => format!("rq worker {queue}"),
            None => format!("rq worker --url {} {queue}", shell_quote(self.rq_url)),
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

    /// Seconds after its end at which a failed entry of this queue is forgotten: what the newest
    /// jobs say, else what the configuration says, else RQ's year.
    pub fn failure_ttl_s(&self, queue: &QueueSurvey) -> f64 {
        let stored =
            queue.failed.iter().rev().find_map(|sampled| sampled.stored()?.job.failure_ttl_s);
        let configured = || {
            let value = &self.bench?.bench.config().get("rq_job_failure_ttl")?.value;
            crate::bench::config::integer(value)
        };
        let default = if self.bench.is_some() { FRAPPE_FAILURE_TTL_S } else { RQ_FAILURE_TTL_S };
        stored.or_else(configured).unwrap_or(default) as f64
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

    /// The jobs of a list that are of a selected site.
    pub fn of_scope<'j>(&self, jobs: &'j [StoredJob]) -> Vec<&'j StoredJob> {
        jobs.iter().filter(|stored| self.concerns(&stored.job)).collect()
    }
}

/// Source: `frappe.utils.background_jobs`, `RQ_JOB_FAILURE_TTL`.
const FRAPPE_FAILURE_TTL_S: i64 = 604_800;
/// Source: `rq/defaults.py`, `DEFAULT_FAILURE_TTL`.
const RQ_FAILURE_TTL_S: i64 = 31_536_000;

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
