#!/usr/bin/env python3
"""Runs a command several times and prints its median wall time and its peak memory as one JSON line.

Wall time is from spawn to exit, so start-up counts. Peak memory is `ru_maxrss` of `wait4`: Linux
carries the spawner's own peak (about 10 MiB, this Python) over `exec`, so smaller values read as
that. With `--socket` it also asks Redis, for one run, how often it read from clients
(`total_reads_processed`: the round trips of a program that sends each pipeline in one write), how
many commands it executed, and which was the slowest.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import time

from resp import Redis

SLOWLOG_FROM_MICROSECONDS = 100


def run_once(command, limit):
    """Seconds, seconds of processor time, peak KiB and exit code of one run; its output goes nowhere."""
    began = time.perf_counter()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    signal.signal(signal.SIGALRM, lambda *_: child.kill())
    signal.alarm(limit)
    _, status, usage = os.wait4(child.pid, 0)
    signal.alarm(0)
    # Popen must not wait for a child that is reaped already.
    child.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - began
    return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, child.returncode


def stats(redis):
    lines = redis.call("INFO", "stats").decode().splitlines()
    values = dict(line.split(":", 1) for line in lines if ":" in line)
    return int(values["total_reads_processed"]), int(values["total_commands_processed"])


def watch_server(redis, action):
    """Runs `action` and returns what Redis saw meanwhile, its own questions not counted."""
    redis.call("CONFIG", "SET", "slowlog-log-slower-than", SLOWLOG_FROM_MICROSECONDS)
    redis.call("CONFIG", "SET", "slowlog-max-len", 100_000)
    redis.call("SLOWLOG", "RESET")
    # The command that asks is counted by the next question, not by its own.
    reads, commands = stats(redis)
    action()
    reads_after, commands_after = stats(redis)
    slowest = max(redis.call("SLOWLOG", "GET", 100_000), key=lambda entry: entry[2], default=None)
    return {
        "reads": reads_after - reads - 1,
        "commands": commands_after - commands - 1,
        "slowest_ms": slowest[2] / 1000 if slowest else None,
        "slowest": slowest[3][0].decode(errors="replace") if slowest else None,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--limit", type=int, default=600, help="seconds after which a run is killed")
    parser.add_argument("--socket", help="the Redis that the command asks")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="after `--`")
    options = parser.parse_args()
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        parser.error("no command after `--`")

    # The first run fills caches and, with a socket, is the one that the server is asked about.
    result = {}
    if options.socket:
        redis = Redis(f"unix://{options.socket}")
        result = watch_server(redis, lambda: run_once(command, options.limit))
    else:
        run_once(command, options.limit)
    runs = [run_once(command, options.limit) for _ in range(options.repeat)]
    result["seconds"] = statistics.median(seconds for seconds, _, _, _ in runs)
    result["cpu_seconds"] = statistics.median(cpu for _, cpu, _, _ in runs)
    result["peak_mib"] = max(peak for _, _, peak, _ in runs) / 1024
    result["exit"] = runs[-1][3]
    json.dump(result, sys.stdout)
    print()


if __name__ == "__main__":
    main()
