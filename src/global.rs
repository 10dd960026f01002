//! The flags that every command takes, and how values of flags are read. No logic.
//!
//! A flag means one thing in all commands: what is here is the dictionary.

use std::path::PathBuf;
use std::time::Duration;

use clap::ArgAction;

use crate::render::Format;
use crate::render::style::ColorChoice;

/// The flags that every command takes, before or after its name.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]
    #[arg(long, value_name = "DIR", global = true, value_parser = non_empty_path)]
    pub bench: Option<PathBuf>,

    /// Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]
    #[arg(long, value_name = "NAME", global = true, value_parser = non_empty)]
    pub site: Vec<String>,

    /// The Redis to work on, without a bench or instead of the bench's own [env: `JOBCTL_REDIS`]
    #[arg(long, value_name = "URL", global = true, value_parser = non_empty, hide_env_values = true)]
    pub redis: Option<String>,

    /// How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]
    #[arg(short, long, value_name = "FORMAT", global = true)]
    pub output: Option<Format>,

    /// When to colour [env: `JOBCTL_COLOR`; default: auto]
    #[arg(long, value_name = "WHEN", global = true)]
    pub color: Option<ColorChoice>,

    /// Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]
    #[arg(long, value_name = "TIME", global = true, value_parser = duration)]
    pub timeout: Option<Duration>,

    /// Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]
    #[arg(long, global = true)]
    pub read_only: bool,

    /// Leave out notes and hints
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Say more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,

    /// Repeat every SECS seconds (2 unless told) until interrupted
    #[arg(long, value_name = "SECS", global = true, num_args = 0..=1, default_missing_value = "2",
          value_parser = watch_interval)]
    pub watch: Option<Duration>,

    /// Print times in UTC
    #[arg(long, global = true, conflicts_with = "local")]
    pub utc: bool,

    /// Print times in the local zone (the default)
    #[arg(long, global = true)]
    pub local: bool,

    /// Read settings from this file [env: `JOBCTL_CONFIG`]
    #[arg(long, value_name = "FILE", global = true, value_parser = non_empty_path)]
    pub config: Option<PathBuf>,

    /// Show passwords and other secrets instead of masking them
    #[arg(long, global = true)]
    pub show_secrets: bool,
}

/// Takes a value that names something; an empty one is never "all".
pub fn non_empty(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("an empty value selects nothing".to_owned());
    }
    Ok(text.to_owned())
}

fn non_empty_path(text: &str) -> Result<PathBuf, String> {
    non_empty(text).map(PathBuf::from)
}

/// Takes a length of time such as `10s`, `5m`, `2h 30m`, or a bare number of seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds)
            .ok()
            .filter(|duration| !duration.is_zero())
            .ok_or_else(|| "a length of time must be above 0".to_owned());
    }
    humantime::parse_duration(text)
        .map_err(|error| format!("{error}; write for example 10s, 5m or 2h"))
}

fn watch_interval(text: &str) -> Result<Duration, String> {
    let interval = duration(text)?;
    if interval < Duration::from_millis(100) {
        return Err("the shortest interval is 0.1".to_owned());
    }
    Ok(interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_takes_units_and_bare_seconds() {
        assert_eq!(duration("2m").unwrap(), Duration::from_secs(120));
        assert_eq!(duration("0.5").unwrap(), Duration::from_millis(500));
        assert!(duration("0").is_err());
        assert!(duration("-3").is_err());
        assert!(duration("soon").is_err());
        assert!(duration("1e400").is_err());
    }
}
