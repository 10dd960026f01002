"""Writes and runs jobs in the shape that Frappe gives them."""

import logging
import traceback
import uuid

import redis
import rq
from rq.job import Callback
from rq.registry import FailedJobRegistry

import frappe

RQ_JOB_FAILURE_TTL = 7 * 24 * 60 * 60
RQ_RESULTS_TTL = 10 * 60
RQ_FAILED_JOBS_LIMIT = 1000

# RQ 2 keeps the colon for itself, so Frappe changed its job ids with it.
SEPARATOR = "::" if int(rq.VERSION.split(".")[0]) < 2 else "||"


def get_redis_conn():
    return redis.from_url(frappe.get_conf()["redis_queue"])


def get_bench_id():
    return frappe.get_conf().get("bench_id") or frappe.bench_path().strip("/").replace("/", "-")


def get_queues_timeout():
    """Queue names with their timeouts in seconds, in the order in which workers serve them."""
    custom = frappe.get_conf().get("workers", {})
    return {
        "short": 300,
        "default": 300,
        "long": 1500,
        **{name: options.get("timeout", 300) for name, options in custom.items()},
    }


def generate_qname(queue):
    return f"{get_bench_id()}:{queue}"


def create_job_id(job_id=None):
    job_id = str(job_id or uuid.uuid4())
    if SEPARATOR == "||":
        job_id = job_id.replace(":", "|")
    return f"{frappe.local.site}{SEPARATOR}{job_id}"


def get_queue(queue="default"):
    return rq.Queue(generate_qname(queue), connection=get_redis_conn())


def job_options(method, queue, timeout, job_id, event, kwargs):
    """What a job consists of, as the keyword arguments of RQ's `enqueue_call`."""
    return {
        "timeout": timeout or get_queues_timeout()[queue],
        "kwargs": {
            "site": frappe.local.site,
            "user": frappe.local.user,
            "method": method,
            "event": event,
            "job_name": method,
            "is_async": True,
            "kwargs": kwargs,
        },
        "failure_ttl": RQ_JOB_FAILURE_TTL,
        "result_ttl": RQ_RESULTS_TTL,
        "on_failure": Callback(truncate_failed_registry),
        "job_id": create_job_id(job_id),
    }


def enqueue(method, queue="default", timeout=None, job_id=None, event=None, depends_on=None, **kwargs):
    """Enqueues `method` for the current site and user; returns the RQ job."""
    options = job_options(method, queue, timeout, job_id, event, kwargs)
    return get_queue(queue).enqueue_call(execute_job, depends_on=depends_on, **options)


def enqueue_doc(doctype, name, method, queue="default", timeout=300, **kwargs):
    return enqueue(
        "frappe.utils.background_jobs.run_doc_method",
        queue=queue,
        timeout=timeout,
        doctype=doctype,
        name=name,
        doc_method=method,
        **kwargs,
    )


def run_doc_method(doctype, name, doc_method, **kwargs):
    """Stands for a document's method: it takes a moment and succeeds."""
    frappe.get_attr("shop.mail.take_a_moment")()


def is_job_enqueued(job_id):
    """Whether the job of the current site is queued or started, going by its hash alone."""
    status = get_redis_conn().hget(f"rq:job:{create_job_id(job_id)}", "status")
    return status in (b"queued", b"started")


def execute_job(site, method, event, job_name, kwargs, user=None, is_async=True, retry=0):
    """Runs `method` for `site`; what RQ calls for every Frappe job."""
    frappe.init(site, user or "Administrator")
    try:
        return frappe.get_attr(method)(**kwargs) if isinstance(method, str) else method(**kwargs)
    except Exception:
        print(traceback.format_exc(), flush=True)
        raise


def truncate_failed_registry(job, connection, type, value, traceback):
    """Keeps the failed registries of this bench from growing without end."""
    for name in get_queues_timeout():
        registry = FailedJobRegistry(queue=get_queue(name))
        for job_id in registry.get_job_ids()[RQ_FAILED_JOBS_LIMIT - 1 :]:
            registry.remove(job_id, delete_job=True)


def start_worker(queue=None, quiet=False, burst=False):
    frappe.init()
    names = queue.split(",") if queue else list(get_queues_timeout())
    unknown = [name for name in names if name not in get_queues_timeout()]
    if unknown:
        raise SystemExit(f"Queue should be one of {', '.join(get_queues_timeout())}")
    rq.Worker([get_queue(name) for name in names], connection=get_redis_conn()).work(
        logging_level=logging.WARNING if quiet else logging.INFO,
        burst=burst,
        date_format="%Y-%m-%d %H:%M:%S",
        log_format="%(asctime)s,%(msecs)03d %(message)s",
    )
