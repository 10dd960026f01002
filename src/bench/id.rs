//! The bench id: what stands before the colon in the names of this bench's queues.
//!
//! Several benches can share a Redis; the id keeps them apart. It is computed as Frappe does, so
//! a linked bench or a linked `apps/frappe` gives another id than the path that is typed.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Config, Environment, Family, Origin};
use crate::env;

/// The prefix of a bench's queues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BenchId {
    /// The prefix, without the colon.
    pub value: String,
    /// Where it came from.
    pub source: IdSource,
}

/// Where a bench id came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdSource {
    /// The key `bench_id`.
    Config(Origin),
    /// `FRAPPE_BENCH_ROOT`, taken as it is written.
    Environment(String),
    /// The real path three levels above the package `frappe`.
    FrappePath(PathBuf),
    /// The bench's own real path, as there is no package `frappe` under `apps`.
    BenchPath(PathBuf),
}

impl BenchId {
    /// Derives the id for code that runs under `config`; `None` for v13.
    ///
    /// Source: `get_bench_id` in `frappe/utils/background_jobs.py`, `get_bench_path` in
    /// `frappe/utils/__init__.py`.
    pub(super) fn derive(
        family: Family,
        config: &Config,
        environment: &Environment,
        root: &Path,
    ) -> Option<Self> {
        if !family.has_queue_prefix() {
            return None;
        }
        if let Some(setting) = config.get("bench_id") {
            let value = python_text(&setting.value);
            return Some(Self { value, source: IdSource::Config(setting.origin.clone()) });
        }
        let source = Self::path_of(family, environment, root);
        let value = match &source {
            IdSource::Environment(path) => dashed(path),
            IdSource::FrappePath(path) | IdSource::BenchPath(path) => {
                dashed(&path.to_string_lossy())
            }
            IdSource::Config(_) => return None,
        };
        Some(Self { value, source })
    }

    fn path_of(family: Family, environment: &Environment, root: &Path) -> IdSource {
        let variable = environment.get_filled(env::FRAPPE_BENCH_ROOT);
        if let Some(path) = variable.filter(|_| family.reads_environment()) {
            return IdSource::Environment(path.to_owned());
        }
        // Resolving `..` must be left to the kernel: behind a link it leads elsewhere.
        match std::fs::canonicalize(root.join("apps/frappe/frappe/../../..")) {
            Ok(path) => IdSource::FrappePath(path),
            Err(_) => IdSource::BenchPath(
                std::fs::canonicalize(root).unwrap_or_else(|_| root.to_path_buf()),
            ),
        }
    }

    /// The name in Redis of one of the bench's queues.
    pub fn queue(&self, name: &str) -> String {
        format!("{}:{name}", self.value)
    }
}

/// A site whose own file sets another `bench_id` than the bench has: its jobs go to queues that no
/// worker of the bench serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitId {
    /// The site.
    pub site: String,
    /// The file that sets it.
    pub path: PathBuf,
    /// What it sets.
    pub value: String,
}

/// Tells whether `site`'s own file splits it from the bench's workers.
pub fn split_id(bench: &BenchId, site: &str, config: &Config) -> Option<SplitId> {
    let setting = config.get("bench_id")?;
    let Origin::Site(path) = &setting.origin else { return None };
    let value = python_text(&setting.value);
    (value != bench.value).then(|| SplitId {
        site: site.to_owned(),
        path: path.to_path_buf(),
        value,
    })
}

fn dashed(path: &str) -> String {
    path.trim_matches('/').replace('/', "-")
}

/// What Python puts into a text for a value: Frappe does not ask what kind it is.
fn python_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    }
}
