"""Mails that nobody gets."""

import time


def take_a_moment():
    time.sleep(0.05)


def send_invoice(invoice, recipient):
    take_a_moment()
    return {"invoice": invoice, "recipient": recipient, "sent": True}


def send_newsletter(campaign, minutes):
    """Works through a long list, one recipient a second."""
    for _ in range(minutes * 60):
        time.sleep(1)


def report_newsletter(campaign):
    take_a_moment()
