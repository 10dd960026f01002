//! Guards the lists of modules: a test file that is named nowhere would silently not run.

use std::fs;
use std::path::Path;

/// Asserts that `list` names every module file in `folder`, apart from itself.
fn assert_registered(folder: &Path, list: &Path) {
    let named = fs::read_to_string(list).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let is_module =
            path.join("mod.rs").exists() || path.extension().is_some_and(|ending| ending == "rs");
        if is_module && path != list {
            let line = format!("mod {name};");
            let is_named = named.lines().any(|l| l == line || l.ends_with(&format!(" {line}")));
            assert!(is_named, "{} has no line `{line}`", list.display());
        }
        if path.is_dir() {
            let lists = [path.join("mod.rs"), path.with_extension("rs")];
            if let Some(list) = lists.iter().find(|list| list.exists()) {
                assert_registered(&path, list);
            }
        }
    }
}

#[test]
fn every_test_file_is_registered_in_its_list() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    assert_registered(&folder, &folder.join("main.rs"));
}
