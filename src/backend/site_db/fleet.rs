//! Asking many sites at once.
//!
//! A server that does not answer costs the others nothing: as long as it is not known whether a
//! server answers, one site alone waits for it, and its other sites are put behind those of other
//! servers; once it is known not to answer, its other sites are not tried.

use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::settings::Address;
use super::{Access, DbError, DbFault, Settings, SiteDb, connect};
use crate::bench::Bench;

/// How many sites may be asked at once, and how long that may take.
#[derive(Debug, Clone, Copy)]
pub struct Fleet {
    /// Sites at a time; at least one.
    pub bound: usize,
    /// What each step of one site may take.
    pub timeout: Duration,
    /// When sites that were not begun are given up.
    pub deadline: Instant,
    /// What the connections are for.
    pub access: Access,
}

impl Fleet {
    /// Reads of sixteen sites at a time: few enough for a server's `max_connections` of 151, enough
    /// to hide its round trips.
    pub fn reading(timeout: Duration, deadline: Instant) -> Self {
        Self { bound: 16, timeout, deadline, access: Access::Read }
    }
}

/// Runs `work` on the database of each site, several at a time; the answers are in the order of
/// `sites`, one for each.
///
/// A site that fails fails alone. Ends at the latest one `timeout` per round trip of `work` after
/// the deadline.
pub fn for_each_site<T: Send>(
    bench: &Bench,
    sites: &[String],
    fleet: Fleet,
    work: impl Fn(&str, &mut SiteDb) -> Result<T, DbError> + Sync,
) -> Vec<(String, Result<T, DbError>)> {
    let found: Vec<Mutex<Option<Result<T, DbError>>>> =
        sites.iter().map(|_| Mutex::new(None)).collect();
    let put = |index: usize, answer| {
        if let Some(place) = found.get(index) {
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        }
    };
    let mut waiting = VecDeque::new();
    for (index, site) in sites.iter().enumerate() {
        match Settings::of(bench, site) {
            Ok(settings) => waiting.push_back(Errand { index, site, settings }),
            Err(error) => put(index, Err(error)),
        }
    }
    let threads = fleet.bound.max(1).min(waiting.len());
    let turns = Turns {
        state: Mutex::new(State { waiting, servers: HashMap::new() }),
        changed: Condvar::new(),
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(errand) = turns.next() {
                    put(errand.index, turns.carry_out(&errand, fleet, &work));
                }
            });
        }
    });
    sites
        .iter()
        .zip(found)
        .map(|(site, answer)| {
            let answer = answer.into_inner().unwrap_or_else(PoisonError::into_inner);
            let answer = answer.unwrap_or_else(|| {
                Err(DbError::opening(DbFault::Other, site, "the site was not asked"))
            });
            (site.clone(), answer)
        })
        .collect()
}

/// One site that is to be asked.
struct Errand<'a> {
    index: usize,
    site: &'a str,
    settings: Settings,
}

/// What is known of a server.
enum Server {
    /// Somebody is finding out.
    Tried,
    Answers,
    /// Nothing came, and what was said about it.
    Dead(DbError),
}

struct State<'a> {
    waiting: VecDeque<Errand<'a>>,
    servers: HashMap<Address, Server>,
}

/// Who is asked next.
struct Turns<'a> {
    state: Mutex<State<'a>>,
    changed: Condvar,
}

impl<'a> Turns<'a> {
    /// The next site whose server nobody else is just trying; waits where there are only such.
    fn next(&self) -> Option<Errand<'a>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if state.waiting.is_empty() {
                return None;
            }
            let free = |errand: &Errand<'_>| {
                !matches!(state.servers.get(&errand.settings.address), Some(Server::Tried))
            };
            if let Some(at) = state.waiting.iter().position(free) {
                let errand = state.waiting.remove(at)?;
                state.servers.entry(errand.settings.address.clone()).or_insert(Server::Tried);
                return Some(errand);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn carry_out<T>(
        &self,
        errand: &Errand<'_>,
        fleet: Fleet,
        work: &impl Fn(&str, &mut SiteDb) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        if let Some(error) = self.known_to_be_dead(&errand.settings.address) {
            return Err(error.also_for(&errand.settings));
        }
        let mut trial = Trial { turns: self, address: &errand.settings.address, error: None };
        let left = fleet.deadline.saturating_duration_since(Instant::now());
        let opened = if left.is_zero() {
            let why = "not asked: the time for all sites was over";
            Err(DbError::opening(DbFault::TimedOut, &errand.settings, why))
        } else {
            connect(&errand.settings, fleet.access, fleet.timeout.min(left))
        };
        trial.error = opened.as_ref().err().cloned();
        drop(trial);
        work(errand.site, &mut opened?)
    }

    fn known_to_be_dead(&self, address: &Address) -> Option<DbError> {
        match self.state.lock().unwrap_or_else(PoisonError::into_inner).servers.get(address)? {
            Server::Dead(error) => Some(error.clone()),
            Server::Tried | Server::Answers => None,
        }
    }

    /// A server that answered once is not given up over one lost connection.
    fn learn(&self, address: &Address, error: Option<&DbError>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server @ Server::Tried) = state.servers.get_mut(address) {
            *server = match error {
                Some(error) if error.concerns_the_server() => Server::Dead(error.clone()),
                _ => Server::Answers,
            };
        }
        self.changed.notify_all();
    }
}

/// An attempt to reach a server. Its end is told to who waits for it, also where it panicked.
struct Trial<'t, 'a> {
    turns: &'t Turns<'a>,
    address: &'t Address,
    error: Option<DbError>,
}

impl Drop for Trial<'_, '_> {
    fn drop(&mut self) {
        self.turns.learn(self.address, self.error.as_ref());
    }
}
