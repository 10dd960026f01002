"""A stand-in for Frappe: just enough for real RQ workers to run real jobs on a demo bench.

Module names, job arguments and queue names are Frappe's, since tools read them from outside; the
code is jobctl's own. There is no database: a "site" is a directory with a configuration.
"""

import faulthandler
import importlib
import json
import os
import signal
import sys
from types import SimpleNamespace

from frappe.exceptions import ValidationError

__version__ = "15.44.2"

local = SimpleNamespace(site=None, user="Administrator")


def bench_path():
    """The bench: three levels above this package, with links resolved."""
    return os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))))


def get_conf(site=None):
    """The common configuration, overlaid by that of `site`."""
    conf = {}
    names = ["common_site_config.json"] + ([os.path.join(site, "site_config.json")] if site else [])
    for name in names:
        with open(os.path.join(bench_path(), "sites", name), encoding="utf-8") as file:
            conf.update(json.load(file))
    return conf


def get_sites():
    """The names of all sites, sorted."""
    sites = os.path.join(bench_path(), "sites")
    return sorted(
        name for name in os.listdir(sites) if os.path.exists(os.path.join(sites, name, "site_config.json"))
    )


def init(site=None, user="Administrator"):
    """Makes `site` the current one; from then on SIGUSR1 prints the stacks to standard error."""
    if site and site not in get_sites():
        raise IncorrectSitePath(site)
    faulthandler.register(signal.SIGUSR1, file=sys.__stderr__, all_threads=True)
    local.site = site
    local.user = user


class IncorrectSitePath(Exception):
    """There is no such site."""


def get_attr(path):
    """The object with this dotted name."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def throw(message, exception=ValidationError):
    """Refuses with `message`, as validations do."""
    raise exception(message)


def ping():
    return "pong"
