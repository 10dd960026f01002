//! Handing a mail to a server: submission with STARTTLS or TLS from the start, and a login.
//!
//! Owns the dialogue alone; what the mail says is its sender's. Name resolution, connect, TLS and
//! every line together end by one deadline. Source: RFC 5321 (SMTP), 3207 (STARTTLS), 4954 (AUTH),
//! 8314 (TLS from the start).

use std::fmt;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::redis::endpoint::{Node, TlsOptions};
use super::redis::wire::Wire;

/// Bytes of an answer that are read: no server needs more.
const LONGEST_ANSWER: usize = 16 * 1024;

/// Characters of a server's words that are repeated.
const MOST_REPEATED: usize = 200;

/// How the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// It begins plain and is encrypted before anything is said; a server that cannot is refused.
    StartTls,
    /// From the first byte on.
    Implicit,
    /// Never.
    None,
}

impl Security {
    /// The port that goes with it.
    pub const fn port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Implicit => 465,
            Self::None => 25,
        }
    }
}

/// A mail server and how it is spoken to.
#[derive(Clone)]
pub struct MailServer {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub security: Security,
    /// Certificates to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// User and password.
    pub login: Option<(String, String)>,
    /// The name under which this host introduces itself.
    pub own_name: String,
}

impl fmt::Debug for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailServer({}:{})", self.host, self.port)
    }
}

/// An address that can stand in a command and in a header as it is: ASCII without white space,
/// control characters, brackets or quotation marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// Takes `anna@example.com`; says why another text is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let is_plain = |c: char| c.is_ascii_graphic() && !"<>()[]\\,;:\"".contains(c);
        let parts = text.rsplit_once('@').filter(|(local, domain)| {
            let local_ok = !local.is_empty() && local.len() <= 64 && !local.contains('@');
            local_ok && !domain.is_empty() && domain.len() <= 255 && !domain.starts_with('-')
        });
        match parts {
            Some(_) if text.chars().all(is_plain) => Ok(Self(text.to_owned())),
            Some(_) if !text.is_ascii() => {
                Err("an address is ASCII; write an international domain as xn--…".to_owned())
            }
            _ => Err("it is no address such as anna@example.com".to_owned()),
        }
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Hands a mail over; gives the recipients that the server refused, with its words, where it took
/// others.
///
/// `mail` has its header and lines that end with CR LF and do not begin with a dot. Errors: those of
/// the network, `TimedOut` past `limit`, and `InvalidData` with the server's words.
pub fn send(
    server: &MailServer,
    from: &Address,
    to: &[Address],
    mail: &str,
    limit: Duration,
) -> io::Result<Vec<String>> {
    let mut dialogue = Dialogue::open(server, Instant::now() + limit)?;
    dialogue.log_in(server)?;
    dialogue.say(&format!("MAIL FROM:<{}>", from.0), 250, "refuses the sender")?;
    let mut refused = Vec::new();
    for address in to {
        dialogue.write(&format!("RCPT TO:<{}>", address.0))?;
        let answer = dialogue.answer()?;
        if !matches!(answer.code, 250..=252) {
            refused.push(format!("{}: {answer}", address.0));
        }
    }
    if refused.len() == to.len() {
        return Err(invalid(format!("the server refuses every recipient: {}", refused.join("; "))));
    }
    dialogue.say("DATA", 354, "takes no mail")?;
    dialogue.write(mail.strip_suffix("\r\n").unwrap_or(mail))?;
    dialogue.say(".", 250, "refuses the mail")?;
    // It has the mail by now, whatever comes of the farewell.
    let _ = dialogue.write("QUIT");
    Ok(refused)
}

/// What a server says.
struct Answer {
    code: u16,
    lines: Vec<String>,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: String = self.lines.join(" ").chars().take(MOST_REPEATED).collect();
        write!(f, "{} {words}", self.code)
    }
}

/// A conversation with a server.
struct Dialogue {
    wire: Wire,
    /// What was read and not yet understood.
    read: Vec<u8>,
    /// What the server offers, in capitals.
    offers: Vec<String>,
    is_encrypted: bool,
}

impl Dialogue {
    fn open(server: &MailServer, deadline: Instant) -> io::Result<Self> {
        let node = Node { host: server.host.clone(), port: server.port };
        let tls = TlsOptions::trusting(server.ca_file.clone());
        let is_encrypted = server.security == Security::Implicit;
        let wire = Wire::tcp(&node, is_encrypted.then_some(&tls), deadline)?;
        let mut dialogue = Self { wire, read: Vec::new(), offers: Vec::new(), is_encrypted };
        dialogue.expect(220, "does not welcome us")?;
        dialogue.introduce(&server.own_name)?;
        if server.security != Security::StartTls {
            return Ok(dialogue);
        }
        if !dialogue.offers.iter().any(|offer| offer == "STARTTLS") {
            let why = "the server offers no STARTTLS: use `tls = \"implicit\"`, or \"none\" inside \
                       of this host";
            return Err(invalid(why.to_owned()));
        }
        dialogue.say("STARTTLS", 220, "does not begin to encrypt")?;
        if !dialogue.read.is_empty() {
            // What an attacker put in before encryption would be taken for the server's words.
            return Err(invalid("the server speaks on before it encrypts".to_owned()));
        }
        dialogue.wire = dialogue.wire.encrypted(&tls, &node.host)?;
        dialogue.is_encrypted = true;
        dialogue.introduce(&server.own_name)?;
        Ok(dialogue)
    }

    fn introduce(&mut self, own_name: &str) -> io::Result<()> {
        let answer = self.say(&format!("EHLO {own_name}"), 250, "does not speak ESMTP")?;
        self.offers =
            answer.lines.iter().skip(1).map(|line| line.trim().to_ascii_uppercase()).collect();
        Ok(())
    }

    fn log_in(&mut self, server: &MailServer) -> io::Result<()> {
        let Some((user, password)) = &server.login else { return Ok(()) };
        let is_here = matches!(server.host.as_str(), "localhost" | "127.0.0.1" | "::1");
        if !self.is_encrypted && !is_here {
            return Err(invalid("a password is not sent to another host unencrypted".to_owned()));
        }
        let offer = self.offers.iter().find_map(|offer| offer.strip_prefix("AUTH "));
        let offers = |method: &str| {
            offer.is_some_and(|offer| offer.split_ascii_whitespace().any(|word| word == method))
        };
        if offers("PLAIN") {
            let token = STANDARD.encode(format!("\0{user}\0{password}"));
            self.whisper(&format!("AUTH PLAIN {token}"), 235)?;
        } else if offers("LOGIN") {
            self.whisper("AUTH LOGIN", 334)?;
            self.whisper(&STANDARD.encode(user), 334)?;
            self.whisper(&STANDARD.encode(password), 235)?;
        } else {
            let why = "the server offers neither PLAIN nor LOGIN to log in with";
            return Err(invalid(why.to_owned()));
        }
        Ok(())
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        self.wire.write_all(format!("{line}\r\n").as_bytes())?;
        self.wire.flush()
    }

    fn say(&mut self, line: &str, wanted: u16, otherwise: &str) -> io::Result<Answer> {
        self.write(line)?;
        self.expect(wanted, otherwise)
    }

    /// Says a line of the login. Of the answer only the code is repeated: servers quote what they do
    /// not like, and that is the password.
    fn whisper(&mut self, line: &str, wanted: u16) -> io::Result<()> {
        self.write(line)?;
        let code = self.answer()?.code;
        if code == wanted {
            return Ok(());
        }
        let known = match code {
            535 => ": user or password is wrong",
            534 | 538 => ": it wants another way to log in",
            454 => ": it cannot check it now",
            _ => "",
        };
        Err(invalid(format!("the server refuses the login ({code}{known})")))
    }

    fn expect(&mut self, wanted: u16, otherwise: &str) -> io::Result<Answer> {
        let answer = self.answer()?;
        if answer.code == wanted {
            return Ok(answer);
        }
        Err(invalid(format!("the server {otherwise}: {answer}")))
    }

    /// Reads an answer: lines `250-…`, the last one `250 …`.
    fn answer(&mut self) -> io::Result<Answer> {
        let mut answer = Answer { code: 0, lines: Vec::new() };
        let mut bytes = 0;
        loop {
            let line = self.line()?;
            bytes += line.len();
            let code = line.get(..3).and_then(|digits| digits.parse().ok());
            let more = line.as_bytes().get(3).copied();
            let (Some(code), true) = (code, matches!(more, Some(b'-' | b' ') | None)) else {
                return Err(invalid("the answer is not SMTP".to_owned()));
            };
            if bytes > LONGEST_ANSWER {
                return Err(invalid("the answer has no end".to_owned()));
            }
            answer.code = code;
            answer.lines.push(line.get(4..).unwrap_or_default().to_owned());
            if more != Some(b'-') {
                return Ok(answer);
            }
        }
    }

    fn line(&mut self) -> io::Result<String> {
        let mut buffer = [0; 1024];
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(line.trim_ascii_end()).into_owned());
            }
            if self.read.len() > LONGEST_ANSWER {
                return Err(invalid("the answer has no end".to_owned()));
            }
            match self.wire.read(&mut buffer) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                Ok(read) => self.read.extend_from_slice(buffer.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn invalid(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_that_could_become_another_line_or_recipient_is_refused() {
        for fine in ["anna@example.com", "a.b+c_d@xn--bcher-kva.example", "root@localhost"] {
            assert!(Address::parse(fine).is_ok(), "{fine}");
        }
        for bad in [
            "anna",
            "@example.com",
            "anna@",
            "a@b\r\nBcc: c@d",
            "a@b>\r\nRCPT TO:<c@d",
            "a b@c",
            "a@b, c@d",
            "<a@b>",
            "\"a\"@b",
            "a@b@c",
            "ä@b",
            "a@b\0",
            "a@-b",
        ] {
            assert!(Address::parse(bad).is_err(), "{bad:?}");
        }
    }
}
