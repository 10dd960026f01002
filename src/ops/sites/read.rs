//! Asks the databases of sites, several at a time.

use std::time::{Duration, Instant};

use crate::backend::site_db::{DbError, Fleet, SiteDb, for_each_site};
use crate::bench::{Bench, Config};
use crate::context::Context;
use crate::error::Result;

/// How many databases are waited for one after the other at the most, where servers hang: each
/// takes up to a time limit, then its sites are given up together.
const DEAD_SERVERS: u32 = 6;

/// A site and its merged configuration.
#[derive(Debug, Clone)]
pub struct SiteConfig {
    /// Its name.
    pub site: String,
    /// Its configuration.
    pub config: Config,
}

/// A site, and what its database said or why it said nothing.
#[derive(Debug, Clone)]
pub struct ReadSite<T> {
    /// Its name.
    pub site: String,
    /// Its configuration.
    pub config: Config,
    /// What was read.
    pub found: Result<T, DbError>,
}

/// The sites that a read is about: the selected ones, else every site of the bench, by name.
pub fn selected(context: &Context, bench: &Bench) -> Result<Vec<String>> {
    let selected = context.sites()?;
    Ok(selected.unwrap_or_else(|| bench.sites().names().map(str::to_owned).collect()))
}

/// Runs `work` on the database of each site, read-only and several at a time; the answers are in
/// the order of `sites`.
///
/// A site that fails fails alone; each step of one takes `timeout` at the most.
pub fn read_each<T: Send>(
    bench: &Bench,
    sites: &[String],
    timeout: Duration,
    work: impl Fn(&str, &mut SiteDb) -> Result<T, DbError> + Sync,
) -> Vec<ReadSite<T>> {
    let deadline = Instant::now() + timeout.saturating_mul(DEAD_SERVERS).min(LONGEST);
    read_until(bench, sites, Fleet::reading(timeout, deadline), work)
}

/// A moment further away may not be representable.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// As [`read_each`], within the limits of `fleet`.
pub fn read_until<T: Send>(
    bench: &Bench,
    sites: &[String],
    fleet: Fleet,
    work: impl Fn(&str, &mut SiteDb) -> Result<T, DbError> + Sync,
) -> Vec<ReadSite<T>> {
    let found = for_each_site(bench, sites, fleet, work);
    found
        .into_iter()
        .map(|(site, found)| ReadSite { config: bench.site_config(&site), site, found })
        .collect()
}
