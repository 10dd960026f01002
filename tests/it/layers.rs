//! Which module of the program may use which: the one way through the code, kept by a test.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Modules that anyone may use; they know nothing of jobs on the way in or out.
const LEAVES: &[&str] =
    &["codec", "env", "error", "human", "model", "nearby", "sanitize", "secrets", "sys"];

/// What each module uses besides the leaves; one that is not here uses leaves only.
const ALLOWED: &[(&str, &[&str])] = &[
    ("backend", &["bench", "journal"]),
    (
        "commands",
        &[
            "backend", "context", "demo", "global", "journal", "logs", "ops", "render", "report",
            "schedule", "stats", "ui", "web",
        ],
    ),
    ("context", &["backend", "bench", "global", "journal", "report", "settings", "target", "ui"]),
    ("demo", &["backend", "report"]),
    // `--output` is a format of the renderer.
    ("global", &["render"]),
    (
        "ops",
        &[
            "backend", "bench", "context", "global", "journal", "logs", "render", "report",
            "schedule", "settings", "stats", "target", "ui",
        ],
    ),
    ("render", &["report"]),
    ("report", &["journal", "logs", "schedule"]),
    ("schedule", &["bench"]),
    ("settings", &["global", "render"]),
    ("target", &["backend", "bench", "global", "report"]),
    ("ui", &["render", "report"]),
];

/// The modules at the top that each of them names.
type Uses = BTreeMap<String, BTreeSet<String>>;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

/// The modules that a file names as `crate::…`, without its comments and tests.
fn named(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| line.split("crate::").skip(1)).map(first_word).collect()
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect()
}

fn uses() -> Uses {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut uses = Uses::new();
    for file in files {
        let relative = file.strip_prefix(&root).unwrap();
        let module = relative.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        let mut used = named(&fs::read_to_string(&file).unwrap());
        used.retain(|used| !used.is_empty() && used != module);
        uses.entry(module.to_owned()).or_default().extend(used);
    }
    assert!(uses.len() > 15 && uses["ops"].contains("report"), "read wrongly: {uses:?}");
    uses
}

#[test]
fn modules_use_only_what_their_layer_may() {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    let mut wrong = Vec::new();
    for (module, used) in uses() {
        let of_layer = allowed.get(module.as_str()).copied().unwrap_or_default();
        let may = |used: &str| LEAVES.contains(&used) || of_layer.contains(&used);
        let forbidden = used.iter().filter(|used| module != "main" && !may(used));
        wrong.extend(forbidden.map(|used| format!("`{module}` uses `{used}`")));
    }
    assert!(wrong.is_empty(), "not in the table: {wrong:#?}");
}

#[test]
fn table_of_layers_names_no_use_that_is_gone() {
    let uses = uses();
    for (module, allowed) in ALLOWED {
        for used in *allowed {
            assert!(uses[*module].contains(*used), "`{module}` no longer uses `{used}`");
        }
    }
}
