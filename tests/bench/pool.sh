#!/bin/sh
# Measures `jobctl worker-pool` beside `rq worker-pool` of RQ 2.6.1, each with ten workers.
#
#   tests/bench/pool.sh [ROUNDS]        default: 3
#
# The supervisor's memory and its CPU while nothing is to be done, and how long it takes until ten
# workers have registered. Figures never make it fail. JOBCTL and PYTHON_RQ name the binary and the
# Python with RQ 2.6.1 in it, which tests/run.sh makes. Starts a private redis-server and ends it.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
python_rq=${PYTHON_RQ:-${XDG_CACHE_HOME:-$HOME/.cache}/jobctl-tests/venvs/rq-2.6.1/bin/python}
. "$here/private_redis.sh"
start_redis "$work"
"$python_rq" "$here/pool_run.py" "$work/redis.sock" "$jobctl" "$python_rq" "${1:-3}"
end_redis
