"""The scheduler process: holds the lock, and once a minute enqueues what is due."""

import fcntl
import logging
import os
import time
from logging.handlers import RotatingFileHandler

import frappe
from frappe.core.doctype.scheduled_job_type.scheduled_job_type import enqueue_scheduled_job

DEFAULT_TICK = 60
INACTIVE_IF_SET = ("maintenance_mode", "pause_scheduler", "disable_scheduler")


def start_scheduler():
    frappe.init()
    with open(os.path.join(frappe.bench_path(), "config", "scheduler_process"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        while True:
            time.sleep(int(frappe.get_conf().get("scheduler_tick_interval") or DEFAULT_TICK))
            enqueue_events_for_all_sites()


def enqueue_events_for_all_sites():
    events = frappe.get_attr("shop.hooks.scheduler_events")
    for site in frappe.get_sites():
        conf = frappe.get_conf(site)
        if any(conf.get(key) for key in INACTIVE_IF_SET):
            continue
        frappe.init(site)
        for method in events["all"]:
            if not enqueue_scheduled_job(method):
                message = "Skipped queueing %s because it was found in queue for %s"
                logger().error(message, method, site)


def logger():
    log = logging.getLogger("scheduler")
    if not log.handlers:
        path = os.path.join(frappe.bench_path(), "logs", "scheduler.log")
        handler = RotatingFileHandler(path, maxBytes=100_000, backupCount=20)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        log.addHandler(handler)
        log.propagate = False
    return log
