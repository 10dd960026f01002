//! Which queues a `jobctl worker-pool` serves whose pools stand in the settings.

use std::collections::{BTreeMap, BTreeSet};

use super::process::{Job, Pools, Process};
use crate::bench::Bench;
use crate::global::Global;
use crate::settings::{PoolSettings, Settings};

/// Puts the queues in the place of the pools, as [`crate::ops::pool`] reads them.
///
/// The settings are those that the process itself would find; whatever keeps it from starting is its
/// fault, and then it serves nothing.
pub(super) fn resolve(process: &mut Process, bench: &Bench) {
    let Job::Pools(pools) = &process.job else { return };
    let global = Global { config: pools.config.clone(), ..Global::default() };
    let served = Settings::resolve(&global, Some(bench.root()))
        .map_err(|failure| failure.to_string())
        .and_then(|settings| queues(pools, &settings.pools, bench));
    match served {
        Ok(queues) => process.job = Job::Worker(queues),
        Err(why) => {
            let fix = "[pool.NAME] in config/jobctl.toml of the bench".to_owned();
            process.faults.push((format!("it does not start: {why}"), fix));
        }
    }
}

/// The queues of all these pools, each once.
fn queues(
    pools: &Pools,
    known: &BTreeMap<String, PoolSettings>,
    bench: &Bench,
) -> Result<Vec<String>, String> {
    let all = || bench.queues().into_iter().map(|queue| queue.name);
    if pools.names.is_empty() && known.is_empty() {
        return Ok(all().collect());
    }
    let are_all = pools.names.is_empty() || pools.names.iter().any(|name| name == "all");
    let names: Vec<&String> =
        if are_all { known.keys().collect() } else { pools.names.iter().collect() };
    let mut served: Vec<String> = Vec::new();
    for name in names {
        let pool = known.get(name).ok_or_else(|| format!("the settings have no pool `{name}`"))?;
        let queues: Vec<String> = match &pool.queues {
            Some(queues) => queues.split(',').map(|queue| queue.trim().to_owned()).collect(),
            None => all().collect(),
        };
        served.extend(queues);
    }
    let mut seen = BTreeSet::new();
    served.retain(|queue| seen.insert(queue.clone()));
    if served.is_empty() {
        return Err("the settings have no pools".to_owned());
    }
    Ok(served)
}
