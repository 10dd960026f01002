//! Guards the list of modules in `main.rs`.

use std::fs;
use std::path::Path;

#[test]
fn every_file_beside_main_is_registered_in_it() {
    let list = include_str!("main.rs");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let holds_tests =
            path.join("mod.rs").exists() || path.extension().is_some_and(|ending| ending == "rs");
        if holds_tests && name != "main" {
            let line = format!("mod {name};");
            assert!(list.lines().any(|l| l == line), "tests/it/main.rs has no line `{line}`");
        }
    }
}
