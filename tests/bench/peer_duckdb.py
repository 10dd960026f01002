"""DuckDB's JSON reader on a monitor log: the same figures by method, with two threads.

    peer_duckdb.py PATH [--approximate]

Exact quantiles, or with `--approximate` DuckDB's own approximate ones. Repeated records are not
left out, which would cost DuckDB a second pass. Prints how many jobs it counted.
"""

import sys

import duckdb

COLUMNS = """{
    duration: 'BIGINT', exception: 'VARCHAR', site: 'VARCHAR', timestamp: 'VARCHAR',
    transaction_type: 'VARCHAR', job: 'STRUCT(method VARCHAR, scheduled BOOLEAN, wait BIGINT)'
}"""


def main():
    path = sys.argv[1]
    quantile = "approx_quantile" if "--approximate" in sys.argv else "quantile_cont"
    connection = duckdb.connect(config={"threads": 2})
    rows = connection.execute(
        f"""
        SELECT job.method AS key, count(*) AS count, count(exception) AS failed,
               avg(duration), {quantile}(duration, [0.5, 0.95, 0.99]), max(duration),
               sum(duration) AS total, {quantile}(job.wait, [0.5, 0.95]), min(timestamp), max(timestamp)
        FROM read_json(?, format = 'newline_delimited', columns = {COLUMNS})
        WHERE transaction_type = 'job'
        GROUP BY key ORDER BY total DESC
        """,
        [path],
    ).fetchall()
    print(sum(row[1] for row in rows))


if __name__ == "__main__":
    main()
