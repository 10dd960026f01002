//! Failures of all kinds, gathered into groups: the failed jobs that RQ keeps, and the Error Log of
//! the sites.

mod groups;
mod retry;
mod signature;

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::backend::site_db::read::ERROR_CHARS;
use crate::backend::site_db::{Access, DbError, DbFault, Fleet, SiteDb};
use crate::bench::Bench;
use crate::context::Context;
use crate::error::{Failure, Kind, Result, failure_of};
use crate::human;
use crate::model::selection::{Selection, State, in_state_since};
use crate::ops::jobs::find::{Finder, Flow, Found, Shown};
use crate::ops::jobs::refuse_ambiguous_sites;
use crate::ops::scope::Reach;
use crate::ops::sites::read::{read_until, selected};
use crate::report::errors::{ErrorClass, ErrorsReport, GroupReport, LogRow};
use crate::schedule::SiteZone;
use crate::sys::clock;
pub use groups::By;
use groups::{Event, Groups, MOST_GROUPS, Origin};
use signature::Signature;

/// Rows of a site's Error Log that are read, the newest.
const MOST_ROWS: u32 = 5_000;

/// Sites that are read at a time: each may hold [`MOST_ROWS`] texts.
const SITES_AT_A_TIME: usize = 4;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Only what failed then or later.
    pub since: Timestamp,
    /// What a group is about.
    pub by: By,
    /// Only failures of these classes; empty for all.
    pub classes: Vec<ErrorClass>,
}

/// Gathers failures into groups.
///
/// Cost: that of reading every failed job of the window, and a query to each site's database, a
/// few sites at a time. Memory is that of the groups. What cannot be read is told; it is an error
/// only where nothing can.
pub fn errors(context: &mut Context, ask: &Ask) -> Result<ErrorsReport> {
    let (groups, read) = gather(context, ask, None)?;
    let mut report = ErrorsReport {
        since: ask.since,
        by: ask.by.word(),
        groups: groups.rows(context.target()?, clock::now()),
        failed_jobs: groups.jobs,
        logged: groups.logged,
        incomplete: read.incomplete,
        notes: read.notes,
    };
    report.mask(context.secrets);
    Ok(report)
}

/// Shows one group, by the first characters of its name.
///
/// Errors: `NotFound` where no group of the window is called so, `Usage` where several are.
pub fn show(context: &mut Context, ask: &Ask, name: &str) -> Result<GroupReport> {
    let name = name.to_ascii_lowercase();
    let (groups, read) = gather(context, ask, Some(&name))?;
    let ids: Vec<String> = groups.ids_like(&name);
    match ids.as_slice() {
        [] => Err(Failure::new(
            Kind::NotFound,
            format!("cannot show the errors `{name}`: no group since {} is called so", ask.since),
        )
        .hint("jobctl errors lists the groups; --since looks further back")
        .into()),
        [id] => {
            let group = groups.group(context.target()?, &name, clock::now());
            let (mut row, traceback, truncated) = group.ok_or_else(|| {
                anyhow::anyhow!("a group that was listed is gone; this is a bug in jobctl")
            })?;
            let reached = match groups.flags(id).filter(|_| row.failed_jobs > 0) {
                Some(flags) => retry::aim(context, id, ask.since, flags, clock::now())?,
                None => None,
            };
            if let Some(reached) = &reached {
                row.retry = Some(reached.command.clone());
            }
            let mut report = GroupReport {
                row,
                retry_jobs: reached.as_ref().map(|reached| reached.jobs),
                retry_others: reached.as_ref().map(|reached| reached.others),
                traceback,
                truncated,
                incomplete: read.incomplete,
                notes: read.notes,
            };
            report.mask(context.secrets);
            Ok(report)
        }
        several => Err(Failure::new(
            Kind::Usage,
            format!("cannot show the errors `{name}`: it begins the names of several groups"),
        )
        .hint(format!("write one of {}", several.join(", ")))
        .into()),
    }
}

/// What must be known of a reading.
#[derive(Debug, Default)]
struct Reading {
    incomplete: bool,
    notes: Vec<String>,
}

/// Reads both sources; `wanted` begins the name of the group whose text is kept.
fn gather(context: &mut Context, ask: &Ask, wanted: Option<&str>) -> Result<(Groups, Reading)> {
    let now = clock::now();
    let mut groups = Groups::new(ask.by, (ask.since, now), context.sites()?, wanted);
    let mut read = Reading::default();
    let logged = read_logs(context, ask, now, &mut groups, &mut read)?;
    match read_jobs(context, ask, now, &mut groups, &mut read) {
        Ok(()) => {}
        Err(error) if logged && failure_of(&error).is_some_and(is_outage) => {
            context.disconnect();
            read.incomplete = true;
            let why = failure_of(&error).map(ToString::to_string).unwrap_or_default();
            read.notes.push(format!("the failed jobs are missing: {why}"));
        }
        Err(error) => return Err(error),
    }
    if groups.is_full() {
        read.notes.push(format!(
            "more than {} groups: the rarest, of these those that ended longest ago, are summed up as \
             `other`, and some of the counts are too low by what is in there; a shorter --since shows \
             each",
            human::count(MOST_GROUPS as u64)
        ));
    }
    Ok((groups, read))
}

fn is_outage(failure: &Failure) -> bool {
    matches!(failure.kind(), Kind::Unreachable | Kind::TryAgain | Kind::Io)
}

/// Reads the failed jobs of all queues in scope.
fn read_jobs(
    context: &mut Context,
    ask: &Ask,
    now: Timestamp,
    groups: &mut Groups,
    read: &mut Reading,
) -> Result<()> {
    let reach = Reach::read(context)?;
    let queues = reach.every_queue()?;
    let unseen = reach.unseen_prefix();
    read.incomplete |= unseen.is_some();
    read.notes.extend(unseen);
    let selection = Selection {
        sites: context.sites()?,
        states: vec![State::Failed],
        since: Some(ask.since),
        ..Selection::default()
    };
    let progress = context.ui.progress("reading failed jobs", None);
    let (target, store) = context.parts()?;
    refuse_ambiguous_sites(target, store, &selection, &queues, now)?;
    let shown = Shown { headline: true, failure: true };
    let mut finder = Finder::new(store, &selection, shown, now);
    finder.visit(&queues, &mut |found: Found| {
        progress.add(1);
        let text = found.failure.as_deref().unwrap_or_default();
        let signature = Signature::of(text);
        if !ask.classes.is_empty() && !ask.classes.contains(&signature.class) {
            return Ok(Flow::More);
        }
        let site = found.site().map(std::borrow::Cow::into_owned);
        let at = found.job.as_ref().and_then(|job| in_state_since(State::Failed, job));
        groups.add(Event {
            signature,
            at: at.unwrap_or(now),
            queue: Some(target.short_name(found.place.queue())),
            site: site.as_deref(),
            method: found.headline.as_ref().map(|headline| &*headline.method),
            origin: Origin::Job(&found.entry.id),
            text,
            cut: false,
        });
        Ok(Flow::More)
    })?;
    read.incomplete |= finder.unread.is_incomplete();
    read.notes.extend(finder.unread.notes());
    Ok(())
}

/// A row, already taken apart: the text of most is not kept.
struct Logged {
    name: String,
    at: Timestamp,
    title: Option<String>,
    signature: Signature,
    text: String,
    cut: bool,
}

/// Reads the Error Log of the selected sites; whether any could be read.
fn read_logs(
    context: &mut Context,
    ask: &Ask,
    now: Timestamp,
    groups: &mut Groups,
    read: &mut Reading,
) -> Result<bool> {
    let Some(bench) = context.target()?.bench.as_ref() else { return Ok(false) };
    let sites = selected(context, bench)?;
    let keep = groups.keeper();
    let found = read_until(bench, &sites, fleet(context.settings.timeout), |_, db| {
        read_log(db, bench, ask, now, &|id| keep.keeps(id))
    });
    let mut any = false;
    for site in found {
        match site.found {
            Ok((rows, full)) => {
                any = true;
                if full {
                    read.notes.push(format!(
                        "{}: only the newest {MOST_ROWS} rows of its Error Log were read",
                        site.site
                    ));
                }
                for row in rows {
                    groups.add(Event {
                        signature: row.signature,
                        at: row.at,
                        queue: None,
                        site: Some(&site.site),
                        method: row.title.as_deref(),
                        origin: Origin::Log(LogRow { site: site.site.clone(), name: row.name }),
                        text: &row.text,
                        cut: row.cut,
                    });
                }
            }
            Err(error) if error.fault() == DbFault::NoneThere => {}
            Err(error) => {
                read.incomplete = true;
                read.notes.push(format!("the Error Log is missing: {}", error.failure(&site.site)));
            }
        }
    }
    Ok(any)
}

fn fleet(timeout: Duration) -> Fleet {
    // A moment further away may not be representable.
    let most = Duration::from_secs(24 * 60 * 60);
    let deadline = Instant::now() + timeout.saturating_mul(6).min(most);
    Fleet { bound: SITES_AT_A_TIME, timeout, deadline, access: Access::Read }
}

/// Reads the rows of one site, and whether there are more.
fn read_log(
    db: &mut SiteDb,
    bench: &Bench,
    ask: &Ask,
    now: Timestamp,
    keeps: &dyn Fn(&str) -> bool,
) -> Result<(Vec<Logged>, bool), DbError> {
    let settings = db.system_settings()?;
    let zone = SiteZone::of_setting(settings.time_zone.as_deref(), bench.frappe().family());
    let rows = db.logged_errors(zone.clock_at(ask.since), MOST_ROWS)?;
    let full = u32::try_from(rows.len()) == Ok(MOST_ROWS);
    let rows = rows.into_iter().filter_map(|row| {
        let text = row.error.unwrap_or_default();
        let signature = Signature::of(&text);
        if !ask.classes.is_empty() && !ask.classes.contains(&signature.class) {
            return None;
        }
        let cut = text.chars().count() >= ERROR_CHARS;
        let text = if keeps(&signature.id()) { text } else { String::new() };
        let at = row.logged_at.and_then(|at| zone.reached_at(at)).unwrap_or(now);
        Some(Logged { name: row.name, at, title: row.title, signature, text, cut })
    });
    Ok((rows.collect(), full))
}
