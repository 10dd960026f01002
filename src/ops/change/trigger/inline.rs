//! Has Frappe run the types itself, one after the other, as `bench trigger-scheduler-event` does:
//! at once, whatever is stopped, paused or runs in a worker.
//!
//! Frappe ends with 0 whether a job fails or not, so that only the Scheduled Job Log tells.

use std::collections::HashSet;
use std::os::fd::AsFd as _;
use std::process::Stdio;

use super::choose::OfSites;
use super::follow::{Ended, judge, logged};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::human;
use crate::journal::{AuditLine, End, Ending, Header};
use crate::ops::change::{How, apply};
use crate::ops::switch::places::bench_of;
use crate::ops::{frappe_process, switch};
use crate::report::trigger::{TriggerReport, TriggerRow, Triggered};
use crate::sys::clock;
use crate::sys::signals::Interrupts;

/// What is done, for messages.
const WHAT: &str = "run scheduled jobs";

/// The verb in the audit log.
const VERB: &str = "trigger-inline";

/// Runs what is planned; nothing of it can be undone, and a line in the audit log says so.
///
/// Errors: `Refused` as root on somebody else's bench and where the operator says no, `NotFound`
/// without the bench's Python.
pub(super) fn run(
    context: &mut Context,
    report: &mut TriggerReport,
    types: &OfSites,
    how: &How,
) -> Result<()> {
    let again = "trigger-scheduler-event … --inline";
    frappe_process::command(bench_of(context)?, &[], WHAT, again)?;
    leave_unfit_alone(report);
    if how.dry_run || report.in_state(Triggered::Planned).next().is_none() {
        return Ok(());
    }
    confirm(context, report, how)?;
    let interrupts = Interrupts::catch()?;
    let header = apply::header(context, VERB, report.types.len() as u64, how, None)?;
    for at in 0..report.types.len() {
        if interrupts.seen().is_some() {
            break;
        }
        let Some(row) = report.types.get_mut(at).filter(|r| r.state == Triggered::Planned) else {
            continue;
        };
        let line = format!("{}: {}", row.site, row.method);
        context.ui.status(&line);
        let began = clock::now();
        let ended = run_row(context, row)?;
        let mut logs = logged(context, report, types, &[(at, Some(began))])?;
        if let Some(row) = report.types.get_mut(at) {
            judge(row, ended, logs.remove(&at), context.secrets);
        }
    }
    report.interrupted_by = interrupts.seen();
    audit(context, report, &header)
}

fn confirm(context: &mut Context, report: &TriggerReport, how: &How) -> Result<()> {
    let types = report.in_state(Triggered::Planned).count() as u64;
    let mut sites: Vec<&str> = report.types.iter().map(|row| row.site.as_str()).collect();
    sites.dedup();
    let what = format!("run {}", human::counted(types, "job type"));
    switch::scope::confirm(context, &what, &sites, how)
}

/// Frappe takes a method, of which later versions can have several types; it runs the first.
fn leave_unfit_alone(report: &mut TriggerReport) {
    let mut seen: HashSet<(String, String)> = HashSet::new();
    for row in &mut report.types {
        let reason = if row.method.starts_with('-') || row.method.is_empty() {
            "its method would be read as a flag"
        } else if !seen.insert((row.site.clone(), row.method.clone())) {
            "Frappe runs one type of a method, and another one has the same"
        } else {
            continue;
        };
        row.state = Triggered::LeftAlone;
        row.reason = Some(reason.to_owned());
    }
}

/// Runs one type; what it prints goes to standard error, as standard output is the report's.
fn run_row(context: &Context, row: &TriggerRow) -> Result<Ended> {
    let arguments = ["--site", &row.site, "trigger-scheduler-event", &row.method];
    let mut command = frappe_process::command(bench_of(context)?, &arguments, WHAT, "")?;
    let talk = std::io::stderr().as_fd().try_clone_to_owned();
    let talk = talk
        .map_err(|error| Failure::new(Kind::Io, "cannot pass standard error on").because(error))?;
    command.stdin(Stdio::null()).stdout(talk);
    let status = command.status().map_err(|error| frappe_process::not_started(&command, &error))?;
    Ok(match status.code() {
        Some(0) => Ended::Finished,
        Some(code) => Ended::Failed(format!("Frappe ended with exit code {code}")),
        None => Ended::Failed("a signal ended Frappe".to_owned()),
    })
}

fn audit(context: &Context, report: &TriggerReport, header: &Header) -> Result<()> {
    let planned = report.in_state(Triggered::Planned).count() as u64;
    let left = planned + report.in_state(Triggered::LeftAlone).count() as u64;
    let ending = match report.interrupted_by {
        Some(_) => Ending::Interrupted,
        None => Ending::Done,
    };
    let changed = report.types.len() as u64 - left;
    let end = End { ended_at: clock::now(), ending, changed, skipped: left };
    context.journals()?.audit(&AuditLine::of(header, &end, false))
}
