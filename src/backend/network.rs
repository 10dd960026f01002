//! What goes wrong on the way to another host, told apart and said so that an operator can act on
//! it: the same for Redis, databases, mail and web servers.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use rustls::CertificateError;

use crate::human;

/// What sort of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The name of the host cannot be resolved.
    Dns,
    /// Nobody listens there.
    Refused,
    /// No way leads there.
    Unreachable,
    /// The certificate is not accepted, or the handshake failed otherwise.
    Tls,
    /// No answer in time.
    Timeout,
    /// The other side closed the connection.
    Closed,
    /// It answers, and that it does not do it.
    Status,
    /// It answers with another address.
    Redirect,
    /// It does not speak the protocol.
    Protocol,
    /// Anything else; the words say what.
    Other,
}

impl Cause {
    /// The word for programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Closed => "closed",
            Self::Status => "status",
            Self::Redirect => "redirect",
            Self::Protocol => "protocol",
            Self::Other => "other",
        }
    }
}

/// A fault and its words: lower case, no full stop, no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What sort of fault it is.
    pub cause: Cause,
    /// Why it failed.
    pub why: String,
}

impl Fault {
    /// A fault in these words.
    pub fn new(cause: Cause, why: impl Into<String>) -> Self {
        Self { cause, why: why.into() }
    }

    /// What an error of a socket says, where all had to be over within `limit`.
    pub fn of(error: &io::Error, limit: Duration) -> Self {
        if let Some(problem) = tls_problem(error) {
            return Self::new(Cause::Tls, problem);
        }
        if error.get_ref().and_then(|inner| inner.downcast_ref::<NoSuchHost>()).is_some() {
            return Self::new(Cause::Dns, error.to_string());
        }
        let (cause, why) = match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => {
                (Cause::Timeout, format!("it did not answer within {}", human::seconds(limit)))
            }
            ErrorKind::ConnectionRefused => (Cause::Refused, "connection refused".to_owned()),
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
                (Cause::Unreachable, "no route to the host".to_owned())
            }
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                (Cause::Closed, "the other side closed the connection".to_owned())
            }
            ErrorKind::InvalidData => (Cause::Protocol, error.to_string()),
            _ => (Cause::Other, error.to_string()),
        };
        Self { cause, why }
    }
}

/// That the name of a host cannot be resolved; travels inside an `io::Error`.
#[derive(Debug)]
pub(super) struct NoSuchHost {
    host: String,
    why: String,
}

impl NoSuchHost {
    /// What the resolver said of `host`.
    pub(super) fn wrap(host: &str, error: &io::Error) -> io::Error {
        let said = error.to_string();
        // Source: std, `lookup_host`; behind it stand the words of gai_strerror(3).
        let why = said.strip_prefix("failed to lookup address information: ").unwrap_or(&said);
        let inner = Self { host: host.to_owned(), why: why.to_owned() };
        io::Error::new(ErrorKind::NotFound, inner)
    }
}

impl fmt::Display for NoSuchHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the host name `{}` cannot be resolved: {}", self.host, self.why)
    }
}

impl Error for NoSuchHost {}

/// What is wrong with the peer's certificate, or that TLS met something that is not TLS; `None`
/// where an error is not of TLS.
pub fn tls_problem(error: &(dyn Error + 'static)) -> Option<String> {
    Some(match tls_error(error)? {
        rustls::Error::InvalidCertificate(why) => {
            format!("the server's certificate is not accepted: {}", certificate_problem(why))
        }
        rustls::Error::AlertReceived(alert) => {
            format!("the server broke off the TLS handshake: {alert:?}")
        }
        rustls::Error::InvalidMessage(_) => "the server does not speak TLS".to_owned(),
        other => format!("TLS failed: {other}"),
    })
}

/// The error of TLS in a chain of errors.
fn tls_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    if let Some(found) = error.downcast_ref() {
        return Some(found);
    }
    // The source of an `io::Error` is that of what is in it, not that itself.
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    if let Some(inner) = inner {
        return tls_error(inner);
    }
    tls_error(error.source()?)
}

fn certificate_problem(error: &CertificateError) -> String {
    let day = |time: &rustls::pki_types::UnixTime| {
        let at = i64::try_from(time.as_secs()).ok();
        let at = at.and_then(|at| jiff::Timestamp::from_second(at).ok());
        at.map_or_else(String::new, |at| format!(" ({})", at.strftime("%Y-%m-%d")))
    };
    match error {
        CertificateError::Expired => "it has expired".to_owned(),
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("it has expired{}", day(not_after))
        }
        CertificateError::NotValidYet => "it is not valid yet".to_owned(),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("it is not valid yet{}", day(not_before))
        }
        CertificateError::UnknownIssuer => {
            "its issuer is unknown here, a private authority or the server itself".to_owned()
        }
        CertificateError::NotValidForName => "it is made out to another name".to_owned(),
        CertificateError::NotValidForNameContext { expected, presented } => {
            let named: Vec<String> =
                presented.iter().take(5).map(|name| plain_name(name)).collect();
            let expected = expected.to_str();
            match named.as_slice() {
                [] => format!("it is not made out to `{expected}`, nor to any name"),
                named => format!("it is made out to {}, not to `{expected}`", named.join(", ")),
            }
        }
        CertificateError::Revoked => "it was revoked".to_owned(),
        CertificateError::BadSignature => "its signature is wrong".to_owned(),
        CertificateError::BadEncoding => "it is damaged".to_owned(),
        other => other.to_string(),
    }
}

/// A name in a certificate; rustls writes it as `DnsName("a.example")`.
fn plain_name(name: &str) -> String {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    format!("`{}`", inner.unwrap_or(name).trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::{ServerName, UnixTime};

    use super::*;

    fn said(error: CertificateError) -> String {
        let error = rustls::Error::InvalidCertificate(error);
        let fault = Fault::of(&io::Error::new(ErrorKind::InvalidData, error), Duration::ZERO);
        assert_eq!(fault.cause, Cause::Tls);
        let words = fault.why.strip_prefix("the server's certificate is not accepted: ");
        words.unwrap().to_owned()
    }

    #[test]
    fn certificate_that_is_not_accepted_is_told_in_words() {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let expired =
            CertificateError::ExpiredContext { time: at(1_800_000_000), not_after: at(86_400) };
        assert_eq!(said(expired), "it has expired (1970-01-02)");
        assert!(said(CertificateError::UnknownIssuer).starts_with("its issuer is unknown"));
        let other = CertificateError::NotValidForNameContext {
            expected: ServerName::try_from("b.example").unwrap(),
            presented: vec!["DnsName(\"a.example\")".to_owned(), "IpAddress(10.0.0.1)".to_owned()],
        };
        assert_eq!(said(other), "it is made out to `a.example`, `10.0.0.1`, not to `b.example`");
    }

    #[test]
    fn fault_of_the_network_has_a_cause_and_words() {
        let of = |kind: ErrorKind| Fault::of(&io::Error::from(kind), Duration::from_secs(2)).cause;
        assert_eq!(of(ErrorKind::ConnectionRefused), Cause::Refused);
        assert_eq!(of(ErrorKind::WouldBlock), Cause::Timeout);
        assert_eq!(of(ErrorKind::ConnectionReset), Cause::Closed);
        let lookup = io::Error::other("failed to lookup address information: Name not known");
        let fault = Fault::of(&NoSuchHost::wrap("x.invalid", &lookup), Duration::ZERO);
        assert_eq!(fault.cause, Cause::Dns);
        assert_eq!(fault.why, "the host name `x.invalid` cannot be resolved: Name not known");
    }
}
