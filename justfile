# What one does in this repository, by name. `just` alone lists the recipes.

_list:
    @just --list --unsorted

# builds the binary that users get
build:
    cargo build --release

# installs what the tests need and runs everything: format, lints, all tests
test:
    tests/run.sh

# makes a throw-away bench with real jobs and runs `jobctl doctor` on it
demo:
    tests/demo.sh

# formats and lints
lint:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings

# prints how fast jobctl is, beside a bare socket and RQ's own readers
bench:
    tests/bench/run.sh

# writes completions/ and man/ anew
generate:
    cargo run --quiet -- generate .
