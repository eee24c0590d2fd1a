"""Who does the work of a sweep: this process, a pool of processes, or a cluster by dask.

Every crew takes tasks from an iterator only when a worker is free, and gives back (task, what came of it) in whatever
order tasks end. Workers never write; whoever asked them does.
"""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from iccmsim.core.compiled import is_compiled_before

Work = Callable[[Any, Any], Any]  # (study, task) -> what came of it
Crew = Callable[[Work, Iterable[Any]], Iterator[tuple[Any, Any]]]
AHEAD = 2  # tasks that wait for each worker, so that none is idle
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # a worker is one core

_study: Any = None  # of a worker process


@contextmanager
def crew(study: Any, *, executor: str, workers: int, scheduler: str | None = None) -> Iterator[Crew]:
    """Workers for a study, gone again at the end; "here" or one worker is this process itself."""
    if executor == "dask":
        with _cluster(study, workers=workers, scheduler=scheduler) as chosen:
            yield chosen
    elif executor == "here" or workers == 1:
        yield lambda work, tasks: ((task, work(study, task)) for task in tasks)
    else:
        with _processes(study, workers=workers) as chosen:
            yield chosen


@contextmanager
def _processes(study: Any, *, workers: int) -> Iterator[Crew]:
    """A pool of processes, started afresh (spawned). They end when the pipe to this process closes, however it ends."""
    context = get_context("spawn")
    theirs, mine = context.Pipe(duplex=False)
    set_here = [name for name in ONE_THREAD if name not in os.environ]
    os.environ.update(dict.fromkeys(set_here, "1"))
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(study, theirs))
    try:
        yield lambda work, tasks: _in_pool(pool, study, work, tasks, ahead=AHEAD * workers)
        pool.shutdown()
    except BrokenProcessPool:
        raise OSError("a worker process ended by itself (out of memory?); what is finished is kept: give the same "
                      "command again, with fewer --workers") from None  # fmt: skip
    finally:
        mine.close()
        pool.shutdown(wait=False, cancel_futures=True)
        theirs.close()
        for name in set_here:
            os.environ.pop(name, None)


def _begin(study: Any, pipe: Connection) -> None:
    """The first thing a worker process does: leave Ctrl-C to its parent, and watch that the parent lives."""
    global _study
    _study = study
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(pipe,), daemon=True).start()


def _end_with(pipe: Connection) -> None:
    with suppress(EOFError, OSError):
        pipe.recv()
    os._exit(0)


@contextmanager
def _deaf() -> Iterator[None]:
    """Processes that are started meanwhile never hear Ctrl-C, not even in their first moments; this one hears it when
    they are started. (Where a thread starts them it is the main thread that hears; Windows has no such mask; and where
    Python runs within another program Ctrl-C may not be ours.)"""
    ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is not None
    if not ours or not hasattr(signal, "pthread_sigmask"):
        yield
        return
    heard = []
    handler = signal.signal(signal.SIGINT, lambda *_: heard.append(True))  # of whichever thread the system tells
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # which new processes inherit
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
    if heard:
        signal.raise_signal(signal.SIGINT)


def _do(work: Work, task: Any) -> Any:
    return work(_study, task)


def _in_pool(pool: ProcessPoolExecutor, study: Any, work: Work, tasks: Iterable[Any], *,
             ahead: int) -> Iterator[tuple[Any, Any]]:  # fmt: skip
    """Hand out tasks as workers become free; where the rules are not compiled yet, this process does that once."""
    left, running = iter(tasks), {}
    if not is_compiled_before() and (task := next(left, None)) is not None:
        yield task, work(study, task)
    while True:
        while len(running) < ahead and (task := next(left, None)) is not None:
            with _deaf():
                running[pool.submit(_do, work, task)] = task
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            yield running.pop(future), future.result()


def check_scheduler(address: str) -> None:
    """Refuse what can be no address of a dask scheduler; whether one is there is seen only when it is asked."""
    if not re.fullmatch(r"(\w+://)?[^\s/]+:\d+|inproc://\S+", address):
        raise ValueError(f"scheduler {address}: must be an address, such as tcp://10.0.0.1:8786")


@contextmanager
def _cluster(study: Any, *, workers: int, scheduler: str | None) -> Iterator[Crew]:
    """Workers of a dask cluster: that of a scheduler, or some processes on this machine."""
    from dask.distributed import Client, LocalCluster

    if scheduler is not None:
        check_scheduler(scheduler)
    local = None if scheduler else LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
    try:
        with _connected(Client, scheduler or local) as client:
            sent = client.scatter(study, broadcast=True)
            yield lambda work, tasks: _in_cluster(client, sent, work, tasks)
    finally:
        if local is not None:
            local.close()


def _connected(client: Callable[[Any], Any], scheduler: Any) -> Any:
    try:
        return client(scheduler)
    except (OSError, ValueError) as fault:
        raise OSError(f"scheduler {scheduler}: cannot be reached ({' '.join(str(fault).split())})") from None


def _in_cluster(client: Any, study: Any, work: Work, tasks: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """The same, on dask; a task that is lost with its worker is given to another by dask itself."""
    from dask.distributed import as_completed

    left, running = iter(tasks), {}
    ended = as_completed()

    def hand_out() -> None:
        ahead = AHEAD * max(1, sum(client.nthreads().values()))
        while len(running) < ahead and (task := next(left, None)) is not None:
            future = client.submit(work, study, task, pure=False)
            running[future.key] = task
            ended.add(future)

    hand_out()
    for future in ended:
        yield running.pop(future.key), future.result()
        hand_out()
