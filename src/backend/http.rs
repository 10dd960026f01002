//! Telling a web server something: one request, its status, no redirect followed.
//!
//! Owns the little of HTTP/1.1 that this takes. Name resolution, connect, TLS and every read and
//! write together end by one deadline. Source: RFC 9112.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use url::Url;

use super::network::{Cause, Fault};
use super::redis::endpoint::{Node, TlsOptions};
use super::redis::wire::Wire;

/// Bytes of a status line that are read: no server needs more.
const LONGEST_STATUS: usize = 1024;

/// An address that takes requests. Its path and its login often are the secret, so it shows itself
/// without them: `https://hooks.example/…`.
#[derive(Clone, PartialEq, Eq)]
pub struct Hook {
    url: Url,
}

/// What is posted.
#[derive(Debug, Clone, Copy)]
pub struct Post<'a> {
    /// The type of the body.
    pub content_type: &'a str,
    /// Further fields of the head; control characters in their values are left out.
    pub fields: &'a [(&'a str, String)],
    /// The body.
    pub body: &'a [u8],
    /// Certificates to trust instead of the system's.
    pub ca_file: Option<&'a Path>,
}

impl Hook {
    /// Reads an `http` or `https` URL. The error says what is wrong, without repeating the URL.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("it is no URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("the URL must begin with http:// or https://".to_owned());
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err("the URL names no host".to_owned());
        }
        Ok(Self { url })
    }

    /// Posts, and gives the status of the answer, 200 to 299.
    ///
    /// Errors: why it was not taken, all within `limit`; [`Cause::Status`] with any other status.
    pub fn deliver(&self, post: &Post<'_>, limit: Duration) -> Result<u16, Fault> {
        match self.send(post, limit) {
            Ok(status @ 200..=299) => Ok(status),
            Ok(300..=399) => {
                let why = "it redirects: name the address that it names";
                Err(Fault::new(Cause::Redirect, why))
            }
            Ok(status) => Err(Fault::new(Cause::Status, format!("it answers {status}"))),
            Err(error) => Err(Fault::of(&error, limit)),
        }
    }

    /// Posts, and gives the status of the answer, whatever it is.
    ///
    /// Errors: those of the network; `TimedOut` past `limit`; `InvalidData` for what is no answer
    /// of HTTP.
    fn send(&self, post: &Post<'_>, limit: Duration) -> io::Result<u16> {
        let node = Node {
            // Brackets of an IPv6 address are the URL's, not the address's.
            host: self.host().trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: self.url.port_or_known_default().unwrap_or(80),
        };
        let ca_file = post.ca_file.map(Path::to_owned);
        let tls = (self.url.scheme() == "https").then(|| TlsOptions::trusting(ca_file));
        let mut wire = Wire::tcp(&node, tls.as_ref(), Instant::now() + limit)?;
        wire.write_all(&self.request(post))?;
        wire.flush()?;
        status(&mut wire)
    }

    fn request(&self, post: &Post<'_>) -> Vec<u8> {
        let Post { content_type, fields, body, .. } = post;
        let url = &self.url;
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let mut head = format!(
            "POST {}{query} HTTP/1.1\r\nHost: {}{port}\r\nUser-Agent: jobctl/{}\r\n\
             Content-Type: {content_type}\r\nContent-Length: {}\r\nConnection: close\r\n",
            url.path(),
            self.host(),
            env!("CARGO_PKG_VERSION"),
            body.len(),
        );
        if !url.username().is_empty() || url.password().is_some() {
            let password = url.password().unwrap_or_default();
            let login = format!("{}:{password}", url.username());
            let login = percent_decoded(&login);
            let login = base64::engine::general_purpose::STANDARD.encode(login);
            head.push_str(&format!("Authorization: Basic {login}\r\n"));
        }
        for (name, value) in *fields {
            // A line break would begin another field.
            let value: String = value.chars().filter(|c| !c.is_control()).collect();
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        [head.as_bytes(), body].concat()
    }

    fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.url.scheme(), self.host())?;
        self.url.port().map_or(Ok(()), |port| write!(f, ":{port}"))?;
        f.write_str(if self.url.path().len() > 1 || self.url.query().is_some() {
            "/…"
        } else {
            ""
        })
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hook({self})")
    }
}

/// Reads as far as the status. A peer that closes without an answer is no success.
fn status(wire: &mut Wire) -> io::Result<u16> {
    let mut line = Vec::new();
    let mut buffer = [0; 256];
    while !line.contains(&b'\n') && line.len() < LONGEST_STATUS {
        match wire.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => line.extend_from_slice(buffer.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    status_of(&line)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))
}

/// The code in `HTTP/1.1 200 OK`.
fn status_of(line: &[u8]) -> Option<u16> {
    let rest = line.strip_prefix(b"HTTP/1.1 ").or_else(|| line.strip_prefix(b"HTTP/1.0 "))?;
    let digits = std::str::from_utf8(rest.get(..3)?).ok()?;
    digits.parse().ok().filter(|code| (100..=599).contains(code))
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let hex = |byte: Option<u8>| char::from(byte?).to_digit(16);
        match (byte, hex(ahead.next()), hex(ahead.next())) {
            (b'%', Some(high), Some(low)) => {
                // Two hex digits make a byte.
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                bytes = ahead;
            }
            (byte, ..) => out.push(byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(body: &[u8]) -> Post<'_> {
        Post { content_type: "text/plain", fields: &[], body, ca_file: None }
    }

    #[test]
    fn hook_shows_only_its_host() {
        let hook = Hook::parse("https://anna:pass@hc.example:8443/ping/secret?x=1").unwrap();
        assert_eq!(hook.to_string(), "https://hc.example:8443/…");
        assert_eq!(format!("{hook:?}"), "Hook(https://hc.example:8443/…)");
        assert_eq!(Hook::parse("http://h/").unwrap().to_string(), "http://h");
        let request = String::from_utf8(hook.request(&plain(b"hi"))).unwrap();
        assert!(request.starts_with("POST /ping/secret?x=1 HTTP/1.1\r\nHost: hc.example:8443\r\n"));
        assert!(request.contains("\r\nAuthorization: Basic YW5uYTpwYXNz\r\n"), "{request}");
        assert!(request.ends_with("\r\n\r\nhi"));
    }

    #[test]
    fn hook_of_another_scheme_or_without_a_host_is_refused() {
        assert!(Hook::parse("file:///etc/passwd").is_err());
        assert!(Hook::parse("ftp://host/").is_err());
        assert!(Hook::parse("hc.example/ping").is_err());
        assert!(Hook::parse("http://").is_err());
    }

    #[test]
    fn hook_with_a_line_break_in_it_sends_none() {
        let hook = Hook::parse("http://host/a%0d%0aX: y\r\nZ: w").unwrap();
        let request = String::from_utf8(
            hook.request(&Post { fields: &[("A", "b\r\nX: c".to_owned())], ..plain(b"") }),
        )
        .unwrap();
        assert_eq!(request.lines().filter(|line| line.starts_with(['X', 'Z'])).count(), 0);
    }

    #[test]
    fn status_of_what_is_no_answer_is_none() {
        assert_eq!(status_of(b"HTTP/1.1 204 No Content\r\n"), Some(204));
        assert_eq!(status_of(b"HTTP/1.0 503\r\n"), Some(503));
        assert_eq!(status_of(b"HTTP/2 200"), None);
        assert_eq!(status_of(b"HTTP/1.1 2x0"), None);
        assert_eq!(status_of(b""), None);
    }
}
