//! `jobctl health`.

use std::fs::OpenOptions;
use std::io::Write as _;

use clap::ValueEnum;
use clap::builder::PossibleValuesParser;

use crate::backend::http::{Hook, Post};
use crate::context::Context;
use crate::env;
use crate::error::{Failure, Kind, Outcome, Result};
use crate::global::non_empty;
use crate::ops::health::{health, names};
use crate::render::{Format, github, junit, nagios};
use crate::report::Layout;
use crate::report::Report as _;
use crate::report::health::{HealthReport, PingLine};

/// Say in one line whether the jobs run, for cron, CI gates and monitoring agents
///
/// The doctor's checks under names that monitoring systems ask for: `queue` (`queue.length`,
/// `queue.failed`, `queue.stalled`), `worker` (`worker.activity`, `worker.processing`),
/// `scheduler` (`scheduler.activity`, `scheduler.processing`), `redis`, `database`, `site`,
/// `config`; `-v` lists them. Where Redis cannot be read, nothing that needs it is healthy. What does
/// not apply to the target is named and no part of the verdict; where nothing that was asked for
/// applies, that is UNKNOWN.
/// Exits 0 when HEALTHY, 1 DEGRADED, 2 UNHEALTHY, 3 UNKNOWN. Changes nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl health
  jobctl health --check worker --check queue.stalled --fail-on unhealthy
  jobctl health --as nagios
  jobctl health --as junit > health.xml
  jobctl -q health --ping-url https://hc-ping.com/YOUR-UUID")]
pub struct Args {
    /// Only these: a gate, a family of gates, one check of the doctor, or `aggregate`;
    /// repeatable [default: aggregate]
    #[arg(long, value_name = "NAME", value_delimiter = ',', hide_possible_values = true,
          value_parser = PossibleValuesParser::new(names()))]
    check: Vec<String>,

    /// The verdict from which on the exit code is not 0; UNKNOWN always exits 3
    #[arg(long, value_name = "VERDICT", default_value = "degraded")]
    fail_on: super::doctor::FailOn,

    /// Print it as a monitoring system reads it, instead of `-o`
    #[arg(long = "as", value_name = "SYSTEM")]
    form: Option<Form>,

    /// Post the outcome to this address. `{code}`, `{verdict}` and `{state}` (`up`, `down`) in it
    /// are replaced; without any of them `/CODE` is appended to its path
    #[arg(long, value_name = "URL", value_parser = non_empty)]
    ping_url: Option<String>,
}

/// What reads the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// One line with figures, for Nagios, Icinga and Checkmk
    Nagios,
    /// XML with a test case per check
    Junit,
    /// Annotations, and the step summary where `GITHUB_STEP_SUMMARY` names its file
    Github,
}

/// Passes the diagnosis through the gates, shows it and tells whoever wants to be told.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    if args.form.is_some() && context.global.output.is_some() {
        let message = "cannot print in two formats: `--as` takes the place of `-o`";
        return Err(Failure::new(Kind::Usage, message).into());
    }
    let ping = args.ping_url.as_deref().map(Ping::parse).transpose()?;
    let mut report = health(context, &args.check, args.fail_on.degraded_fails())?;
    report.ping = ping.map(|ping| ping.send(&report, context)).transpose()?;
    let for_people = matches!(context.ui.format_for(Layout::Human), Format::Table);
    report.verbose |= !for_people;
    let outcome = match args.form {
        None => {
            let scope = context.scope()?;
            context.ui.finish(&scope, &report)?
        }
        Some(form) => {
            let text = match form {
                Form::Nagios => nagios::line(&report),
                Form::Junit => junit::document(&report),
                Form::Github => github::annotations(&report),
            };
            context.ui.raw(text.as_bytes())?;
            if form == Form::Github {
                summarize(&report)?;
            }
            report.outcome()
        }
    };
    // Whoever waits for the ping notices that it did not come; the verdict stays what it is.
    if let Some(PingLine { url, error: Some(why), .. }) = &report.ping {
        let message = format!("cannot post the outcome to `{url}`: {why}");
        context.ui.error(&Failure::new(Kind::Unreachable, message).into());
    }
    Ok(outcome)
}

/// Appends the summary to the file that the runner names.
fn summarize(report: &HealthReport) -> Result<()> {
    let Some(path) = env::read(env::GITHUB_STEP_SUMMARY).filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let file = OpenOptions::new().append(true).create(true).open(&path);
    let written = file.and_then(|mut file| file.write_all(github::summary(report).as_bytes()));
    written.map_err(|error| {
        let message = format!("cannot append the step summary to `{path}`");
        Failure::new(Kind::Io, message).because(error).into()
    })
}

/// Who wants to be told.
struct Ping {
    template: String,
}

impl Ping {
    fn parse(template: &str) -> Result<Self> {
        let ping = Self { template: template.to_owned() };
        ping.hook(0, "HEALTHY")?;
        Ok(ping)
    }

    /// The address for an outcome. Source of the appended code: healthchecks.io, "Signaling
    /// Failures", where a plain ping means success whatever its body says.
    fn hook(&self, code: u8, verdict: &str) -> Result<Hook> {
        let state = if code == 0 { "up" } else { "down" };
        let mut url = self.template.clone();
        if !["{code}", "{verdict}", "{state}"].iter().any(|word| url.contains(word)) {
            let at = url.find(['?', '#']).unwrap_or(url.len());
            let slash = if url[..at].ends_with('/') { "" } else { "/" };
            url.insert_str(at, &format!("{slash}{{code}}"));
        }
        let url = url
            .replace("{code}", &code.to_string())
            .replace("{verdict}", verdict)
            .replace("{state}", state);
        let hook = Hook::parse(&url);
        hook.map_err(|why| {
            Failure::new(Kind::Usage, format!("cannot use the address of `--ping-url`: {why}"))
                .hint("write it as https://HOST/PATH")
                .into()
        })
    }

    /// Posts the outcome; that it cannot is an answer.
    fn send(&self, report: &HealthReport, context: &Context) -> Result<PingLine> {
        let code = report.outcome().exit_code();
        let hook = self.hook(code, report.verdict.word())?;
        let body = serde_json::json!({
            "verdict": report.verdict,
            "exit_code": code,
            "message": report.message,
            "checked_at": report.checked_at,
        });
        let body = body.to_string();
        let post = Post {
            content_type: "application/json",
            fields: &[],
            body: body.as_bytes(),
            ca_file: None,
        };
        let fault = hook.deliver(&post, context.settings.timeout).err();
        Ok(PingLine {
            url: hook.to_string(),
            sent: fault.is_none(),
            cause: fault.as_ref().map(|fault| fault.cause.word()),
            error: fault.map(|fault| fault.why),
        })
    }
}
