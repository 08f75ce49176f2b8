"""Segment and track everything: automatic masks on key frames, followed by memory, new things joining as they come."""

import math
from collections.abc import Iterator

from sam2_notebook.predict.automatic import AutomaticMasker
from sam2_notebook.predict.automatic_results import AutomaticMask
from sam2_notebook.predict.video import VideoPredictor
from sam2_notebook.predict.video_results import FrameResult
from sam2_notebook.predict.video_session import VideoSession
from sam2_notebook.values.frames import FrameSource
from sam2_notebook.values.masks import BoolMask
from sam2_notebook.values.plain import number, whole_number

KEY_FRAMES = 15
SAME_IOU = 0.5
MOST_OBJECTS = 32
LEAST_SHARE = 0.001


def track_everything(
    video: FrameSource,
    predictor: VideoPredictor,
    masker: AutomaticMasker,
    *,
    every: int = KEY_FRAMES,
    same_iou: float = SAME_IOU,
    most_objects: int = MOST_OBJECTS,
) -> Iterator[FrameResult]:
    """Results of every frame, with all that automatic masks find in frames 0, `every`, 2 `every`, ...

    A mask of a key frame that overlaps no followed object by `same_iou` or more is a new object; ids count from 0 in
    the order of coming and are never given twice. At most `most_objects` are followed, the surest first; what is
    smaller than a thousandth of the frame is left out. `masker` should be of the same network as `predictor`.
    """
    every, most_objects = whole_number(every, "every", 1), whole_number(most_objects, "most_objects", 1)
    same_iou = number(same_iou, "same_iou is a share above 0, at most 1", math.ulp(0.0), 1)
    with predictor.open(video) as session:
        key = 0
        while video.has(key):
            known = list(session.result(key)) if session.objects else []
            _join(session, key, masker, [o.mask for o in known], same_iou=same_iou, most=most_objects)
            if not session.objects:
                yield session.result(key)
                key += 1  # nothing to follow yet: look at every frame until there is
                continue
            # the next key frame is followed to as well, so that its masks can be compared; it is handed out next time
            for result in session.propagate(key, frames=every + 1):
                if result.frame < key + every:
                    yield result
            key += every


def new_masks(
    found: list[AutomaticMask], known: list[BoolMask], *, same_iou: float, least_area: int
) -> list[AutomaticMask]:
    """Those of the masks, best first, that are neither small, nor known, nor one of the new ones before."""
    seen = [(mask, int(mask.sum())) for mask in known]
    new: list[AutomaticMask] = []
    for item in sorted(found, key=lambda one: -one.score):
        if item.area < least_area:
            continue
        mask = item.mask
        shared = [int((mask & other).sum()) for other, _ in seen]
        if all(s < same_iou * (item.area + a - s) for s, (_, a) in zip(shared, seen, strict=True)):
            new.append(item)
            seen.append((mask, item.area))
    return new


def _join(
    session: VideoSession, frame: int, masker: AutomaticMasker, known: list[BoolMask], *, same_iou: float, most: int
) -> None:
    """Add what a key frame shows anew to the objects that are followed."""
    room = most - len(session.objects)
    if room <= 0:
        return
    found = masker.generate(session.source.frame(frame))
    least = max(1, int(found.size.area * LEAST_SHARE))
    new = new_masks(list(found), known, same_iou=same_iou, least_area=least)
    first = len(session.objects)
    for place, item in enumerate(new[:room]):
        session.add(frame, first + place, mask=item.mask)
