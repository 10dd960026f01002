//! Every environment variable that jobctl reads, one documented constant each.
//!
//! No other file spells the name of an environment variable.

/// The bench directory, like `--bench`.
pub const JOBCTL_BENCH: &str = "JOBCTL_BENCH";
/// The Redis URL, like `--redis`.
pub const JOBCTL_REDIS: &str = "JOBCTL_REDIS";
/// The site or sites (comma-separated), like `--site`. Wins over `FRAPPE_SITE`.
pub const JOBCTL_SITE: &str = "JOBCTL_SITE";
/// Any non-empty value but `0` refuses whatever changes something, like `--read-only`.
pub const JOBCTL_READ_ONLY: &str = "JOBCTL_READ_ONLY";
/// The settings file, like `--config`.
pub const JOBCTL_CONFIG: &str = "JOBCTL_CONFIG";
/// The output format, like `--output`.
pub const JOBCTL_OUTPUT: &str = "JOBCTL_OUTPUT";
/// The time limit of one network step, like `--timeout`.
pub const JOBCTL_TIMEOUT: &str = "JOBCTL_TIMEOUT";
/// When to colour, like `--color`.
pub const JOBCTL_COLOR: &str = "JOBCTL_COLOR";
/// The key prefix of RQ 3.0 (default `rq`), read under RQ's own name.
pub const RQ_KEY_PREFIX: &str = "RQ_KEY_PREFIX";
/// The Python with RQ in it that `jobctl demo` runs its workers on.
pub const JOBCTL_DEMO_PYTHON: &str = "JOBCTL_DEMO_PYTHON";
/// Set by `jobctl demo` on the processes that it starts, to its bench: how it finds them again.
pub const JOBCTL_DEMO_DIR: &str = "JOBCTL_DEMO_DIR";

/// The URL under which RQ's own command line finds Redis; set on the workers that jobctl starts.
///
/// Source: `rq/cli/helpers.py`, all releases.
pub const RQ_REDIS_URL: &str = "RQ_REDIS_URL";
/// Where systemd listens for the state of a service. Source: `sd_notify(3)`.
pub const NOTIFY_SOCKET: &str = "NOTIFY_SOCKET";
/// Microseconds within which systemd wants a sign of life. Source: `sd_watchdog_enabled(3)`.
pub const WATCHDOG_USEC: &str = "WATCHDOG_USEC";
/// The process of which systemd wants it.
pub const WATCHDOG_PID: &str = "WATCHDOG_PID";

/// An RFC 3339 instant that stands for the present, so that tests get the same ages every time.
pub const JOBCTL_TEST_NOW: &str = "JOBCTL_TEST_NOW";

/// Names a point, and which passing of it, at which the program ends as if it had crashed:
/// `script-replied:2`. For tests.
pub const JOBCTL_TEST_FAULT: &str = "JOBCTL_TEST_FAULT";

/// Milliseconds between the two looks of a repair, instead of a minute. For tests.
pub const JOBCTL_TEST_OBSERVE_MS: &str = "JOBCTL_TEST_OBSERVE_MS";

/// Who called `sudo`; for the audit log.
pub const SUDO_USER: &str = "SUDO_USER";

/// Frappe's site selection, one name.
pub const FRAPPE_SITE: &str = "FRAPPE_SITE";
/// Frappe v15+: overrides `redis_queue`.
pub const FRAPPE_REDIS_QUEUE: &str = "FRAPPE_REDIS_QUEUE";
/// Frappe v15+: overrides `redis_cache`.
pub const FRAPPE_REDIS_CACHE: &str = "FRAPPE_REDIS_CACHE";
/// Frappe v15+: overrides `db_type`.
pub const FRAPPE_DB_TYPE: &str = "FRAPPE_DB_TYPE";
/// Frappe v15+: overrides `db_host`.
pub const FRAPPE_DB_HOST: &str = "FRAPPE_DB_HOST";
/// Frappe v15+: overrides `db_port`.
pub const FRAPPE_DB_PORT: &str = "FRAPPE_DB_PORT";
/// Frappe v16+: overrides `db_socket`.
pub const FRAPPE_DB_SOCKET: &str = "FRAPPE_DB_SOCKET";
/// Frappe v16+: overrides `db_name`.
pub const FRAPPE_DB_NAME: &str = "FRAPPE_DB_NAME";
/// Frappe v16+: overrides `db_user`.
pub const FRAPPE_DB_USER: &str = "FRAPPE_DB_USER";
/// Frappe v16+: overrides `db_password`.
pub const FRAPPE_DB_PASSWORD: &str = "FRAPPE_DB_PASSWORD";
/// Frappe v15+: the bench path, hence the bench id.
pub const FRAPPE_BENCH_ROOT: &str = "FRAPPE_BENCH_ROOT";
/// Frappe v14+: password of the queue login as user `default` when `use_rq_auth` is off.
///
/// Spelt with one S, as Frappe reads it (`frappe/utils/background_jobs.py`).
pub const RQ_ADMIN_PASSWORD: &str = "RQ_ADMIN_PASWORD";
/// Where the C client of MariaDB looks for the local server's socket.
pub const MYSQL_UNIX_PORT: &str = "MYSQL_UNIX_PORT";

/// Names the file to which a step of a GitHub workflow appends Markdown for its page.
pub const GITHUB_STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Any value but the empty one turns colour off (no-color.org).
pub const NO_COLOR: &str = "NO_COLOR";
/// `dumb` turns colour off.
pub const TERM: &str = "TERM";
/// Width of the terminal where it cannot be asked.
pub const COLUMNS: &str = "COLUMNS";
/// The user's home directory; the search for a bench stops there.
pub const HOME: &str = "HOME";
/// Where the user's settings file lives.
pub const XDG_CONFIG_HOME: &str = "XDG_CONFIG_HOME";
/// Where the user's state lives.
pub const XDG_STATE_HOME: &str = "XDG_STATE_HOME";
/// Where the user's caches live.
pub const XDG_CACHE_HOME: &str = "XDG_CACHE_HOME";
/// The language of messages and the encoding of texts.
pub const LANG: &str = "LANG";
/// The time zone.
pub const TZ: &str = "TZ";
/// Who runs the program.
pub const USER: &str = "USER";
/// Set by `jobctl alerts` on the program of a channel: the name of the alert.
pub const JOBCTL_ALERT: &str = "JOBCTL_ALERT";
/// Set beside it: `firing`, `still_firing`, `resolved` or `test`.
pub const JOBCTL_ALERT_STATE: &str = "JOBCTL_ALERT_STATE";
/// Set beside it: `info`, `warning` or `critical`.
pub const JOBCTL_ALERT_SEVERITY: &str = "JOBCTL_ALERT_SEVERITY";
/// Where programs are looked for.
pub const PATH: &str = "PATH";
/// Changes what Python imports; kept from the Python that jobctl starts.
pub const PYTHONPATH: &str = "PYTHONPATH";
/// Changes where Python finds itself; kept from the Python that jobctl starts.
pub const PYTHONHOME: &str = "PYTHONHOME";

/// Reads a variable; unset and not UTF-8 are both `None`.
pub fn read(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
