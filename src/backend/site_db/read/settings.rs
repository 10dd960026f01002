//! System Settings: the switches of the scheduler.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::backend::site_db::Rows;
use crate::backend::site_db::write::FormerSwitch;
use crate::bench::Family;
use crate::bench::config::integer;

/// The zone of a site that names none. Source: `get_system_timezone` in `frappe/utils/data.py`.
pub const FALLBACK_ZONE: &str = "Asia/Kolkata";

/// What System Settings says of scheduling.
///
/// From 16 on, Frappe takes this from its cache: a row that was changed behind its back has no
/// effect until the cached document is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemSettings {
    /// `enable_scheduler` as it stands; `None` where there is no row, which means off.
    pub enable_scheduler: Option<String>,
    /// Every row of `enable_scheduler`, for a journal.
    pub switch: FormerSwitch,
    /// Whether `enable_scheduler` counts as on.
    pub scheduler_enabled: bool,
    /// `time_zone`, where it is not empty.
    pub time_zone: Option<String>,
    /// `dormant_days` as a number; what 0 and `None` mean depends on the version.
    pub dormant_days: Option<i64>,
    /// Fields that have several rows.
    pub duplicates: Vec<DuplicateSetting>,
}

/// A field of System Settings that has several rows, which no key forbids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuplicateSetting {
    /// The field.
    pub field: String,
    /// Its values in the order in which the engine keeps them.
    pub values: Vec<Option<String>>,
}

impl DuplicateSetting {
    /// Whether the rows differ, so that it matters which one is taken.
    pub fn is_contradictory(&self) -> bool {
        self.values.windows(2).any(|pair| pair.first() != pair.last())
    }
}

impl SystemSettings {
    /// Of several rows takes the one that Frappe takes: for `enable_scheduler` up to the 16
    /// development line the first, as it asks for one value; else the last, as it fills a
    /// dictionary.
    pub(super) fn of(rows: &Rows, family: Family) -> Self {
        let values = |field: &str| -> Vec<Option<&str>> {
            rows.iter()
                .filter(|row| row.text("field") == Some(field))
                .map(|row| row.text("value"))
                .collect()
        };
        let last = |field: &str| values(field).last().copied().flatten();
        let asks_for_one_value =
            matches!(family, Family::V13 | Family::V14 | Family::V15 | Family::V16Dev);
        let enable_scheduler = if asks_for_one_value {
            values("enable_scheduler").first().copied().flatten()
        } else {
            last("enable_scheduler")
        };
        let duplicates = ["enable_scheduler", "time_zone", "dormant_days"]
            .into_iter()
            .map(|field| (field, values(field)))
            .filter(|(_, values)| values.len() > 1)
            .map(|(field, values)| DuplicateSetting {
                field: field.to_owned(),
                values: values.into_iter().map(|value| value.map(str::to_owned)).collect(),
            })
            .collect();
        Self {
            scheduler_enabled: enable_scheduler.and_then(number).is_some_and(|number| number != 0),
            enable_scheduler: enable_scheduler.map(str::to_owned),
            switch: FormerSwitch::of(rows),
            time_zone: last("time_zone").filter(|zone| !zone.is_empty()).map(str::to_owned),
            dormant_days: last("dormant_days").and_then(number),
            duplicates,
        }
    }

    /// The name of the zone in which everything is scheduled.
    pub fn zone_name(&self) -> &str {
        self.time_zone.as_deref().unwrap_or(FALLBACK_ZONE)
    }

    /// What the site's clock shows at an instant; UTC where the name of its zone is unknown, as
    /// Frappe has it.
    pub fn clock_at(&self, at: Timestamp) -> DateTime {
        at.to_zoned(self.zone().unwrap_or(TimeZone::UTC)).datetime()
    }

    /// The zone in which everything is scheduled; `None` where its name is unknown.
    pub fn zone(&self) -> Option<TimeZone> {
        TimeZone::get(self.zone_name()).ok()
    }
}

fn number(text: &str) -> Option<i64> {
    integer(&Value::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(rows: &[(&str, Option<&str>)], family: Family) -> SystemSettings {
        let mut found = Rows::of(vec!["field".to_owned(), "value".to_owned()]);
        for (field, value) in rows {
            found.push(vec![Some((*field).to_owned()), value.map(str::to_owned)]);
        }
        SystemSettings::of(&found, family)
    }

    #[test]
    fn duplicated_switch_counts_first_up_to_16dev_and_last_later() {
        let rows = [("enable_scheduler", Some("1")), ("enable_scheduler", Some("0"))];
        for (family, enabled) in [
            (Family::V13, true),
            (Family::V15, true),
            (Family::V16Dev, true),
            (Family::V16, false),
            (Family::V17, false),
        ] {
            let found = settings(&rows, family);
            assert_eq!(found.scheduler_enabled, enabled, "{family:?}");
            assert_eq!(found.duplicates.len(), 1);
            assert!(found.duplicates[0].is_contradictory());
        }
    }

    #[test]
    fn switch_is_read_as_a_number_and_absent_means_off() {
        let enabled =
            |value| settings(&[("enable_scheduler", value)], Family::V15).scheduler_enabled;
        assert!(enabled(Some("1")) && enabled(Some("1.0")) && enabled(Some("2")));
        assert!(
            !enabled(Some("0")) && !enabled(Some("yes")) && !enabled(Some("")) && !enabled(None)
        );
        assert!(!settings(&[], Family::V15).scheduler_enabled);
    }

    #[test]
    fn zone_falls_back_where_none_is_named_and_is_none_where_unknown() {
        assert_eq!(settings(&[("time_zone", None)], Family::V15).zone_name(), FALLBACK_ZONE);
        assert_eq!(settings(&[("time_zone", Some(""))], Family::V15).zone_name(), FALLBACK_ZONE);
        let found = settings(&[("time_zone", Some("Mars/Olympus"))], Family::V15);
        assert_eq!((found.zone_name(), found.zone()), ("Mars/Olympus", None));
    }
}
