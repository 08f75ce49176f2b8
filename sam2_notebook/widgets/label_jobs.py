"""What takes long beside labelling: suggestions, training, exports. Each has a thread, a text, and a way to stop it."""

import itertools
import threading
import traceback
from collections.abc import Callable
from typing import Literal

from sam2_notebook.errors import Sam2NotebookError
from sam2_notebook.protocol.label_views import LabelJobView
from sam2_notebook.widgets.failures import in_words

Kind = Literal["suggest", "train", "export", "import", "survey", "add"]
SLICE_SECONDS = 0.05
_numbers = itertools.count(1)


class CancelledError(Exception):
    """The job was asked to stop; what is done is kept."""


class LabelJob:
    """One thing under way. `job.wait()` blocks until it has ended; `job.cancel()` stops it at its next step."""

    def __init__(self, kind: Kind, changed: Callable[[], None]) -> None:
        self.id = next(_numbers)
        self.kind: Kind = kind
        self.error: Sam2NotebookError | None = None
        self.result: object = None
        self.details = ""
        self._changed = changed
        self._ended = threading.Event()
        self._stop = threading.Event()
        self._state: Literal["running", "done", "cancelled", "failed"] = "running"
        self._text = ""
        self._done, self._total = 0, None

    @property
    def state(self) -> str:
        """running, done, cancelled or failed."""
        return self._state

    @property
    def has_ended(self) -> bool:
        """Whether it is over, well or not."""
        return self._ended.is_set()

    def cancel(self) -> None:
        """Stop at the next step."""
        self._stop.set()

    def step(self, done: int, total: int | None, text: str) -> None:
        """So far it is; CancelledError if it should stop."""
        self._done, self._total, self._text = done, total, text
        self._changed()
        if self._stop.is_set():
            raise CancelledError

    def wait(self, timeout: float | None = None) -> bool:
        """Block until it has ended; False after `timeout` seconds. Raises what it met.

        An interrupt (the notebook's stop button) stops the job too, and keeps what is done.
        """
        waited = 0.0
        try:
            while not self._ended.wait(SLICE_SECONDS):
                waited += SLICE_SECONDS
                if timeout is not None and waited >= timeout:
                    return False
        except KeyboardInterrupt:
            self.cancel()
            raise
        if self.error is not None:
            raise self.error
        return True

    @property
    def view(self) -> LabelJobView:
        """How it is getting on."""
        return LabelJobView(
            id=self.id, kind=self.kind, state=self._state, text=self._text, done=self._done, total=self._total
        )

    def run(self, work: Callable[["LabelJob"], str]) -> None:
        """Do the work, which says at its end what came of it."""
        try:
            self._text = work(self)
            self._state = "done"
        except CancelledError:
            self._state, self._text = "cancelled", "stopped; what was done is kept"
        except Sam2NotebookError as error:
            self._state, self._text, self.error = "failed", in_words(error), error
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits is told
            self.details = traceback.format_exc()
            self._state, self._text = "failed", in_words(error)
            self.error = Sam2NotebookError(self._text)
        finally:
            self._ended.set()
            self._changed()

    def __repr__(self) -> str:
        return f"LabelJob({self.kind}, {self._state}{': ' + self._text if self._text else ''})"


class Jobs:
    """The jobs under way and the last one that ended of each kind; one of a kind at a time."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._lock = threading.Lock()
        self._jobs: dict[Kind, LabelJob] = {}
        self._closed = False

    def start(self, kind: Kind, work: Callable[[LabelJob], str]) -> LabelJob:
        """Begin a job on a thread of its own; Sam2NotebookError while one of its kind is under way."""
        with self._lock:
            if self._closed:
                raise Sam2NotebookError("this widget is closed; make a new one for the store")
            running = self._jobs.get(kind)
            if running is not None and not running.has_ended:
                raise Sam2NotebookError(f"another job of this kind ({kind}) is under way; wait for it, or stop it")
            job = self._jobs[kind] = LabelJob(kind, self._changed)
        threading.Thread(target=job.run, args=(work,), name=f"sam2_notebook {kind}", daemon=True).start()
        self._changed()
        return job

    def last(self, kind: Kind) -> LabelJob:
        """The job of this kind that runs or ended last; Sam2NotebookError if there was none."""
        if kind not in self._jobs:
            raise Sam2NotebookError(f"nothing of this kind ({kind}) was begun yet")
        return self._jobs[kind]

    def stop(self, kind: Kind) -> None:
        """Ask the job of this kind to stop, if there is one."""
        if kind in self._jobs:
            self._jobs[kind].cancel()

    @property
    def is_busy(self) -> bool:
        """Whether any job is under way."""
        return any(not job.has_ended for job in list(self._jobs.values()))

    @property
    def views(self) -> tuple[LabelJobView, ...]:
        """All of them, oldest first."""
        return tuple(job.view for job in sorted(self._jobs.values(), key=lambda job: job.id))

    def close(self) -> None:
        """Ask all to stop, and begin no more."""
        with self._lock:
            self._closed = True
        for job in list(self._jobs.values()):
            job.cancel()
