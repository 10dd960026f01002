//! `jobctl publish-realtime`.

use crate::commands::mutation::MutationArgs;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::ops::realtime::{self, Event};
use crate::ops::switch::scope;

/// Publish a realtime event to the browsers of sites, and say how many servers took it
///
/// Publishes as Frappe does, on the Redis and in the form of the bench's version. SUBSCRIBERS counts
/// the socket.io servers that took the message; with none it went nowhere, and the exit code is 1.
/// Cannot be undone.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl publish-realtime msgprint --message 'Back in five minutes' --user anna@example.com --site erp.example
  jobctl publish-realtime list_update --doctype ToDo --site all --dry-run")]
pub struct Args {
    /// The event
    #[arg(value_name = "EVENT", value_parser = non_empty)]
    event: String,

    /// The message, sent as text
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,

    /// Only clients in this room
    #[arg(long, value_name = "ROOM", value_parser = non_empty)]
    room: Option<String>,

    /// Only this user
    #[arg(long, value_name = "USER", value_parser = non_empty)]
    user: Option<String>,

    /// With --docname: only those who look at this document
    #[arg(long, value_name = "TYPE", value_parser = non_empty)]
    doctype: Option<String>,

    /// See --doctype
    #[arg(long, value_name = "NAME", value_parser = non_empty)]
    docname: Option<String>,

    /// As bench takes it: there is no transaction here to wait for
    #[arg(long, value_name = "ANY", hide = true)]
    after_commit: Option<String>,

    #[command(flatten)]
    mutation: MutationArgs,
}

/// Publishes.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let sites = scope::named_sites(context, args.mutation.plan.limit)?;
    let event = Event {
        name: args.event.clone(),
        message: args.message.clone(),
        room: args.room.clone(),
        user: args.user.clone(),
        doctype: args.doctype.clone(),
        docname: args.docname.clone(),
    };
    let how = args.mutation.how(true, false, false);
    if args.after_commit.is_some() {
        context
            .ui
            .note("--after-commit changes nothing: no transaction is open, it is published now");
    }
    let report = realtime::publish(context, &event, &sites, &how)?;
    let scope = context.scope()?;
    context.ui.finish(&scope, &report)
}
