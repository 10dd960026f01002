#!/bin/sh
# Measures `jobctl metrics` on a private Redis with many queues and workers, and prints its wall
# time, its round trips and its memory.
#
#   tests/bench/metrics.sh [QUEUES [WORKERS [JOBS]]]      default: 100 queues, 50 workers, 1000 jobs each
#
# Needs redis-server and python3. Figures never make it fail.
#
#   JOBCTL    the binary (default target/release/jobctl)
#   REPEAT    measured runs, after one to warm up (default 20)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/private_redis.sh"
start_redis "$work"
python3 "$here/metrics_run.py" "$jobctl" "$work/redis.sock" "${1:-100}" "${2:-50}" "${3:-1000}" "${REPEAT:-20}"
