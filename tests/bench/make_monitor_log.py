"""Writes a monitor log as Frappe's benches write it, of a given size, always the same.

    make_monitor_log.py PATH MEBIBYTES

Of each ten records eight are jobs (seven as v16 and later write them, one as v15 does) and two are
web requests; 200 methods, some far more frequent than others, 4 sites, every third job scheduled.
Each 500th record is followed by its repetition, as every flush leaves one.
"""

import random
import sys

SITES = [f"site{n}.example.com" for n in range(1, 5)]
APPS = ["frappe.email.queue", "erpnext.stock.utils", "hrms.payroll.doctype.salary_slip", "shop.tasks"]
VERBS = ["flush", "sync", "submit", "repost_entries", "send_reminders"]
METHODS = [f"{app}.{verb}_{n}" for n in range(10) for app in APPS for verb in VERBS]
PAGES = ["/api/method/ping", "/app/sales-invoice", "/api/resource/Item", "/"]
WEIGHTS = [1 / (rank + 1) for rank in range(len(METHODS))]
# Draws are slow, so a table of them is made once and gone through at a step that shares no factor.
TABLE = 65536
START = 1_793_000_000


def tables(draw):
    methods = draw.choices(METHODS, WEIGHTS, k=TABLE)
    durations = [int(draw.lognormvariate(11.5, 1.6)) + 900 for _ in range(TABLE)]
    waits = [int(draw.expovariate(1 / 2_500_000)) for _ in range(TABLE)]
    ids = [f"{draw.getrandbits(64):016x}" for _ in range(TABLE)]
    return methods, durations, waits, ids


def clock(second, cache={}):
    """`YYYY-MM-DD HH:MM:SS` of a second; the day is looked up once."""
    day, rest = divmod(second, 86_400)
    if day not in cache:
        import datetime

        cache[day] = (datetime.date(1970, 1, 1) + datetime.timedelta(days=day)).isoformat()
    return f"{cache[day]} {rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"


def records():
    methods, durations, waits, ids = tables(random.Random(7))
    number = 0
    while True:
        at = number * 40_503 % TABLE
        second, micros = divmod(number * 203_411, 1_000_000)
        stamp = f"{clock(START + second)}.{micros:06d}+00:00"
        uuid = f"{ids[at]}{number:016x}"
        site = SITES[at % 4]
        kind = number % 10
        if kind < 7:
            failed = ',"exception":"ValidationError"' if at % 37 == 0 else ""
            scheduled = "true" if at % 3 == 0 else "false"
            line = (
                f'{{"duration":{durations[at]}{failed},"job":{{"method":"{methods[at]}",'
                f'"scheduled":{scheduled},"wait":{waits[at]}}},"job_id":"{site}||{ids[at]}",'
                f'"site":"{site}","timestamp":"{stamp}","transaction_type":"job","uuid":"{uuid}"}}\n'
            )
        elif kind == 7:
            line = (
                f'{{"duration":{durations[at]},"job":{{"method":"{methods[at]}","scheduled":false,'
                f'"wait":0}},"site":"{site}","timestamp":"{stamp}","transaction_type":"job",'
                f'"uuid":"{site}::{uuid}"}}\n'
            )
        else:
            line = (
                f'{{"duration":{durations[at] // 4},"request":{{"ip":"10.0.0.{at % 250}","method":"GET",'
                f'"path":"{PAGES[at % 4]}","response_length":{at},"status_code":200}},"site":"{site}",'
                f'"timestamp":"{stamp}","transaction_type":"request","uuid":"{uuid}"}}\n'
            )
        yield line
        if number % 500 == 499:
            yield line
        number += 1


def main():
    path, mebibytes = sys.argv[1], int(sys.argv[2])
    left = mebibytes << 20
    block = []
    size = 0
    with open(path, "w", encoding="ascii", newline="\n") as log:
        for line in records():
            block.append(line)
            size += len(line)
            if size >= 1 << 20 or size >= left:
                log.write("".join(block))
                left -= size
                block, size = [], 0
                if left <= 0:
                    return


if __name__ == "__main__":
    main()
