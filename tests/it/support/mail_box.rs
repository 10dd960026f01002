//! A real mail server (aiosmtpd) that keeps what it is given, with TLS and a login where the test
//! wants them.

use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::redis::{free_port, make_certificates};
use super::rq::venv;
use super::wait::wait_until;

/// Refuses recipients that begin with `refuse`, and logins other than anna's.
const SERVER: &str = r"
import json, signal, ssl, sys
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

port, mode, out = int(sys.argv[1]), sys.argv[2], sys.argv[3]

class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith('refuse'):
            return '550 5.1.1 no such mailbox'
        envelope.rcpt_tos.append(address)
        return '250 OK'

    async def handle_DATA(self, server, session, envelope):
        with open(out, 'a') as file:
            file.write(json.dumps({
                'from': envelope.mail_from, 'to': envelope.rcpt_tos,
                'data': envelope.content.decode(), 'login': bool(session.authenticated),
                'tls': session.ssl is not None or mode == 'implicit',
            }) + '\n')
        return '250 taken'

def authenticate(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b'anna', b's3cret-word')
    return AuthResult(success=right, handled=False)

def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS)
    made.load_cert_chain('server.crt', 'server.key')
    return made

more = {}
if mode == 'starttls':
    more = dict(tls_context=context(), require_starttls=True, authenticator=authenticate, auth_required=True)
elif mode == 'implicit':
    more = dict(ssl_context=context(), authenticator=authenticate, auth_required=True, auth_require_tls=False)
elif mode == 'login-only':
    more = dict(authenticator=authenticate, auth_required=True, auth_require_tls=False, auth_exclude_mechanism=['PLAIN'])
controller = Controller(Handler(), hostname='127.0.0.1', port=port, **more)
controller.start()
signal.pause()
";

/// A mail server that ends with the value.
pub(crate) struct MailBox {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl MailBox {
    /// `starttls`, `implicit`, `plain`, or `login-only` for one without TLS that knows AUTH LOGIN.
    pub(crate) fn start(mode: &str) -> Self {
        let venv = venv("aiosmtpd-1.4.6");
        let folder = tempfile::tempdir().unwrap();
        make_certificates(folder.path());
        fs::write(folder.path().join("server.py"), SERVER).unwrap();
        let port = free_port();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new(venv.join("bin/python"))
            .args(["server.py", &port.to_string(), mode, "mails"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut mailbox = Self { child, port, folder };
        wait_until(super::wait::PATIENCE * 4, "the mail server", || {
            let log = fs::read_to_string(mailbox.folder.path().join("log")).unwrap();
            assert!(mailbox.child.try_wait().unwrap().is_none(), "{log}");
            TcpStream::connect(("127.0.0.1", port)).ok().map(|_| ())
        });
        mailbox
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }

    /// An authority that did not sign the server's certificate.
    pub(crate) fn foreign_ca_file(&self) -> PathBuf {
        self.folder.path().join("foreign.crt")
    }

    /// What was taken so far.
    pub(crate) fn mails(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.path().join("mails")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The subjects of what was taken so far.
    pub(crate) fn subjects(&self) -> Vec<String> {
        let subject = |mail: &Value| {
            let data = mail["data"].as_str().unwrap();
            let line = data.lines().find_map(|line| line.strip_prefix("Subject: "));
            line.unwrap().to_owned()
        };
        self.mails().iter().map(subject).collect()
    }
}

impl Drop for MailBox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
