#!/usr/bin/env python3
"""Fails queued jobs as RQ 1.15 does: status, end, traceback, and a place in the failed registry."""

import argparse
import time
import zlib
from datetime import datetime, timezone

from resp import Redis, pack

PAGE = 2_000
FRAME = b'  File "app.py", line 7, in run\n    return step()\n'
TRACEBACK = zlib.compress(b"Traceback (most recent call last):\n" + FRAME * 9 + b"ValueError: no 1\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--socket", required=True)
    options = parser.parse_args()
    redis = Redis(f"unix://{options.socket}")
    ended = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    forgotten = int(time.time()) + 604_800
    for key in redis.call("SMEMBERS", "rq:queues"):
        registry = b"rq:failed:" + key.removeprefix(b"rq:queue:")
        while ids := redis.call("LPOP", key, PAGE):
            out = []
            for job_id in ids:
                job = b"rq:job:" + job_id
                fields = [b"status", b"failed", b"started_at", ended, b"ended_at", ended]
                out.append(pack(b"HSET", job, *fields, b"exc_info", TRACEBACK))
                out.append(pack(b"EXPIRE", job, 604_800))
                out.append(pack(b"ZADD", registry, forgotten, job_id))
            redis.socket.sendall(b"".join(out) + redis.sentinel)
            redis.drain()


if __name__ == "__main__":
    main()
