"""One image of a store on the canvas: a picture desk whose document the store keeps."""

import threading
from collections.abc import Callable
from typing import Any

from sam2_notebook.errors import Sam2NotebookError, StoreError
from sam2_notebook.labels.edits import StoredImage
from sam2_notebook.labels.schema import Annotation, State
from sam2_notebook.media import Image
from sam2_notebook.predict import ImagePredictor
from sam2_notebook.protocol.messages import DocumentView, EditRequest, Hello, HistoryRequest, Request
from sam2_notebook.values.classes import LabelClass
from sam2_notebook.values.geometry import Size
from sam2_notebook.widgets.channel import Channel, Packet, Send
from sam2_notebook.widgets.desk import ImageDesk
from sam2_notebook.widgets.everything import generous_sweep
from sam2_notebook.widgets.failures import in_words
from sam2_notebook.widgets.history import ConflictError
from sam2_notebook.widgets.label_history import StoredHistory
from sam2_notebook.widgets.label_queue import FINISHED
from sam2_notebook.widgets.session import SegmentationSession, SessionState
from sam2_notebook.widgets.views import document_view
from sam2_notebook.widgets.worker import Worker

ANOTHER = "another image is shown by now; nothing was changed"


class LabelImageDesk(ImageDesk):
    """The image that a `Labeler` shows; the channel is the labeler's, and outlives it.

    `problem` says why it cannot be changed; a page that has not greeted this image is not obeyed.
    """

    def __init__(
        self,
        picture: Image,
        predictor: ImagePredictor,
        worker: Worker,
        history: StoredHistory,
        channel: Channel,
        noticed: Callable[[], None],
        changed: Callable[[], None],
    ) -> None:
        self.history, self._changed = history, changed
        self.problem = ""
        self.unsaved_because: str | None = None
        self._submitted_here = False
        self._shared = channel
        self._greeted: set[str] = set()
        self._saving = threading.Lock()
        self._leaving: Callable[[], None] | None = None
        super().__init__(picture, predictor, lambda: predictor.encode(picture), worker, channel.send, noticed)
        self.sweep = lambda: self.everything.start(*generous_sweep(predictor, picture, None))

    def start(self) -> None:
        """Show the masks that the store has, ask again for those it waits for, and encode the picture."""
        self.inference.wake()
        super().start()

    @property
    def image(self) -> StoredImage:
        """The image as the store has it."""
        return self.history.image

    @property
    def is_empty(self) -> bool:
        """Whether nothing is marked: neither an accepted object nor the image as a whole."""
        return all(a.proposed for a in self.image.labels.annotations)

    @property
    def undecided(self) -> int:
        """How many suggestions are neither accepted nor rejected."""
        return sum(a.proposed for a in self.image.labels.annotations)

    @property
    def in_review(self) -> bool:
        """Whether it was done when it came on the canvas: only then does it wait for being accepted or sent back.

        What was submitted since is one's own work, even if it stays on the canvas because nothing else is left: the key
        that submitted it must not review it. Whoever wants that shows another image and comes back.
        """
        return self.image.state in FINISHED and not self._submitted_here

    def answer(self, request: Request) -> Packet | None:
        """Answer a page; ConflictError if it still has another image on its canvas."""
        if isinstance(request, Hello):
            self._greeted.add(request.view)
        elif isinstance(request, EditRequest | HistoryRequest):
            if request.view not in self._greeted:
                raise ConflictError(ANOTHER)
            self.check_open()
        return super().answer(request)

    def check_open(self) -> None:
        """Sam2NotebookError if the image cannot be changed."""
        if self.problem:
            raise Sam2NotebookError(self.problem)
        super().check_open()

    def set_state(self, state: State, note: str = "") -> None:
        """Say how far the image is, as one step."""
        self._submitted_here = self._submitted_here or state == "submitted"
        self._go(lambda: self.session.travel(lambda: self.history.set_state(state, note)))

    def add_proposals(self, annotations: list[Annotation]) -> None:
        """Put suggestions on the image, as one step."""
        self._go(lambda: self.session.travel(lambda: self.history.add(annotations)))

    def keep_masks_of_boxes(self) -> None:
        """Have the store keep masks for what it has as boxes, as one step."""
        self.check_open()
        self._go(lambda: self.session.travel(self.history.ask_for_masks))

    def reload(self) -> None:
        """Show the image and the classes as the store has them now."""
        self.session.travel(self.history.reload)
        super()._edited()

    def refresh(self) -> None:
        """Show what others, or jobs, have made of the image."""
        self.session.travel(self.history.refresh)
        self._edited()

    def save_masks(self) -> None:
        """Bring the store the masks that have come; tried again after every edit if the disk refuses."""
        if self.problem:
            return  # somebody else's image, or another picture than the clicks were made on
        with self._saving:
            try:
                self.history.complete(self.session.state())
                self.unsaved_because = None
            except StoreError as error:
                self.unsaved_because = in_words(error)

    def leave(self, gone: Callable[[], None]) -> None:
        """Let go of the picture as soon as no mask is to come any more; then call `gone`, on any thread."""
        self._leaving = gone
        self._leave_if_done()

    def close(self) -> None:
        """Let go of the picture; the channel goes on."""
        self.save_masks()
        self._closed = True
        self.everything.close()
        self._hover.close()
        self.inference.close()
        self.session.close()

    def _go(self, go: Callable[[], int]) -> int:
        try:
            return super()._go(go)
        except ConflictError:
            self._edited()  # somebody else's version may be on show by now, and its masks are to be made
            raise

    def _edited(self) -> None:
        super()._edited()
        self._changed()

    def _document_view(self, state: SessionState) -> DocumentView:
        return document_view(state, self.history.scores)

    def _new_session(self, size: Size, classes: tuple[LabelClass, ...]) -> SegmentationSession:  # noqa: ARG002
        return SegmentationSession(size, history=self.history)

    def _new_channel(self, send: Send) -> Channel[Any]:  # noqa: ARG002 - the labeler's is there already
        return self._shared

    def _news(self) -> None:
        if self._closed:
            return
        self.save_masks()
        if self._leaving is None:
            super()._news()
        else:
            self._leave_if_done()

    def _leave_if_done(self) -> None:
        with self._saving:
            gone = self._leaving
            if gone is None or (self.session.pending and self.inference.error is None):
                return
            self._leaving = None
        self.close()
        gone()
