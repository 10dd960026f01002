//! A real MariaDB server, private to the run and shared by its tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use mysql::prelude::Queryable as _;
use mysql::{Conn, OptsBuilder};

use super::redis::{free_port, make_certificates};
use super::wait::wait_until;
use super::watchdog::{Watched, run};

/// The first start lays out a data directory, on a machine that runs other tests as well.
const START: Duration = Duration::from_secs(90);

/// A server with a Unix socket, a port of 127.0.0.1, and TLS on it for who asks.
pub(crate) struct MariaDbServer {
    folder: PathBuf,
    port: u16,
    server: Watched,
}

/// The server of this run; the first caller waits some seconds for it.
pub(crate) fn mariadb() -> &'static MariaDbServer {
    static SHARED: OnceLock<MariaDbServer> = OnceLock::new();
    SHARED.get_or_init(MariaDbServer::start)
}

impl MariaDbServer {
    fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("jobctl-mariadb-").tempdir().unwrap().keep();
        let data = folder.join("data");
        run(Command::new("mariadb-install-db").args(common(&data)).args([
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--skip-name-resolve",
        ]));
        make_certificates(&folder);
        let port = free_port();
        let file = |name: &str| folder.join(name).display().to_string();
        let mut command = vec![server_program()];
        command.extend(common(&data));
        command.extend([
            format!("--socket={}", file("mysqld.sock")),
            format!("--port={port}"),
            format!("--pid-file={}", file("mysqld.pid")),
            format!("--ssl-ca={}", file("ca.crt")),
            format!("--ssl-cert={}", file("server.crt")),
            format!("--ssl-key={}", file("server.key")),
        ]);
        let fixed = ["--bind-address=127.0.0.1", "--skip-name-resolve", "--skip-log-bin"];
        command.extend(fixed.map(str::to_owned));
        command.push("--innodb-flush-log-at-trx-commit=0".to_owned());
        // The data is thrown away, so that it need not end in order.
        let server = Watched::start(&folder, "KILL", &command);
        let started = Self { folder, port, server };
        wait_until(START, "mariadbd to answer", || {
            let attempt = Conn::new(started.admin_options());
            attempt.is_ok().then_some(()).or_else(|| {
                assert!(!started.server.log().contains("Aborting"), "{}", started.server.log());
                None
            })
        });
        started
    }

    fn admin_options(&self) -> OptsBuilder {
        OptsBuilder::new()
            .user(Some("root"))
            .socket(Some(self.socket().to_string_lossy()))
            .prefer_socket(false)
    }

    /// A connection that may do everything.
    pub(crate) fn admin(&self) -> Conn {
        Conn::new(self.admin_options()).unwrap()
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join("mysqld.sock")
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The authority that signed the server's certificate.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }

    /// An authority that signed nothing.
    pub(crate) fn foreign_ca_file(&self) -> PathBuf {
        self.folder.join("foreign.crt")
    }

    /// A client certificate signed by [`Self::ca_file`], and its key.
    pub(crate) fn client_files(&self) -> (PathBuf, PathBuf) {
        (self.folder.join("client.crt"), self.folder.join("client.key"))
    }

    /// Makes a database, and a user of the same name with all rights to it.
    pub(crate) fn create(&self, name: &str, password: &str) -> Conn {
        let mut admin = self.admin();
        for statement in [
            format!("CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"),
            format!("CREATE USER '{name}'@'%' IDENTIFIED BY '{password}'"),
            format!("GRANT ALL ON `{name}`.* TO '{name}'@'%'"),
            format!("USE `{name}`"),
        ] {
            admin.query_drop(statement).unwrap();
        }
        admin
    }
}

/// What the installation and the server have in common. As root the server wants to be told so.
fn common(data: &Path) -> Vec<String> {
    let mut options = vec!["--no-defaults".to_owned(), format!("--datadir={}", data.display())];
    if nix::unistd::Uid::effective().is_root() {
        options.push("--user=root".to_owned());
    }
    options.push("--innodb-log-file-size=8M".to_owned());
    options.push("--innodb-buffer-pool-size=32M".to_owned());
    options
}

/// Debian keeps the server where users do not look for programs.
fn server_program() -> String {
    let installed = Path::new("/usr/sbin/mariadbd");
    if installed.exists() { installed.display().to_string() } else { "mariadbd".to_owned() }
}
