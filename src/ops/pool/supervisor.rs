//! Keeps workers running: starts, watches, recycles, replaces and ends them.
//!
//! One thread that waits in `poll` for signals, output and the next point in time; what asks Redis
//! runs beside it ([`super::observer`]). Only children that were not reaped are ever signalled, so
//! that no signal can reach a process that was given a dead worker's id.

use std::collections::{HashMap, HashSet, VecDeque};
use std::os::fd::AsFd;
use std::process::Command;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};

use super::observer::{Observer, Sight};
use super::orphans::{self, Orphan};
use super::output::{LogTo, Pipe, shortened};
use super::policy::{EARLY, Failures, MOST_FAILURES};
use super::state::StateFile;
use crate::env;
use crate::error::Result;
use crate::human;
use crate::ops::frappe_process::not_started;
use crate::report::pool::Phase;
use crate::report::{Cell, Role};
use crate::sys::child::{self, Ending};
use crate::sys::clock;
use crate::sys::notify::Notifier;
use crate::sys::proc::ProcTable;
use crate::sys::signals::SignalCounter;
use crate::ui::Ui;

/// How often memory, Redis' sight and the state file are looked after.
const ROUND: Duration = Duration::from_secs(5);

/// The same while something is awaited that no descriptor tells.
const EAGER_ROUND: Duration = Duration::from_millis(200);

/// How long a worker has to register before its age alone counts as a sign of health; for a Redis
/// that hides workers.
const SETTLED: Duration = Duration::from_secs(30);

/// RQ passes over a second signal within a second of the first. Source: `rq/worker.py`,
/// `request_force_stop`, all releases.
const BETWEEN_SIGNALS: Duration = Duration::from_millis(1200);

/// How long workers have to end their horses and themselves before they are killed.
const COLD: Duration = Duration::from_secs(5);

/// The place of a worker: the number of its pool, and its number there. Neither is ever removed.
pub(super) type Place = (usize, usize);

/// One pool as it is to run.
pub(super) struct Pool {
    /// Its name.
    pub(super) name: String,
    /// Its queues, short names; empty for all.
    pub(super) queues: Vec<String>,
    /// How many workers.
    pub(super) wanted: usize,
    /// The memory at which a worker is recycled.
    pub(super) max_memory: Option<u64>,
    /// The jobs after which a worker is recycled, where the worker does not count them itself.
    pub(super) max_jobs: Option<u64>,
    /// Where in the observer's list its queues stand, if a worker may end before they are empty.
    pub(super) depths: Vec<usize>,
    /// The command of one worker.
    pub(super) command: Command,
    pub(super) slots: Vec<Slot>,
    pub(super) given_up: Option<String>,
}

/// The place of one worker.
#[derive(Debug, Default)]
pub(super) struct Slot {
    pub(super) current: Option<u32>,
    /// A worker that is to take the place, in a rolling restart.
    pub(super) replacement: Option<u32>,
    pub(super) start_at: Option<Instant>,
    pub(super) is_done: bool,
    pub(super) failures: Failures,
    pub(super) restarts: u64,
    pub(super) reason: Option<String>,
}

/// A worker that runs.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) started: Instant,
    pub(super) started_at: Timestamp,
    pub(super) leaving: Option<Leaving>,
    pub(super) memory: Option<u64>,
}

/// Why and since when a worker is to end.
#[derive(Debug, Clone)]
pub(super) struct Leaving {
    pub(super) why: String,
    told: Instant,
    told_twice: bool,
}

/// How the supervisor goes about its work.
pub(super) struct Rules {
    /// Workers end once the queues are empty.
    pub(super) burst: bool,
    /// How long jobs may go on after the first signal.
    pub(super) grace: Duration,
    pub(super) log: LogTo,
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
    /// No worker could be kept running: why.
    GivenUp(Vec<String>),
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
}

/// The supervisor.
pub(super) struct Supervisor<'u> {
    ui: &'u mut Ui,
    pub(super) pools: Vec<Pool>,
    pub(super) members: HashMap<u32, Member>,
    pub(super) orphans: HashSet<u32>,
    pub(super) sight: Sight,
    rules: Rules,
    observer: Observer,
    notifier: Notifier,
    state: Option<StateFile>,
    signals: Signals,
    pipes: Vec<Pipe>,
    /// What each worker said last.
    last_lines: HashMap<String, String>,
    stage: Stage,
    rolling: Option<Rolling>,
    next_round: Instant,
    next_sign: Option<Instant>,
    measured: Option<Instant>,
    told: String,
    has_terminal: bool,
    was_told_of_redis: bool,
}

impl<'u> Supervisor<'u> {
    /// Takes charge of `pools`. From now on signals are counted, and orphans adopted.
    pub(super) fn new(
        ui: &'u mut Ui,
        pools: Vec<Pool>,
        rules: Rules,
        observer: Observer,
        state: Option<StateFile>,
    ) -> Result<Self> {
        let signals = Signals {
            child: SignalCounter::of(SIGCHLD)?,
            terminate: SignalCounter::of(SIGTERM)?,
            interrupt: SignalCounter::of(SIGINT)?,
            hang_up: SignalCounter::of(SIGHUP)?,
        };
        if !child::adopt_orphans() {
            ui.note("work horses that lose their worker cannot be followed on this system");
        }
        let notifier = Notifier::of_environment();
        let now = Instant::now();
        Ok(Self {
            has_terminal: ui.has_terminal(),
            ui,
            pools,
            members: HashMap::new(),
            orphans: HashSet::new(),
            sight: Sight::default(),
            rules,
            observer,
            next_sign: notifier.interval().map(|interval| now + interval),
            notifier,
            state,
            signals,
            pipes: Vec::new(),
            last_lines: HashMap::new(),
            stage: Stage::Running,
            rolling: None,
            next_round: now + ROUND,
            measured: None,
            told: String::new(),
            was_told_of_redis: false,
        })
    }

    /// Runs to the end.
    pub(super) fn run(&mut self) -> Result<Ended> {
        for pool in &mut self.pools {
            pool.slots.resize_with(pool.wanted, || Slot {
                start_at: Some(Instant::now()),
                ..Slot::default()
            });
        }
        self.start_due();
        let summary = self.summary();
        self.notifier.ready(&summary);
        loop {
            self.publish();
            if let Some(ended) = self.ended() {
                self.finish();
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
        let mut fds: Vec<PollFd> = descriptors
            .iter()
            .map(|counter| counter.as_fd())
            .chain(self.pipes.iter().map(AsFd::as_fd))
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
        if self.is_waiting() {
            consider(Some(Instant::now() + EAGER_ROUND));
        }
        next
    }

    /// Whether something is awaited that no descriptor tells.
    fn is_waiting(&self) -> bool {
        self.rolling.is_some()
            || matches!(self.stage, Stage::Cold { .. })
            || (self.sight.fault.is_some() && matches!(self.stage, Stage::Running))
    }

    fn read_output(&mut self) {
        let mut lines: Vec<(String, String)> = Vec::new();
        let take = &mut |name: &str, line: &str| lines.push((name.to_owned(), line.to_owned()));
        self.pipes.retain_mut(|pipe| pipe.read(&mut *take));
        if lines.is_empty() {
            return;
        }
        for (name, line) in lines {
            let line = self.ui.secrets().text(&line).into_owned();
            if !line.trim().is_empty() {
                self.last_lines.insert(name.clone(), line.clone());
            }
            // Who does not read the output any more must not stop the workers.
            let _ = self.ui.line(&[Cell::new(format!("{name} "), Role::Dim), Cell::from(line)]);
        }
        let _ = self.ui.flush_lines();
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

    /// Starts the workers whose time has come, one after the other without waiting for any.
    fn start_due(&mut self) {
        if !matches!(self.stage, Stage::Running) {
            return;
        }
        let now = Instant::now();
        for place in self.places() {
            let slot = self.slot(place);
            if slot.start_at.is_some_and(|at| at <= now) {
                slot.start_at = None;
                if let Some(pid) = self.start(place) {
                    self.slot(place).current = Some(pid);
                }
            }
        }
    }

    /// Starts a worker for a place; a start that fails counts as a worker that ended at once.
    fn start(&mut self, place: Place) -> Option<u32> {
        let name = self.name(place);
        let mut command = copy_of(&self.pools.get(place.0)?.command);
        let started = self.rules.log.connect(&mut command, &name).and_then(|()| {
            child::spawn(&mut command).map_err(|error| not_started(&command, &error))
        });
        let mut child = match started {
            Ok(child) => child,
            Err(error) => {
                self.failed(place, Duration::ZERO, &error.to_string());
                return None;
            }
        };
        let pid = child.id();
        self.pipes.extend(Pipe::of(&mut child, &name));
        self.say(&format!("{name}: started, process {pid}"));
        let member = Member {
            place,
            name,
            started: Instant::now(),
            started_at: clock::now(),
            leaving: None,
            memory: None,
        };
        self.members.insert(pid, member);
        Some(pid)
    }

    // --- ending -------------------------------------------------------------------------------

    /// Takes the children that ended.
    fn reap(&mut self) {
        if self.signals.child.take() == 0 {
            return;
        }
        while let Some((pid, ending)) = child::reap() {
            if let Some(member) = self.members.remove(&pid) {
                self.ended_member(pid, &member, ending);
            } else if self.orphans.remove(&pid) {
                self.say(&format!("work horse {pid}, whose worker died, ended with {ending}"));
            }
        }
    }

    fn ended_member(&mut self, pid: u32, member: &Member, ending: Ending) {
        if !ending.is_clean() {
            self.adopt(pid, member);
        }
        let lived = member.started.elapsed();
        let how = format!("ended with {ending} after {}", human::age(lived.as_secs_f64()));
        let slot = self.slot(member.place);
        if slot.replacement == Some(pid) {
            slot.replacement = None;
            self.abandon_restart(member, &how);
            return;
        }
        let is_current = slot.current == Some(pid);
        if is_current {
            slot.current = None;
        }
        let is_missed = is_current && matches!(self.stage, Stage::Running);
        if let Some(leaving) = &member.leaving {
            self.say(&format!("{}: process {pid} ended ({})", member.name, leaving.why));
            if is_missed {
                self.start_again(member.place, Duration::ZERO, &leaving.why);
            }
        } else if !is_missed {
            self.say(&format!("{}: process {pid} {how}", member.name));
        } else if self.rules.burst && ending.is_clean() {
            self.ended_burst(pid, member);
        } else {
            let why = format!("process {pid} {how}{}", self.last_words(&member.name));
            self.failed(member.place, lived, &why);
        }
    }

    /// A worker that may end after so many jobs may leave some behind; else its queues are empty.
    fn ended_burst(&mut self, pid: u32, member: &Member) {
        if self.has_waiting_jobs(member.place.0) {
            self.say(&format!("{}: process {pid} has run its number of jobs", member.name));
            self.start_again(member.place, EAGER_ROUND, "has run its number of jobs");
            return;
        }
        self.say(&format!("{}: process {pid} found its queues empty and ended", member.name));
        self.slot(member.place).is_done = true;
    }

    fn start_again(&mut self, place: Place, wait: Duration, why: &str) {
        let slot = self.slot(place);
        slot.reason = Some(why.to_owned());
        slot.restarts += 1;
        slot.start_at = Some(Instant::now() + wait);
    }

    /// What the worker said last, where it can be read.
    fn last_words(&mut self, name: &str) -> String {
        self.read_output();
        let words = self.last_lines.get(name).cloned().or_else(|| self.rules.log.last_words(name));
        words.map_or_else(String::new, |line| {
            format!(": {}", self.ui.secrets().text(&shortened(&line)))
        })
    }

    fn has_waiting_jobs(&mut self, pool: usize) -> bool {
        self.look();
        let waiting = |at: &usize| self.sight.waiting.get(*at).copied().flatten().unwrap_or(0) > 0;
        self.pools.get(pool).is_some_and(|pool| pool.depths.iter().any(waiting))
    }

    /// A worker ended by itself: it is started again, later and later, until that is hopeless.
    fn failed(&mut self, place: Place, lived: Duration, why: &str) {
        self.look();
        let name = self.name(place);
        if self.sight.fault.is_some() {
            // Not its fault: it is started once Redis answers.
            self.start_again(place, Duration::ZERO, why);
            self.say(&format!("{name}: {why}"));
            return;
        }
        let wait = self.slot(place).failures.ended(lived);
        self.start_again(place, wait, why);
        let when = if wait.is_zero() {
            "starting it again".to_owned()
        } else {
            format!("starting it again in {} s", wait.as_secs_f64())
        };
        self.warn(&format!("{name}: {why}; {when}"));
        self.give_up_if_hopeless(place.0);
    }

    /// Gives a pool up once none of its workers runs and each has failed too often in a row.
    fn give_up_if_hopeless(&mut self, at: usize) {
        let Some(pool) = self.pools.get_mut(at) else { return };
        let hopeless =
            |slot: &Slot| slot.is_done || (slot.current.is_none() && slot.failures.is_hopeless());
        if !pool.slots.iter().all(hopeless) {
            return;
        }
        let last = pool.slots.iter().filter_map(|slot| slot.reason.as_deref()).next_back();
        let why = format!(
            "each worker ended {MOST_FAILURES} times in a row within {} s of its start; last: {}",
            EARLY.as_secs(),
            last.unwrap_or("no reason known")
        );
        for slot in &mut pool.slots {
            slot.start_at = None;
        }
        pool.given_up = Some(why.clone());
        let text = format!("gave up pool `{}`: {why}", pool.name);
        self.warn(&text);
    }

    /// Notes what a dead worker left behind. Horses finish their job; helpers are ended.
    fn adopt(&mut self, worker: u32, member: &Member) {
        let known: HashSet<u32> = self.members.keys().chain(&self.orphans).copied().collect();
        let Some(command) = self.pools.get(member.place.0).map(|pool| &pool.command) else {
            return;
        };
        let arguments: Vec<String> =
            command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
        for orphan in orphans::left_by(worker, &arguments, &known) {
            match orphan {
                Orphan::Helper(pid) => child::signal(pid, Signal::SIGTERM),
                Orphan::Horse(pid) => {
                    self.orphans.insert(pid);
                    self.warn(&format!(
                        "{}: its work horse {pid} runs on without it, to the end of its job",
                        member.name
                    ));
                }
            }
        }
    }

    /// Asks a worker to end after its job, once: a second signal would cut the job off.
    fn ask_to_leave(&mut self, pid: u32, why: &str) {
        let Some(member) = self.members.get_mut(&pid) else { return };
        if member.leaving.is_some() {
            return;
        }
        let told = Instant::now();
        member.leaving = Some(Leaving { why: why.to_owned(), told, told_twice: false });
        let text = format!("{}: process {pid} is to end after its job ({why})", member.name);
        child::signal(pid, Signal::SIGTERM);
        self.say(&text);
    }

    // --- signals ------------------------------------------------------------------------------

    fn obey_signals(&mut self) {
        let (terminate, interrupt) = (self.signals.terminate.take(), self.signals.interrupt.take());
        for signal in
            std::iter::repeat_n(SIGTERM, terminate).chain(std::iter::repeat_n(SIGINT, interrupt))
        {
            self.stop(signal);
        }
        if self.signals.hang_up.take() > 0 {
            if self.has_terminal && !self.ui.has_terminal() {
                // The terminal went away: nobody is left who could stop it.
                self.stop(SIGHUP);
            } else {
                self.restart_all();
            }
        }
    }

    fn stop(&mut self, signal: i32) {
        let now = Instant::now();
        match self.stage {
            Stage::Running => {
                self.stage = Stage::Warm { deadline: now + self.rules.grace, signal };
                self.rolling = None;
                let grace = human::age(self.rules.grace.as_secs_f64());
                let busy = human::counted(self.members.len() as u64, "worker");
                self.say(&format!(
                    "stopping: {busy} may finish their jobs within {grace}; a second signal cuts them off"
                ));
                self.notifier.stopping("waiting for the jobs that still run");
                let pids: Vec<u32> = self.members.keys().copied().collect();
                for pid in pids {
                    self.ask_to_leave(pid, "the pool stops");
                }
            }
            Stage::Warm { .. } => self.go_cold("second signal", signal),
            Stage::Cold { .. } => self.kill_all(signal),
            Stage::Killed { .. } => {}
        }
    }

    fn go_cold(&mut self, why: &str, signal: i32) {
        self.warn(&format!("{why}: cutting the jobs off that still run"));
        self.stage = Stage::Cold { deadline: Instant::now() + COLD + BETWEEN_SIGNALS, signal };
        for &pid in &self.orphans {
            child::signal(pid, Signal::SIGKILL);
        }
    }

    /// Tells workers for the second time, no sooner than RQ listens.
    fn tell_twice(&mut self) {
        for (&pid, member) in &mut self.members {
            let Some(leaving) = &mut member.leaving else { continue };
            if !leaving.told_twice && leaving.told.elapsed() >= BETWEEN_SIGNALS {
                leaving.told_twice = true;
                child::signal(pid, Signal::SIGTERM);
            }
        }
    }

    /// Ends what ignored two signals. Horses become the supervisor's children when their worker
    /// dies, and are killed when that is seen.
    fn kill_all(&mut self, signal: i32) {
        self.stage = Stage::Killed { signal };
        for (&pid, member) in &self.members {
            self.ui.warn(&format!("{}: process {pid} does not end and is killed", member.name));
            child::signal(pid, Signal::SIGKILL);
        }
        for &pid in &self.orphans {
            child::signal(pid, Signal::SIGKILL);
        }
    }

    // --- rolling restart ----------------------------------------------------------------------

    fn restart_all(&mut self) {
        if !matches!(self.stage, Stage::Running) {
            return;
        }
        let revived: Vec<bool> =
            self.pools.iter_mut().map(|p| p.given_up.take().is_some()).collect();
        let mut left = VecDeque::new();
        for place in self.places() {
            let was_given_up = revived.get(place.0).copied().unwrap_or(false);
            let slot = self.slot(place);
            slot.failures.forget();
            if slot.current.is_some() {
                left.push_back(place);
            } else if slot.start_at.is_some() || was_given_up {
                // It is started with the new code anyway.
                slot.start_at = Some(Instant::now());
            }
        }
        let awaited = self.rolling.take().and_then(|rolling| rolling.awaited);
        let workers = human::counted(left.len() as u64, "worker");
        self.say(&format!("restarting {workers}, one by one"));
        self.rolling = Some(Rolling { left, awaited });
    }

    /// Goes on with a rolling restart: a worker is told to leave only once its replacement takes
    /// jobs.
    fn go_on_restarting(&mut self) {
        let Some(awaited) = self.rolling.as_ref().map(|rolling| rolling.awaited) else { return };
        if let Some(place) = awaited {
            let Some(new) = self.slot(place).replacement.filter(|&pid| self.takes_jobs(pid)) else {
                return;
            };
            let slot = self.slot(place);
            slot.replacement = None;
            slot.restarts += 1;
            if let Some(old) = slot.current.replace(new) {
                self.ask_to_leave(old, "replaced");
            }
        }
        let next = self.rolling.as_mut().and_then(|rolling| {
            rolling.awaited = None;
            rolling.left.pop_front()
        });
        let Some(place) = next else {
            self.rolling = None;
            self.say("restarted; workers with a job leave when it ends");
            return;
        };
        // One that ended meanwhile is started anew the usual way.
        if self.slot(place).current.is_none() {
            return;
        }
        if let Some(new) = self.start(place) {
            self.slot(place).replacement = Some(new);
            self.rolling = self.rolling.take().map(|r| Rolling { awaited: Some(place), ..r });
        } else {
            self.slot(place).start_at = None;
            self.rolling = None;
        }
    }

    /// A replacement that ends at once would take the place of one that works.
    fn abandon_restart(&mut self, member: &Member, why: &str) {
        self.rolling = None;
        let words = self.last_words(&member.name);
        if matches!(self.stage, Stage::Running) {
            self.warn(&format!(
                "{}: its replacement {why}{words}; the restart is abandoned, the old workers stay",
                member.name
            ));
        }
    }

    /// Whether a worker has registered, or has lived long enough where that cannot be seen.
    fn takes_jobs(&self, pid: u32) -> bool {
        let settled = self.members.get(&pid).is_some_and(|m| m.started.elapsed() >= SETTLED);
        settled || self.sight.workers.contains_key(&pid)
    }

    // --- rounds -------------------------------------------------------------------------------

    fn look(&mut self) {
        self.sight = self.observer.sight();
    }

    /// Does what time has come for.
    fn advance(&mut self) {
        let now = Instant::now();
        if let (Some(at), Some(interval)) = (self.next_sign, self.notifier.interval())
            && at <= now
        {
            self.notifier.alive();
            self.next_sign = Some(now + interval);
        }
        self.look();
        let eager = self.is_waiting() || self.rules.burst;
        self.observer.hurry(eager);
        match self.stage {
            Stage::Running => self.go_on(now),
            Stage::Warm { deadline, signal } if deadline <= now => {
                self.go_cold("the time of grace is over", signal);
            }
            Stage::Cold { deadline, signal } => {
                self.tell_twice();
                if deadline <= now {
                    self.kill_all(signal);
                }
            }
            Stage::Killed { .. } => {
                for &pid in &self.orphans {
                    child::signal(pid, Signal::SIGKILL);
                }
            }
            Stage::Warm { .. } => {}
        }
        if self.next_round <= now {
            self.next_round = now + ROUND;
        }
    }

    fn go_on(&mut self, now: Instant) {
        self.tell_of_redis();
        if self.sight.fault.is_none() {
            self.start_due();
        }
        self.go_on_restarting();
        if self.next_round <= now {
            self.measure();
            self.recycle();
        }
    }

    fn tell_of_redis(&mut self) {
        match (&self.sight.fault, self.was_told_of_redis) {
            (Some(fault), false) => {
                let text = format!("no worker is started until Redis answers: {fault}");
                self.was_told_of_redis = true;
                self.warn(&text);
            }
            (None, true) => {
                self.was_told_of_redis = false;
                for slot in self.pools.iter_mut().flat_map(|pool| &mut pool.slots) {
                    slot.failures.forget();
                }
                self.say("Redis answers again");
            }
            _ => {}
        }
    }

    /// Measures workers with their horses, where a limit or a state file wants it. Walking page
    /// tables costs a millisecond or more for each process, so a file alone gets it seldom.
    fn measure(&mut self) {
        let limited = self.pools.iter().any(|pool| pool.max_memory.is_some());
        let every = if limited { ROUND } else { ROUND * 6 };
        let due = self.measured.is_none_or(|at| at.elapsed() + EAGER_ROUND >= every);
        if !(limited || self.state.is_some()) || !due {
            return;
        }
        self.measured = Some(Instant::now());
        let Ok(table) = ProcTable::live() else { return };
        let parents = table.parents();
        for (&pid, member) in &mut self.members {
            member.memory = table.tree_memory(pid, &parents).map(|memory| memory.bytes);
        }
    }

    /// Asks workers that grew too large, or have run enough jobs, to leave.
    fn recycle(&mut self) {
        let mut leaving = Vec::new();
        for (&pid, member) in &self.members {
            let Some(pool) = self.pools.get(member.place.0) else { continue };
            let jobs = self.sight.workers.get(&pid).map(|seen| seen.jobs);
            if let (Some(most), Some(used)) = (pool.max_memory, member.memory)
                && used > most
            {
                let (used, most) = (human::bytes(used), human::bytes(most));
                leaving.push((pid, format!("it uses {used}, more than {most}")));
            } else if let (Some(most), Some(jobs)) = (pool.max_jobs, jobs)
                && jobs >= most
            {
                leaving.push((pid, format!("it has run {}", human::counted(jobs, "job"))));
            }
        }
        for (pid, why) in leaving {
            self.ask_to_leave(pid, &why);
        }
    }

    // --- telling ------------------------------------------------------------------------------

    /// Whether there is nothing left to do, and how it ended.
    fn ended(&self) -> Option<Ended> {
        if !self.members.is_empty() || !self.orphans.is_empty() {
            return None;
        }
        match self.stage {
            Stage::Warm { .. } => return Some(Ended::Warm),
            Stage::Cold { signal, .. } | Stage::Killed { signal } => {
                return Some(Ended::Cold(signal));
            }
            Stage::Running => {}
        }
        let over =
            |pool: &Pool| pool.given_up.is_some() || pool.slots.iter().all(|place| place.is_done);
        if !self.pools.iter().all(over) {
            return None;
        }
        let why = |pool: &Pool| Some(format!("pool `{}`: {}", pool.name, pool.given_up.as_ref()?));
        let given_up: Vec<String> = self.pools.iter().filter_map(why).collect();
        Some(if given_up.is_empty() { Ended::Drained } else { Ended::GivenUp(given_up) })
    }

    /// One sentence about all pools.
    fn summary(&self) -> String {
        let wanted: usize = self.pools.iter().map(|pool| pool.slots.len()).sum();
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
            self.ui.warn(&error.to_string());
        } else {
            self.state = Some(file);
        }
    }

    fn finish(&mut self) {
        self.read_output();
        if let Some(mut file) = self.state.take() {
            let state = file.describe(self, Phase::Ended);
            if let Err(error) = file.write(state) {
                self.ui.warn(&error.to_string());
            }
        }
    }

    fn say(&mut self, text: &str) {
        let at = human::time(clock::now(), self.ui.zone());
        self.ui.status(&format!("{at} {text}"));
    }

    fn warn(&mut self, text: &str) {
        let at = human::time(clock::now(), self.ui.zone());
        self.ui.warn(&format!("{at} {text}"));
    }
}

/// The same command anew: a `Command` cannot be cloned. What systemd told the supervisor is none of
/// the worker's business.
fn copy_of(command: &Command) -> Command {
    let mut copy = Command::new(command.get_program());
    copy.args(command.get_args());
    if let Some(dir) = command.get_current_dir() {
        copy.current_dir(dir);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => copy.env(name, value),
            None => copy.env_remove(name),
        };
    }
    for name in [env::NOTIFY_SOCKET, env::WATCHDOG_USEC, env::WATCHDOG_PID] {
        copy.env_remove(name);
    }
    copy
}
