//! The tables of Frappe 14, 15 and 16, as far as jobctl or a test looks at them.

use super::{Schema, V14, V15, V16};

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Key,
    Text,
    Long,
    Flag,
    Time,
}

pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) since: Schema,
}

pub(super) struct Table {
    pub(super) doctype: &'static str,
    pub(super) since: Schema,
    own: &'static [Column],
}

impl Table {
    pub(super) fn columns(&self) -> impl Iterator<Item = &Column> {
        let standard = if self.doctype == "Singles" { &[][..] } else { STANDARD };
        standard.iter().chain(self.own)
    }
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, since: V14 }
}

const fn later(name: &'static str, kind: Kind, since: Schema) -> Column {
    Column { name, kind, since }
}

/// What every table has.
const STANDARD: &[Column] = &[
    column("name", Kind::Key),
    column("creation", Kind::Time),
    column("modified", Kind::Time),
    column("modified_by", Kind::Text),
    column("owner", Kind::Text),
    column("docstatus", Kind::Flag),
    column("idx", Kind::Flag),
];

pub(super) const TABLES: &[Table] = &[
    Table {
        doctype: "Singles",
        since: V14,
        own: &[
            column("doctype", Kind::Text),
            column("field", Kind::Text),
            column("value", Kind::Long),
        ],
    },
    Table {
        doctype: "Scheduled Job Type",
        since: V14,
        own: &[
            column("stopped", Kind::Flag),
            column("method", Kind::Text),
            column("server_script", Kind::Text),
            later("scheduler_event", Kind::Text, V16),
            column("frequency", Kind::Text),
            column("cron_format", Kind::Text),
            column("create_log", Kind::Flag),
            column("last_execution", Kind::Time),
            column("_comments", Kind::Long),
        ],
    },
    Table {
        doctype: "Scheduled Job Log",
        since: V14,
        own: &[
            column("status", Kind::Text),
            column("scheduled_job_type", Kind::Text),
            column("details", Kind::Long),
            later("debug_log", Kind::Long, V15),
        ],
    },
    Table {
        doctype: "Scheduler Event",
        since: V16,
        own: &[column("scheduled_against", Kind::Text), column("method", Kind::Text)],
    },
    Table {
        doctype: "Error Log",
        since: V14,
        own: &[
            column("seen", Kind::Flag),
            column("method", Kind::Text),
            column("error", Kind::Long),
            later("trace_id", Kind::Text, V15),
            later("metadata", Kind::Long, V16),
        ],
    },
    Table {
        doctype: "Activity Log",
        since: V14,
        own: &[
            column("subject", Kind::Text),
            column("operation", Kind::Text),
            column("user", Kind::Text),
        ],
    },
    Table {
        doctype: "User",
        since: V14,
        own: &[column("enabled", Kind::Flag), column("last_active", Kind::Time)],
    },
    Table {
        doctype: "Email Queue",
        since: V14,
        own: &[column("status", Kind::Text), column("error", Kind::Long)],
    },
    Table {
        doctype: "Logs To Clear",
        since: V14,
        own: &[column("ref_doctype", Kind::Text), column("days", Kind::Flag)],
    },
];
