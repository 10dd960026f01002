#!/usr/bin/env python3
"""Runs a change and prints, as one JSON line, what it cost it, Redis, and those who work beside it.

The probe is a process of its own that works as a worker does: it pops an id from a list of its own,
reads a hash, works for two milliseconds and pushes the id back. Its jobs per second before and
during the change tell what a worker notices, its longest turn how long Redis was not there for it; a
processor that is short of time shows there, too. How long Redis itself was busy with one command is
in SLOWLOG.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
import time

from resp import Redis

BEFORE_SECONDS = 3
WORK_SECONDS = 0.002
BUCKET_SECONDS = 0.25
PROBE_LIST = "bench:probe"


def probe(socket, stop, results):
    redis = Redis(f"unix://{socket}")
    redis.call("RPUSH", PROBE_LIST, *[f"probe-{n}" for n in range(100)])
    redis.call("HSET", "bench:probe:job", "status", "queued", "data", "x" * 500)
    buckets = []
    while not stop.is_set():
        began, jobs, longest = time.perf_counter(), 0, 0.0
        while (now := time.perf_counter()) < began + BUCKET_SECONDS:
            job_id = redis.call("LPOP", PROBE_LIST)
            redis.call("HGETALL", "bench:probe:job")
            redis.call("RPUSH", PROBE_LIST, job_id)
            longest = max(longest, time.perf_counter() - now)
            time.sleep(WORK_SECONDS)
            jobs += 1
        buckets.append((began, jobs / (time.perf_counter() - began), longest))
    redis.call("DEL", PROBE_LIST, "bench:probe:job")
    results.put(buckets)


def summary(buckets):
    if not buckets:
        return None, None
    rate = sum(rate for _, rate, _ in buckets) / len(buckets)
    return rate, max(longest for *_, longest in buckets) * 1000


def run(command):
    began = time.perf_counter()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return time.perf_counter() - began, usage, child.returncode, output


def processor_seconds(redis):
    lines = redis.call("INFO", "cpu").decode().splitlines()
    values = dict(line.split(":", 1) for line in lines if ":" in line)
    return float(values["used_cpu_sys"]) + float(values["used_cpu_user"])


def commands(redis):
    """Milliseconds that Redis spent in each command, those of scripts once more in the script."""
    lines = redis.call("INFO", "commandstats").decode().splitlines()
    parts = [line.removeprefix("cmdstat_").split(":") for line in lines if line.startswith("cmdstat_")]
    return {name: int(dict(p.split("=") for p in text.split(","))["usec"]) / 1000 for name, text in parts}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--row", required=True, help="what the row is called")
    parser.add_argument("--jobs", type=int, required=True)
    parser.add_argument("--lists", type=int, default=1)
    parser.add_argument("--floor", help="what floor.py printed")
    parser.add_argument("--socket", required=True)
    parser.add_argument("command", nargs=argparse.REMAINDER, help="after `--`")
    options = parser.parse_args()
    command = options.command[1:] if options.command[:1] == ["--"] else options.command

    redis = Redis(f"unix://{options.socket}")
    redis.call("CONFIG", "SET", "slowlog-log-slower-than", 1000)
    redis.call("CONFIG", "SET", "slowlog-max-len", 100_000)
    stop, results = multiprocessing.Event(), multiprocessing.Queue()
    prober = multiprocessing.Process(target=probe, args=(options.socket, stop, results), daemon=True)
    prober.start()
    time.sleep(BEFORE_SECONDS)
    redis.call("SLOWLOG", "RESET")
    redis.call("CONFIG", "RESETSTAT")
    spent_before, started = processor_seconds(redis), time.perf_counter()
    seconds, usage, code, output = run(command)
    ended, spent = time.perf_counter(), processor_seconds(redis) - spent_before
    stop.set()
    buckets = results.get(timeout=30)
    prober.join()
    slow = sorted(redis.call("SLOWLOG", "GET", 100_000), key=lambda entry: -entry[2])
    rate_before, _ = summary([b for b in buckets if b[0] < started - BUCKET_SECONDS][1:])
    rate_during, longest = summary([b for b in buckets if started <= b[0] < ended])
    data = json.loads(output)["data"] if output else {}
    print(
        json.dumps(
            {
                "row": options.row,
                "jobs": options.jobs,
                "lists": options.lists,
                "changed": data.get("changed"),
                "op": data.get("op_id"),
                "exit": code,
                "seconds": seconds,
                "cpu_seconds": usage.ru_utime + usage.ru_stime,
                "redis_cpu_seconds": spent,
                "peak_mib": usage.ru_maxrss / 1024,
                "floor_seconds": json.load(open(options.floor))["seconds"] if options.floor else None,
                "slowest_ms": slow[0][2] / 1000 if slow else 0,
                "slowest": slow[0][3][0].decode(errors="replace") if slow else "",
                "redis_ms": {name: ms for name, ms in commands(redis).items() if ms > 50},
                "worker_before": rate_before,
                "worker_during": rate_during,
                "worker_longest_ms": longest,
            }
        )
    )


if __name__ == "__main__":
    main()
