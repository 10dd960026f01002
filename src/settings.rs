//! Settings of jobctl itself, resolved once: flag, then environment, then file, then default.
//!
//! The file is `config/jobctl.toml` of the bench or `$XDG_CONFIG_HOME/jobctl/config.toml`. One
//! that is found by itself and that others may write is refused. Uses the `toml` crate.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

mod history;

use crate::env;
use crate::error::{Failure, Kind, Result};
use crate::global::{self, Global};
use crate::render::Format;
use crate::render::style::ColorChoice;
use alerts::{AlertFile, ChannelSettings, RuleSettings, Source};

pub mod alerts;
pub use history::HistorySettings;

/// Most bytes of a settings file that are read.
const MOST_BYTES: u64 = 1 << 20;

/// How long a network step may take unless told.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// What holds for this run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The chosen format; `None` for what fits the place.
    pub format: Option<Format>,
    /// When to colour.
    pub color: ColorChoice,
    /// How long one network step may take.
    pub timeout: Duration,
    /// Whether everything that changes something refuses.
    pub read_only: bool,
    /// Whether times are printed in UTC.
    pub utc: bool,
    /// From where on something is a finding.
    pub thresholds: Thresholds,
    /// Pools of workers by name, in the order of their names.
    pub pools: BTreeMap<String, PoolSettings>,
    /// Rules and channels of alerts.
    pub alerts: AlertFile,
    /// How a history is recorded and kept.
    pub history: HistorySettings,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
}

/// A pool of workers, as `[pool.NAME]` describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PoolSettings {
    /// The queues in the order of priority, with commas.
    pub queues: Option<String>,
    /// How many workers.
    pub workers: Option<usize>,
    /// The fewest workers of a pool that is scaled.
    pub min: Option<usize>,
    /// The most workers; makes the pool one that is scaled by what waits.
    pub max: Option<usize>,
    /// In what time the queues are to be cleared, such as `60s`.
    pub scale_target: Option<String>,
    /// How long fewer workers must have been enough before some leave, such as `30s`.
    pub cool_down: Option<String>,
    /// The memory at which a worker is started anew, such as `512M`.
    pub max_memory: Option<String>,
    /// The jobs after which a worker is started anew.
    pub max_jobs: Option<u64>,
    /// `round_robin` or `random`.
    pub strategy: Option<String>,
}

/// From where on something is a finding.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// Milliseconds of one Redis answer: warning.
    pub latency_warning_ms: f64,
    /// Milliseconds of one Redis answer: critical.
    pub latency_critical_ms: f64,
    /// Percent of `maxmemory`: warning.
    pub memory_warning_percent: f64,
    /// Percent of `maxmemory`: critical.
    pub memory_critical_percent: f64,
    /// Jobs waiting in one queue: warning.
    pub backlog_warning: u64,
    /// Jobs waiting in one queue: critical.
    pub backlog_critical: u64,
    /// Seconds that the oldest job waits: warning.
    pub oldest_warning_s: f64,
    /// Seconds that the oldest job waits: critical.
    pub oldest_critical_s: f64,
    /// Percent of Frappe's queue cap: warning.
    pub queue_cap_percent: f64,
    /// Jobs of one queue that failed within a day: warning.
    pub failed_warning: u64,
    /// Jobs of one queue that failed within a day: critical.
    pub failed_critical: u64,
    /// Seconds over which the failure rate is taken.
    pub failure_window_s: f64,
    /// Ended jobs below which no failure rate is taken.
    pub failure_least_jobs: u64,
    /// Percent of the ended jobs that failed: warning.
    pub failure_rate_warning_percent: f64,
    /// Percent of the ended jobs that failed: critical.
    pub failure_rate_critical_percent: f64,
    /// Seconds that an id may be parked in an intermediate list.
    pub parked_s: f64,
    /// Milliseconds that the questions to a site's database take: warning.
    pub database_warning_ms: f64,
    /// Entries of a site's Error Log within an hour: warning.
    pub errors_per_hour: u64,
    /// Percent of a scheduled job type's runs within 7 days that failed: warning.
    pub scheduled_failure_percent: f64,
    /// Percent of a site's mails within 7 days that failed: warning.
    pub mail_error_percent: f64,
    /// Mebibytes of one worker or work horse: warning.
    pub worker_memory_warning_mb: u64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            latency_warning_ms: 100.0,
            latency_critical_ms: 1_000.0,
            memory_warning_percent: 80.0,
            memory_critical_percent: 95.0,
            backlog_warning: 1_000,
            backlog_critical: 10_000,
            oldest_warning_s: 600.0,
            oldest_critical_s: 3_600.0,
            queue_cap_percent: 80.0,
            failed_warning: 50,
            failed_critical: 500,
            failure_window_s: 300.0,
            failure_least_jobs: 10,
            failure_rate_warning_percent: 5.0,
            failure_rate_critical_percent: 50.0,
            parked_s: 60.0,
            database_warning_ms: 1_000.0,
            errors_per_hour: 100,
            scheduled_failure_percent: 10.0,
            mail_error_percent: 5.0,
            worker_memory_warning_mb: 2_048,
        }
    }
}

/// The file's content; every part is optional.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    output: Option<String>,
    color: Option<String>,
    timeout: Option<String>,
    read_only: Option<bool>,
    utc: Option<bool>,
    thresholds: Thresholds,
    pool: BTreeMap<String, PoolSettings>,
    alert: BTreeMap<String, toml::Spanned<RuleSettings>>,
    channel: BTreeMap<String, toml::Spanned<ChannelSettings>>,
    #[serde(skip)]
    source: Source,
    history: history::Written,
}

impl Settings {
    /// Resolves flags, environment and file. `bench` is where a bench's own file is looked for.
    pub fn resolve(global: &Global, bench: Option<&Path>) -> Result<Self> {
        let path =
            match global.config.clone().or_else(|| variable(env::JOBCTL_CONFIG).map(Into::into)) {
                Some(path) => Some(path),
                None => found_by_itself(bench)?,
            };
        let file = path.as_deref().map(read_file).transpose()?.unwrap_or_default();
        let from = |name: &str, key: &str, value: &Option<String>| {
            let of_file = || {
                let shown =
                    path.as_ref().map_or_else(String::new, |path| path.display().to_string());
                Some((format!("`{key}` in `{shown}`"), value.clone()?))
            };
            variable(name).map(|value| (format!("`{name}`"), value)).or_else(of_file)
        };
        let format = from(env::JOBCTL_OUTPUT, "output", &file.output)
            .map(|(origin, text)| parse_enum(&origin, &text))
            .transpose()?;
        let color = from(env::JOBCTL_COLOR, "color", &file.color)
            .map(|(origin, text)| parse_enum(&origin, &text))
            .transpose()?;
        let timeout = from(env::JOBCTL_TIMEOUT, "timeout", &file.timeout)
            .map(|(origin, text)| {
                global::duration(&text).map_err(|why| wrong(&origin, &text, &why))
            })
            .transpose()?;
        let read_only = variable(env::JOBCTL_READ_ONLY).is_some_and(|value| value != "0");
        Ok(Self {
            format: global.output.or(format),
            color: global.color.or(color).unwrap_or_default(),
            timeout: global.timeout.or(timeout).unwrap_or(DEFAULT_TIMEOUT),
            // A lower layer can switch it on, never off.
            read_only: global.read_only || read_only || file.read_only.unwrap_or(false),
            utc: global.utc || (file.utc.unwrap_or(false) && !global.local),
            thresholds: file.thresholds,
            pools: file.pool,
            alerts: AlertFile { rules: file.alert, channels: file.channel, source: file.source },
            history: file.history.read(path.as_deref())?,
            file: path,
        })
    }
}

/// A variable that is set to something.
fn variable(name: &str) -> Option<String> {
    env::read(name).filter(|value| !value.is_empty())
}

fn parse_enum<T: clap::ValueEnum>(origin: &str, text: &str) -> Result<T> {
    let known = || {
        let names: Vec<_> = T::value_variants()
            .iter()
            .filter_map(|value| value.to_possible_value().map(|value| value.get_name().to_owned()))
            .collect();
        names.join(", ")
    };
    T::from_str(text, true)
        .map_err(|_| wrong(origin, text, &format!("known are {}", known())).into())
}

/// `origin` is the variable, or the key and its file.
fn wrong(origin: &str, text: &str, why: &str) -> Failure {
    Failure::new(Kind::Config, format!("cannot use `{text}` as {origin}: {why}"))
}

/// The bench's own file, else the user's.
fn found_by_itself(bench: Option<&Path>) -> Result<Option<PathBuf>> {
    let of_bench = bench.map(|bench| bench.join("config/jobctl.toml"));
    let home = variable(env::HOME).map(|home| PathBuf::from(home).join(".config"));
    let of_user = variable(env::XDG_CONFIG_HOME)
        .map(PathBuf::from)
        .or(home)
        .map(|config| config.join("jobctl/config.toml"));
    for path in [of_bench, of_user].into_iter().flatten() {
        let Ok(metadata) = path.metadata() else { continue };
        let owners = [0, nix::unistd::geteuid().as_raw()];
        let owned = owners.contains(&metadata.uid())
            || bench.and_then(|bench| bench.metadata().ok()).map(|b| b.uid())
                == Some(metadata.uid());
        if metadata.permissions().mode() & 0o022 != 0 || !owned {
            let path = path.display();
            return Err(Failure::new(
                Kind::Config,
                format!("refusing the settings in `{path}`: others may write the file"),
            )
            .hint(format!("chmod go-w {path}, or name it with --config"))
            .into());
        }
        return Ok(Some(path));
    }
    Ok(None)
}

fn read_file(path: &Path) -> Result<File> {
    let shown = path.display();
    let cannot = |why: String| {
        Failure::new(Kind::NotFound, format!("cannot read the settings in `{shown}`: {why}"))
    };
    let size = path.metadata().map_err(|error| cannot(error.to_string()))?.len();
    if size > MOST_BYTES {
        return Err(cannot(format!("it has {size} bytes, {MOST_BYTES} are read at most")).into());
    }
    let text = std::fs::read_to_string(path).map_err(|error| cannot(error.to_string()))?;
    let file: File = toml::from_str(&text).map_err(|error| {
        let place = alerts::place(&text, error.span().map_or(0, |span| span.start));
        let why = error.message().to_owned();
        Failure::new(Kind::Config, format!("cannot understand `{shown}`, {place}: {why}"))
    })?;
    Ok(File { source: Source::new(path, text), ..file })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(text: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config/jobctl.toml");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        (dir, path)
    }

    #[test]
    fn settings_file_of_the_bench_sets_thresholds() {
        let (dir, path) = write("timeout = \"3s\"\n[thresholds]\nbacklog_warning = 7\n", 0o600);
        let settings = Settings::resolve(&Global::default(), Some(dir.path())).unwrap();
        assert_eq!(settings.thresholds.backlog_warning, 7);
        assert_eq!(settings.thresholds.backlog_critical, 10_000);
        assert_eq!((settings.timeout, settings.file), (Duration::from_secs(3), Some(path)));
        let flag = Global { timeout: Some(Duration::from_secs(1)), ..Global::default() };
        let settings = Settings::resolve(&flag, Some(dir.path())).unwrap();
        assert_eq!(settings.timeout, Duration::from_secs(1));
    }

    #[test]
    fn settings_file_that_others_may_write_is_refused_unless_named() {
        let (dir, path) = write("", 0o666);
        let error = Settings::resolve(&Global::default(), Some(dir.path())).unwrap_err();
        assert_eq!(crate::error::exit_code_of(&error), 78);
        let named = Global { config: Some(path), ..Global::default() };
        assert!(Settings::resolve(&named, Some(dir.path())).is_ok());
    }

    #[test]
    fn settings_file_with_a_misspelled_key_names_the_line() {
        let (dir, _) = write("utc = true\n[thresholds]\nbacklog = 7\n", 0o600);
        let error = Settings::resolve(&Global::default(), Some(dir.path())).unwrap_err();
        assert!(error.to_string().contains("line 3"), "{error}");
        assert!(error.to_string().contains("backlog"), "{error}");
    }

    #[test]
    fn read_only_of_a_lower_layer_cannot_be_switched_off() {
        let (dir, _) = write("read_only = true\n", 0o600);
        let settings = Settings::resolve(&Global::default(), Some(dir.path())).unwrap();
        assert!(settings.read_only);
    }
}
