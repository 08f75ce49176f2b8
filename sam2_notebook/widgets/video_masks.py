"""All masks of a video that are known, and with which prompts they were made. Safe to share; nobody waits for long.

A mask is *stale* when the prompts of its object are no longer those it was made with. Since that is told by comparing,
undoing a correction makes the masks of before good again.
"""

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from sam2_notebook.predict import MemoryUse, Segmentation
from sam2_notebook.predict import ObjectResult as FoundObject
from sam2_notebook.protocol.codecs import encode_rle
from sam2_notebook.values.video_document import FramePrompts, VideoDocument, VideoObject
from sam2_notebook.widgets.outcome import CodedMask

Source = Literal["prompt", "forward", "backward"]
ByteArray = npt.NDArray[np.uint8]

UNKNOWN, PRESENT, HIDDEN = 0, 1, 2
STALE_BY = 2
NO_SCORE = 255
_SLACK = 256


@dataclass(frozen=True)
class FrameMask:
    """The mask of one object in one frame, and what the model said of it. `made_with` names the object's prompts."""

    mask: CodedMask
    score: float
    object_score: float
    source: Source
    memory: MemoryUse | None
    made_with: int
    rev: int = 0

    @property
    def present(self) -> bool:
        """Whether the model finds the object in the frame."""
        return self.object_score > 0 and self.mask.area > 0


@dataclass(frozen=True)
class SeenMask:
    """A mask as it is now: `stale` when the object's prompts are no longer those it was made with."""

    frame: int
    object: int
    kept: FrameMask
    stale: bool


@dataclass(frozen=True)
class StoredMask:
    """A mask as it is kept: of the object `born` then, the answer to `said` or, with None, tracked."""

    born: int
    frame: int
    kept: FrameMask
    said: FramePrompts | None = None


@dataclass(frozen=True)
class Lane:
    """How far one object was followed: per frame a state and a score (`protocol.video_views.LaneView`)."""

    states: ByteArray
    scores: ByteArray

    @property
    def stale(self) -> int:
        """How many frames have a stale mask."""
        return int(np.count_nonzero(self.states > STALE_BY))

    @property
    def missing(self) -> int:
        """How many frames have none."""
        return int(np.count_nonzero(self.states == UNKNOWN))


@dataclass
class _Row:
    """The masks of one object. An answer to prompts hides what was tracked in its frame, until they are taken back."""

    tracked: dict[int, FrameMask] = field(default_factory=dict)
    prompted: dict[int, tuple[FramePrompts, FrameMask]] = field(default_factory=dict)
    candidates: dict[int, tuple[FramePrompts, Segmentation]] = field(default_factory=dict)
    made_with: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    codes: ByteArray = field(default_factory=lambda: np.zeros((2, 0), np.uint8))

    def grown(self, frames: int) -> None:
        """Make room for so many frames."""
        missing = frames - len(self.made_with)
        if missing > 0:
            missing += _SLACK
            self.made_with = np.concatenate((self.made_with, np.zeros(missing, np.int64)))
            self.codes = np.concatenate((self.codes, np.zeros((2, missing), np.uint8)), axis=1)

    def set_tracked(self, frame: int, mask: FrameMask | None) -> None:
        """Note a tracked mask, or take it away."""
        self.grown(frame + 1)
        if mask is None:
            self.tracked.pop(frame, None)
            self.made_with[frame], self.codes[:, frame] = 0, 0
            return
        self.tracked[frame] = mask
        self.made_with[frame] = mask.made_with
        self.codes[:, frame] = code(mask)


class MaskStore:
    """Masks by object and frame. `document` is asked what the prompts are now; `frames` how many frames there are.

    Objects are told apart by when they were born: one that comes back by undo finds its masks again. An object of which
    nothing is said in any frame has none: those it was followed with wait here until something is said of it again.
    """

    def __init__(self, document: Callable[[], VideoDocument], frames: Callable[[], int]) -> None:
        self._document, self._frames = document, frames
        self._lock = threading.RLock()
        self._rows: dict[int, _Row] = {}
        self._fresh: dict[tuple[int, int], None] = {}

    def put(self, frame: int, item: VideoObject, mask: FrameMask, said: FramePrompts | None = None) -> None:
        """Bring a mask of an object: the answer to what was `said` in its frame, or what tracking found there."""
        with self._lock:
            row = self._row(item)
            if said is None:
                row.set_tracked(frame, mask)
            else:
                row.prompted[frame] = said, mask
            self._fresh[item.born, frame] = None

    def drain(self) -> list[tuple[int, int]]:
        """Pairs of an object's `born` and a frame where something has changed since the last time this was asked."""
        with self._lock:
            fresh, self._fresh = self._fresh, {}
            return list(fresh)

    def take(self, item: VideoObject, frame: int) -> None:
        """Let go of the answer to prompts that are no more."""
        with self._lock:
            self._row(item).prompted.pop(frame, None)
            self._row(item).candidates.pop(frame, None)
            self._fresh[item.born, frame] = None

    def offer(self, frame: int, item: VideoObject, said: FramePrompts, candidates: Segmentation | None) -> None:
        """Bring the masks that the lone click of a frame can mean, or take them away."""
        with self._lock:
            offered = self._row(item).candidates
            offered.pop(frame, None)
            if candidates is not None:
                offered[frame] = said, candidates

    def candidates(self, frame: int, object: int) -> Segmentation | None:
        """What the lone click on an object in a frame can mean; None for other prompts, or before the answer."""
        item = self._document().object(object)
        with self._lock:
            row = self._rows.get(item.born)
            said, found = row.candidates.get(frame, (None, None)) if row else (None, None)
            return found if said == item.at(frame) else None

    def answered(self, item: VideoObject, frame: int) -> FramePrompts | None:
        """What the mask of a prompted frame is the answer to."""
        with self._lock:
            row = self._rows.get(item.born)
            found = row.prompted.get(frame) if row else None
            return found[0] if found else None

    def at(self, frame: int) -> tuple[SeenMask, ...]:
        """All masks of a frame, in drawing order."""
        document = self._document()
        with self._lock:
            found = ((item, self._seen(item, frame)) for item in document.objects)
            return tuple(
                SeenMask(frame, item.id, kept, self._is_stale(item, frame, kept)) for item, kept in found if kept
            )

    def mask(self, frame: int, object: int) -> SeenMask | None:
        """The mask of an object in a frame."""
        return next((seen for seen in self.at(frame) if seen.object == object), None)

    def frames_of(self, item: VideoObject) -> tuple[int, ...]:
        """The frames in which an object has a mask, ascending."""
        with self._lock:
            row = self._row_seen(item)
            if row is None:
                return ()
            said = {f.frame for f in item.frames if f.frame in row.prompted}
            return tuple(sorted(said | row.tracked.keys()))

    def lane(self, item: VideoObject, first: int = 0, last: int | None = None) -> Lane:
        """The lane of an object from frame `first` to `last`, or to the end."""
        end = self._frames() if last is None else last + 1
        with self._lock:
            row = self._row_seen(item) or _Row()
            row.grown(end)
            states, scores = row.codes[:, first:end].copy()
            states[(row.made_with[first:end] != version(item)) & (states != UNKNOWN)] += STALE_BY
            for said in item.frames:
                if first <= said.frame < end and said.frame in row.prompted:
                    states[said.frame - first], scores[said.frame - first] = code(row.prompted[said.frame][1])
            return Lane(states, scores)

    def forget_before(self, frame: int) -> None:
        """Let go of tracked masks before a frame."""
        with self._lock:
            for row in self._rows.values():
                for old in [f for f in row.tracked if f < frame]:
                    row.set_tracked(old, None)

    def everything(self) -> list[StoredMask]:
        """All there is of the objects of the document."""
        with self._lock:
            rows = [(item.born, self._rows[item.born]) for item in self._document().objects if item.born in self._rows]
            tracked = [StoredMask(born, frame, mask) for born, row in rows for frame, mask in row.tracked.items()]
            prompted = [
                StoredMask(born, frame, mask, said)
                for born, row in rows
                for frame, (said, mask) in row.prompted.items()
            ]
            return tracked + prompted

    def stored(self, born: int, frame: int) -> list[StoredMask]:
        """What there is of one object in one frame, tracked and answered."""
        with self._lock:
            row = self._rows.get(born) or _Row()
            said = row.prompted.get(frame)
            tracked = row.tracked.get(frame)
            return [
                *([StoredMask(born, frame, tracked)] if tracked else []),
                *([StoredMask(born, frame, said[1], said[0])] if said else []),
            ]

    def _row(self, item: VideoObject) -> _Row:
        return self._rows.setdefault(item.born, _Row())

    def _row_seen(self, item: VideoObject) -> _Row | None:
        """The masks of an object as far as they are to be seen."""
        return self._rows.get(item.born) if item.frames else None

    def _seen(self, item: VideoObject, frame: int) -> FrameMask | None:
        row = self._row_seen(item)
        if row is None:
            return None
        said = row.prompted.get(frame)
        return said[1] if said and item.at(frame) else row.tracked.get(frame)

    def _is_stale(self, item: VideoObject, frame: int, kept: FrameMask) -> bool:
        if kept.source == "prompt":
            return item.at(frame) != self._rows[item.born].prompted[frame][0]
        return kept.made_with != version(item)


def coded(found: FoundObject, made_with: int, rev: int) -> FrameMask:
    """What a predictor found, as it is kept."""
    mask = found.mask
    source: Source = "prompt" if found.prompted else "forward"
    if found.memory is not None and found.memory.reverse and not found.prompted:
        source = "backward"
    return FrameMask(
        mask=CodedMask(found.size, encode_rle(mask), int(np.count_nonzero(mask))),
        score=found.score,
        object_score=found.object_score,
        source=source,
        memory=found.memory,
        made_with=made_with,
        rev=rev,
    )


def code(mask: FrameMask) -> tuple[int, int]:
    """State and score of a mask as a lane has them."""
    return (PRESENT if mask.present else HIDDEN), round(min(max(mask.score, 0.0), 1.0) * (NO_SCORE - 1))


def version(item: VideoObject) -> int:
    """A number that tells what was said of an object from anything else that could be; never 0."""
    return _version(item.frames)


@lru_cache(maxsize=4096)
def _version(frames: tuple[FramePrompts, ...]) -> int:
    chosen = [(said.frame, said.candidate) for said in frames if said.candidate is not None]
    digest = hashlib.blake2b(f"{frames!r}{chosen or ''}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True) or 1


def said_key(said: FramePrompts) -> int:
    """A number that tells what was said in a frame from anything else that could be; never 0."""
    return _version((said,))


def decoded(masks: Iterable[SeenMask]) -> Mapping[int, npt.NDArray[np.bool_]]:
    """Masks by object, bool (height, width)."""
    return {seen.object: seen.kept.mask.decode() for seen in masks}
