#!/usr/bin/env bash
# Installs what the tests need, then formats, lints and tests. Runs from anywhere, any number of
# times; what is there already is left alone.
#
#   tests/run.sh            everything
#   tests/run.sh --prepare  only install what the tests need
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$*"; }

# Each RQ that the tests run, with a redis-py of its time. Frappe v14, v15, its development line
# before v16, and v16 pin the first four; the last is the newest.
rq_releases=(
    "1.14.1 redis==4.5.5"
    "1.15.1 redis==4.5.5"
    "1.16.2 redis==5.2.1"
    "2.6.1 redis==7.1.0"
    "3.0.0 redis==7.1.0"
)
# Each croniter that the tests compare with; Frappe v13, v14, v15, and the newer ones ask for them.
croniter_releases=(1.0.15 1.3.15 2.0.7 6.0.0)
# The process manager that bench sets up.
supervisor_release=4.3.0
# The mail server that alerts are sent to.
aiosmtpd_release=1.4.6
venvs="${XDG_CACHE_HOME:-$HOME/.cache}/jobctl-tests/venvs"

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Runs an installation that starts no service: the tests start servers of their own, and a
# developer's machine is not to run a Redis that nobody asked for. See policy-rc.d(8).
without_services() {
    local policy=/usr/sbin/policy-rc.d status=0
    if [ -e "$policy" ]; then
        "$@"
        return
    fi
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    "$@" || status=$?
    as_root rm -f "$policy"
    return "$status"
}

# A Python that has `venv` and that every RQ above runs on.
find_python() {
    local candidate
    for candidate in python3.{11,12,10,13,14} python3 /usr/bin/python3; do
        if "$candidate" -c 'import ensurepip, sys, venv
sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

install_tools() {
    local packages=()
    command -v redis-server >/dev/null || packages+=(redis-server)
    command -v openssl >/dev/null || packages+=(openssl)
    find_python >/dev/null || packages+=(python3-venv)
    [ -x /usr/sbin/mariadbd ] || command -v mariadbd >/dev/null || packages+=(mariadb-server)
    compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || command -v postgres >/dev/null ||
        packages+=(postgresql)
    { command -v promtool && command -v prometheus; } >/dev/null || packages+=(prometheus)
    [ ${#packages[@]} = 0 ] && return
    if command -v apt-get >/dev/null; then
        say "Installing ${packages[*]}: the tests talk to real servers, over TLS, with real RQ workers"
        as_root apt-get update -qq
        without_services as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
    elif command -v brew >/dev/null; then
        say "Installing servers, openssl and python: the tests talk to real servers and RQ workers"
        brew install --quiet redis mariadb postgresql openssl python@3.12 prometheus
    else
        echo "tests/run.sh: install these first: ${packages[*]}" >&2
        exit 1
    fi
}

# Makes one virtual environment: `make_venv PYTHON NAME PACKAGE…`. A stamp with its recipe says that
# it is whole.
make_venv() {
    local python="$1" venv="$venvs/$2"
    shift 2
    local recipe
    recipe="$* $("$python" --version)"
    [ "$(cat "$venv/stamp" 2>/dev/null)" = "$recipe" ] && return
    rm -rf "$venv"
    "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
    echo "$recipe" >"$venv/stamp"
}

make_venvs() {
    local python release jobs=() failed=0 version client
    python="$(find_python)" || { echo "tests/run.sh: no Python 3.10 to 3.14 with venv" >&2; exit 1; }
    mkdir -p "$venvs"
    say "Virtual environments for ${#rq_releases[@]} releases of RQ and ${#croniter_releases[@]} of croniter in $venvs"
    for release in "${rq_releases[@]}"; do
        read -r version client <<<"$release"
        make_venv "$python" "rq-$version" "rq==$version" "$client" &
        jobs+=($!)
    done
    for version in "${croniter_releases[@]}"; do
        # Python's zoneinfo needs tzdata where the system has no zones.
        make_venv "$python" "croniter-$version" "croniter==$version" tzdata &
        jobs+=($!)
    done
    make_venv "$python" supervisor "supervisor==$supervisor_release" &
    jobs+=($!)
    make_venv "$python" "aiosmtpd-$aiosmtpd_release" "aiosmtpd==$aiosmtpd_release" &
    jobs+=($!)
    for job in "${jobs[@]}"; do wait "$job" || failed=1; done
    if [ "$failed" = 1 ]; then
        echo "tests/run.sh: a virtual environment could not be made, see above" >&2
        exit 1
    fi
}

install_tools
make_venvs
[ "${1:-}" = --prepare ] && exit 0

# Percent and kilobytes that are free where DIR lies: `free_percent DIR`, `free_kib DIR`.
free_percent() { df -Pk "$1" | awk 'NR == 2 { print int($4 * 100 / $2) }'; }
free_kib() { df -Pk "$1" | awk 'NR == 2 { print $4 }'; }

# jobctl refuses changes whose journal would leave less than a tenth of the disk free. A machine
# whose disk is fuller than that has its tests work in memory.
if [ "$(free_percent "${TMPDIR:-/tmp}")" -lt 15 ] && [ -w /dev/shm ] && [ "$(free_kib /dev/shm)" -gt 6000000 ]; then
    TMPDIR="$(mktemp -d /dev/shm/jobctl-tests.XXXXXX)"
    export TMPDIR
    trap 'rm -rf "$TMPDIR"' EXIT
    say "The disk is nearly full: the tests work in $TMPDIR"
fi

say "Format"
cargo fmt --check
say "Lints"
cargo clippy --quiet --all-targets -- -D warnings
say "Tests"
cargo test
