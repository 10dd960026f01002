//! The merged configuration of a bench or a site, with the origin of every value.
//!
//! Merges as Frappe does: the common file, over it the site's file, key by key and not deeper;
//! then the environment; then defaults. Writes nothing but single keys ([`edit`]), and never shows a
//! value in `Debug`.
//!
//! Source: `get_site_config` in `frappe/__init__.py` (v13 to v15) and `frappe/config.py` (later).

pub mod edit;
mod file;
mod lock;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::{ConfigProblem, Environment, Family};
use crate::env;

pub use edit::{ConfigEdit, ConfigName, Waiting};
pub(super) use file::{ConfigFile, MAX_SIZE, Patience};
pub use value::{integer, is_deceptive, truthy};

/// The switches that stop a site's scheduler, in the order in which Frappe asks for them.
pub const SWITCHES: [&str; 3] = ["maintenance_mode", "pause_scheduler", "disable_scheduler"];

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// This site's file, or the stray one that processes without a site read.
    Site(Arc<Path>),
    /// The common file.
    Common(Arc<Path>),
    /// An environment variable of this name.
    Environment(&'static str),
    /// Frappe's default: nothing sets it.
    Default,
}

impl Origin {
    /// The file, if it was one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Site(path) | Self::Common(path) => Some(path),
            Self::Environment(_) | Self::Default => None,
        }
    }
}

/// A value and where it came from.
#[derive(Clone, PartialEq)]
pub struct Setting {
    /// The value as the file has it; from the environment always text.
    pub value: Value,
    /// Where it came from.
    pub origin: Origin,
}

/// Texts, lists and objects are not shown: passwords hide in all of them, in URLs above all.
impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value: &dyn fmt::Debug = match &self.value {
            plain @ (Value::Null | Value::Bool(_) | Value::Number(_)) => plain,
            hidden => &value::kind_of(hidden),
        };
        f.debug_struct("Setting").field("value", value).field("origin", &self.origin).finish()
    }
}

/// A merged configuration. Merging costs one copy of its values.
#[derive(Debug, Clone)]
pub struct Config {
    settings: BTreeMap<String, Setting>,
    common: Arc<ConfigFile>,
    site: Option<Arc<ConfigFile>>,
    family: Family,
}

/// What each file says about one key.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Standing<'a> {
    /// The value in the common file, and that file.
    pub common: Option<(&'a Value, &'a Path)>,
    /// The value in the site's file, and that file.
    pub site: Option<(&'a Value, &'a Path)>,
}

impl<'a> Standing<'a> {
    /// The value in force, and the file that sets it.
    pub fn in_force(&self) -> Option<(&'a Value, &'a Path)> {
        self.site.or(self.common)
    }

    /// Whether the value in force counts as true.
    pub fn is_on(&self) -> bool {
        self.in_force().is_some_and(|(value, _)| truthy(value))
    }

    /// Whether the site's file takes back what the common file says, or the reverse.
    pub fn is_contested(&self) -> bool {
        match (self.common, self.site) {
            (Some((common, _)), Some((site, _))) => truthy(common) != truthy(site),
            _ => false,
        }
    }
}

impl Config {
    /// Merges the files, the environment and the defaults of a Frappe version.
    pub(super) fn merge(
        common: Arc<ConfigFile>,
        site: Option<Arc<ConfigFile>>,
        environment: &Environment,
        family: Family,
    ) -> Self {
        let mut settings = BTreeMap::new();
        overlay(&mut settings, &common, &Origin::Common(Arc::clone(&common.path)));
        if let Some(site) = &site {
            overlay(&mut settings, site, &Origin::Site(Arc::clone(&site.path)));
        }
        for (key, variable) in overrides(family) {
            if let Some(text) = environment.get_filled(variable) {
                let origin = Origin::Environment(variable);
                settings.insert(key.to_owned(), Setting { value: text.into(), origin });
            }
        }
        let defaults = [
            ("redis_queue", family.default_redis_queue()),
            ("redis_cache", family.default_redis_cache()),
        ];
        for (key, default) in defaults {
            let Some(default) = default else { continue };
            // Python's `or`: a value that counts as false gives way too.
            if !settings.get(key).is_some_and(|setting: &Setting| truthy(&setting.value)) {
                let setting = Setting { value: default.into(), origin: Origin::Default };
                settings.insert(key.to_owned(), setting);
            }
        }
        Self { settings, common, site, family }
    }

    /// The value of a key; `None` where nothing sets it.
    ///
    /// Only the two Redis URLs have their defaults filled in.
    pub fn get(&self, key: &str) -> Option<&Setting> {
        self.settings.get(key)
    }

    /// Whether a key is set to something that counts as true in Python.
    pub fn is_on(&self, key: &str) -> bool {
        self.get(key).is_some_and(|setting| truthy(&setting.value))
    }

    /// The text under a key; `None` also for the empty text and for other kinds.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.value.as_str().filter(|text| !text.is_empty())
    }

    /// The Frappe version by whose rules the configuration was merged.
    pub fn family(&self) -> Family {
        self.family
    }

    /// All settings, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.settings.iter().map(|(key, setting)| (key.as_str(), setting))
    }

    /// What each file says about a key, so that the reason for a pause names the right one.
    pub fn standing(&self, key: &str) -> Standing<'_> {
        fn look<'a>(file: &'a ConfigFile, key: &str) -> Option<(&'a Value, &'a Path)> {
            file.values.get(key).map(|value| (value, &*file.path))
        }
        Standing {
            common: look(&self.common, key),
            site: self.site.as_deref().and_then(|site| look(site, key)),
        }
    }

    /// The files that could not be used, the common one first.
    pub fn problems(&self) -> impl Iterator<Item = &ConfigProblem> {
        let files = [Some(&self.common), self.site.as_ref()];
        files.into_iter().flatten().filter_map(|file| file.problem.as_ref())
    }

    /// The file over which this Frappe version refuses to start; older ones go on without it.
    pub fn refused_by_frappe(&self) -> Option<&ConfigProblem> {
        self.problems()
            .find(|problem| self.family.refuses_broken_config() && problem.fault.stops_new_frappe())
    }

    /// The key `extra_config`, where this version calls it: functions that may change every value
    /// after the merge, so that only Python knows the truth.
    pub fn extra_config(&self) -> Option<&Setting> {
        let setting = self.get("extra_config").filter(|setting| truthy(&setting.value))?;
        self.family.calls_extra_config().then_some(setting)
    }

    /// The files that every user of the machine may write.
    pub fn world_writable(&self) -> impl Iterator<Item = &Path> {
        let files = [Some(&self.common), self.site.as_ref()];
        files.into_iter().flatten().filter(|file| file.world_writable).map(|file| &*file.path)
    }
}

fn overlay(settings: &mut BTreeMap<String, Setting>, file: &ConfigFile, origin: &Origin) {
    for (key, value) in &file.values {
        let setting = Setting { value: value.clone(), origin: origin.clone() };
        settings.insert(key.clone(), setting);
    }
}

/// Which environment variables win over which keys.
fn overrides(family: Family) -> impl Iterator<Item = (&'static str, &'static str)> {
    let basic = [
        ("redis_queue", env::FRAPPE_REDIS_QUEUE),
        ("redis_cache", env::FRAPPE_REDIS_CACHE),
        ("db_type", env::FRAPPE_DB_TYPE),
        ("db_host", env::FRAPPE_DB_HOST),
        ("db_port", env::FRAPPE_DB_PORT),
    ];
    let database = [
        ("db_socket", env::FRAPPE_DB_SOCKET),
        ("db_name", env::FRAPPE_DB_NAME),
        ("db_user", env::FRAPPE_DB_USER),
        ("db_password", env::FRAPPE_DB_PASSWORD),
    ];
    let basic = basic.into_iter().filter(move |_| family.reads_environment());
    basic.chain(database.into_iter().filter(move |_| family.reads_database_environment()))
}
