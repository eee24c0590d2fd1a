"""A measurement in a process of its own, with CPU seconds and peak memory as the operating system counts them.

Nothing heavy is imported here: a process that starts another one lends it its own peak memory.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

TASKS = Path(__file__).with_name("tasks.py")


def fresh(task: str, **given: object) -> dict:
    """Run one task of `tasks.py` and return what it says, with `process_cpu_s` and `peak_memory_mb` of its process.

    On Windows, which has no such accounting in the standard library, both are None.
    """
    command = [sys.executable, str(TASKS), task, json.dumps(given)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        told = process.stdout.read()
        used = finish(process)
    if process.returncode != 0:
        raise RuntimeError(f"{task} {given}: ended with status {process.returncode}")
    return json.loads(told.splitlines()[-1]) | used


def finish(process: subprocess.Popen) -> dict:
    """Wait for a process to end: its CPU seconds and its peak memory."""
    if not hasattr(os, "wait4"):
        process.wait()
        return {"process_cpu_s": None, "peak_memory_mb": None}
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, kilobytes elsewhere
    return {"process_cpu_s": usage.ru_utime + usage.ru_stime, "peak_memory_mb": usage.ru_maxrss / unit}


def spread(values: Iterable[float]) -> dict[str, float]:
    """Median, least and most of some rounds."""
    values = sorted(values)
    return {"median": statistics.median(values), "min": values[0], "max": values[-1]}


def tell(what: str, **measured: object) -> None:
    """Print one measurement as a line of JSON."""
    print(json.dumps({"what": what, **measured}), flush=True)
