//! Frappe's cache of documents, from which a document that was written to the database is to go.
//!
//! Only deletes: what is in there are pickles. From 16 on the scheduler goes by the cached System
//! Settings, so a change has no effect before they are gone; up to 15, and for job types always, it
//! reads the rows, and only the desk shows the old value. Deleting comes after the commit: a reader
//! in between would put the old document back.

use redis::cmd;

use super::places::bench_of;
use super::rows::{JOB_TYPE, SETTINGS};
use crate::backend::redis::keys::{CacheEntry, cached_document};
use crate::backend::redis::{Link, connect};
use crate::backend::site_db::Settings;
use crate::bench::Family;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::journal::SwitchPlace;
use crate::report::switch::Stale;

/// The cache Redis of the bench; connects on first use.
#[derive(Default)]
pub(super) struct DocumentCache {
    link: Option<Link>,
    /// Why it could not be used: it is not tried again for every site.
    fault: Option<String>,
    stale: Option<Stale>,
}

impl DocumentCache {
    /// Deletes the document of a place, where Frappe caches one. One round trip.
    pub(super) fn forget(&mut self, context: &Context, place: &SwitchPlace) {
        let (site, doctype, name) = match place {
            SwitchPlace::ConfigKey { .. } => return,
            SwitchPlace::Singles { site, .. } => (site, SETTINGS, SETTINGS),
            SwitchPlace::Column { site, row, .. } => (site, JOB_TYPE, row.as_str()),
        };
        let Err(error) = self.delete(context, site, doctype, name) else { return };
        let why = format!("{error:#}");
        if self.link.is_none() {
            self.fault = Some(why.clone());
        }
        let family = bench_of(context).map_or(Family::Unknown, |bench| bench.frappe().family());
        let counts =
            doctype == SETTINGS && matches!(family, Family::V16 | Family::V17 | Family::Unknown);
        self.stale = Some(Stale { why, counts });
    }

    /// What the last deletion left behind.
    pub(super) fn take_stale(&mut self) -> Option<Stale> {
        self.stale.take()
    }

    fn delete(&mut self, context: &Context, site: &str, doctype: &str, name: &str) -> Result<()> {
        if let Some(fault) = &self.fault {
            return Err(Failure::new(Kind::Unreachable, fault.clone()).into());
        }
        let bench = bench_of(context)?;
        let database = Settings::of(bench, site).map_err(|error| error.failure(site))?;
        let entries = cached_document(bench.frappe().family(), database.database(), doctype, name);
        let mut pipeline = redis::Pipeline::with_capacity(entries.len());
        for entry in entries {
            pipeline.add_command(match entry {
                CacheEntry::Key(key) => cmd("DEL").arg(key).take(),
                CacheEntry::Field { hash, field } => cmd("HDEL").arg(hash).arg(field).take(),
            });
        }
        let mut link = match self.link.take() {
            Some(link) => link,
            None => open(context)?,
        };
        for reply in link.pipeline(&pipeline)? {
            reply.map_err(|error| link.refused("delete a cached document", &error))?;
        }
        self.link = Some(link);
        Ok(())
    }
}

fn open(context: &Context) -> Result<Link> {
    let endpoint = context.target()?.cache_endpoint()?.ok_or_else(|| {
        Failure::new(Kind::Config, "cannot find the cache Redis: this is no bench")
    })?;
    connect(&endpoint, context.settings.timeout, "cache Redis")
}
