#!/usr/bin/env python3
"""Runs one purge and prints, as one JSON line, what it cost it and Redis and those who worked beside it.

The probe is a process of its own: it pops an id from a list of its own, reads a hash and pushes the
id back, without a pause. Its cycles per second before and during the purge tell what a worker would
notice, its longest cycle how long Redis was not there for it; a processor that is short of time shows
there, too. How long Redis itself was busy with one command is in SLOWLOG.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
import time

from resp import Redis

BEFORE_SECONDS = 3
PROBE_LIST = "bench:probe"


def probe(socket, stop, results):
    redis = Redis(f"unix://{socket}")
    redis.call("RPUSH", PROBE_LIST, *[f"probe-{n}" for n in range(100)])
    redis.call("HSET", "bench:probe:job", "status", "queued", "data", "x" * 500)
    buckets = []
    while not stop.is_set():
        began, cycles, longest = time.perf_counter(), 0, 0.0
        while (now := time.perf_counter()) < began + 0.25:
            job_id = redis.call("LPOP", PROBE_LIST)
            redis.call("HGETALL", "bench:probe:job")
            redis.call("RPUSH", PROBE_LIST, job_id)
            cycles += 1
            longest = max(longest, time.perf_counter() - now)
        buckets.append((began, cycles * 4, longest))
    redis.call("DEL", PROBE_LIST, "bench:probe:job")
    results.put(buckets)


def summary(buckets):
    if not buckets:
        return None, None
    return sum(rate for _, rate, _ in buckets) / len(buckets), max(longest for *_, longest in buckets) * 1000


def run(command):
    began = time.perf_counter()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return time.perf_counter() - began, usage, child.returncode, output


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, required=True)
    parser.add_argument("--queues", type=int, required=True)
    parser.add_argument("--floor", required=True, help="what floor.py printed")
    parser.add_argument("--socket", required=True)
    parser.add_argument("command", nargs=argparse.REMAINDER, help="after `--`")
    options = parser.parse_args()
    command = options.command[1:] if options.command[:1] == ["--"] else options.command

    redis = Redis(f"unix://{options.socket}")
    redis.call("CONFIG", "SET", "slowlog-log-slower-than", 1000)
    redis.call("CONFIG", "SET", "slowlog-max-len", 100_000)
    stop, results = multiprocessing.Event(), multiprocessing.Queue()
    prober = multiprocessing.Process(target=probe, args=(options.socket, stop, results))
    prober.start()
    time.sleep(BEFORE_SECONDS)
    redis.call("SLOWLOG", "RESET")
    redis.call("CONFIG", "RESETSTAT")
    started = time.perf_counter()
    seconds, usage, code, output = run(command)
    ended = time.perf_counter()
    stop.set()
    buckets = results.get()
    prober.join()
    slowest = max(redis.call("SLOWLOG", "GET", 100_000), key=lambda entry: entry[2], default=None)
    stats = redis.call("INFO", "commandstats").decode().splitlines()
    spent = {line.split(":")[0][8:]: line for line in stats if line.startswith("cmdstat_")}
    milliseconds = lambda line: int(dict(p.split("=") for p in line.split(":")[1].split(","))["usec"]) / 1000
    rate_before, _ = summary([b for b in buckets if b[0] < started - 0.25][1:])
    rate_during, longest = summary([b for b in buckets if started <= b[0] < ended])
    data = json.loads(output)["data"] if output else {}
    print(
        json.dumps(
            {
                "row": "purge",
                "jobs": options.jobs,
                "queues": options.queues,
                "removed": data.get("removed"),
                "exit": code,
                "seconds": seconds,
                "cpu_seconds": usage.ru_utime + usage.ru_stime,
                "peak_mib": usage.ru_maxrss / 1024,
                "floor_seconds": json.load(open(options.floor))["seconds"],
                "slowest_ms": slowest[2] / 1000 if slowest else None,
                "slowest": slowest[3][0].decode(errors="replace") if slowest else None,
                "redis_ms": {name: milliseconds(line) for name, line in spent.items() if milliseconds(line) > 50},
                "probe_before": rate_before,
                "probe_during": rate_during,
                "probe_longest_ms": longest,
            }
        )
    )


if __name__ == "__main__":
    main()
