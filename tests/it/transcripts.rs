//! What is typed and what comes back, as `tests/cmd/*.trycmd` has it.
//!
//! `TRYCMD=overwrite cargo test --test it transcripts` writes the outputs anew; read the difference
//! before it is committed.

/// Variables that would change what the commands say.
const MEDDLING: [&str; 10] = [
    "JOBCTL_BENCH",
    "JOBCTL_SITE",
    "FRAPPE_SITE",
    "JOBCTL_REDIS",
    "JOBCTL_OUTPUT",
    "JOBCTL_COLOR",
    "JOBCTL_TIMEOUT",
    "JOBCTL_READ_ONLY",
    "JOBCTL_CONFIG",
    "RQ_KEY_PREFIX",
];

#[test]
fn transcripts_are_what_is_printed() {
    for name in MEDDLING {
        assert!(std::env::var_os(name).is_none(), "unset {name}: the transcripts are without it");
    }
    trycmd::TestCases::new()
        .env("COLUMNS", "100")
        .env("HOME", "/nonexistent")
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .env("TZ", "UTC")
        .env("LANG", "C.UTF-8")
        .env("NO_COLOR", "1")
        .case("tests/cmd/*.trycmd");
}
