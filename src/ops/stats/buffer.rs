//! Counts what the monitor has not flushed yet: one list per site in the bench's cache Redis.

use super::Read;
use crate::backend::redis::connect;
use crate::backend::redis::monitor::{buffer_lengths, visit_buffer};
use crate::bench::Bench;
use crate::context::Context;
use crate::error::Result;
use crate::report::stats::Source;
use crate::stats::Tally;

/// What a buffer adds to the log at most, for the room to remember its records: 1,000,000 records
/// are Frappe's cap per site, but a flush every few minutes leaves far fewer.
pub(super) const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// What the connection is called in messages.
const CACHE_REDIS: &str = "cache Redis";

/// A site whose monitor has a buffer.
pub(super) struct Database {
    site: String,
    name: String,
}

/// The databases of the selected sites. One file read per site.
pub(super) fn databases(bench: &Bench, sites: Option<&[String]>) -> Vec<Database> {
    let known = bench.sites();
    let selected = known.names().filter(|name| sites.is_none_or(|s| s.iter().any(|x| x == name)));
    let mut databases: Vec<Database> = selected
        .filter_map(|site| {
            let config = bench.site_config(site);
            Some(Database { site: site.to_owned(), name: config.text("db_name")?.to_owned() })
        })
        .collect();
    // Two sites on one database share their buffer.
    databases.sort_by(|a, b| a.name.cmp(&b.name));
    databases.dedup_by(|a, b| a.name == b.name);
    databases
}

/// Counts the buffers. What cannot be read is told as a source with a problem: the log may be there
/// all the same.
pub(super) fn count(
    context: &mut Context,
    databases: &[Database],
    tally: &mut Tally<'_>,
    read: &mut Read,
) {
    if databases.is_empty() {
        return;
    }
    let mut source = Source {
        name: "buffer in the cache Redis".to_owned(),
        bytes: None,
        records: Some(0),
        problem: None,
    };
    if let Err(error) = visit_all(context, databases, tally, &mut source) {
        let lines: Vec<String> = error.chain().map(ToString::to_string).collect();
        source.problem = Some(context.secrets.text(&lines.join(": ")).into_owned());
    }
    if source.problem.is_some() || source.records > Some(0) {
        read.sources.push(source);
    }
}

fn visit_all(
    context: &mut Context,
    databases: &[Database],
    tally: &mut Tally<'_>,
    source: &mut Source,
) -> Result<()> {
    let Some(endpoint) = context.target()?.cache_endpoint()? else { return Ok(()) };
    let mut link = connect(&endpoint, context.settings.timeout, CACHE_REDIS)?;
    let names: Vec<String> = databases.iter().map(|database| database.name.clone()).collect();
    let lengths = buffer_lengths(&mut link, &names)?;
    for (database, length) in databases.iter().zip(lengths) {
        let part = match length {
            Ok(0) => continue,
            Ok(_) => {
                tally.begin_part(true);
                visit_buffer(&mut link, &database.name, &mut |record| {
                    source.records = source.records.map(|records| records + 1);
                    tally.line(record, true);
                })?
            }
            Err(lack) => Err(lack),
        };
        if let Err(lack) = part {
            source.problem = Some(format!("site `{}`: {lack}", database.site));
        }
    }
    Ok(())
}
