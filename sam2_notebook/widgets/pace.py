"""How often pages hear of something that goes on: not with every step, and never too late."""

import threading
import time
from collections.abc import Callable

NEWS_SECONDS = 0.1


class Pace:
    """Calls `tell` at most every tenth of a second, and always once after the last step, even if none follows it.

    Safe to call from any thread; a call that had to wait is made on a thread of its own.

    >>> told = []
    >>> pace = Pace(lambda: told.append(1))
    >>> pace.now(), pace.step(), len(told)
    (None, None, 1)
    >>> time.sleep(3 * NEWS_SECONDS); len(told)
    2
    """

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._told_at = float("-inf")
        self._timer: threading.Timer | None = None
        self._due = float("inf")
        self._closed = False

    def now(self) -> None:
        """Tell it at once."""
        self._told_at = time.monotonic()
        self._tell()

    def step(self) -> None:
        """There is news: now, or together with other steps as soon as it is time."""
        left = self._told_at + NEWS_SECONDS - time.monotonic()
        if left <= 0:
            self.now()
        else:
            self.within(left)

    def within(self, seconds: float) -> None:
        """Tell it in so many seconds, or before if somebody wants it sooner."""
        due = time.monotonic() + seconds
        with self._lock:
            if self._closed or due >= self._due:
                return
            if self._timer is not None:
                self._timer.cancel()
            self._due = due
            self._timer = threading.Timer(seconds, self._ring)
            self._timer.daemon = True
            self._timer.start()

    def close(self) -> None:
        """Tell nothing more that has to wait."""
        with self._lock:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        with self._lock:
            self._timer, self._due = None, float("inf")
            if self._closed:
                return
        self.now()
