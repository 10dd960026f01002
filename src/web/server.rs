//! Takes connections and answers each on a thread of its own, a bounded number at a time.

use std::io::{self, Read};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::Scope;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::request::{MOST_HEAD, end_of_head};
use super::{Request, Response};

/// Connections at a time; who comes beyond that is told to come back.
const MOST_CONNECTIONS: usize = 64;

/// How long a client may take to send its request.
const TO_ASK: Duration = Duration::from_secs(5);

/// How long a client may take to accept one part of the answer.
const TO_LISTEN: Duration = Duration::from_secs(10);

/// How long a client may take for all of it.
const TO_TAKE_ALL: Duration = Duration::from_secs(30);

/// How often the waiting loop looks whether it is to stop. Signals end the wait at once.
const LOOK_MS: u16 = 500;

/// Says that the server is to stop.
pub type Stop<'a> = dyn Fn() -> bool + Sync + 'a;

/// A listening server.
pub struct Server {
    listener: TcpListener,
}

impl Server {
    /// Listens on an address. Errors: those of bind(2).
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener })
    }

    /// Where it listens, the port resolved.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers requests by `answer` until `stop` says so; then waits for those under way, each of
    /// which has a time limit.
    pub fn run(&self, stop: &Stop<'_>, answer: &(dyn Fn(&Request) -> Response + Sync)) {
        let busy = AtomicUsize::new(0);
        std::thread::scope(|threads| {
            while !stop() {
                if !self.somebody_waits() {
                    continue;
                }
                match self.listener.accept() {
                    Ok((stream, _)) => start(threads, stream, &busy, answer),
                    // Out of file descriptors, for instance: wait for some to come free.
                    Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                        std::thread::sleep(Duration::from_millis(50));
                    }
                    Err(_) => {}
                }
            }
        });
    }

    fn somebody_waits(&self) -> bool {
        let mut fds = [PollFd::new(self.listener.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::from(LOOK_MS)).is_ok_and(|ready| ready > 0)
    }
}

/// One more connection, for as long as it lives.
struct Busy<'b>(&'b AtomicUsize);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn start<'s>(
    threads: &'s Scope<'s, '_>,
    mut stream: TcpStream,
    busy: &'s AtomicUsize,
    answer: &'s (dyn Fn(&Request) -> Response + Sync),
) {
    if busy.fetch_add(1, Ordering::Relaxed) >= MOST_CONNECTIONS {
        let _busy = Busy(busy);
        // What does not fit into the socket's buffer at once is not worth a wait.
        let _ = stream.set_nonblocking(true);
        let _ = Response::refusal(503, "too many connections").write(false, &mut stream);
        return;
    }
    let busy = Busy(busy);
    let serve = move || {
        let _busy = busy;
        // Whoever went away has no use for an error.
        let _ = converse(stream, answer);
    };
    // Without a thread the connection is closed, and counted no longer.
    let _ = std::thread::Builder::new().name("http".to_owned()).spawn_scoped(threads, serve);
}

fn converse(mut stream: TcpStream, answer: &dyn Fn(&Request) -> Response) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    let (response, head_only) = match read_head(&mut stream)? {
        Err(refusal) => (refusal, false),
        Ok(head) => match Request::parse(&head) {
            Err(refusal) => (refusal, false),
            Ok(request) => {
                let answered = std::panic::catch_unwind(AssertUnwindSafe(|| answer(&request)));
                let broken = |_| Response::refusal(500, "internal error; this is a bug in jobctl");
                (answered.unwrap_or_else(broken), request.head_only)
            }
        },
    };
    stream.set_write_timeout(Some(TO_LISTEN))?;
    let mut out = Hurried { stream: &stream, end: Instant::now() + TO_TAKE_ALL };
    response.write(head_only, &mut out)?;
    stream.shutdown(Shutdown::Write)?;
    drain(&mut stream);
    Ok(())
}

/// Reads as far as the empty line, within a size and a time. The inner error is the answer.
fn read_head(stream: &mut TcpStream) -> io::Result<Result<Vec<u8>, Response>> {
    let end = Instant::now() + TO_ASK;
    let (mut head, mut buffer) = (Vec::new(), [0; 1024]);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Err(Response::refusal(408, "the request did not come in time")));
        }
        stream.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        match stream.read(&mut buffer) {
            Ok(0) if head.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(0) => return Ok(Err(Response::refusal(400, "the request ended early"))),
            Ok(read) => head.extend_from_slice(buffer.get(..read).unwrap_or_default()),
            Err(error) => match error.kind() {
                io::ErrorKind::Interrupted
                | io::ErrorKind::WouldBlock
                | io::ErrorKind::TimedOut => continue,
                _ => return Err(error),
            },
        }
        let ended = end_of_head(&head);
        if let Some(end) = ended.filter(|end| *end <= MOST_HEAD) {
            head.truncate(end);
            return Ok(Ok(head));
        }
        if ended.is_some() || head.len() > MOST_HEAD {
            return Ok(Err(Response::refusal(431, "the head is too large")));
        }
    }
}

/// Takes what else the client sends, for a moment: closing with unread bytes would reset the
/// connection, and the client might never see the answer.
fn drain(stream: &mut TcpStream) {
    let end = Instant::now() + Duration::from_millis(200);
    let _ = stream.set_read_timeout(Some(Duration::from_millis(50)));
    let mut buffer = [0; 4096];
    while Instant::now() < end && matches!(stream.read(&mut buffer), Ok(read) if read > 0) {}
}

/// A stream that must have taken everything by a moment.
struct Hurried<'s> {
    stream: &'s TcpStream,
    end: Instant,
}

impl io::Write for Hurried<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if Instant::now() >= self.end {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let mut stream = self.stream;
        stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
