//! What is taken of the facts, which end with the measurement.

use std::collections::BTreeMap;

use super::{There, unread};
use crate::backend::redis::survey::{QueueSurvey, Sampled, Survey};
use crate::model::job::Status;
use crate::model::queue::Counts;
use crate::ops::alerts::expr::{Lack, Sample, Series};
use crate::ops::doctor::{Ends, Facts, ends, is_abandoned, running};
use crate::ops::metrics::crowd_of;
use crate::report::doctor::{DoctorReport, SiteLine};
use crate::report::metrics::Family;

/// Why nothing of a site is known on plain RQ.
const NO_BENCH: &str = "plain RQ has none; a bench is needed";

/// Why no process is measured.
const NOT_HERE: &str = "no worker of this Redis is on this host";

/// What is kept of the facts, which end with the measurement.
#[derive(Default)]
pub(super) struct Taken {
    pub(super) series: BTreeMap<&'static str, Series>,
    pub(super) ends: BTreeMap<String, Ends>,
    pub(super) outage: Option<String>,
    /// Where the age of what waits is not known of every queue.
    ageless: Option<Lack>,
    pub(super) unread_sites: Vec<String>,
    sites: usize,
    has_bench: bool,
    pub(super) there: There,
    /// Every running job, where `longest_running` has one of each queue.
    pub(super) running: Vec<Sample>,
    /// Whether every queue of the scope is known.
    queues_are_all: bool,
}

impl Taken {
    pub(super) fn of(facts: &Facts<'_>, report: &DoctorReport) -> Self {
        let mut taken = Self {
            outage: facts.survey.err().map(|outage| outage.why.clone()),
            unread_sites: facts.bench.map_or_else(Vec::new, |bench| {
                let unread = bench.databases.iter().filter(|read| read.found.is_err());
                unread.map(|read| read.site.clone()).collect()
            }),
            sites: report.sites.len(),
            has_bench: facts.bench.is_some(),
            ..Self::default()
        };
        for queue in facts.queues() {
            taken.ends.insert(facts.short(&queue.name).to_owned(), ends(facts, queue));
        }
        taken.of_queues(facts);
        taken.of_sites(facts, report);
        taken.of_processes(facts);
        taken.of_what_is_there(facts, report);
        taken
    }

    /// What there is, for conditions on what is there no more.
    fn of_what_is_there(&mut self, facts: &Facts<'_>, report: &DoctorReport) {
        if let Some(bench) = facts.bench {
            self.there.sites = Some(bench.sites.names().map(str::to_owned).collect());
            self.there.selected = report.sites.iter().map(|line| line.site.clone()).collect();
        }
        let memory = facts.processes.memory_of_jobs().ok();
        self.there.pids = memory.map(|jobs| jobs.iter().map(|job| job.0.to_string()).collect());
        let Ok(survey) = facts.survey else { return };
        if survey.workers.is_ok() {
            let crowds = facts.workers().map(|member| crowd_of(facts, member.worker));
            self.there.workers = Some(crowds.collect());
        }
        if self.queues_are_all {
            self.there.queues = Some(self.ends.keys().cloned().collect());
            let is_whole = |queue: &QueueSurvey| {
                queue.counts.started.is_some_and(|all| all <= queue.running.len() as u64)
                    && queue.running.iter().all(|sampled| sampled.stored().is_some())
            };
            if facts.queues().iter().all(is_whole) {
                let id = |(_, sampled): (_, &Sampled)| Some(sampled.stored()?.job.id.to_string());
                self.there.jobs = Some(running(facts).filter_map(id).collect());
            }
        }
    }

    fn put(&mut self, name: &'static str, samples: Vec<Sample>, lack: Option<Lack>) {
        self.series.insert(name, Series { samples, lack });
    }

    pub(super) fn no_redis(&self) -> Option<Lack> {
        self.outage.clone().map(Lack::unread)
    }

    fn of_queues(&mut self, facts: &Facts<'_>) {
        let up = f64::from(u8::from(facts.survey.is_ok()));
        self.put("redis_up", vec![Sample { labels: Vec::new(), value: up }], None);
        let unread = facts.queues().iter().find(|queue| queue.counts.queued.is_none());
        let unread = unread.map(|queue| {
            Lack::unread(format!("queue `{}` could not be read", facts.short(&queue.name)))
        });
        let unlisted = facts.survey.ok().and_then(|survey| unlisted(facts, survey));
        self.queues_are_all = facts.survey.is_ok() && unlisted.is_none();
        let lack = self.no_redis().or(unlisted).or(unread);
        let of_queue = |queue, value| Sample { labels: vec![("queue", queue)], value };
        let (mut backlog, mut oldest, mut ageless) = (Vec::new(), Vec::new(), None);
        for queue in facts.queues() {
            let name = || facts.short(&queue.name).to_owned();
            let Counts { queued: Some(queued), .. } = queue.counts else { continue };
            backlog.push(of_queue(name(), queued as f64));
            let age = queue.waiting.oldest_at.map(|at| facts.now.duration_since(at).as_secs_f64());
            match age.or((queued == 0).then_some(0.0)) {
                Some(age) => oldest.push(of_queue(name(), age.max(0.0))),
                // Ids whose jobs are gone, or hide since when they wait.
                None => ageless = ageless.or_else(|| Some(name())),
            }
        }
        self.put("backlog", backlog, lack.clone());
        let ageless = ageless
            .map(|queue| Lack::unread(format!("since when jobs of `{queue}` wait is not known")));
        self.put("oldest_age", oldest, lack.or_else(|| ageless.clone()));
        self.ageless = ageless;
        self.running = running_jobs(facts);
        let longest = longest_of_each_queue(&self.running);
        self.put("longest_running", longest, self.no_redis());
        let unreadable = facts.survey.is_ok_and(|survey| survey.workers.is_err());
        let lack =
            self.no_redis().or(unreadable.then(|| Lack::unread("the workers could not be read")));
        let count = facts.living_workers().count() as f64;
        let known = lack.is_none().then_some(Sample { labels: Vec::new(), value: count });
        self.put("workers", known.into_iter().collect(), lack);
    }

    fn of_sites(&mut self, facts: &Facts<'_>, report: &DoctorReport) {
        let of_site = |site: &str, value| Sample { labels: vec![("site", site.to_owned())], value };
        let Some(bench) = facts.bench else {
            for name in ["scheduler_silence", "error_log_rate"] {
                self.put(name, Vec::new(), Some(Lack::by_nature(NO_BENCH)));
            }
            return;
        };
        let lack = (!self.unread_sites.is_empty()).then(|| unread(&self.unread_sites));
        let silence = |line: &SiteLine| {
            let silent = report.checked_at.duration_since(line.last_run_at?).as_secs_f64();
            (line.scheduler == Some("enabled")).then(|| of_site(&line.site, silent.max(0.0)))
        };
        let silences = report.sites.iter().filter_map(silence).collect();
        self.put("scheduler_silence", silences, lack.clone());
        let rate = |read: &crate::ops::sites::ReadSite<crate::ops::doctor::Examined>| {
            let errors = read.found.as_ref().ok()?.facts.errors_1h.as_ref().ok()?;
            Some(of_site(&read.site, *errors as f64))
        };
        let rates: Vec<Sample> = bench.databases.iter().filter_map(rate).collect();
        let partial = rates.len() < bench.databases.len();
        let lack = lack.or(partial.then(|| Lack::unread("an Error Log could not be read")));
        self.put("error_log_rate", rates, lack);
    }

    fn of_processes(&mut self, facts: &Facts<'_>) {
        let memory = facts.processes.memory_of_jobs();
        let lack = match &memory {
            Ok(_) if !facts.processes.are_here() => Some(Lack::by_nature(NOT_HERE)),
            Ok(_) => None,
            Err(why) => Some(Lack::unread(*why)),
        };
        let sample = |(pid, role, bytes): (u32, &'static str, u64)| Sample {
            labels: vec![("pid", pid.to_string()), ("role", role.to_owned())],
            value: bytes as f64,
        };
        let samples = memory.into_iter().flatten().map(sample).collect();
        self.put("worker_memory", samples, lack);
    }

    /// The samples of a family, and what may be missing of them.
    pub(super) fn series_of(&self, family: Family) -> Series {
        let name = family.name;
        let samples: Vec<Sample> = family
            .samples
            .into_iter()
            .map(|sample| Sample { labels: sample.labels, value: sample.value })
            .collect();
        // The verdict says itself what is not known.
        let always = ["build_info", "redis_up", "collect_duration_seconds", "findings"];
        let short = name.trim_start_matches("jobctl_");
        let of_sites = ["site_queued", "site_failed_24h", "scheduler_enabled"];
        let lack = if always.contains(&short) || short.starts_with("health") {
            None
        } else if short.starts_with("site_") || short.starts_with("scheduler_") {
            let partial = of_sites.contains(&short) && samples.len() < self.sites;
            match (self.has_bench, &self.unread_sites[..]) {
                (false, _) => Some(Lack::by_nature(NO_BENCH)),
                (true, []) => partial.then(|| Lack::unread("it is not known of every site")),
                (true, sites) => partial.then(|| unread(sites)),
            }
        } else if short == "queue_oldest_age_seconds" {
            self.no_redis().or_else(|| self.ageless.clone())
        } else {
            self.no_redis()
        };
        Series { samples, lack }
    }
}

/// Why there may be queues that are not known.
fn unlisted(facts: &Facts<'_>, survey: &Survey) -> Option<Lack> {
    if let Err(lack) = &survey.queues_read {
        return Some(Lack::unread(format!("which queues there are could not be read: {lack}")));
    }
    let unseen = facts.prefix_is_unseen();
    unseen.then(|| Lack::unread("no queue has the prefix of this bench, others have theirs"))
}

/// The running jobs, and for how long they run.
fn running_jobs(facts: &Facts<'_>) -> Vec<Sample> {
    let working = running(facts).filter(|(_, sampled)| !is_abandoned(facts, sampled));
    let sample = |(queue, sampled): (&QueueSurvey, &Sampled)| {
        let job = &sampled.stored()?.job;
        let labels =
            vec![("queue", facts.short(&queue.name).to_owned()), ("job", job.id.to_string())];
        let value = job.running_s(facts.now)?;
        (job.status == Status::Started).then_some(Sample { labels, value })
    };
    working.filter_map(sample).collect()
}

/// The longest running job of each queue.
fn longest_of_each_queue(running: &[Sample]) -> Vec<Sample> {
    let mut longest: BTreeMap<&str, &Sample> = BTreeMap::new();
    for sample in running {
        let queue = sample.labels.first().map_or("", |(_, queue)| queue);
        let most = longest.entry(queue).or_insert(sample);
        if sample.value > most.value {
            *most = sample;
        }
    }
    longest.into_values().cloned().collect()
}
