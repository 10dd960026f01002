"""Measures the two histories of history.sh, and a recorder.

    history_run.py JOBCTL FOLDER QUEUES REPEAT SECONDS
"""

import os
import socket
import statistics
import subprocess
import sys
import time

BUDGET_MB, BUDGET_MS = 500, 200


def fill(path, queues):
    """Queues with a few waiting jobs each, as RQ leaves them."""
    words = []
    for queue in range(queues):
        words.append(("SADD", "rq:queues", f"rq:queue:q{queue}"))
        for job in range(20):
            name = f"j{queue}-{job}"
            words.append(("RPUSH", f"rq:queue:q{queue}", name))
            words.append(("HSET", f"rq:job:{name}", "status", "queued", "origin", f"q{queue}",
                          "created_at", "2026-01-01T00:00:00.000000Z", "description", "a.b()"))
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        for command in words:
            parts = [f"*{len(command)}\r\n"] + [f"${len(w)}\r\n{w}\r\n" for w in command]
            client.sendall("".join(parts).encode())
            client.recv(100)


def median_ms(arguments, repeat):
    times = []
    for _ in range(repeat + 1):
        begun = time.perf_counter()
        subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times[1:])


def main():
    jobctl, folder = sys.argv[1], sys.argv[2]
    queues, repeat, seconds = (int(word) for word in sys.argv[3:6])
    for file, what in (("kept.db", "as it is kept"), ("every-sample.db", "with every sample")):
        path = os.path.join(folder, file)
        megabytes = os.path.getsize(path) / 1e6
        print(f"a year, {queues} queues, {what}: {megabytes:.0f} MB (budget {BUDGET_MB})")
        for command in (["trend"], ["show"], ["show", "--by", "method", "--since", "30d"], ["peaks"],
                        ["forecast"]):
            ms = median_ms([jobctl, "history", *command, "--file", path, "-o", "json"], repeat)
            budget = f" (budget {BUDGET_MS})" if command == ["trend"] else ""
            print(f"  history {' '.join(command)}: {ms:.0f} ms{budget}")
    fill(os.path.join(folder, "redis.sock"), queues)
    recorder = subprocess.Popen(
        [jobctl, "-q", "--redis", f"unix://{folder}/redis.sock", "history", "record", "--every", "30s",
         "--for", f"{seconds}s", "--file", os.path.join(folder, "kept.db")])
    _, _, usage = os.wait4(recorder.pid, 0)
    cpu = (usage.ru_utime + usage.ru_stime) / seconds * 100
    print(f"recording {queues} queues for {seconds} s: {cpu:.2f} % of a core, {usage.ru_maxrss / 1024:.0f} MiB")


main()
