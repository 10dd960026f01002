"""The command line behind `bench`: `python -m frappe.utils.bench_helper frappe worker|schedule`."""

import argparse


def main():
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("group", choices=["frappe"])
    commands = parser.add_subparsers(dest="command", required=True)
    worker = commands.add_parser("worker")
    worker.add_argument("--queue")
    worker.add_argument("--quiet", action="store_true")
    worker.add_argument("--burst", action="store_true")
    commands.add_parser("schedule")
    args = parser.parse_args()

    if args.command == "worker":
        from frappe.utils.background_jobs import start_worker

        start_worker(args.queue, args.quiet, args.burst)
    else:
        from frappe.utils.scheduler import start_scheduler

        start_scheduler()


if __name__ == "__main__":
    main()
