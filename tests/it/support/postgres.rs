//! A real PostgreSQL server, private to the run and shared by its tests.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use nix::unistd::{Uid, User};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use super::redis::{PREPARE, free_port};
use super::wait::wait_until;
use super::watchdog::{Watched, run};

/// As for MariaDB.
const START: Duration = Duration::from_secs(90);

/// The superuser of the cluster.
const ADMIN: &str = "postgres";

/// A server with a Unix socket and a port of 127.0.0.1, both with passwords.
pub(crate) struct PostgresServer {
    folder: PathBuf,
    port: u16,
    server: Watched,
}

/// The server of this run; the first caller waits some seconds for it.
pub(crate) fn postgres() -> &'static PostgresServer {
    static SHARED: OnceLock<PostgresServer> = OnceLock::new();
    SHARED.get_or_init(PostgresServer::start)
}

/// A connection that is driven only while it is used.
pub(crate) struct Connection {
    runtime: Runtime,
    client: Client,
}

impl Connection {
    fn open(config: &Config) -> Option<Self> {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (client, connection) = runtime.block_on(config.connect(NoTls)).ok()?;
        runtime.spawn(async move { drop(connection.await) });
        Some(Self { runtime, client })
    }

    /// Runs statements; the rows of all of them, as text.
    pub(crate) fn query(&self, text: &str) -> Vec<Vec<Option<String>>> {
        let answer = self.runtime.block_on(self.client.simple_query(text));
        let answer = answer.unwrap_or_else(|error| panic!("{error:?}: {text}"));
        let rows = answer.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(
                (0..row.len()).map(|index| row.get(index).map(str::to_owned)).collect::<Vec<_>>(),
            ),
            _ => None,
        });
        rows.collect()
    }
}

impl PostgresServer {
    fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("jobctl-postgres-").tempdir().unwrap().keep();
        let data = folder.join("data");
        fs::create_dir(&data).unwrap();
        fs::write(folder.join("password"), "secret").unwrap();
        // The server refuses to run as root; what it uses is given to its own user.
        if let Some(user) = other_user() {
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
            for path in [&folder, &data, &folder.join("password")] {
                chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
            }
        }
        let initdb = as_user(&[
            program("initdb"),
            format!("--pgdata={}", data.display()),
            format!("--username={ADMIN}"),
            format!("--pwfile={}", folder.join("password").display()),
            "--auth=scram-sha-256".to_owned(),
            "--encoding=UTF8".to_owned(),
            "--locale=C".to_owned(),
            "--no-sync".to_owned(),
        ]);
        run(Command::new(&initdb[0]).args(&initdb[1..]).current_dir(&folder));
        let port = free_port();
        let command = as_user(&[
            program("postgres"),
            "-D".to_owned(),
            data.display().to_string(),
            "-k".to_owned(),
            folder.display().to_string(),
            "-h".to_owned(),
            "127.0.0.1".to_owned(),
            "-p".to_owned(),
            port.to_string(),
            "-F".to_owned(),
        ]);
        // At once, but with its children and without leaving shared memory behind.
        let server = Watched::start(&folder, "QUIT", &command);
        let started = Self { folder, port, server };
        wait_until(START, "postgres to answer", || {
            assert!(!started.server.log().contains("FATAL:  could"), "{}", started.server.log());
            Connection::open(&started.config(ADMIN, ADMIN, "secret"))
        });
        started
    }

    fn config(&self, database: &str, user: &str, password: &str) -> Config {
        let mut config = Config::new();
        config.host_path(&self.folder).port(self.port);
        config.dbname(database).user(user).password(password);
        config
    }

    /// The directory of its Unix socket.
    pub(crate) fn socket_folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Makes a database, and a user of the same name who owns it; a connection as this user.
    pub(crate) fn create(&self, name: &str, password: &str) -> Connection {
        let admin = Connection::open(&self.config(ADMIN, ADMIN, "secret")).unwrap();
        admin.query(&format!("CREATE USER \"{name}\" PASSWORD '{password}'"));
        admin.query(&format!("CREATE DATABASE \"{name}\" OWNER \"{name}\""));
        Connection::open(&self.config(name, name, password)).unwrap()
    }
}

/// Whom the server is to run as, where that is not who runs the tests.
fn other_user() -> Option<User> {
    if !Uid::effective().is_root() {
        return None;
    }
    let found = ["postgres", "nobody"].iter().find_map(|name| User::from_name(name).ok()?);
    Some(found.expect("a user for the server"))
}

fn as_user(command: &[String]) -> Vec<String> {
    let Some(user) = other_user() else { return command.to_vec() };
    let mut words = vec![
        "setpriv".to_owned(),
        format!("--reuid={}", user.uid),
        format!("--regid={}", user.gid),
        "--clear-groups".to_owned(),
    ];
    words.extend_from_slice(command);
    words
}

/// Debian keeps each version's programs in a folder of its own; the newest is taken.
fn program(name: &str) -> String {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<_> = versions
        .map(|version| version.path().join("bin").join(name))
        .filter(|path| path.exists())
        .collect();
    found.sort();
    match found.pop() {
        Some(path) => path.display().to_string(),
        None => which(name).unwrap_or_else(|| panic!("there is no {name}: {PREPARE}")),
    }
}

fn which(name: &str) -> Option<String> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|p| p.exists());
    found.map(|path| path.display().to_string())
}
