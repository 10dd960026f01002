#!/usr/bin/env python3
"""The floor: how long the bytes of a question take through a bare pipelined socket.

Modes: `ids` pages every queue's list; `data` pages the lists and asks `HMGET` of every id (which
fields is `--fields`); `hgetall` the same with `HGETALL`. Requests are packed before the clock
starts; replies are received into one big buffer and never parsed; a sentinel (ECHO) ends each
batch, and two batches are always on their way, so that server and reader work at the same time.
A real reader also has to parse, inflate and count: its ratio to this floor is what is judged.
"""

import argparse
import json
import statistics
import time

from resp import Redis, pack


def queue_keys(redis):
    return sorted(redis.call("SMEMBERS", "rq:queues"))


def id_batches(redis, page):
    """One batch per page of each list. Packed up to the length that the list has now."""
    batches = []
    for key in queue_keys(redis):
        for start in range(0, redis.call("LLEN", key), page):
            batches.append(pack("LRANGE", key, start, start + page - 1) + redis.sentinel)
    return batches


def job_batches(redis, page, depth, command):
    """`command(job key)` for every id, `depth` commands in a batch."""
    batches = []
    for key in queue_keys(redis):
        for start in range(0, redis.call("LLEN", key), page):
            ids = redis.call("LRANGE", key, start, start + page - 1)
            for first in range(0, len(ids), depth):
                wanted = ids[first : first + depth]
                commands = [command(b"rq:job:" + job_id) for job_id in wanted]
                batches.append(b"".join(commands) + redis.sentinel)
    return batches


def run(redis, batches, in_flight):
    """Sends every batch and receives every reply. Returns seconds and bytes received."""
    began, received = time.perf_counter(), 0
    for sent, batch in enumerate(batches):
        redis.socket.sendall(batch)
        if sent + 1 >= in_flight:
            received += redis.drain()
    received += redis.drain(min(in_flight - 1, len(batches)))
    return time.perf_counter() - began, received


def measure(redis, options):
    """The phases of the mode: name, seconds and bytes of each, medians of the repeats."""
    phases = {"ids": id_batches(redis, options.page)}
    if options.mode != "ids":
        fields = [field.encode() for field in options.fields.split(",")]
        ask = {"data": lambda key: pack(b"HMGET", key, *fields), "hgetall": lambda key: pack(b"HGETALL", key)}
        phases[options.mode] = job_batches(redis, options.page, options.depth, ask[options.mode])
    results = {}
    for name, batches in phases.items():
        runs = [run(redis, batches, options.in_flight) for _ in range(options.repeat)]
        results[name] = {
            "seconds": statistics.median(seconds for seconds, _ in runs),
            "bytes": runs[0][1],
            "all": [round(seconds, 4) for seconds, _ in runs],
        }
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mode", choices=["ids", "data", "hgetall"])
    parser.add_argument("--fields", default="data", help="comma list, for `data`")
    parser.add_argument("--page", type=int, default=10_000, help="ids of one LRANGE")
    parser.add_argument("--depth", type=int, default=500, help="commands of one batch")
    parser.add_argument("--in-flight", type=int, default=2, help="batches on their way at a time")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="one line for table.py")
    parser.add_argument("--socket", help="Unix socket of the Redis; else --url")
    parser.add_argument("--url", default="redis://127.0.0.1:6379")
    options = parser.parse_args()

    redis = Redis(f"unix://{options.socket}" if options.socket else options.url)
    phases = measure(redis, options)
    seconds = sum(phase["seconds"] for phase in phases.values())
    if options.json:
        size = sum(phase["bytes"] for phase in phases.values())
        print(json.dumps({"floor": options.mode, "seconds": seconds, "bytes": size}))
        return
    for name, phase in phases.items():
        print(f"{name:8} {phase['seconds']:8.4f} s {phase['bytes'] / 2**20:8.1f} MiB  {phase['all']}")
    print(f"{'total':8} {seconds:8.4f} s")


if __name__ == "__main__":
    main()
