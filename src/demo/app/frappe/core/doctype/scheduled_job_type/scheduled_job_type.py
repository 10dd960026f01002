"""Scheduled job types: one job each, under an id that stays the same."""

import hashlib
import traceback

import frappe
from frappe.utils import background_jobs

RUN = "frappe.core.doctype.scheduled_job_type.scheduled_job_type.run_scheduled_job"


def scheduled_job(method):
    """The fixed id and the arguments of the job that runs `method`."""
    if background_jobs.SEPARATOR == "::":
        return f"scheduled_job::{method}", {"job_type": method}
    name = hashlib.sha1(method.encode()).hexdigest()[:10]
    return f"scheduled_job||{name}", {"job_type": method, "scheduled_job_type": name}


def enqueue_scheduled_job(method, queue="default"):
    """Enqueues `method` unless its job is queued or started already; says whether it did."""
    job_id, kwargs = scheduled_job(method)
    if background_jobs.is_job_enqueued(job_id):
        return False
    background_jobs.enqueue(RUN, queue=queue, job_id=job_id, **kwargs)
    return True


def run_scheduled_job(job_type, scheduled_job_type=None):
    """Runs the method; as with Frappe its failure is printed and the job ends well."""
    try:
        frappe.get_attr(job_type)()
    except Exception:
        print(traceback.format_exc(), flush=True)
