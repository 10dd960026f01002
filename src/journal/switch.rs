//! What is remembered of a switch: enough to set it back as it was, its absence included.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a switch stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SwitchPlace {
    /// A key of a configuration file.
    ConfigKey {
        /// The file, below the bench: `sites/erp.example/site_config.json`.
        file: String,
        /// The key.
        key: String,
    },
    /// A field of a single document in a site's database, in `tabSingles`.
    Singles {
        /// The site.
        site: String,
        /// The document type, such as `System Settings`.
        doctype: String,
        /// The field.
        field: String,
    },
    /// A column of one row in a site's database.
    Column {
        /// The site.
        site: String,
        /// The table, such as `tabScheduled Job Type`.
        table: String,
        /// The row's `name`.
        row: String,
        /// The column.
        column: String,
    },
}

impl SwitchPlace {
    /// The site that it belongs to; `None` for one of all sites.
    pub fn site(&self) -> Option<&str> {
        match self {
            Self::ConfigKey { file, .. } => {
                file.strip_prefix("sites/")?.strip_suffix("/site_config.json")
            }
            Self::Singles { site, .. } | Self::Column { site, .. } => Some(site),
        }
    }

    /// The file, or the table and the row in the database.
    pub fn source(&self) -> String {
        match self {
            Self::ConfigKey { file, .. } => file.clone(),
            Self::Singles { doctype, .. } => format!("{doctype} (database)"),
            Self::Column { table, row, .. } => format!("{table}, {row} (database)"),
        }
    }

    /// The key, field or column.
    pub fn key(&self) -> &str {
        match self {
            Self::ConfigKey { key, .. } => key,
            Self::Singles { field, .. } => field,
            Self::Column { column, .. } => column,
        }
    }
}

impl fmt::Display for SwitchPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` in {}", self.key(), self.source())
    }
}

/// A switch before a change and after it. Values are texts as their place has them: JSON for a
/// configuration key, the column's text in a database; `None` where there is nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchImage {
    /// Where it stands.
    pub place: SwitchPlace,
    /// What stood there.
    pub before: Option<String>,
    /// What the change leaves there; an undo must find it.
    pub after: Option<String>,
}

/// Images of switches, numbered from `first` on, in one row with the images of jobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchBatch {
    /// The number of the first image.
    pub first: u64,
    /// The images.
    pub switches: Vec<SwitchImage>,
}
