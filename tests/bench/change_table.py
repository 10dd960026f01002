#!/usr/bin/env python3
"""Prints the results of purge.sh or retry.sh as one table. `!` marks a budget that is not kept.

A peer's figure with `~` is scaled from a sample.
"""

import json
import sys

# Of the bare reader at a million, MiB, the longest command in ms by the jobs of one list, and the
# seconds of a retry of a hundred thousand.
READER, MEMORY, LONGEST, RETRY = 4, 64, {1_000_000: 50}, 10
LONGEST_ELSE = 20


def mark(text, missed):
    return f"{text}!" if missed else text


def of_jobctl(row):
    floor, seconds, jobs = row["floor_seconds"], row["seconds"], row["jobs"]
    ratio = seconds / floor if floor else None
    budgeted = row["row"] == "purge" and jobs >= 1_000_000
    late = row["row"] == "retry" and jobs == 100_000 and seconds > RETRY
    return [
        row["row"],
        f"{jobs}",
        f"{row['lists']}",
        f"{row['changed']}",
        mark(f"{seconds:.2f}", late or row["exit"] != 0),
        mark(f"{ratio:.1f}", budgeted and ratio > READER) if ratio else "",
        f"{row['cpu_seconds']:.1f}",
        f"{row['redis_cpu_seconds']:.1f}",
        mark(f"{row['peak_mib']:.0f}", row["peak_mib"] > MEMORY),
        mark(f"{row['slowest_ms']:.1f}", row["slowest_ms"] > LONGEST.get(jobs, LONGEST_ELSE)),
        row["slowest"],
        f"{row['worker_before'] or 0:.0f}",
        f"{row['worker_during'] or 0:.0f}",
        f"{row['worker_longest_ms'] or 0:.1f}",
    ]


def of_peer(row):
    scaled = "~" if row["sample"] < row["jobs"] else ""
    cells = [row["row"], f"{row['jobs']}", f"{row['lists']}", "", f"{scaled}{row['seconds']:.1f}"]
    return cells + [""] * 4 + [f"{row['blocks_ms']:.0f}" if row.get("blocks_ms") else ""] + [""] * 4


def main():
    head = ["", "JOBS", "LISTS", "CHANGED", "SECONDS", "× READER", "CPU S", "REDIS CPU S", "MIB",
            "LONGEST MS", "COMMAND", "WORKER BEFORE/S", "DURING/S", "LONGEST TURN MS"]
    rows = [json.loads(line) for line in sys.stdin]
    table = [head] + [of_peer(row) if row["row"].startswith("peer") else of_jobctl(row) for row in rows]
    widths = [max(len(row[at]) for row in table) for at in range(len(head))]
    for row in table:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print("  ".join(cells).rstrip())


if __name__ == "__main__":
    main()
