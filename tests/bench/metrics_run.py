"""Fills a Redis with queues, jobs and workers as RQ leaves them, and measures `jobctl metrics`.

    metrics_run.py JOBCTL SOCKET QUEUES WORKERS JOBS REPEAT

Called by metrics.sh. Workers listen for commands, as live ones do.
"""

import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import time
from datetime import datetime, timezone

sys.path.insert(0, os.path.dirname(__file__))


def encode(*words):
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        word = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(word), word))
    return b"".join(parts)


class Redis:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def run(self, commands):
        self.socket.sendall(b"".join(encode(*command) for command in commands))
        return [self.answer() for _ in commands]

    def answer(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind in b"+:":
            return rest
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.answer() for _ in range(int(rest))]
        raise SystemExit(f"metrics_run.py: Redis says {line!r}")


def fill(redis, queues, workers, jobs):
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    for queue in range(queues):
        name = f"queue{queue:03}"
        ids = [f"{name}-job-{number}" for number in range(jobs)]
        commands = [("SADD", "rq:queues", f"rq:queue:{name}")]
        for job_id in ids:
            commands.append(("HSET", f"rq:job:{job_id}", "status", "queued", "origin", name, "data", "x",
                             "created_at", now, "enqueued_at", now, "timeout", "300",
                             "description", f"app.tasks.run{queue}(1)"))
        if ids:
            commands.append(("RPUSH", f"rq:queue:{name}", *ids))
        for start in range(0, len(commands), 500):
            redis.run(commands[start:start + 500])
    listener = None
    for worker in range(workers):
        name = f"{worker:032x}"
        served = ",".join(f"queue{queue:03}" for queue in range(queues) if queue % workers == worker % queues) or "queue000"
        redis.run([
            ("SADD", "rq:workers", f"rq:worker:{name}"),
            ("HSET", f"rq:worker:{name}", "birth", now, "last_heartbeat", now, "queues", served, "pid", worker + 1,
             "hostname", f"host{worker % 5}", "version", "1.16.2", "python_version", "3.11.2", "state", "idle"),
            ("EXPIRE", f"rq:worker:{name}", 420),
        ])
        listener = listener or Redis(redis.socket.getpeername())
        listener.socket.sendall(encode("SUBSCRIBE", f"rq:pubsub:{name}"))
    return listener


def main():
    jobctl, path, queues, workers, jobs, repeat = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:7])
    redis = Redis(path)
    listener = fill(redis, queues, workers, jobs)
    command = [jobctl, "--redis", f"unix://{path}", "metrics"]
    walls, inner = [], []
    for turn in range(repeat + 1):
        started = time.perf_counter()
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        wall = (time.perf_counter() - started) * 1000
        if turn:
            walls.append(wall)
            line = next(line for line in text.splitlines() if line.startswith("jobctl_collect_duration_seconds "))
            inner.append(float(line.split()[1]) * 1000)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    doctor = subprocess.run([jobctl, "--redis", f"unix://{path}", "doctor", "-o", "json"],
                            capture_output=True, text=True).stdout
    turns = json.loads(doctor)["data"]["round_trips"]
    alive = sum(1 for line in text.splitlines() if line.startswith("jobctl_worker_idle{"))
    del listener
    print(f"| {queues} queues, {workers} workers, {jobs} jobs each | {statistics.median(walls):.1f} ms | {min(walls):.1f} ms "
          f"| {statistics.median(inner):.1f} ms | {peak:.0f} MiB | {len(text) // 1024} KiB, {alive} groups of workers "
          f"| {turns} (doctor) |")


print("| | wall, median | least | collecting | peak memory | answer | round trips |\n|---|---|---|---|---|---|---|")
main()
