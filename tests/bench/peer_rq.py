#!/usr/bin/env python3
"""The peer: RQ's own reader, used as `bench doctor` and `bench show-pending-jobs` use it.

Frappe walks `Queue.jobs` of every queue and looks at `job.kwargs`: RQ then fetches each job with a
round trip of its own and unpickles it. That takes minutes at a million jobs, so at most `--sample`
jobs are read, in proportion from every queue, and the time is scaled by the number of jobs. Memory
is that of the sample: it is not scaled. Needs a Python with rq in it.
"""

import argparse
import json
import resource
import time
from collections import Counter

import redis
import rq

from make_jobs import install_callables


def read(queue, amount):
    """Counts the methods of the first `amount` jobs of a queue, as Frappe's doctor does."""
    methods = Counter()
    for job in queue.get_jobs(0, amount):
        kwargs = job.kwargs
        if kwargs["site"]:
            methods[str(kwargs["method"])] += 1
    return methods


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=20_000, help="0 reads every job")
    parser.add_argument("--json", action="store_true", help="one line for table.py")
    parser.add_argument("--socket", required=True)
    options = parser.parse_args()

    install_callables()
    queues = rq.Queue.all(connection=redis.Redis(unix_socket_path=options.socket))
    jobs = sum(queue.count for queue in queues)
    share = min(1, options.sample / jobs) if options.sample and jobs else 1
    began, counted = time.perf_counter(), 0
    for queue in queues:
        amount = round(queue.count * share)
        if amount:
            counted += sum(read(queue, amount).values())
    seconds = time.perf_counter() - began
    result = {
        "peer": f"rq {rq.VERSION}",
        "read": counted,
        "seconds": seconds / max(1, counted) * jobs,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    if options.json:
        print(json.dumps(result))
        return
    scaled = f"scaled from {counted} jobs read in {seconds:.2f} s" if counted < jobs else "every job read"
    print(f"{result['peer']}: {result['seconds']:.1f} s for {jobs} jobs ({scaled}), {result['peak_mib']:.0f} MiB")


if __name__ == "__main__":
    main()
