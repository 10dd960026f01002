#!/usr/bin/env python3
"""Measures `jobctl scheduler list` and `next` on SQLite sites with 200 job types each.

    tests/bench/schedule.py [SITES]      default: 1

Prints the processor time (user and system, median and least of the runs) and the peak memory. The
types are what an ERPNext site has, three quarters of them daily or rarer, and, in a second run, 200
that run every minute. There is no Redis, as only the schedule is measured. A figure never makes it
fail.

    JOBCTL    the binary (default target/release/jobctl)
    REPEAT    measured runs, after one to warm up (default 20)
"""

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

TYPES = 200
FREQUENCIES = (
    ["All"] * 2 + ["Hourly"] * 3 + ["Hourly Long"] * 3 + ["Cron"] * 4 + ["Daily"] * 16
    + ["Daily Long"] * 8 + ["Weekly"] * 2 + ["Weekly Long"] + ["Monthly"]
)
CRONS = ["*/15 * * * *", "0/10 * * * *", "30 2 * * *", "0 9 * * mon-fri"]

TABLES = """
CREATE TABLE `tabSingles` (`doctype` TEXT, `field` TEXT, `value` TEXT);
CREATE TABLE `tabScheduled Job Type` (`name` TEXT PRIMARY KEY, `creation` DATETIME,
  `modified` DATETIME, `method` TEXT, `frequency` TEXT, `cron_format` TEXT NOT NULL DEFAULT '',
  `stopped` INTEGER NOT NULL DEFAULT 0, `create_log` INTEGER NOT NULL DEFAULT 1,
  `last_execution` DATETIME, `server_script` TEXT, `scheduler_event` TEXT);
CREATE TABLE `tabScheduled Job Log` (`name` TEXT PRIMARY KEY, `creation` DATETIME,
  `modified` DATETIME, `status` TEXT, `scheduled_job_type` TEXT, `details` TEXT);
CREATE INDEX `log_creation` ON `tabScheduled Job Log` (`creation`);
CREATE TABLE `tabUser` (`name` TEXT PRIMARY KEY, `last_active` DATETIME);
INSERT INTO `tabSingles` VALUES ('System Settings', 'enable_scheduler', '1'),
  ('System Settings', 'time_zone', 'Asia/Kolkata');
"""


def make_site(bench, name, every_minute):
    folder = bench / "sites" / name
    (folder / "db").mkdir(parents=True)
    config = {"db_name": "_bench", "db_password": "x", "db_type": "sqlite"}
    (folder / "site_config.json").write_text(json.dumps(config))
    database = sqlite3.connect(folder / "db" / "_bench.db")
    database.executescript(TABLES)
    now = datetime.now(timezone.utc).replace(tzinfo=None) + timedelta(hours=5, minutes=30)
    for number in range(TYPES):
        frequency = FREQUENCIES[number % len(FREQUENCIES)]
        cron = CRONS[number % len(CRONS)] if frequency == "Cron" else ""
        if every_minute:
            frequency, cron = "Cron", "* * * * *"
        database.execute(
            "INSERT INTO `tabScheduled Job Type` (`name`, `creation`, `modified`, `method`,"
            " `frequency`, `cron_format`, `last_execution`) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (f"{number:010x}", now, now, f"app.module{number % 20}.run{number}", frequency, cron,
             now - timedelta(seconds=number)),
        )
    database.commit()
    database.close()


def make_bench(folder, sites, every_minute):
    bench = folder / ("minutely" if every_minute else "usual")
    for name in ["apps/frappe/frappe", "sites", "logs", "config/pids"]:
        (bench / name).mkdir(parents=True)
    (bench / "apps/frappe/frappe/__init__.py").write_text('__version__ = "16.10.0"\n')
    nowhere = f"unix://{folder}/no-redis.sock"
    common = {"redis_queue": nowhere, "redis_cache": nowhere}
    (bench / "sites/common_site_config.json").write_text(json.dumps(common))
    for number in range(sites):
        make_site(bench, f"site{number:03}.localhost", every_minute)
    return bench


def run(command):
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"tests/bench/schedule.py: exit code {child.returncode}: {' '.join(command)}")
    return (usage.ru_utime + usage.ru_stime) * 1000, usage.ru_maxrss / 1024


def main():
    repository = Path(__file__).resolve().parents[2]
    jobctl = os.environ.get("JOBCTL", str(repository / "target/release/jobctl"))
    repeat = int(os.environ.get("REPEAT", "20"))
    sites = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    print(f"| {sites} site(s), {TYPES} types each | CPU, median | CPU, least | peak memory |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="jobctl-bench-") as folder:
        for every_minute in [False, True]:
            bench = make_bench(Path(folder), sites, every_minute)
            kind = "every minute" if every_minute else "usual types"
            for words in [["--version"], ["scheduler", "list"], ["scheduler", "next", "24h"]]:
                command = [jobctl, "--bench", str(bench), *words, "-o", "json"]
                run(command)
                runs = [run(command) for _ in range(repeat)]
                times = [time for time, _ in runs]
                print(
                    f"| `{' '.join(words)}`, {kind} | {statistics.median(times):.1f} ms"
                    f" | {min(times):.1f} ms | {max(memory for _, memory in runs):.0f} MiB |"
                )


if __name__ == "__main__":
    main()
