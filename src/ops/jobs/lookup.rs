//! Finds one job by what an operator types: its id, with or without the site in front.

use crate::backend::redis::read::{StoredJob, Want};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::model::id::JobId;

/// What stands between site and id, per Frappe generation.
const SEPARATORS: [&str; 2] = ["::", "||"];

/// The job that `typed` means; `None` if there is none. One round trip.
///
/// An id that stands there as it is typed wins; else the id is tried behind each selected site.
/// Errors: `Usage` where several sites have one of that name.
pub(in crate::ops) fn find(
    context: &mut Context,
    typed: &str,
    want: Want,
) -> Result<Option<StoredJob>> {
    let ids = candidates(context, typed)?;
    let (target, store) = context.parts()?;
    let prefix = target.prefix();
    let jobs = store.jobs(&ids, want)?;
    let mut found = Vec::new();
    for (at, job) in jobs.into_iter().enumerate() {
        let stored = job.map_err(|lack| {
            Failure::new(Kind::Data, format!("cannot read job `{}`: {lack}", ids[at]))
        })?;
        let Some(stored) = stored else { continue };
        if at == 0 {
            return of_this_bench(stored, prefix.as_deref()).map(Some);
        }
        found.push(stored);
    }
    match found.len() {
        0 | 1 => found.pop().map(|stored| of_this_bench(stored, prefix.as_deref())).transpose(),
        _ => {
            let names: Vec<String> =
                found.iter().map(|stored| format!("`{}`", stored.job.id)).collect();
            Err(Failure::new(
                Kind::Usage,
                format!("job `{typed}` may be one of {}", names.join(", ")),
            )
            .hint("give the whole id, or the site with --site")
            .into())
        }
    }
}

fn candidates(context: &Context, typed: &str) -> Result<Vec<JobId>> {
    let target = context.target()?;
    let sites = match (context.sites()?, &target.bench) {
        (Some(sites), _) => sites,
        (None, Some(bench)) => bench.sites().names().map(str::to_owned).collect(),
        (None, None) => Vec::new(),
    };
    let mut ids = vec![JobId::new(typed.as_bytes())];
    for site in sites {
        ids.extend(SEPARATORS.map(|separator| JobId::new(format!("{site}{separator}{typed}"))));
    }
    Ok(ids)
}

/// A job of another bench is not this bench's to show.
fn of_this_bench(stored: StoredJob, prefix: Option<&str>) -> Result<StoredJob> {
    let other =
        stored.job.origin.as_ref().filter(|queue| prefix.is_some() && queue.prefix() != prefix);
    let Some(other) = other else { return Ok(stored) };
    Err(Failure::new(
        Kind::NotFound,
        format!("job `{}` belongs to another bench: its queue is `{other}`", stored.job.id),
    )
    .hint("name that bench with --bench, or look at all of this Redis with --redis")
    .into())
}
