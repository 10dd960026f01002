//! Mail: the letter. Its envelope and the dialogue are [`crate::backend::smtp`]'s.
//!
//! The body is base64 and the subject encoded words, so that nothing in an event can become another
//! header or another line. Source: RFC 5322, RFC 2045, RFC 2047.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Secret;
use crate::backend::network::Fault;
use crate::backend::smtp::{self, Address, MailServer, Security};
use crate::ops::alerts::message::{Event, Tell};
use crate::sys::proc::hostname;

/// Bytes of text in one encoded word: with its frame 75 characters at most.
const WORD: usize = 42;

/// A mailbox to write to, and the server that takes the letter.
#[derive(Debug, Clone)]
pub(super) struct Mail {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) login: Option<(String, Secret)>,
    pub(super) from: Address,
    pub(super) to: Vec<Address>,
}

impl Mail {
    pub(super) fn check(&self) -> Result<(), String> {
        self.server().map(|_| ())
    }

    pub(super) fn send(&self, event: &Event, limit: Duration) -> Result<Option<String>, String> {
        let server = self.server()?;
        let letter = self.letter(event, &server.own_name);
        let place = || format!("{}:{}", self.host, self.port);
        match smtp::send(&server, &self.from, &self.to, &letter, limit) {
            Ok(refused) if refused.is_empty() => Ok(None),
            Ok(refused) => Ok(Some(format!("{} refuses {}", place(), refused.join("; ")))),
            Err(error) => Err(format!("{}: {}", place(), Fault::of(&error, limit).why)),
        }
    }

    fn server(&self) -> Result<MailServer, String> {
        let login = self.login.as_ref();
        let login = login.map(|(user, password)| Ok((user.clone(), password.read()?)));
        Ok(MailServer {
            host: self.host.clone(),
            port: self.port,
            security: self.security,
            ca_file: self.ca_file.clone(),
            login: login.transpose().map_err(|why: String| why)?,
            own_name: own_name(),
        })
    }

    /// The whole letter: lines end with CR LF, none begins with a dot.
    fn letter(&self, event: &Event, own_name: &str) -> String {
        let to: Vec<&str> = self.to.iter().map(Address::as_str).collect();
        let date = jiff::fmt::rfc2822::to_string(&event.at.to_zoned(jiff::tz::TimeZone::UTC));
        let mut letter = format!(
            "From: {}\r\nTo: {}\r\nSubject: {}\r\nDate: {}\r\nMessage-ID: <{}@{own_name}>\r\n",
            self.from.as_str(),
            to.join(",\r\n "),
            encoded(&format!("[jobctl] {}", event.headline())),
            // Only years of five digits cannot be written.
            date.unwrap_or_default(),
            event.id,
        );
        if matches!(event.state, Tell::Resolved | Tell::StillFiring) {
            // Mail programs put it below the message that it belongs to.
            let first = format!("{}-{}-firing", event.alert, event.since.as_millisecond());
            letter.push_str(&format!("In-Reply-To: <{first}@{own_name}>\r\n"));
            letter.push_str(&format!("References: <{first}@{own_name}>\r\n"));
        }
        letter.push_str(
            "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n",
        );
        let text = format!("{}\n\n{}\n", event.headline(), event.lines().join("\n"));
        let body = STANDARD.encode(text.replace('\n', "\r\n"));
        for line in body.as_bytes().chunks(76) {
            letter.push_str(&String::from_utf8_lossy(line));
            letter.push_str("\r\n");
        }
        letter
    }
}

/// The name of this host as a mail server takes it.
fn own_name() -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let name = hostname().filter(|name| !name.is_empty() && name.chars().all(is_plain));
    name.unwrap_or_else(|| "localhost".to_owned())
}

/// A text as the words of a header, whatever is in it.
fn encoded(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_graphic() || c == ' ';
    if text.len() <= 60 && text.chars().all(is_plain) && !text.contains("=?") {
        return text.to_owned();
    }
    let mut words = vec![String::new()];
    for c in text.chars() {
        match words.last_mut() {
            Some(word) if word.len() + c.len_utf8() <= WORD => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    let words: Vec<String> =
        words.iter().map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word))).collect();
    words.join("\r\n ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::alerts::message::Place;

    fn mail() -> Mail {
        Mail {
            host: "mail.example".to_owned(),
            port: 25,
            security: Security::None,
            ca_file: None,
            login: None,
            from: Address::parse("a@b.example").unwrap(),
            to: vec![
                Address::parse("c@d.example").unwrap(),
                Address::parse("e@f.example").unwrap(),
            ],
        }
    }

    #[test]
    fn letter_of_hostile_text_has_no_header_more() {
        let at = "2026-01-02T03:04:05Z".parse().unwrap();
        let place = Place { host: "h\r\nBcc: evil@x".to_owned(), ..Place::default() };
        let mut event = Event::test("c", at, &place);
        event.evidence = vec![".\r\nRCPT TO:<evil@x>\r\n\u{1f4a5}".to_owned(), ".".to_owned()];
        let letter = mail().letter(&event, "me");
        let (head, body) = letter.split_once("\r\n\r\n").unwrap();
        let names: Vec<&str> = head
            .split("\r\n")
            .filter(|line| !line.starts_with(' '))
            .map(|line| line.split_once(": ").unwrap().0)
            .collect();
        assert_eq!(
            names,
            [
                "From",
                "To",
                "Subject",
                "Date",
                "Message-ID",
                "Auto-Submitted",
                "MIME-Version",
                "Content-Type",
                "Content-Transfer-Encoding",
            ]
        );
        assert!(
            letter.is_ascii()
                && letter.split("\r\n").all(|line| line.len() <= 78 && !line.starts_with('.'))
        );
        assert!(!letter.replace("\r\n", "").contains(['\r', '\n']));
        let text = STANDARD.decode(body.replace("\r\n", "")).unwrap();
        assert!(String::from_utf8(text).unwrap().contains('\u{1f4a5}'));
        assert!(head.contains("Date: Fri, 2 Jan 2026 03:04:05 +0000"), "{head}");
    }

    #[test]
    fn subject_of_any_length_and_script_is_words_of_75_characters() {
        assert_eq!(
            encoded("[jobctl] RESOLVED: backlog on erp1"),
            "[jobctl] RESOLVED: backlog on erp1"
        );
        let long = encoded(&"Warteschlange läuft über ".repeat(9));
        for word in long.split("\r\n ") {
            assert!(word.len() <= 75, "{word}");
            let inner = word.strip_prefix("=?utf-8?B?").unwrap().strip_suffix("?=").unwrap();
            String::from_utf8(STANDARD.decode(inner).unwrap()).unwrap();
        }
        assert!(encoded("=?x").starts_with("=?utf-8"));
    }
}
