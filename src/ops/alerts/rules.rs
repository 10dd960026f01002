//! Which rules there are: those that ship, changed and joined by those of the settings, each
//! checked as a whole.

use std::time::Duration;

use toml::Spanned;

use super::expr::{self, Expr, Number, Unit, is_windowed, parse};
use crate::error::{Failure, Kind, Result};
use crate::global;
use crate::model::health::Severity;
use crate::nearby;
use crate::settings::alerts::{AlertFile, Amount, RuleSettings, Source};

/// The time over which rates are taken unless told.
const WINDOW_S: u64 = 300;

/// Rules of one file: more is a slip of a generator.
const MOST: usize = 500;

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rule {
    /// Its name.
    pub(super) name: String,
    /// When it fires.
    pub(super) condition: Expr,
    /// What `threshold` stands for.
    pub(super) threshold: Option<Number>,
    /// Seconds over which rates are taken.
    pub(super) window_s: u64,
    /// How long the condition must hold.
    pub(super) hold: Duration,
    /// After which it is told again.
    pub(super) repeat: Option<Duration>,
    /// How bad it is.
    pub(super) severity: Severity,
    /// Who is told.
    pub(super) channels: Vec<String>,
    /// Words of the operator.
    pub(super) message: Option<String>,
    /// Whether it is looked at.
    pub(super) enabled: bool,
    /// Whether nothing of it stands in the settings.
    pub(super) is_shipped: bool,
}

impl Rule {
    fn shipped(
        name: &str,
        condition: &str,
        threshold: Option<(f64, Unit)>,
        severity: Severity,
    ) -> Option<Self> {
        let threshold = threshold.map(|(digits, unit)| Number { digits, unit });
        Some(Self {
            name: name.to_owned(),
            // A test reads each of them.
            condition: parse(condition, threshold).ok()?,
            threshold,
            window_s: WINDOW_S,
            hold: Duration::ZERO,
            repeat: None,
            severity,
            channels: Vec::new(),
            message: None,
            enabled: true,
            is_shipped: true,
        })
    }

    /// The condition as it is written, with the threshold in its place.
    pub(super) fn in_words(&self) -> String {
        match self.threshold {
            Some(number) => self.condition.filled(number).to_string(),
            None => self.condition.to_string(),
        }
    }

    /// The longest time over which a part of it is taken; `None` where it is taken at one moment.
    pub(super) fn longest_window_s(&self) -> Option<u64> {
        let mut longest = None;
        self.condition.selections(&mut |selection| {
            if is_windowed(&selection.name) {
                longest = longest.max(Some(selection.window_s.unwrap_or(self.window_s)));
            }
        });
        longest
    }
}

/// The rules that hold without settings.
fn shipped() -> Vec<Rule> {
    let rules = [
        Rule::shipped("redis", "redis_up == 0", None, Severity::Critical),
        Rule::shipped(
            "failure-rate",
            "failure_rate >= threshold",
            Some((5.0, Unit::Percent)),
            Severity::Warning,
        ),
        Rule::shipped(
            "timeout",
            "longest_running > threshold",
            Some((600.0, Unit::Seconds)),
            Severity::Warning,
        ),
        Rule::shipped(
            "backlog",
            "backlog >= threshold",
            Some((1_000.0, Unit::None)),
            Severity::Warning,
        ),
        Rule::shipped(
            "errors",
            "error_log_rate > threshold",
            Some((100.0, Unit::PerHour)),
            Severity::Warning,
        ),
    ];
    rules.into_iter().flatten().collect()
}

/// The rules that ship, changed and joined by those of the settings.
///
/// Errors: `Config` with file, line and column of what is wrong.
pub(super) fn rules(file: &AlertFile) -> Result<Vec<Rule>> {
    let mut rules = shipped();
    if file.rules.len() > MOST {
        let message = format!("cannot watch {} rules: {MOST} at most", file.rules.len());
        return Err(Failure::new(Kind::Config, message).into());
    }
    for (name, settings) in &file.rules {
        check_name("alert", name, settings, &file.source)?;
        match rules.iter_mut().find(|rule| rule.name == *name) {
            Some(rule) => *rule = changed(name, Some(rule), settings, file)?,
            None => rules.push(changed(name, None, settings, file)?),
        }
    }
    for rule in &mut rules {
        if rule.channels.is_empty() && !names_channels(file, &rule.name) {
            rule.channels = file.channels.keys().cloned().collect();
        }
    }
    Ok(rules)
}

/// Whether the settings say who is told of a rule, be it nobody.
fn names_channels(file: &AlertFile, rule: &str) -> bool {
    file.rules.get(rule).is_some_and(|rule| rule.get_ref().channels.is_some())
}

/// Names stand in state files, headers and variables.
pub(super) fn check_name<T>(
    table: &str,
    name: &str,
    at: &Spanned<T>,
    source: &Source,
) -> Result<()> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !name.is_empty() && name.len() <= 64 && name.chars().all(is_plain) {
        return Ok(());
    }
    let why = format!(
        "`{name}` is no name of an {table}: letters, digits, `-`, `_` and `.` make one of 64 at most"
    );
    Err(source.wrong(&at.span(), &why.replace("an channel", "a channel")).into())
}

/// A rule as the settings have it, on the ground of one that ships.
fn changed(
    name: &str,
    ground: Option<&Rule>,
    settings: &Spanned<RuleSettings>,
    file: &AlertFile,
) -> Result<Rule> {
    let (source, written) = (&file.source, settings.get_ref());
    let threshold = written.threshold.as_ref().map(|text| number(text, source)).transpose()?;
    let threshold = threshold.or(ground.and_then(|rule| rule.threshold));
    let condition = condition(name, ground, threshold, settings, source)?;
    if let (Some(at), false) = (&written.threshold, condition.uses_threshold()) {
        let why = "the condition has no `threshold` in it";
        return Err(source.wrong(&at.span(), why).into());
    }
    let window_s = match &written.window {
        None => ground.map_or(WINDOW_S, |rule| rule.window_s),
        Some(text) => {
            let mut is_used = false;
            condition.selections(&mut |selection| is_used |= is_windowed(&selection.name));
            if !is_used {
                let why = "nothing in the condition is taken over a time";
                return Err(source.wrong(&text.span(), why).into());
            }
            time(text, source, 1.0..=86_400.0, "between 1s and 24h")?.as_secs()
        }
    };
    let lasting = |text: &Option<Spanned<Amount>>, least: f64| {
        let fits = least..=30.0 * 86_400.0;
        text.as_ref().map(|text| time(text, source, fits, "up to 30d")).transpose()
    };
    let severity = match &written.severity {
        None => ground.map_or(Severity::Warning, |rule| rule.severity),
        Some(text) => severity(text, source)?,
    };
    let hold = lasting(&written.hold, 0.0)?;
    let repeat = lasting(&written.repeat, 1.0)?;
    Ok(Rule {
        name: name.to_owned(),
        threshold: condition.uses_threshold().then_some(threshold).flatten(),
        condition,
        window_s,
        hold: hold.unwrap_or_else(|| ground.map_or(Duration::ZERO, |rule| rule.hold)),
        repeat: repeat.or(ground.and_then(|rule| rule.repeat)),
        severity,
        channels: channels(written, file)?,
        message: written.message.clone(),
        enabled: written.enabled.unwrap_or(true),
        is_shipped: false,
    })
}

fn condition(
    name: &str,
    ground: Option<&Rule>,
    threshold: Option<Number>,
    settings: &Spanned<RuleSettings>,
    source: &Source,
) -> Result<Expr> {
    let Some(text) = &settings.get_ref().condition else {
        let Some(ground) = ground else {
            let why = format!("the alert `{name}` has no `condition`");
            let failure = source.wrong(&settings.span(), &why);
            let shipped = shipped();
            let known = shipped.iter().map(|rule| rule.name.as_str());
            return Err(nearby::hint(failure, name, known).into());
        };
        // Its units were checked against the threshold that ships, not against this one.
        let ground = ground.condition.to_string();
        return parse(&ground, threshold).map_err(|wrong| {
            let at = settings.get_ref().threshold.as_ref().map_or(settings.span(), Spanned::span);
            source.wrong(&at, &wrong.why).into()
        });
    };
    parse(text.get_ref(), threshold).map_err(|wrong| {
        let failure = source.wrong_inside(text, wrong.at, &wrong.why);
        wrong.hints.iter().fold(failure, |failure, hint| failure.hint(hint.clone())).into()
    })
}

fn channels(written: &RuleSettings, file: &AlertFile) -> Result<Vec<String>> {
    let mut channels: Vec<String> = Vec::new();
    for channel in written.channels.iter().flatten() {
        let name = channel.get_ref();
        if !file.channels.contains_key(name) {
            let why = format!("there is no channel `{name}`");
            let failure = file.source.wrong(&channel.span(), &why);
            let known = file.channels.keys().map(String::as_str);
            let failure = nearby::hint(failure, name, known);
            return Err(failure.hint(format!("describe it as [channel.{name}]")).into());
        }
        if !channels.contains(name) {
            channels.push(name.clone());
        }
    }
    Ok(channels)
}

fn number(amount: &Spanned<Amount>, source: &Source) -> Result<Number> {
    match amount.get_ref() {
        Amount::Number(digits) if digits.is_finite() && (0.0..=1e15).contains(digits) => {
            Ok(Number { digits: *digits, unit: Unit::None })
        }
        Amount::Number(digits) => {
            let why = format!("`{digits}` is no threshold: a number from 0 on");
            Err(source.wrong(&amount.span(), &why).into())
        }
        Amount::Text(text) => expr::number(text).map_err(|wrong| {
            source.wrong(&amount.span(), &format!("`{text}`: {}", wrong.why)).into()
        }),
    }
}

/// A length of time within bounds.
pub(super) fn time(
    amount: &Spanned<Amount>,
    source: &Source,
    fits: std::ops::RangeInclusive<f64>,
    which: &str,
) -> Result<Duration> {
    let (text, read) = match amount.get_ref() {
        Amount::Number(seconds) => {
            let read = Duration::try_from_secs_f64(*seconds).map_err(|error| error.to_string());
            (seconds.to_string(), read)
        }
        Amount::Text(text) if text == "0s" => (text.clone(), Ok(Duration::ZERO)),
        Amount::Text(text) => (text.clone(), global::duration(text)),
    };
    let read = read.and_then(|time| {
        if fits.contains(&time.as_secs_f64()) { Ok(time) } else { Err(which.to_owned()) }
    });
    read.map_err(|why| {
        source.wrong(&amount.span(), &format!("cannot use `{text}` as a time: {why}")).into()
    })
}

fn severity(text: &Spanned<String>, source: &Source) -> Result<Severity> {
    match text.get_ref().as_str() {
        "info" => Ok(Severity::Info),
        "warning" => Ok(Severity::Warning),
        "critical" => Ok(Severity::Critical),
        other => {
            let why = format!("`{other}` is no severity: known are info, warning and critical");
            Err(source.wrong(&text.span(), &why).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::settings::Settings;

    fn read(text: &str) -> Result<Vec<Rule>> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("jobctl.toml");
        std::fs::write(&path, text).unwrap();
        let global = crate::global::Global { config: Some(path), ..Default::default() };
        rules(&Settings::resolve(&global, None::<&Path>)?.alerts)
    }

    fn refusal(text: &str) -> String {
        let error = read(text).expect_err(text);
        assert_eq!(crate::error::exit_code_of(&error), 78, "{error}");
        error
            .to_string()
            .rsplit_once("jobctl.toml`, ")
            .map_or_else(String::new, |at| at.1.to_owned())
    }

    #[test]
    fn rules_ship_and_can_be_changed_and_switched_off() {
        let shipped: Vec<_> = shipped().into_iter().map(|rule| rule.name).collect();
        assert_eq!(shipped, ["redis", "failure-rate", "timeout", "backlog", "errors"]);
        let words: Vec<_> = super::shipped().iter().map(Rule::in_words).collect();
        let expected = [
            "redis_up == 0",
            "failure_rate >= 5 %",
            "longest_running > 600s",
            "backlog >= 1000",
            "error_log_rate > 100/h",
        ];
        assert_eq!(
            (words, super::shipped()[1].window_s),
            (expected.map(str::to_owned).to_vec(), 300)
        );
        let text = "[alert.backlog]\nthreshold = 5\n[alert.timeout]\nenabled = false\n\
                    [alert.failure-rate]\nwindow = \"1h\"\nthreshold = \"10 %\"\n";
        let rules = read(text).unwrap();
        let rule = |name: &str| rules.iter().find(|rule| rule.name == name).unwrap();
        assert_eq!(rule("backlog").in_words(), "backlog >= 5");
        assert!(!rule("timeout").enabled && rule("redis").is_shipped);
        assert_eq!(rule("failure-rate").longest_window_s(), Some(3_600));
        assert_eq!(rule("failure-rate").in_words(), "failure_rate >= 10 %");
    }

    #[test]
    fn rule_without_channels_tells_all_and_with_none_nobody() {
        let channels = "[channel.a]\ntype = \"exec\"\n[channel.b]\ntype = \"exec\"\n";
        let rules = read(&format!(
            "{channels}[alert.x]\ncondition = \"redis_up == 0\"\nchannels = []\n\
             [alert.y]\ncondition = \"redis_up == 0\"\nchannels = [\"b\", \"b\"]\n"
        ))
        .unwrap();
        let of = |name: &str| rules.iter().find(|rule| rule.name == name).unwrap().channels.clone();
        assert_eq!(
            (of("x").len(), of("y"), of("redis")),
            (0, vec!["b".to_owned()], vec!["a".into(), "b".into()])
        );
    }

    #[test]
    fn what_is_wrong_with_a_rule_is_named_with_its_place() {
        for (text, said) in [
            (
                "[alert.x]\ncondition = \"jobctl_queue_lenght > 5\"",
                "line 2, column 14: there is no metric or quantity `jobctl_queue_lenght`",
            ),
            (
                "[alert.x]\ncondition = \"backlog > 5 and workers < x\"",
                "line 2, column 40: `x` stands where a number was expected",
            ),
            (
                "[alert.x]\ncondition = '''\nbacklog > 5 s'''",
                "line 3, column 11: `backlog` is a count, `5s` is a time",
            ),
            (
                "[alert.x]\nseverity = \"bad\"\ncondition = \"redis_up == 0\"",
                "line 2, column 12: `bad` is no severity",
            ),
            (
                "[alert.x]\ncondition = \"redis_up == 0\"\nchannels = [\"ops\"]",
                "line 3, column 13: there is no channel `ops`",
            ),
            (
                "[alert.x]\ncondition = \"redis_up == 0\"\nthreshold = 5",
                "line 3, column 13: the condition has no `threshold`",
            ),
            (
                "[alert.x]\ncondition = \"redis_up == 0\"\nwindow = \"5m\"",
                "line 3, column 10: nothing in the condition is taken over a time",
            ),
            (
                "[alert.x]\ncondition = \"redis_up == 0\"\nfor = \"soon\"",
                "line 3, column 7: cannot use `soon` as a time",
            ),
            (
                "[alert.backlog]\nthreshold = \"5 %\"",
                "line 2, column 13: `backlog` is a count, `5 %` is a share",
            ),
            (
                "[alert.backlogs]\nenabled = true",
                "column 1: the alert `backlogs` has no `condition`",
            ),
            (
                "[alert.x]\ncondition = \"redis_up == 0\"\nfro = \"5m\"",
                "line 3, column 1: unknown field `fro`",
            ),
            ("[alert.\"a b\"]\ncondition = \"redis_up == 0\"", "`a b` is no name of an alert"),
            (
                "[alert.x]\ncondition = \"check(\\\"queue\\\") > 5\"",
                "line 2, column 13: `5` stands where a severity was expected",
            ),
        ] {
            let refusal = refusal(text);
            assert!(refusal.contains(said), "{text}\n{refusal}");
        }
    }
}
