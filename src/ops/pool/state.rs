//! The state file of a pool: written by its supervisor, read by `worker-pool status`.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::supervisor::{Member, Pool, Size, Slot, Supervisor};
use crate::error::{Failure, Kind, Result};
use crate::report::pool::{MemberRow, MemberState, Phase, PoolRow, PoolState, PoolStatusReport};
use crate::sys::proc::ProcTable;
use crate::sys::{clock, file};

/// A file that is older says little about a supervisor that runs.
const FRESH: Duration = Duration::from_secs(5);

/// A change is not written sooner than this after the last one.
const BREATH: Duration = Duration::from_millis(100);

/// The most that is read of a state file.
const MOST_BYTES: u64 = 4 << 20;

/// The state file that a supervisor keeps.
pub(super) struct StateFile {
    path: PathBuf,
    started_at: Timestamp,
    start_ticks: Option<u64>,
    written: Option<(Instant, PoolState)>,
}

impl StateFile {
    /// Takes the file at `path`, unless the supervisor that wrote it runs.
    ///
    /// Errors: `TryAgain` where one does; `Io` where something else stands there.
    pub(super) fn take(path: &Path) -> Result<Self> {
        if let Some(before) = read(path)?
            && is_alive(&before)
        {
            let (path, pid) = (path.display(), before.pid);
            let message =
                format!("cannot keep the state in `{path}`: the pool {pid} keeps its own");
            return Err(Failure::new(Kind::TryAgain, message)
                .hint("name another file: --status-file FILE")
                .into());
        }
        let own = std::process::id();
        let stat = ProcTable::live().ok().and_then(|table| table.stat(own));
        Ok(Self {
            path: path.to_owned(),
            started_at: clock::now(),
            start_ticks: stat.map(|stat| stat.start_ticks),
            written: None,
        })
    }

    /// What the supervisor is about.
    pub(super) fn describe(&self, supervisor: &Supervisor, phase: Phase) -> PoolState {
        let now = (Instant::now(), clock::now());
        let mut workers: Vec<MemberRow> = Vec::new();
        for (at, pool) in supervisor.pools.iter().enumerate() {
            for (number, slot) in pool.slots.iter().enumerate() {
                workers.extend(place(supervisor, pool, slot, (at, number), now));
            }
        }
        let mut orphans: Vec<u32> = supervisor.orphans.iter().copied().collect();
        orphans.sort_unstable();
        PoolState {
            pid: std::process::id(),
            start_ticks: self.start_ticks,
            started_at: self.started_at,
            written_at: now.1,
            phase,
            redis_fault: supervisor.sight.fault.clone(),
            pools: supervisor.pools.iter().filter(|pool| is_shown(pool)).map(pool_row).collect(),
            workers,
            orphans,
        }
    }

    /// Writes what changed, and now and then what did not.
    pub(super) fn write_if_due(&mut self, state: PoolState) -> Result<()> {
        if let Some((at, before)) = &self.written {
            let changed = PoolState { written_at: before.written_at, ..state.clone() } != *before;
            let least = if changed { BREATH } else { FRESH };
            if at.elapsed() < least {
                return Ok(());
            }
        }
        self.write(state)
    }

    /// Writes the file as a whole or not at all.
    pub(super) fn write(&mut self, state: PoolState) -> Result<()> {
        let cannot = |error: io::Error| {
            let message = format!("cannot write the pool's state to `{}`", self.path.display());
            Failure::new(Kind::Io, message).because(error)
        };
        let text = serde_json::to_vec_pretty(&state).map_err(|error| cannot(error.into()))?;
        replace(&self.path, &text).map_err(cannot)?;
        self.written = Some((Instant::now(), state));
        Ok(())
    }
}

/// The rows of a place: its worker or its wait, its replacement, and who leaves it.
fn place(
    supervisor: &Supervisor,
    pool: &Pool,
    slot: &Slot,
    at: (usize, usize),
    now: (Instant, Timestamp),
) -> Vec<MemberRow> {
    let mut here: Vec<(&u32, &Member)> =
        supervisor.members.iter().filter(|(_, member)| member.place == at).collect();
    here.sort_unstable_by_key(|(_, member)| member.started);
    let mut rows: Vec<MemberRow> =
        here.into_iter().map(|(&pid, member)| member_row(supervisor, slot, pid, member)).collect();
    if slot.current.is_none() && !slot.is_parked && pool.given_up.is_none() {
        let wait = slot.start_at.map(|start| start.saturating_duration_since(now.0));
        rows.push(MemberRow {
            name: format!("{}-{}", pool.name, at.1 + 1),
            state: if slot.is_done { MemberState::Done } else { MemberState::Waiting },
            pid: None,
            started_at: None,
            restarts: slot.restarts,
            failures: slot.failures.count(),
            next_start_at: wait.and_then(|wait| now.1.checked_add(wait).ok()),
            reason: slot.reason.clone(),
            worker: None,
            job: None,
            jobs: None,
            memory_bytes: None,
        });
    }
    rows
}

fn member_row(supervisor: &Supervisor, slot: &Slot, pid: u32, member: &Member) -> MemberRow {
    let seen = supervisor.seen(pid);
    let leaving = member.leaving.as_ref();
    MemberRow {
        name: member.name.clone(),
        state: if leaving.is_some() { MemberState::Leaving } else { MemberState::Up },
        pid: Some(pid),
        started_at: Some(member.started_at),
        restarts: slot.restarts,
        failures: slot.failures.count(),
        next_start_at: None,
        reason: leaving.map(|leaving| leaving.why.clone()).or_else(|| slot.reason.clone()),
        worker: seen.map(|seen| seen.name.clone()),
        job: seen.and_then(|seen| seen.job.clone()),
        jobs: seen.map(|seen| seen.jobs),
        memory_bytes: member.memory,
    }
}

fn pool_row(pool: &Pool) -> PoolRow {
    PoolRow {
        name: pool.name.clone(),
        queues: pool.queues.clone(),
        wanted: pool.active().count(),
        up: pool.active().filter(|slot| slot.current.is_some()).count(),
        given_up: pool.given_up.clone(),
        scaled: pool.scaled.clone(),
    }
}

/// A pool that was taken out of the settings is shown until its last worker has left.
fn is_shown(pool: &Pool) -> bool {
    pool.size != Size::NONE || pool.slots.iter().any(|slot| slot.current.is_some())
}

/// Replaces a file under a name of this process's own: no reader meets half of it, and a link in its
/// place is replaced, not followed.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let draft = path.with_file_name(name);
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(text).and_then(|()| fs::rename(&draft, path)).inspect_err(|_| {
        // Half a file is of no use to anybody.
        let _ = fs::remove_file(&draft);
    })
}

/// Reads a state file and says whether its supervisor runs.
///
/// Errors: `NotFound` without the file, `Data` for one that is something else.
pub fn status(path: &Path) -> Result<PoolStatusReport> {
    let Some(state) = read(path)? else {
        let message = format!("there is no pool state in `{}`", path.display());
        return Err(Failure::new(Kind::NotFound, message)
            .hint("a pool writes it where it is told to: jobctl worker-pool --status-file FILE")
            .into());
    };
    let written_age_s = clock::now().duration_since(state.written_at).as_secs_f64().max(0.0);
    let alive = is_alive(&state);
    let mut notes = Vec::new();
    if !alive && state.phase != Phase::Ended {
        notes.push(
            "the supervisor ended without a word; workers that were busy end with their job"
                .to_owned(),
        );
    }
    Ok(PoolStatusReport { alive, written_age_s, state, notes })
}

fn read(path: &Path) -> Result<Option<PoolState>> {
    let shown = path.display();
    let bytes = match file::read_bounded(path, MOST_BYTES) {
        Ok((bytes, _)) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let message = format!("cannot read the pool's state in `{shown}`: {error}");
            return Err(Failure::new(Kind::Io, message).into());
        }
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        let message = format!("cannot understand `{shown}` as a pool's state: {error}");
        Failure::new(Kind::Data, message).into()
    })
}

/// Whether the supervisor that wrote a state runs: its id alone could be another's by now.
fn is_alive(state: &PoolState) -> bool {
    let Ok(table) = ProcTable::live() else { return false };
    state.phase != Phase::Ended
        && table.stat(state.pid).is_some_and(|stat| {
            !stat.is_dead() && state.start_ticks.is_none_or(|ticks| ticks == stat.start_ticks)
        })
}
