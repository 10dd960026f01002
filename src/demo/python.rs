//! Finds a Python that has RQ, and asks it what the demo's environment is made from.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::env;
use crate::error::{Failure, Kind, Result};

const PROBE: &str = include_str!("app/probe.py");

/// How to get what is missing, without touching the system's Python.
const HINT: &str = "python3 -m venv ~/.cache/jobctl-demo/venv && \
                    ~/.cache/jobctl-demo/venv/bin/pip install rq==1.16.2";

/// A Python with RQ in it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Python {
    /// The interpreter outside of any virtual environment.
    pub(super) executable: PathBuf,
    /// Its version, three numbers.
    pub(super) version: String,
    /// The directory that RQ is imported from.
    pub(super) packages: PathBuf,
    /// The directories that tell the versions of RQ and of what it needs.
    pub(super) dist_infos: Vec<PathBuf>,
    /// RQ's version.
    pub(super) rq: String,
}

impl Python {
    /// Finds a Python: the one asked for, the one that `tests/demo.sh` makes, or `python3`.
    ///
    /// Errors: `Config` when it has no RQ of a version that the demo speaks.
    pub(super) fn find(wanted: Option<&Path>) -> Result<Self> {
        if let Some(program) = wanted {
            return Self::probe(program);
        }
        match cached() {
            Some(program) => Self::probe(&program),
            None => Self::probe(Path::new("python3")),
        }
    }

    fn probe(program: &Path) -> Result<Self> {
        let shown = program.display();
        let failed = |why: String| {
            let message = format!("cannot run the demo's workers on `{shown}`: {why}");
            Failure::new(Kind::Config, message).hint(HINT).hint("jobctl demo --python PATH")
        };
        let output = Command::new(program)
            .args(["-c", PROBE])
            .env_remove(env::PYTHONPATH)
            .env_remove(env::PYTHONHOME)
            .output()
            .map_err(|e| failed("it does not run".to_owned()).because(e))?;
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            let last = errors.lines().last().unwrap_or("it is no Python");
            return Err(failed(last.to_owned()).into());
        }
        let python: Self = serde_json::from_slice(&output.stdout)
            .map_err(|e| failed("it does not answer like a Python".to_owned()).because(e))?;
        if python.is_supported() {
            return Ok(python);
        }
        let why = format!("it has rq {}, and the demo speaks 1.15 to 2.7", python.rq);
        Err(failed(why).into())
    }

    /// Whether Frappe's dialect runs on this RQ: from 2.8 on RQ refuses Frappe's job ids.
    fn is_supported(&self) -> bool {
        self.rq_series().is_some_and(|series| ((1, 15)..(2, 8)).contains(&series))
    }

    fn rq_series(&self) -> Option<(u32, u32)> {
        let mut numbers = self.rq.split('.').map(|number| number.parse().ok());
        Some((numbers.next()??, numbers.next()??))
    }

    /// The Frappe version that goes with this RQ.
    pub(super) fn frappe_version(&self) -> &'static str {
        if self.rq_series() < Some((2, 0)) { "15.44.2" } else { "16.10.0" }
    }
}

/// The Python of the virtual environment that `tests/demo.sh` makes, if it is there.
fn cached() -> Option<PathBuf> {
    let cache = env::read(env::XDG_CACHE_HOME)
        .or_else(|| env::read(env::HOME).map(|home| format!("{home}/.cache")))?;
    let program = Path::new(&cache).join("jobctl-demo/venv/bin/python");
    program.is_absolute().then_some(program).filter(|program| program.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn python(rq: &str) -> Python {
        Python {
            executable: "/usr/bin/python3".into(),
            version: "3.12.0".into(),
            packages: "/packages".into(),
            dist_infos: Vec::new(),
            rq: rq.into(),
        }
    }

    #[test]
    fn is_supported_when_frappe_runs_on_it_says_yes() {
        for (rq, supported) in [
            ("1.14.1", false),
            ("1.15.1", true),
            ("1.16.2", true),
            ("2.6.1", true),
            ("2.8.0", false),
            ("3.0.0", false),
            ("unknown", false),
        ] {
            assert_eq!(python(rq).is_supported(), supported, "rq {rq}");
        }
    }

    #[test]
    fn frappe_version_when_rq_changes_generation_follows() {
        assert_eq!(python("1.16.2").frappe_version(), "15.44.2");
        assert_eq!(python("2.6.1").frappe_version(), "16.10.0");
    }

    #[test]
    fn find_when_program_is_no_python_reports_config_and_how_to_get_one() {
        let error = Python::find(Some(Path::new("/bin/cat"))).unwrap_err();
        let failure = crate::error::failure_of(&error).unwrap();
        assert_eq!(failure.kind(), Kind::Config);
        assert!(failure.hints()[0].contains("pip install rq"));
    }
}
