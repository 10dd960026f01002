//! The socket: opening it and reading and writing within time limits.
//!
//! Owns every wait for the network: a name's resolution, the connect, each read and write. Knows
//! nothing of Redis' protocol.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustls::{ClientConnection, StreamOwned};

use super::endpoint::{Node, TlsOptions};
use super::tls;
use crate::backend::network::NoSuchHost;

/// The kernel takes a limit of zero for "none", so that is the least that is ever set.
const LEAST_LIMIT: Duration = Duration::from_millis(1);

/// Bytes that a peer must send within each time limit once it began to answer: one that sends a
/// byte now and then is as good as silent.
const LEAST_PACE: usize = 4096;

/// A connected socket, encrypted or not.
pub(in crate::backend) enum Wire {
    Plain(Socket),
    Tls(Box<StreamOwned<ClientConnection, Socket>>),
}

impl Wire {
    /// Connects to a Unix socket before `deadline`.
    pub(super) fn unix(path: &Path, deadline: Instant) -> io::Result<Self> {
        let path = path.to_owned();
        // A server that was stopped stops accepting as well; once its backlog is full, `connect`
        // waits for ever and takes no time limit.
        let socket = within(deadline, move || UnixStream::connect(path))?;
        Ok(Self::Plain(Socket::new(Stream::Unix(socket), deadline)))
    }

    /// Connects to the first address of `node` that answers before `deadline`, and shakes hands
    /// where TLS is asked for.
    pub(in crate::backend) fn tcp(
        node: &Node,
        tls: Option<&TlsOptions>,
        deadline: Instant,
    ) -> io::Result<Self> {
        let stream = Stream::Tcp(tcp_stream(&addresses(node, deadline)?, deadline)?);
        let plain = Self::Plain(Socket::new(stream, deadline));
        match tls {
            Some(options) => plain.encrypted(options, &node.host),
            None => Ok(plain),
        }
    }

    /// Shakes hands with `host` on a socket that was plain so far, within its deadline.
    pub(in crate::backend) fn encrypted(
        self,
        options: &TlsOptions,
        host: &str,
    ) -> io::Result<Self> {
        let Self::Plain(mut socket) = self else { return Ok(self) };
        let mut session = tls::session(options, host)?;
        while session.is_handshaking() {
            session.complete_io(&mut socket)?;
        }
        Ok(Self::Tls(Box::new(StreamOwned::new(session, socket))))
    }

    /// From here on, each single read and write may take `limit`, without an end for all; an
    /// answer that takes longer than that must come at a pace of [`LEAST_PACE`].
    pub(super) fn limit_each_step(&mut self, limit: Duration) -> io::Result<()> {
        let socket = self.socket();
        socket.deadline = None;
        socket.pace = Pace::new(limit);
        socket.stream.set_limits(limit)
    }

    /// From here on, all waiting together ends at `deadline`.
    pub(super) fn end_by(&mut self, deadline: Instant) {
        self.socket().deadline = Some(deadline);
    }

    fn socket(&mut self) -> &mut Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => &mut stream.sock,
        }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// A socket of either family, with an optional moment at which all waiting ends.
pub(in crate::backend) struct Socket {
    stream: Stream,
    deadline: Option<Instant>,
    pace: Pace,
}

impl Socket {
    fn new(stream: Stream, deadline: Instant) -> Self {
        Self { stream, deadline: Some(deadline), pace: Pace::new(Duration::MAX) }
    }

    /// While a deadline is set, a peer that sends one byte at a time cannot prolong the wait.
    fn hold_to_deadline(&self) -> io::Result<()> {
        match self.deadline {
            Some(deadline) => self.stream.set_limits(left_until(deadline)?),
            None => Ok(()),
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.hold_to_deadline()?;
        let began = Instant::now();
        let read = match &mut self.stream {
            Stream::Tcp(socket) => socket.read(buffer),
            Stream::Unix(socket) => socket.read(buffer),
        }?;
        self.pace.keep(read, began.elapsed())?;
        Ok(read)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hold_to_deadline()?;
        self.pace.restart();
        match &mut self.stream {
            Stream::Tcp(socket) => socket.write(bytes),
            Stream::Unix(socket) => socket.write(bytes),
        }
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.hold_to_deadline()?;
        self.pace.restart();
        match &mut self.stream {
            Stream::Tcp(socket) => socket.write_vectored(parts),
            Stream::Unix(socket) => socket.write_vectored(parts),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How fast a peer answers: bytes that came, and the time spent in waiting for them.
struct Pace {
    limit: Duration,
    waited: Duration,
    bytes: usize,
}

impl Pace {
    const fn new(limit: Duration) -> Self {
        Self { limit, waited: Duration::ZERO, bytes: 0 }
    }

    /// Every answer follows a write, and is measured by itself.
    const fn restart(&mut self) {
        self.waited = Duration::ZERO;
        self.bytes = 0;
    }

    /// Counts a read; an error of kind `TimedOut` where the peer dawdles.
    fn keep(&mut self, bytes: usize, waited: Duration) -> io::Result<()> {
        self.waited += waited;
        self.bytes += bytes;
        if self.waited <= self.limit {
            return Ok(());
        }
        if self.bytes < LEAST_PACE {
            return Err(io::Error::from(ErrorKind::TimedOut));
        }
        self.restart();
        Ok(())
    }
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    fn set_limits(&self, limit: Duration) -> io::Result<()> {
        let limit = Some(limit.max(LEAST_LIMIT));
        match self {
            Self::Tcp(socket) => {
                socket.set_read_timeout(limit)?;
                socket.set_write_timeout(limit)
            }
            Self::Unix(socket) => {
                socket.set_read_timeout(limit)?;
                socket.set_write_timeout(limit)
            }
        }
    }
}

/// The time until `deadline`; an error of kind `TimedOut` once it has passed.
pub(super) fn left_until(deadline: Instant) -> io::Result<Duration> {
    match deadline.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(io::Error::from(ErrorKind::TimedOut)),
        left => Ok(left),
    }
}

/// Whether `error` says that a time limit was reached; Linux calls that `WouldBlock` on a read.
pub(super) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)
}

fn addresses(node: &Node, deadline: Instant) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = node.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, node.port)]);
    }
    let target = (node.host.clone(), node.port);
    let found: Vec<_> = within(deadline, move || {
        let resolved = target.to_socket_addrs().map_err(|why| NoSuchHost::wrap(&target.0, &why));
        Ok(resolved?.collect())
    })?;
    if found.is_empty() {
        return Err(NoSuchHost::wrap(&node.host, &io::Error::other("it has no address")));
    }
    Ok(found)
}

/// Tries each address in turn, each with its share of the time that is left.
fn tcp_stream(addresses: &[SocketAddr], deadline: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::from(ErrorKind::TimedOut);
    for (index, address) in addresses.iter().enumerate() {
        let shares = u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
        match TcpStream::connect_timeout(address, (left_until(deadline)? / shares).max(LEAST_LIMIT))
        {
            Ok(stream) => {
                // Commands are written whole; waiting to fill a packet only delays the answer.
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Runs a call that takes no time limit on a thread of its own and leaves it behind at `deadline`.
fn within<T: Send + 'static>(
    deadline: Instant,
    call: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    std::thread::Builder::new().name("redis-connect".into()).spawn(move || {
        // Nobody listens any more once the deadline has passed.
        let _ = sender.send(call());
    })?;
    receiver
        .recv_timeout(left_until(deadline)?)
        .unwrap_or_else(|_| Err(io::Error::from(ErrorKind::TimedOut)))
}
