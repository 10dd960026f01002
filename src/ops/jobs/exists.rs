//! Says whether a job exists.

use super::lookup;
use crate::backend::redis::read::Want;
use crate::context::Context;
use crate::error::Result;
use crate::report::job::ExistsReport;

/// Looks for a job. One round trip.
pub fn exists(context: &mut Context, typed: &str) -> Result<ExistsReport> {
    let found = lookup::find(context, typed, Want::default())?;
    Ok(ExistsReport {
        exists: found.is_some(),
        status: found.as_ref().map(|stored| stored.job.status.word().to_owned()),
        id: found.map_or_else(|| typed.to_owned(), |stored| stored.job.id.to_string()),
        notes: Vec::new(),
    })
}
