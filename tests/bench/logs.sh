#!/bin/sh
# Measures `jobctl logs` against grep and `tail -F | grep`, and prints the ratios.
#
#   tests/bench/logs.sh [MEGABYTES]      default: 1024
#
# Makes a log of that size in a temporary directory (seeded, so that two runs make the same),
# measures each command, prints a table, removes everything. Figures never make it fail; only what
# cannot be measured does.
#
#   JOBCTL  the binary (default target/release/jobctl)
#   REPEAT  measured runs per command, after one to warm up (default 3)
#   SPARSE  gigabytes of the long file that is opened from its end (default 10; it is sparse but
#           for its last megabytes, and takes no room)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
jobctl=${JOBCTL:-$repository/target/release/jobctl}
megabytes=${1:-1024}

[ -x "$jobctl" ] || {
    echo "tests/bench/logs.sh: no binary at \`$jobctl\`: cargo build --release" >&2
    exit 66
}
unset JOBCTL_BENCH JOBCTL_REDIS JOBCTL_SITE JOBCTL_CONFIG JOBCTL_OUTPUT FRAPPE_SITE 2>/dev/null || true
work=$(mktemp -d "${TMPDIR:-/tmp}/jobctl-logs.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# One core for all: what is compared is work, not cores. The follow test needs two programs.
exec_on_one_core() {
    if command -v taskset >/dev/null; then taskset -c 0 "$@"; else "$@"; fi
}
echo "making $megabytes MB of log" >&2
python3 "$here/logs_data.py" "$work/worker.log" --megabytes "$megabytes"
exec_on_one_core python3 "$here/logs_measure.py" "$jobctl" "$work/worker.log" \
    --repeat "${REPEAT:-3}" --sparse "${SPARSE:-10}"
python3 "$here/logs_follow.py" "$jobctl" "$work/follow"
