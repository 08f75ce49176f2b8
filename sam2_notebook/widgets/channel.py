"""Between the page's messages and the kernel's work: read, queue, answer once, send from one thread.

Jupyter may deliver a message on the main thread or on another, even on two at once. So `receive` only reads the
message and queues it. One thread, the publisher, answers in the order of arrival and is the only one that sends.

It sends inside the context of the newest page message: ipykernel 7.4 delivers a widget's messages wherever its last
one was sent from, so that an answer sent from a plain thread would park the page's next click behind a running cell.
"""

import threading
import traceback
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias, TypeVar

from sam2_notebook.errors import ProtocolError, Sam2NotebookError
from sam2_notebook.protocol.envelope import Json, encode_message, sender
from sam2_notebook.protocol.label_messages import (
    ClassRequest,
    FilterRequest,
    LabelEvent,
    LabelExportRequest,
    LabelImportRequest,
    LabelReply,
    LabelRequest,
    MoveRequest,
    NoticeRequest,
    SuggestRequest,
    TrainRequest,
)
from sam2_notebook.protocol.messages import (
    EditRequest,
    Event,
    Failure,
    Hello,
    HistoryRequest,
    KeepRequest,
    PictureRequest,
    Reply,
    Request,
)
from sam2_notebook.protocol.video_messages import (
    CancelRequest,
    ExportRequest,
    RecoverRequest,
    TrackRequest,
    VideoEditRequest,
    VideoEvent,
    VideoReply,
    VideoRequest,
)
from sam2_notebook.widgets.failures import in_words
from sam2_notebook.widgets.history import ConflictError
from sam2_notebook.widgets.worker import Worker

REMEMBERED_VIEWS = 64
REMEMBERED_ANSWERS = 256
MAX_RUNNING = 2048

AnyRequest: TypeAlias = Request | VideoRequest | LabelRequest
Asked = TypeVar("Asked", bound=AnyRequest)
# What changes something: sent again, it is answered as before and not done a second time.
_CHANGING = (
    EditRequest,
    HistoryRequest,
    KeepRequest,
    VideoEditRequest,
    TrackRequest,
    CancelRequest,
    ExportRequest,
    RecoverRequest,
    MoveRequest,
    FilterRequest,
    SuggestRequest,
    ClassRequest,
    LabelExportRequest,
    LabelImportRequest,
    TrainRequest,
    NoticeRequest,
)


@dataclass(frozen=True)
class Packet:
    """A message and the buffers that travel beside it, one for each of its `buffers`."""

    message: Reply | Event | VideoReply | VideoEvent | LabelReply | LabelEvent
    payload: tuple[bytes, ...] = ()


Send = Callable[[dict[str, Json], list[bytes]], None]
Make = Callable[[], Iterable[Packet]]
Report = Callable[[str], None]


class Channel(Generic[Asked]):
    """One widget's side of the wire.

    `read` turns a message into a request and `answer` makes the reply to it, or None if somebody will `reply` later;
    `send` puts a message on the wire, `report` keeps the traceback of an error. `publisher` does the answering and
    sending, `pictures` what takes long and needs no order.
    """

    def __init__(
        self,
        read: Callable[[object], Asked],
        answer: Callable[[Asked], Packet | None],
        send: Send,
        report: Report,
        publisher: Worker,
        pictures: Worker,
    ) -> None:
        self.send = send
        self._read, self._answer, self._report = read, answer, report
        self._publisher, self._pictures = publisher, pictures
        self._workers = (pictures, publisher)
        self._lock = threading.Lock()
        self._ledger = _Ledger()
        self._context: Context | None = None
        self._greeted = False

    def receive(self, content: object, buffers: Sequence[object] = ()) -> None:
        """Take a message from the page; returns at once. May be called from any thread."""
        context = copy_context()
        try:
            if buffers:
                raise ProtocolError("a page sends no buffers")
            request = self._read(content)
        except ProtocolError as error:
            self._refuse(sender(content), error, context)
            return
        with self._lock:
            self._context = context
            self._greeted = self._greeted or isinstance(request, Hello)
            known = self._ledger.admit(request)
        if isinstance(known, Packet):
            self._submit(("again", request.view, request.seq), lambda: self._post(known))
        elif known == "new":
            worker = self._pictures if isinstance(request, PictureRequest) else self._publisher
            worker.submit(self, ("request", request.view, request.seq), lambda: self._serve(request))

    def reply(self, request: Asked, packet: Packet) -> None:
        """Answer a request for which there was no answer at first. From any thread."""
        with self._lock:
            self._ledger.settle(request, packet)
        self._submit(("answer", request.view, request.seq), lambda: self._post(packet))

    def finish(self, request: Asked, make: Callable[[], Packet]) -> None:
        """As `reply`, with what `make` makes, or its error in words. Takes as long as `make` does."""
        packet = self._made(request, make)
        assert packet is not None, "who finishes has an answer"
        self.reply(request, packet)

    def publish(self, key: Hashable, make: Make) -> None:
        """Send soon all that `make` makes then, once for all calls of a key before that; nothing without a page."""
        if self._greeted:
            self._submit(("event", key), lambda: self._emit(make))

    def run(self, key: Hashable, job: Callable[[], None]) -> None:
        """Do a job on the publisher's thread, in order, whether or not there is a page; the newest of a key wins."""
        self._submit(("job", key), lambda: self._do(job))

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be answered, sent or done; the publisher's own thread need not wait for it."""
        return any(worker.is_busy(self) for worker in self._workers if not worker.is_current())

    def wait_idle(self, seconds: float) -> None:
        """Block until there is news of that, at most so long."""
        for worker in self._workers:
            if not worker.is_current():
                worker.wait_idle(self, seconds)

    def in_context(self, call: Callable[[], None]) -> None:
        """Call something in a copy of the newest page message's context."""
        with self._lock:
            context = self._context.copy() if self._context else copy_context()
        context.run(call)

    def close(self) -> None:
        """Answer and send nothing more."""
        self._greeted = False
        self._publisher.cancel(self)
        self._pictures.cancel(self)

    def _submit(self, key: Hashable, job: Callable[[], None]) -> None:
        self._publisher.submit(self, key, job)

    def _refuse(self, who: tuple[str, int], error: ProtocolError, context: Context) -> None:
        with self._lock:
            self._context = context
        view, seq = who
        failure = Failure(view=view, seq=seq, code="malformed", message=in_words(error))
        self._submit(("refusal", view, seq), lambda: self._post(Packet(failure)))

    def _serve(self, request: Asked) -> None:
        packet = self._made(request, lambda: self._answer(request))
        if packet is None:
            return
        with self._lock:
            self._ledger.settle(request, packet)
        if self._publisher.is_current():
            self._post(packet)
        else:
            self._submit(("answer", request.view, request.seq), lambda: self._post(packet))

    def _made(self, request: Asked, make: Callable[[], Packet | None]) -> Packet | None:
        try:
            return make()
        except ConflictError as error:
            return _failure(request, "conflict", error)
        except Sam2NotebookError as error:
            return _failure(request, "invalid", error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the page gets its answer
            self._report(traceback.format_exc())
            return _failure(request, "internal", error)

    def _do(self, job: Callable[[], None]) -> None:
        try:
            job()
        except Exception:  # noqa: BLE001 - an observer's error, say: the publisher goes on
            self._report(traceback.format_exc())

    def _emit(self, make: Make) -> None:
        try:
            for packet in make():
                self._post(packet)
        except Exception:  # noqa: BLE001 - the publisher goes on
            self._report(traceback.format_exc())

    def _post(self, packet: Packet) -> None:
        try:
            content = encode_message(packet.message)
            described = getattr(packet.message, "buffers", ())
            assert len(described) == len(packet.payload), "one buffer for each that the message describes"
            self.in_context(lambda: self.send(content, list(packet.payload)))
        except Exception:  # noqa: BLE001 - the publisher goes on
            self._report(traceback.format_exc())


def _failure(request: AnyRequest, code: Literal["conflict", "invalid", "internal"], error: Exception) -> Packet:
    return Packet(Failure(view=request.view, seq=request.seq, code=code, message=in_words(error)))


class _Ledger:
    """Which requests have been taken, per view: a repeated edit is answered again but not applied again."""

    def __init__(self) -> None:
        self._running: set[tuple[str, int]] = set()
        self._answers: OrderedDict[str, OrderedDict[int, Packet]] = OrderedDict()
        self._forgotten: dict[str, int] = {}

    def admit(self, request: AnyRequest) -> Packet | Literal["new", "running"]:
        """Take a request: it is new, still being worked on, or this is its answer."""
        key = request.view, request.seq
        if key in self._running:
            return "running"
        if isinstance(request, _CHANGING):
            answer = self._answers.get(request.view, {}).get(request.seq)
            if answer is not None:
                return answer
            if request.seq <= self._forgotten.get(request.view, -1):
                return _refusal(request, "this request is too old to tell whether it was applied; say hello")
        if len(self._running) >= MAX_RUNNING:
            return _refusal(request, f"{MAX_RUNNING} requests wait already; send fewer at once, and this one again")
        self._running.add(key)
        return "new"

    def settle(self, request: AnyRequest, packet: Packet) -> None:
        """Remember the answer to what changes the document; what only asks may be asked again."""
        self._running.discard((request.view, request.seq))
        if not isinstance(request, _CHANGING):
            return
        answers = self._answers.setdefault(request.view, OrderedDict())
        self._answers.move_to_end(request.view)
        answers[request.seq] = packet
        if len(answers) > REMEMBERED_ANSWERS:
            seq, _ = answers.popitem(last=False)
            self._forgotten[request.view] = max(seq, self._forgotten.get(request.view, -1))
        if len(self._answers) > REMEMBERED_VIEWS:
            self._forgotten.pop(self._answers.popitem(last=False)[0], None)


def _refusal(request: AnyRequest, words: str) -> Packet:
    return Packet(Failure(view=request.view, seq=request.seq, code="conflict", message=words))
