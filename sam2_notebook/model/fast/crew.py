"""Parts of one job on several cores, each part on one.

Two threads on one small product wait for each other more than they compute. Prompts, or objects, need nothing of each
other and take milliseconds each: they are done side by side, in threads that share nothing. (The encoder's windows are
too small for that: waking a thread for each cost more than it brought.)
"""

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

import torch

from sam2_notebook.model.threads import on_threads

Part = TypeVar("Part")
Result = TypeVar("Result")

MOST = 8  # threads; of more, most would wait for Python. Tried with 2 only: with more than these torch is left alone


class _Crew:
    """The threads, and who may use them: one job at a time is spread, others meanwhile stay on their thread."""

    def __init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """There are no threads: now, and in a process that was forked."""
        self.gate = threading.Lock()
        self._pools: dict[int, ThreadPoolExecutor] = {}

    def pool(self, threads: int) -> ThreadPoolExecutor:
        """So many threads; each knows of one core only."""
        if threads not in self._pools:
            one = {"initializer": torch.set_num_threads, "initargs": (1,)}
            self._pools[threads] = ThreadPoolExecutor(threads, "sam2_notebook", **one)
        return self._pools[threads]


_crew = _Crew()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_crew.start_anew)


def spread(work: Callable[[Part], Result], parts: Iterable[Part]) -> list[Result]:
    """`[work(part) for part in parts]` for inference, on as many cores as torch may use if there are parts for all.

    While it runs torch has one thread per caller; afterwards as many as before. The first error in order is raised.

    >>> spread(lambda side: int(torch.ones(side, side).sum()), [1, 2, 3, 4])
    [1, 4, 9, 16]
    """
    items, threads = list(parts), torch.get_num_threads()
    if not 2 <= threads <= MOST or len(items) < threads or not _crew.gate.acquire(blocking=False):
        return [work(part) for part in items]
    jobs: list[Future[Result]] = []
    try:
        pool = _crew.pool(threads)
        with on_threads(1):  # of MKL this says so for the whole process
            try:
                jobs = [pool.submit(_alone, work, part) for part in items]
                return [job.result() for job in jobs]
            finally:
                for job in jobs:
                    job.cancel()
                wait(jobs)
    finally:
        _crew.gate.release()


def _alone(work: Callable[[Part], Result], part: Part) -> Result:
    with torch.inference_mode():
        return work(part)
