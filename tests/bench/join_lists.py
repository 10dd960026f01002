#!/usr/bin/env python3
"""Puts all jobs of a bench into the list of its first queue, as if there had been no other."""

import argparse

from resp import Redis

PAGE = 5_000


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--socket", required=True)
    options = parser.parse_args()
    redis = Redis(f"unix://{options.socket}")
    first, *others = sorted(redis.call("SMEMBERS", "rq:queues"))
    for key in others:
        for start in range(0, redis.call("LLEN", key), PAGE):
            redis.call("RPUSH", first, *redis.call("LRANGE", key, start, start + PAGE - 1))
        redis.call("DEL", key)


if __name__ == "__main__":
    main()
