//! Takes connections and answers each on a thread of its own, a bounded number at a time.
//!
//! Who still asks and who is answered are counted apart. A refusal costs nothing and is made among
//! those who ask, so requests that take long keep nobody from hearing that he may not ask; and of
//! those who ask the one that has been at it the longest makes room for the next, so whoever
//! connects and says nothing keeps out nobody who does.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::Scope;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::request::{MOST_HEAD, end_of_head};
use super::{Request, Response};

/// Connections that ask at a time; beyond that the oldest is told to come back.
const MOST_ASKING: usize = 64;

/// Requests that are answered at a time; who comes beyond that is told to come back.
const MOST_ANSWERED: usize = 64;

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

/// What is done with requests.
#[derive(Clone, Copy)]
pub struct Duty<'a> {
    /// Why a request is not answered at all; costs next to nothing.
    pub refuse: &'a (dyn Fn(&Request) -> Option<Response> + Sync),
    /// Answers one that is not refused.
    pub answer: &'a (dyn Fn(&Request) -> Response + Sync),
}

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

    /// Does its duty until `stop` says so; then waits for requests under way, each of which has a
    /// time limit.
    pub fn run(&self, stop: &Stop<'_>, duty: Duty<'_>) {
        let (asking, busy) = (Asking::default(), AtomicUsize::new(0));
        std::thread::scope(|threads| {
            while !stop() {
                if !self.somebody_waits() {
                    continue;
                }
                match self.listener.accept() {
                    Ok((stream, _)) => start(threads, stream, &asking, &busy, duty),
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

/// The connections that still ask, the oldest first.
#[derive(Default)]
struct Asking(Mutex<Askers>);

#[derive(Default)]
struct Askers {
    next: u64,
    by_age: BTreeMap<u64, Asker>,
}

struct Asker {
    /// The same socket, to end it by.
    stream: TcpStream,
    /// Whether its refusal is on the way, so that nothing else may be written.
    is_answered: bool,
}

impl Asking {
    fn lock(&self) -> MutexGuard<'_, Askers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a connection ask, at the cost of the oldest where there are too many.
    fn enter(&self, stream: &TcpStream) -> io::Result<Turn<'_>> {
        let asker = Asker { stream: stream.try_clone()?, is_answered: false };
        let mut askers = self.lock();
        let number = askers.next;
        askers.next += 1;
        askers.by_age.insert(number, asker);
        let oldest = (askers.by_age.len() > MOST_ASKING).then(|| askers.by_age.pop_first());
        drop(askers);
        if let Some((_, asker)) = oldest.flatten() {
            asker.turn_away();
        }
        Ok(Turn { asking: self, number })
    }
}

impl Asker {
    fn turn_away(mut self) {
        if !self.is_answered {
            // What does not fit into the socket's buffer at once is not worth a wait.
            let _ = self.stream.set_nonblocking(true);
            let _ = Response::refusal(503, "too many connections").write(false, &mut self.stream);
        }
        // Its thread, which waits for the rest of the request, ends by this.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// A connection's turn to ask, given back at the end.
struct Turn<'a> {
    asking: &'a Asking,
    number: u64,
}

impl Turn<'_> {
    /// Says that an answer is on the way; `false` where the connection was turned away before.
    fn is_answered(&self) -> bool {
        let mut askers = self.asking.lock();
        let asker = askers.by_age.get_mut(&self.number);
        asker.is_some_and(|asker| {
            asker.is_answered = true;
            true
        })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.asking.lock().by_age.remove(&self.number);
    }
}

/// One more request that is answered, for as long as that takes.
struct Busy<'b>(&'b AtomicUsize);

impl<'b> Busy<'b> {
    fn take(busy: &'b AtomicUsize) -> Option<Self> {
        let taken = Self(busy);
        // Dropping it gives back the one that was too many.
        (busy.fetch_add(1, Ordering::Relaxed) < MOST_ANSWERED).then_some(taken)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn start<'s>(
    threads: &'s Scope<'s, '_>,
    stream: TcpStream,
    asking: &'s Asking,
    busy: &'s AtomicUsize,
    duty: Duty<'s>,
) {
    // Without a descriptor more, or without a thread, the connection is closed.
    let Ok(turn) = asking.enter(&stream) else { return };
    let serve = move || {
        // Whoever went away has no use for an error.
        let _ = converse(stream, turn, busy, duty);
    };
    let _ = std::thread::Builder::new().name("http".to_owned()).spawn_scoped(threads, serve);
}

fn converse(
    mut stream: TcpStream,
    turn: Turn<'_>,
    busy: &AtomicUsize,
    duty: Duty<'_>,
) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    let head = read_head(&mut stream)?;
    let request = head.and_then(|head| Request::parse(&head));
    let head_only = request.as_ref().is_ok_and(|request| request.head_only);
    let admitted = request.and_then(|request| match (duty.refuse)(&request) {
        Some(refusal) => Err(refusal),
        None => match Busy::take(busy) {
            Some(busy) => Ok((request, busy)),
            None => Err(Response::refusal(503, "too many requests").with("Retry-After", "1")),
        },
    });
    if !turn.is_answered() {
        return Ok(());
    }
    let (request, _busy) = match admitted {
        // Until the refusal is taken the connection is one of those who ask.
        Err(refusal) => return tell(&mut stream, &refusal, head_only),
        Ok(admitted) => admitted,
    };
    drop(turn);
    let answered = std::panic::catch_unwind(AssertUnwindSafe(|| (duty.answer)(&request)));
    let broken = |_| Response::refusal(500, "internal error; this is a bug in jobctl");
    tell(&mut stream, &answered.unwrap_or_else(broken), head_only)
}

/// Sends an answer, and ends the connection so that it arrives.
fn tell(stream: &mut TcpStream, response: &Response, head_only: bool) -> io::Result<()> {
    stream.set_write_timeout(Some(TO_LISTEN))?;
    let mut out = Hurried { stream, end: Instant::now() + TO_TAKE_ALL };
    response.write(head_only, &mut out)?;
    stream.shutdown(Shutdown::Write)?;
    drain(stream);
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
