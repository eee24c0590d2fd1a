"""Kills sweeps at many moments, goes on with each, and prints what came of it; run as a script by test_sweep_killed.py.

Every sweep is a fork of this process, so that modules and rules are loaded once.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from sweeps import ARMS, SETTINGS, table_hash

from iccmsim.studies.design import grid
from iccmsim.studies.sweep import sweep
from iccmsim.studies.sweeping import cases, kept

DESIGN = grid(ARMS, {"sup.lead": [7, 28]}, seeds=3, settings=SETTINGS)


def run(folder: Path, *, shard: tuple[int, int] | None = None) -> None:
    """The command that is given again and again."""
    sweep(DESIGN, out=folder, executor="here", shard=shard)


def forked(work: Callable[[], None]) -> int:
    """Do something in a process of its own; its number."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    return pid


def killed_after(folder: Path, seconds: float) -> bool:
    """Let a sweep live for a while; whether it was killed before its end."""
    pid = forked(lambda: run(folder))
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def killed_at(folder: Path, number: int, step: str) -> bool:
    """Let a sweep end itself at a step of the n-th file that it writes: half written, not yet named, just named."""
    return os.WIFSIGNALED(os.waitpid(forked(lambda: _end_at(folder, number, step)), 0)[1])


def _end_at(folder: Path, number: int, step: str) -> None:
    plain, seen = kept.put, 0

    def put(path: Path, content: bytes) -> None:
        nonlocal seen
        seen += 1
        if seen == number and step == "half":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_name(f".{path.name}.half{kept.PASSING}").write_bytes(content[: len(content) // 2])
            end()
        if seen == number and step == "unnamed":
            os.replace = end
        plain(path, content)
        if seen == number:
            end()

    for name, module in list(sys.modules.items()):
        if name.startswith("iccmsim.studies.") and getattr(module, "put", None) is plain:
            module.put = put
    run(folder)


def end(*_: object) -> None:
    """Be killed, here and now."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(root: Path) -> None:
    """All of it: killed by the clock, killed while a file is written, two at once, two shards one after another."""
    cases.MOST_CASES = 1
    started = time.perf_counter()
    run(root / "undisturbed")
    whole = time.perf_counter() - started
    started = time.perf_counter()
    run(root / "once more")
    whole = min(whole, time.perf_counter() - started)
    dice = random.Random(20261121)
    found = []
    files = 4 + len(DESIGN.rows) * len(DESIGN.seeds)  # manifest, rows, parts, table, manifest
    moments = [(f"after {share:.2f} of its time", killed_after, (share * whole,))
               for share in (dice.random() for _ in range(8))]  # fmt: skip
    moments += [(f"file {number}, {step}", killed_at, (number, step))
                for step in ("half", "unnamed", "named")
                for number in (1, dice.randrange(3, files - 2), files - 1, files)]  # fmt: skip
    for i, (what, kill, given) in enumerate(moments):
        folder = root / f"killed {i}"
        was_killed = kill(folder, *given)
        kept_parts = len(list((folder / "parts").glob("*.parquet")))
        run(folder)
        found.append({"what": what, "killed": was_killed, "parts": kept_parts, "table": table_hash(folder)})
    two = [forked(lambda: run(root / "two")) for _ in range(2)]
    ends = [os.waitpid(pid, 0)[1] for pid in two]
    found.append({"what": "two at once", "ends": ends, "table": table_hash(root / "two")})
    two = [forked(lambda i=i: run(root / "shards", shard=(i, 2))) for i in (1, 2)]
    ends = [os.waitpid(pid, 0)[1] for pid in two]
    found.append({"what": "two shards", "ends": ends, "table": table_hash(root / "shards")})
    print(json.dumps({"undisturbed": table_hash(root / "undisturbed"), "moments": found, "seconds": whole}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
