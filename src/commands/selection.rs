//! The selection language: the flags by which every command that names jobs selects them.

use std::time::Duration;

use clap::ArgAction;
use globset::GlobBuilder;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use regex::RegexBuilder;

use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::global::{duration, non_empty};
use crate::model::id::JobId;
use crate::model::selection::{Selection, State};
use crate::ops;
use crate::sys::clock;

/// Largest compiled regular expression: patterns come from the command line, texts from Redis.
const REGEX_BYTES: usize = 1 << 20;

/// The flags of the selection language. All that are given must hold.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Selection")]
pub(super) struct SelectionArgs {
    /// Only jobs of this queue, by its short or full name; repeatable
    #[arg(long, value_name = "QUEUE", value_parser = non_empty, value_delimiter = ',')]
    pub queue: Vec<String>,

    /// Only jobs in this state; repeatable
    #[arg(long, value_name = "STATE", value_delimiter = ',')]
    pub status: Vec<State>,

    /// Only jobs whose method fits this pattern, such as `erpnext.*.submit`
    #[arg(long, value_name = "GLOB", value_parser = non_empty)]
    pub method: Option<String>,

    /// Only Frappe jobs of this event: scheduled jobs by the frequency of their type, such as
    /// `daily_long` (`any`: all of them), others by the event that they were enqueued for; repeatable
    #[arg(long, value_name = "EVENT", value_parser = non_empty, value_delimiter = ',')]
    pub event: Vec<String>,

    /// Only Frappe jobs that this user enqueued
    #[arg(long, value_name = "USER", value_parser = non_empty)]
    pub user: Option<String>,

    /// Only jobs whose failure fits this regular expression, in any letter case
    #[arg(long, value_name = "REGEX", value_parser = non_empty)]
    pub exception: Option<String>,

    /// Only jobs with this value among their arguments, as `filters.company=ACME`; repeatable
    #[arg(long = "arg", value_name = "PATH=VALUE", value_parser = argument)]
    pub args: Vec<(String, String)>,

    /// Only jobs that have been in their state for this long, such as 2h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub older_than: Option<Duration>,

    /// Only jobs that came into their state since then: a time, or how long ago
    #[arg(long, value_name = "WHEN", value_parser = non_empty)]
    pub since: Option<String>,

    /// Only jobs that came into their state before then: a time, or how long ago
    #[arg(long, value_name = "WHEN", value_parser = non_empty)]
    pub until: Option<String>,

    /// Only the job with this id; repeatable
    #[arg(long, value_name = "ID", value_parser = non_empty, action = ArgAction::Append)]
    pub id: Vec<String>,
}

impl SelectionArgs {
    /// Resolves names of queues and sites, patterns and times.
    ///
    /// Errors: `Usage` for a pattern or time that cannot be read, `NotFound` for an unknown queue
    /// or site.
    pub(super) fn resolve(&self, context: &mut Context) -> Result<Selection> {
        let now = clock::now();
        let when = |flag: &str, text: &Option<String>| {
            text.as_deref().map(|text| instant(flag, text, now, context.settings.utc)).transpose()
        };
        Ok(Selection {
            since: when("--since", &self.since)?,
            until: when("--until", &self.until)?,
            sites: context.sites()?,
            queues: ops::scope::queues(context, &self.queue)?,
            states: self.status.clone(),
            ids: self.id.iter().map(|id| JobId::new(id.as_bytes())).collect(),
            method: self.method.as_deref().map(glob).transpose()?,
            event: ops::job_types::event_filter(context, &self.event)?,
            user: self.user.clone(),
            exception: self.exception.as_deref().map(regex).transpose()?,
            args: self.args.clone(),
            older_than_s: self.older_than.map(|time| time.as_secs_f64()),
        })
    }
}

fn argument(text: &str) -> std::result::Result<(String, String), String> {
    match text.split_once('=') {
        Some((path, value)) if !path.is_empty() => Ok((path.to_owned(), value.to_owned())),
        _ => Err("write it as PATH=VALUE, for example doctype=Invoice".to_owned()),
    }
}

pub(super) fn glob(pattern: &str) -> Result<globset::GlobMatcher> {
    let glob = GlobBuilder::new(pattern).literal_separator(false).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|error| {
        Failure::new(Kind::Usage, format!("cannot use `{pattern}` as `--method`: {}", error.kind()))
            .into()
    })
}

fn regex(pattern: &str) -> Result<regex::Regex> {
    let regex = RegexBuilder::new(pattern).case_insensitive(true).size_limit(REGEX_BYTES).build();
    regex.map_err(|error| {
        Failure::new(Kind::Usage, format!("cannot use `{pattern}` as `--exception`: {error}"))
            .into()
    })
}

/// A point in time: `2h` ago, a date, a date with a time, or RFC 3339 with a zone.
pub(super) fn instant(flag: &str, text: &str, now: Timestamp, utc: bool) -> Result<Timestamp> {
    if let Ok(ago) = duration(text) {
        return Ok(now.checked_sub(ago).unwrap_or(Timestamp::UNIX_EPOCH));
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant);
    }
    let zone = if utc { TimeZone::UTC } else { TimeZone::system() };
    let civil = text
        .parse::<DateTime>()
        .or_else(|_| text.parse::<jiff::civil::Date>().map(|date| date.at(0, 0, 0, 0)));
    civil
        .ok()
        .and_then(|civil| civil.to_zoned(zone).ok())
        .map(|zoned| zoned.timestamp())
        .ok_or_else(|| {
            Failure::new(Kind::Usage, format!("cannot read `{text}` as `{flag}`"))
            .hint("write for example 2h, 2026-11-21, \"2026-11-21 09:30\" or 2026-11-21T09:30:00Z")
            .into()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instant_takes_ages_dates_and_zoned_times() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let read = |text| instant("--since", text, now, true).unwrap().to_string();
        assert_eq!(read("2h"), "2026-11-21T10:00:00Z");
        assert_eq!(read("2026-11-20"), "2026-11-20T00:00:00Z");
        assert_eq!(read("2026-11-20 09:30"), "2026-11-20T09:30:00Z");
        assert_eq!(read("2026-11-20T09:30:00+01:00"), "2026-11-20T08:30:00Z");
        assert!(instant("--since", "yesterday-ish", now, true).is_err());
    }

    #[test]
    fn glob_star_spans_dots() {
        let glob = glob("erpnext.*.submit").unwrap();
        assert!(glob.is_match("erpnext.stock.utils.submit"));
        assert!(!glob.is_match("erpnext.stock.utils.submit_all"));
        assert!(super::glob("[").is_err());
    }

    #[test]
    fn argument_needs_a_path() {
        assert_eq!(argument("a.b=c=d").unwrap(), ("a.b".to_owned(), "c=d".to_owned()));
        assert!(argument("=x").is_err());
        assert!(argument("x").is_err());
    }
}
