//! Frappe's jobs: every one is a call of `execute_job` whose named arguments hold the real call.
//!
//! Owns which method a job is shown under, once, for a value tree and for the unread pickle alike
//! (the two sides of [`Look`]), and for the description text ([`description`]).
//! Source: `frappe/utils/background_jobs.py` (`enqueue`, `execute_job`, `run_doc_method`), v13 to v17.

mod description;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use description::headline_of_description;

use super::payload::Call;
use super::pickle::{Document, NodeId};
use super::value::Value;

/// What the workers call for every Frappe job.
pub const EXECUTE_JOB: &str = "frappe.utils.background_jobs.execute_job";
const RUN_DOC_METHOD: &str = "frappe.utils.background_jobs.run_doc_method";
pub(super) const RUN_SCHEDULED_JOB: &str =
    "frappe.core.doctype.scheduled_job_type.scheduled_job_type.run_scheduled_job";

/// What a list shows of a job: the call without its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headline<'a> {
    /// The method that the job is shown under.
    ///
    /// Of a Frappe job the real one: a scheduled job's own method, `Doctype.method` for a document's
    /// method, the dotted name of a callable. Of any other job the function, or `Class.method`.
    pub method: Cow<'a, str>,
    /// The site of a Frappe job.
    pub site: Option<Cow<'a, str>>,
    /// The event that a Frappe job was enqueued for; nearly always `None`, for scheduled jobs too.
    pub event: Option<Cow<'a, str>>,
    /// The user who enqueued a Frappe job.
    pub user: Option<Cow<'a, str>>,
    /// Whether Frappe's scheduler enqueued it, or somebody in its place.
    pub is_scheduled: bool,
}

impl Headline<'_> {
    /// The same, without borrowing.
    pub fn into_owned(self) -> Headline<'static> {
        let owned = |text: Option<Cow<'_, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        Headline {
            method: Cow::Owned(self.method.into_owned()),
            site: owned(self.site),
            event: owned(self.event),
            user: owned(self.user),
            is_scheduled: self.is_scheduled,
        }
    }
}

/// A Frappe job's arguments. What is missing or of the wrong type is `None`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrappeJob<'a> {
    /// The site.
    pub site: Option<&'a str>,
    /// The user who enqueued it.
    pub user: Option<&'a str>,
    /// The method as stored, or the dotted name of a callable; [`Headline::method`] is the shown one.
    pub method: Option<&'a str>,
    /// The event.
    pub event: Option<&'a str>,
    /// The name that the caller gave, else the method's text.
    pub job_name: Option<&'a str>,
    /// `False` for jobs that were run at once.
    pub is_async: Option<bool>,
    /// The method's own arguments.
    pub kwargs: Option<&'a Value>,
    /// A scheduled job's Scheduled Job Type, by its row name (16-dev and later).
    pub scheduled_job_type: Option<&'a str>,
}

impl<'a> FrappeJob<'a> {
    /// The Frappe job in `call`, or `None` if it is another sort of job.
    pub fn of(call: &'a Call) -> Option<Self> {
        if call.func != EXECUTE_JOB {
            return None;
        }
        let text = |key| call.kwargs.get(key).and_then(Value::as_str);
        let kwargs = call.kwargs.get("kwargs");
        let method = match call.kwargs.get("method") {
            Some(Value::Str(name) | Value::Global(name)) => Some(name.as_str()),
            _ => None,
        };
        Some(Self {
            site: text("site"),
            user: text("user"),
            method,
            event: text("event"),
            job_name: text("job_name"),
            is_async: match call.kwargs.get("is_async") {
                Some(Value::Bool(is_async)) => Some(*is_async),
                _ => None,
            },
            kwargs,
            scheduled_job_type: kwargs
                .filter(|_| method == Some(RUN_SCHEDULED_JOB))
                .and_then(|kwargs| kwargs.get("scheduled_job_type"))
                .and_then(Value::as_str),
        })
    }
}

/// A value that may be text, a reference or a dictionary, read in place.
pub(super) trait Look<'a>: Copy {
    /// The text of a `str`.
    fn text(self) -> Option<Cow<'a, str>>;
    /// The dotted name of a class or function.
    fn reference(self) -> Option<Cow<'a, str>>;
    /// The value under a key of a dictionary; of repeated keys the last.
    fn entry(self, key: &str) -> Option<Self>;
}

impl<'a> Look<'a> for &'a Value {
    fn text(self) -> Option<Cow<'a, str>> {
        self.as_str().map(Cow::Borrowed)
    }

    fn reference(self) -> Option<Cow<'a, str>> {
        match self {
            Value::Global(name) => Some(Cow::Borrowed(name)),
            _ => None,
        }
    }

    fn entry(self, key: &str) -> Option<Self> {
        self.get(key)
    }
}

/// A value in a pickle that was not unrolled.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) document: Document<'a>,
    pub(super) id: NodeId,
}

impl<'a> Look<'a> for At<'a> {
    fn text(self) -> Option<Cow<'a, str>> {
        self.document.text(self.id)
    }

    fn reference(self) -> Option<Cow<'a, str>> {
        self.document.dotted(self.id).map(Cow::Owned)
    }

    fn entry(self, key: &str) -> Option<Self> {
        let entries = self.document.entries(self.document.mapping(self.id)?);
        let matching = entries.filter(|(name, _)| self.document.is_text(*name, key));
        matching.last().map(|(_, id)| Self { id, ..self })
    }
}

/// The headline of a call of `func`, bound to an instance of the class `owner`.
pub(super) fn headline<'a>(
    func: Cow<'a, str>,
    owner: Option<Cow<'a, str>>,
    kwargs: impl Look<'a>,
) -> Headline<'a> {
    let plain =
        |method| Headline { method, site: None, event: None, user: None, is_scheduled: false };
    match owner {
        Some(class) => return plain(format!("{class}.{func}").into()),
        None if func != EXECUTE_JOB => return plain(func),
        None => {}
    }
    let text = |key| kwargs.entry(key).and_then(Look::text);
    let stored = kwargs.entry("method").and_then(|method| method.text().or(method.reference()));
    let is_scheduled = stored.as_deref() == Some(RUN_SCHEDULED_JOB);
    Headline {
        method: stored.map_or(func, |stored| shown_method(stored, kwargs.entry("kwargs"))),
        site: text("site"),
        event: text("event"),
        user: text("user"),
        is_scheduled,
    }
}

/// The method that the job is really about: `stored`, or what `stored` is told to run.
fn shown_method<'a>(stored: Cow<'a, str>, kwargs: Option<impl Look<'a>>) -> Cow<'a, str> {
    let text = |key| kwargs.and_then(|kwargs| kwargs.entry(key)).and_then(Look::text);
    let real = match &*stored {
        RUN_SCHEDULED_JOB => text("job_type"),
        RUN_DOC_METHOD => text("doctype")
            .zip(text("doc_method"))
            .map(|(doctype, method)| Cow::Owned(format!("{doctype}.{method}"))),
        _ => None,
    };
    real.unwrap_or(stored)
}
