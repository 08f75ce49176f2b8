"""Every message between the notebook page and the kernel. This file, and `video_messages.py` beside it, are the truth.

`python -m sam2_notebook.protocol` writes `js/src/protocol/messages.gen.ts` from it; a test fails when that is stale.

A *request* (page to kernel) carries the `view` it comes from and a `seq` that counts up per view. Every request is
answered once, by the message with the same `view` and `seq` (`Ack`, `Snapshot`, `PictureData`, `CandidatesData`,
`EverythingData`, `HoverData`, `Pong` or `Failure`); a page that hears nothing asks again with the same `seq`, and
the kernel does not apply an edit twice.
What no request asked for (`ObjectResult`, `DocumentChanged`, `StatusChanged`) goes to all views.
Bulk data travels as binary buffers beside the message; `Buffer` says what each one is, in order.
`epoch` names one life of the kernel-side session: another epoch means that everything must be asked for again.
Scores are finite or null, never NaN. Coordinates are image pixels (`values.geometry`).
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sam2_notebook.protocol.everything_views import EverythingView, ProposalView
from sam2_notebook.values.classes import LabelClass
from sam2_notebook.values.edits import Edit

VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Buffer:
    """What one binary buffer beside a message holds.

    `logits8`: int8 of shape (candidates, height, width), row-major, mask logits times `scale`, clipped to +-127;
    `rle`: a mask at image size, coded by `protocol.codecs.encode_rle`, shape (height, width);
    `jpeg`, `png`: an encoded picture, shape (height, width) of its pixels;
    `lane`: uint8 (2, frames) and `times`: float32 (frames,), see `video_messages.py`.
    """

    what: Literal["logits8", "rle", "jpeg", "png", "lane", "times"]
    shape: tuple[int, ...]
    scale: float
    object: int | None


@dataclass(frozen=True, kw_only=True)
class PointView:
    """A click as the page draws it."""

    x: float
    y: float
    label: int


@dataclass(frozen=True, kw_only=True)
class StrokeView:
    """A scribble as the page draws it; see `values.strokes`."""

    path: str
    width: float
    label: int


@dataclass(frozen=True, kw_only=True)
class Scores:
    """What the model says of an object's candidates: predicted IoU per candidate, and whether the object is there."""

    iou: tuple[float, ...]
    object_score: float | None
    best: int
    milliseconds: float


@dataclass(frozen=True, kw_only=True)
class AttributeView:
    """What is noted about an object under a name."""

    name: str
    value: str | float | bool


@dataclass(frozen=True, kw_only=True)
class ObjectView:
    """One object as the page shows it. `result_rev` is the revision its mask was computed for, null without a mask.

    `label` is its class, empty for none. `drawn` is 0 without a mask drawn by hand, and another number after every
    stroke; `kept` says that the drawing is the object's mask whatever else was said of it.
    """

    id: int
    name: str
    color: int
    visible: bool
    locked: bool
    label: str
    attributes: tuple[AttributeView, ...]
    points: tuple[PointView, ...]
    box: tuple[float, float, float, float] | None
    strokes: tuple[StrokeView, ...]
    drawn: int
    kept: bool
    proposed: bool
    candidate: int | None
    threshold: float
    scores: Scores | None
    result_rev: int | None
    area: int


@dataclass(frozen=True, kw_only=True)
class DocumentView:
    """The whole document at revision `rev`. New objects are of the class `current`; without `classes` any text is."""

    rev: int
    objects: tuple[ObjectView, ...]
    selected: int | None
    classes: tuple[LabelClass, ...]
    current: str
    can_undo: bool
    can_redo: bool


@dataclass(frozen=True, kw_only=True)
class PictureInfo:
    """Size and name of the picture; `key` changes when the pixels do."""

    width: int
    height: int
    name: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Status:
    """What the kernel is doing. `error` holds words for the user, and the session goes on."""

    state: Literal["loading", "ready", "busy", "error"]
    text: str


# ------------------------------------------------------------------ page to kernel


@dataclass(frozen=True, kw_only=True)
class Hello:
    """A view has appeared, reconnected or lost the thread: answer with a `Snapshot`."""

    type: Literal["hello"] = "hello"
    view: str
    seq: int
    version: int


@dataclass(frozen=True, kw_only=True)
class EditRequest:
    """Apply edits, all or none, as one step of the undo history. `rev` is the revision the page made them on."""

    type: Literal["edit"] = "edit"
    view: str
    seq: int
    rev: int
    edits: tuple[Edit, ...]


@dataclass(frozen=True, kw_only=True)
class HistoryRequest:
    """Undo or redo one step."""

    type: Literal["history"] = "history"
    view: str
    seq: int
    direction: Literal["undo", "redo"]


@dataclass(frozen=True, kw_only=True)
class PictureRequest:
    """Send the picture, at most `width` pixels wide."""

    type: Literal["picture"] = "picture"
    view: str
    seq: int
    width: int


@dataclass(frozen=True, kw_only=True)
class CandidatesRequest:
    """Send the candidates' logits of an object (the page dropped them, or never had them)."""

    type: Literal["candidates"] = "candidates"
    view: str
    seq: int
    object: int


@dataclass(frozen=True, kw_only=True)
class Ping:
    """Are you there? Sent every two seconds while something is unanswered, every ten otherwise."""

    type: Literal["ping"] = "ping"
    view: str
    seq: int


@dataclass(frozen=True, kw_only=True)
class HoverRequest:
    """What would a click at (x, y) find? Logits of at most `side` x `side` will do.

    Of those that wait only the newest is answered; the others are `cancelled`, as is one that comes before the picture
    is encoded. Work of any other kind goes first.
    """

    type: Literal["hover"] = "hover"
    view: str
    seq: int
    x: float
    y: float
    side: int


@dataclass(frozen=True, kw_only=True)
class EverythingRequest:
    """Segment everything, stop that, or look at what was found. Answer: `EverythingData`, with masks for `look`."""

    type: Literal["everything"] = "everything"
    view: str
    seq: int
    action: Literal["start", "stop", "look"]


@dataclass(frozen=True, kw_only=True)
class KeepRequest:
    """Make objects of some masks of run `run`, by their numbers, as one step of the history; one of all if `merged`."""

    type: Literal["keep"] = "keep"
    view: str
    seq: int
    run: int
    proposals: tuple[int, ...]
    merged: bool


Request: TypeAlias = (
    Hello
    | EditRequest
    | HistoryRequest
    | PictureRequest
    | CandidatesRequest
    | HoverRequest
    | EverythingRequest
    | KeepRequest
    | Ping
)

# ------------------------------------------------------------------ kernel to page


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Answer to `Hello`: everything but the picture. Buffers: one `rle` per object that has a mask."""

    type: Literal["snapshot"] = "snapshot"
    view: str
    seq: int
    version: int
    epoch: str
    picture: PictureInfo
    document: DocumentView
    status: Status
    buffers: tuple[Buffer, ...]


@dataclass(frozen=True, kw_only=True)
class Ack:
    """Answer to `EditRequest` and `HistoryRequest`: applied, the document is now at `rev`."""

    type: Literal["ack"] = "ack"
    view: str
    seq: int
    rev: int


@dataclass(frozen=True, kw_only=True)
class PictureData:
    """Answer to `PictureRequest`. Buffer: one `jpeg` or `png`."""

    type: Literal["picture_data"] = "picture_data"
    view: str
    seq: int
    key: str
    buffers: tuple[Buffer, ...]


@dataclass(frozen=True, kw_only=True)
class CandidatesData:
    """Answer to `CandidatesRequest`. Buffer: one `logits8`, or none if the object has no mask of the model's."""

    type: Literal["candidates_data"] = "candidates_data"
    view: str
    seq: int
    object: int
    rev: int
    buffers: tuple[Buffer, ...]


@dataclass(frozen=True, kw_only=True)
class HoverData:
    """Answer to `HoverRequest`: the candidate the model thinks most of. Buffer: one `logits8`."""

    type: Literal["hover_data"] = "hover_data"
    view: str
    seq: int
    score: float
    buffers: tuple[Buffer, ...]


@dataclass(frozen=True, kw_only=True)
class EverythingData:
    """Answer to `EverythingRequest`. Buffers: one `rle` for each of `proposals`."""

    type: Literal["everything_data"] = "everything_data"
    view: str
    seq: int
    everything: EverythingView
    proposals: tuple[ProposalView, ...]
    buffers: tuple[Buffer, ...]


@dataclass(frozen=True, kw_only=True)
class Pong:
    """Answer to `Ping`."""

    type: Literal["pong"] = "pong"
    view: str
    seq: int
    epoch: str
    rev: int


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Answer to a request that could not be met: nothing changed. After `conflict` the page says hello.

    `cancelled` requests were made void by a newer one and are no error.
    """

    type: Literal["failure"] = "failure"
    view: str
    seq: int
    code: Literal["malformed", "invalid", "conflict", "internal", "cancelled"]
    message: str


@dataclass(frozen=True, kw_only=True)
class DocumentChanged:
    """The document is at a new revision, whoever changed it (this view, another one, or a cell)."""

    type: Literal["document"] = "document"
    epoch: str
    document: DocumentView


@dataclass(frozen=True, kw_only=True)
class ObjectResult:
    """The model's answer for an object at revision `rev`; older than the page's own edit of it, it is ignored.

    Buffers: `logits8` (all candidates; not of a mask drawn by hand), then `rle` (the chosen one at image size); none
    when the prompts are gone.
    """

    type: Literal["result"] = "result"
    epoch: str
    object: int
    rev: int
    scores: Scores | None
    area: int
    buffers: tuple[Buffer, ...]


@dataclass(frozen=True, kw_only=True)
class StatusChanged:
    """The kernel does something else now, or met an error."""

    type: Literal["status"] = "status"
    epoch: str
    status: Status


@dataclass(frozen=True, kw_only=True)
class EverythingChanged:
    """Segmenting everything has begun, gone on or ended; at most ten times a second, and once when it ends."""

    type: Literal["everything_changed"] = "everything_changed"
    epoch: str
    everything: EverythingView


Reply: TypeAlias = Snapshot | Ack | PictureData | CandidatesData | HoverData | EverythingData | Pong | Failure
Event: TypeAlias = DocumentChanged | ObjectResult | StatusChanged | EverythingChanged
