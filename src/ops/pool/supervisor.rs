//! Keeps workers running: starts, watches, recycles, replaces and ends them.
//!
//! One thread that waits in `poll` for signals, output and the next point in time; what asks Redis
//! runs beside it ([`super::observer`]). Only children that were not reaped are ever signalled, so
//! that no signal can reach a process that was given a dead worker's id.

mod children;
mod inquest;
mod looking;
mod member;
mod place;
mod reload;
mod rolling;
mod scaling;
mod stopping;

use std::collections::{HashMap, HashSet, VecDeque};
use std::os::fd::AsFd;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};

use super::PoolOptions;
use super::observer::{Observer, Sight, Watched};
use super::output::{LogTo, Pipe};
use super::plan::Prepared;
use super::state::StateFile;
use crate::context::Context;
use crate::env;
use crate::error::Result;
use crate::human;
use crate::report::pool::{CutOff, Phase};
use crate::report::{Cell, Role};
use crate::sys::child;
use crate::sys::clock;
use crate::sys::notify::Notifier;
use crate::sys::signals::SignalCounter;
use inquest::Inquest;
use member::{Leaving, Telling};
pub(super) use member::{Member, Place};
pub(super) use place::{Pool, Size, Slot};

/// How often memory, Redis' sight and the state file are looked after.
const ROUND: Duration = Duration::from_secs(5);

/// The same while something is awaited that no descriptor tells.
const EAGER_ROUND: Duration = Duration::from_millis(200);

/// How long a worker has to register before its age alone counts as a sign of health; for a Redis
/// that hides workers.
const SETTLED: Duration = Duration::from_secs(30);

/// How long a replacement may take to register: Frappe with many applications takes most of a minute
/// to import on a loaded machine.
const LONGEST_START: Duration = Duration::from_secs(300);

/// RQ passes over a second signal within a second of the first. Source: `rq/worker.py`,
/// `request_force_stop`, all releases.
const BETWEEN_SIGNALS: Duration = Duration::from_millis(1200);

/// How often such a look is asked for.
const NEAR: Duration = Duration::from_millis(20);

/// How long the readers of the output have after a signal.
const FOR_READERS: Duration = Duration::from_secs(2);

/// How long workers have to end their horses and themselves before they are killed.
const COLD: Duration = Duration::from_secs(5);

/// How the supervisor goes about its work.
struct Rules {
    /// Workers end once the queues are empty.
    burst: bool,
    /// How long jobs may go on after the first signal.
    grace: Duration,
    log: LogTo,
}

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The queues are empty.
    Drained,
    /// On a signal, with every job ended.
    Warm,
    /// On a signal, with jobs cut off.
    Cold(i32),
    /// No worker could be kept running: why, and the queues of the first pool.
    GivenUp { why: Vec<String>, queues: Vec<String> },
}

/// What is being done about a signal.
#[derive(Debug, Clone, Copy)]
enum Stage {
    Running,
    Warm { deadline: Instant, signal: i32 },
    Cold { deadline: Instant, signal: i32 },
    Killed { signal: i32 },
}

struct Signals {
    child: SignalCounter,
    terminate: SignalCounter,
    interrupt: SignalCounter,
    hang_up: SignalCounter,
}

/// A rolling restart under way.
struct Rolling {
    left: VecDeque<Place>,
    awaited: Option<Place>,
    /// When it was asked for.
    since: Instant,
}

/// The supervisor.
pub(super) struct Supervisor<'c> {
    context: &'c mut Context,
    options: &'c PoolOptions,
    pub(super) pools: Vec<Pool>,
    pub(super) members: HashMap<u32, Member>,
    pub(super) orphans: HashSet<u32>,
    /// The jobs that were cut off with their workers, the last ones.
    pub(super) cut_off: Vec<CutOff>,
    pub(super) sight: Sight,
    rules: Rules,
    observer: Observer,
    notifier: Notifier,
    state: Option<StateFile>,
    signals: Signals,
    pipes: Vec<Pipe>,
    /// Runs that failed, by the count of the workers that have ended.
    pub(super) failed_runs: u64,
    inquests: Vec<Inquest>,
    next_inquest: u64,
    /// Whether a worker that was told to end after its job has lost it, or may have.
    has_broken_its_word: bool,
    /// What each worker said last.
    last_lines: HashMap<String, String>,
    /// How large its error log was when it was started.
    log_began: HashMap<String, u64>,
    /// Adopted processes that jobs of living workers left behind: nobody's work horses.
    strangers: HashSet<u32>,
    stage: Stage,
    rolling: Option<Rolling>,
    /// Workers of pools that were removed, until all others are served.
    retired: Vec<u32>,
    next_round: Instant,
    next_sign: Option<Instant>,
    measured: Option<Instant>,
    told: String,
    has_terminal: bool,
    was_told_of_redis: bool,
}

impl<'c> Supervisor<'c> {
    /// Takes charge of pools. From now on signals are counted, and orphans adopted.
    pub(super) fn new(
        context: &'c mut Context,
        options: &'c PoolOptions,
        prepared: Prepared,
        state: Option<StateFile>,
    ) -> Result<Self> {
        let signals = Signals {
            child: SignalCounter::of(SIGCHLD)?,
            terminate: SignalCounter::of(SIGTERM)?,
            interrupt: SignalCounter::of(SIGINT)?,
            hang_up: SignalCounter::of(SIGHUP)?,
        };
        if !child::adopt_orphans() {
            context.ui.note("work horses that lose their worker cannot be followed on this system");
        }
        context.ui.write_behind()?;
        let notifier = Notifier::of_environment();
        let now = Instant::now();
        Ok(Self {
            has_terminal: context.ui.has_terminal(),
            observer: watch(context, &prepared, None),
            rules: Rules {
                burst: options.worker.burst,
                grace: prepared.grace,
                log: options.log.clone(),
            },
            context,
            options,
            pools: prepared.pools,
            members: HashMap::new(),
            orphans: HashSet::new(),
            cut_off: Vec::new(),
            failed_runs: 0,
            inquests: Vec::new(),
            next_inquest: 0,
            has_broken_its_word: false,
            sight: Sight::default(),
            next_sign: notifier.interval().map(|interval| now + interval),
            notifier,
            state,
            signals,
            pipes: Vec::new(),
            last_lines: HashMap::new(),
            log_began: HashMap::new(),
            strangers: HashSet::new(),
            stage: Stage::Running,
            rolling: None,
            retired: Vec::new(),
            next_round: now + ROUND,
            measured: None,
            told: String::new(),
            was_told_of_redis: false,
        })
    }

    /// Runs to the end.
    pub(super) fn run(&mut self) -> Result<Ended> {
        for pool in &mut self.pools {
            pool.fit(Instant::now());
        }
        self.start_due();
        let summary = self.summary();
        self.notifier.ready(&summary);
        loop {
            self.publish();
            if let Some(ended) = self.ended() {
                self.finish();
                self.settle(&ended);
                return Ok(ended);
            }
            self.wait();
            self.read_output();
            self.reap();
            self.obey_signals();
            self.advance();
        }
    }

    /// The phase, for people and programs.
    pub(super) fn phase(&self) -> Phase {
        match self.stage {
            Stage::Running if self.rolling.is_some() => Phase::Restarting,
            Stage::Running => Phase::Running,
            Stage::Warm { .. } => Phase::Stopping,
            Stage::Cold { .. } | Stage::Killed { .. } => Phase::Ending,
        }
    }

    /// Sleeps until a signal, a line or the next point in time.
    fn wait(&self) {
        let signals = &self.signals;
        let descriptors =
            [&signals.child, &signals.terminate, &signals.interrupt, &signals.hang_up];
        // A worker that says more than is read waits with its job, as without a pool.
        let is_behind = self.context.ui.is_behind();
        let mut fds: Vec<PollFd> = descriptors
            .iter()
            .map(|counter| counter.as_fd())
            .chain(self.pipes.iter().filter(|_| !is_behind).map(AsFd::as_fd))
            .map(|fd| PollFd::new(fd, PollFlags::POLLIN))
            .collect();
        let left = self.next_moment().saturating_duration_since(Instant::now());
        // A millisecond more, or the loop would turn until the moment has come.
        let left = u16::try_from(left.as_millis().saturating_add(1)).unwrap_or(u16::MAX);
        // Interrupted or not: what has come is looked for afterwards.
        let _ = poll(&mut fds, PollTimeout::from(left));
    }

    fn next_moment(&self) -> Instant {
        let mut next = self.next_round;
        let mut consider = |moment: Option<Instant>| next = next.min(moment.unwrap_or(next));
        consider(self.next_sign);
        match self.stage {
            Stage::Running => {
                let places = self.pools.iter().flat_map(|pool| &pool.slots);
                for place in places.filter(|_| self.sight.fault.is_none()) {
                    consider(place.start_at);
                }
            }
            Stage::Warm { deadline, .. } | Stage::Cold { deadline, .. } => consider(Some(deadline)),
            Stage::Killed { .. } => {}
        }
        if self.members.values().any(Member::is_untold) || self.has_just_asked() {
            consider(Some(Instant::now() + NEAR));
        }
        if self.is_waiting() {
            consider(Some(Instant::now() + EAGER_ROUND));
        }
        next
    }

    /// Whether something is awaited that no descriptor tells.
    fn is_waiting(&self) -> bool {
        self.rolling.is_some()
            || self.context.ui.is_behind()
            || matches!(self.stage, Stage::Cold { .. })
            || self.awaits_answers()
            || self.pools.iter().any(|pool| pool.active().any(|slot| slot.drained.is_some()))
            || (self.sight.fault.is_some() && matches!(self.stage, Stage::Running))
    }

    fn read_output(&mut self) {
        let mut pipes = std::mem::take(&mut self.pipes);
        pipes.retain_mut(|pipe| self.context.ui.is_behind() || self.read_pipe(pipe));
        self.pipes = pipes;
    }

    /// Hands the lines of one worker on; says whether more may come.
    fn read_pipe(&mut self, pipe: &mut Pipe) -> bool {
        let mut lines: Vec<String> = Vec::new();
        let goes_on = pipe.read(|_, line| lines.push(line.to_owned()));
        for line in lines {
            let line = self.context.ui.secrets().text(&line).into_owned();
            if !line.trim().is_empty() {
                self.last_lines.insert(pipe.name.clone(), line.clone());
            }
            let name = Cell::new(format!("{} ", pipe.name), Role::Dim);
            // Who does not read the output any more must not stop the workers.
            let _ = self.context.ui.line(&[name, Cell::from(line)]);
        }
        let _ = self.context.ui.flush_lines();
        goes_on
    }

    // --- starting -----------------------------------------------------------------------------

    /// The places of all workers.
    fn places(&self) -> Vec<Place> {
        let slots = |(at, pool): (usize, &Pool)| (0..pool.slots.len()).map(move |slot| (at, slot));
        self.pools.iter().enumerate().flat_map(slots).collect()
    }

    fn slot(&mut self, (pool, slot): Place) -> &mut Slot {
        // A place names a slot that was made at the start, and none is ever removed.
        &mut self.pools[pool].slots[slot]
    }

    /// The name of the worker in a place.
    fn name(&self, (pool, slot): Place) -> String {
        let pool = self.pools.get(pool).map_or("", |pool| pool.name.as_str());
        format!("{pool}-{}", slot + 1)
    }

    /// Whether there is nothing left to do, and how it ended.
    fn ended(&self) -> Option<Ended> {
        if !(self.members.is_empty() && self.orphans.is_empty() && self.inquests.is_empty()) {
            return None;
        }
        match self.stage {
            Stage::Warm { signal, .. } if self.has_broken_its_word => {
                return Some(Ended::Cold(signal));
            }
            Stage::Warm { .. } => return Some(Ended::Warm),
            Stage::Cold { signal, .. } | Stage::Killed { signal } => {
                return Some(Ended::Cold(signal));
            }
            Stage::Running => {}
        }
        let over =
            |pool: &Pool| pool.given_up.is_some() || pool.active().all(|place| place.is_done);
        if !self.pools.iter().all(over) {
            return None;
        }
        let queues = self.pools.iter().find(|pool| pool.given_up.is_some());
        let queues = queues.map(|pool| pool.queues.clone()).unwrap_or_default();
        let why = |pool: &Pool| Some(format!("pool `{}`: {}", pool.name, pool.given_up.as_ref()?));
        let why: Vec<String> = self.pools.iter().filter_map(why).collect();
        Some(if why.is_empty() { Ended::Drained } else { Ended::GivenUp { why, queues } })
    }

    /// One sentence about all pools.
    fn summary(&self) -> String {
        let wanted: usize = self.pools.iter().map(|pool| pool.active().count()).sum();
        let up = self.members.values().filter(|member| member.leaving.is_none()).count();
        let mut text = format!("{up} of {} up", human::counted(wanted as u64, "worker"));
        let given_up: Vec<&str> = self
            .pools
            .iter()
            .filter(|pool| pool.given_up.is_some())
            .map(|pool| pool.name.as_str())
            .collect();
        if !given_up.is_empty() {
            text.push_str(&format!("; gave up {}", given_up.join(", ")));
        }
        if let Some(fault) = &self.sight.fault {
            text.push_str(&format!("; {fault}"));
        }
        text
    }

    /// Hands the state on, where it changed or is old.
    fn publish(&mut self) {
        let summary = self.summary();
        if summary != self.told {
            self.notifier.status(&summary);
            self.told = summary;
        }
        let Some(mut file) = self.state.take() else { return };
        let state = file.describe(self, self.phase());
        if let Err(error) = file.write_if_due(state) {
            self.warn(&format!("{error:#}; it is tried again and again"));
        }
        self.state = Some(file);
    }

    /// Waits for the readers of the output: as long as it takes at the end of the work, not long
    /// after a signal.
    fn settle(&mut self, ended: &Ended) {
        let began = Instant::now();
        let is_called = matches!(ended, Ended::Warm | Ended::Cold(_));
        let signals = &mut self.signals;
        self.context.ui.settle(|| {
            let came = signals.terminate.take() + signals.interrupt.take();
            came == 0 && !(is_called && began.elapsed() >= FOR_READERS)
        });
    }

    fn finish(&mut self) {
        for mut pipe in std::mem::take(&mut self.pipes) {
            self.read_pipe(&mut pipe);
        }
        if let Some(mut file) = self.state.take() {
            let state = file.describe(self, Phase::Ended);
            if let Err(error) = file.write(state) {
                self.warn(&format!("{error:#}"));
            }
        }
    }

    fn say(&mut self, text: &str) {
        let at = human::time(clock::now(), self.context.ui.zone());
        self.context.ui.status(&format!("{at} {text}"));
    }

    fn warn(&mut self, text: &str) {
        let at = human::time(clock::now(), self.context.ui.zone());
        self.context.ui.warn(&format!("{at} {text}"));
    }
}

/// Begins to look at what the pools serve.
fn watch(context: &Context, prepared: &Prepared, fault: Option<String>) -> Observer {
    let watched = Watched {
        queues: prepared.served.clone(),
        times: prepared.pools.iter().any(|pool| pool.size.scaling().is_some()),
    };
    Observer::start(prepared.endpoint.clone(), context.settings.timeout, watched, fault)
}

/// A worker's command anew. What systemd told the supervisor is none of the worker's business.
fn copy_of(command: &Command) -> Command {
    let mut copy = child::again(command, command.get_args());
    for name in [env::NOTIFY_SOCKET, env::WATCHDOG_USEC, env::WATCHDOG_PID] {
        copy.env_remove(name);
    }
    copy
}
