#!/bin/sh
# Measures `jobctl scheduler status --site all` on many sites, and prints the ratio to the same
# questions asked one site after the other, as bench asks them.
#
#   tests/bench/scheduler.sh [SITES]      default: 200
#
# Once with all sites on one private MariaDB, once with a SQLite file each. Needs mariadb-server,
# python3, and PyMySQL, which it installs into a virtual environment. Figures never make it fail.
#
#   JOBCTL    the binary (default target/release/jobctl)
#   REPEAT    measured runs, after one to warm up (default 5)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
jobctl=${JOBCTL:-$repository/target/release/jobctl}
venv=${XDG_CACHE_HOME:-$HOME/.cache}/jobctl-tests/venvs/pymysql
sites=${1:-200}

refuse() {
    echo "tests/bench/scheduler.sh: $1" >&2
    exit 66
}
[ -x "$jobctl" ] || refuse "no binary at \`$jobctl\`: cargo build --release"
server_program=$(PATH=$PATH:/usr/sbin command -v mariadbd) || refuse "no mariadbd: tests/run.sh --prepare"
if ! "$venv/bin/python" -c 'import pymysql' 2>/dev/null; then
    echo "installing PyMySQL into $venv" >&2
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check pymysql
fi
unset JOBCTL_BENCH JOBCTL_REDIS JOBCTL_SITE JOBCTL_CONFIG JOBCTL_OUTPUT JOBCTL_READ_ONLY FRAPPE_SITE \
    FRAPPE_BENCH_ROOT 2>/dev/null || true

work=$(mktemp -d /tmp/jobctl-bench.XXXXXX)
server=""
end_server() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$server" ] || wait "$server" 2>/dev/null || true
    server=""
}
trap 'end_server; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

as_root=""
[ "$(id -u)" != 0 ] || as_root=--user=root
mariadb-install-db --no-defaults --datadir="$work/data" $as_root --skip-test-db \
    --auth-root-authentication-method=normal >"$work/install.log" 2>&1 || refuse "$(tail -n 3 "$work/install.log")"
"$server_program" --no-defaults --datadir="$work/data" $as_root --socket="$work/s.sock" --skip-networking \
    --innodb-flush-log-at-trx-commit=0 --pid-file="$work/s.pid" >"$work/server.log" 2>&1 &
server=$!

"$venv/bin/python" "$here/scheduler_run.py" "$jobctl" "$work" "$sites" "${REPEAT:-5}"
