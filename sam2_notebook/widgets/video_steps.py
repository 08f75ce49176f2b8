"""How a frame's prompts are said to a predictor: one after the other, so that each corrects what was before. Pure."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sam2_notebook.values.geometry import Box, Size
from sam2_notebook.values.masks import BoolMask, Rle
from sam2_notebook.values.prompts import Point
from sam2_notebook.values.video_document import FramePrompts

MOST_STEPS = 8


@dataclass(frozen=True)
class Step:
    """Some clicks, a box or a mask (run lengths in COCO's text form), said at once; a lone click with its candidate."""

    points: tuple[Point, ...] = ()
    box: Box | None = None
    mask: str | None = None
    candidate: int | None = None

    @property
    def points_px(self) -> npt.NDArray[np.float32] | None:
        """The clicks, (n, 2) xy in image pixels."""
        return np.array([(p.x, p.y) for p in self.points], dtype=np.float32) if self.points else None

    @property
    def labels(self) -> npt.NDArray[np.int64] | None:
        """The clicks' labels."""
        return np.array([p.label for p in self.points], dtype=np.int64) if self.points else None

    def mask_of(self, size: Size) -> BoolMask | None:
        """The mask, (height, width)."""
        if self.mask is None:
            return None
        return Rle.from_coco({"size": [size.height, size.width], "counts": self.mask}).to_mask()


def steps_to(new: FramePrompts, old: FramePrompts | None) -> tuple[bool, tuple[Step, ...]]:
    """What to say so that a frame has the prompts `new`, and whether the `old` ones must be taken back first.

    A mask or a box comes first, then the clicks one by one, the earliest together where they are many.

    >>> from sam2_notebook.values.prompts import Prompts
    >>> one = FramePrompts(frame=3, prompts=Prompts((Point(1, 2),)))
    >>> two = FramePrompts(frame=3, prompts=Prompts((Point(1, 2), Point(5, 5, 0))))
    >>> [len(steps) for _, steps in (steps_to(one, None), steps_to(two, None), steps_to(two, one))]
    [1, 2, 1]
    """
    if old is not None and _extends(new, old):
        box = new.prompts.box if new.prompts.box != old.prompts.box else None
        added = _clicks(new.prompts.points[len(old.prompts.points) :])
        return False, ((Step(box=box), *added) if box else added)
    first: tuple[Step, ...] = ()
    if new.mask is not None:
        first = (Step(mask=new.mask),)
    if new.prompts.box is not None:
        first = (Step(box=new.prompts.box),)
    points = new.prompts.points
    if new.candidate is not None and points and not first:
        first, points = (Step(points=points[:1], candidate=new.candidate),), points[1:]
    return old is not None, (*first, *_clicks(points))


def _extends(new: FramePrompts, old: FramePrompts) -> bool:
    """Whether everything old is still there, and the new comes after it."""
    count = len(old.prompts.points)
    return (
        (new.mask, new.candidate) == (old.mask, old.candidate)
        and new.prompts.points[:count] == old.prompts.points
        and (old.prompts.box is None or new.prompts.box == old.prompts.box)
    )


def _clicks(points: tuple[Point, ...]) -> tuple[Step, ...]:
    together = max(0, len(points) - MOST_STEPS + 1) if len(points) > MOST_STEPS else 0
    groups = ([points[:together]] if together else []) + [(point,) for point in points[together:]]
    return tuple(Step(points=group) for group in groups)
