//! Alerts: rules over what `metrics` and the doctor find, and who is told when they begin and cease
//! to hold.
//!
//! One way through: settings → [`rules`] and [`channel`]s; a measurement ([`readings`]) and what is
//! [`remembered`] of earlier ones → an [`expr`] in three values → how the rule stands ([`standing`])
//! → a [`message`] → the mailboxes ([`deliver`]). [`watch`] is the loop around it, and the only part
//! that has a [`state`] on disk.

mod channel;
mod deliver;
pub mod expr;
mod message;
mod readings;
mod remembered;
mod rules;
mod standing;
mod state;
mod watch;

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::human;
use crate::nearby;
use crate::ops::change::approve::refuse_read_only;
use crate::report::alerts::{AlertRow, AlertState, AlertsReport, ChannelRow, ChannelsReport};
use crate::sanitize::shell_quote;
use crate::secrets::Secrets;
use crate::sys::clock::{self, Stopwatch};
use crate::sys::proc::hostname;
use channel::Channel;
use expr::{Evidence, Judgement, Lack, Truth};
use message::{Event, Place, clean};
use readings::Readings;
use rules::Rule;
pub use watch::watch;

/// Rules and channels of the settings, checked as a whole.
fn described(context: &Context) -> Result<(Vec<Rule>, Vec<Channel>)> {
    let file = &context.settings.alerts;
    let channels = channel::channels(file, context.settings.timeout)?;
    Ok((rules::rules(file)?, channels))
}

/// Judges every rule once, by one measurement; sends nothing and keeps nothing.
///
/// Errors: `Config` for rules that are wrong, with file, line and column; those of
/// [`crate::ops::metrics::metrics`]. An outage is an answer.
pub fn check(context: &mut Context) -> Result<AlertsReport> {
    let (rules, channels) = described(context)?;
    let readings = Readings::take(context)?;
    let view = readings.with(None);
    let mut notes = BTreeSet::new();
    let mut rows = Vec::new();
    for rule in &rules {
        let judged =
            rule.enabled.then(|| rule.condition.judge(&view, rule.threshold, rule.window_s));
        if judged.is_some() {
            notes.extend(short_window(rule, &readings));
        }
        if !rule.hold.is_zero() && judged.as_ref().is_some_and(|j| j.truth == Truth::True) {
            let hold = human::age(rule.hold.as_secs_f64());
            notes.insert(format!("`{}` is told once it has held for {hold}", rule.name));
        }
        rows.push(row(rule, judged.as_ref(), context.secrets));
    }
    rows.sort_by_key(|row| (row.state, std::cmp::Reverse(row.severity)));
    if channels.is_empty() {
        notes
            .insert("nobody is told: the settings describe no channel ([channel.NAME])".to_owned());
    }
    let count = |state| rows.iter().filter(|row| row.state == state).count();
    Ok(AlertsReport {
        firing: count(AlertState::Firing),
        unknown: count(AlertState::Unknown),
        alerts: rows,
        checked_at: readings.at,
        notes: notes.into_iter().collect(),
    })
}

/// That RQ forgets finished jobs sooner than a rule wants to look back.
fn short_window(rule: &Rule, readings: &Readings) -> Option<String> {
    let window_s = rule.longest_window_s()? as f64;
    let reach = readings.ends.values().map(|ends| ends.reach_s).fold(f64::INFINITY, f64::min);
    (reach < window_s).then(|| {
        format!(
            "`{}` looks back {} of {}: RQ has forgotten earlier jobs, `alerts run` remembers them",
            rule.name,
            human::age(reach),
            human::age(window_s)
        )
    })
}

fn row(rule: &Rule, judged: Option<&Judgement>, secrets: Secrets) -> AlertRow {
    let evidence = judged.map(|judged| judged.evidence.as_slice()).unwrap_or_default();
    let number = evidence.iter().find_map(|evidence| match evidence {
        Evidence::Number { value, dimension, .. } => Some((*value, dimension.unit())),
        Evidence::Finding { .. } => None,
    });
    let state = judged.map_or(AlertState::Disabled, state_of);
    let decides = |evidence: &&Evidence| evidence.holds() || state != AlertState::Firing;
    let told = || evidence.iter().filter(decides);
    let is_unknown = matches!(state, AlertState::Unknown | AlertState::NotApplicable);
    AlertRow {
        alert: rule.name.clone(),
        state,
        severity: rule.severity,
        condition: rule.in_words(),
        value: number.map(|(value, _)| value),
        unit: number.map(|(_, unit)| unit),
        brief: told().next().map_or_else(String::new, |e| clean(&e.in_brief(), secrets)),
        evidence: told().map(|evidence| clean(&evidence.in_words(), secrets)).collect(),
        why: judged.filter(|_| is_unknown).map(|judged| clean(&why(judged), secrets)),
        for_s: rule.hold.as_secs_f64(),
        channels: rule.channels.clone(),
        shipped: rule.is_shipped,
    }
}

fn state_of(judged: &Judgement) -> AlertState {
    match judged.truth {
        Truth::True => AlertState::Firing,
        Truth::False => AlertState::Ok,
        Truth::Unknown if judged.lacks.iter().all(Lack::is_by_nature) => AlertState::NotApplicable,
        Truth::Unknown => AlertState::Unknown,
    }
}

/// Why a rule is unknown: what could not be read, before what is not there.
fn why(judged: &Judgement) -> String {
    let mut lacks: Vec<&Lack> = judged.lacks.iter().collect();
    lacks.sort_by_key(|lack| lack.is_by_nature());
    lacks.first().map_or_else(|| "not known".to_owned(), |lack| lack.why.clone())
}

/// Sends a message that says that it is a test through a channel, or through each.
///
/// Errors: `NotFound` for a channel that is not there; `Refused` for a program where nothing may be
/// executed. That a channel fails is an answer.
pub fn test(context: &Context, wanted: Option<&str>) -> Result<ChannelsReport> {
    let (_, mut channels) = described(context)?;
    if let Some(name) = wanted {
        if !channels.iter().any(|channel| channel.name == name) {
            let failure = Failure::new(Kind::NotFound, format!("there is no channel `{name}`"));
            let known = channels.iter().map(|channel| channel.name.as_str());
            let failure = nearby::hint(failure, name, known);
            return Err(failure.hint(format!("describe it as [channel.{name}]")).into());
        }
        channels.retain(|channel| channel.name == name);
    }
    if channels.is_empty() {
        let message = "there is no channel to test";
        return Err(Failure::new(Kind::NotFound, message)
            .hint("describe one in config/jobctl.toml: [channel.ops] with type = \"mail\"")
            .into());
    }
    if channels.iter().any(Channel::executes) {
        refuse_read_only(context, "run the program of a channel")?;
    }
    let (place, secrets) = (place(context)?, context.secrets);
    let try_one = |channel: &Channel| {
        let watch = Stopwatch::start();
        let event = Event::test(&channel.name, clock::now(), &place);
        let sent = channel.send(&event, &AtomicBool::new(false));
        let why = sent.as_ref().map_or_else(|why| Some(why.clone()), Clone::clone);
        ChannelRow {
            channel: channel.name.clone(),
            kind: channel.kind(),
            sent: sent.is_ok(),
            why: why.map(|why| clean(&why, secrets)),
            took_ms: u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    };
    let rows = std::thread::scope(|threads| {
        let tried: Vec<_> =
            channels.iter().map(|channel| threads.spawn(|| try_one(channel))).collect();
        let joined = tried
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        joined.collect()
    });
    Ok(ChannelsReport { channels: rows, notes: Vec::new() })
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

/// Where messages come from.
fn place(context: &Context) -> Result<Place> {
    let scope = context.scope()?;
    let clean = |text: &str| clean(text, context.secrets);
    let target = context.target()?;
    // Whoever reads a message is not in the bench's directory.
    let command = match &target.bench {
        Some(bench) => format!("jobctl --bench {}", shell_quote(&bench.root().to_string_lossy())),
        None => target.command(),
    };
    Ok(Place {
        host: clean(&hostname().unwrap_or_else(|| "this host".to_owned())),
        bench: scope.bench.as_deref().map(clean),
        redis: scope.redis.as_deref().map(clean),
        command: clean(&command),
    })
}
