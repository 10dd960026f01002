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

/// Takes a size such as `512M`, `1.5G`, `2GiB`, or a bare number of bytes; units are binary.
pub fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no size; write for example 512M or 2G");
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(digits.len()..).unwrap_or_default().to_ascii_lowercase();
    let shift = match unit.trim_end_matches("ib").trim_end_matches('b') {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        _ => return Err(wrong()),
    };
    let number: f64 = digits.trim().parse().map_err(|_| wrong())?;
    let bytes = number * f64::from(1_u32 << (shift / 2)) * f64::from(1_u32 << (shift / 2));
    if !(1.0..1e18).contains(&bytes) {
        return Err(wrong());
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 1 and 1e18"
    )]
    Ok(bytes as u64)
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
    fn size_takes_binary_units_and_bare_bytes() {
        for (text, bytes) in [
            ("512M", 512 << 20),
            ("1.5g", 3 << 29),
            ("2GiB", 2 << 30),
            ("64kb", 64 << 10),
            ("7", 7),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "0", "-1M", "M", "12x", "1e30", "NaN"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

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
