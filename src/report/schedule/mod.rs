//! The reports of `scheduler list`, `next` and `log`: what the databases of sites say of their
//! scheduled job types.
//!
//! Times are shown on each site's own clock, which is the one that decides when something is due;
//! `--utc` shows them in UTC.

pub mod list;
pub mod log;
pub mod next;

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::{Cell, Role, View};
use crate::error::{Failure, Kind, Outcome};
use crate::human::{self, Zone};
use crate::secrets::Secrets;

/// A site that was asked.
#[derive(Debug, Clone, Serialize)]
pub struct AskedSite {
    /// Its name.
    pub site: String,
    /// The zone of its clock; `null` where its database could not be read.
    pub time_zone: Option<String>,
    /// Why its database could not be read.
    pub error: Option<String>,
    /// The sort of that failure.
    #[serde(skip)]
    pub kind: Option<Kind>,
    /// What to type next after it.
    #[serde(skip)]
    pub hints: Vec<String>,
}

impl AskedSite {
    /// A site that answered, by a clock in this zone.
    pub fn answered(site: &str, time_zone: &str) -> Self {
        let time_zone = Some(time_zone.to_owned());
        Self { site: site.to_owned(), time_zone, error: None, kind: None, hints: Vec::new() }
    }

    /// A site that did not.
    pub fn failed(site: &str, failure: &Failure) -> Self {
        Self {
            site: site.to_owned(),
            time_zone: None,
            error: Some(failure.to_string()),
            kind: Some(failure.kind()),
            hints: failure.hints().to_vec(),
        }
    }

    fn mask(&mut self, secrets: Secrets) {
        if let Some(error) = &mut self.error {
            *error = secrets.text(error).into_owned();
        }
    }
}

/// The sites of a report, and what follows from those that failed.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(transparent)]
pub struct AskedSites(pub Vec<AskedSite>);

impl AskedSites {
    /// The exit code's part: some failed, or none.
    pub fn outcome(&self) -> Outcome {
        if self.failed().next().is_some() { Outcome::No } else { Outcome::Done }
    }

    /// The failure to end with where no site answered; `None` where one did, or none was asked.
    pub fn sole_failure(&self) -> Option<Failure> {
        let (first, error) = self.failed().next()?;
        if self.0.iter().any(|site| site.error.is_none()) {
            return None;
        }
        let alike = self.0.iter().all(|site| site.kind == first.kind);
        let kind = first.kind.filter(|_| alike).unwrap_or(Kind::Unreachable);
        let message = match self.0.len() {
            1 => error.to_owned(),
            n => format!("{error} (and {} more)", human::counted(n as u64 - 1, "site")),
        };
        let failure = Failure::new(kind, message);
        Some(first.hints.iter().fold(failure, |failure, hint| failure.hint(hint.as_str())))
    }

    /// What is said of the sites that failed while others answered.
    pub fn notes(&self) -> Vec<String> {
        if self.sole_failure().is_some() {
            return Vec::new();
        }
        self.failed().map(|(_, error)| error.to_owned()).collect()
    }

    /// Says on whose clocks the times are.
    pub fn clock_note(&self) -> Option<String> {
        let zones: BTreeSet<&str> =
            self.0.iter().filter_map(|site| site.time_zone.as_deref()).collect();
        match Vec::from_iter(zones).as_slice() {
            [] => None,
            [zone] => Some(format!("times in tables are on the sites' clock: {zone}")),
            zones => {
                Some(format!("times in tables are on each site's clock: {}", zones.join(", ")))
            }
        }
    }

    /// Hides secrets in what the databases said.
    pub fn mask(&mut self, secrets: Secrets) {
        self.0.iter_mut().for_each(|site| site.mask(secrets));
    }

    fn failed(&self) -> impl Iterator<Item = (&AskedSite, &str)> {
        self.0.iter().filter_map(|site| Some((site, site.error.as_deref()?)))
    }
}

/// A moment on a site's clock, short; for programs in UTC. `-` where there is none.
fn moment(at: Option<Timestamp>, zone: &TimeZone, view: &View) -> Cell {
    let Some(at) = at else { return Cell::new("-", Role::Dim) };
    let zone = if matches!(view.zone, Zone::Utc) { TimeZone::UTC } else { zone.clone() };
    let text = at.to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string();
    Cell { raw: Some(human::rfc3339(at)), ..Cell::from(text) }
}

/// A length of time in words; for programs in seconds. `-` where there is none.
fn took(seconds: Option<f64>) -> Cell {
    let Some(seconds) = seconds.filter(|seconds| *seconds >= 0.0) else {
        return Cell::new("-", Role::Dim);
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and negative lengths are gone"
    )]
    let text = human::duration_ms((seconds * 1000.0).round() as u64);
    Cell { raw: Some(format!("{seconds:.3}")), ..Cell::from(text) }
}
