"""Every message of the video widget beyond those it shares with the picture's (`messages.py`, where the rules are).

Shared: `Hello`, `HistoryRequest`, `Ping`, `Ack`, `Pong`, `Failure`, `StatusChanged`. Frames are numbered from 0.
Masks travel as `rle` buffers; a mask's `rev` is the document's revision it was made for. Answers with code
`cancelled` were made void by a newer request of the same view.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sam2_notebook.protocol.messages import (
    Ack,
    Buffer,
    Failure,
    Hello,
    HistoryRequest,
    Ping,
    Pong,
    Status,
    StatusChanged,
)
from sam2_notebook.protocol.video_views import (
    JobView,
    LaneView,
    MaskView,
    MemoryView,
    MissingFrame,
    Notice,
    SavedView,
    VideoDocumentView,
    VideoInfo,
)
from sam2_notebook.values.video_document import VideoEdit

MAX_FRAMES_ASKED = 64
MAX_MASK_FRAMES_ASKED = 256

Direction: TypeAlias = Literal["forward", "backward", "both"]
ExportFormat: TypeAlias = Literal["png", "davis", "coco", "ytvis", "npz", "overlay", "cutout"]

# ------------------------------------------------------------------ page to kernel


@dataclass(frozen=True, kw_only=True)
class VideoEditRequest:
    """Apply edits in one frame, all or none, as one step of the undo history. `rev` is what the page made them on."""

    type: Literal["video_edit"] = "video_edit"
    view: str
    seq: int
    rev: int
    frame: int
    edits: tuple[VideoEdit, ...]


@dataclass(frozen=True, kw_only=True)
class FramesRequest:
    """Send frames (at most 64) as JPEG, at most `width` pixels wide.

    `purpose` orders the queue: `show` before `ahead` (prefetch, playing) before `strip` (thumbnails). A request of a
    newer `generation` makes the view's older ones of the same purpose void. `quality` is JPEG's, 1 to 95. With
    `preview` a smaller picture of the frame will do, if there is one and the frame itself would take long.
    """

    type: Literal["frames"] = "frames"
    view: str
    seq: int
    frames: tuple[int, ...]
    width: int
    quality: int
    purpose: Literal["show", "ahead", "strip"]
    generation: int
    preview: bool


@dataclass(frozen=True, kw_only=True)
class MasksRequest:
    """Send the masks of all objects in these frames (at most 256)."""

    type: Literal["masks"] = "masks"
    view: str
    seq: int
    frames: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class LookRequest:
    """The view rests at this frame: `widget.frame` says so, and the kernel gets the frame ready for a click."""

    type: Literal["look"] = "look"
    view: str
    seq: int
    frame: int


@dataclass(frozen=True, kw_only=True)
class TrackRequest:
    """Follow objects (null: all with prompts) within frames `first` to `last` (null: the ends). Answer: `JobStarted`.

    It starts at `start`; null means the first prompted frame of the range going forward or both ways, the last going
    backward. Only what is missing or stale is computed. One such job at a time; the next one is refused.
    """

    type: Literal["track"] = "track"
    view: str
    seq: int
    direction: Direction
    objects: tuple[int, ...] | None
    start: int | None
    first: int | None
    last: int | None


@dataclass(frozen=True, kw_only=True)
class CancelRequest:
    """Stop a job after the frame it is at; what is done is kept. No harm when it has ended already."""

    type: Literal["cancel"] = "cancel"
    view: str
    seq: int
    job: int


@dataclass(frozen=True, kw_only=True)
class MemoryRequest:
    """What did the model look at in this frame?"""

    type: Literal["memory"] = "memory"
    view: str
    seq: int
    frame: int


@dataclass(frozen=True, kw_only=True)
class FrameCandidatesRequest:
    """What can the lone click on an object in a frame mean?"""

    type: Literal["frame_candidates"] = "frame_candidates"
    view: str
    seq: int
    frame: int
    object: int


@dataclass(frozen=True, kw_only=True)
class ExportRequest:
    """Write the masks beside the notebook, as a file or folder called `name` (no folders in it). Answer: `JobStarted`.

    `png`: a mask per object and frame; `davis`: indexed PNGs; `coco`, `ytvis`: JSON with run lengths; `npz`: arrays;
    `overlay`: an mp4 with the masks drawn in; `cutout`: a webm with what is not masked made transparent.
    """

    type: Literal["export"] = "export"
    view: str
    seq: int
    format: ExportFormat
    name: str
    objects: tuple[int, ...] | None


@dataclass(frozen=True, kw_only=True)
class RecoverRequest:
    """Take up the earlier work that a notice speaks of, or (`accept` false) never speak of it again."""

    type: Literal["recover"] = "recover"
    view: str
    seq: int
    accept: bool


VideoRequest: TypeAlias = (
    Hello
    | HistoryRequest
    | Ping
    | VideoEditRequest
    | FramesRequest
    | MasksRequest
    | LookRequest
    | TrackRequest
    | CancelRequest
    | MemoryRequest
    | FrameCandidatesRequest
    | ExportRequest
    | RecoverRequest
)

# ------------------------------------------------------------------ kernel to page


@dataclass(frozen=True, kw_only=True)
class VideoSnapshot:
    """Answer to `Hello`: everything but frames and masks. Buffers: one `lane` per lane; then `times`, if they matter.

    `times` is float32 (frames,), seconds from the first frame; without it frames come at even distances. `frame` is
    where the view that looked last rests. `jobs` are those under way or just ended.
    """

    type: Literal["video_snapshot"] = "video_snapshot"
    view: str
    seq: int
    version: int
    epoch: str
    video: VideoInfo
    document: VideoDocumentView
    frame: int
    lanes: tuple[LaneView, ...]
    jobs: tuple[JobView, ...]
    status: Status
    saved: SavedView
    notices: tuple[Notice, ...]
    buffers: tuple[Buffer, ...]


@dataclass(frozen=True, kw_only=True)
class FramesData:
    """Answer to `FramesRequest`. Buffers: one `jpeg` for each of `frames`; what cannot be read is in `missing`.

    A preview is narrower than was asked for; the picture's own width tells.
    """

    type: Literal["frames_data"] = "frames_data"
    view: str
    seq: int
    key: str
    frames: tuple[int, ...]
    missing: tuple[MissingFrame, ...]
    buffers: tuple[Buffer, ...]


@dataclass(frozen=True, kw_only=True)
class MasksData:
    """Answer to `MasksRequest`. Buffers: one `rle` for each of `masks`; objects that are not listed have none there."""

    type: Literal["masks_data"] = "masks_data"
    view: str
    seq: int
    frames: tuple[int, ...]
    masks: tuple[MaskView, ...]
    buffers: tuple[Buffer, ...]


@dataclass(frozen=True, kw_only=True)
class MemoryData:
    """Answer to `MemoryRequest`, one entry for each object that has a mask in the frame."""

    type: Literal["memory_data"] = "memory_data"
    view: str
    seq: int
    frame: int
    objects: tuple[MemoryView, ...]


@dataclass(frozen=True, kw_only=True)
class FrameCandidatesData:
    """Answer to `FrameCandidatesRequest`. Buffer: one `logits8`; none, and no scores, if it is no lone click."""

    type: Literal["frame_candidates_data"] = "frame_candidates_data"
    view: str
    seq: int
    frame: int
    object: int
    scores: tuple[float, ...]
    buffers: tuple[Buffer, ...]


@dataclass(frozen=True, kw_only=True)
class JobStarted:
    """Answer to `TrackRequest` and `ExportRequest`; `JobChanged` tells the rest."""

    type: Literal["job_started"] = "job_started"
    view: str
    seq: int
    job: JobView


VideoReply: TypeAlias = (
    VideoSnapshot | Ack | Pong | Failure | FramesData | MasksData | MemoryData | FrameCandidatesData | JobStarted
)


@dataclass(frozen=True, kw_only=True)
class VideoDocumentChanged:
    """The document is at a new revision, whoever changed it."""

    type: Literal["video_document"] = "video_document"
    epoch: str
    document: VideoDocumentView


@dataclass(frozen=True, kw_only=True)
class MasksChanged:
    """Masks that are new. Buffers: one `rle` for each of `masks`. Streamed while tracking, several frames at once.

    `gone` are pairs of a frame and an object whose mask is no more.
    """

    type: Literal["masks_changed"] = "masks_changed"
    epoch: str
    masks: tuple[MaskView, ...]
    gone: tuple[tuple[int, int], ...]
    buffers: tuple[Buffer, ...]


@dataclass(frozen=True, kw_only=True)
class LanesChanged:
    """Pieces of lanes that have changed. Buffers: one `lane` for each. Lanes of removed objects are simply dropped."""

    type: Literal["lanes"] = "lanes"
    epoch: str
    lanes: tuple[LaneView, ...]
    buffers: tuple[Buffer, ...]


@dataclass(frozen=True, kw_only=True)
class JobChanged:
    """How a job is getting on; at most ten times a second, and once when it ends."""

    type: Literal["job"] = "job"
    epoch: str
    job: JobView


@dataclass(frozen=True, kw_only=True)
class VideoChanged:
    """A stream has brought frames, let frames go, or ended; or a missing file was found."""

    type: Literal["video"] = "video"
    epoch: str
    video: VideoInfo


@dataclass(frozen=True, kw_only=True)
class SavedChanged:
    """The autosave has reached another revision, or has met an error."""

    type: Literal["saved"] = "saved"
    epoch: str
    saved: SavedView


@dataclass(frozen=True, kw_only=True)
class NoticesChanged:
    """All notices there are now."""

    type: Literal["notices"] = "notices"
    epoch: str
    notices: tuple[Notice, ...]


@dataclass(frozen=True, kw_only=True)
class GoTo:
    """A cell asks all views to show this frame."""

    type: Literal["go_to"] = "go_to"
    epoch: str
    frame: int


VideoEvent: TypeAlias = (
    StatusChanged
    | VideoDocumentChanged
    | MasksChanged
    | LanesChanged
    | JobChanged
    | VideoChanged
    | SavedChanged
    | NoticesChanged
    | GoTo
)
