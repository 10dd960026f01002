"""What the scheduler runs."""

from shop.mail import take_a_moment


def sync_stock():
    take_a_moment()


def send_reminders():
    take_a_moment()


def rebuild_search():
    take_a_moment()
