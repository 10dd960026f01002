#!/bin/sh
# Measures `jobctl purge-jobs --site`, half of the jobs, and prints the curve.
#
#   tests/bench/purge.sh [JOBS…]        default: 10000 100000 1000000
#
# Each size once with the jobs in one list and once in three. Beside it, in the same run: the bare
# socket reader, and what others do: RQ's `Queue.empty` on the half that stays, Frappe's purge loop
# on a sample. A probe on a second connection takes jobs from a queue of its own all the time, as a
# worker does. Figures never make it fail. Needs what tests/bench/run.sh needs.
#
#   JOBCTL     the binary (default target/release/jobctl)
#   PYTHON_RQ  a Python with rq 1.15.1 (default: the virtual environment of tests/run.sh)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
jobctl=${JOBCTL:-$repository/target/release/jobctl}
python_rq=${PYTHON_RQ:-${XDG_CACHE_HOME:-$HOME/.cache}/jobctl-tests/venvs/rq-1.15.1/bin/python}
[ $# -gt 0 ] || set -- 10000 100000 1000000
[ -x "$jobctl" ] || {
    echo "tests/bench/purge.sh: no binary at \`$jobctl\`: cargo build --release" >&2
    exit 66
}
unset JOBCTL_BENCH JOBCTL_REDIS JOBCTL_SITE JOBCTL_CONFIG JOBCTL_OUTPUT JOBCTL_READ_ONLY FRAPPE_SITE \
    FRAPPE_REDIS_QUEUE FRAPPE_BENCH_ROOT RQ_KEY_PREFIX 2>/dev/null || true

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

for jobs in "$@"; do
    for queues in 3 1; do
        echo "$jobs jobs in $queues lists" >&2
        place=$work/run
        mkdir -p "$place"
        redis-server --port 0 --unixsocket "$place/redis.sock" --dir "$place" --save "" \
            --logfile "$place/redis.log" --appendonly no >/dev/null &
        server=$!
        python3 "$here/wait_for.py" redis --socket "$place/redis.sock"
        python3 "$here/make_bench.py" "$place" --socket "$place/redis.sock"
        python3 "$here/make_jobs.py" "$jobs" --queues "$queues" --socket "$place/redis.sock" >&2
        python3 "$here/floor.py" hgetall --repeat 3 --json --socket "$place/redis.sock" >"$place/floor"
        python3 "$here/purge_run.py" --jobs "$jobs" --queues "$queues" --floor "$place/floor" \
            --socket "$place/redis.sock" -- \
            "$jobctl" --bench "$place/bench" purge-jobs --site site1.localhost --yes -o json \
            >>"$work/results"
        "$python_rq" "$here/peer_purge.py" --socket "$place/redis.sock" >>"$work/results"
        tail -n 2 "$work/results" >&2
        end_server
        rm -rf "$place"
    done
done
python3 "$here/purge_table.py" <"$work/results"
