//! Real Redis servers and sentinels, each private to one test.

use std::fs;
use std::io::{BufReader, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use redis::Value;
use tempfile::TempDir;

use super::wait::{PATIENCE, wait_until};

/// Shown where a tool is absent: the tests have no way around it and do not pass by being skipped.
pub(crate) const PREPARE: &str = "run tests/run.sh --prepare, which installs what the tests need";

/// A free port may be taken by another process before the server has it.
const ATTEMPTS: usize = 5;

/// How a server is to be started; see [`RedisServer::builder`].
#[derive(Clone, Default)]
pub(crate) struct Builder {
    tcp: bool,
    tls: bool,
    persistent: bool,
    password: Option<String>,
    lines: Vec<String>,
}

impl Builder {
    /// Listens on a free port of 127.0.0.1 as well.
    pub(crate) fn tcp(mut self) -> Self {
        self.tcp = true;
        self
    }

    /// Takes TLS on another free port of 127.0.0.1, with certificates made for this server.
    pub(crate) fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Wants `password` of the user `default`.
    pub(crate) fn password(mut self, password: &str) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Adds users, each written as in redis.conf: `user anna on >secret ~* +@read`.
    pub(crate) fn acl(mut self, rules: &[&str]) -> Self {
        self.lines.extend(rules.iter().map(ToString::to_string));
        self
    }

    /// Adds a line to redis.conf.
    pub(crate) fn config(mut self, name: &str, value: &str) -> Self {
        self.lines.push(format!("{name} {value}"));
        self
    }

    /// Keeps an append-only file, so that the data survives [`RedisServer::restart`].
    pub(crate) fn persistent(mut self) -> Self {
        self.persistent = true;
        self
    }

    pub(crate) fn start(self) -> RedisServer {
        for _ in 0..ATTEMPTS {
            if let Some(server) = self.try_start() {
                return server;
            }
        }
        panic!("redis-server did not start in {ATTEMPTS} attempts");
    }

    fn try_start(&self) -> Option<RedisServer> {
        let folder = tempfile::Builder::new().prefix("jobctl-redis-").tempdir().unwrap();
        let port = if self.tcp { free_port() } else { 0 };
        let tls_port = if self.tls { free_port() } else { 0 };
        let mut lines = vec![
            format!("dir {}", folder.path().display()),
            format!("unixsocket {}", folder.path().join("redis.sock").display()),
            format!("port {port}"),
            "bind 127.0.0.1".into(),
            "save \"\"".into(),
            "daemonize no".into(),
            "databases 16".into(),
            format!("appendonly {}", if self.persistent { "yes" } else { "no" }),
        ];
        if let Some(password) = &self.password {
            lines.push(format!("requirepass {password}"));
        }
        if self.tls {
            make_certificates(folder.path());
            lines.extend(tls_lines(folder.path(), tls_port));
        }
        lines.extend(self.lines.iter().cloned());
        fs::write(folder.path().join("redis.conf"), lines.join("\n") + "\n").unwrap();
        let child = spawn(folder.path(), &["redis.conf"]);
        let password = self.password.clone();
        let mut server = RedisServer { folder, child, port, tls_port, password };
        server.becomes_ready().then_some(server)
    }
}

/// A redis-server with a Unix socket in a folder of its own; ends with the value.
pub(crate) struct RedisServer {
    folder: TempDir,
    child: Child,
    port: u16,
    tls_port: u16,
    password: Option<String>,
}

impl RedisServer {
    /// A server on a Unix socket alone, without password or persistence.
    pub(crate) fn start() -> Self {
        Builder::default().start()
    }

    pub(crate) fn builder() -> Builder {
        Builder::default()
    }

    /// The address with the default user's login: TCP where asked for, else the Unix socket.
    pub(crate) fn url(&self) -> String {
        let login = self.password.as_ref().map(|p| format!(":{p}@")).unwrap_or_default();
        if self.port == 0 {
            format!("unix://{login}{}", self.socket().display())
        } else {
            format!("redis://{login}127.0.0.1:{}/0", self.port)
        }
    }

    /// The same place as [`Self::url`] for another user.
    pub(crate) fn url_as(&self, user: &str, password: &str) -> String {
        if self.port == 0 {
            format!("unix://{user}:{password}@{}", self.socket().display())
        } else {
            format!("redis://{user}:{password}@127.0.0.1:{}/0", self.port)
        }
    }

    /// The TLS address without parameters.
    pub(crate) fn tls_url(&self) -> String {
        let login = self.password.as_ref().map(|p| format!(":{p}@")).unwrap_or_default();
        format!("rediss://{login}127.0.0.1:{}/0", self.tls_port)
    }

    /// Its folder, gone with the server.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The authority that signed the server's certificate.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }

    /// An authority that signed nothing.
    pub(crate) fn foreign_ca_file(&self) -> PathBuf {
        self.folder.path().join("foreign.crt")
    }

    /// A client certificate signed by [`Self::ca_file`], and its key.
    pub(crate) fn client_files(&self) -> (PathBuf, PathBuf) {
        (self.folder.path().join("client.crt"), self.folder.path().join("client.key"))
    }

    /// A connection of the driver's own as the default user: what jobctl reads is checked against
    /// another reader.
    pub(crate) fn client(&self) -> redis::Connection {
        self.try_client().unwrap()
    }

    fn try_client(&self) -> redis::RedisResult<redis::Connection> {
        let login = redis::RedisConnectionInfo::default();
        let login = match &self.password {
            Some(password) => login.set_password(password),
            None => login,
        };
        let url = format!("unix://{}", self.socket().display());
        let info = redis::IntoConnectionInfo::into_connection_info(url)?.set_redis_settings(login);
        redis::Client::open(info)?.get_connection()
    }

    /// Runs one command; panics where Redis refuses it.
    pub(crate) fn cmd(&self, words: &[&str]) -> Value {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        command.query(&mut self.client()).unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    /// Sends a file of commands in wire form; panics at the first one that is refused.
    pub(crate) fn load_resp(&self, path: impl AsRef<Path>) {
        let mut commands = fs::read(path).unwrap();
        commands.extend(b"*2\r\n$4\r\nECHO\r\n$6\r\nloaded\r\n");
        let socket = UnixStream::connect(self.socket()).unwrap();
        let mut writer = socket.try_clone().unwrap();
        let writing = std::thread::spawn(move || writer.write_all(&commands).unwrap());
        let (mut parser, mut reader) = (redis::Parser::new(), BufReader::new(socket));
        loop {
            match parser.parse_value(&mut reader).unwrap() {
                Value::BulkString(bytes) if bytes == b"loaded" => break,
                Value::ServerError(error) => panic!("refused while loading: {error:?}"),
                _ => {}
            }
        }
        writing.join().unwrap();
    }

    /// Ends the server as a crash does.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again with the same configuration and data, after [`Self::kill`].
    pub(crate) fn restart(&mut self) {
        self.kill();
        let _ = fs::remove_file(self.socket());
        self.child = spawn(self.folder.path(), &["redis.conf"]);
        assert!(self.becomes_ready(), "redis-server did not start again: {}", self.log());
    }

    /// What the server printed.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// False where it ended instead; a port that another process took is the usual reason.
    fn becomes_ready(&mut self) -> bool {
        wait_until(PATIENCE, "redis-server to answer", || {
            if self.child.try_wait().unwrap().is_some() {
                return Some(false);
            }
            let mut client = self.try_client().ok()?;
            redis::cmd("PING").exec(&mut client).ok().map(|()| true)
        })
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A sentinel that watches one server.
pub(crate) struct Sentinel {
    _folder: TempDir,
    child: Child,
    port: u16,
}

impl Sentinel {
    /// Watches `server`, which has to listen on TCP, under the name `service`.
    pub(crate) fn start(server: &RedisServer, service: &str) -> Self {
        assert_ne!(server.port, 0, "a sentinel needs a server on TCP");
        let folder = tempfile::Builder::new().prefix("jobctl-sentinel-").tempdir().unwrap();
        let port = free_port();
        let mut lines = vec![
            format!("port {port}"),
            "bind 127.0.0.1".into(),
            format!("dir {}", folder.path().display()),
            format!("sentinel monitor {service} 127.0.0.1 {} 1", server.port),
        ];
        if let Some(password) = &server.password {
            lines.push(format!("sentinel auth-pass {service} {password}"));
        }
        fs::write(folder.path().join("sentinel.conf"), lines.join("\n") + "\n").unwrap();
        let child = spawn(folder.path(), &["sentinel.conf", "--sentinel"]);
        let sentinel = Self { _folder: folder, child, port };
        let url = format!("redis://127.0.0.1:{port}");
        wait_until(PATIENCE, "the sentinel to answer", || {
            let mut client = redis::Client::open(url.as_str()).ok()?.get_connection().ok()?;
            redis::cmd("PING").exec(&mut client).ok()
        });
        sentinel
    }

    /// Its address, as lists of sentinels have it.
    pub(crate) fn node(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port of 127.0.0.1 on which nothing listened a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn spawn(folder: &Path, arguments: &[&str]) -> Child {
    let log = fs::File::create(folder.join("log")).unwrap();
    Command::new("redis-server")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(log.try_clone().unwrap())
        .stdout(log)
        .spawn()
        .unwrap_or_else(|error| panic!("redis-server cannot be started ({error}): {PREPARE}"))
}

fn tls_lines(folder: &Path, port: u16) -> Vec<String> {
    let file = |name: &str| folder.join(name).display().to_string();
    vec![
        format!("tls-port {port}"),
        format!("tls-cert-file {}", file("server.crt")),
        format!("tls-key-file {}", file("server.key")),
        format!("tls-ca-cert-file {}", file("ca.crt")),
        "tls-auth-clients optional".into(),
    ]
}

/// Two authorities, and a server's and a client's certificate by the first one.
pub(crate) fn make_certificates(folder: &Path) {
    for (name, subject) in [("ca", "/CN=jobctl tests"), ("foreign", "/CN=somebody else")] {
        let (key, certificate) = (format!("{name}.key"), format!("{name}.crt"));
        openssl(
            folder,
            &[
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days",
                "2",
                "-subj",
                subject,
                "-keyout",
                &key,
                "-out",
                &certificate,
            ],
        );
    }
    fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    for (name, subject) in [("server", "/CN=localhost"), ("client", "/CN=client")] {
        let (key, request, certificate) =
            (format!("{name}.key"), format!("{name}.csr"), format!("{name}.crt"));
        openssl(
            folder,
            &[
                "req",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-subj",
                subject,
                "-keyout",
                &key,
                "-out",
                &request,
            ],
        );
        openssl(
            folder,
            &[
                "x509",
                "-req",
                "-in",
                &request,
                "-CA",
                "ca.crt",
                "-CAkey",
                "ca.key",
                "-CAcreateserial",
                "-days",
                "2",
                "-extfile",
                "names",
                "-out",
                &certificate,
            ],
        );
    }
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| panic!("openssl cannot be started ({error}): {PREPARE}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
