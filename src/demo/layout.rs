//! The files of the demo bench, in the places and formats of a real one.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use super::python::Python;
use super::server;
use crate::backend::site_db::settings::NO_DATABASE;
use crate::error::{Failure, Kind, Result};

/// The bench's Python, below the bench.
pub(super) const INTERPRETER: &str = "env/bin/python";

/// The version in the embedded `frappe/__init__.py`.
const EMBEDDED_VERSION: &str = "__version__ = \"15.44.2\"";

/// The two apps, below `apps/<app>/`.
const APPS: [(&str, &str); 19] = [
    ("frappe/frappe/__init__.py", include_str!("app/frappe/__init__.py")),
    ("frappe/frappe/exceptions.py", include_str!("app/frappe/exceptions.py")),
    ("frappe/frappe/utils/__init__.py", ""),
    ("frappe/frappe/utils/background_jobs.py", include_str!("app/frappe/utils/background_jobs.py")),
    ("frappe/frappe/utils/bench_helper.py", include_str!("app/frappe/utils/bench_helper.py")),
    ("frappe/frappe/utils/scheduler.py", include_str!("app/frappe/utils/scheduler.py")),
    ("frappe/frappe/core/__init__.py", ""),
    ("frappe/frappe/core/doctype/__init__.py", ""),
    ("frappe/frappe/core/doctype/scheduled_job_type/__init__.py", ""),
    (
        "frappe/frappe/core/doctype/scheduled_job_type/scheduled_job_type.py",
        include_str!("app/frappe/core/doctype/scheduled_job_type/scheduled_job_type.py"),
    ),
    ("shop/shop/__init__.py", include_str!("app/shop/__init__.py")),
    ("shop/shop/hooks.py", include_str!("app/shop/hooks.py")),
    ("shop/shop/imports.py", include_str!("app/shop/imports.py")),
    ("shop/shop/mail.py", include_str!("app/shop/mail.py")),
    ("shop/shop/payments.py", include_str!("app/shop/payments.py")),
    ("shop/shop/reports.py", include_str!("app/shop/reports.py")),
    ("shop/shop/stock.py", include_str!("app/shop/stock.py")),
    ("shop/shop/tasks.py", include_str!("app/shop/tasks.py")),
    ("shop/README.md", "The app whose jobs the demo bench runs.\n"),
];

const PROCFILE: &str = "\
redis_queue: redis-server config/redis_queue.conf
schedule: bench schedule
worker: bench worker 1>> logs/worker.log 2>> logs/worker.error.log
";

/// Writes the whole bench into `bench`, which exists.
///
/// Errors: `CannotCreate`.
pub(super) fn write(bench: &Path, python: &Python, healthy: bool) -> Result<()> {
    for directory in ["apps", "config/pids", "logs"] {
        make_directory(&bench.join(directory))?;
    }
    for (name, text) in APPS {
        let version = format!("__version__ = \"{}\"", python.frappe_version());
        write_file(&bench.join("apps").join(name), &text.replace(EMBEDDED_VERSION, &version))?;
    }
    write_file(&bench.join("Procfile"), PROCFILE)?;
    write_file(&bench.join(server::CONFIG), &server::config(bench))?;
    write_sites(bench, healthy)?;
    write_environment(bench, python)
}

fn write_sites(bench: &Path, healthy: bool) -> Result<()> {
    let sites = bench.join("sites");
    write_file(&sites.join("apps.txt"), "frappe\nshop\n")?;
    let mut common = BTreeMap::from([
        ("background_workers", json!(1)),
        ("redis_cache", json!(server::url(bench, 1)?)),
        ("redis_queue", json!(server::url(bench, 0)?)),
        ("redis_socketio", json!(server::url(bench, 1)?)),
        ("webserver_port", json!(8000)),
    ]);
    if !healthy {
        common.insert("workers", json!({"myqueue": {"timeout": 600}}));
    }
    write_config(&sites.join("common_site_config.json"), &common)?;

    for (site, database) in [("site1.localhost", "_demo_site1"), ("site2.localhost", "_demo_site2")]
    {
        let mut config =
            BTreeMap::from([("db_name", json!(database)), ("db_type", json!(NO_DATABASE))]);
        if !healthy && site == "site2.localhost" {
            config.insert("pause_scheduler", json!(1));
        }
        let directory = sites.join(site);
        make_directory(&directory.join("locks"))?;
        make_directory(&directory.join("logs"))?;
        write_config(&directory.join("site_config.json"), &config)?;
    }
    Ok(())
}

/// Makes `env` a virtual environment that borrows RQ from where the user's Python has it.
///
/// So `env/bin/python -m frappe.utils.bench_helper` works without further ado, as on a real bench,
/// and the versions can be told from its `dist-info` directories.
/// Source: `pyvenv.cfg` and `.pth` files as in Python's documentation of `site`.
fn write_environment(bench: &Path, python: &Python) -> Result<()> {
    let environment = bench.join("env");
    let home = python.executable.parent().unwrap_or(Path::new("/"));
    let config = format!(
        "home = {}\ninclude-system-site-packages = false\nversion = {}\n",
        home.display(),
        python.version
    );
    write_file(&environment.join("pyvenv.cfg"), &config)?;
    make_directory(&environment.join("bin"))?;
    link(&python.executable, &bench.join(INTERPRETER))?;

    let series = python.version.rsplit_once('.').map_or("3", |(series, _)| series);
    let packages = environment.join(format!("lib/python{series}/site-packages"));
    let mut paths = String::new();
    for path in [&python.packages, &bench.join("apps/frappe"), &bench.join("apps/shop")] {
        paths.push_str(&path.to_string_lossy());
        paths.push('\n');
    }
    write_file(&packages.join("demo.pth"), &paths)?;
    for dist_info in &python.dist_infos {
        if let Some(name) = dist_info.file_name() {
            link(dist_info, &packages.join(name))?;
        }
    }
    Ok(())
}

/// Writes a configuration as Frappe does: keys sorted, indent 1, no newline at the end.
fn write_config(path: &Path, config: &BTreeMap<&str, Value>) -> Result<()> {
    let mut text = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b" ");
    config.serialize(&mut serde_json::Serializer::with_formatter(&mut text, formatter))?;
    write_file(path, &String::from_utf8(text)?)
}

/// Writes a file that only its owner reads, with the directories above it.
fn write_file(path: &Path, text: &str) -> Result<()> {
    if let Some(parent) = path.parent() {
        make_directory(parent)?;
    }
    write_private(path, text)
}

/// Writes a file that only its owner reads.
pub(super) fn write_private(path: &Path, text: &str) -> Result<()> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|e| cannot_create(path, e).into())
}

fn make_directory(path: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|e| cannot_create(path, e).into())
}

fn link(target: &Path, path: &Path) -> Result<()> {
    let _ = fs::remove_file(path);
    symlink(target, path).map_err(|e| cannot_create(path, e).into())
}

fn cannot_create(path: &Path, error: std::io::Error) -> Failure {
    Failure::new(Kind::CannotCreate, format!("cannot create `{}`", path.display())).because(error)
}
