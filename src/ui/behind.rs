//! Readers that are slow or gone: what is asked of the system, and writing without waiting.

use std::io::{self, BufWriter};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::backlog::Backlog;
use super::{PIPE_BUFFER_BYTES, Ui};
use crate::error::{Failure, Kind, Result};

/// How often it is looked whether threads have written everything.
const LOOK: Duration = Duration::from_millis(5);

impl Ui {
    /// Whether anybody still reads standard output, asked of the system: who writes nothing for
    /// long does not notice otherwise. Source: poll(2), `POLLERR` of a pipe without a reader.
    pub fn is_read(&mut self) -> bool {
        if self.of_process && !self.closed {
            let out = io::stdout();
            let mut fds = [PollFd::new(out.as_fd(), PollFlags::empty())];
            let polled = poll(&mut fds, PollTimeout::ZERO).is_ok();
            let events = fds[0].revents().unwrap_or(PollFlags::empty());
            if polled && events.contains(PollFlags::POLLERR) {
                // What is still buffered has no reader either.
                self.closed = true;
                self.out = Box::new(io::sink());
            }
        }
        !self.closed
    }

    /// From now on nothing that is said or written waits for a reader; threads write it. Until
    /// [`Ui::settle`].
    pub fn write_behind(&mut self) -> Result<()> {
        if !self.of_process || self.closed {
            return Ok(());
        }
        self.flush()?;
        let cannot = |error| Failure::new(Kind::Io, "cannot write beside the work").because(error);
        let out = Backlog::of(io::stdout().as_fd()).map_err(cannot)?;
        let err = Backlog::of(io::stderr().as_fd()).map_err(cannot)?;
        self.out = Box::new(BufWriter::with_capacity(PIPE_BUFFER_BYTES, out.clone()));
        self.err = Box::new(err.clone());
        self.behind = Some([out, err]);
        Ok(())
    }

    /// Whether so much waits for the reader of standard output that no more should be written.
    pub fn is_behind(&self) -> bool {
        self.behind.as_ref().is_some_and(|[out, _]| out.is_full())
    }

    /// Takes back [`Ui::write_behind`], once everything is written or `goes_on` says that it is not
    /// worth waiting any longer; nothing more is written to a stream that nobody reads.
    pub fn settle(&mut self, mut goes_on: impl FnMut() -> bool) {
        let _ = self.flush();
        let Some([out, err]) = self.behind.take() else { return };
        while !(out.is_empty() && err.is_empty()) && goes_on() {
            std::thread::sleep(LOOK);
        }
        self.out = if out.is_empty() && !self.closed {
            Box::new(BufWriter::with_capacity(PIPE_BUFFER_BYTES, io::stdout().lock()))
        } else {
            self.closed = true;
            Box::new(io::sink())
        };
        self.err = if err.is_empty() { Box::new(io::stderr()) } else { Box::new(io::sink()) };
    }
}
