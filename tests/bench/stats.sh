#!/bin/sh
# Measures `jobctl stats` on a monitor log against DuckDB's JSON reader and jq, and prints the ratios.
#
#   tests/bench/stats.sh [MEBIBYTES]      default: 1024
#
# All of them run on the same two cores on the same file, which is in the page cache; jq reads a
# sixteenth of it. On a machine that does other work, compare the processor time. Needs about 1.2 GB of disk and three minutes. Times never make it fail; figures
# that are not those of DuckDB do, before anything is measured.
#
#   JOBCTL    the binary (default target/release/jobctl)
#   REPEAT    measured runs, after one to warm up (default 5; jq runs once)
#   LOG       a log that is there already, instead of one that is made
set -eu

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
jobctl=${JOBCTL:-$repository/target/release/jobctl}
repeat=${REPEAT:-5}
mebibytes=${1:-1024}
venv=${XDG_CACHE_HOME:-$HOME/.cache}/jobctl-tests/venvs/duckdb

refuse() {
    echo "tests/bench/stats.sh: $1" >&2
    exit 66
}
say() {
    echo "$*" >&2
}

[ -x "$jobctl" ] || refuse "no binary at \`$jobctl\`: cargo build --release"
if ! command -v jq >/dev/null; then
    say "installing jq"
    as_root=""
    [ "$(id -u)" = 0 ] || as_root=sudo
    $as_root apt-get install -y -qq jq >/dev/null
fi
if ! "$venv/bin/python" -c 'import duckdb' 2>/dev/null; then
    say "installing duckdb into $venv"
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check duckdb
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/jobctl-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

log=${LOG:-$work/monitor.json.log}
if [ -z "${LOG:-}" ]; then
    say "making $mebibytes MiB of log"
    python3 "$here/make_monitor_log.py" "$log" "$mebibytes"
fi
bytes=$(wc -c <"$log")
head -c "$((bytes / 16))" "$log" | sed '$d' >"$work/slice.json.log"
cat "$log" >/dev/null

# Two cores, the first two that this process may use.
cores=$(python3 -c 'import os; print(",".join(map(str, sorted(os.sched_getaffinity(0))[:2])))')

say "comparing the figures"
"$jobctl" stats --file "$log" -n 0 -o json >"$work/figures.json"
"$venv/bin/python" "$here/peer_duckdb.py" "$log" --compare "$work/figures.json" >&2

# row NAME BYTES REPEAT COMMAND…
row() {
    name=$1 size=$2 times=$3
    shift 3
    say "  $name"
    taskset -c "$cores" python3 "$here/measure.py" --repeat "$times" -- "$@" >"$work/line"
    sed "s|^{|{\"name\": \"$name\", \"bytes\": $size, |" "$work/line" >>"$work/results.jsonl"
}

row "jobctl stats" "$bytes" "$repeat" "$jobctl" stats --file "$log" -o json
row "jobctl stats, from a pipe" "$bytes" "$repeat" sh -c "cat '$log' | '$jobctl' stats --file - -o json"
row "DuckDB, exact quantiles" "$bytes" "$repeat" "$venv/bin/python" "$here/peer_duckdb.py" "$log"
row "DuckDB, approximate quantiles" "$bytes" "$repeat" \
    "$venv/bin/python" "$here/peer_duckdb.py" "$log" --approximate
row "jq, a sixteenth" "$(wc -c <"$work/slice.json.log")" 1 jq -n -f "$here/peer.jq" "$work/slice.json.log"
row "cat >/dev/null" "$bytes" "$repeat" cat "$log"

python3 - "$work/results.jsonl" <<'PYTHON'
import json
import sys

rows = [json.loads(line) for line in open(sys.argv[1])]
wall = {row["name"]: row["bytes"] / row["seconds"] for row in rows}
cpu = {row["name"]: row["bytes"] / row["cpu_seconds"] for row in rows}
ours = "jobctl stats"
print(f"{'':32}{'WALL s':>8}{'CPU s':>8}{'GB/s':>8}{'PEAK MiB':>10}{'jobctl is quicker: WALL':>25}{'CPU':>9}")
for row in rows:
    name = row["name"]
    figures = f"{row['seconds']:8.2f}{row['cpu_seconds']:8.2f}{wall[name] / 1e9:8.3f}{row['peak_mib']:10.0f}"
    ratios = "" if name == ours else f"{wall[ours] / wall[name]:23.1f} x{cpu[ours] / cpu[name]:7.1f} x"
    print(f"{name:32}{figures}{ratios}")
print("budget: at least 2 x (goal 3 x) DuckDB, 40 x jq")
PYTHON
