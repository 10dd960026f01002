#!/usr/bin/env python3
"""Measures reading a log: jobctl beside grep and tail, in megabytes per second, and the ratios."""

import argparse
import os
import statistics
import subprocess
import time


def seconds(command, repeat):
    """The median wall time of a shell command, after a run to warm up; its output goes nowhere."""
    times = []
    for run in range(repeat + 1):
        began = time.perf_counter()
        subprocess.run(command, shell=True, check=False, stdout=subprocess.DEVNULL)
        if run:
            times.append(time.perf_counter() - began)
    return statistics.median(times)


def last_time(path):
    with open(path, "rb") as log:
        log.seek(-4096, os.SEEK_END)
        lines = log.read().splitlines()
    return next(line[:19].decode() for line in reversed(lines) if line[:4].isdigit())


def sparse_file(source, gigabytes):
    """A file whose first bytes are a hole and whose end is that of `source`."""
    path = source + ".long.log"
    with open(source, "rb") as log, open(path, "wb") as long:
        log.seek(-8_000_000, os.SEEK_END)
        end = log.read()
        long.seek(gigabytes * 1_000_000_000)
        long.write(end[end.index(b"\n2026-") + 1 :])
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("jobctl")
    parser.add_argument("log")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--sparse", type=int, default=10)
    options = parser.parse_args()
    size = os.path.getsize(options.log) / 1e6
    run = f"TZ=UTC {options.jobctl} -q logs --source {options.log}"
    grep = f"LC_ALL=C.UTF-8 grep -a %s {options.log}"
    rows = [
        ("skipped: --grep of what is nowhere", f"{run} -n all --grep nowhere-to-be-found", grep % "nowhere-to-be-found"),
        ("skipped: --job of one job", f"{run} -n all --job site1.localhost::0", grep % "-F site1.localhost::0"),
        ("filtered: --level error", f"{run} -n all --level error", grep % "-E 'Traceback|ERROR|exception'"),
        ("filtered: --exclude 99.9 % of lines", f"{run} -n all --exclude 'default:|Result'", grep % "-vE 'default:|Result'"),
        ("filtered: --grep, 0.1 % match", f"{run} -n all --grep 'exception raised'", grep % "'exception raised'"),
        ("filtered: from the end, --level critical", f"{run} --level critical", grep % "CRITICAL"),
        ("filtered: everything is shown", f"{run} -n all --raw", grep % "''"),
    ]
    print(f"{size:.0f} MB, one core, medians of {options.repeat}")
    print(f"{'':42}{'jobctl':>12}{'grep':>12}{'ratio':>8}")
    for name, ours, theirs in rows:
        mine, peer = seconds(ours, options.repeat), seconds(theirs, options.repeat)
        print(f"{name:42}{size / mine:>7.0f} MB/s{size / peer:>7.0f} MB/s{peer / mine:>7.2f}x")
    since = last_time(options.log)
    took = seconds(f"{run} --since '{since}'", options.repeat)
    print(f"{'--since the last second':42}{took * 1000:>9.1f} ms")
    long = sparse_file(options.log, options.sparse)
    took = seconds(f"TZ=UTC {options.jobctl} -q logs --source {long} -n 100", options.repeat)
    peer = seconds(f"tail -n 100 {long}", options.repeat)
    print(f"{f'the last 100 records of {options.sparse} GB':42}{took * 1000:>9.1f} ms{peer * 1000:>9.1f} ms (tail -n 100)")


if __name__ == "__main__":
    main()
