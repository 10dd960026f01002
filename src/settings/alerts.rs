//! `[alert.NAME]` and `[channel.NAME]` of the settings, as they stand in the file, with their
//! places: what they mean is decided by [`crate::ops::alerts`], which names line and column of what
//! is wrong.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use crate::error::{Failure, Kind};

/// Rules and channels of a settings file.
#[derive(Debug, Clone, Default)]
pub struct AlertFile {
    /// Rules by name.
    pub rules: BTreeMap<String, Spanned<RuleSettings>>,
    /// Channels by name.
    pub channels: BTreeMap<String, Spanned<ChannelSettings>>,
    /// Where they stand.
    pub source: Source,
}

/// A rule as it is written; what is left out is that of the default rule of this name, if there is
/// one.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RuleSettings {
    /// When it fires.
    pub condition: Option<Spanned<String>>,
    /// What `threshold` in the condition stands for.
    pub threshold: Option<Spanned<Amount>>,
    /// The time over which rates are taken.
    pub window: Option<Spanned<Amount>>,
    /// How long the condition must hold.
    #[serde(rename = "for")]
    pub hold: Option<Spanned<Amount>>,
    /// After which it is told again while it fires.
    pub repeat: Option<Spanned<Amount>>,
    /// `info`, `warning` or `critical`.
    pub severity: Option<Spanned<String>>,
    /// Who is told; without it, every channel.
    pub channels: Option<Vec<Spanned<String>>>,
    /// Words of the operator, sent with the message.
    pub message: Option<String>,
    /// Whether it is looked at.
    pub enabled: Option<bool>,
}

/// A number, or a number with a unit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, expecting = "expected a number, or a text such as \"5 %\" or \"10m\"")]
pub enum Amount {
    /// In the base unit: seconds, bytes, how many.
    Number(f64),
    /// With a unit.
    Text(String),
}

/// A channel as it is written: the keys of all types.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChannelSettings {
    /// `mail`, `slack`, `webhook` or `exec`.
    #[serde(rename = "type")]
    pub kind: Option<Spanned<String>>,
    /// Messages within an hour; more wait.
    pub per_hour: Option<Spanned<u32>>,
    /// How long one attempt may take.
    pub timeout: Option<Spanned<Amount>>,
    /// Certificates to trust instead of the system's.
    pub ca_file: Option<Spanned<PathBuf>>,
    /// The mail server.
    pub host: Option<Spanned<String>>,
    /// Its port.
    pub port: Option<Spanned<u16>>,
    /// `starttls`, `implicit` or `none`.
    pub tls: Option<Spanned<String>>,
    /// The login.
    pub username: Option<Spanned<String>>,
    /// The file that holds the password.
    pub password_file: Option<Spanned<PathBuf>>,
    /// The variable that holds the password.
    pub password_env: Option<Spanned<String>>,
    /// The sender.
    pub from: Option<Spanned<String>>,
    /// The recipients.
    pub to: Option<Vec<Spanned<String>>>,
    /// The address of a webhook that is no secret.
    pub url: Option<Spanned<String>>,
    /// The file that holds the address.
    pub url_file: Option<Spanned<PathBuf>>,
    /// The variable that holds the address.
    pub url_env: Option<Spanned<String>>,
    /// The file that holds the key of signatures.
    pub secret_file: Option<Spanned<PathBuf>>,
    /// The variable that holds the key of signatures.
    pub secret_env: Option<Spanned<String>>,
    /// A program and its arguments.
    pub command: Option<Spanned<Vec<String>>>,
}

/// The file, to name places in it.
#[derive(Debug, Clone, Default)]
pub struct Source {
    file: PathBuf,
    text: String,
}

impl Source {
    /// A file and what is in it.
    pub fn new(file: &Path, text: String) -> Self {
        Self { file: file.to_owned(), text }
    }

    /// A path of the file: one that is not absolute is beside it.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.file.parent().map_or_else(|| path.to_owned(), |folder| folder.join(path))
    }

    /// Why something in the file is wrong.
    pub fn wrong(&self, span: &Range<usize>, why: &str) -> Failure {
        let place = place(&self.text, span.start);
        let file = self.file.display();
        Failure::new(Kind::Config, format!("cannot understand `{file}`, {place}: {why}"))
    }

    /// The same for a place inside of a text, in bytes from its beginning.
    ///
    /// A text with escapes does not stand in the file as it is; then its beginning is named.
    pub fn wrong_inside(&self, text: &Spanned<String>, at: usize, why: &str) -> Failure {
        let span = text.span();
        let raw = self.text.get(span.clone()).unwrap_or_default();
        let start = raw.find(text.get_ref().as_str()).filter(|_| !text.get_ref().is_empty());
        self.wrong(&(span.start + start.map_or(0, |start| start + at)..span.end), why)
    }
}

/// `line 3, column 7` of a byte in a text.
pub(super) fn place(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_counts_lines_and_characters_from_1() {
        assert_eq!(place("a\nbé = 1", 0), "line 1, column 1");
        assert_eq!(place("a\nbé = 1", 2), "line 2, column 1");
        assert_eq!(place("a\nbé = 1", 6), "line 2, column 4");
        assert_eq!(place("a", 99), "line 1, column 2");
    }
}
