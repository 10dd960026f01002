//! The ways out: mail, Slack, webhooks and programs. Each attempt is bounded in time; secrets are
//! read anew for each, so that one that was changed is taken up, and are never shown.

mod exec;
mod mail;
mod settings;
mod web;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::message::Event;
use crate::env;
use crate::error::{Failure, Kind, Result};
use crate::sys::file::read_bounded;
use exec::Exec;
use mail::Mail;
pub(super) use settings::channels;
use web::{Slack, Webhook};

/// Bytes of a file with a secret.
const MOST_SECRET: u64 = 4096;

/// A channel.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    /// Its name.
    pub(super) name: String,
    /// Messages within an hour.
    pub(super) per_hour: u32,
    /// How long one attempt may take.
    timeout: Duration,
    way: Way,
}

#[derive(Debug, Clone)]
enum Way {
    Mail(Mail),
    Slack(Slack),
    Webhook(Webhook),
    Exec(Exec),
}

impl Channel {
    /// The word of its type.
    pub(super) const fn kind(&self) -> &'static str {
        match self.way {
            Way::Mail(_) => "mail",
            Way::Slack(_) => "slack",
            Way::Webhook(_) => "webhook",
            Way::Exec(_) => "exec",
        }
    }

    /// Whether it starts a program.
    pub(super) const fn executes(&self) -> bool {
        matches!(self.way, Way::Exec(_))
    }

    /// Looks whether its secrets are there and its addresses can be used; sends nothing.
    pub(super) fn check(&self) -> Result<()> {
        let checked = match &self.way {
            Way::Mail(mail) => mail.check(),
            Way::Slack(slack) => slack.check(),
            Way::Webhook(webhook) => webhook.check(),
            Way::Exec(_) => Ok(()),
        };
        checked.map_err(|why| {
            Failure::new(Kind::Config, format!("cannot use channel `{}`: {why}", self.name)).into()
        })
    }

    /// Tries once to send; gives what was not quite as it should be. `stop` ends a program early.
    ///
    /// Errors say why, without secrets. Takes no longer than the channel's time limit, or half a
    /// second more for a program that has to be killed.
    pub(super) fn send(&self, event: &Event, stop: &AtomicBool) -> Result<Option<String>, String> {
        match &self.way {
            Way::Mail(mail) => mail.send(event, self.timeout),
            Way::Slack(slack) => slack.send(event, self.timeout).map(|()| None),
            Way::Webhook(webhook) => webhook.send(event, self.timeout).map(|()| None),
            Way::Exec(exec) => exec.send(event, self.timeout, stop).map(|()| None),
        }
    }
}

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Secret {
    File(PathBuf),
    Variable(String),
}

impl Secret {
    /// Reads it: one line, of a file that nobody else can read, or a variable.
    fn read(&self) -> Result<String, String> {
        let text = match self {
            Self::Variable(name) => {
                env::read(name).ok_or_else(|| format!("the variable `{name}` is not set"))?
            }
            Self::File(path) => Self::of_file(path)?,
        };
        let text = text.trim();
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(format!("{self} holds no line of text"));
        }
        Ok(text.to_owned())
    }

    fn of_file(path: &std::path::Path) -> Result<String, String> {
        use std::os::unix::fs::PermissionsExt as _;
        let shown = path.display();
        let (bytes, metadata) = read_bounded(path, MOST_SECRET)
            .map_err(|error| format!("cannot read `{shown}`: {error}"))?;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(format!("others may read or write `{shown}`; type: chmod 600 {shown}"));
        }
        String::from_utf8(bytes).map_err(|_| format!("`{shown}` is no text"))
    }
}

impl std::fmt::Display for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "`{}`", path.display()),
            Self::Variable(name) => write!(f, "the variable `{name}`"),
        }
    }
}
