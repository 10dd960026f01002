//! What waits: depths of the queues, and the waiting jobs by site and by method.
//!
//! Depths and, where ids carry the site, sites are always exact. Methods stand in payloads: up to
//! [`BUDGET`] jobs all of them are read, beyond it as many from both ends of the queues, unless
//! everything is asked for.

mod lines;
mod listing;
mod relay;
mod scan;
mod tally;

use crate::context::Context;
use crate::error::Result;
use crate::report::pending::PendingReport;
use crate::sys::clock;

pub use listing::list;

/// Jobs whose payloads are read without being asked for all: some 50 ms.
pub const BUDGET: u64 = 20_000;

/// Counts what waits; `exact` reads every job.
pub fn count(context: &mut Context, exact: bool) -> Result<PendingReport> {
    let only = context.sites()?;
    let progress = context.ui.progress("reading jobs", Some(0));
    let secrets = context.secrets;
    let (target, store) = context.parts()?;
    let scope = super::doctor::survey_scope(target, false);
    let depths = store.depths(&scope, clock::now())?;
    let areas = scan::Areas::of(&depths, only.is_some());
    let scanned = scan::scan(store, areas, only.as_deref(), exact, &progress)?;
    drop(progress);
    let oldest = scanned.oldest(store, only.as_deref())?;
    let mut report = lines::report(&depths, scanned, &oldest, target, only.as_deref());
    report.mask(secrets);
    Ok(report)
}
