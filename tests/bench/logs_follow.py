#!/usr/bin/env python3
"""Measures following a log: delay from write to line, and CPU while nothing is written.

Beside it `tail -F | grep --line-buffered`, the usual pipeline.
"""

import os
import statistics
import subprocess
import sys
import time

LINES = 200
IDLE_SECONDS = 5


def stamp():
    now = time.time()
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now)) + f",{int(now * 1000) % 1000:03d}"


def delays(command, path):
    """Milliseconds from each write to its line."""
    open(path, "w").close()
    child = subprocess.Popen(command, shell=True, stdout=subprocess.PIPE, start_new_session=True)
    result = []
    with open(path, "ab", buffering=0) as log:
        # Until it follows, lines are not counted.
        os.set_blocking(child.stdout.fileno(), False)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and not child.stdout.read():
            log.write(f"{stamp()} ERROR warm up\n".encode())
            time.sleep(0.2)
        time.sleep(0.5)
        child.stdout.read()
        os.set_blocking(child.stdout.fileno(), True)
        for number in range(LINES):
            began = time.perf_counter()
            log.write(f"{stamp()} ERROR line {number}\n".encode())
            child.stdout.readline()
            result.append((time.perf_counter() - began) * 1000)
            time.sleep(0.01)
    before = cpu_of(child.pid)
    time.sleep(IDLE_SECONDS)
    idle = (cpu_of(child.pid) - before) / IDLE_SECONDS * 100
    os.killpg(child.pid, 2)
    child.wait()
    return result, idle


def cpu_of(group):
    """CPU seconds of every process of a process group."""
    total = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def main():
    jobctl, folder = sys.argv[1:3]
    os.makedirs(folder)
    path = os.path.join(folder, "x.log")
    print(f"\nfollowing, {LINES} lines one by one")
    print(f"{'':42}{'median':>10}{'p99':>10}{'idle CPU':>10}")
    for name, command in [
        ("jobctl logs -f --grep", f"exec env TZ=UTC {jobctl} -q logs -f --source {path} --grep ERROR"),
        ("tail -F | grep --line-buffered", f"tail -F {path} 2>/dev/null | grep --line-buffered ERROR"),
    ]:
        times, idle = delays(command, path)
        p99 = sorted(times)[int(len(times) * 0.99) - 1]
        print(f"{name:42}{statistics.median(times):>7.1f} ms{p99:>7.1f} ms{idle:>8.2f} %")


if __name__ == "__main__":
    main()
