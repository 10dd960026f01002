//! The call of a new job, as RQ stores it: payload and description.
//!
//! Source: `rq/job.py` `Job.create`, `rq/utils.py` `get_call_string`, 1.11 to 3.0;
//! `frappe/utils/background_jobs.py` `enqueue`, v13 to v17.

use super::frappe::{EXECUTE_JOB, RUN_SCHEDULED_JOB};
use super::payload::Serializer;
use super::pickle_write::{self, Unwritable};
use super::value::Value;
use crate::secrets::Secrets;

/// Characters that RQ keeps of each argument's `repr` in a description.
const KEPT_CHARS: usize = 75;

/// A call to be.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCall {
    /// Dotted name of the function.
    pub func: String,
    /// Positional arguments.
    pub args: Vec<Value>,
    /// Named arguments.
    pub kwargs: Vec<(String, Value)>,
}

/// What Frappe's workers are told of a job.
#[derive(Debug, Clone)]
pub struct NewFrappeJob {
    /// The site.
    pub site: String,
    /// The user in whose name it runs.
    pub user: String,
    /// Dotted name of the method.
    pub method: String,
    /// The event that it belongs to.
    pub event: Option<String>,
    /// The method's arguments.
    pub kwargs: Vec<(String, Value)>,
}

impl NewFrappeJob {
    /// A run of a Scheduled Job Type, as the scheduler enqueues it: `method` is the type's own,
    /// `row` its name, which only later versions pass on.
    ///
    /// Source: `ScheduledJobType.enqueue` in `scheduled_job_type.py`: 14 and 15 pass `job_type`
    /// alone, 16 and later `scheduled_job_type` as well.
    pub fn scheduled(site: &str, method: &str, row: Option<&str>) -> Self {
        let text = |text: &str| Value::Str(text.to_owned());
        let job_type = ("job_type".to_owned(), text(method));
        let row = row.map(|row| ("scheduled_job_type".to_owned(), text(row)));
        Self {
            site: site.to_owned(),
            user: "Administrator".to_owned(),
            method: RUN_SCHEDULED_JOB.to_owned(),
            event: None,
            kwargs: std::iter::once(job_type).chain(row).collect(),
        }
    }

    /// The call that a worker makes, in the order of `frappe.enqueue`.
    pub fn into_call(self) -> NewCall {
        let text = |text: &str| Value::Str(text.to_owned());
        let kwargs = self.kwargs.into_iter().map(|(key, value)| (Value::Str(key), value)).collect();
        let named = [
            ("site", Value::Str(self.site)),
            ("user", Value::Str(self.user)),
            ("method", text(&self.method)),
            ("event", self.event.map_or(Value::None, Value::Str)),
            ("job_name", text(&self.method)),
            ("is_async", Value::Bool(true)),
            ("kwargs", Value::Dict(kwargs)),
        ];
        NewCall {
            func: EXECUTE_JOB.to_owned(),
            args: Vec::new(),
            kwargs: named.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        }
    }
}

impl NewCall {
    /// The field `data`: the serialized call, compressed.
    pub fn data(&self, serializer: Serializer) -> Result<Vec<u8>, Unwritable> {
        let plain = match serializer {
            Serializer::Pickle => pickle_write::call(&self.func, &self.args, &self.kwargs)?,
            Serializer::Json => self.json(),
        };
        Ok(super::compressed(&plain))
    }

    fn json(&self) -> Vec<u8> {
        let shown = Secrets::new(true);
        let args: Vec<_> = self.args.iter().map(|arg| arg.to_json(shown)).collect();
        let kwargs: serde_json::Map<_, _> =
            self.kwargs.iter().map(|(key, value)| (key.clone(), value.to_json(shown))).collect();
        serde_json::json!([self.func, null, args, kwargs]).to_string().into_bytes()
    }

    /// The field `description`: the call as text, named arguments sorted, each cut.
    pub fn description(&self) -> String {
        let mut arguments: Vec<String> = self.args.iter().map(shown).collect();
        let mut named: Vec<String> =
            self.kwargs.iter().map(|(key, value)| format!("{key}={}", shown(value))).collect();
        named.sort_unstable();
        arguments.append(&mut named);
        format!("{}({})", self.func, arguments.join(", "))
    }
}

fn shown(value: &Value) -> String {
    // One more than is kept, so that the cut is seen.
    let text = value.repr(Secrets::new(true), KEPT_CHARS + 1);
    match text.char_indices().nth(KEPT_CHARS) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or(&text)),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD as BASE64;

    use super::*;
    use crate::codec::frappe::headline_of_description;
    use crate::codec::payload::{Decoder, Payload};

    fn text(text: &str) -> Value {
        Value::Str(text.to_owned())
    }

    #[test]
    fn description_reads_as_rq_writes_it() {
        let call = NewCall {
            func: "work.ok".into(),
            args: vec![Value::Int(1), text("it's")],
            kwargs: vec![
                ("z".into(), Value::Bool(true)),
                ("a".into(), Value::Dict(vec![(text("k"), Value::None)])),
                ("long".into(), text(&"x".repeat(80))),
            ],
        };
        let cut = "x".repeat(74);
        assert_eq!(
            call.description(),
            format!("work.ok(1, \"it's\", a={{'k': None}}, long='{cut}..., z=True)")
        );
    }

    #[test]
    fn frappe_call_is_shown_under_its_method() {
        let job = NewFrappeJob {
            site: "erp.example".into(),
            user: "Administrator".into(),
            method: "app.tasks.run".into(),
            event: None,
            kwargs: vec![("s".into(), Value::Int(3))],
        };
        let call = job.into_call();
        assert_eq!(
            call.description(),
            "frappe.utils.background_jobs.execute_job(event=None, is_async=True, \
             job_name='app.tasks.run', kwargs={'s': 3}, method='app.tasks.run', \
             site='erp.example', user='Administrator')"
        );
        let description = call.description();
        assert_eq!(headline_of_description(&description).unwrap().method, "app.tasks.run");
        for serializer in [Serializer::Pickle, Serializer::Json] {
            let data = call.data(serializer).unwrap();
            let mut decoder = Decoder::default();
            let Payload::Call(read, found) = decoder.payload(&data) else { panic!() };
            assert_eq!(found, serializer);
            let headline = read.headline();
            assert_eq!(
                (&*headline.method, headline.site.as_deref()),
                ("app.tasks.run", Some("erp.example"))
            );
        }
    }

    /// The fields `data` of scheduled jobs that benches of Frappe 15.44 and 17 enqueued, in base64.
    const RECORDED: [&str; 2] = [
        "eJx1kDFOA0EMRUFKQhrENZZmJCjpqJFyhZUzY7JDdseR7QFSRKKkcGnuy24IIArc2M/68v/y2/zj9vzsWI01jwy7HYaquZewhrjdMNWS2idaS8BXjFVxAl9dH7yxmWRFt6up3YSeIvQdibrNqiC7Xd6nIZcsyqA08mJA7Si5PZyMIjGGRFH3I0jsMNUej3btfyuupf2zdpvjMxb1lS0nVYEBvbuwZZYWZF+iv9ti+wK8ET/4l2a65HZ3SgFVaQDNVH6yMI7BE/LvIDj+4ZvEpaqHT4qCe/I=",
        "eJx1j7FOwzAQhkFqS4TEwlOExVIXOndG6gOwWFf72pg4drDPQAYkRoYbj/cliQoSIG77fp3uvv9t+XF/fjZPzfUhQd+jKuR8Vnsw7THFEqx+iPus8AVNIZxAdjevUvMiO0LhK1hvlI8GfBMzCS9KxjTGW9u54DIloDjyqkNqohW+O70xMaGy0dAwQjYN2uJxfqb/i1IJ+kcsvMQnDCQ7rqatAB1Kc8GVyxryEIy886p9hnTMMilXX6eEtycN7MD5b4+ZNBgzFqdfFCK5w6BLSNh7h2OV67+OwpebR7t20N22UUohUZ/V2Isp",
    ];

    #[test]
    fn scheduled_call_is_what_the_scheduler_enqueues() {
        let ours = [
            NewFrappeJob::scheduled(
                "site1.localhost",
                "frappe.automation.doctype.reminder.reminder.send_reminders",
                None,
            ),
            NewFrappeJob::scheduled(
                "a17.localhost",
                "frappe.email.doctype.email_account.email_account.notify_unreplied",
                Some("7qd1iam6ko"),
            ),
        ];
        let descriptions = [
            "frappe.utils.background_jobs.execute_job(event=None, is_async=True, job_name='frappe.core.doctype.scheduled_job_type.scheduled_job_type.run_scheduled_jo..., kwargs={'job_type': 'frappe.automation.doctype.reminder.reminder.send_reminders'}, method='frappe.core.doctype.scheduled_job_type.scheduled_job_type.run_scheduled_jo..., site='site1.localhost', user='Administrator')",
            "frappe.utils.background_jobs.execute_job(event=None, is_async=True, job_name='frappe.core.doctype.scheduled_job_type.scheduled_job_type.run_scheduled_jo..., kwargs={'job_type': 'frappe.email.doctype.email_account.email_account.notify_unrep..., method='frappe.core.doctype.scheduled_job_type.scheduled_job_type.run_scheduled_jo..., site='a17.localhost', user='Administrator')",
        ];
        let mut decoder = Decoder::default();
        for ((job, recorded), description) in ours.into_iter().zip(RECORDED).zip(descriptions) {
            let call = job.into_call();
            assert_eq!(call.description(), description);
            let recorded = BASE64.decode(recorded).unwrap();
            let Payload::Call(theirs, Serializer::Pickle) = decoder.payload(&recorded) else {
                panic!()
            };
            let data = call.data(Serializer::Pickle).unwrap();
            let Payload::Call(ours, _) = decoder.payload(&data) else { panic!() };
            assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
        }
    }
}
