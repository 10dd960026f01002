//! Whether Frappe takes a site for asleep, and so enqueues its jobs once a day only.
//!
//! Source: `is_dormant` and `schedule_jobs_based_on_activity` in `frappe/utils/scheduler.py`.

use jiff::SignedDuration;
use jiff::civil::DateTime;

use crate::bench::Family;

/// Days without activity where the site's settings name none, before v16.
const DEFAULT_DAYS: i64 = 4;
/// Longer than any site lives; keeps a hostile number within the calendar's arithmetic.
const MAX_DAYS: i64 = 100_000;
/// Sites elsewhere never sleep from v16 on. Source: `frappe/utils/frappecloud.py`.
const HOSTED_DOMAINS: [&str; 4] = ["frappe.cloud", "erpnext.com", "frappehr.com", "frappe.dev"];
/// A sleeping site gets a round when its newest log is this old.
const ROUND: SignedDuration = SignedDuration::from_hours(24);

/// The table and column whose newest value is a site's last activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivitySource {
    /// The table, as the database has it.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
}

impl ActivitySource {
    /// Where a Frappe version looks.
    pub const fn of(family: Family) -> Self {
        match family {
            Family::V13 | Family::V14 | Family::V15 => {
                Self { table: "tabActivity Log", column: "modified" }
            }
            Family::V16Dev => Self { table: "tabActivity Log", column: "creation" },
            Family::V16 | Family::V17 | Family::Unknown => {
                Self { table: "tabUser", column: "last_active" }
            }
        }
    }
}

/// What the verdict depends on. Times are naive, in the site's zone.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The Frappe version.
    pub family: Family,
    /// The site's name: hosted sites are known by its end.
    pub site: &'a str,
    /// Whether `developer_mode` counts as true.
    pub developer_mode: bool,
    /// `dormant_days` of System Settings; `None` where it is empty or absent.
    pub dormant_days: Option<i64>,
    /// The newest value of [`ActivitySource`].
    pub last_activity: Option<DateTime>,
    /// The newest row of Scheduled Job Log, `modified` in v13 to v15, `creation` after.
    pub last_log: Option<DateTime>,
    /// The site's clock.
    pub now: DateTime,
}

/// The verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dormancy {
    /// It cannot be dormant, and why.
    Never(NeverBecause),
    /// There was activity.
    Awake {
        /// When it falls asleep unless something happens.
        until: Option<DateTime>,
    },
    /// No activity for too long.
    Asleep {
        /// The last activity; `None`: there never was any.
        last_activity: Option<DateTime>,
        /// After how many days without it.
        threshold_days: i64,
        /// When its types are looked at next; `None`: at the next round, now.
        next_round: Option<DateTime>,
    },
}

/// Why a site is never dormant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeverBecause {
    /// `developer_mode` is on (v14 and later).
    DeveloperMode,
    /// It is not on one of Frappe's own domains (v16 and later).
    NotHosted,
    /// `dormant_days` is 0 (v16 and later; before that 0 stands for 4).
    ZeroDays,
}

impl Dormancy {
    /// Concludes as the scheduler does, but for its cache: from late v15 on it keeps a verdict for
    /// an hour.
    pub fn of(facts: &Facts<'_>) -> Self {
        if facts.developer_mode && facts.family != Family::V13 {
            return Self::Never(NeverBecause::DeveloperMode);
        }
        let threshold_days = match threshold(facts) {
            Ok(days) => days,
            Err(because) => return Self::Never(because),
        };
        let sleep_at = facts.last_activity.and_then(|last| {
            last.checked_add(SignedDuration::from_hours(24 * threshold_days)).ok()
        });
        // An activity so long ahead that the calendar ends has been, all the same.
        let awake = facts.last_activity.is_some() && sleep_at.is_none_or(|at| facts.now < at);
        if awake {
            return Self::Awake { until: sleep_at };
        }
        let next_round = facts
            .last_log
            .and_then(|last| last.checked_add(ROUND).ok())
            .filter(|&round| facts.now < round);
        Self::Asleep { last_activity: facts.last_activity, threshold_days, next_round }
    }

    /// Whether the scheduler passes the site over just now.
    pub const fn holds_back(self) -> bool {
        matches!(self, Self::Asleep { next_round: Some(_), .. })
    }
}

fn threshold(facts: &Facts<'_>) -> Result<i64, NeverBecause> {
    let days = facts.dormant_days.unwrap_or(0).clamp(-MAX_DAYS, MAX_DAYS);
    match facts.family {
        Family::V13 | Family::V14 | Family::V15 | Family::V16Dev => {
            Ok(if days == 0 { DEFAULT_DAYS } else { days })
        }
        Family::V16 | Family::V17 | Family::Unknown => {
            if !HOSTED_DOMAINS.iter().any(|domain| facts.site.ends_with(domain)) {
                return Err(NeverBecause::NotHosted);
            }
            if days == 0 { Err(NeverBecause::ZeroDays) } else { Ok(days) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime {
        text.parse().unwrap()
    }

    fn facts(family: Family) -> Facts<'static> {
        Facts {
            family,
            site: "shop.example.com",
            developer_mode: false,
            dormant_days: None,
            last_activity: Some(at("2026-11-10T09:00:00")),
            last_log: Some(at("2026-11-20T21:00:00")),
            now: at("2026-11-21T09:00:00"),
        }
    }

    #[test]
    fn old_versions_fall_asleep_after_four_days_by_default() {
        for family in [Family::V13, Family::V14, Family::V15, Family::V16Dev] {
            for dormant_days in [None, Some(0)] {
                let asleep = Dormancy::of(&Facts { dormant_days, ..facts(family) });
                let expected = Dormancy::Asleep {
                    last_activity: Some(at("2026-11-10T09:00:00")),
                    threshold_days: 4,
                    next_round: Some(at("2026-11-21T21:00:00")),
                };
                assert_eq!(asleep, expected, "{family:?}");
                assert!(asleep.holds_back());
            }
            let awake = Dormancy::of(&Facts { dormant_days: Some(30), ..facts(family) });
            assert_eq!(awake, Dormancy::Awake { until: Some(at("2026-12-10T09:00:00")) });
        }
    }

    #[test]
    fn threshold_is_reached_to_the_second() {
        let mut facts = facts(Family::V15);
        facts.last_activity = Some(at("2026-11-17T09:00:00"));
        assert!(Dormancy::of(&facts).holds_back());
        facts.last_activity = Some(at("2026-11-17T09:00:01"));
        assert!(!Dormancy::of(&facts).holds_back());
    }

    #[test]
    fn asleep_site_gets_a_round_a_day_after_its_last_log() {
        for last_log in [None, Some(at("2026-11-20T09:00:00"))] {
            let asleep = Dormancy::of(&Facts { last_log, ..facts(Family::V15) });
            assert!(matches!(asleep, Dormancy::Asleep { next_round: None, .. }), "{asleep:?}");
            assert!(!asleep.holds_back());
        }
    }

    #[test]
    fn developer_mode_keeps_all_but_v13_awake() {
        let dormancy = |family| Dormancy::of(&Facts { developer_mode: true, ..facts(family) });
        assert!(dormancy(Family::V13).holds_back());
        for family in [Family::V14, Family::V15, Family::V16] {
            assert_eq!(dormancy(family), Dormancy::Never(NeverBecause::DeveloperMode));
        }
    }

    #[test]
    fn new_versions_only_put_hosted_sites_to_sleep() {
        let elsewhere = Facts { dormant_days: Some(4), ..facts(Family::V16) };
        assert_eq!(Dormancy::of(&elsewhere), Dormancy::Never(NeverBecause::NotHosted));
        let hosted = Facts { site: "shop.frappe.cloud", ..elsewhere };
        assert!(Dormancy::of(&hosted).holds_back());
        let never = Facts { dormant_days: Some(0), ..hosted };
        assert_eq!(Dormancy::of(&never), Dormancy::Never(NeverBecause::ZeroDays));
        let unused = Facts { last_activity: None, ..hosted };
        assert!(Dormancy::of(&unused).holds_back());
    }
}
