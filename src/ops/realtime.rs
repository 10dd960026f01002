//! Publishes realtime events as Frappe does, and counts who took them.
//!
//! Source: `publish_realtime`, `emit_via_redis` and the room functions in `frappe/realtime.py`: up
//! to v14 rooms carry the site and the Redis is `redis_socketio`; from v15 on the message has a
//! namespace and the Redis is that of the queues, without the login of workers.

use std::collections::BTreeMap;

use redis::cmd;

use crate::backend::redis::connect;
use crate::bench::Family;
use crate::codec::Json;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::journal::{AuditLine, End, Ending};
use crate::ops::change::How;
use crate::ops::change::apply;
use crate::ops::change::approve::refuse_read_only;
use crate::ops::switch::places::bench_of;
use crate::ops::switch::scope;
use crate::report::publish::{PublishReport, Published};
use crate::sys::clock;

/// The channel that Frappe's socket.io server listens to.
const CHANNEL: &str = "events";

/// An event as it is asked for.
#[derive(Debug, Clone, Default)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// The message; a text, as the bench command sends it.
    pub message: Option<String>,
    /// The room, instead of what follows from the rest.
    pub room: Option<String>,
    /// Only this user.
    pub user: Option<String>,
    /// Only those who look at this document type, or with `docname` at this document.
    pub doctype: Option<String>,
    /// See `doctype`.
    pub docname: Option<String>,
}

impl Event {
    /// The room without the site.
    ///
    /// Errors: `Usage` where the event belongs to a document and none is named.
    fn room(&self) -> Result<String> {
        let needs = |flag: &str, value: &Option<String>| {
            value.clone().ok_or_else(|| {
                let message =
                    format!("event `{}` goes to a document: {flag} is missing", self.name);
                Failure::new(Kind::Usage, message)
            })
        };
        let document = |doctype: &str, name: &str| format!("doc:{doctype}/{name}");
        // The event's own room wins over the one that was named.
        match self.name.as_str() {
            "list_update" => return Ok(format!("doctype:{}", needs("--doctype", &self.doctype)?)),
            "docinfo_update" => {
                let doctype = needs("--doctype", &self.doctype)?;
                return Ok(document(&doctype, &needs("--docname", &self.docname)?));
            }
            _ => {}
        }
        if let Some(room) = &self.room {
            return Ok(room.clone());
        }
        // The command line of bench runs as Administrator.
        let caller = (self.name == "msgprint").then(|| "Administrator".to_owned());
        Ok(match (self.user.clone().or(caller), &self.doctype, &self.docname) {
            (Some(user), ..) => format!("user:{user}"),
            (None, Some(doctype), Some(name)) => document(doctype, name),
            _ => "all".to_owned(),
        })
    }

    /// The message of one site, and its room.
    fn message(&self, site: &str, family: Family) -> Result<(String, String)> {
        let mut room = self.room()?;
        let namespaced = !matches!(family, Family::V13 | Family::V14);
        // A room that was named is taken as it is.
        if !namespaced && self.room.as_deref() != Some(room.as_str()) {
            room = format!("{site}:{room}");
        }
        let empty = || Json::Object(BTreeMap::new());
        let message = self.message.as_deref().map_or_else(empty, Json::from);
        let mut fields = BTreeMap::from([
            ("event".to_owned(), Json::from(self.name.as_str())),
            ("message".to_owned(), message),
            ("room".to_owned(), Json::from(room.as_str())),
        ]);
        if namespaced {
            fields.insert("namespace".to_owned(), Json::from(site));
        }
        Ok((Json::Object(fields).dump(), room))
    }
}

/// Publishes an event for `sites`; cannot be undone. One round trip.
///
/// Errors: `Refused` under read-only, where the operator says no, or where the login may not
/// publish; `Unreachable`; `Usage` for an event without the document that it belongs to.
pub fn publish(
    context: &mut Context,
    event: &Event,
    sites: &[String],
    how: &How,
) -> Result<PublishReport> {
    if !how.dry_run {
        refuse_read_only(context, "publish anything")
            .map_err(|failure| failure.hint("--dry-run shows the plan"))?;
    }
    let family = bench_of(context)?.frappe().family();
    let messages: Vec<(String, String)> =
        sites.iter().map(|site| event.message(site, family)).collect::<Result<_>>()?;
    let rows = sites.iter().zip(&messages);
    let rows = rows.map(|(site, (_, room))| Published {
        site: site.clone(),
        room: room.clone(),
        subscribers: None,
    });
    let mut report = PublishReport {
        dry_run: how.dry_run,
        event: event.name.clone(),
        sites: rows.collect(),
        notes: Vec::new(),
    };
    if how.dry_run {
        report.notes.push("nothing was published; publishing cannot be undone".to_owned());
        return Ok(report);
    }
    let named: Vec<&str> = sites.iter().map(String::as_str).collect();
    let what = format!("publish `{}`, which cannot be undone, to clients", event.name);
    scope::confirm(context, &what, &named, how)?;
    send(context, &messages, &mut report)?;
    audit(context, &report, how)?;
    if report.sites.iter().any(|site| site.subscribers == Some(0)) {
        report.notes.push("the message went nowhere: no socket.io server listens".to_owned());
    }
    Ok(report)
}

fn send(
    context: &Context,
    messages: &[(String, String)],
    report: &mut PublishReport,
) -> Result<()> {
    let endpoint = context.target()?.realtime_endpoint()?;
    let mut link = connect(&endpoint, context.settings.timeout, "realtime Redis")?;
    let mut pipeline = redis::Pipeline::with_capacity(messages.len());
    for (message, _) in messages {
        pipeline.add_command(cmd("PUBLISH").arg(CHANNEL).arg(message).take());
    }
    let replies = link.pipeline(&pipeline)?;
    for (site, reply) in report.sites.iter_mut().zip(replies) {
        let count = reply.map_err(|error| link.refused("publish the event", &error))?;
        site.subscribers = redis::from_redis_value(count).ok();
    }
    Ok(())
}

fn audit(context: &Context, report: &PublishReport, how: &How) -> Result<()> {
    let planned = report.sites.len() as u64;
    let header = apply::header(context, "publish-realtime", planned, how, None)?;
    let taken = report.sites.iter().filter(|site| site.subscribers > Some(0)).count() as u64;
    let (ended_at, ending) = (clock::now(), Ending::Done);
    let end = End { ended_at, ending, changed: taken, skipped: planned - taken };
    context.journals()?.audit(&AuditLine::of(&header, &end, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str) -> Event {
        Event { name: name.to_owned(), ..Event::default() }
    }

    #[test]
    fn room_follows_frappes_choice() {
        assert_eq!(event("x").room().unwrap(), "all");
        assert_eq!(event("msgprint").room().unwrap(), "user:Administrator");
        let user = Event { user: Some("a@b".into()), doctype: Some("ToDo".into()), ..event("x") };
        assert_eq!(user.room().unwrap(), "user:a@b");
        let doctype = Event { doctype: Some("ToDo".into()), ..event("x") };
        assert_eq!(doctype.room().unwrap(), "all");
        let document = Event { docname: Some("1".into()), ..doctype };
        assert_eq!(document.room().unwrap(), "doc:ToDo/1");
        let list = Event { name: "list_update".into(), ..document.clone() };
        assert_eq!(list.room().unwrap(), "doctype:ToDo");
        assert!(event("list_update").room().is_err());
        assert!(Event { name: "docinfo_update".into(), docname: None, ..document }.room().is_err());
    }

    #[test]
    fn message_is_laid_out_as_each_version_does() {
        let event = Event { message: Some("é".into()), ..event("x") };
        let (message, room) = event.message("erp", Family::V14).unwrap();
        assert_eq!(room, "erp:all");
        assert_eq!(
            message,
            "{\n \"event\": \"x\",\n \"message\": \"\\u00e9\",\n \"room\": \"erp:all\"\n}"
        );
        let (message, room) = event.message("erp", Family::V16).unwrap();
        assert_eq!(room, "all");
        assert!(message.contains("\"namespace\": \"erp\""), "{message}");
        let named = Event { room: Some("r".into()), message: None, ..event };
        let (message, room) = named.message("erp", Family::V13).unwrap();
        assert_eq!(room, "r");
        assert!(message.contains("\"message\": {}"), "{message}");
    }
}
