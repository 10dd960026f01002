"""Stock that is not there."""

import frappe
from frappe.exceptions import LinkValidationError


class OperationalError(Exception):
    """As the MariaDB client names it."""


def post_entry(entry):
    frappe.throw(f"{entry}: row 3: 4 units of ITEM-0042 needed in Stores, 1 available")


def link_item(item):
    frappe.throw(f"Could not find Item: {item}", LinkValidationError)


def revalue(warehouse):
    raise OperationalError(1213, "Deadlock found when trying to get lock; try restarting transaction")


def count(warehouse):
    return 0
