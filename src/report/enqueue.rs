//! A job that was enqueued, or would be.

use serde::Serialize;

use super::{Block, Cell, Layout, Report, Role, View};
use crate::model::id::JobId;
use crate::sanitize::{holds_control, shell_quote};

/// A job that was enqueued, or would be.
#[derive(Debug, Clone, Serialize)]
pub struct EnqueueReport {
    /// Its id.
    pub id: JobId,
    /// Its queue.
    pub queue: String,
    /// The site of a Frappe job.
    pub site: Option<String>,
    /// What it calls.
    pub method: String,
    /// The call as RQ shows it.
    pub description: String,
    /// The Frappe that it was written for.
    pub frappe: Option<String>,
    /// The generations of RQ that it was written for; none where nothing tells.
    pub rq: Vec<String>,
    /// How its payload is serialized.
    pub serializer: &'static str,
    /// Seconds that it may run; -1 for no limit.
    pub timeout_s: i64,
    /// Whether it stands in front of those that waited.
    pub at_front: bool,
    /// Live workers that serve its queue.
    pub workers: usize,
    /// Whether it was enqueued; not so with `--dry-run`.
    pub enqueued: bool,
    /// How jobctl is called on this target.
    #[serde(skip)]
    pub command: String,
    /// Warnings.
    pub notes: Vec<String>,
}

impl Report for EnqueueReport {
    const SCHEMA: &'static str = "jobctl.enqueue/1";
    const ITEMS: Option<&'static str> = None;
    const LAYOUT: Layout = Layout::Human;

    fn view(&self, view: &mut View) {
        let done = if self.enqueued { "enqueued" } else { "would be enqueued" };
        let mut fields = vec![
            ("job".to_owned(), Cell::new(self.id.to_string(), Role::Strong).in_one_line()),
            (done.to_owned(), Cell::from(self.description.clone()).in_one_line()),
            ("queue".to_owned(), Cell::from(self.place()).in_one_line()),
            ("timeout".to_owned(), Cell::from(self.limit())),
        ];
        if !self.rq.is_empty() {
            fields.push(("written for".to_owned(), Cell::from(self.dialect())));
        }
        let id = self.id.text();
        let (command, quoted) = (&self.command, shell_quote(&id));
        let is_pasteable = !holds_control(&id);
        if is_pasteable {
            let take_back = format!("{command} jobs delete {quoted}");
            fields.push(("take back".to_owned(), Cell::new(take_back, Role::Command)));
        }
        view.push(Block::Fields(fields));
        if self.enqueued && is_pasteable {
            let line = format!("→ {command} jobs watch {quoted}");
            view.push(Block::Text(Cell::new(line, Role::Command)));
        }
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl EnqueueReport {
    fn place(&self) -> String {
        let end = if self.at_front { ", in front" } else { "" };
        let site = self.site.as_ref().map(|site| format!(" of {site}")).unwrap_or_default();
        format!("{}{site}{end}", self.queue)
    }

    fn limit(&self) -> String {
        match u32::try_from(self.timeout_s) {
            Ok(seconds) => crate::human::age(f64::from(seconds)),
            Err(_) => "none".to_owned(),
        }
    }

    fn dialect(&self) -> String {
        let frappe = self.frappe.as_ref().map(|frappe| format!("Frappe {frappe}, "));
        format!("{}RQ {}", frappe.unwrap_or_default(), self.rq.join(", "))
    }
}
