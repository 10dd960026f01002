#!/usr/bin/env python3
"""Prints the table of one run from the JSON lines that `run.sh` collected.

A line is a measured command (`row`), a floor (`floor`) or a peer (`peer`), each with the number of
jobs it was measured on. Which row is held against which floor and budget stands in `JUDGED`.
"""

import json
import sys

# Row: its floor, the budget as a ratio to the floor, and as times faster than RQ's reader. The budgets
# are for a million jobs; with few jobs starting the program weighs more than reading.
BUDGETS_FROM_JOBS = 1_000_000
JUDGED = {
    "doctor": ("ids", 2.0, None),
    "show-pending-jobs": ("ids", None, None),
    "show-pending-jobs --exact": ("data", 1.3, 40),
}
# Budgets of rows that have no floor, in seconds.
ABSOLUTE = {"--version": 0.005, "--help": 0.005, "doctor, small": 0.020}
PEAK_BUDGET_MIB = 64
# Exit codes of a command that did its work: `doctor` gives its verdict in them.
VERDICTS = (0, 1, 2, 3)


def seconds(value):
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def within(value, budget, at_most=True):
    """`1.21 of 1.3`, with a mark where the budget is not kept; without a budget the value alone."""
    text = f"{value:.2f}" if value < 10 else f"{value:.0f}"
    if budget is None:
        return text
    kept = value <= budget if at_most else value >= budget
    return f"{text} of {budget:g}{'' if kept else ' !'}"


def describe(line, floors, peers):
    """The cells of one measured command."""
    name, jobs = line["row"], line["jobs"]
    floor_name, ratio_budget, peer_budget = JUDGED.get(name, (None, None, None))
    floor, peer = floors.get((jobs, floor_name)), peers.get(jobs)
    peak_budget = PEAK_BUDGET_MIB
    if jobs < BUDGETS_FROM_JOBS:
        ratio_budget = peer_budget = peak_budget = None
    if floor:
        held_against = f"{floor_name} {seconds(floor['seconds'])}"
        ratio = within(line["seconds"] / floor["seconds"], ratio_budget)
    else:
        held_against = "-"
        ratio = within(line["seconds"] * 1000, ABSOLUTE[name] * 1000) + " ms"
    times = within(peer["seconds"] / line["seconds"], peer_budget, at_most=False) if peer else "-"
    cells = [name, f"{jobs:,}" if jobs else "-", seconds(line["seconds"]), held_against, ratio, times]
    cells.append(within(line["peak_mib"], peak_budget))
    cells += [str(line.get("reads", "-")), str(line.get("commands", "-"))]
    slowest = line.get("slowest_ms")
    cells.append(f"{slowest:.1f} ms {line['slowest']}" if slowest is not None else "-")
    cells.append(str(line["exit"]))
    return cells


def print_table(head, rows):
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    for row in [head, *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def main():
    lines = [json.loads(line) for line in sys.stdin if line.strip()]
    floors = {(line["jobs"], line["floor"]): line for line in lines if "floor" in line}
    peers = {line["jobs"]: line for line in lines if "peer" in line}

    print_table(
        ["FLOOR", "JOBS", "SECONDS", "MIB"],
        [
            [name, f"{jobs:,}", seconds(line["seconds"]), f"{line['bytes'] / 2**20:.1f}"]
            for (jobs, name), line in floors.items()
        ],
    )
    print()
    print_table(
        ["PEER", "JOBS", "SECONDS", "JOBS READ", "PEAK MIB (of those read)"],
        [
            [line["peer"], f"{jobs:,}", seconds(line["seconds"]), f"{line['read']:,}", f"{line['peak_mib']:.0f}"]
            for jobs, line in peers.items()
        ],
    )
    rows = [describe(line, floors, peers) for line in lines if "row" in line]
    if rows:
        print()
        head = ["COMMAND", "JOBS", "SECONDS", "FLOOR", "RATIO", "× RQ", "PEAK MIB"]
        print_table([*head, "READS", "COMMANDS", "SLOWEST", "EXIT"], rows)
        print("\n`value of budget`; `!` marks a budget that is not kept")
    failed = sorted({line["row"] for line in lines if line.get("exit") not in (None, *VERDICTS)})
    if failed:
        raise SystemExit(f"not measured, the command failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
