"""Writes a year into a history that jobctl made, as its recorder would have.

    history_data.py FILE QUEUES DAYS_OF_SAMPLES

Always the same. Three methods of each queue end jobs in every hour; samples are one in 30 s.
"""

import random
import sqlite3
import sys
import time

MINUTE, HOUR, DAY = 60, 3600, 86400
METHODS_OF_A_QUEUE = 3


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def histogram(rng):
    """Ten buckets, two apart, as durations of one method spread."""
    first = rng.randrange(20, 40)
    steps = [first] + [2] * 9
    return b"".join(varint(step) + varint(rng.randrange(1, 200)) for step in steps)


def sample(rng, queues):
    numbers = [1, rng.randrange(1 << 26, 1 << 27), 3, 5]
    for queue in range(1, queues + 1):
        waiting = rng.randrange(2000) if rng.random() < 0.2 else 0
        numbers += [queue, waiting + 1, 2, 300, 900, 5, 1, waiting // 3 + 1, 3]
    return b"".join(map(varint, numbers))


def main():
    path, queues, days_of_samples = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rng = random.Random(7)
    db = sqlite3.connect(path)
    now = int(time.time()) // DAY * DAY
    names = [f"queue{n}" for n in range(queues)]
    names += [f"app.module{n}.do_something_for_a_while" for n in range(queues * METHODS_OF_A_QUEUE)]
    db.execute("DELETE FROM names")
    db.executemany("INSERT INTO names VALUES (?, ?)", list(enumerate(names, 1)))
    spans = [(MINUTE, 2), (HOUR, 365), (DAY, 365)]
    for span, days in spans:
        starts = range(now - days * DAY, now, span)
        db.executemany(
            "INSERT OR REPLACE INTO system_rollup VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            ((span, at, span // 30, 60, 3, 160, 5, 1 << 27) for at in starts),
        )
        db.executemany(
            "INSERT OR REPLACE INTO queue_rollup VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (span, at, queue, span // 30, rng.randrange(90_000), rng.randrange(2000), 2, 900, 600, 3)
                for at in starts
                for queue in range(1, queues + 1)
            ),
        )
        # Not every method ends a job in every minute.
        db.executemany(
            "INSERT INTO ended_rollup VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (span, at, queue, queues + METHODS_OF_A_QUEUE * (queue - 1) + method, 500, 5, 500,
                 rng.randrange(10**6), rng.random() * 1e9, rng.randrange(10**5), histogram(rng), 500,
                 rng.randrange(10**6), rng.randrange(10**5), histogram(rng))
                for at in starts
                for queue in range(1, queues + 1)
                for method in range(1, METHODS_OF_A_QUEUE + 1)
                if span > MINUTE or rng.random() < 0.3
            ),
        )
    db.executemany(
        "INSERT OR REPLACE INTO samples VALUES (?, ?)",
        ((at * 1000, sample(rng, queues)) for at in range(now - days_of_samples * DAY, now, 30)),
    )
    # 20,000 jobs a day, one by one, for two days.
    db.executemany(
        "INSERT OR REPLACE INTO ended VALUES (?, ?, ?, ?, NULL, 0, NULL, ?, ?)",
        (
            ((now - 2 * DAY) * 1000 + n * 4320, rng.getrandbits(63), n % queues + 1,
             queues + n % (queues * METHODS_OF_A_QUEUE) + 1, rng.randrange(5000), rng.randrange(60000))
            for n in range(40_000)
        ),
    )
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


main()
