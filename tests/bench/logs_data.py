#!/usr/bin/env python3
"""Makes a worker log as RQ and Frappe write it: start and end of jobs, now and then a traceback.

The times go up by some milliseconds per line; the draw is seeded.
"""

import argparse
import random
from datetime import datetime, timedelta

TRACEBACK = """Traceback (most recent call last):
  File "/home/frappe/frappe-bench/env/lib/python3.11/site-packages/rq/worker.py", line 1430, in perform_job
    rv = job.perform()
  File "/home/frappe/frappe-bench/apps/shop/shop/stock.py", line 20, in revalue
    raise OperationalError(1213, "Deadlock found when trying to get lock; try restarting transaction")
shop.stock.OperationalError: (1213, 'Deadlock found when trying to get lock')
"""
METHODS = ["shop.stock.revalue", "shop.mail.send_newsletter", "shop.reports.margin", "shop.imports.run"]


def block(draw, start, lines):
    """So many lines with their times left out (`%s`), and how long they span."""
    parts = []
    for _ in range(lines):
        job = f"site{draw.randint(1, 2)}.localhost::{draw.getrandbits(64):016x}"
        method = draw.choice(METHODS)
        kind = draw.random()
        start += timedelta(milliseconds=draw.randint(1, 40))
        stamp = start.strftime("%Y-%m-%d %H:%M:%S,") + f"{start.microsecond // 1000:03d}"
        if kind < 0.001:
            parts.append(f"{stamp} [Job {job}]: exception raised while executing ({method})\n{TRACEBACK}")
        elif kind < 0.5:
            parts.append(
                f"{stamp} default: frappe.utils.background_jobs.execute_job(event=None, is_async=True, "
                f"job_name='{method}', kwargs={{'n': {draw.randint(0, 9999)}}}, site='site1.localhost') ({job})\n"
            )
        elif kind < 0.75:
            parts.append(f"{stamp} default: Job OK ({job})\n")
        else:
            parts.append(f"{stamp} Result is kept for 600 seconds\n")
    return "".join(parts).encode(), start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path")
    parser.add_argument("--megabytes", type=int, default=1024)
    options = parser.parse_args()
    draw = random.Random(7)
    at = datetime(2026, 1, 1)
    wanted = options.megabytes * 1_000_000
    written = 0
    with open(options.path, "wb") as log:
        while written < wanted:
            text, at = block(draw, at, 20_000)
            written += log.write(text)


if __name__ == "__main__":
    main()
