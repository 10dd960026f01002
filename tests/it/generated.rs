//! The committed completions and man pages are those of this command line, and they work.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::env::jobctl;

const ANEW: &str = "run `just generate` and commit what it wrote";

/// The files below `folder/completions` and `folder/man`, by path.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for part in ["completions", "man"] {
        let Ok(entries) = fs::read_dir(folder.join(part)) else { continue };
        for entry in entries.flatten() {
            let name = format!("{part}/{}", entry.file_name().to_str().unwrap());
            files.insert(name, fs::read_to_string(entry.path()).unwrap());
        }
    }
    files
}

#[test]
fn committed_files_equal_fresh_ones() {
    let fresh = tempfile::tempdir().unwrap();
    let run = jobctl(["generate", fresh.path().to_str().unwrap()]).run();
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let fresh = files(fresh.path());
    assert!(fresh.contains_key("man/jobctl-jobs-list.1") && fresh.len() > 8);
    let committed = files(Path::new(env!("CARGO_MANIFEST_DIR")));
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&committed), names(&fresh), "{ANEW}");
    for (name, text) in fresh {
        // The texts are long; which one differs is enough.
        assert!(committed[&name] == text, "{name} is not what jobctl generates: {ANEW}");
    }
}

#[test]
fn commands_print_what_is_committed() {
    let committed = files(Path::new(env!("CARGO_MANIFEST_DIR")));
    for (arguments, name) in [
        (&["completions", "bash"][..], "completions/jobctl.bash"),
        (&["completions", "zsh"], "completions/_jobctl"),
        (&["completions", "fish"], "completions/jobctl.fish"),
        (&["man"], "man/jobctl.1"),
        (&["man", "jobs-list"], "man/jobctl-jobs-list.1"),
    ] {
        let run = jobctl(arguments).run();
        assert_eq!((run.code, run.stdout == committed[name]), (0, true), "{arguments:?}: {ANEW}");
    }
    let run = jobctl(["man", "jobs-lst"]).run();
    assert!(run.code == 66 && run.stderr.contains("jobs-list"), "{}", run.stderr);
}

#[test]
fn completion_script_of_bash_completes_commands_flags_and_values() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions/jobctl.bash");
    let complete = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let program = format!(
            "set -u; source '{}'; COMP_WORDS=({}); COMP_CWORD={}; \
             _jobctl jobctl '{}' '{}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            script.display(),
            words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
            words.len() - 1,
            words.last().unwrap(),
            words[words.len() - 2],
        );
        let output = Command::new("bash").args(["-c", &program]).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && errors.is_empty(), "{errors}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(complete("jobctl doc"), "doctor\n");
    assert!(complete("jobctl jobs ").contains("exists"));
    assert!(complete("jobctl jobs list --old").contains("--older-than"));
    assert!(complete("jobctl jobs list --status st").contains("started"));
}

#[test]
fn man_pages_are_dated_sectioned_and_roff_without_complaints() {
    let groff = Command::new("groff").arg("--version").stdout(Stdio::null()).status();
    let groff = groff.is_ok_and(|status| status.success());
    for (name, page) in files(Path::new(env!("CARGO_MANIFEST_DIR"))) {
        let Some(title) = name.strip_prefix("man/").and_then(|name| name.strip_suffix(".1")) else {
            continue;
        };
        let heading = page.lines().find(|line| line.starts_with(".TH")).unwrap();
        let version = env!("CARGO_PKG_VERSION");
        let wanted = format!(".TH {title} 1 ");
        assert!(heading.starts_with(&wanted) && heading.contains(version), "{name}: {heading}");
        assert!(!page.contains('\x1b'), "{name}");
        if groff {
            let output = Command::new("groff")
                .args(["-man", "-Tutf8", "-ww", "-z"])
                .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(&name))
                .output()
                .unwrap();
            let complaints = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && complaints.is_empty(), "{name}: {complaints}");
        }
    }
}
