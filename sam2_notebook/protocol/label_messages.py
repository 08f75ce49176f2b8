"""Messages of `Labeler` besides those of the picture on its canvas (`messages.py`, which says how the wire works).

The canvas shows one image of the queue at a time. Another image is another `epoch`: the page says hello and gets that
one's snapshot. What is said here of the queue goes on through all epochs.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sam2_notebook.protocol.label_views import AgreementView, Count, FindingView, LabelView, QueueFilter, QueueRow
from sam2_notebook.protocol.messages import Buffer, Failure, Pong, Reply, Request
from sam2_notebook.values.classes import LabelClass

MAX_ROWS_ASKED = 64


@dataclass(frozen=True, kw_only=True)
class LabelHello:
    """Say how the labelling stands: answered by `LabelState`."""

    type: Literal["label_hello"] = "label_hello"
    view: str
    seq: int


@dataclass(frozen=True, kw_only=True)
class RowsRequest:
    """Send `count` rows of the queue (64 at most) from place `first` on, with small pictures of them."""

    type: Literal["label_rows"] = "label_rows"
    view: str
    seq: int
    first: int
    count: int


@dataclass(frozen=True, kw_only=True)
class MoveRequest:
    """Leave the image on the canvas in some way and go on; `open` goes to `image`, the others say what became of it.

    `sure`: an image without objects is meant to be empty.
    """

    type: Literal["label_move"] = "label_move"
    view: str
    seq: int
    how: Literal["next", "previous", "skip", "submit", "accept", "return", "open"]
    image: int | None
    note: str
    sure: bool


@dataclass(frozen=True, kw_only=True)
class FilterRequest:
    """Make another queue."""

    type: Literal["label_filter"] = "label_filter"
    view: str
    seq: int
    filter: QueueFilter


@dataclass(frozen=True, kw_only=True)
class SuggestRequest:
    """Propose masks, for the image on the canvas or for all of the queue that have none yet."""

    type: Literal["label_suggest"] = "label_suggest"
    view: str
    seq: int
    source: Literal["everything", "detector", "model"]
    everywhere: bool


@dataclass(frozen=True, kw_only=True)
class ClassRequest:
    """Add a class, change the one called `name` (its annotations follow), or take it out of the list."""

    type: Literal["label_class"] = "label_class"
    view: str
    seq: int
    how: Literal["add", "change", "retire"]
    name: str
    label: LabelClass | None


@dataclass(frozen=True, kw_only=True)
class LabelExportRequest:
    """Write what is accepted into a folder; `existing` says what to do with one that is not empty.

    `val` is the part to validate with, 0 leaves splits as they are; `done` leaves out images not submitted yet.
    """

    type: Literal["label_export"] = "label_export"
    view: str
    seq: int
    format: str
    folder: str
    existing: Literal["refuse", "overwrite", "merge"]
    val: float
    done: bool


@dataclass(frozen=True, kw_only=True)
class LabelImportRequest:
    """Read labels from a folder and add them to images of the same name."""

    type: Literal["label_import"] = "label_import"
    view: str
    seq: int
    format: str
    folder: str


@dataclass(frozen=True, kw_only=True)
class SurveyRequest:
    """Look at all labels, and say what may be wrong."""

    type: Literal["label_survey"] = "label_survey"
    view: str
    seq: int


@dataclass(frozen=True, kw_only=True)
class FigureRequest:
    """Draw a figure of the labels."""

    type: Literal["label_figure"] = "label_figure"
    view: str
    seq: int
    what: Literal["sheet", "classes", "sizes"]


@dataclass(frozen=True, kw_only=True)
class TrainRequest:
    """Train on what is accepted, stop that, or have the trained model (or again the first one) do the work."""

    type: Literal["label_train"] = "label_train"
    view: str
    seq: int
    how: Literal["start", "stop", "use", "unuse"]


@dataclass(frozen=True, kw_only=True)
class NoticeRequest:
    """Answer a notice by one of its choices, or dismiss it with an empty text."""

    type: Literal["label_notice"] = "label_notice"
    view: str
    seq: int
    id: int
    choice: str


LabelRequest: TypeAlias = (
    LabelHello
    | RowsRequest
    | MoveRequest
    | FilterRequest
    | SuggestRequest
    | ClassRequest
    | LabelExportRequest
    | LabelImportRequest
    | SurveyRequest
    | FigureRequest
    | TrainRequest
    | NoticeRequest
)

# ------------------------------------------------------------------ kernel to page


@dataclass(frozen=True, kw_only=True)
class LabelState:
    """Answer to `LabelHello`."""

    type: Literal["label_state"] = "label_state"
    view: str
    seq: int
    state: LabelView


@dataclass(frozen=True, kw_only=True)
class RowsData:
    """Answer to `RowsRequest`. Buffers: one `jpeg` for each row that has a picture, named by its image."""

    type: Literal["label_rows_data"] = "label_rows_data"
    view: str
    seq: int
    rows_at: int
    first: int
    rows: tuple[QueueRow, ...]
    buffers: tuple[Buffer, ...]


@dataclass(frozen=True, kw_only=True)
class LabelDone:
    """Answer to requests that change something: done. With a `question` nothing was done: ask again, and be `sure`."""

    type: Literal["label_done"] = "label_done"
    view: str
    seq: int
    question: str


@dataclass(frozen=True, kw_only=True)
class SurveyData:
    """Answer to `SurveyRequest`: the list of what to look at, worst first, and counts."""

    type: Literal["label_survey_data"] = "label_survey_data"
    view: str
    seq: int
    images: int
    annotations: int
    per_class: tuple[Count, ...]
    findings: tuple[FindingView, ...]
    agreement: tuple[AgreementView, ...]


@dataclass(frozen=True, kw_only=True)
class FigureData:
    """Answer to `FigureRequest`. Buffer: one `png`."""

    type: Literal["label_figure_data"] = "label_figure_data"
    view: str
    seq: int
    buffers: tuple[Buffer, ...]


@dataclass(frozen=True, kw_only=True)
class LabelChanged:
    """The labelling stands otherwise now."""

    type: Literal["label_changed"] = "label_changed"
    epoch: str
    state: LabelView


LabelReply: TypeAlias = LabelState | RowsData | LabelDone | SurveyData | FigureData | Failure | Pong
LabelEvent: TypeAlias = LabelChanged
AnyLabelRequest: TypeAlias = Request | LabelRequest
AnyLabelReply: TypeAlias = Reply | LabelReply
