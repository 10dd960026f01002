#!/usr/bin/env python3
"""Makes a bench directory, as far as jobctl looks at it, whose queue Redis is a given socket.

Also writes, beside it, a `python/` folder with a `frappe` package whose `execute_job` does nothing,
so that real RQ workers can execute the jobs of `make_jobs.py` without Frappe.
"""

import argparse
import json
from pathlib import Path

EXECUTE_JOB_THAT_DOES_NOTHING = '''\
def execute_job(**kwargs):
    return None


def truncate_failed_registry(*args):
    return None
'''


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content, indent=1, sort_keys=True)
    path.write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--sites", type=int, default=2)
    parser.add_argument("--bench-id", default="bench")
    options = parser.parse_args()

    bench = options.directory / "bench"
    for name in ["config/pids", "logs"]:
        (bench / name).mkdir(parents=True, exist_ok=True)
    write(bench / "apps/frappe/frappe/__init__.py", '__version__ = "15.44.2"\n')
    write(bench / "sites/apps.txt", "frappe\n")
    url = f"unix://{options.socket}"
    write(
        bench / "sites/common_site_config.json",
        {"bench_id": options.bench_id, "redis_queue": url, "redis_cache": url},
    )
    for number in range(1, options.sites + 1):
        config = {"db_name": f"_bench{number}", "db_password": "benchmark", "db_type": "mariadb"}
        write(bench / f"sites/site{number}.localhost/site_config.json", config)
        (bench / f"sites/site{number}.localhost/locks").mkdir(exist_ok=True)

    stub = options.directory / "python/frappe"
    write(stub / "__init__.py", "")
    write(stub / "utils/__init__.py", "")
    write(stub / "utils/background_jobs.py", EXECUTE_JOB_THAT_DOES_NOTHING)


if __name__ == "__main__":
    main()
