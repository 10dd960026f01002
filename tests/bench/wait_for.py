#!/usr/bin/env python3
"""Waits, up to a deadline, until a private Redis answers, or its workers are up, or its jobs are done."""

import argparse
import time

from resp import Redis

DEADLINE_SECONDS = 30


def answers(redis, _count):
    return redis.call("PING") == b"PONG"


def has_workers(redis, count):
    """Counts only workers that listen on their channel: registered alone may also be dead."""
    names = [key.removeprefix(b"rq:worker:") for key in redis.call("SMEMBERS", "rq:workers")]
    return sum(redis.call("PUBSUB", "NUMSUB", b"rq:pubsub:" + name)[1] for name in names) >= count


def has_finished(redis, count):
    queues = [key.removeprefix(b"rq:queue:") for key in redis.call("SMEMBERS", "rq:queues")]
    return sum(redis.call("ZCARD", b"rq:finished:" + queue) for queue in queues) >= count


CONDITIONS = {"redis": answers, "workers": has_workers, "finished": has_finished}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("condition", choices=CONDITIONS)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--count", type=int, default=0)
    options = parser.parse_args()

    deadline, reason = time.monotonic() + DEADLINE_SECONDS, "not met"
    while time.monotonic() < deadline:
        try:
            if CONDITIONS[options.condition](Redis(f"unix://{options.socket}"), options.count):
                return
        except (OSError, RuntimeError) as error:
            reason = str(error)
        time.sleep(0.02)
    raise SystemExit(f"waited {DEADLINE_SECONDS} s for `{options.condition}` on `{options.socket}`: {reason}")


if __name__ == "__main__":
    main()
