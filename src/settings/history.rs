//! The part `[history]` of the settings: how often is sampled, and how long what is kept.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use crate::error::{Failure, Kind, Result};
use crate::global;
use crate::model::history::Retention;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A job that ended must be known for as long as RQ may still show it as new.
const LEAST_JOBS: Duration = Duration::from_secs(60 * 60);

/// How a history is recorded and kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistorySettings {
    /// How often the state is sampled.
    pub every: Duration,
    /// How long figures are kept.
    pub retention: Retention,
    /// Mebibytes of one job from which on its method stands out.
    pub memory_mb: u64,
}

impl Default for HistorySettings {
    fn default() -> Self {
        let retention = Retention {
            samples: DAY * 2,
            jobs: DAY * 2,
            minutes: DAY * 2,
            hours: DAY * 400,
            days: DAY * 3_650,
        };
        Self { every: Duration::from_secs(30), retention, memory_mb: 100 }
    }
}

/// The same as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Written {
    every: Option<String>,
    keep_samples: Option<String>,
    keep_jobs: Option<String>,
    keep_minutes: Option<String>,
    keep_hours: Option<String>,
    keep_days: Option<String>,
    memory_mb: Option<u64>,
}

impl Written {
    /// Reads the lengths of time. Errors: `Config`, naming the key and the file.
    pub(super) fn read(&self, path: Option<&Path>) -> Result<HistorySettings> {
        let default = HistorySettings::default();
        let time = |key: &str, text: &Option<String>, default: Duration, least: Duration| {
            let Some(text) = text else { return Ok(default) };
            let shown = path.map_or_else(String::new, |path| path.display().to_string());
            let wrong = |why: String| {
                let what = format!("cannot use `{text}` as `history.{key}` in `{shown}`: {why}");
                Failure::new(Kind::Config, what)
            };
            let time = global::duration(text).map_err(wrong)?;
            if time < least {
                return Err(wrong(format!("the least is {}", humantime::format_duration(least))));
            }
            Ok(time)
        };
        let kept = default.retention;
        let least = Duration::from_secs(60);
        let retention = Retention {
            samples: time("keep_samples", &self.keep_samples, kept.samples, least)?,
            jobs: time("keep_jobs", &self.keep_jobs, kept.jobs, LEAST_JOBS)?,
            minutes: time("keep_minutes", &self.keep_minutes, kept.minutes, least)?,
            hours: time("keep_hours", &self.keep_hours, kept.hours, least)?,
            days: time("keep_days", &self.keep_days, kept.days, least)?,
        };
        Ok(HistorySettings {
            every: time("every", &self.every, default.every, Duration::from_secs(1))?,
            retention,
            memory_mb: self.memory_mb.unwrap_or(default.memory_mb),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_settings_name_the_key_that_is_wrong() {
        let written: Written =
            toml::from_str("every = \"1m\"\nkeep_hours = \"30d\"\nmemory_mb = 7").unwrap();
        let settings = written.read(None).unwrap();
        assert_eq!((settings.every, settings.memory_mb), (Duration::from_secs(60), 7));
        assert_eq!(settings.retention.hours, DAY * 30);
        assert_eq!(settings.retention.days, HistorySettings::default().retention.days);
        for text in ["every = \"0\"", "every = \"10ms\"", "keep_jobs = \"5m\"", "keep_days = \"x\""]
        {
            let written: Written = toml::from_str(text).unwrap();
            let error = written.read(Some(Path::new("/x.toml"))).unwrap_err().to_string();
            let key = text.split(' ').next().unwrap();
            assert!(error.contains(&format!("history.{key}` in `/x.toml`")), "{error}");
        }
    }
}
