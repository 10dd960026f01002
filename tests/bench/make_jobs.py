#!/usr/bin/env python3
"""Fills a Redis with N queued jobs as a Frappe bench on RQ writes them.

Every job has its own payload (pickle protocol 5, zlib level 6), id, times and description; the
hash holds the 17 fields that RQ 1.15.1 saves (`Job.to_dict`), with `--rq2` the 18 of RQ 2.6.1.
Meant for a private, throw-away Redis: it does not look at what is there already.
"""

import argparse
import pickle
import random
import sys
import time
import types
import zlib
from datetime import datetime, timedelta, timezone

from resp import Redis, pack, pack_parts

EXECUTE_JOB = "frappe.utils.background_jobs.execute_job"
ON_FAILURE = "frappe.utils.background_jobs.truncate_failed_registry"
RUN_SCHEDULED = "frappe.core.doctype.scheduled_job_type.scheduled_job_type.run_scheduled_job"
RUN_DOC_METHOD = "frappe.utils.background_jobs.run_doc_method"
JOBS_PER_BATCH = 500

# Queue, its timeout in seconds, its share of the jobs. More queues are named `custom4`, …
QUEUES = [("default", 300, 5), ("short", 300, 3), ("long", 1500, 2)]

SCHEDULED_METHODS = [
    "frappe.email.queue.flush",
    "frappe.monitor.flush",
    "frappe.automation.doctype.reminder.reminder.send_reminders",
    "frappe.email.doctype.email_account.email_account.pull",
    "frappe.integrations.doctype.webhook.webhook.flush_webhook_execution_queue",
    "frappe.deferred_insert.save_to_db",
    "frappe.desk.form.document_follow.send_hourly_updates",
    "erpnext.stock.reorder_item.reorder_item",
    "erpnext.accounts.doctype.process_statement_of_accounts.process_statement_of_accounts.send_auto_email",
    "erpnext.manufacturing.doctype.bom_update_log.bom_update_log.resume_bom_cost_update_jobs",
]
DOTTED_METHODS = [
    "frappe.email.queue.send_one",
    "frappe.utils.global_search.sync_global_search",
    "frappe.core.doctype.data_import.data_import.start_import",
    "frappe.integrations.doctype.webhook.webhook.enqueue_webhook",
    "erpnext.accounts.utils.repost_gle_for_stock_vouchers",
    "erpnext.stock.doctype.repost_item_valuation.repost_item_valuation.repost",
    "erpnext.controllers.stock_controller.repost_required_for_queue",
]
DOC_METHODS = [("Sales Invoice", "SINV"), ("Stock Entry", "STE"), ("Payroll Entry", "PAY")]
CALLABLES = [("frappe.utils.password_strength", "test_job"), ("frappe.desk.notifications", "clear_all")]
USERS = ["Administrator", "ada@example.com", "warehouse.clerk@example.com"]


def install_callables():
    """Makes the functions in `CALLABLES` importable, so that pickle can name them, and RQ read them."""
    functions = []
    for path, name in CALLABLES:
        parts = path.split(".")
        for depth in range(1, len(parts) + 1):
            sys.modules.setdefault(".".join(parts[:depth]), types.ModuleType(".".join(parts[:depth])))
        function = types.FunctionType((lambda: None).__code__, {}, name)
        function.__module__, function.__qualname__ = path, name
        setattr(sys.modules[path], name, function)
        functions.append(function)
    return functions


def describe(kwargs):
    """The description as `rq.utils.get_call_string` makes it: sorted, each value cut at 75 characters."""
    shown = []
    for key in sorted(kwargs):
        text = repr(kwargs[key])
        shown.append(f"{key}={text[:75] + '...' if len(text) > 75 else text}")
    return f"{EXECUTE_JOB}({', '.join(shown)})"


class Shapes:
    """Draws the jobs: which site, which method, which arguments, which id."""

    def __init__(self, options):
        self.random = random.Random(options.seed)
        self.separator = "||" if options.rq2 else "::"
        self.rq2 = options.rq2
        self.sites = [f"site{n + 1}.localhost" for n in range(options.sites)]
        self.callables = [] if options.no_callables else install_callables()
        # A scheduled job has a fixed id, so a site can have each type queued only once.
        self.scheduled = [(site, method) for method in SCHEDULED_METHODS for site in self.sites]
        self.scheduled = self.scheduled[: options.jobs // 4]
        self.random.shuffle(self.scheduled)
        self.every = max(1, options.jobs // max(1, len(self.scheduled)))

    def draw(self, index):
        """The id and the keyword arguments of `execute_job` of the job at `index`."""
        if index % self.every == 0 and self.scheduled:
            return self.draw_scheduled(*self.scheduled.pop())
        rng = self.random
        site = rng.choice(self.sites)
        bits = "%032x" % rng.getrandbits(128)
        uuid = f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:]}"
        event, number, kind = None, rng.randrange(100_000), rng.random()
        if kind < 0.60:
            method = rng.choice(DOTTED_METHODS)
            name, inner = method, {"name": f"{bits[:10]}", "force": kind < 0.1}
            event = "data_import" if method.endswith("start_import") else None
        elif kind < 0.95 or not self.callables:
            method = RUN_DOC_METHOD
            doctype, prefix = rng.choice(DOC_METHODS)
            name = f"{doctype}.submit"
            inner = {"doctype": doctype, "name": f"{prefix}-2026-{number:05}", "doc_method": "submit"}
        else:
            method = rng.choice(self.callables)
            name, inner = f"{method.__module__}.{method.__qualname__}", {"s": number}
        return f"{site}{self.separator}{uuid}", arguments(site, rng.choice(USERS), method, event, name, inner)

    def draw_scheduled(self, site, method):
        inner = {"job_type": method}
        tail = method
        if self.rq2:
            tail = "%010x" % self.random.getrandbits(40)
            inner["scheduled_job_type"] = tail
        job_id = self.separator.join((site, "scheduled_job", tail))
        return job_id, arguments(site, "Administrator", RUN_SCHEDULED, None, RUN_SCHEDULED, inner)


def arguments(site, user, method, event, job_name, inner):
    """What `frappe.enqueue` hands to `execute_job`, in its order."""
    return {
        "site": site,
        "user": user,
        "method": method,
        "event": event,
        "job_name": job_name,
        "is_async": True,
        "kwargs": inner,
    }


def rq_time(moment):
    return moment.isoformat(timespec="microseconds")[:26] + "Z"


# Of the fields of `Job.to_dict` in RQ 1.15.1 those that are the same in every queued job of Frappe.
CONSTANT_FIELDS = pack_parts(
    "success_callback_name", "",
    "failure_callback_name", ON_FAILURE,
    "stopped_callback_name", "",
    "started_at", "",
    "ended_at", "",
    "last_heartbeat", "",
    "worker_name", "",
    "failure_callback_timeout", 60,
    "result_ttl", 600,
    "failure_ttl", 604800,
    "status", "queued",
)  # fmt: skip


def job_hash(job_id, kwargs, queue, timeout, created, rq2):
    """The `HSET` that saves a queued job."""
    payload = (EXECUTE_JOB, None, (), kwargs)
    fields = pack_parts(
        b"HSET", f"rq:job:{job_id}",
        b"created_at", rq_time(created),
        b"data", zlib.compress(pickle.dumps(payload, protocol=5)),
        b"origin", queue,
        b"description", describe(kwargs),
        b"enqueued_at", rq_time(created + timedelta(microseconds=140)),
        b"timeout", timeout,
    )  # fmt: skip
    if rq2:
        return b"*38\r\n" + fields + CONSTANT_FIELDS + pack_parts(b"group_id", b"")
    return b"*36\r\n" + fields + CONSTANT_FIELDS


def batches(options, queues):
    """Pipelines of `JOBS_PER_BATCH` jobs, oldest first, hashes before the ids as RQ writes them."""
    shapes = Shapes(options)
    weights = [share for _, _, share in queues]
    moment = datetime.now(timezone.utc) - timedelta(seconds=options.spread)
    step = timedelta(seconds=options.spread / max(1, options.jobs))
    for start in range(0, options.jobs, JOBS_PER_BATCH):
        out, pushed = [], {}
        for index in range(start, min(start + JOBS_PER_BATCH, options.jobs)):
            queue, timeout, _ = shapes.random.choices(queues, weights)[0]
            job_id, kwargs = shapes.draw(index)
            out.append(job_hash(job_id, kwargs, queue, timeout, moment, options.rq2))
            pushed.setdefault(queue, []).append(job_id)
            moment += step
        out += [pack(b"RPUSH", f"rq:queue:{queue}", *ids) for queue, ids in pushed.items()]
        yield b"".join(out)


def write_workers(redis, count, queues, rq2):
    """Worker hashes as after a SIGKILL: registered, not expired, nobody on their channel."""
    now = rq_time(datetime.now(timezone.utc))
    for number in range(count):
        key = f"rq:worker:{number:032x}"
        redis.call(
            "HSET", key, "birth", now, "last_heartbeat", now, "queues", ",".join(queues),
            "pid", 4_000_000 + number, "hostname", "bench-host", "ip_address", "unknown",
            "version", "2.6.1" if rq2 else "1.15.1", "python_version", "3.11.7", "state", "idle",
        )  # fmt: skip
        redis.call("EXPIRE", key, 480)
        for members in ["rq:workers", *(f"rq:workers:{queue}" for queue in queues)]:
            redis.call("SADD", members, key)


def refuse_errors(chunk):
    if b"\r\n-" in chunk or chunk.startswith(b"-"):
        raise SystemExit("writing the jobs failed, Redis answered: " + chunk.split(b"-", 1)[1][:120].decode())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("jobs", type=int)
    parser.add_argument("--queues", type=int, default=3)
    parser.add_argument("--sites", type=int, default=2)
    parser.add_argument("--workers", type=int, default=0, help="hashes of workers that were killed")
    parser.add_argument("--rq2", action="store_true", help="ids and fields of Frappe v16 on RQ 2.6.1")
    parser.add_argument("--no-callables", action="store_true", help="no methods pickled as functions")
    parser.add_argument("--bench-id", default="bench", help="prefix of the queue names")
    parser.add_argument("--spread", type=float, default=7200, help="age of the oldest job, in seconds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--socket", help="Unix socket of the Redis; else --url")
    parser.add_argument("--url", default="redis://127.0.0.1:6379")
    options = parser.parse_args()

    extra = [(f"custom{n + 1}", 300, 1) for n in range(len(QUEUES), options.queues)]
    queues = [(f"{options.bench_id}:{name}", timeout, share) for name, timeout, share in QUEUES + extra]
    queues = queues[: options.queues]
    redis = Redis(f"unix://{options.socket}" if options.socket else options.url)
    redis.call("SADD", "rq:queues", *(f"rq:queue:{name}" for name, _, _ in queues))
    write_workers(redis, options.workers, [name for name, _, _ in queues], options.rq2)

    began, sent, owed = time.monotonic(), 0, 0
    for batch in batches(options, queues):
        redis.socket.sendall(batch + redis.sentinel)
        sent, owed = sent + len(batch), owed + 1
        # One batch stays on its way, so that Redis works while the next one is made.
        if owed == 2:
            redis.drain(1, inspect=refuse_errors)
            owed -= 1
    redis.drain(owed, inspect=refuse_errors)
    print(f"{options.jobs} jobs, {sent / 2**20:.0f} MiB, {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
