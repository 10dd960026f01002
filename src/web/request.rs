//! Requests: what is accepted as one.

use std::borrow::Cow;

use url::form_urlencoded;

use super::Response;

/// Bytes of a request's head that are read.
pub const MOST_HEAD: usize = 8 * 1024;

/// Bytes of a target.
const MOST_TARGET: usize = 2 * 1024;

/// Header fields of a request.
const MOST_FIELDS: usize = 64;

/// A request without a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Whether only the head of the answer is wanted.
    pub head_only: bool,
    /// The path, as it was sent: nothing is decoded, so `%2e` is no dot.
    path: String,
    query: String,
    /// Names in lower case.
    fields: Vec<(String, String)>,
}

/// Whether the bytes hold a whole head, and where it ends.
pub(super) fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|part| part == b"\r\n\r\n").map(|at| at + 4)
}

impl Request {
    /// Reads a whole head. The error is the answer to send.
    pub fn parse(head: &[u8]) -> Result<Self, Response> {
        let bad = |why: &'static str| Response::refusal(400, why);
        let head = std::str::from_utf8(head).map_err(|_| bad("the head is no text"))?;
        let head = head.strip_suffix("\r\n\r\n").ok_or_else(|| bad("the head does not end"))?;
        if head.bytes().any(|b| b == 0) {
            return Err(bad("the head holds a null byte"));
        }
        let mut lines = head.split("\r\n");
        let (method, target, version) = request_line(lines.next().unwrap_or_default())?;
        if !matches!(version, "HTTP/1.1" | "HTTP/1.0") {
            return Err(Response::refusal(505, "only HTTP/1.1 and HTTP/1.0 are spoken"));
        }
        let head_only = match method {
            "GET" => false,
            "HEAD" => true,
            _ => return Err(Response::refusal(405, "only GET and HEAD").with("Allow", "GET, HEAD")),
        };
        let mut fields = Vec::new();
        for line in lines {
            if fields.len() == MOST_FIELDS {
                return Err(Response::refusal(431, "too many header fields"));
            }
            fields.push(field(line).ok_or_else(|| bad("a header field is malformed"))?);
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let request = Self { head_only, path: path.to_owned(), query: query.to_owned(), fields };
        request.check(version)?;
        Ok(request)
    }

    fn check(&self, version: &str) -> Result<(), Response> {
        let count = |name: &str| self.fields.iter().filter(|(n, _)| n == name).count();
        if count("host") > 1 || (version == "HTTP/1.1" && count("host") == 0) {
            return Err(Response::refusal(400, "a request names one host"));
        }
        if count("authorization") > 1 {
            return Err(Response::refusal(400, "a request carries one authorization"));
        }
        let has_body = count("transfer-encoding") > 0
            || self.fields.iter().any(|(name, value)| name == "content-length" && value != "0");
        if has_body {
            return Err(Response::refusal(413, "a request has no body here"));
        }
        Ok(())
    }

    /// The path, undecoded.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The parameters of the query, decoded, in order.
    pub fn parameters(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        form_urlencoded::parse(self.query.as_bytes())
    }

    /// A header field; the name in lower case.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// `GET /path HTTP/1.1`, with one blank between the words.
fn request_line(line: &str) -> Result<(&str, &str, &str), Response> {
    let bad = || Response::refusal(400, "the request line is malformed");
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(bad());
    };
    if target.len() > MOST_TARGET {
        return Err(Response::refusal(414, "the target is too long"));
    }
    let visible = target.bytes().all(|b| (b'!'..=b'~').contains(&b));
    if !target.starts_with('/') || !visible || target.contains('#') || !is_token(method) {
        return Err(bad());
    }
    Ok((method, target, version))
}

/// `Name: value`. A line that continues the one before is obsolete and refused.
fn field(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let value = value.trim_matches([' ', '\t']);
    let plain = value.chars().all(|c| c == '\t' || !c.is_control());
    (is_token(name) && plain).then(|| (name.to_ascii_lowercase(), value.to_owned()))
}

/// Source: RFC 9110, 5.6.2.
fn is_token(text: &str) -> bool {
    let is_char = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !text.is_empty() && text.bytes().all(is_char)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn status(head: &str) -> u16 {
        Request::parse(head.as_bytes()).map_or_else(|refusal| refusal.status(), |_| 200)
    }

    #[test]
    fn request_takes_path_query_and_fields() {
        let head = "GET /a/b?x=1&y=%20z HTTP/1.1\r\nHost: h\r\nACCEPT:  q \r\n\r\n";
        let request = Request::parse(head.as_bytes()).unwrap();
        assert_eq!((request.path(), request.field("accept")), ("/a/b", Some("q")));
        let parameters: Vec<_> = request.parameters().collect();
        assert_eq!(parameters, [("x".into(), "1".into()), ("y".into(), " z".into())]);
    }

    #[test]
    fn request_that_is_not_certainly_well_formed_is_refused() {
        let ok = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
        assert_eq!(status(ok), 200);
        for (head, expected) in [
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
            ("GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
            ("GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400),
            ("GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400),
            ("GET /\u{e9} HTTP/1.1\r\nHost: h\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n", 400),
            ("GET / HTTP/1.1\nHost: h\n\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\0\r\n\r\n", 400),
            ("GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505),
            ("POST / HTTP/1.1\r\nHost: h\r\n\r\n", 405),
            ("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", 413),
            ("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", 413),
            ("", 400),
        ] {
            assert_eq!(status(head), expected, "{head:?}");
        }
        let long = format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "a".repeat(MOST_TARGET));
        assert_eq!(status(&long), 414);
        let many = "X: y\r\n".repeat(MOST_FIELDS);
        assert_eq!(status(&format!("GET / HTTP/1.1\r\nHost: h\r\n{many}\r\n")), 431);
    }

    proptest! {
        #[test]
        fn request_of_any_bytes_never_panics(bytes: Vec<u8>, text in ".*") {
            let _ = Request::parse(&bytes);
            let _ = Request::parse(format!("GET /{text} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes());
            let _ = Request::parse(format!("GET / HTTP/1.1\r\n{text}\r\n\r\n").as_bytes());
        }
    }
}
