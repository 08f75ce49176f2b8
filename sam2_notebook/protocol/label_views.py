"""What messages about labelling speak of: the queue, its rows, how far the work is, what runs beside it."""

from dataclasses import dataclass
from typing import Literal

# the words of `labels.schema.STATES` and `labels.queue.Order`, which the protocol may not import; a test compares them
StateName = Literal["new", "started", "skipped", "submitted", "returned", "reviewed"]
OrderName = Literal["added", "name", "gain"]


@dataclass(frozen=True, kw_only=True)
class QueueFilter:
    """Which images are in the queue, and in which order. Empty lists and nulls mean any.

    Areas are in pixels, scores 0 to 1; of class, area and score one annotation must have all.
    """

    states: tuple[StateName, ...]
    labels: tuple[str, ...]
    least_area: float | None
    most_area: float | None
    least_score: float | None
    most_score: float | None
    order: OrderName


@dataclass(frozen=True, kw_only=True)
class QueueRow:
    """One image of the queue. `holder` is who else works on it, or empty; `gain` how much there is to learn from it."""

    image: int
    name: str
    state: StateName
    objects: int
    proposed: int
    gain: float
    is_clip: bool
    holder: str


@dataclass(frozen=True, kw_only=True)
class Count:
    """So many of a name."""

    name: str
    count: int


@dataclass(frozen=True, kw_only=True)
class AgreementView:
    """How far two annotators agree on images that both have labelled: F1 of paired annotations, their mean IoU."""

    first: str
    second: str
    f1: float
    mean_iou: float | None


@dataclass(frozen=True, kw_only=True)
class ProgressView:
    """How far the whole store is. `per_class` counts what is accepted, `proposals` what is not yet."""

    images: int
    done: int
    per_state: tuple[Count, ...]
    per_class: tuple[Count, ...]
    proposals: int
    seconds: float
    seconds_per_image: float | None


@dataclass(frozen=True, kw_only=True)
class CurrentImage:
    """The image on the canvas: its place in the queue (null if it is not in it), and what others did to it.

    `problem` says why it cannot be shown or changed; `work` names the file that the work on a clip is kept in;
    `in_review` says that it waits for a reviewer, and is not just submitted here.
    """

    image: int
    name: str
    state: StateName
    in_review: bool
    place: int | None
    seconds: float
    problem: str
    is_clip: bool
    work: str


@dataclass(frozen=True, kw_only=True)
class LabelJobView:
    """Something that takes long. `total` null: nobody knows how long."""

    id: int
    kind: Literal["suggest", "train", "export", "import", "survey", "add"]
    state: Literal["running", "done", "cancelled", "failed"]
    text: str
    done: int
    total: int | None


@dataclass(frozen=True, kw_only=True)
class LabelNotice:
    """Something to read, until it is dismissed or answered by one of its `choices`."""

    id: int
    level: Literal["info", "warning", "error"]
    text: str
    choices: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class EpochView:
    """Quality on held-out labels after an epoch; number 0 is the model as it came."""

    number: int
    click: float
    box: float


@dataclass(frozen=True, kw_only=True)
class TrainingView:
    """What training has brought: `gain` is mean IoU on held-out labels, now minus before; `in_use` says it labels."""

    epochs: tuple[EpochView, ...]
    gain: float | None
    is_ready: bool
    in_use: bool


@dataclass(frozen=True, kw_only=True)
class LabelView:
    """How the labelling stands. `rows` counts up when rows of the queue have changed, `length` says how many."""

    author: str
    store: str
    rows: int
    length: int
    filter: QueueFilter
    current: CurrentImage | None
    progress: ProgressView
    jobs: tuple[LabelJobView, ...]
    notices: tuple[LabelNotice, ...]
    training: TrainingView
    sources: tuple[Literal["everything", "detector", "model"], ...]
    exports: tuple[str, ...]
    imports: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FindingView:
    """Something to look at: an image, and perhaps one annotation of it."""

    image: int
    name: str
    label: str
    kind: str
    value: float
    annotation: int | None
