//! Statistics over executions: decides which sources are read, and makes the report.
//!
//! On a bench the monitor's buffer is read before its log: what a flush moves meanwhile is then met
//! twice, which is noticed, and not missed.

mod buffer;
mod figures;
mod logs;
mod notes;
mod rq;

use std::path::PathBuf;

use jiff::Timestamp;

use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::human;
use crate::report::Scope;
use crate::report::stats::{Source, StatsReport};
use crate::secrets::Secrets;
use crate::stats::scan::{Log, scan};
use crate::stats::seen::Seen;
use crate::stats::tally::Oddities;
use crate::stats::{By, Query, Tally};
use crate::target;
use logs::Opened;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Ask {
    /// What a row is about.
    pub by: By,
    /// Only executions that began at or after then.
    pub since: Option<Timestamp>,
    /// Only executions that began before then.
    pub until: Option<Timestamp>,
    /// How many of the slowest executions are listed.
    pub slowest: usize,
    /// Only scheduled (`true`) or only other (`false`) executions.
    pub scheduled: Option<bool>,
    /// Logs to read instead of the bench's.
    pub files: Vec<PathBuf>,
    /// At most so many rows.
    pub limit: Option<usize>,
    /// Whether spark lines and a histogram are drawn.
    pub drawn: bool,
    /// The present.
    pub now: Timestamp,
}

/// What was read, and how well.
#[derive(Debug, Default)]
struct Read {
    sources: Vec<Source>,
    notes: Vec<String>,
    undated: u64,
    is_unknown: bool,
}

impl Read {
    fn is_partial(&self) -> bool {
        self.sources.iter().any(|source| source.problem.is_some())
    }
}

/// Counts what is asked for.
///
/// Memory does not depend on how much is read. Errors: `Usage` for queues of a log; `NotFound`,
/// `Refused` and `Io` where not one of the named files can be read, `Data` where they hold lines and
/// not one record; those of Redis where it is the only source.
pub fn stats(context: &mut Context, ask: &Ask) -> Result<(Scope, StatsReport)> {
    if !ask.files.is_empty() {
        return of_files(context, ask);
    }
    let scope = context.scope()?;
    let query = query(ask, context.sites()?, context);
    let mut read = Read::default();
    if context.target()?.bench.is_some() {
        if ask.by != By::Queue {
            match of_bench(context, ask, &query)? {
                Ok(report) => return Ok((scope, report)),
                Err(nothing) => read = nothing,
            }
        }
        read.notes.push(notes::no_monitor(context, ask.by)?);
    }
    Ok((scope, of_rq(context, ask, &query, read)?))
}

fn query(ask: &Ask, sites: Option<Vec<String>>, context: &Context) -> Query {
    Query {
        by: ask.by,
        since_us: ask.since.map(Timestamp::as_microsecond),
        until_us: ask.until.map(Timestamp::as_microsecond),
        sites: sites.unwrap_or_default().into_iter().map(String::into_bytes).collect(),
        scheduled: ask.scheduled,
        slowest: ask.slowest,
        zone: context.ui.zone().tz(),
        now_us: ask.now.as_microsecond(),
    }
}

/// Counts named files.
fn of_files(context: &mut Context, ask: &Ask) -> Result<(Scope, StatsReport)> {
    if ask.by == By::Queue {
        return Err(Failure::new(
            Kind::Usage,
            "cannot group a monitor log by queue: Frappe does not write queues into it",
        )
        .hint("leave out --file, to take queues from the jobs that RQ still keeps")
        .hint("or group by another key: --by method")
        .into());
    }
    let sites = target::selected_sites(&context.global)?;
    let scope = Scope { sites: sites.clone(), ..Scope::default() };
    let query = query(ask, sites, context);
    let opened = logs::open_named(&ask.files)?;
    let seen = Seen::for_log_of(bytes_of(&opened));
    let mut tally = Tally::new(&query, &seen);
    let mut read = Read::default();
    scan_logs(context, opened, &query, &seen, &mut tally, &mut read);
    refuse_garbage(ask, tally.oddities())?;
    Ok((scope, report(tally, ask, read, "monitor", context.secrets)))
}

/// Refuses files in which not one record stands: they are no monitor logs.
///
/// Errors: `Data`, with the lines that were read.
fn refuse_garbage(ask: &Ask, met: &Oddities) -> Result<()> {
    let lines = met.unreadable + met.cut_short;
    if met.records > 0 || lines == 0 {
        return Ok(());
    }
    let names: Vec<String> = ask.files.iter().map(|path| format!("`{}`", path.display())).collect();
    let read = match lines {
        1 => "its only line is no record".to_owned(),
        lines => format!("not one of {} is a record", human::counted(lines, "line")),
    };
    let cut = match met.cut_short {
        0 => String::new(),
        cut => format!(" ({} cut short)", human::counted(cut, "last line")),
    };
    let message = format!("cannot understand {} as a monitor log: {read}{cut}", names.join(", "));
    let hint = "a bench keeps it as logs/monitor.json.log, one JSON object in each line";
    Err(Failure::new(Kind::Data, message).hint(hint).into())
}

/// Counts the bench's log and buffers. The inner error: the monitor never wrote anything; what
/// could not be read is in it.
fn of_bench(
    context: &mut Context,
    ask: &Ask,
    query: &Query,
) -> Result<std::result::Result<StatsReport, Read>> {
    let sites = context.sites()?;
    let mut read = Read::default();
    let Some(bench) = &context.target()?.bench else { return Ok(Err(read)) };
    let files = logs::find(bench.root());
    let buffers = buffer::databases(bench, sites.as_deref());
    // A buffer holds far less than a log; what it adds fits in the room for the log.
    let seen = Seen::for_log_of(files.bytes.checked_add(buffer::MOST_BYTES));
    let mut tally = Tally::new(query, &seen);
    buffer::count(context, &buffers, &mut tally, &mut read);
    let opened = logs::open_found(files, &mut read);
    let is_empty = |one: &Opened| one.log.as_ref().is_ok_and(|log| log.bytes() == Some(0));
    let buffered = read.sources.iter().any(|source| source.records > Some(0));
    if !buffered && opened.iter().all(is_empty) {
        return Ok(Err(read));
    }
    scan_logs(context, opened, query, &seen, &mut tally, &mut read);
    Ok(Ok(report(tally, ask, read, "monitor", context.secrets)))
}

/// Counts what RQ still keeps.
fn of_rq(context: &mut Context, ask: &Ask, query: &Query, mut read: Read) -> Result<StatsReport> {
    let seen = Seen::for_log_of(Some(0));
    let mut tally = Tally::new(query, &seen);
    rq::count(context, &mut tally, &mut read)?;
    Ok(report(tally, ask, read, "rq", context.secrets))
}

/// Bytes of all logs; `None` if one is a stream.
fn bytes_of(opened: &[Opened]) -> Option<u64> {
    opened.iter().map(|log| log.log.as_ref().map_or(Some(0), Log::bytes)).sum()
}

fn scan_logs<'q>(
    context: &mut Context,
    opened: Vec<Opened>,
    query: &'q Query,
    seen: &'q Seen,
    tally: &mut Tally<'q>,
    read: &mut Read,
) {
    let progress = context.ui.progress("reading the monitor log", bytes_of(&opened));
    let (mut logs, mut names) = (Vec::new(), Vec::new());
    for opened in opened {
        let bytes = opened.log.as_ref().ok().and_then(Log::bytes);
        let name = context.secrets.text(&opened.name).into_owned();
        let mut source = Source { name, bytes, records: None, problem: None };
        match opened.log {
            Ok(log) => {
                logs.push(log);
                names.push(read.sources.len());
            }
            Err(problem) => source.problem = Some(problem),
        }
        read.sources.push(source);
    }
    for (number, error) in scan(&logs, query, seen, tally, &|bytes| progress.add(bytes)) {
        let source = names.get(number).and_then(|at| read.sources.get_mut(*at));
        if let Some(source) = source {
            source.problem = Some(format!("read only in part: {error}"));
        }
    }
}

fn report(
    tally: Tally<'_>,
    ask: &Ask,
    mut read: Read,
    source: &'static str,
    secrets: Secrets,
) -> StatsReport {
    let counted = tally.finish();
    notes::add(&counted, source, &mut read);
    let mut report = figures::report(counted, ask, secrets);
    report.source = source;
    report.left_out.undated_jobs = read.undated;
    report.is_partial = read.is_partial();
    report.is_unknown = read.is_unknown;
    report.sources = read.sources;
    if report.rows_left_out > 0 {
        read.notes.push(format!(
            "only {} of {} rows are shown; --limit 0 shows all of them",
            report.rows.len(),
            report.rows.len() + report.rows_left_out
        ));
    }
    report.notes = read.notes;
    report
}
