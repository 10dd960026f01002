#!/usr/bin/env python3
"""The peers of a purge: Frappe's loop on a sample, then RQ's `Queue.empty` on all that is left.

Frappe's `purge_pending_jobs` walks `Queue.jobs` and calls `job.delete()` on each job of the site: one
round trip to read a job, several to delete it, and an `LREM` through the list. A sample is read from
the head, where `LREM` has not far to go, so the time that is scaled from it is kind to the loop. Needs
a Python with rq in it.
"""

import argparse
import json
import time

import redis
import rq

from make_jobs import install_callables

SITE = "site2.localhost"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=10_000)
    parser.add_argument("--lists", type=int, default=1)
    parser.add_argument("--jobs", type=int, required=True, help="that there were before the purge")
    parser.add_argument("--socket", required=True)
    options = parser.parse_args()

    install_callables()
    # RQ's script takes longer than the five seconds after which redis-py would send it again.
    connection = redis.Redis(unix_socket_path=options.socket, socket_timeout=600)
    queues = [queue for queue in rq.Queue.all(connection=connection) if queue.count]
    # Something has to be left for the other peer.
    sample = min(options.sample, options.jobs // 4)
    began, read, deleted = time.perf_counter(), 0, 0
    for queue in queues:
        for job in queue.get_jobs(0, sample - read) if read < sample else []:
            read += 1
            if job.kwargs.get("site") == SITE:
                job.delete()
                deleted += 1
    loop = time.perf_counter() - began
    left = sum(queue.count for queue in queues)
    began, longest = time.perf_counter(), 0.0
    for queue in queues:
        start = time.perf_counter()
        queue.empty()
        longest = max(longest, time.perf_counter() - start)
    empty = time.perf_counter() - began
    common = {"jobs": options.jobs, "lists": options.lists}
    # Half of the jobs were the site's: the loop would have read all and deleted that half.
    loop *= options.jobs / 2 / max(1, deleted)
    print(json.dumps({"row": "peer: Frappe's loop", "seconds": loop, "sample": 2 * deleted, **common}))
    print(
        json.dumps(
            {
                "row": "peer: RQ's empty, of all",
                "seconds": empty * options.jobs / max(1, left),
                "blocks_ms": longest * 1000,
                "sample": left,
                **common,
            }
        )
    )


if __name__ == "__main__":
    main()
