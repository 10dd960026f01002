"""Reports that fail, each in its own way."""

import os
import signal


def margin(customer):
    revenue, orders = 0, 0
    return revenue / orders


def export_everything(format):
    """Ends as a job does for which the memory does not suffice: the kernel kills its process."""
    os.kill(os.getpid(), signal.SIGKILL)


def month_end(month):
    return month
