//! Finds one job by what an operator types: its id, with or without the site in front.

use std::collections::BTreeSet;

use crate::backend::redis::read::{ID_PAGE, Place, StoredJob, Want};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::model::id::JobId;
use crate::model::queue::Registry;
use crate::ops::scope;

/// What stands between site and id, per Frappe generation.
pub(in crate::ops) const SEPARATORS: [&str; 2] = ["::", "||"];

/// Fewer characters than this are no beginning of an id but a typing error.
const LEAST_BEGINNING: usize = 4;

/// Ids that are named where a beginning fits several.
const NAMED: usize = 5;

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
    let selected = context.sites()?;
    let (target, store) = context.parts()?;
    let prefix = target.prefix();
    let jobs = store.jobs(&ids, want)?;
    let mut found = Vec::new();
    for (at, job) in jobs.into_iter().enumerate() {
        let stored = job.map_err(|lack| {
            Failure::new(Kind::Data, format!("cannot read job `{}`: {lack}", ids[at]))
        })?;
        let Some(stored) = stored else { continue };
        // A job of another site than the selected ones is not the one that is meant.
        let site = stored.job.id.site();
        if selected
            .as_ref()
            .is_some_and(|sites| site.is_some_and(|s| !sites.iter().any(|x| x == s)))
        {
            continue;
        }
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

/// What may stand behind the site in the id of the job that is meant by `typed`.
///
/// Source: `create_job_id` of v16 and later, which turns each colon of a given id into a bar.
pub(in crate::ops) fn behind_site(typed: &str) -> impl Iterator<Item = String> {
    let [colons, bars] = SEPARATORS;
    let barred = typed.contains(':').then(|| format!("{bars}{}", typed.replace(':', "|")));
    [format!("{colons}{typed}"), format!("{bars}{typed}")].into_iter().chain(barred)
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
        ids.extend(behind_site(typed).map(|behind| JobId::new(format!("{site}{behind}"))));
    }
    Ok(ids)
}

/// The one job in a list or registry whose id, or its part behind the site, begins with `typed`;
/// a table cuts ids short, and what it shows can be pasted with its `…`.
///
/// Cost: reads the ids of every place until more fit than can be named. Errors: `Usage` where
/// several fit.
pub(super) fn by_beginning(context: &mut Context, typed: &str) -> Result<Option<JobId>> {
    let beginning = typed.trim_end_matches('…');
    if beginning.chars().count() < LEAST_BEGINNING {
        return Ok(None);
    }
    let queues = scope::all_queues(context)?;
    let store = context.store()?;
    let mut fitting = BTreeSet::new();
    for queue in queues {
        let registries = Registry::ALL.map(|registry| Place::Registry(registry, queue.clone()));
        for place in [Place::Queue(queue.clone())].into_iter().chain(registries) {
            let mut start = 0;
            while fitting.len() <= NAMED {
                // What cannot be read holds no job that could be shown.
                let Ok(entries) = store.entries(&place, start, ID_PAGE)? else { break };
                let last = entries.len() < ID_PAGE;
                let ids = entries.into_iter().map(|entry| entry.id);
                fitting.extend(ids.filter(|id| begins_with(&id.text(), beginning)));
                start += ID_PAGE;
                if last {
                    break;
                }
            }
        }
    }
    if fitting.len() > 1 {
        return Err(several(typed, &fitting).into());
    }
    Ok(fitting.pop_first())
}

fn begins_with(id: &str, beginning: &str) -> bool {
    let behind_site = SEPARATORS.iter().find_map(|separator| id.split_once(separator));
    id.starts_with(beginning) || behind_site.is_some_and(|(_, own)| own.starts_with(beginning))
}

fn several(typed: &str, fitting: &BTreeSet<JobId>) -> Failure {
    let named: Vec<String> = fitting.iter().take(NAMED).map(|id| format!("`{id}`")).collect();
    let more = if fitting.len() > NAMED { " and more" } else { "" };
    let named = named.join(", ");
    Failure::new(Kind::Usage, format!("job `{typed}` may be one of {named}{more}"))
        .hint("give more of the id; `jobctl jobs list -o wide` shows ids whole")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_with_looks_at_the_id_and_behind_its_site() {
        assert!(begins_with("erp::4d00-11", "erp::4d"));
        assert!(begins_with("erp::4d00-11", "4d00"));
        assert!(begins_with("erp||4d00-11", "4d00"));
        assert!(!begins_with("erp::4d00-11", "d00"));
        assert!(!begins_with("erp::4d00-11", "11"));
    }
}
