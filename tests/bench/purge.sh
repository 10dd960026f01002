#!/bin/sh
# Measures `jobctl purge-jobs --site`, half of the jobs, and its undo, and prints the curve.
#
#   tests/bench/purge.sh [JOBS…]        default: 10000 100000 1000000
#
# Each size once with the jobs in three lists and once in one. Beside it, in the same run: the bare
# socket reader, and what others do: Frappe's purge loop, whole where it ends within a minute, else
# on a sample; RQ's `Queue.empty` on the half that stays. A probe takes jobs from a queue of its own
# all the time, as a worker does. Figures never make it fail. Needs what tests/bench/run.sh needs.
#
#   JOBCTL     the binary (default target/release/jobctl)
#   PYTHON_RQ  a Python with rq 1.15.1 (default: the virtual environment of tests/run.sh)
#   RAW        a file that gets every figure as JSON lines
set -eu

here=$(cd "$(dirname "$0")" && pwd)
python_rq=${PYTHON_RQ:-${XDG_CACHE_HOME:-$HOME/.cache}/jobctl-tests/venvs/rq-1.15.1/bin/python}
[ $# -gt 0 ] || set -- 10000 100000 1000000
. "$here/private_redis.sh"
results=${RAW:-$work/results}
: >"$results"

# Runs one command of jobctl on the bench and adds what it cost.
measure() {
    row=$1
    shift
    python3 "$here/change_run.py" --row "$row" --jobs "$jobs" --lists "$lists" --floor "$work/floor" \
        --socket "$place/redis.sock" -- "$jobctl" --bench "$place/bench" "$@" --yes -o json \
        >>"$results" 2>"$work/errors" || cat "$work/errors" >&2
    tail -n 1 "$results" >&2
}

for jobs in "$@"; do
    place=$work/$jobs
    mkdir -p "$place"
    echo "making $jobs jobs" >&2
    start_redis "$place"
    python3 "$here/make_bench.py" "$place" --socket "$place/redis.sock"
    python3 "$here/make_jobs.py" "$jobs" --queues 3 --socket "$place/redis.sock" >&2
    redis-cli -s "$place/redis.sock" save >/dev/null
    for lists in 3 1; do
        echo "$jobs jobs in $lists lists" >&2
        # The first round goes on with the server that was filled.
        [ -n "$server" ] || start_redis "$place"
        [ "$lists" = 3 ] || python3 "$here/join_lists.py" --socket "$place/redis.sock"
        python3 "$here/floor.py" hgetall --repeat 3 --json --socket "$place/redis.sock" >"$work/floor"
        measure purge purge-jobs --site site1.localhost
        op=$(tail -n 1 "$results" | python3 -c 'import json, sys; print(json.loads(sys.stdin.read())["op"])')
        measure undo undo "$op" --include-fixed-ids
        measure purge purge-jobs --site site1.localhost
        "$python_rq" "$here/peer_purge.py" --jobs "$jobs" --lists "$lists" \
            --socket "$place/redis.sock" >>"$results"
        end_redis
    done
    rm -rf "$place"
done
python3 "$here/change_table.py" <"$results"
