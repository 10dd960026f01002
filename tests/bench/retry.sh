#!/bin/sh
# Measures `jobctl jobs retry --all` of failed jobs, and its undo.
#
#   tests/bench/retry.sh [JOBS…]        default: 10000 100000
#
# Beside it, in the same run: the loop of `rq requeue --all`, on a sample of 10,000. A probe takes
# jobs from a queue of its own all the time, as a worker does. Figures never make it fail. Needs what
# tests/bench/run.sh needs; JOBCTL, PYTHON_RQ and RAW as in purge.sh.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
python_rq=${PYTHON_RQ:-${XDG_CACHE_HOME:-$HOME/.cache}/jobctl-tests/venvs/rq-1.15.1/bin/python}
[ $# -gt 0 ] || set -- 10000 100000
. "$here/private_redis.sh"
results=${RAW:-$work/results}
: >"$results"

measure() {
    row=$1
    shift
    python3 "$here/change_run.py" --row "$row" --jobs "$jobs" --lists 3 --socket "$place/redis.sock" \
        -- "$jobctl" --bench "$place/bench" "$@" --yes -o json >>"$results" 2>"$work/errors" ||
        cat "$work/errors" >&2
    tail -n 1 "$results" >&2
}

for jobs in "$@"; do
    echo "$jobs failed jobs" >&2
    place=$work/$jobs
    mkdir -p "$place"
    start_redis "$place"
    python3 "$here/make_bench.py" "$place" --socket "$place/redis.sock"
    python3 "$here/make_jobs.py" "$jobs" --queues 3 --socket "$place/redis.sock" >&2
    python3 "$here/fail_jobs.py" --socket "$place/redis.sock"
    measure retry jobs retry --all
    op=$(tail -n 1 "$results" | python3 -c 'import json, sys; print(json.loads(sys.stdin.read())["op"])')
    measure undo undo "$op" --include-fixed-ids
    "$python_rq" "$here/peer_retry.py" --jobs "$jobs" --lists 3 --socket "$place/redis.sock" >>"$results"
    end_redis
    rm -rf "$place"
done
python3 "$here/change_table.py" <"$results"
