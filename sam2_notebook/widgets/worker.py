"""Threads that do the work, so that nothing is done where Jupyter delivers messages."""

import atexit
import heapq
import itertools
import sys
import threading
from collections.abc import Callable, Hashable
from enum import IntEnum
from functools import cache

STOP_SECONDS = 5.0


class Priority(IntEnum):
    """What goes first when there is a choice; equals go in the order they came."""

    CLICK = 0
    ENCODE = 1
    TRACK = 2
    HOVER = 3


Job = Callable[[], None]


class Worker:
    """One daemon thread that does one job at a time, the most urgent first.

    Of the jobs with one key only the newest is done; it keeps the place of the one it replaces, so a flood of renewed
    jobs starves nobody. Jobs report their own errors; what still escapes goes to `threading.excepthook`, and the
    thread goes on.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._changed = threading.Condition(threading.RLock())
        self._queue: list[tuple[int, int, Hashable]] = []
        self._jobs: dict[Hashable, tuple[Hashable, Job]] = {}
        self._running: Hashable | None = None
        self._count = itertools.count()
        self._thread: threading.Thread | None = None
        self._stopping = False

    def submit(self, owner: Hashable, key: Hashable, job: Job, priority: Priority = Priority.CLICK) -> None:
        """Do the job soon, instead of an earlier one of this owner with this key. Never blocks."""
        with self._changed:
            if self._stopping:
                return
            if (owner, key) not in self._jobs:
                heapq.heappush(self._queue, (priority, next(self._count), (owner, key)))
            self._jobs[owner, key] = (owner, job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=f"sam2_notebook {self._name}", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def cancel(self, owner: Hashable) -> None:
        """Drop the owner's waiting jobs; one that runs is left to end."""
        with self._changed:
            self._jobs = {key: entry for key, entry in self._jobs.items() if entry[0] != owner}
            self._queue = [entry for entry in self._queue if entry[2] in self._jobs]
            heapq.heapify(self._queue)

    def is_busy(self, owner: Hashable) -> bool:
        """Whether a job of the owner waits or runs."""
        with self._changed:
            return self._running == owner or any(entry[0] == owner for entry in self._jobs.values())

    def wait_idle(self, owner: Hashable, seconds: float) -> None:
        """Block until the owner has no job here, at most so long."""
        with self._changed:
            if self.is_busy(owner):
                self._changed.wait(seconds)

    def is_current(self) -> bool:
        """Whether the caller runs on this worker's thread."""
        return threading.current_thread() is self._thread

    @property
    def backlog(self) -> int:
        """How many jobs wait."""
        return len(self._jobs)

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Drop what waits, and give what runs this long to end."""
        with self._changed:
            self._stopping = True
            self._jobs.clear()
            self._queue.clear()
            self._changed.notify_all()
        if self._thread is not None and not self.is_current():
            self._thread.join(seconds)

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._queue:
                    if self._stopping:
                        return
                    self._changed.wait()
                _, _, key = heapq.heappop(self._queue)
                self._running, job = self._jobs.pop(key)
            try:
                job()
            except BaseException:  # noqa: BLE001 - one job's end is not the thread's
                threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), self._thread)))
            finally:
                with self._changed:
                    self._running = None
                    self._changed.notify_all()
            del job, key  # they hold their owner


@cache
def shared_worker(name: str) -> Worker:
    """The one worker of this name in the process, stopped when Python ends. One per device runs models.

    >>> shared_worker("cpu") is shared_worker("cpu")
    True
    """
    worker = Worker(name)
    atexit.register(worker.stop)
    return worker
