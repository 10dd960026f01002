//! The state file of a pool: written by its supervisor, read by `worker-pool status`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::supervisor::{Member, Pool, Size, Slot, Supervisor};
use crate::error::{Failure, Kind, Result};
use crate::human;
use crate::report::pool::{MemberRow, MemberState, Phase, PoolRow, PoolState, PoolStatusReport};
use crate::sys::proc::ProcTable;
use crate::sys::replace::draft;
use crate::sys::{clock, file};

/// Who may read it: whoever runs the pool.
const PRIVATE: u32 = 0o600;

/// A file that is older says little about a supervisor that runs.
const FRESH: Duration = Duration::from_secs(5);

/// A state that is older is not that of its pool any more: three times [`FRESH`].
const STALE: Duration = Duration::from_secs(15);

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
    /// When writing failed last, unless it went well since.
    unwritten: Option<Instant>,
}

impl StateFile {
    /// Takes the file at `path`, unless the supervisor that wrote it runs.
    ///
    /// Errors: `TryAgain` where one does; `Io` where something else stands there; `CannotCreate`
    /// where no file can be written.
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
        probe(path)?;
        let own = std::process::id();
        let stat = ProcTable::live().ok().and_then(|table| table.stat(own));
        Ok(Self {
            path: path.to_owned(),
            started_at: clock::now(),
            start_ticks: stat.map(|stat| stat.start_ticks),
            written: None,
            unwritten: None,
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
            cut_off: supervisor.cut_off.clone(),
        }
    }

    /// Writes what changed, and now and then what did not.
    ///
    /// Fails once where it cannot; from then on it tries again quietly, until it can.
    pub(super) fn write_if_due(&mut self, state: PoolState) -> Result<()> {
        if self.unwritten.is_some_and(|at| at.elapsed() < FRESH) {
            return Ok(());
        }
        if let (Some((at, before)), None) = (&self.written, self.unwritten) {
            let changed = PoolState { written_at: before.written_at, ..state.clone() } != *before;
            let least = if changed { BREATH } else { FRESH };
            if at.elapsed() < least {
                return Ok(());
            }
        }
        let was_told = self.unwritten.is_some();
        match self.write(state) {
            Err(_) if was_told => Ok(()),
            result => result,
        }
    }

    /// Writes the file as a whole or not at all.
    pub(super) fn write(&mut self, state: PoolState) -> Result<()> {
        let cannot = |error: io::Error| {
            let message = format!("cannot write the pool's state to `{}`", self.path.display());
            Failure::new(Kind::Io, message).because(error)
        };
        let text = serde_json::to_vec_pretty(&state).map_err(|error| cannot(error.into()))?;
        if let Err(error) = replace(&self.path, &text) {
            self.unwritten = Some(Instant::now());
            return Err(cannot(error).into());
        }
        self.unwritten = None;
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
        started_at: Some(member.who.since),
        restarts: slot.restarts,
        failures: slot.failures.count(),
        next_start_at: None,
        reason: leaving.map(|leaving| leaving.why.clone()).or_else(|| slot.reason.clone()),
        worker: seen.map(|seen| seen.name.clone()),
        job: seen.and_then(|seen| Some(seen.job.as_ref()?.text().into_owned())),
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

/// Replaces the file as a whole. It need not be on disk: after a crash of the host it means nothing.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let (mut file, draft) = draft(path, PRIVATE)?;
    file.write_all(text).and_then(|()| fs::rename(&draft, path)).inspect_err(|_| {
        // Half a file is of no use to anybody.
        let _ = fs::remove_file(&draft);
    })
}

/// Refuses a place where no file can be written before a worker is started.
fn probe(path: &Path) -> Result<()> {
    let tried = draft(path, PRIVATE).and_then(|(_, draft)| fs::remove_file(draft));
    tried.map_err(|error| {
        let message = format!("cannot write the pool's state to `{}`: {error}", path.display());
        Failure::new(Kind::CannotCreate, message).into()
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
    let stale = is_stale(alive, written_age_s);
    let mut notes = Vec::new();
    if !alive && state.phase != Phase::Ended {
        notes.push(
            "the supervisor wrote nothing at its end: it was killed, or could not write here any \
             more; workers that were busy end with their job"
                .to_owned(),
        );
    }
    if stale {
        notes.push(format!(
            "the supervisor runs, but has not written for {}: it cannot write here, or it hangs; what \
             is shown is old",
            human::age(written_age_s)
        ));
    }
    Ok(PoolStatusReport { alive, stale, written_age_s, state, notes })
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

/// Whether a supervisor that runs should have written a newer state.
fn is_stale(alive: bool, written_age_s: f64) -> bool {
    alive && written_age_s > STALE.as_secs_f64()
}

/// Whether the supervisor that wrote a state runs: its id alone could be another's by now.
fn is_alive(state: &PoolState) -> bool {
    let Ok(table) = ProcTable::live() else { return false };
    state.phase != Phase::Ended
        && table.stat(state.pid).is_some_and(|stat| {
            !stat.is_dead() && state.start_ticks.is_none_or(|ticks| ticks == stat.start_ticks)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> PoolState {
        PoolState {
            pid: std::process::id(),
            start_ticks: None,
            started_at: clock::now(),
            written_at: clock::now(),
            phase: Phase::Running,
            redis_fault: None,
            pools: Vec::new(),
            workers: Vec::new(),
            orphans: Vec::new(),
            cut_off: Vec::new(),
        }
    }

    #[test]
    fn state_that_cannot_be_written_for_a_while_is_told_once_and_written_later() {
        let dir = tempfile::tempdir().unwrap();
        let (here, away) = (dir.path().join("here"), dir.path().join("away"));
        fs::create_dir(&here).unwrap();
        let mut file = StateFile::take(&here.join("state")).unwrap();
        fs::rename(&here, &away).unwrap();
        let error = file.write_if_due(state()).unwrap_err();
        assert!(format!("{error:#}").contains("No such file"), "{error:#}");
        let later = |file: &mut StateFile| {
            file.unwritten = Instant::now().checked_sub(FRESH);
            file.write_if_due(state())
        };
        later(&mut file).unwrap();
        fs::rename(&away, &here).unwrap();
        file.write_if_due(state()).unwrap();
        assert!(read(&here.join("state")).unwrap().is_none(), "not tried again so soon");
        later(&mut file).unwrap();
        assert!(read(&here.join("state")).unwrap().is_some());
    }

    #[test]
    fn state_of_a_supervisor_that_runs_is_stale_once_it_is_old() {
        assert!(is_stale(true, 19.0));
        assert!(!is_stale(true, 11.0));
        assert!(!is_stale(false, 19.0));
    }

    #[test]
    fn state_file_where_none_can_be_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let Err(error) = StateFile::take(&dir.path().join("none/state")) else { panic!("taken") };
        assert!(error.to_string().contains("No such file"), "{error}");
        assert!(StateFile::take(&dir.path().join("state")).is_ok());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "the try leaves nothing");
    }
}
