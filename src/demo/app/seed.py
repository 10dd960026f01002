"""Fills the demo bench: real jobs that its workers run, and (unless healthy) real trouble.

Run in the bench's `sites` directory, with the workers up. Prints how many jobs there are in each
state as one JSON object. What takes days on a real bench is told by dates in the past.
"""

import json
import sys
import time
from datetime import datetime, timedelta, timezone

import frappe
from frappe.core.doctype.scheduled_job_type import scheduled_job_type
from frappe.utils import background_jobs
from frappe.utils.background_jobs import enqueue, enqueue_doc, get_queue, job_options
from rq import Worker
from rq.job import Job

SITE1, SITE2 = "site1.localhost", "site2.localhost"
DEADLINE_S = 60

connection = background_jobs.get_redis_conn()


def wait_until(what, condition):
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"gave up after {DEADLINE_S} s waiting for {what}")
        time.sleep(0.05)


def on(site, user="Administrator"):
    frappe.init(site, user)


def ago(**span):
    return (datetime.now(timezone.utc) - timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def backdate(job, **fields):
    connection.hset(job.key, mapping=fields)
    return job


def queued_since(job, **span):
    return backdate(job, created_at=ago(**span), enqueued_at=ago(**span))


def wait_started(job):
    wait_until(f"{job.id} to start", lambda: connection.hget(job.key, "started_at"))


def wait_ended(jobs):
    ended = ("finished", "failed")
    wait_until("jobs to end", lambda: all(job.get_status() in ended for job in jobs))


def run_good_jobs():
    """Jobs that end well: invoices, a document's method, scheduled job types."""
    jobs = []
    for number in range(1, 13):
        site = SITE1 if number % 3 else SITE2
        on(site, "sales@example.com")
        jobs.append(
            enqueue(
                "shop.mail.send_invoice",
                queue="short",
                invoice=f"SINV-{number:05}",
                recipient=f"customer{number}@example.com",
            )
        )
    on(SITE1)
    jobs.append(enqueue_doc("Sales Invoice", "SINV-00001", "make_pdf"))
    for method, queue in (("shop.tasks.sync_stock", "default"), ("shop.tasks.rebuild_search", "long")):
        job_id, kwargs = scheduled_job_type.scheduled_job(method)
        jobs.append(enqueue(scheduled_job_type.RUN, queue=queue, job_id=job_id, **kwargs))
    wait_ended(jobs)


def run_bad_jobs():
    """Jobs that fail: refused by a validation, out of time, not there, killed."""
    on(SITE1, "stock@example.com")
    jobs = [
        enqueue("shop.stock.post_entry", queue="short", entry="STE-00017"),
        enqueue("shop.stock.post_entry", queue="short", entry="STE-00018"),
        enqueue("shop.stock.link_item", queue="short", item="ITEM-0815"),
        enqueue("shop.stock.revalue", warehouse="Stores"),
        enqueue("shop.payments.fetch_settlements", timeout=1, provider="acme"),
        enqueue("shop.reports.export_everything", format="xlsx"),
    ]
    on(SITE2, "office@example.com")
    jobs += [
        enqueue("shop.reports.margin", customer="CUST-0007"),
        enqueue("shop.couriers.book_parcel", queue="short", delivery_note="DN-00003"),
    ]
    wait_ended(jobs)


def start_newsletter():
    """A long job that is all right, and one that waits for it to end."""
    on(SITE1, "marketing@example.com")
    newsletter = enqueue("shop.mail.send_newsletter", timeout=3600, campaign="Spring", minutes=25)
    wait_started(newsletter)
    enqueue("shop.mail.report_newsletter", depends_on=newsletter, campaign="Spring")


def get_stuck():
    """A job that outlives its timeout, and what waits in its queue behind it."""
    on(SITE1, "kim@example.com")
    stuck = enqueue(
        "shop.imports.import_items",
        queue="long",
        timeout=7200,
        job_id="import-items",
        event="data_import",
        file="/private/files/items.xlsx",
    )
    wait_started(stuck)
    backdate(
        stuck,
        created_at=ago(hours=2, minutes=5),
        enqueued_at=ago(hours=2, minutes=5),
        started_at=ago(hours=2, minutes=5),
    )
    for minutes, month in ((20, "2026-08"), (14, "2026-09"), (6, "2026-10")):
        queued_since(enqueue("shop.reports.month_end", queue="long", month=month), minutes=minutes)
    # The id ran a moment ago: its hash still carries the expiry of that run, and nothing lifts it.
    job_id, kwargs = scheduled_job_type.scheduled_job("shop.tasks.rebuild_search")
    again = enqueue(scheduled_job_type.RUN, queue="long", job_id=job_id, **kwargs)
    if connection.ttl(again.key) <= 0:
        raise SystemExit(f"{again.id} was to inherit the expiry of its last run")
    # An id whose hash has expired while it waited.
    expired = enqueue("shop.stock.count", queue="long", warehouse="Returns")
    connection.delete(expired.key)


def fill_unserved_queue():
    """Jobs in a queue of the configuration that no worker serves; one of them is canceled."""
    on(SITE1, "office@example.com")
    waiting = [
        enqueue("shop.payments.charge", queue="myqueue", invoice="SINV-00003", amount=99.5, api_key="not-a-real-key"),
        enqueue("shop.stock.count", queue="myqueue", warehouse="Stores"),
        enqueue_doc("Purchase Order", "PO-00012", "submit", queue="myqueue"),
    ]
    on(SITE2, "office@example.com")
    waiting.append(enqueue("shop.stock.count", queue="myqueue", warehouse="Transit"))
    for minutes, job in zip((12, 11, 8, 3), waiting):
        queued_since(job, minutes=minutes)
    enqueue("shop.stock.count", queue="myqueue", warehouse="Closed").cancel()


def schedule_for_tomorrow():
    on(SITE1, "office@example.com")
    options = job_options("shop.reports.month_end", "default", None, None, None, {"month": "2026-11"})
    options["job_timeout"] = options.pop("timeout")
    tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
    get_queue("default").enqueue_at(tomorrow, background_jobs.execute_job, **options)


def leave_ghost():
    """A scheduled job's hash that says `queued` while no queue holds its id: it blocks the type."""
    on(SITE1)
    job_id, kwargs = scheduled_job_type.scheduled_job("shop.tasks.send_reminders")
    options = job_options(scheduled_job_type.RUN, "default", None, job_id, None, kwargs)
    options["id"] = options.pop("job_id")
    ghost = Job.create(
        background_jobs.execute_job,
        connection=connection,
        origin=background_jobs.generate_qname("default"),
        status="queued",
        **options,
    )
    ghost.save()
    queued_since(ghost, hours=3)


def count_jobs():
    counts = dict.fromkeys(
        ("queued", "started", "finished", "failed", "scheduled", "deferred", "canceled"), 0
    )
    for name in background_jobs.get_queues_timeout():
        full = background_jobs.generate_qname(name)
        counts["queued"] += connection.llen(f"rq:queue:{full}")
        counts["started"] += connection.zcard(f"rq:wip:{full}")
        for state in ("finished", "failed", "scheduled", "deferred", "canceled"):
            counts[state] += connection.zcard(f"rq:{state}:{full}")
    return counts


def main(workers, kind):
    wait_until("the workers", lambda: len(Worker.all(connection=connection)) >= int(workers))
    run_good_jobs()
    if kind == "broken":
        run_bad_jobs()
        get_stuck()
        fill_unserved_queue()
        schedule_for_tomorrow()
        leave_ghost()
    start_newsletter()
    print(json.dumps(count_jobs()))


main(*sys.argv[1:])
