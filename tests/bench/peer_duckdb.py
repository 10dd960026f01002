"""DuckDB's JSON reader on a monitor log: the same figures by method, with two threads.

    peer_duckdb.py PATH [--approximate]
    peer_duckdb.py PATH --compare FIGURES.json

Exact quantiles, or with `--approximate` DuckDB's own approximate ones. Repeated records are not
left out, which would cost DuckDB a second pass. Prints how many jobs it counted.

With `--compare` repeated records are left out, and every figure of `jobctl stats --file PATH -n 0 -o
json` must be DuckDB's: counts, sums and longest ones exactly, means to the microsecond, quantiles
within the error that the report states. Prints the first differences and exits 1 where there are any.
"""

import json
import sys

import duckdb

COLUMNS = """{
    uuid: 'VARCHAR', duration: 'BIGINT', exception: 'VARCHAR', site: 'VARCHAR', timestamp: 'VARCHAR',
    transaction_type: 'VARCHAR', job: 'STRUCT(method VARCHAR, scheduled BOOLEAN, wait BIGINT)'
}"""


def compare(path, figures):
    """The differences between DuckDB's figures and jobctl's, one text each."""
    connection = duckdb.connect(config={"threads": 2})
    found = connection.execute(
        f"""
        SELECT any_value(job.method), count(*), count(exception), max(duration),
               sum(duration), avg(duration), quantile_cont(duration, [0.5, 0.95, 0.99])
        FROM (SELECT DISTINCT * FROM read_json(?, format = 'newline_delimited', columns = {COLUMNS}))
        WHERE transaction_type = 'job' GROUP BY job.method
        """,
        [path],
    ).fetchall()
    with open(figures) as file:
        data = json.load(file)["data"]
    rows = {row["key"]: row for row in data["rows"]}
    differences = [f"{key}: only jobctl has it" for key in rows.keys() - {row[0] for row in found}]
    for method, count, failed, longest, total, mean, quantiles in found:
        row = rows.get(method)
        if row is None:
            differences.append(f"{method}: only DuckDB has it")
            continue
        error = 0 if row["is_exact"] else data["quantile_error"]
        wanted = {
            "count": (count, 0),
            "max_ms": (longest / 1000, 0),
            "total_ms": (int(total) / 1000, 0),
            "mean_ms": (mean / 1000, 0.001),
        }
        for name, value in zip(("median_ms", "p95_ms", "p99_ms"), quantiles):
            wanted[name] = (value / 1000, 0.001 + value / 1000 * error)
        if row["failed"] is not None:
            wanted["failed"] = (failed, 0)
        for name, (value, slack) in wanted.items():
            if abs(row[name] - value) > slack + 1e-6:
                differences.append(f"{method}: {name} is {row[name]}, DuckDB has {value}")
    return differences


def main():
    path = sys.argv[1]
    if "--compare" in sys.argv:
        differences = compare(path, sys.argv[sys.argv.index("--compare") + 1])
        print("\n".join(differences[:20]) or "every figure is DuckDB's")
        sys.exit(1 if differences else 0)
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
