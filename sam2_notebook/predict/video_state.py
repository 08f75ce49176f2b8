"""All that a video session knows, with typed fields and one lock: tracks, results, a few recent logits."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import torch

from sam2_notebook.model import Sighting
from sam2_notebook.predict.tensors import mask_logits, masks_at_size
from sam2_notebook.predict.tracking import Kept, Track
from sam2_notebook.predict.video_results import FrameResult, MemoryUse, ObjectResult
from sam2_notebook.values.frames import FrameSource
from sam2_notebook.values.masks import BoolMask, Rle

KEPT_LOGITS = 128


@dataclass(kw_only=True)
class VideoState:
    """What is known of the objects of one video.

    Results are stored by frame, then object, and exchanged whole, so that an interrupt leaves no frame half done. An
    `epoch` ends with every edit; a propagation lives within one.
    """

    source: FrameSource
    mask_side: int
    tracks: dict[int, Track] = field(default_factory=dict)
    results: dict[int, Mapping[int, Kept]] = field(default_factory=dict)
    logits: OrderedDict[tuple[int, int], torch.Tensor] = field(default_factory=OrderedDict)
    epoch: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def length(self) -> int | None:
        """The number of frames, None while a stream goes on."""
        return len(self.source) if self.source.is_complete else None

    def kept(self, frame: int, obj: int) -> Kept | None:
        """The result of an object in a frame."""
        return self.results.get(frame, {}).get(obj)

    def result(self, frame: int, ids: Iterable[int] | None = None) -> FrameResult:
        """The results of a frame, of all objects or of some."""
        found = self.results.get(frame, {})
        wanted = sorted(found.keys() if ids is None else found.keys() & set(ids))
        return FrameResult(
            frame=frame,
            time_s=self.source.timestamps[frame],
            size=self.source.size,
            objects=tuple(replace(found[i].result, stale=found[i].version != self.tracks[i].version) for i in wanted),
        )

    def new_result(
        self,
        obj: int,
        sighting: Sighting,
        version: int,
        *,
        prompted: bool,
        reverse: bool = False,
        memory: MemoryUse | None = None,
        given: BoolMask | None = None,
    ) -> Kept:
        """A sighting of one object as a result, with the mask at the video's size: the one `given`, as it is, or else
        the one that the logits mean.
        """
        size = self.source.size
        mask = masks_at_size(sighting.logits[0].float().cpu().numpy(), size)[0] if given is None else given
        result = ObjectResult(
            object=obj,
            counts=Rle.from_mask(mask).to_coco()["counts"],
            size=size,
            score=float(sighting.iou),
            object_score=float(sighting.object_score),
            prompted=prompted,
            memory=memory,
        )
        return Kept(result=result, version=version, reverse=reverse)

    def known_logits(self, frame: int, obj: int) -> torch.Tensor | None:
        """Low-resolution logits (1, 1, side, side) of a prompted frame or one of the last tracked ones."""
        said = self.tracks[obj].prompted.get(frame) if obj in self.tracks else None
        return said.sighting.logits if said else self.logits.get((frame, obj))

    def logits_to_correct(self, frame: int, obj: int) -> torch.Tensor | None:
        """Logits of what is known of an object in a frame; +-10 for a mask whose own are gone, as for a mask prompt."""
        found, kept = self.known_logits(frame, obj), self.kept(frame, obj)
        if found is not None or kept is None:
            return found
        return mask_logits(kept.result.mask, self.mask_side)[None]

    def keep_logits(self, frame: int, obj: int, logits: torch.Tensor) -> None:
        """Remember the logits of a tracked frame for a while."""
        self.logits[frame, obj] = logits
        self.logits.move_to_end((frame, obj))
        while len(self.logits) > KEPT_LOGITS:
            self.logits.popitem(last=False)

    def forget_before(self, frame: int) -> None:
        """Let go of what was tracked before a frame."""
        for old in [f for f in self.results if f < frame]:
            left = {i: kept for i, kept in self.results[old].items() if kept.result.prompted}
            if left:
                self.results[old] = left
            else:
                del self.results[old]

    def set_result(self, frame: int, obj: int, kept: Kept | None) -> None:
        """Replace the result of an object in a frame, or take it away."""
        others = {i: k for i, k in self.results.get(frame, {}).items() if i != obj}
        found = others if kept is None else {**others, obj: kept}
        if found:
            self.results[frame] = found
        else:
            self.results.pop(frame, None)
        self.logits.pop((frame, obj), None)
