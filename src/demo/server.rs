//! The demo's private Redis: finds the server, configures it, waits until it answers.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use url::Url;

use crate::env;
use crate::error::{Failure, Kind, Result};
use crate::sys::signals::Interrupts;

/// The name of the process in the state.
pub(super) const PROCESS: &str = "redis_queue";
/// The configuration file, below the bench.
pub(super) const CONFIG: &str = "config/redis_queue.conf";

const SOCKET: &str = "config/pids/redis_queue.sock";
const READY_WITHIN: Duration = Duration::from_secs(10);

/// The bytes that the path of a Unix socket may have.
///
/// Source: `sun_path` in unix(7) has 108 bytes on Linux, 104 elsewhere, the last one a zero.
const SOCKET_PATH_LIMIT: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// Finds the server program on the path; Valkey will do.
pub(super) fn find_program() -> Result<PathBuf> {
    let path = std::env::var_os(env::PATH).unwrap_or_default();
    let directories: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let found = ["redis-server", "valkey-server"].iter().find_map(|name| {
        directories.iter().map(|dir| dir.join(name)).find(|program| program.is_file())
    });
    found.ok_or_else(|| {
        let message = "cannot start a Redis for the demo: `redis-server` is not on the path";
        Failure::new(Kind::Config, message)
            .hint("sudo apt-get install redis-server    (macOS: brew install redis)")
            .into()
    })
}

/// Whether a bench in `dir` can have its socket.
pub(super) fn socket_fits(dir: &Path) -> bool {
    dir.join(SOCKET).as_os_str().len() <= SOCKET_PATH_LIMIT
}

/// Fails with `Config` when the socket's path would be too long for the system.
pub(super) fn check_socket_path(dir: &Path) -> Result<()> {
    if socket_fits(dir) {
        return Ok(());
    }
    let length = dir.join(SOCKET).as_os_str().len();
    let message = format!(
        "cannot start a Redis for the demo in `{}`: its socket's path would have {length} bytes, \
         and the system allows {SOCKET_PATH_LIMIT}",
        dir.display()
    );
    Err(Failure::new(Kind::Config, message).hint("jobctl demo --dir /tmp/jobctl-demo").into())
}

/// The URL of database `number`, as redis-py and jobctl read it: the path percent-encoded.
pub(super) fn url(bench: &Path, number: u8) -> Result<String> {
    let path = Url::from_file_path(bench.join(SOCKET)).map_err(|()| {
        Failure::new(Kind::Config, format!("`{}` is not an absolute path", bench.display()))
    })?;
    Ok(format!("unix://{}?db={number}", path.path()))
}

/// The server's configuration: a socket only its owner may open, no port, persistence as shipped.
pub(super) fn config(bench: &Path) -> String {
    let pids = bench.join("config/pids");
    format!(
        "port 0\nunixsocket {}\nunixsocketperm 700\ndaemonize no\npidfile {}\ndir {}\n\
         dbfilename redis_queue.rdb\n",
        quoted(&bench.join(SOCKET)),
        quoted(&pids.join("redis_queue.pid")),
        quoted(&pids),
    )
}

/// A path as one word of a Redis configuration.
///
/// Source: `sdssplitargs` in Redis's sds.c: double quotes, with backslashes as in C.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{text}\"")
}

/// Waits until the server answers.
///
/// Errors: `Unreachable` with the end of its log after ten seconds.
pub(super) fn wait_until_ready(bench: &Path, interrupts: &Interrupts) -> Result<()> {
    let client = redis::Client::open(url(bench, 0)?)?;
    let deadline = Instant::now() + READY_WITHIN;
    loop {
        interrupts.check()?;
        let answer = client
            .get_connection_with_timeout(Duration::from_secs(1))
            .and_then(|mut connection| redis::cmd("PING").query::<String>(&mut connection));
        match answer {
            Ok(_) => return Ok(()),
            Err(e) if Instant::now() > deadline => {
                let log = fs::read_to_string(bench.join("logs/redis-queue.log"));
                let last = log.unwrap_or_default().lines().last().unwrap_or_default().to_owned();
                let message = "cannot reach the demo's Redis within 10 s of its start";
                return Err(Failure::new(Kind::Unreachable, message)
                    .because(e)
                    .hint(format!("the last line of its log: {last}"))
                    .into());
            }
            Err(_) => sleep(Duration::from_millis(20)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_when_path_holds_blanks_and_marks_encodes_them() {
        let url = url(Path::new("/tmp/a b?c%d"), 1).unwrap();
        assert_eq!(url, "unix:///tmp/a%20b%3Fc%25d/config/pids/redis_queue.sock?db=1");
    }

    #[test]
    fn check_socket_path_when_one_byte_too_long_reports_config() {
        let room = SOCKET_PATH_LIMIT - SOCKET.len() - 2;
        let fits = format!("/{}", "d".repeat(room));
        let longer = format!("/{}", "d".repeat(room + 1));
        assert!(check_socket_path(Path::new(&fits)).is_ok());
        let error = check_socket_path(Path::new(&longer)).unwrap_err();
        assert_eq!(crate::error::failure_of(&error).unwrap().kind(), Kind::Config);
    }

    #[test]
    fn config_when_path_holds_a_quote_escapes_it() {
        let config = config(Path::new("/tmp/a\"b"));
        assert!(config.contains(r#"dir "/tmp/a\"b/config/pids""#), "{config}");
    }
}
