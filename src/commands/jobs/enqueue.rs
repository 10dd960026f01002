//! `jobctl jobs enqueue`.

use crate::codec::read_json;
use crate::codec::value::Value;
use crate::commands::mutation::PlanArgs;
use crate::context::Context;
use crate::error::{Failure, Kind, Outcome, Result};
use crate::global::{duration, non_empty};
use crate::ops;
use crate::ops::change::enqueue::Order;

/// Enqueue a job as Frappe, or RQ, would
///
/// On a bench the job is written as the installed Frappe writes it, and runs on one site; with
/// `--redis` alone it is a plain RQ job. What the live workers could not read is refused. A given
/// id that a waiting or running job has is refused, too; an ended job of that id makes room. There
/// is no journal: `jobs delete` takes the job back while it waits.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl jobs enqueue frappe.ping --site site1.localhost
  jobctl jobs enqueue app.imports.run --queue long --kwarg file=stock.csv --job-id nightly-import
  jobctl --redis redis://127.0.0.1:6379 jobs enqueue app.tasks.add 1 2 --queue default")]
pub(super) struct Args {
    /// Dotted name of the method, such as app.tasks.run
    #[arg(value_parser = non_empty)]
    method: String,

    /// Positional arguments of a plain RQ job: JSON, or else text
    #[arg(value_name = "ARG")]
    positional: Vec<String>,

    /// The queue, by its short or full name
    #[arg(long, value_name = "QUEUE", value_parser = non_empty)]
    queue: Option<String>,

    /// Make the queue where there is none of that name
    #[arg(long)]
    create: bool,

    /// A named argument; the value is JSON, or else text; repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = named)]
    kwarg: Vec<(String, String)>,

    /// Named arguments as one JSON object
    #[arg(long, value_name = "JSON", value_parser = non_empty)]
    kwargs: Option<String>,

    /// The job's id; the site is put in front where Frappe does so
    #[arg(long, value_name = "ID", value_parser = non_empty)]
    job_id: Option<String>,

    /// Put it in front of the jobs that wait
    #[arg(long)]
    at_front: bool,

    /// How long it may run, such as 25m; `none` for no limit
    #[arg(long, value_name = "TIME", value_parser = job_timeout)]
    job_timeout: Option<i64>,

    /// The event that a Frappe job belongs to
    #[arg(long, value_name = "EVENT", value_parser = non_empty)]
    event: Option<String>,

    /// The user in whose name a Frappe job runs [default: Administrator]
    #[arg(long, value_name = "USER", value_parser = non_empty)]
    user: Option<String>,

    /// Enqueue it although the queue holds as many jobs as Frappe allows
    #[arg(long)]
    over_cap: bool,

    #[command(flatten)]
    mutation: PlanArgs,
}

/// Enqueues the job.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let order = Order {
        method: args.method.clone(),
        args: args.positional.iter().map(|text| value(text)).collect(),
        kwargs: kwargs(args)?,
        queue: args.queue.clone(),
        create: args.create,
        job_id: args.job_id.clone(),
        at_front: args.at_front,
        timeout_s: args.job_timeout,
        event: args.event.clone(),
        user: args.user.clone(),
        over_cap: args.over_cap,
    };
    let how = args.mutation.how(true, true, false);
    let report = ops::change::enqueue::enqueue(context, &order, &how)?;
    let scope = context.scope()?;
    context.ui.finish(&scope, &report)
}

/// The object of `--kwargs`, then each `--kwarg`; a name that is given twice takes the last.
fn kwargs(args: &Args) -> Result<Vec<(String, Value)>> {
    let mut named: Vec<(String, Value)> = Vec::new();
    if let Some(text) = &args.kwargs {
        let unreadable =
            || Failure::new(Kind::Usage, "cannot read `--kwargs`: it is no JSON object");
        match read_json(text).map_err(|error| unreadable().because(error))? {
            Value::Dict(entries) => named.extend(
                entries.into_iter().map(|(key, value)| (key.plain_text().into_owned(), value)),
            ),
            _ => {
                return Err(unreadable()
                    .hint("write for example '{\"doctype\": \"Item\"}'")
                    .into());
            }
        }
    }
    for (name, text) in &args.kwarg {
        named.retain(|(known, _)| known != name);
        named.push((name.clone(), value(text)));
    }
    Ok(named)
}

fn value(text: &str) -> Value {
    read_json(text).unwrap_or_else(|_| Value::Str(text.to_owned()))
}

fn named(text: &str) -> std::result::Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE, for example doctype=Invoice".to_owned()),
    }
}

fn job_timeout(text: &str) -> std::result::Result<i64, String> {
    if text == "none" || text == "-1" {
        return Ok(-1);
    }
    let seconds = duration(text)?.as_secs_f64().ceil();
    #[expect(clippy::cast_possible_truncation, reason = "bounded by the line before")]
    if seconds < 1e9 { Ok(seconds as i64) } else { Err("that is longer than 30 years".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_is_json_or_else_text() {
        assert_eq!(value("3"), Value::Int(3));
        assert_eq!(value("true"), Value::Bool(true));
        assert_eq!(value("007"), Value::Str("007".into()));
        assert_eq!(value("\"3\""), Value::Str("3".into()));
        assert_eq!(value("a b"), Value::Str("a b".into()));
    }

    #[test]
    fn job_timeout_takes_whole_seconds() {
        assert_eq!(job_timeout("1.5"), Ok(2));
        assert_eq!(job_timeout("25m"), Ok(1500));
        assert_eq!(job_timeout("none"), Ok(-1));
        assert!(job_timeout("soon").is_err());
    }
}
