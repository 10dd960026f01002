"""Prints what the demo must know of this Python, as one JSON object."""

import glob
import json
import os
import sys

import redis  # noqa: F401  (rq needs it; a broken installation shows here)
import rq

packages = os.path.dirname(os.path.dirname(os.path.abspath(rq.__file__)))
print(
    json.dumps(
        {
            "executable": os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable),
            "version": "%d.%d.%d" % sys.version_info[:3],
            "packages": packages,
            "dist_infos": sorted(
                path
                for name in ("rq", "redis", "click")
                for path in glob.glob(os.path.join(glob.escape(packages), name + "-*.dist-info"))
            ),
            "rq": rq.VERSION,
        }
    )
)
