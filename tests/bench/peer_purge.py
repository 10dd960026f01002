#!/usr/bin/env python3
"""The peers of a purge: Frappe's loop on a sample, then RQ's `Queue.empty` on all that is left.

Frappe's `purge_pending_jobs` walks `Queue.jobs` and calls `job.delete()` on each job of the site: one
round trip to read a job, several to delete it, and an `LREM` through the list. The sample is read from
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
    parser.add_argument("--sample", type=int, default=2_000)
    parser.add_argument("--socket", required=True)
    options = parser.parse_args()

    install_callables()
    # RQ's script takes longer than the five seconds after which redis-py would send it again.
    connection = redis.Redis(unix_socket_path=options.socket, socket_timeout=600)
    queues = [queue for queue in rq.Queue.all(connection=connection) if queue.count]
    jobs = sum(queue.count for queue in queues)
    began, deleted = time.perf_counter(), 0
    for job in queues[0].get_jobs(0, options.sample) if queues else []:
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
    print(
        json.dumps(
            {
                "row": "peer",
                "frappe_loop_seconds": loop / max(1, deleted) * jobs,
                "frappe_sample": deleted,
                "rq_empty_seconds": empty / max(1, left) * jobs,
                "rq_empty_blocks_seconds": longest,
            }
        )
    )


if __name__ == "__main__":
    main()
