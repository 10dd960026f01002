#!/usr/bin/env python3
"""The peer of a retry: what `rq requeue --all` does, `FailedJobRegistry.requeue` for one id after the
other, on a sample. Needs a Python with rq in it."""

import argparse
import json
import time

import redis
import rq

from make_jobs import install_callables


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, required=True)
    parser.add_argument("--lists", type=int, default=1)
    parser.add_argument("--socket", required=True)
    options = parser.parse_args()

    install_callables()
    connection = redis.Redis(unix_socket_path=options.socket, socket_timeout=600)
    began, done = time.perf_counter(), 0
    for queue in rq.Queue.all(connection=connection):
        registry = queue.failed_job_registry
        for job_id in registry.get_job_ids()[: options.sample - done]:
            registry.requeue(job_id)
            done += 1
    seconds = (time.perf_counter() - began) * options.jobs / max(1, done)
    row = {"row": "peer: rq requeue", "seconds": seconds, "sample": done}
    print(json.dumps({**row, "jobs": options.jobs, "lists": options.lists}))


if __name__ == "__main__":
    main()
