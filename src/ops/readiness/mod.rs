//! Whether sites are ready for a migration: no background job of theirs is left anywhere.
//!
//! One look is not enough: RQ has moments in which a job stands in no list, and a scheduler may be
//! in the middle of its round. So it takes three looks in a row, over two seconds at least, that
//! find nothing ([`look`]), the hashes of jobs included ([`hashes`]). With `--stop-scheduler` the sites are paused first; unless they turn
//! out to be ready, they get back what stood there before, whatever ends the waiting.

mod hashes;
mod look;

use std::time::{Duration, Instant};

use crate::bench::Bench;
use crate::bench::config::SWITCHES;
use crate::context::Context;
use crate::error::{Failure, Kind, Result, failure_of};
use crate::human;
use crate::journal::Ending;
use crate::model::id::JobId;
use crate::ops::change::How;
use crate::ops::change::approve::refuse_change;
use crate::ops::switch::places::bench_of;
use crate::ops::switch::scheduler::{Switch, Turning};
use crate::ops::switch::{Operation, Turned, scope, waiting};
use crate::report::readiness::{Blocking, MOST_BLOCKING, ReadinessReport, SiteReadiness};
use crate::sys::fault;
use crate::sys::signals::{Interrupted, Interrupts};
use crate::ui::Progress;
use look::{Looker, Sample};

/// Looks in a row that must find nothing, as v16 makes them.
const LOOKS: u32 = 3;
/// The time from the first of them to the last, at least.
const CLEAR_FOR: Duration = Duration::from_secs(2);
/// Between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// The verb in journals.
const VERB: &str = "ready-for-migration";

/// How to wait.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// How long to wait for the sites to become ready; `None`: not at all.
    pub wait: Option<Duration>,
    /// Whether their schedulers are paused meanwhile, and for good once they are ready.
    pub stop_scheduler: bool,
}

/// Looks, and waits, until `sites` are ready.
///
/// Errors: `Config` where the queues of a site cannot be the ones looked at, `Refused` where Redis
/// hides what must be seen, or under read-only with `stop_scheduler`; `Unreachable`. The schedulers
/// are given back then, too.
pub fn ready_for_migration(
    context: &mut Context,
    sites: Vec<String>,
    options: Options,
    how: &How,
) -> Result<ReadinessReport> {
    check_prefixes(bench_of(context)?, &sites)?;
    let stops = options.stop_scheduler && !how.dry_run;
    if stops {
        refuse_change(context, Switch::Pause.what())?;
        let named: Vec<&str> = sites.iter().map(String::as_str).collect();
        scope::confirm(context, Switch::Pause.what(), &named, how)?;
    }
    let mut report = ReadinessReport { notes: left_behind(context)?, ..Default::default() };
    let interrupts = Interrupts::catch()?;
    // Before anything is paused: a Redis that is down, or the wrong one, should not touch a file.
    let mut looker = Looker::new(context, sites)?;
    let mut stopped =
        if stops { Some(Stopped::pause(context, &looker, &interrupts, how)?) } else { None };
    fault::point("schedulers-paused");
    let watched = watch(context, &mut looker, options.wait, &interrupts, &mut report);
    let given_back = match &mut stopped {
        Some(stopped) if !(watched.is_ok() && report.ready) => stopped.give_back(context),
        _ => Ok(()),
    };
    if let Some(stopped) = stopped {
        stopped.end(&mut report);
    }
    // What was not given back outlasts whatever ended the waiting.
    given_back?;
    watched?;
    note_broken_jobs(context, &mut report)?;
    note_running_schedulers(context, &mut report)?;
    Ok(report)
}

/// Refuses where a site has a bench id of its own: its jobs go to queues that are not looked at.
fn check_prefixes(bench: &Bench, sites: &[String]) -> Result<()> {
    let ours = bench.id().map(|id| id.value);
    for site in sites {
        let own = bench.id_under(&bench.site_config(site)).map(|id| id.value);
        if own != ours {
            return Err(Failure::new(
                Kind::Config,
                format!(
                    "cannot tell whether `{site}` is ready: its own `bench_id` sends its jobs to queues that the bench's workers do not serve"
                ),
            )
            .hint("remove `bench_id` from its site_config.json")
            .into());
        }
    }
    Ok(())
}

/// Looks until the sites are ready, the time is up or a signal comes; writes down what was seen.
fn watch(
    context: &mut Context,
    looker: &mut Looker,
    wait: Option<Duration>,
    interrupts: &Interrupts,
    report: &mut ReadinessReport,
) -> Result<()> {
    let started = Instant::now();
    let progress = context.ui.progress("waiting for jobs", Some(0));
    let mut most = 0;
    let mut clear: Option<(Instant, u32)> = None;
    loop {
        let sample = looker.look(context, interrupts)?;
        report.samples += 1;
        report.watched_s = started.elapsed().as_secs_f64();
        let is_clear = sample.is_clear();
        most = most.max(sample.left());
        tell(&progress, &sample, most);
        write_down(report, looker, sample);
        clear = is_clear.then(|| clear.map_or((Instant::now(), 1), |(since, n)| (since, n + 1)));
        report.ready = clear.is_some_and(|(since, n)| n >= LOOKS && since.elapsed() >= CLEAR_FOR);
        report.timed_out = !is_clear && wait.is_some_and(|wait| started.elapsed() >= wait);
        if report.incomplete.is_some() && interrupts.seen().is_some() {
            report.interrupted_by = interrupts.seen();
            break;
        }
        if report.ready || report.timed_out || (!is_clear && wait.is_none()) {
            break;
        }
        report.interrupted_by = interrupts.wait(PAUSE);
        if report.interrupted_by.is_some() {
            break;
        }
    }
    if !report.ready && clear.is_some() {
        // Broken off before the third look: nothing in the way so far is not enough.
        report.sites.iter_mut().for_each(|site| site.ready = false);
    }
    Ok(())
}

fn tell(progress: &Progress, sample: &Sample, most: u64) {
    let what = sample.summary();
    progress.at(most.saturating_sub(sample.left()), most, &format!("waiting for {what}"));
}

fn write_down(report: &mut ReadinessReport, looker: &Looker, sample: Sample) {
    let Sample { counts, blocking, unattributed, unknown, incomplete } = sample;
    report.unattributed = unattributed;
    report.incomplete = incomplete;
    let rows = looker.sites().iter().zip(counts.into_iter().zip(blocking));
    report.sites = rows
        .map(|(site, (counts, mut blocking))| {
            let blocking_total = counts.all() + unattributed.all();
            let ready = blocking_total == 0 && report.incomplete.is_none();
            blocking.extend(unknown.iter().cloned());
            blocking.truncate(MOST_BLOCKING);
            SiteReadiness { site: site.clone(), ready, counts, blocking, blocking_total }
        })
        .collect();
}

/// Schedulers that were paused for the time of the waiting.
struct Stopped {
    operation: Operation,
    ending: Ending,
}

impl Stopped {
    /// Pauses the sites that are not paused.
    ///
    /// Errors: those of the first site that cannot be paused; the others have theirs back then.
    fn pause(
        context: &mut Context,
        looker: &Looker,
        interrupts: &Interrupts,
        how: &How,
    ) -> Result<Self> {
        let planned = looker.sites().len() as u64;
        let operation = Operation::new(context, VERB, planned, how, None)?;
        let mut stopped = Self { operation, ending: Ending::Done };
        let turning = Turning::of(Switch::Pause);
        let mut paused = 0;
        for site in looker.sites() {
            let waiting = waiting(context, interrupts);
            match turning.turn_site(context, &mut stopped.operation, site, waiting) {
                Ok(Turned::Changed(_)) => paused += 1,
                Ok(_) => {}
                // The first look sees the signal as well.
                Err(error) if error.is::<Interrupted>() => break,
                Err(error) => {
                    stopped.ending = Ending::Failed;
                    let given_back = stopped.give_back(context);
                    stopped.end(&mut ReadinessReport::default());
                    return given_back.and(Err(stopped_by(error, site)));
                }
            }
        }
        if paused > 0 {
            let sites = human::counted(paused, "site");
            context.ui.detail(&format!("paused the scheduler of {sites}"));
        }
        Ok(stopped)
    }

    /// Gives every site back what stood there before.
    ///
    /// Errors: names the sites that did not get it; the journal has what they should get.
    fn give_back(&mut self, context: &Context) -> Result<()> {
        let failed = self.operation.take_back(context);
        if failed.is_empty() {
            return Ok(());
        }
        self.ending = Ending::Failed;
        let op = self.operation.op_id().clone();
        let places: Vec<String> = failed.iter().map(|(place, _)| place.to_string()).collect();
        let error = failed.into_iter().next().map(|(_, error)| error);
        let kind = error.as_ref().and_then(failure_of).map_or(Kind::Io, Failure::kind);
        let failure = Failure::new(kind, format!("could not give back: {}", places.join(", ")))
            .hint(format!("undo with: {}", context.target()?.undo_command(op.as_str())));
        Err(match error {
            Some(error) => failure.because(error).into(),
            None => failure.into(),
        })
    }

    fn end(self, report: &mut ReadinessReport) {
        let ending =
            if report.interrupted_by.is_some() { Ending::Interrupted } else { self.ending };
        let ended = self.operation.end(ending);
        report.op_id = ended.op_id.filter(|_| ended.undoable);
        report.notes.extend(ended.notes);
    }
}

fn stopped_by(error: anyhow::Error, site: &str) -> anyhow::Error {
    let Some(kind) = failure_of(&error).map(Failure::kind) else { return error };
    let hints: Vec<String> = failure_of(&error).map(|f| f.hints().to_vec()).unwrap_or_default();
    let failure = Failure::new(kind, format!("cannot pause the scheduler of `{site}`"));
    hints.into_iter().fold(failure.because(error), Failure::hint).into()
}

/// Runs of this command that were killed while schedulers were paused.
fn left_behind(context: &Context) -> Result<Vec<String>> {
    let journals = context.journals()?;
    let mut notes = Vec::new();
    for op in journals.ids()? {
        // The header first: a journal of jobs may be long.
        let ours = journals.open(&op).is_ok_and(|reader| reader.header().verb == VERB);
        let Some(summary) = ours.then(|| journals.summary(&op).ok()).flatten() else { continue };
        let is_left = summary.end.is_none() && !summary.running;
        if is_left && summary.images > 0 {
            notes.push(format!(
                "an earlier run was killed and may have left schedulers paused; give them back with: {}",
                context.target()?.undo_command(op.as_str())
            ));
        }
    }
    Ok(notes)
}

/// Says of jobs in the way that they are gone or stand nowhere, and how to mend that.
fn note_broken_jobs(context: &mut Context, report: &mut ReadinessReport) -> Result<()> {
    report.notes.extend(report.incomplete.clone());
    let repair = context.target()?.command().replacen("jobctl", "jobctl jobs repair", 1);
    let mut listed: Vec<&mut Blocking> = report
        .sites
        .iter_mut()
        .flat_map(|site| &mut site.blocking)
        .filter(|blocking| blocking.id.is_some() && blocking.state != "busy_worker")
        .collect();
    let ids: Vec<JobId> = listed.iter().filter_map(|blocking| blocking.id.clone()).collect();
    if !ids.is_empty() {
        let living = context.store()?.have_hashes(&ids.iter().collect::<Vec<_>>())?;
        listed.iter_mut().zip(living).for_each(|(blocking, lives)| blocking.gone = !lives);
    }
    if listed.iter().any(|blocking| blocking.gone) {
        report.notes.push(format!(
            "of an entry marked `gone` only the id is left, its job is gone; to drop such entries: {repair}"
        ));
    }
    let all = report.sites.iter().map(|site| &site.counts).chain([&report.unattributed]);
    let unlisted: u64 = all.map(|counts| counts.unlisted).sum();
    if unlisted > 0 {
        report.notes.push(format!(
            "in no queue: {}; a worker has taken it, or it is lost, or a rate limit holds it back; to mend lost ones: {repair}",
            human::counted(unlisted, "job")
        ));
    }
    Ok(())
}

/// Says that jobs may come again at any moment where no switch keeps them back.
fn note_running_schedulers(context: &Context, report: &mut ReadinessReport) -> Result<()> {
    let bench = bench_of(context)?;
    let runs = |site: &&SiteReadiness| {
        let config = bench.site_config(&site.site);
        SWITCHES.iter().all(|key| !config.is_on(key))
    };
    let running: Vec<&str> =
        report.sites.iter().filter(runs).map(|site| site.site.as_str()).collect();
    if report.ready && !running.is_empty() {
        let shown = running.iter().take(3).copied().collect::<Vec<_>>().join(", ");
        let more = if running.len() > 3 { ", …" } else { "" };
        report.notes.push(format!(
            "the scheduler is not paused for {shown}{more}: it may enqueue jobs at any moment; --stop-scheduler pauses it"
        ));
    }
    Ok(())
}
