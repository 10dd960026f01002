//! A site's clock: what its naive times mean.
//!
//! Frappe keeps and compares naive datetimes in the zone of System Settings (`time_zone`), so the
//! clock of a site skips an hour in spring and repeats one in autumn. In the repeated hour no type
//! that ran in the first pass is due again before the clock is back where it was: even a type of
//! every four minutes pauses for an hour. Nothing here corrects that, because Frappe does not.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use crate::bench::Family;

/// What Frappe takes where `time_zone` is empty. Source: `get_system_timezone` in
/// `frappe/utils/data.py`.
pub const DEFAULT_ZONE: &str = "Asia/Kolkata";

/// The time zone of a site.
#[derive(Debug, Clone)]
pub struct SiteZone {
    zone: TimeZone,
    name: String,
    origin: ZoneOrigin,
}

/// Where a site's time zone comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoneOrigin {
    /// The site's settings name it.
    Setting,
    /// The settings name none: [`DEFAULT_ZONE`].
    Default,
    /// The settings name one that does not exist: UTC, as Frappe does without a word.
    Unknown,
}

impl SiteZone {
    /// The zone for the value of `time_zone` in System Settings.
    ///
    /// A name in the wrong case is a name up to v14 (pytz) and unknown from v15 on (zoneinfo).
    pub fn of_setting(setting: Option<&str>, family: Family) -> Self {
        let setting = setting.filter(|name| !name.is_empty());
        let (name, origin) =
            setting.map_or((DEFAULT_ZONE, ZoneOrigin::Default), |name| (name, ZoneOrigin::Setting));
        match TimeZone::get(name) {
            Ok(zone) if is_spelt_so(&zone, name, family) => {
                Self { zone, name: name.to_owned(), origin }
            }
            _ => Self { zone: TimeZone::UTC, name: name.to_owned(), origin: ZoneOrigin::Unknown },
        }
    }

    /// The name in the settings, or the default's; not a zone's where the origin is `Unknown`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it comes from.
    pub const fn origin(&self) -> ZoneOrigin {
        self.origin
    }

    /// The zone in force, for display.
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// What the site's clock shows at an instant; Frappe's `now_datetime`.
    pub fn clock_at(&self, at: Timestamp) -> DateTime {
        self.zone.to_datetime(at)
    }

    /// The first instant at which the site's clock has reached `naive`.
    ///
    /// That is when Frappe finds a job type due whose next time is `naive`: the first of two
    /// instants in a repeated hour, the end of a skipped one. `None` beyond the calendar.
    pub fn reached_at(&self, naive: DateTime) -> Option<Timestamp> {
        match self.zone.to_ambiguous_timestamp(naive).offset() {
            AmbiguousOffset::Unambiguous { offset } => instant(naive, offset),
            AmbiguousOffset::Fold { before, .. } => instant(naive, before),
            AmbiguousOffset::Gap { before, .. } => {
                let after_it = instant(naive, before)?.checked_add(SignedDuration::from_nanos(1));
                Some(self.zone.preceding(after_it.ok()?).next()?.timestamp())
            }
        }
    }

    /// Whether the clock shows the same hour a second time at this instant: times of the first
    /// pass then look as if they were in the future.
    pub fn is_repeating(&self, at: Timestamp) -> bool {
        self.reached_at(self.clock_at(at)).is_some_and(|first| first < at)
    }
}

/// Whether the zone goes by exactly this name, where that matters.
fn is_spelt_so(zone: &TimeZone, name: &str, family: Family) -> bool {
    matches!(family, Family::V13 | Family::V14) || zone.iana_name() == Some(name) || name == "UTC"
}

fn instant(naive: DateTime, offset: Offset) -> Option<Timestamp> {
    offset.to_timestamp(naive).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> SiteZone {
        SiteZone::of_setting(Some(name), Family::V15)
    }

    fn reached(zone: &SiteZone, naive: &str) -> String {
        zone.reached_at(naive.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn setting_empty_or_unknown_falls_back_as_frappe_does() {
        for (setting, family, name, origin) in [
            (None, Family::V15, "Asia/Kolkata", ZoneOrigin::Default),
            (Some(""), Family::V15, "Asia/Kolkata", ZoneOrigin::Default),
            (Some("Europe/Berlin"), Family::V15, "Europe/Berlin", ZoneOrigin::Setting),
            (Some("UTC"), Family::V15, "UTC", ZoneOrigin::Setting),
            (Some("Mars/Base"), Family::V15, "Mars/Base", ZoneOrigin::Unknown),
            (Some("europe/berlin"), Family::V14, "europe/berlin", ZoneOrigin::Setting),
            (Some("europe/berlin"), Family::V16, "europe/berlin", ZoneOrigin::Unknown),
            (Some("../../etc/passwd"), Family::V16, "../../etc/passwd", ZoneOrigin::Unknown),
        ] {
            let zone = SiteZone::of_setting(setting, family);
            assert_eq!((zone.name(), zone.origin()), (name, origin));
            assert_eq!(
                origin == ZoneOrigin::Unknown,
                zone.zone() == &TimeZone::UTC && name != "UTC"
            );
        }
    }

    #[test]
    fn reached_at_takes_the_end_of_a_gap_and_the_first_of_an_overlap() {
        let berlin = zone("Europe/Berlin");
        for skipped in ["2026-03-29T02:00:00", "2026-03-29T02:30:00", "2026-03-29T03:00:00"] {
            assert_eq!(reached(&berlin, skipped), "2026-03-29T01:00:00Z", "{skipped}");
        }
        assert_eq!(reached(&berlin, "2026-10-25T02:30:00"), "2026-10-25T00:30:00Z");
        assert_eq!(reached(&berlin, "2026-10-25T03:00:00"), "2026-10-25T02:00:00Z");
        assert!(berlin.is_repeating("2026-10-25T01:30:00Z".parse().unwrap()));
        assert!(!berlin.is_repeating("2026-10-25T00:30:00Z".parse().unwrap()));
        assert!(!berlin.is_repeating("2026-10-25T02:00:00Z".parse().unwrap()));
    }

    #[test]
    fn clock_at_shows_the_zone_of_the_site() {
        let at = "2026-11-21T20:00:00Z".parse().unwrap();
        let kolkata = SiteZone::of_setting(None, Family::V15);
        assert_eq!(kolkata.clock_at(at).to_string(), "2026-11-22T01:30:00");
    }
}
