//! Keeps sites of the same name in different benches apart where no bench was named.

use jiff::Timestamp;

use super::find::{Finder, Flow, Shown};
use crate::backend::redis::read::Store;
use crate::error::{Failure, Kind, Result};
use crate::model::id::QueueName;
use crate::model::selection::Selection;
use crate::target::Target;

/// Refuses a site that has jobs under several prefixes: it is another site in each of them.
///
/// Looks no further than the first job of the site in each bench; without a second prefix among
/// `queues` it looks at nothing. Errors: `Usage`, naming the prefixes.
pub(in crate::ops) fn refuse_ambiguous_sites(
    target: &Target,
    store: &mut Store,
    selection: &Selection,
    queues: &[QueueName],
    now: Timestamp,
) -> Result<()> {
    if target.bench.is_some() || !selection.queues.is_empty() {
        return Ok(());
    }
    let mut prefixes: Vec<Option<&str>> = queues.iter().map(QueueName::prefix).collect();
    prefixes.sort_unstable();
    prefixes.dedup();
    if prefixes.len() < 2 {
        return Ok(());
    }
    for site in selection.sites.iter().flatten() {
        let only = Selection { sites: Some(vec![site.clone()]), ..Selection::default() };
        let mut holding = Vec::new();
        for prefix in &prefixes {
            let own = queues.iter().filter(|queue| queue.prefix() == *prefix);
            let own: Vec<QueueName> = own.cloned().collect();
            let mut held = false;
            Finder::new(store, &only, Shown::default(), now).visit(&own, &mut |_| {
                held = true;
                Ok(Flow::Enough)
            })?;
            if held {
                holding.push(prefix.map_or("no prefix".to_owned(), |name| format!("`{name}`")));
            }
        }
        if holding.len() > 1 {
            let benches = holding.join(", ");
            return Err(Failure::new(
                Kind::Usage,
                format!("site `{site}` stands in several benches on this Redis: {benches}"),
            )
            .hint("name one of them with --bench, or its queues with --queue")
            .into());
        }
    }
    Ok(())
}
