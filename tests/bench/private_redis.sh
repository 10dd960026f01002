# Sourced by benchmarks, which set `here` to their folder: the binary that is measured, and a private Redis
# in a folder of its own, ended by its pid.
#
# Sets `repository`, `jobctl` (JOBCTL or the release build), and `work`, a folder that goes when the script ends. `start_redis DIR` starts one with whatever
# DIR/dump.rdb holds and waits for it; `end_redis` ends it.

unset JOBCTL_BENCH JOBCTL_REDIS JOBCTL_SITE JOBCTL_CONFIG JOBCTL_OUTPUT JOBCTL_READ_ONLY FRAPPE_SITE \
    FRAPPE_REDIS_QUEUE FRAPPE_BENCH_ROOT RQ_KEY_PREFIX 2>/dev/null || true

repository=$(cd "$here/../.." && pwd)
jobctl=${JOBCTL:-$repository/target/release/jobctl}
[ -x "$jobctl" ] || {
    echo "tests/bench/${0##*/}: no binary at \`$jobctl\`: cargo build --release" >&2
    exit 66
}

work=$(mktemp -d /tmp/jobctl-bench.XXXXXX)
server=""

start_redis() {
    redis-server --port 0 --unixsocket "$1/redis.sock" --dir "$1" --save "" --appendonly no \
        --rdbcompression no --logfile "$1/redis.log" >/dev/null &
    server=$!
    python3 "$here/wait_for.py" redis --socket "$1/redis.sock"
}

end_redis() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$server" ] || wait "$server" 2>/dev/null || true
    server=""
}

trap 'end_redis; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
