//! Channels as the settings describe them, each key checked against its type.

use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;

use super::exec::Exec;
use super::mail::Mail;
use super::web::{Address, Slack, Webhook};
use super::{Channel, Secret, Way};
use crate::backend::smtp::{self, Security};
use crate::error::{Failure, Kind, Result};
use crate::ops::alerts::rules::{check_name, time};
use crate::settings::alerts::{AlertFile, ChannelSettings, Source};

/// Channels of one file: each has a thread.
const MOST: usize = 50;

/// Messages within an hour unless told.
const PER_HOUR: u32 = 60;

/// How long a program may take unless told.
const EXEC: Duration = Duration::from_secs(30);

/// The most recipients of one mail.
const MOST_RECIPIENTS: usize = 100;

/// The channels of the settings, by name; `timeout` is that of network steps.
///
/// Errors: `Config` with file, line and column of what is wrong.
pub(in super::super) fn channels(file: &AlertFile, timeout: Duration) -> Result<Vec<Channel>> {
    let mut channels = Vec::new();
    if file.channels.len() > MOST {
        let message = format!("cannot use {} channels: {MOST} at most", file.channels.len());
        return Err(Failure::new(Kind::Config, message).into());
    }
    for (name, settings) in &file.channels {
        check_name("channel", name, settings, &file.source)?;
        let reader =
            Reader { name, at: settings.span(), keys: settings.get_ref(), file: &file.source };
        channels.push(reader.channel(timeout)?);
    }
    Ok(channels)
}

struct Reader<'a> {
    name: &'a str,
    at: Range<usize>,
    keys: &'a ChannelSettings,
    file: &'a Source,
}

impl Reader<'_> {
    fn channel(&self, timeout: Duration) -> Result<Channel> {
        let Some(kind) = &self.keys.kind else {
            return Err(self.missing("type", "mail, slack, webhook or exec"));
        };
        let way = match kind.get_ref().as_str() {
            "mail" => Way::Mail(self.mail()?),
            "slack" => Way::Slack(self.slack()?),
            "webhook" => Way::Webhook(self.webhook()?),
            "exec" => Way::Exec(self.exec()?),
            other => {
                let why = format!("`{other}` is no type: known are mail, slack, webhook and exec");
                return Err(self.file.wrong(&kind.span(), &why).into());
            }
        };
        let usual = if matches!(way, Way::Exec(_)) { EXEC } else { timeout };
        let given = self.keys.timeout.as_ref();
        let given = given.map(|t| time(t, self.file, 0.1..=300.0, "between 0.1s and 5m"));
        let per_hour = match &self.keys.per_hour {
            None => PER_HOUR,
            Some(count) if *count.get_ref() > 0 => *count.get_ref(),
            Some(count) => return Err(self.wrong(&count.span(), "at least 1 message an hour")),
        };
        let timeout = given.transpose()?.unwrap_or(usual);
        Ok(Channel { name: self.name.to_owned(), per_hour, timeout, way })
    }

    fn mail(&self) -> Result<Mail> {
        self.only(&[
            "host",
            "port",
            "tls",
            "username",
            "password_file",
            "password_env",
            "from",
            "to",
            "ca_file",
        ])?;
        let keys = self.keys;
        let Some(host) = &keys.host else { return Err(self.missing("host", "the mail server")) };
        let security = match &keys.tls {
            None => Security::StartTls,
            Some(text) => match text.get_ref().as_str() {
                "starttls" => Security::StartTls,
                "implicit" => Security::Implicit,
                "none" => Security::None,
                other => {
                    let why = format!(
                        "`{other}` is no way of TLS: known are starttls, implicit and none"
                    );
                    return Err(self.wrong(&text.span(), &why));
                }
            },
        };
        let is_host = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
        if host.get_ref().is_empty() || !host.get_ref().chars().all(is_host) {
            return Err(self.wrong(&host.span(), "it is no name of a host"));
        }
        let password =
            self.secret(keys.password_file.as_ref(), keys.password_env.as_ref(), "password")?;
        let login = match (&keys.username, password) {
            (None, None) => None,
            (Some(user), Some(password)) => Some((user.get_ref().clone(), password)),
            (Some(user), None) => {
                let why = "the login has no password: name `password_file` or `password_env`";
                return Err(self.wrong(&user.span(), why));
            }
            (None, Some(_)) => return Err(self.missing("username", "whose password it is")),
        };
        let Some(from) = &keys.from else { return Err(self.missing("from", "the sender")) };
        let recipients = keys.to.as_deref().unwrap_or_default();
        if recipients.is_empty() || recipients.len() > MOST_RECIPIENTS {
            return Err(self.missing("to", "1 to 100 recipients, as in [\"ops@example.com\"]"));
        }
        let to = recipients.iter().map(|to| self.address(to)).collect::<Result<Vec<_>>>()?;
        Ok(Mail {
            host: host.get_ref().clone(),
            port: keys.port.as_ref().map_or(security.port(), |port| *port.get_ref()),
            security,
            ca_file: self.ca_file(),
            login,
            from: self.address(from)?,
            to,
        })
    }

    fn slack(&self) -> Result<Slack> {
        self.only(&["url_file", "url_env", "ca_file"])?;
        let url = self.secret(self.keys.url_file.as_ref(), self.keys.url_env.as_ref(), "url")?;
        let Some(url) = url else {
            return Err(
                self.missing("url_file", "or `url_env`: whoever knows the address can post")
            );
        };
        Ok(Slack { address: Address { url: Ok(url), ca_file: self.ca_file() } })
    }

    fn webhook(&self) -> Result<Webhook> {
        self.only(&["url", "url_file", "url_env", "secret_file", "secret_env", "ca_file"])?;
        let hidden = self.secret(self.keys.url_file.as_ref(), self.keys.url_env.as_ref(), "url")?;
        let url = match (&self.keys.url, hidden) {
            (Some(url), None) => {
                let parsed = crate::backend::http::Hook::parse(url.get_ref());
                Err(parsed.map_err(|why| self.wrong(&url.span(), &why))?)
            }
            (None, Some(hidden)) => Ok(hidden),
            (None, None) => {
                return Err(self.missing("url", "or `url_file`, `url_env`: the address"));
            }
            (Some(url), Some(_)) => {
                return Err(self.wrong(&url.span(), "the address is named twice"));
            }
        };
        let secret =
            self.secret(self.keys.secret_file.as_ref(), self.keys.secret_env.as_ref(), "secret")?;
        Ok(Webhook { address: Address { url, ca_file: self.ca_file() }, secret })
    }

    fn exec(&self) -> Result<Exec> {
        self.only(&["command"])?;
        let Some(command) = &self.keys.command else {
            return Err(self.missing(
                "command",
                "a program and its arguments, as in [\"/usr/local/bin/page\"]",
            ));
        };
        let words = command.get_ref();
        if words.first().is_none_or(String::is_empty)
            || words.iter().any(|word| word.contains('\0'))
        {
            return Err(self.wrong(&command.span(), "it names no program"));
        }
        Ok(Exec { command: words.clone() })
    }

    fn ca_file(&self) -> Option<PathBuf> {
        self.keys.ca_file.as_ref().map(|file| self.file.path(file.get_ref()))
    }

    fn address(&self, text: &Spanned<String>) -> Result<smtp::Address> {
        smtp::Address::parse(text.get_ref()).map_err(|why| self.wrong(&text.span(), &why))
    }

    fn secret(
        &self,
        file: Option<&Spanned<PathBuf>>,
        variable: Option<&Spanned<String>>,
        what: &str,
    ) -> Result<Option<Secret>> {
        match (file, variable) {
            (None, None) => Ok(None),
            (Some(file), None) => Ok(Some(Secret::File(self.file.path(file.get_ref())))),
            (None, Some(name)) => Ok(Some(Secret::Variable(name.get_ref().clone()))),
            (Some(file), Some(_)) => {
                Err(self
                    .wrong(&file.span(), &format!("`{what}_file` and `{what}_env` say the same")))
            }
        }
    }

    /// Refuses keys of other types.
    fn only(&self, known: &[&str]) -> Result<()> {
        fn at<'k, T: 'k>(key: impl Into<Option<&'k Spanned<T>>>) -> Option<Range<usize>> {
            key.into().map(Spanned::span)
        }
        let keys = self.keys;
        let given = [
            ("ca_file", at(keys.ca_file.as_ref())),
            ("host", at(keys.host.as_ref())),
            ("port", at(keys.port.as_ref())),
            ("tls", at(keys.tls.as_ref())),
            ("username", at(keys.username.as_ref())),
            ("password_file", at(keys.password_file.as_ref())),
            ("password_env", at(keys.password_env.as_ref())),
            ("from", at(keys.from.as_ref())),
            ("to", keys.to.as_ref().map(|to| to.first().map_or(self.at.clone(), Spanned::span))),
            ("url", at(keys.url.as_ref())),
            ("url_file", at(keys.url_file.as_ref())),
            ("url_env", at(keys.url_env.as_ref())),
            ("secret_file", at(keys.secret_file.as_ref())),
            ("secret_env", at(keys.secret_env.as_ref())),
            ("command", at(keys.command.as_ref())),
        ];
        let odd = given.into_iter().find(|(key, at)| at.is_some() && !known.contains(key));
        let Some((key, Some(at))) = odd else { return Ok(()) };
        let kind = keys.kind.as_ref().map_or("", |kind| kind.get_ref().as_str());
        let why = format!("`{key}` is no key of a {kind} channel: known are {}", known.join(", "));
        Err(self.wrong(&at, &why))
    }

    fn missing(&self, key: &str, what: &str) -> anyhow::Error {
        self.wrong(&self.at, &format!("the channel `{}` has no `{key}`: {what}", self.name))
    }

    fn wrong(&self, at: &Range<usize>, why: &str) -> anyhow::Error {
        let failure: Failure = self.file.wrong(at, why);
        failure.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn read(text: &str) -> Result<Vec<Channel>> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("jobctl.toml");
        std::fs::write(&path, text).unwrap();
        let global = crate::global::Global { config: Some(path), ..Default::default() };
        let file = Settings::resolve(&global, None)?.alerts;
        channels(&file, Duration::from_secs(10))
    }

    #[test]
    fn channels_of_every_type_are_read() {
        let text = "
[channel.mail]
type = \"mail\"
host = \"mail.example\"
username = \"anna\"
password_env = \"X\"
from = \"a@b.example\"
to = [\"c@d.example\"]
[channel.chat]
type = \"slack\"
url_file = \"slack\"
[channel.hook]
type = \"webhook\"
url = \"https://a.example/x\"
secret_file = \"/s\"
timeout = 3
per_hour = 5
[channel.run]
type = \"exec\"
command = [\"true\"]
";
        let channels = read(text).unwrap();
        let kinds: Vec<_> =
            channels.iter().map(|c| (c.kind(), c.timeout.as_secs(), c.per_hour)).collect();
        assert_eq!(
            kinds,
            [("slack", 10, 60), ("webhook", 3, 5), ("mail", 10, 60), ("exec", 30, 60)]
        );
        let Way::Mail(mail) = &channels[2].way else { panic!() };
        assert_eq!((mail.port, mail.security), (587, Security::StartTls));
    }

    #[test]
    fn what_is_wrong_with_a_channel_is_named_with_its_place() {
        let mail = "[channel.m]\ntype = \"mail\"\nhost = \"h\"\nfrom = \"a@b\"\n";
        for (text, said) in [
            ("[channel.c]\ntype = \"pager\"".to_owned(), "line 2, column 8: `pager` is no type"),
            ("[channel.c]\nper_hour = 3".to_owned(), "the channel `c` has no `type`"),
            (
                "[channel.c]\ntype = \"slack\"\nurl = \"https://x\"".to_owned(),
                "line 3, column 7: `url` is no key of a slack channel",
            ),
            (
                format!("{mail}to = [\"a@b\", \"c@d\\nBcc: e@f\"]"),
                "line 5, column 14: it is no address",
            ),
            (format!("{mail}to = []"), "has no `to`"),
            (
                format!("{mail}to = [\"a@b\"]\nusername = \"x\""),
                "line 6, column 12: the login has no password",
            ),
            (
                format!("{mail}to = [\"a@b\"]\npassword = \"x\""),
                "line 6, column 1: unknown field `password`",
            ),
            (
                format!("{mail}to = [\"a@b\"]\ntls = \"ssl\""),
                "line 6, column 7: `ssl` is no way of TLS",
            ),
            (
                "[channel.c]\ntype = \"webhook\"\nurl = \"file:///x\"".to_owned(),
                "line 3, column 7: the URL must begin with",
            ),
            (
                "[channel.c]\ntype = \"exec\"\ncommand = []".to_owned(),
                "line 3, column 11: it names no program",
            ),
        ] {
            let error = read(&text).unwrap_err();
            assert_eq!(crate::error::exit_code_of(&error), 78);
            assert!(error.to_string().contains(said), "{text}\n{error}");
        }
    }
}
