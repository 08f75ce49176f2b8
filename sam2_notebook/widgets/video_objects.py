"""A video session as a cell sees it: objects, masks by frame, what the model looked at. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sam2_notebook.protocol.palette import color_of
from sam2_notebook.values.masks import BoolMask
from sam2_notebook.values.prompts import Prompts
from sam2_notebook.values.video_document import VideoDocument, VideoObject
from sam2_notebook.values.words import counted
from sam2_notebook.widgets.video_masks import NO_SCORE, UNKNOWN, Lane, MaskStore, decoded
from sam2_notebook.widgets.video_packets import lane_view


@dataclass(frozen=True, kw_only=True)
class TrackedObject:
    """One object of a video. `prompts` are its clicks and boxes by frame, in image pixels; masks given count as empty.

    `state` says how far it was followed: `none` without prompts, `required`, `partial` or `full`. `stale` frames were
    made before its prompts changed, `missing` ones not at all; following it computes both.
    """

    id: int
    name: str
    label: str
    color: tuple[int, int, int]
    visible: bool
    locked: bool
    prompts: Mapping[int, Prompts]
    state: str
    stale: int
    missing: int


def tracked_objects(document: VideoDocument, store: MaskStore) -> tuple[TrackedObject, ...]:
    """All objects, in drawing order."""
    return tuple(_tracked(item, store.lane(item)) for item in document.objects)


def _tracked(item: VideoObject, lane: Lane) -> TrackedObject:
    view = lane_view(item, lane, 0)
    return TrackedObject(
        id=item.id,
        name=item.name,
        label=item.label,
        color=color_of(item.color).rgb,
        visible=item.visible,
        locked=item.locked,
        prompts={said.frame: said.prompts for said in item.frames},
        state=view.state,
        stale=view.stale,
        missing=view.missing,
    )


def scores_of(item: VideoObject, store: MaskStore) -> npt.NDArray[np.float32]:
    """The predicted IoU of an object in every frame, 0 to 1; NaN where it has no mask."""
    lane = store.lane(item)
    scores = np.divide(lane.scores, NO_SCORE - 1, dtype=np.float32)
    scores[lane.states == UNKNOWN] = np.nan
    return scores


class VideoMasks(Mapping[int, Mapping[int, BoolMask]]):
    """The masks of all frames: `masks[frame][object]`, bool (height, width), decoded when looked at.

    `cut` says what part of a mask lies on a frame, where frames have sizes of their own.
    """

    def __init__(
        self, document: VideoDocument, store: MaskStore, cut: Callable[[BoolMask, int], BoolMask] | None = None
    ) -> None:
        self._store, self._cut = store, cut
        self._frames = sorted({frame for item in document.objects for frame in store.frames_of(item)})

    def __getitem__(self, frame: int) -> Mapping[int, BoolMask]:
        masks = decoded(self._store.at(frame))
        if not masks:
            raise KeyError(frame)
        cut = self._cut
        return masks if cut is None else {id_: cut(mask, frame) for id_, mask in masks.items()}

    def __iter__(self) -> Iterator[int]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)

    def __repr__(self) -> str:
        return f"VideoMasks({counted(len(self), 'frame')})"
