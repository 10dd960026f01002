#!/usr/bin/env python3
"""Prints the results of purge.sh as one table. `!` marks a budget that is not kept."""

import json
import sys

# Of the bare reader, MiB, and the longest command in ms by the jobs in one list.
RATIO, MEMORY, LONGEST = 4, 64, {100_000: 20, 1_000_000: 50}


def mark(value, limit, text):
    return f"{text}{'!' if limit is not None and value is not None and value > limit else ''}"


def main():
    rows = [json.loads(line) for line in sys.stdin]
    head = ["JOBS", "LISTS", "REMOVED", "SECONDS", "× READER", "MIB", "LONGEST MS", "PROBE BEFORE/S",
            "DURING/S", "LONGEST MS", "FRAPPE S", "RQ EMPTY S", "BLOCKS S"]
    table = [head]
    for purge, peer in zip(rows[::2], rows[1::2]):
        ratio, jobs = purge["seconds"] / purge["floor_seconds"], purge["jobs"]
        slowest = purge["slowest_ms"] or 0
        table.append(
            [
                f"{jobs}", f"{purge['queues']}", f"{purge['removed']}", f"{purge['seconds']:.2f}",
                mark(ratio, RATIO if jobs >= 1_000_000 else None, f"{ratio:.1f}"),
                mark(purge["peak_mib"], MEMORY, f"{purge['peak_mib']:.0f}"),
                mark(slowest, LONGEST.get(jobs, 20), f"{slowest:.1f} {purge['slowest'] or ''}"),
                f"{purge['probe_before'] or 0:.0f}", f"{purge['probe_during'] or 0:.0f}",
                f"{purge['probe_longest_ms'] or 0:.1f}",
                f"{peer['frappe_loop_seconds']:.1f}", f"{peer['rq_empty_seconds']:.1f}",
                f"{peer['rq_empty_blocks_seconds']:.2f}",
            ]
        )
    widths = [max(len(row[at]) for row in table) for at in range(len(head))]
    for row in table:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths)))


if __name__ == "__main__":
    main()
