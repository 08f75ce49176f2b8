"""What messages about a video speak of: the video, its objects, lanes, masks, jobs, memories."""

from dataclasses import dataclass
from typing import Literal

from sam2_notebook.protocol.messages import AttributeView, PointView
from sam2_notebook.values.classes import LabelClass


@dataclass(frozen=True, kw_only=True)
class VideoInfo:
    """What the video is. `key` changes when the pixels do.

    `frames` is how many there are so far, final when `complete`; a stream that goes on is not. `oldest` is the first
    frame that can still be shown: 0, or more once a stream has let frames go. `note` tells of a damaged file. In a set
    of pictures each has a size of its own: `sizes` are their widths and heights, and `width` and `height` the largest;
    masks are coded at that size, the pictures lie in its top left corner. A video has no `sizes`.
    """

    width: int
    height: int
    name: str
    key: str
    frames: int
    oldest: int
    fps: float
    complete: bool
    live: bool
    note: str
    sizes: tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True)
class FramePromptsView:
    """What was said of an object in one frame. Of a mask that was given, only that there is one.

    `candidate` is which of the masks that the first click can mean is meant; null leaves it to the model.
    """

    frame: int
    points: tuple[PointView, ...]
    box: tuple[float, float, float, float] | None
    mask: bool
    candidate: int | None


@dataclass(frozen=True, kw_only=True)
class VideoObjectView:
    """One object of the video, with its prompted frames, ascending. `label` is its class, empty for none."""

    id: int
    name: str
    color: int
    visible: bool
    locked: bool
    label: str
    attributes: tuple[AttributeView, ...]
    frames: tuple[FramePromptsView, ...]


@dataclass(frozen=True, kw_only=True)
class VideoDocumentView:
    """The whole document at revision `rev`."""

    rev: int
    objects: tuple[VideoObjectView, ...]
    selected: int | None
    classes: tuple[LabelClass, ...]
    current: str
    can_undo: bool
    can_redo: bool


@dataclass(frozen=True, kw_only=True)
class LaneView:
    """How far an object was followed: its whole row of the timeline, or a piece of it that has changed.

    Its buffer `lane`, uint8 (2, n), speaks of the frames `first` to `first + n - 1`. Row 0 is the state: 0 not known,
    1 present, 2 hidden, 3 and 4 the same but stale (made with other prompts); row 1 the predicted IoU times 254, or
    255 without one. Another `generation` than before: drop every mask of the object.

    `state` is that of the whole object: `none` without prompts, `required` when no frame beyond the prompted ones is
    up to date, `partial` when some are, `full` when all are. `stale` counts stale frames, `missing` those not known.
    """

    object: int
    generation: int
    first: int
    state: Literal["none", "required", "partial", "full"]
    stale: int
    missing: int


@dataclass(frozen=True, kw_only=True)
class MaskView:
    """What is known of an object in a frame; its mask is the `rle` buffer of the same place in `buffers`.

    `score` is the predicted IoU, 0 to 1; `object_score` is a logit, above 0 when the model finds the object there.
    """

    frame: int
    object: int
    rev: int
    score: float
    object_score: float
    area: int
    prompted: bool
    stale: bool


@dataclass(frozen=True, kw_only=True)
class JobView:
    """Something that takes long: following objects (`track`), writing files (`export`),
    or segmenting all of a picture (`everything`), of which only cells hear in this form.

    `frame` is the frame it is at, `done` of `total` are frames, rates are of the last seconds. The last state is
    `done`, `cancelled` or `failed`, and `text` then says what came of it.
    """

    id: int
    kind: Literal["track", "export", "everything"]
    state: Literal["waiting", "running", "done", "cancelled", "failed"]
    text: str
    objects: tuple[int, ...]
    frame: int | None
    done: int
    total: int | None
    per_second: float | None
    seconds_left: float | None


@dataclass(frozen=True, kw_only=True)
class SavedView:
    """The autosave. What was acknowledged is on disk unless this says `failed` or `off`, and why."""

    state: Literal["saved", "off", "failed"]
    rev: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Words for the user that stay until read. `recover`: earlier work on this video can be had by `RecoverRequest`."""

    id: int
    level: Literal["info", "warning", "error"]
    text: str
    action: Literal["none", "recover"]


@dataclass(frozen=True, kw_only=True)
class MemoryView:
    """What the model looked at to find an object in a frame; frames are listed nearest first.

    `prompted`, `recent` and `pointers` are the frames whose memory maps (of prompted and of recent frames) and object
    pointers it recalled. `presence` is the probability, 0 to 1, that the object is in the frame.
    """

    object: int
    source: Literal["prompt", "forward", "backward"]
    prompted: tuple[int, ...]
    recent: tuple[int, ...]
    pointers: tuple[int, ...]
    score: float
    presence: float
    stale: bool


@dataclass(frozen=True, kw_only=True)
class MissingFrame:
    """A frame that cannot be shown, and why."""

    frame: int
    text: str
