#!/bin/sh
# Makes a throw-away bench with real Redis and RQ workers, and lets `jobctl doctor` look at it.
#
#   tests/demo.sh             install what is missing, build, start the demo, run doctor
#   tests/demo.sh --healthy   the same without the broken things
#   tests/demo.sh --stop      end the demo and remove it
#
# Works on Debian and Ubuntu (apt) and on macOS (Homebrew), as root or with sudo, and when run
# again. What it installs, and why:
#   redis-server   the queues of the demo live in a private one, on a Unix socket (the one that
#                  Debian's package starts on port 6379 is not used)
#   python3-venv   RQ's workers are Python; they get an environment of their own
#   rq             into that environment, below your cache directory, nowhere else
set -eu

RQ_VERSION=1.16.2 # Frappe 15 runs on this series

root=$(cd "$(dirname "$0")/.." && pwd)
venv=${XDG_CACHE_HOME:-$HOME/.cache}/jobctl-demo/venv
jobctl=${CARGO_TARGET_DIR:-$root/target}/release/jobctl

say() { printf '%s\n' "demo: $*" >&2; }
fail() { say "$@"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# The package lists of a fresh machine are empty or old: fetch them when the first try fails.
apt_install() {
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$1" >&2
}

install_package() { # debian-name brew-name reason
    say "installing $1: $3"
    if has apt-get; then
        sudo=
        if [ "$(id -u)" -ne 0 ]; then
            has sudo || fail "cannot install $1: no sudo; as root: apt-get install $1"
            sudo=sudo
        fi
        apt_install "$1" || { $sudo apt-get update >&2 && apt_install "$1"; }
    elif has brew; then
        brew install "$2" >&2
    else
        fail "cannot install $1: neither apt-get nor brew is here; install it and run this again"
    fi
}

need_redis() {
    has redis-server || has valkey-server ||
        install_package redis-server redis "the demo's queues live in a private Redis"
}

# The stamp tells a finished environment from one whose making was broken off.
need_venv() {
    stamp=$venv/.rq-$RQ_VERSION
    if [ -e "$stamp" ] && "$venv/bin/python" -c 'import rq' 2>/dev/null; then
        return
    fi
    has python3 || install_package python3 python "RQ's workers are Python"
    # Debian ships `venv` without what fills an environment; only making one shows it.
    rm -rf "$venv"
    mkdir -p "$(dirname "$venv")"
    if ! python3 -m venv "$venv" >/dev/null 2>&1; then
        install_package python3-venv python "the workers get a Python environment of their own"
        rm -rf "$venv"
        python3 -m venv "$venv" >&2
    fi
    say "installing rq $RQ_VERSION into $venv: the workers of the demo"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "rq==$RQ_VERSION" >&2
    : >"$stamp"
}

build() {
    has cargo || fail "cannot build jobctl: no cargo; install Rust from https://rustup.rs and run this again"
    (cd "$root" && cargo build --release --locked) >&2
}

if [ "${1-}" = --stop ]; then
    [ -x "$jobctl" ] || build
    exec "$jobctl" demo "$@"
fi

need_redis
need_venv
build
say "starting the demo: Redis, a scheduler, three workers"
bench=$("$jobctl" demo --python "$venv/bin/python" "$@" -o json |
    sed -n 's/.*"bench": *"\(\/[^"]*\)".*/\1/p' | head -n 1)
[ -n "$bench" ] || fail "the demo did not start"

printf '\n$ jobctl --bench %s doctor\n\n' "$bench"
# The demo is broken on purpose: doctor's verdict is its answer, not a failure of this script.
verdict=0
"$jobctl" --bench "$bench" doctor || verdict=$?
[ "$verdict" -le 3 ] || exit "$verdict"

cat <<TRY

Try, on this bench:
  $jobctl --bench $bench show-pending-jobs
  $jobctl --bench $bench jobs list --status failed
  $jobctl --bench $bench workers list
  $jobctl --bench $bench queues
and when done:
  tests/demo.sh --stop
TRY
