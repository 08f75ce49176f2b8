"""Things that take long, as people see them: how far they are, how fast, and that they can be stopped."""

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Literal

from sam2_notebook.errors import Sam2NotebookError
from sam2_notebook.protocol.video_views import JobView

SLICE_SECONDS = 0.05
RATED_STEPS = 20
_numbers = itertools.count(1)
Kind = Literal["track", "export", "everything"]
State = Literal["waiting", "running", "done", "cancelled", "failed"]


class Job:
    """One tracking or export under way. `job.wait()` blocks until it ends; the notebook's stop button then stops it.

    In a cell that may wait: `await job`. `job.cancel()` ends it after the frame it is at, and keeps what is done.
    """

    def __init__(self, kind: Kind, objects: tuple[int, ...], stop: Callable[[], None]) -> None:
        self.id = next(_numbers)
        self.kind: Kind = kind
        self.objects = objects
        self.error: Sam2NotebookError | None = None
        self._stop = stop
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._cancelled = False
        self._state: State = "waiting"
        self._text = ""
        self._frame: int | None = None
        self._done, self._total = 0, None
        self._times: deque[float] = deque(maxlen=RATED_STEPS)

    @property
    def state(self) -> State:
        """waiting, running, done, cancelled or failed."""
        return self._state

    @property
    def has_ended(self) -> bool:
        """Whether it is over, well or not."""
        return self._ended.is_set()

    @property
    def is_cancelled(self) -> bool:
        """Whether it has been asked to stop."""
        return self._cancelled

    def cancel(self) -> None:
        """Stop after the frame it is at. Once it has ended this does nothing."""
        if not self.has_ended:
            self._cancelled = True
            self._stop()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until it has ended; False after `timeout` seconds. Raises what it met.

        An interrupt (the notebook's stop button) stops the job too, and keeps what is done.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            while not self._ended.wait(SLICE_SECONDS):
                if deadline is not None and time.monotonic() >= deadline:
                    return False
        except KeyboardInterrupt:
            self.cancel()
            raise
        if self.error is not None:
            raise self.error
        return True

    def begin(self, total: int | None) -> None:
        """It runs now; `total` is how many frames there are to do, all told."""
        with self._lock:
            self._state, self._total = "running", total
            self._times.append(time.monotonic())

    def step(self, frame: int) -> None:
        """One more frame is done."""
        with self._lock:
            self._frame, self._done = frame, self._done + 1
            self._total = None if self._total is None else max(self._total, self._done)
            self._times.append(time.monotonic())

    def replan(self, left: int | None) -> None:
        """So many frames are left to do."""
        with self._lock:
            self._total = None if left is None else self._done + left

    def end(self, state: State, text: str, error: Sam2NotebookError | None = None) -> None:
        """It is over, and `text` says what came of it."""
        with self._lock:
            self._state, self._text, self.error = state, text, error
        self._ended.set()

    @property
    def view(self) -> JobView:
        """How it is getting on."""
        with self._lock:
            rate = None
            if len(self._times) > 1 and self._times[-1] > self._times[0]:
                rate = (len(self._times) - 1) / (self._times[-1] - self._times[0])
            left = None if self._total is None else self._total - self._done
            return JobView(
                id=self.id,
                kind=self.kind,
                state=self._state,
                text=self._text,
                objects=self.objects,
                frame=self._frame,
                done=self._done,
                total=self._total,
                per_second=None if rate is None else round(rate, 3),
                seconds_left=None if not rate or left is None else round(left / rate, 1),
            )

    def __await__(self):  # noqa: ANN204 - a generator of asyncio's own
        import asyncio

        try:
            while not self.has_ended:
                yield from asyncio.sleep(SLICE_SECONDS).__await__()
        except asyncio.CancelledError:
            self.cancel()
            raise
        if self.error is not None:
            raise self.error
        return self

    def __repr__(self) -> str:
        view = self.view
        of = f" of {view.total}" if view.total is not None else ""
        steps = "steps" if self.kind == "everything" else "frames"
        return f"Job({self.kind}, {view.state}, {view.done}{of} {steps}{': ' + view.text if view.text else ''})"
