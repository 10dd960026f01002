"""Starts both pools in turn and prints a table: start, memory, idle CPU. Called by pool.sh."""

import os
import statistics
import subprocess
import sys
import time

import redis

WORKERS = 10
IDLE_SECONDS = 20
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_of(pid):
    """PSS and RSS in MiB."""
    sizes = {}
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        for line in rollup:
            name, _, rest = line.partition(":")
            if name in ("Pss", "Rss"):
                sizes[name] = int(rest.split()[0]) / 1024
    return sizes["Pss"], sizes["Rss"]


def wait_for(condition, what):
    deadline = time.monotonic() + 120
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"waited in vain for {what}")
        time.sleep(0.005)


def measure(command, connection):
    began = time.monotonic()
    pool = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: connection.scard("rq:workers") == WORKERS, "ten workers")
        start = time.monotonic() - began
        time.sleep(5)
        before = cpu_of(pool.pid)
        time.sleep(IDLE_SECONDS)
        idle = (cpu_of(pool.pid) - before) / IDLE_SECONDS * 100
        return start, *memory_of(pool.pid), idle
    finally:
        pool.terminate()
        pool.wait()
        wait_for(lambda: connection.scard("rq:workers") == 0, "the workers to end")


def main():
    socket, jobctl, python, rounds = sys.argv[1:]
    connection = redis.Redis(unix_socket_path=socket)
    url = f"unix://{socket}"
    commands = {
        "jobctl worker-pool": [jobctl, "--redis", url, "worker-pool", "-n", str(WORKERS),
                               "--queue", "a", "--python", python, "--allow-root"],
        "rq worker-pool": [python, "-m", "rq.cli", "worker-pool", "-n", str(WORKERS),
                           "--url", url, "a"],
    }
    print(f"load: {os.getloadavg()[0]:.1f}, rounds: {rounds}, medians\n")
    print("| | ten workers up | supervisor PSS | supervisor RSS | idle CPU |")
    print("|---|---|---|---|---|")
    for name, command in commands.items():
        figures = [measure(command, connection) for _ in range(int(rounds))]
        start, pss, rss, idle = (statistics.median(column) for column in zip(*figures))
        print(f"| `{name}` | {start:.2f} s | {pss:.1f} MiB | {rss:.1f} MiB | {idle:.2f} % |")


main()
