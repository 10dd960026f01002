#!/bin/sh
# Measures jobctl against the bare socket and against RQ's own reader, and prints the ratios.
#
#   tests/bench/run.sh [--floors-only] [JOBS…]      default: 10000 100000 1000000
#
# Starts a private redis-server on a Unix socket in a temporary directory for each size, fills it,
# measures, ends it. Needs about 2.3 GB of memory and two minutes per million jobs. Figures never
# make it fail; only what cannot be measured does.
#
#   JOBCTL        the binary (default target/release/jobctl)
#   REPEAT        measured runs per command, after one to warm up (default 5)
#   EXACT_FIELDS  the hash fields that `show-pending-jobs --exact` fetches (default data)
#   PEER_SAMPLE   how many jobs RQ's reader reads, scaled from there (default 20000; 0: all)
#   PYTHON_RQ     a Python with rq 1.15.1 (default: the virtual environment of tests/run.sh)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
jobctl=${JOBCTL:-$repository/target/release/jobctl}
python_rq=${PYTHON_RQ:-${XDG_CACHE_HOME:-$HOME/.cache}/jobctl-tests/venvs/rq-1.15.1/bin/python}
repeat=${REPEAT:-5}
exact_fields=${EXACT_FIELDS:-data}
floors_only=no
if [ "${1:-}" = --floors-only ]; then
    floors_only=yes
    shift
fi
[ $# -gt 0 ] || set -- 10000 100000 1000000

refuse() {
    echo "tests/bench/run.sh: $1" >&2
    exit 66
}
command -v redis-server >/dev/null || refuse "no redis-server: apt-get install redis-server"
[ -x "$python_rq" ] || refuse "no Python with rq at \`$python_rq\`: run tests/run.sh once, or set PYTHON_RQ"
[ $floors_only = yes ] || [ -x "$jobctl" ] ||
    refuse "no binary at \`$jobctl\`: cargo build --release, or --floors-only"

# A user's own settings must not reach the measured program.
unset JOBCTL_BENCH JOBCTL_REDIS JOBCTL_SITE JOBCTL_CONFIG JOBCTL_OUTPUT FRAPPE_SITE FRAPPE_REDIS_QUEUE \
    FRAPPE_REDIS_CACHE FRAPPE_BENCH_ROOT RQ_KEY_PREFIX 2>/dev/null || true
# A Unix socket's path may have 107 bytes, so not below an arbitrary TMPDIR.
work=$(mktemp -d /tmp/jobctl-bench.XXXXXX)
results=$work/results.jsonl
started=""

end_started() {
    for pid in $started; do
        kill "$pid" 2>/dev/null || true
    done
    for pid in $started; do
        wait "$pid" 2>/dev/null || true
    done
    started=""
}
trap 'end_started; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() {
    echo "$*" >&2
}

# start_redis DIRECTORY [SETTING…]: a redis-server on DIRECTORY/redis.sock, answering.
start_redis() {
    directory=$1
    shift
    mkdir -p "$directory"
    redis-server --port 0 --unixsocket "$directory/redis.sock" --dir "$directory" \
        --logfile "$directory/redis.log" --appendonly no "$@" >/dev/null &
    started="$! $started"
    python3 "$here/wait_for.py" redis --socket "$directory/redis.sock"
}

# record TAGS COMMAND…: keeps the JSON line that COMMAND prints, TAGS (the inside of an object) added.
# Not a pipeline, in which a failing COMMAND would go unnoticed.
record() {
    tags=$1
    shift
    "$@" >"$work/line"
    sed "s|^{|{$tags, |" "$work/line" >>"$results"
}

# row NAME JOBS SOCKET ARGUMENT…: measures one jobctl command.
row() {
    name=$1 jobs=$2 socket=$3
    shift 3
    say "  jobctl $name"
    record "\"row\": \"$name\", \"jobs\": $jobs" \
        python3 "$here/measure.py" --repeat "$repeat" ${socket:+--socket "$socket"} -- "$jobctl" "$@"
}

measure_start_up() {
    say "start-up"
    row --version 0 "" --version
    row --help 0 "" --help
}

# Two sites, three queues, real idle workers that have just executed thirty jobs.
measure_small_bench() {
    say "small bench"
    small=$work/small
    start_redis "$small" --save "3600 1"
    python3 "$here/make_bench.py" "$small" --socket "$small/redis.sock"
    for queue in short default long; do
        PYTHONPATH=$small/python "$python_rq" -m rq.cli worker --quiet \
            --url "unix://$small/redis.sock" "bench:$queue" >"$small/worker-$queue.log" 2>&1 &
        started="$! $started"
    done
    python3 "$here/wait_for.py" workers --socket "$small/redis.sock" --count 3
    python3 "$here/make_jobs.py" 30 --spread 1 --no-callables --socket "$small/redis.sock" >/dev/null
    python3 "$here/wait_for.py" finished --socket "$small/redis.sock" --count 30
    row "doctor, small" 0 "$small/redis.sock" --bench "$small/bench" doctor
    end_started
}

measure_jobs() {
    jobs=$1
    say "$jobs jobs"
    big=$work/$jobs
    socket=$big/redis.sock
    start_redis "$big" --save ""
    python3 "$here/make_bench.py" "$big" --socket "$socket"
    say "  $(python3 "$here/make_jobs.py" "$jobs" --workers 3 --socket "$socket")"
    for floor in ids data hgetall; do
        say "  floor $floor"
        record "\"jobs\": $jobs" python3 "$here/floor.py" "$floor" --fields "$exact_fields" \
            --repeat "$repeat" --json --socket "$socket"
    done
    say "  rq's reader"
    record "\"jobs\": $jobs" \
        "$python_rq" "$here/peer_rq.py" --sample "${PEER_SAMPLE:-20000}" --json --socket "$socket"
    if [ $floors_only = no ]; then
        row doctor "$jobs" "$socket" --bench "$big/bench" doctor
        row show-pending-jobs "$jobs" "$socket" --bench "$big/bench" show-pending-jobs
        row "show-pending-jobs --exact" "$jobs" "$socket" --bench "$big/bench" show-pending-jobs --exact
    fi
    end_started
    rm -rf "$big"
}

[ $floors_only = yes ] || measure_start_up
[ $floors_only = yes ] || measure_small_bench
for size in "$@"; do
    measure_jobs "$size"
done
python3 "$here/table.py" <"$results"
