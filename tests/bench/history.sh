#!/bin/sh
# Measures `jobctl history` on a year: how large its file is, how fast it is shown, and what recording
# costs.
#
#   tests/bench/history.sh [QUEUES]      default: 20
#
# The year is written by history_data.py into a file that jobctl made: once as it is kept by default
# (samples of every 30 s and minutes for two days, hours and days for all of it), once with every sample
# of the year. Needs redis-server, python3 and 0.5 GB. Figures never make it fail.
#
#   JOBCTL    the binary (default target/release/jobctl)
#   REPEAT    measured runs, after one to warm up (default 20)
#   SECONDS_RECORDED   how long recording is measured (default 60)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/private_redis.sh"
start_redis "$work"
for file in kept.db every-sample.db; do
    TZ=UTC "$jobctl" -q --redis "unix://$work/redis.sock" history record --once --file "$work/$file"
done
python3 "$here/history_data.py" "$work/kept.db" "${1:-20}" 2
python3 "$here/history_data.py" "$work/every-sample.db" "${1:-20}" 365
python3 "$here/history_run.py" "$jobctl" "$work" "${1:-20}" "${REPEAT:-20}" "${SECONDS_RECORDED:-60}"
