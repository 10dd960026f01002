//! A way to Redis that can be cut.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use tempfile::TempDir;

use crate::support::redis::RedisServer;

/// The direction of a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// From jobctl to Redis.
    There,
    /// From Redis to jobctl.
    Back,
}

/// What went each way, and where the connection is cut, once.
#[derive(Default)]
struct Traffic {
    passed: [AtomicU64; 2],
    /// So many bytes still pass; zero: any number.
    budget: [AtomicU64; 2],
}

/// Listens on a socket of its own for as long as it lives.
pub(super) struct Proxy {
    folder: TempDir,
    traffic: Arc<Traffic>,
}

impl Proxy {
    pub(super) fn to(server: &RedisServer) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("redis.sock")).unwrap();
        let traffic = Arc::new(Traffic::default());
        let (shared, target) = (Arc::clone(&traffic), server.socket());
        // Ends with the process: it waits for connections that no longer come.
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                join(&client, &target, &shared);
            }
        });
        Self { folder, traffic }
    }

    pub(super) fn url(&self) -> String {
        format!("unix://{}", self.folder.path().join("redis.sock").display())
    }

    /// Cuts the connection after so many bytes more; those that come after it are whole.
    pub(super) fn cut_after(&self, way: Way, bytes: u64) {
        self.traffic.budget[way as usize].store(bytes, Ordering::SeqCst);
    }

    /// The bytes since this was asked last.
    pub(super) fn passed(&self, way: Way) -> u64 {
        self.traffic.passed[way as usize].swap(0, Ordering::SeqCst)
    }
}

fn join(client: &UnixStream, target: &PathBuf, traffic: &Arc<Traffic>) {
    let Ok(server) = UnixStream::connect(target) else { return };
    for (way, from, to) in [(Way::There, client, &server), (Way::Back, &server, client)] {
        let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        let traffic = Arc::clone(traffic);
        thread::spawn(move || carry(way, from, to, &traffic));
    }
}

/// Carries bytes one way until either side ends, or the cut comes.
fn carry(way: Way, mut from: UnixStream, mut to: UnixStream, traffic: &Traffic) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let budget = &traffic.budget[way as usize];
        let left = budget.load(Ordering::SeqCst);
        let is_cut = left > 0 && left <= count as u64;
        let passing = if is_cut { usize::try_from(left).unwrap() } else { count };
        budget.store(if is_cut { 0 } else { left.saturating_sub(count as u64) }, Ordering::SeqCst);
        traffic.passed[way as usize].fetch_add(passing as u64, Ordering::SeqCst);
        if to.write_all(&buffer[..passing]).is_err() || is_cut {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
