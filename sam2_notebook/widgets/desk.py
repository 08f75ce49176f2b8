"""Where everything of one picture meets: session, model, pages and cells. It knows no ipywidgets."""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any

from sam2_notebook.errors import EditError, Sam2NotebookError
from sam2_notebook.media import Image
from sam2_notebook.protocol.envelope import decode_request
from sam2_notebook.protocol.everything_views import EverythingView
from sam2_notebook.protocol.messages import (
    VERSION,
    Ack,
    Buffer,
    CandidatesRequest,
    DocumentChanged,
    DocumentView,
    EditRequest,
    EverythingChanged,
    EverythingRequest,
    Hello,
    HistoryRequest,
    HoverRequest,
    KeepRequest,
    PictureData,
    PictureInfo,
    PictureRequest,
    Ping,
    Pong,
    Request,
    Snapshot,
    Status,
    StatusChanged,
)
from sam2_notebook.values.classes import LabelClass
from sam2_notebook.values.edits import AddObject, Edit
from sam2_notebook.values.geometry import Size
from sam2_notebook.widgets.channel import Channel, Packet, Send
from sam2_notebook.widgets.drawing import page_picture
from sam2_notebook.widgets.everything import Everything
from sam2_notebook.widgets.hover import Hover
from sam2_notebook.widgets.inference import Encoded, Inference, Model
from sam2_notebook.widgets.pace import Pace
from sam2_notebook.widgets.session import SegmentationSession, SessionState
from sam2_notebook.widgets.views import candidates_packet, document_view, mask_buffers, result_packet
from sam2_notebook.widgets.worker import Worker, shared_worker

SLICE_SECONDS = 0.05
MAX_PICTURE_WIDTH = 16_384


class ImageDesk:
    """One picture being segmented: answers pages, obeys cells, and keeps both informed.

    `send` puts a message on the wire; `noticed` is called on the publisher's thread when something has changed.
    """

    def __init__(
        self,
        picture: Image,
        model: Model[Encoded],
        encode: Callable[[], Encoded],
        worker: Worker,
        send: Send,
        noticed: Callable[[], None],
        classes: tuple[LabelClass, ...] = (),
    ) -> None:
        height, width = picture.size_hw
        self.picture = picture
        self.epoch = uuid.uuid4().hex
        self.session = self._new_session(Size(height=height, width=width), classes)
        self.inference = Inference(self.session, model, encode, worker, self._news)
        self.everything = Everything(worker, self._step_news, self._report)
        self.sweep: Callable[[], object] | None = None
        self.channel = self._new_channel(send)
        self._hover = Hover(self.inference, worker, self.session.document.size, self.channel.reply)
        self._page_picture = lru_cache(maxsize=2)(partial(page_picture, picture))
        self._noticed = noticed
        self._told_document: tuple[object, ...] | None = None
        self._told_results: dict[int, int] = {}
        self._told_status: Status | None = None
        self._told_everything: EverythingView | None = None
        self._pace = Pace(self._news)
        self._closed = False

    def start(self) -> None:
        """Begin to encode the picture."""
        self.inference.start()

    def edit(self, *edits: Edit) -> None:
        """Make edits from a cell, all or none; EditError or PromptError if one does not fit."""
        self.check_open()
        self._go(lambda: self.session.apply(*edits))

    def undo(self) -> None:
        """Take back the last step; EditError if there is none."""
        self.check_open()
        self._go(self.session.undo)

    def redo(self) -> None:
        """Do again what was taken back; EditError if there is nothing."""
        self.check_open()
        self._go(self.session.redo)

    def wait(self, timeout: float | None = None) -> bool:
        """Block until all masks are there and told; False after `timeout` seconds. Raises what inference met."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.inference.is_busy or self.channel.is_busy:
            if deadline is not None and time.monotonic() >= deadline:
                return False
            self.inference.wait_idle(SLICE_SECONDS)
            self.channel.wait_idle(SLICE_SECONDS)
        if (error := self.inference.error) is not None:
            raise error
        return True

    def keep(self, chosen: Sequence[int], author: str = "", *, merged: bool, run: int | None = None) -> tuple[int, ...]:
        """Make objects of masks that segmenting everything has found, and return their ids."""
        self.check_open()
        edits = self.everything.edits(chosen, self.session.document.next_id, merged=merged, run=run)
        self._go(lambda: self.session.apply(*edits, author=author))
        return tuple(edit.object for edit in edits if isinstance(edit, AddObject))

    def close(self) -> None:
        """Let go of everything but the masks on show."""
        self._closed = True
        self._pace.close()
        self.everything.close()
        self.channel.close()
        self._hover.close()
        self.inference.close()
        self.session.close()

    def check_open(self) -> None:
        """Sam2NotebookError once the widget is closed."""
        if self._closed:
            raise Sam2NotebookError("this widget is closed; make a new one for the picture")

    def _new_session(self, size: Size, classes: tuple[LabelClass, ...]) -> SegmentationSession:
        return SegmentationSession(size, classes=classes)

    def _new_channel(self, send: Send) -> Channel[Any]:
        publisher, pictures = shared_worker("publisher"), shared_worker("pictures")
        return Channel(decode_request, self.answer, send, self._report, publisher, pictures)

    def _go(self, go: Callable[[], int]) -> int:
        """Have the session go somewhere, and tell where it is; returns the revision."""
        rev = go()
        self._edited()
        return rev

    def _edited(self) -> None:
        self.inference.wake()
        self._news()

    def _news(self) -> None:
        self.channel.publish("news", self._tell)
        self.channel.run("noticed", self._notice)

    def _step_news(self) -> None:
        """News of one more step; often, they are told together."""
        job = self.everything.job
        if job is None or job.has_ended:
            self._news()
        else:
            self._pace.step()

    def _notice(self) -> None:
        self.channel.in_context(self._noticed)

    def _report(self, details: str) -> None:
        self.session.last_error = details

    def _tell(self) -> Iterator[Packet]:
        """What pages have not heard yet; runs on the publisher's thread only."""
        state = self.session.state()
        revs = {id_: shown.rev for id_, shown in state.shown.items()}
        if (state.rev, revs) != self._told_document:
            self._told_document = (state.rev, revs)
            yield Packet(DocumentChanged(epoch=self.epoch, document=self._document_view(state)))
        gone = [o.id for o in state.document.objects if o.id in self._told_results and o.id not in revs]
        fresh = [id_ for id_, rev in revs.items() if self._told_results.get(id_) != rev]
        self._told_results = revs
        for id_ in (*gone, *fresh):
            yield result_packet(self.epoch, id_, state)
        everything = self.everything.view
        if everything != self._told_everything:
            is_first, self._told_everything = self._told_everything is None, everything
            if not is_first or everything.state != "none":
                yield Packet(EverythingChanged(epoch=self.epoch, everything=everything))
        status = self.inference.status
        if status != self._told_status:
            self._told_status = status
            yield Packet(StatusChanged(epoch=self.epoch, status=status))

    def answer(self, request: Request) -> Packet | None:
        """The reply to a page; None if somebody replies later."""
        who = {"view": request.view, "seq": request.seq}
        match request:
            case Hello():
                return self._snapshot(request)
            case EditRequest():
                rev = self._go(lambda: self.session.apply(*request.edits, author=request.view, base=request.rev))
                return Packet(Ack(**who, rev=rev))
            case HistoryRequest():
                step = self.session.undo if request.direction == "undo" else self.session.redo
                rev = self._go(lambda: step(request.view))
                return Packet(Ack(**who, rev=rev))
            case PictureRequest():
                return self._picture_data(request)
            case CandidatesRequest():
                return candidates_packet(request, self.session.state())
            case HoverRequest():
                self._hover.ask(request)
                return None
            case EverythingRequest():
                return self._everything(request)
            case KeepRequest():
                self.keep(request.proposals, request.view, merged=request.merged, run=request.run)
                return Packet(Ack(**who, rev=self.session.rev))
            case Ping():
                return Packet(Pong(**who, epoch=self.epoch, rev=self.session.rev))

    def _everything(self, request: EverythingRequest) -> Packet:
        if request.action == "start" and self.everything.view.state != "running":
            if self.sweep is None:
                raise EditError("this widget's model cannot segment everything")
            self.sweep()
        elif request.action == "stop":
            self.everything.stop()
        return self.everything.answer(request)

    def _document_view(self, state: SessionState) -> DocumentView:
        return document_view(state)

    def _snapshot(self, request: Hello) -> Packet:
        state = self.session.state()
        buffers, payload = mask_buffers(state)
        size = state.document.size
        message = Snapshot(
            view=request.view,
            seq=request.seq,
            version=VERSION,
            epoch=self.epoch,
            picture=PictureInfo(width=size.width, height=size.height, name=self.picture.name, key=self.picture.digest),
            document=self._document_view(state),
            status=self.inference.status,
            buffers=buffers,
        )
        return Packet(message, payload)

    def _picture_data(self, request: PictureRequest) -> Packet:
        width = min(max(request.width, 1), MAX_PICTURE_WIDTH)
        data, what, shape = self._page_picture(width)
        buffer = Buffer(what=what, shape=shape, scale=1.0, object=None)
        message = PictureData(view=request.view, seq=request.seq, key=self.picture.digest, buffers=(buffer,))
        return Packet(message, (data,))
