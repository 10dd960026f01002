"""A payment provider that never answers."""

import time


def fetch_settlements(provider):
    time.sleep(3600)


def charge(invoice, amount, api_key):
    return {"invoice": invoice, "amount": amount}
