//! How often a scheduled job type runs: Frappe's words for it, their cron expressions, their queues.
//!
//! Source: `CRON_MAP` and `get_queue_name` in
//! `frappe/core/doctype/scheduled_job_type/scheduled_job_type.py`.

use serde::Serialize;

use crate::bench::Family;
use crate::error::{Failure, Kind};
use crate::nearby;

/// A frequency, as the column of that name spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Frequency {
    /// At every `scheduler_interval`.
    All,
    /// At every full hour.
    Hourly,
    /// The same, in the queue `long`.
    HourlyLong,
    /// The same; late v15, v16 and newer.
    HourlyMaintenance,
    /// At midnight.
    Daily,
    /// The same, in the queue `long`.
    DailyLong,
    /// The same; late v15, v16 and newer.
    DailyMaintenance,
    /// On Sunday at midnight.
    Weekly,
    /// The same, in the queue `long`.
    WeeklyLong,
    /// On the first at midnight.
    Monthly,
    /// The same, in the queue `long`.
    MonthlyLong,
    /// On 1 January at midnight.
    Yearly,
    /// Another word for yearly.
    Annual,
    /// By the type's own expression.
    Cron,
}

impl Frequency {
    /// All of them, the most frequent first.
    pub const ALL: [Self; 14] = [
        Self::All,
        Self::Hourly,
        Self::HourlyLong,
        Self::HourlyMaintenance,
        Self::Daily,
        Self::DailyLong,
        Self::DailyMaintenance,
        Self::Weekly,
        Self::WeeklyLong,
        Self::Monthly,
        Self::MonthlyLong,
        Self::Yearly,
        Self::Annual,
        Self::Cron,
    ];

    /// The word in the column `frequency`: `Hourly Long`.
    pub const fn title(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Hourly => "Hourly",
            Self::HourlyLong => "Hourly Long",
            Self::HourlyMaintenance => "Hourly Maintenance",
            Self::Daily => "Daily",
            Self::DailyLong => "Daily Long",
            Self::DailyMaintenance => "Daily Maintenance",
            Self::Weekly => "Weekly",
            Self::WeeklyLong => "Weekly Long",
            Self::Monthly => "Monthly",
            Self::MonthlyLong => "Monthly Long",
            Self::Yearly => "Yearly",
            Self::Annual => "Annual",
            Self::Cron => "Cron",
        }
    }

    /// The key in an app's `scheduler_events` hook: `hourly_long`.
    pub const fn hook_key(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Hourly => "hourly",
            Self::HourlyLong => "hourly_long",
            Self::HourlyMaintenance => "hourly_maintenance",
            Self::Daily => "daily",
            Self::DailyLong => "daily_long",
            Self::DailyMaintenance => "daily_maintenance",
            Self::Weekly => "weekly",
            Self::WeeklyLong => "weekly_long",
            Self::Monthly => "monthly",
            Self::MonthlyLong => "monthly_long",
            Self::Yearly => "yearly",
            Self::Annual => "annual",
            Self::Cron => "cron",
        }
    }

    /// The frequency that the column names; exact, as Frappe looks it up.
    pub fn of_title(title: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|frequency| frequency.title() == title)
    }

    /// The frequency of a hook key.
    pub fn of_hook_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|frequency| frequency.hook_key() == key)
    }

    /// The fixed expression; `None` for [`Self::All`], which the configuration decides, and
    /// [`Self::Cron`], whose types have their own.
    pub const fn expression(self) -> Option<&'static str> {
        match self {
            Self::All | Self::Cron => None,
            Self::Hourly | Self::HourlyLong | Self::HourlyMaintenance => Some("0 * * * *"),
            Self::Daily | Self::DailyLong | Self::DailyMaintenance => Some("0 0 * * *"),
            Self::Weekly | Self::WeeklyLong => Some("0 0 * * 0"),
            Self::Monthly | Self::MonthlyLong => Some("0 0 1 * *"),
            Self::Yearly | Self::Annual => Some("0 0 1 1 *"),
        }
    }

    /// The queue, without a prefix. Nothing scheduled goes to `short`.
    pub const fn queue(self) -> &'static str {
        if self.is_long() || self.is_maintenance() { "long" } else { "default" }
    }

    /// Whether its types are drawn a later time in v14 and v15.
    pub const fn is_long(self) -> bool {
        matches!(self, Self::HourlyLong | Self::DailyLong | Self::WeeklyLong | Self::MonthlyLong)
    }

    /// Whether it is one of the two that came late in v15.
    pub const fn is_maintenance(self) -> bool {
        matches!(self, Self::HourlyMaintenance | Self::DailyMaintenance)
    }

    /// Whether Frappe of a version can know it: a type of another frequency stops its round.
    pub const fn is_known_to(self, family: Family) -> bool {
        !self.is_maintenance() || !matches!(family, Family::V13 | Family::V14 | Family::V16Dev)
    }

    /// The others of the same period.
    pub fn siblings(self) -> impl Iterator<Item = Self> {
        let expression = self.expression();
        Self::ALL.into_iter().filter(move |other| {
            *other != self && expression.is_some() && other.expression() == expression
        })
    }
}

impl Serialize for Frequency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.title())
    }
}

/// Which types `trigger-scheduler-event` is to trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Those of one frequency.
    Frequency(Frequency),
    /// All that are not stopped.
    Any,
    /// The one of this method, stopped or not.
    Method(String),
}

impl Event {
    /// The word for every type. (`all` is a frequency.)
    pub const ANY: &'static str = "any";

    /// Reads the argument of `trigger-scheduler-event`: a hook key, `any`, or a dotted method.
    ///
    /// A title (`Hourly Long`) and dashes (`hourly-long`) will do. Errors: `Usage`, with the
    /// near words, for a bare word that is neither.
    pub fn parse(word: &str) -> Result<Self, Failure> {
        let key = word.trim().to_ascii_lowercase().replace([' ', '-'], "_");
        if key == Self::ANY {
            return Ok(Self::Any);
        }
        if let Some(frequency) = Frequency::of_hook_key(&key) {
            return Ok(Self::Frequency(frequency));
        }
        // Server scripts have methods without a dot (`cleanup_daily`), so an underscore may be one.
        if word.contains(['.', '_']) && !word.contains(char::is_whitespace) {
            return Ok(Self::Method(word.to_owned()));
        }
        let message = format!("`{word}` is neither a scheduler event nor a method");
        Err(nearby::hint(Failure::new(Kind::Usage, message), &key, Self::words()))
    }

    /// Every word, frequencies first.
    pub fn words() -> impl Iterator<Item = &'static str> {
        Frequency::ALL.into_iter().map(Frequency::hook_key).chain([Self::ANY])
    }

    /// Frequencies that have types where this event has none, those of the same period first.
    ///
    /// Each once. On v17 `hourly` has no type and `hourly_maintenance` has nine.
    pub fn near(&self, present: impl IntoIterator<Item = Frequency>) -> Vec<Frequency> {
        let Self::Frequency(wanted) = *self else { return Vec::new() };
        let mut near: Vec<Frequency> = present.into_iter().filter(|f| *f != wanted).collect();
        near.sort_by_key(|f| (!wanted.siblings().any(|sibling| sibling == *f), *f));
        near.dedup();
        near
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequency_title_and_hook_key_are_one_word_in_two_spellings() {
        for frequency in Frequency::ALL {
            assert_eq!(frequency.title().to_lowercase().replace(' ', "_"), frequency.hook_key());
            assert_eq!(Frequency::of_title(frequency.title()), Some(frequency));
            assert_eq!(Frequency::of_hook_key(frequency.hook_key()), Some(frequency));
            let title = frequency.title();
            let is_long = title.contains("Long") || title.contains("Maintenance");
            assert_eq!(frequency.queue(), if is_long { "long" } else { "default" });
        }
        assert_eq!(Frequency::of_title("hourly"), None);
    }

    #[test]
    fn event_word_is_read_in_every_spelling() {
        assert_eq!(Event::parse("all").unwrap(), Event::Frequency(Frequency::All));
        for word in ["hourly_long", "Hourly Long", "hourly-long"] {
            assert_eq!(Event::parse(word).unwrap(), Event::Frequency(Frequency::HourlyLong));
        }
        assert_eq!(Event::parse("any").unwrap(), Event::Any);
        for method in ["frappe.email.queue.flush", "cleanup_daily"] {
            assert_eq!(Event::parse(method).unwrap(), Event::Method(method.into()));
        }
    }

    #[test]
    fn event_unknown_word_names_the_near_ones() {
        let failure = Event::parse("dayly").unwrap_err();
        assert_eq!(failure.kind(), Kind::Usage);
        assert!(failure.hints()[0].contains("`daily`"), "{:?}", failure.hints());
    }

    #[test]
    fn event_without_types_names_the_same_period_first() {
        let present = [Frequency::All, Frequency::Daily, Frequency::HourlyMaintenance];
        let near = Event::Frequency(Frequency::Hourly).near(present);
        assert_eq!(near, [Frequency::HourlyMaintenance, Frequency::All, Frequency::Daily]);
        assert!(Event::Any.near(present).is_empty());
    }
}
