//! A stream whose writer never waits for its reader: a thread writes what was handed over.
//!
//! For who must go on whatever becomes of its output, such as a supervisor. Nothing is lost as long
//! as the writer stops at [`Backlog::is_full`]; one that does not loses what is beyond
//! [`MOST_BYTES`].

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// From here on its writer should hand over no more.
const FULL_BYTES: usize = 1 << 20;

/// What is beyond is dropped.
const MOST_BYTES: usize = 64 << 20;

/// The writing end. Clones write to the same stream.
#[derive(Debug, Clone)]
pub(super) struct Backlog {
    state: Arc<Mutex<State>>,
    wake: mpsc::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    /// Bytes that the thread is writing.
    in_hand: usize,
    /// Why no more can be written.
    fault: Option<ErrorKind>,
}

impl Backlog {
    /// Begins to write to another descriptor of the same stream.
    pub(super) fn of(stream: BorrowedFd<'_>) -> io::Result<Self> {
        let file = File::from(stream.try_clone_to_owned()?);
        let state = Arc::new(Mutex::new(State::default()));
        let (wake, woken) = mpsc::channel();
        let shared = Arc::clone(&state);
        // Not joined: it may wait for a reader that never reads.
        thread::Builder::new().spawn(move || {
            while woken.recv().is_ok() {
                write_all(&file, &shared);
            }
        })?;
        Ok(Self { state, wake })
    }

    /// Whether so much waits that its writer should wait as well.
    pub(super) fn is_full(&self) -> bool {
        self.waiting() >= FULL_BYTES
    }

    /// Whether everything has been written, or never will be.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting() == 0
    }

    fn waiting(&self) -> usize {
        let state = lock(&self.state);
        state.bytes.len() + state.in_hand
    }
}

impl Write for Backlog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = lock(&self.state);
        if let Some(fault) = state.fault {
            return Err(fault.into());
        }
        if state.bytes.len() + state.in_hand < MOST_BYTES {
            state.bytes.extend_from_slice(bytes);
            // The thread lives as long as this value.
            let _ = self.wake.send(());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write_all(file: &File, shared: &Mutex<State>) {
    let bytes = {
        let mut state = lock(shared);
        let bytes = std::mem::take(&mut state.bytes);
        state.in_hand = bytes.len();
        bytes
    };
    let written = write_patiently(file, &bytes);
    let mut state = lock(shared);
    state.in_hand = 0;
    if let Err(error) = written {
        state.fault = Some(error.kind());
        state.bytes = Vec::new();
    }
}

/// Writes all, also to a stream that somebody else has made non-blocking.
fn write_patiently(mut file: &File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let mut fds = [PollFd::new(file.as_fd(), PollFlags::POLLOUT)];
                let _ = poll(&mut fds, PollTimeout::NONE);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::time::{Duration, Instant};

    use super::*;

    fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
        let end = Instant::now() + Duration::from_secs(60);
        while !condition() {
            assert!(Instant::now() < end, "{what}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn backlog_takes_what_nobody_reads_and_writes_it_all_once_somebody_does() {
        let (mut read, write) = io::pipe().unwrap();
        let mut backlog = Backlog::of(write.as_fd()).unwrap();
        drop(write);
        let text: Vec<u8> = (0..2_000_000u32).map(|at| (at % 251) as u8).collect();
        for part in text.chunks(100_000) {
            backlog.write_all(part).unwrap();
        }
        assert!(backlog.is_full() && !backlog.is_empty());
        let mut got = vec![0; text.len()];
        read.read_exact(&mut got).unwrap();
        assert!(got == text, "all of it, in order");
        wait_until("it to be empty", || backlog.is_empty());
    }

    #[test]
    fn backlog_whose_reader_went_away_says_so() {
        let (read, write) = io::pipe().unwrap();
        let mut backlog = Backlog::of(write.as_fd()).unwrap();
        drop(read);
        wait_until("the fault", || {
            backlog.write(b"x").is_err_and(|error| error.kind() == ErrorKind::BrokenPipe)
        });
        assert!(backlog.is_empty());
    }
}
