"""Tells a predictor's session what the document says, on the worker of its device, and brings back the masks."""

import traceback
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from sam2_notebook.errors import ModelError, Sam2NotebookError
from sam2_notebook.predict import FrameResult, Segmentation
from sam2_notebook.protocol.messages import Status
from sam2_notebook.values.frames import FrameSource
from sam2_notebook.values.geometry import Box
from sam2_notebook.values.masks import BoolMask
from sam2_notebook.values.video_document import FramePrompts, VideoObject
from sam2_notebook.widgets.failures import in_words
from sam2_notebook.widgets.video_history import VideoHistory
from sam2_notebook.widgets.video_masks import MaskStore, coded, version
from sam2_notebook.widgets.video_steps import steps_to
from sam2_notebook.widgets.worker import Priority, Worker


class Follower(Protocol):
    """What is asked of a predictor's session; `predict.VideoSession` is one. See there."""

    @property
    def source(self) -> FrameSource:
        """The frames it reads; closed with it."""
        ...

    @property
    def objects(self) -> tuple[int, ...]:
        """The objects it has been told of."""
        ...

    def prepare(self, frame: int) -> None:
        """Get a frame ready for prompts."""
        ...

    def add(
        self,
        frame: int,
        obj: int,
        *,
        points: npt.NDArray[np.float32] | None = None,
        labels: npt.NDArray[np.int64] | None = None,
        box: Box | None = None,
        mask: BoolMask | None = None,
        candidate: int | None = None,
    ) -> FrameResult:
        """Say something more of an object in a frame."""
        ...

    def candidates(self, frame: int, obj: int) -> Segmentation | None:
        """What the lone click on an object in a frame can mean; None when there is nothing to choose from."""
        ...

    def clear(self, frame: int, obj: int) -> FrameResult:
        """Take back what was said of an object in a frame."""
        ...

    def remove_object(self, obj: int) -> None:
        """Forget an object."""
        ...

    def result(self, frame: int) -> FrameResult:
        """What is known of a frame."""
        ...

    def propagate(
        self,
        *,
        start: int | None = None,
        direction: Literal["forward", "backward"] = "forward",
        frames: int | None = None,
        objects: Iterable[int] | None = None,
    ) -> Generator[FrameResult, None, None]:
        """Look for objects in frame after frame."""
        ...

    def remind(self, obj: int, masks: Mapping[int, BoolMask], *, reverse: bool = False) -> None:
        """Bring back the memory of frames before the one from which an object is to be followed on."""
        ...

    def forget_before(self, frame: int) -> None:
        """Let go of results before a frame."""
        ...

    def cancel(self) -> None:
        """End a propagation after the frame it is at; from any thread."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


@dataclass
class _Told:
    """What the predictor has been told of one object."""

    born: int
    frames: dict[int, FramePrompts] = field(default_factory=dict)


class VideoInference:
    """Keeps the answers to prompts coming: `wake` after every edit, and `changed` is called when there is news.

    `open_session` is called on the worker, which is the only one to touch the predictor's session. An error is shown
    as status, its traceback goes to `last_error`, and the next edit tries again.
    """

    def __init__(
        self,
        history: VideoHistory,
        store: MaskStore,
        open_session: Callable[[], Follower],
        worker: Worker,
        changed: Callable[[], None],
    ) -> None:
        self.worker = worker
        self.last_error: str | None = None
        self.error: Sam2NotebookError | None = None
        self._history, self._store = history, store
        self._open, self._changed = open_session, changed
        self._session: Follower | None = None
        self._told: dict[int, _Told] = {}
        self._failed: set[tuple[int, FramePrompts]] = set()
        self._looked = False
        self._closed = False

    def look(self, frame: int) -> None:
        """Get a frame ready for clicks; of several, the newest."""
        if not self._closed:
            self.worker.submit(self, "look", lambda: self._guarded(lambda: self._prepare(frame)), Priority.ENCODE)

    def rest(self) -> None:
        """There is no frame to get ready."""
        self._looked = True

    def wake(self) -> None:
        """See to every prompt that has no answer yet."""
        if self._closed:
            return
        if self.error is not None:
            self.error = None
            self._failed.clear()
        if self.pending or self._taken_back():
            self.worker.submit(self, "answer", lambda: self._guarded(self._answer_one))

    @property
    def pending(self) -> tuple[tuple[int, int], ...]:
        """Pairs of object and frame whose prompts have no answer yet, and may still get one."""
        return tuple((item.id, said.frame) for item, said in self._unanswered())

    @property
    def is_busy(self) -> bool:
        """Whether something waits or runs; False on the worker's own thread."""
        return not self.worker.is_current() and self.worker.is_busy(self)

    def wait_idle(self, seconds: float) -> None:
        """Block until there is news of that, at most so long."""
        if not self.worker.is_current():
            self.worker.wait_idle(self, seconds)

    @property
    def status(self) -> Status:
        """What to tell the user."""
        if self.error is not None:
            return Status(state="error", text=str(self.error))
        if self.pending:
            return Status(state="busy", text="segmenting")
        return Status(state="ready", text="") if self._looked else Status(state="loading", text="getting ready")

    def close(self) -> None:
        """Drop what waits, and let go of the predictor's session once the worker is done with it."""
        self._closed = True
        self.worker.cancel(self)
        if self._session is not None:
            self._session.cancel()
        self.worker.submit(self, "close", self._let_go)

    def fail(self, error: Exception) -> None:
        """Show an error."""
        self.last_error = traceback.format_exc()
        kind = type(error) if isinstance(error, Sam2NotebookError) else ModelError
        self.error = kind(in_words(error))

    def tell(self, objects: Iterable[int]) -> dict[int, VideoObject]:
        """Tell the predictor all that was said of some objects, and return them as told. On the worker only.

        What has failed is tried again, and raised if it fails once more: nobody follows an object without a click that
        its masks would be filed under.
        """
        self.wake()
        wanted = set(objects)
        items = {item.id: item for item in self._history.document.objects if item.id in wanted}
        for item in items.values():
            self._tell(item)
        return items

    def session(self) -> Follower:
        """The predictor's session, opened when first asked for. On the worker only."""
        if self._session is None:
            self._session = self._open()
        return self._session

    def interrupt(self) -> None:
        """End what the predictor's session is following, after the frame it is at; from any thread."""
        session = self._session
        if session is not None:
            session.cancel()

    def _prepare(self, frame: int) -> None:
        session = self.session()
        if not session.source.is_complete or session.source.has(frame):
            session.prepare(frame)
        self._looked = True

    def _answer_one(self) -> None:
        """Answer one object's prompts, then let others have their turn."""
        item = next((item for item, _ in self._unanswered()), None) or next(iter(self._taken_back()), None)
        if item is None:
            return
        self.session()
        self._tell(item)
        self._looked = True
        if self.pending or self._taken_back():
            self.worker.submit(self, "answer", lambda: self._guarded(self._answer_one))

    def _unanswered(self) -> list[tuple[VideoObject, FramePrompts]]:
        return [
            (item, said)
            for item in self._history.document.objects
            for said in item.frames
            if (item.id, said) not in self._failed and self._store.answered(item, said.frame) != said
        ]

    def _taken_back(self) -> list[VideoObject]:
        """Objects of which the predictor still believes what is said no more."""
        return [
            item
            for item in self._history.document.objects
            if (told := self._told.get(item.id)) and told.born == item.born
            if told.frames.keys() - {said.frame for said in item.frames}
        ]

    def _tell(self, item: VideoObject) -> None:
        """Bring the predictor to where the document is, as far as one object goes."""
        session = self.session()
        told = self._told.get(item.id)
        if told is None or told.born != item.born:
            if item.id in session.objects:
                session.remove_object(item.id)
            told = self._told[item.id] = _Told(born=item.born)
        for frame in sorted(told.frames.keys() - {said.frame for said in item.frames}):
            session.clear(frame, item.id)
            del told.frames[frame]
            self._store.take(item, frame)
        for said in item.frames:
            is_done = told.frames.get(said.frame) == said == self._store.answered(item, said.frame)
            if not is_done and (item.id, said) not in self._failed:
                try:
                    self._say(session, item, said, told)
                except Exception:
                    self._failed.add((item.id, said))
                    raise

    def _say(self, session: Follower, item: VideoObject, said: FramePrompts, told: _Told) -> None:
        frame, old = said.frame, told.frames.get(said.frame)
        kept = self._store.mask(frame, item.id)
        if old is None and kept is not None and self._store.answered(item, frame) == said and kept.kept.mask.area:
            session.add(frame, item.id, mask=kept.kept.mask.decode())  # from a file: what the user saw is what counts
            told.frames[frame] = said
            return
        afresh, steps = steps_to(said, old)
        if afresh:
            session.clear(frame, item.id)
            del told.frames[frame]
        result = session.result(frame)
        clicks = 0 if afresh or old is None else len(old.prompts.points)
        for step in steps:
            result = session.add(
                frame,
                item.id,
                points=step.points_px,
                labels=step.labels,
                box=step.box,
                mask=step.mask_of(session.source.size),
                candidate=step.candidate,
            )
            clicks += len(step.points)
            told.frames[frame] = said.up_to(clicks)  # if a later step fails, the next try goes on from here
        self._store.offer(frame, item, said, session.candidates(frame, item.id))
        self._store.put(frame, item, coded(result[item.id], version(item), self._history.rev), said)

    def _guarded(self, work: Callable[[], None]) -> None:
        if self._closed:
            return
        try:
            work()
        except Exception as error:  # noqa: BLE001 - shown as status, whatever it is
            self.fail(error)
        self._changed()

    def _let_go(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()
            session.source.close()
