#!/usr/bin/env python3
"""Makes benches with many sites, measures `jobctl scheduler status` on them and a peer beside it.

The peer asks what jobctl asks, of one site after the other over a connection of its own, as every
command of bench does that loops over sites. It leaves out what bench does besides: importing
Frappe, half a second, and initialising each site.
"""

import datetime
import json
import pathlib
import sqlite3
import statistics
import subprocess
import sys
import time

import pymysql

TYPES = 60
RUNS = 500
ZONE_NOW = "2026-01-01 00:00:00.000000"
TABLES = """
CREATE TABLE `tabSingles` (`doctype` varchar(140), `field` varchar(140), `value` text);
CREATE TABLE `tabScheduled Job Type` (`name` varchar(140) PRIMARY KEY, `creation` {time}, `modified` {time},
  `modified_by` varchar(140), `method` varchar(140), `frequency` varchar(140), `cron_format` varchar(140),
  `stopped` int, `create_log` int, `last_execution` {time}, `server_script` varchar(140), `scheduler_event` varchar(140));
CREATE TABLE `tabScheduled Job Log` (`name` varchar(140) PRIMARY KEY, `creation` {time}, `modified` {time},
  `status` varchar(140), `scheduled_job_type` varchar(140), `details` text);
CREATE INDEX `log_creation` ON `tabScheduled Job Log` (`creation`);
CREATE TABLE `tabUser` (`name` varchar(140) PRIMARY KEY, `last_active` {time});
"""
# What `scheduler status` asks on Frappe 16. Source: src/backend/site_db/sql.
QUESTIONS = [
    "SELECT `field`, `value` FROM `tabSingles` WHERE `doctype` = 'System Settings'"
    " AND `field` IN ('enable_scheduler', 'time_zone', 'dormant_days')",
    "SELECT MAX(`last_active`) AS `last` FROM `tabUser`",
    "SELECT * FROM `tabScheduled Job Type` ORDER BY `name` LIMIT 10000",
    "SELECT `name`, `creation`, `modified`, `status`, `scheduled_job_type` FROM `tabScheduled Job Log`"
    " ORDER BY `creation` DESC LIMIT 1",
    "SELECT `scheduled_job_type`, `status`, COUNT(*), MAX(`creation`) FROM `tabScheduled Job Log`"
    " WHERE `creation` >= '{since}' AND `modified` >= '{since}' GROUP BY `scheduled_job_type`, `status`",
]


def stamp(seconds_ago):
    at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds_ago)
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


def fill(run_many, mark):
    settings = [("System Settings", "enable_scheduler", "1"), ("System Settings", "time_zone", "UTC")]
    run_many(f"INSERT INTO `tabSingles` VALUES ({mark}, {mark}, {mark})", settings)
    types = [
        (f"{n:010x}", ZONE_NOW, ZONE_NOW, "Administrator", f"app.tasks.job_{n}", "Daily", "", 0, 1, stamp(60 * n), None, None)
        for n in range(TYPES)
    ]
    run_many(f"INSERT INTO `tabScheduled Job Type` VALUES ({', '.join([mark] * 12)})", types)
    runs = [
        (f"log{n}", stamp(300 * n), stamp(300 * n - 2), "Failed" if n % 20 == 0 else "Complete", f"{n % TYPES:010x}", None)
        for n in range(RUNS)
    ]
    run_many(f"INSERT INTO `tabScheduled Job Log` VALUES ({', '.join([mark] * 6)})", runs)
    run_many(f"INSERT INTO `tabUser` VALUES ({mark}, {mark})", [("Administrator", stamp(60))])


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value, indent=1, sort_keys=True))


def make_bench(root, sites, config):
    write(root / "apps/frappe/frappe/__init__.py", '__version__ = "16.10.0"\n')
    (root / "config").mkdir()
    # No Redis: what waits in queues is another benchmark's affair.
    write(root / "sites/common_site_config.json", {"redis_queue": f"unix://{root}/none.sock"})
    for site in sites:
        write(root / "sites" / site / "site_config.json", {"db_name": site, "db_password": "x", **config})


def connect(socket, **more):
    return pymysql.connect(unix_socket=str(socket), autocommit=True, **more)


def wait_for(socket):
    deadline = time.monotonic() + 90
    while True:
        try:
            return connect(socket, user="root")
        except pymysql.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def make_mariadb(socket, sites):
    admin = wait_for(socket).cursor()
    admin.execute("SET GLOBAL max_connections = 151")
    for site in sites:
        admin.execute(f"CREATE DATABASE `{site}`")
        admin.execute(f"CREATE USER `{site}`@localhost IDENTIFIED BY 'x'")
        admin.execute(f"GRANT ALL ON `{site}`.* TO `{site}`@localhost")
        admin.execute(f"USE `{site}`")
        for statement in TABLES.format(time="datetime(6)").split(";")[:-1]:
            admin.execute(statement)
        fill(admin.executemany, "%s")


def make_sqlite(root, sites):
    for site in sites:
        path = root / "sites" / site / "db" / f"{site}.db"
        path.parent.mkdir(parents=True)
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(TABLES.format(time="DATETIME"))
        fill(connection.executemany, "?")
        connection.commit()
        connection.close()


def peer(open_site, sites):
    since = stamp(86400)
    for site in sites:
        connection = open_site(site)
        cursor = connection.cursor()
        for question in QUESTIONS:
            cursor.execute(question.format(since=since))
            cursor.fetchall()
        connection.close()


def median_s(repeat, work):
    times = []
    for _ in range(repeat + 1):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def measure(jobctl, root, open_site, sites, repeat):
    command = [jobctl, "--bench", str(root), "scheduler", "status", "--site", "all", "-o", "json"]
    answer = json.loads(subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout)
    rows = answer["data"]["sites"]
    assert len(rows) == len(sites), answer
    assert all(row["error"] is None and row["types"]["total"] == TYPES for row in rows), rows[0]
    ours = median_s(repeat, lambda: subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True))
    theirs = median_s(repeat, lambda: peer(open_site, sites))
    return max(row["round_trips"] for row in rows), ours, theirs


def main():
    jobctl, work, count, repeat = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    sites = [f"site{n:03}" for n in range(count)]
    socket, maria, lite = work / "s.sock", work / "maria", work / "lite"
    print(f"making {count} sites on each engine", file=sys.stderr)
    make_bench(maria, sites, {"db_socket": str(socket)})
    make_mariadb(socket, sites)
    make_bench(lite, sites, {"db_type": "sqlite"})
    make_sqlite(lite, sites)
    print(f"| {count} sites, {TYPES} job types and {RUNS} logged runs each | Round trips per site | jobctl | One after the other | × |")
    print("|---|---|---|---|---|")
    engines = [
        ("one MariaDB", maria, lambda site: connect(socket, user=site, password="x", database=site)),
        ("SQLite", lite, lambda site: sqlite3.connect(lite / "sites" / site / "db" / f"{site}.db")),
    ]
    for name, root, open_site in engines:
        trips, ours, theirs = measure(jobctl, root, open_site, sites, repeat)
        print(f"| {name} | {trips} | {ours * 1000:.0f} ms | {theirs * 1000:.0f} ms | {theirs / ours:.1f} |")


main()
