//! Tells systemd how the service is. Does nothing where systemd does not listen.
//!
//! Source: `sd_notify(3)`, `sd_watchdog_enabled(3)`.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::env;

/// How long systemd may take to make room for a word.
const PATIENCE: Duration = Duration::from_secs(1);

/// The way to systemd.
#[derive(Debug)]
pub struct Notifier {
    socket: Option<UnixDatagram>,
    watchdog: Option<Duration>,
}

impl Notifier {
    /// What the environment names.
    pub fn of_environment() -> Self {
        let address = env::read(env::NOTIFY_SOCKET).filter(|address| !address.is_empty());
        let pid = env::read(env::WATCHDOG_PID);
        let own = std::process::id().to_string();
        let watchdog = env::read(env::WATCHDOG_USEC)
            .filter(|_| pid.is_none_or(|pid| pid == own))
            .and_then(|text| text.parse().ok())
            .filter(|&micros: &u64| micros > 0)
            // Twice within the time, as `sd_watchdog_enabled(3)` advises.
            .map(|micros| Duration::from_micros(micros) / 2);
        Self { socket: address.and_then(|address| connect(&address)), watchdog }
    }

    /// How often [`Self::alive`] is expected.
    pub fn interval(&self) -> Option<Duration> {
        self.watchdog.filter(|_| self.socket.is_some())
    }

    /// The service has started.
    pub fn ready(&self, status: &str) {
        self.say(&format!("READY=1\nSTATUS={}", in_one_line(status)));
    }

    /// What the service does, in a sentence.
    pub fn status(&self, status: &str) {
        self.say(&format!("STATUS={}", in_one_line(status)));
    }

    /// The service still works.
    pub fn alive(&self) {
        self.say("WATCHDOG=1");
    }

    /// The service is ending.
    pub fn stopping(&self, status: &str) {
        self.say(&format!("STOPPING=1\nSTATUS={}", in_one_line(status)));
    }

    fn say(&self, text: &str) {
        if let Some(socket) = &self.socket {
            // Without a listener the service goes on all the same.
            let _ = socket.send(text.as_bytes());
        }
    }
}

/// A newline would begin another assignment.
fn in_one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

fn connect(address: &str) -> Option<UnixDatagram> {
    let socket = UnixDatagram::unbound().ok()?;
    // Its queue is short: a word that finds it full is worth a moment, not a standstill.
    socket.set_write_timeout(Some(PATIENCE)).ok()?;
    match address.strip_prefix('@') {
        Some(name) => connect_abstract(&socket, name)?,
        None => socket.connect(address).ok()?,
    }
    Some(socket)
}

#[cfg(target_os = "linux")]
fn connect_abstract(socket: &UnixDatagram, name: &str) -> Option<()> {
    use std::os::linux::net::SocketAddrExt;
    let address = std::os::unix::net::SocketAddr::from_abstract_name(name).ok()?;
    socket.connect_addr(&address).ok()
}

#[cfg(not(target_os = "linux"))]
fn connect_abstract(_socket: &UnixDatagram, _name: &str) -> Option<()> {
    None
}
