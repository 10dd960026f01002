//! Where a job runs and what it is called, as Frappe or RQ itself would have it.

use std::io::Read as _;

use super::Order;
use crate::bench::{Bench, Family};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::model::generation::Generation;
use crate::model::id::JobId;
use crate::ops::change::dialect::Custom;

/// The one site that a Frappe job runs on; `None` for plain RQ.
pub(super) fn site_of(context: &Context) -> Result<Option<String>> {
    let mut named = context.sites()?.unwrap_or_default();
    let target = context.target()?;
    let Some(bench) = &target.bench else {
        return match named.len() {
            0 => Ok(None),
            1 => Ok(named.pop()),
            _ => Err(several_sites()),
        };
    };
    if named.is_empty() {
        named = bench.sites().names().map(str::to_owned).collect();
    }
    match named.len() {
        1 => Ok(named.pop()),
        0 => Err(Failure::new(Kind::Config, "cannot enqueue a job: the bench has no site").into()),
        _ => Err(several_sites()),
    }
}

fn several_sites() -> anyhow::Error {
    Failure::new(Kind::Usage, "cannot enqueue a job: it runs on one site, and several are meant")
        .hint("name the site with --site")
        .into()
}

/// The id as Frappe or RQ would make it, legal for the newest reader.
///
/// Source: `frappe.utils.background_jobs.create_job_id` (v14 to v17): v14 puts the site only
/// before a given id; v16 turns each colon in a given id into a bar.
pub(super) fn id_of(
    context: &Context,
    order: &Order,
    site: Option<&str>,
    newest: Option<Generation>,
    custom: Custom,
) -> Result<JobId> {
    let bench = context.target()?.bench.as_ref();
    let family = bench.map(|bench| bench.frappe().family());
    let separator = match (newest, site) {
        (_, None) => None,
        _ if family == Some(Family::V13) => None,
        // Neither separator is legal any more.
        (Some(newest), _) if newest >= Generation::new(2, 8) => None,
        (Some(newest), _) if newest >= Generation::new(2, 0) => Some("||"),
        _ => bench.and_then(Bench::job_id_separator).or(custom.separator),
    };
    let bare_when_random = family == Some(Family::V14);
    Ok(match (&order.job_id, site, separator) {
        (Some(given), Some(site), Some(separator)) => {
            let given = if separator == "||" { given.replace(':', "|") } else { given.clone() };
            JobId::new(format!("{site}{separator}{given}"))
        }
        (Some(given), ..) => JobId::new(given.as_bytes()),
        (None, Some(site), Some(separator)) if !bare_when_random => {
            JobId::new(format!("{site}{separator}{}", random_uuid()?))
        }
        (None, ..) => JobId::new(random_uuid()?),
    })
}

/// A random UUID (version 4), as both RQ and Frappe make them.
fn random_uuid() -> Result<String> {
    let mut bytes = [0_u8; 16];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(|e| Failure::new(Kind::Io, "cannot read `/dev/urandom`").because(e))?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    Ok([part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-"))
}
