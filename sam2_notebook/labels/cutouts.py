"""Masks without their empty surroundings: most masks cover a small part of the picture, and most work needs no more."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sam2_notebook.values.geometry import Box
from sam2_notebook.values.masks import BoolMask, Rle


@dataclass(frozen=True, eq=False)
class Cutout:
    """The part of a mask inside its bounding box; `x0`, `y0` are the box's first column and row in the picture."""

    x0: int
    y0: int
    pixels: BoolMask

    @classmethod
    def of(cls, mask: Rle) -> "Cutout | None":
        """Cut a mask out of its run lengths without making the whole picture; None if it is empty.

        >>> cutout = Cutout.of(Rle.from_mask(np.eye(9, dtype=bool)))
        >>> cutout.pixels.shape
        (9, 9)
        """
        edges = np.cumsum(mask.counts)
        box = _extent(edges, mask.size.height)
        if box is None:
            return None
        height = mask.size.height
        first, last = int(box.x0) * height, (int(box.x1) + 1) * height
        ends = np.minimum(np.maximum(edges, first), last)
        runs = ends - np.concatenate(([first], ends[:-1]))
        columns = np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(-1, height)
        return cls(int(box.x0), int(box.y0), np.ascontiguousarray(columns[:, int(box.y0) : int(box.y1) + 1].T))

    @property
    def x1(self) -> int:
        """Last column."""
        return self.x0 + self.pixels.shape[1] - 1

    @property
    def y1(self) -> int:
        """Last row."""
        return self.y0 + self.pixels.shape[0] - 1

    def shared_with(self, other: "Cutout") -> int:
        """Number of pixels that both have."""
        left, top = max(self.x0, other.x0), max(self.y0, other.y0)
        right, bottom = min(self.x1, other.x1) + 1, min(self.y1, other.y1) + 1
        if left >= right or top >= bottom:
            return 0
        mine = self.pixels[top - self.y0 : bottom - self.y0, left - self.x0 : right - self.x0]
        theirs = other.pixels[top - other.y0 : bottom - other.y0, left - other.x0 : right - other.x0]
        return int(np.count_nonzero(mine & theirs))


def extent(mask: Rle) -> Box | None:
    """First and last column and row of a mask, from its run lengths alone; None if it is empty.

    >>> extent(Rle.from_mask(np.eye(3, dtype=bool)))
    Box(x0=0, y0=0, x1=2, y1=2)
    """
    return _extent(np.cumsum(mask.counts), mask.size.height)


def _extent(edges: npt.NDArray[np.int64], height: int) -> Box | None:
    starts, ends = edges[0:-1:2], edges[1::2]
    full = ends > starts
    if not full.all():  # an empty run: rare, and costs a copy
        starts, ends = starts[full], ends[full]
    if not len(starts):
        return None
    lasts = ends - 1
    x0, x1 = int(starts[0]) // height, int(lasts[-1]) // height
    if (starts // height != lasts // height).any():  # a run goes on in the next column, so it touches both edges
        return Box(x0, 0, x1, height - 1)
    return Box(x0, int((starts % height).min()), x1, int((lasts % height).max()))


def edges_of_box(box: Box) -> tuple[float, float, float, float]:
    """Left, top, right, bottom edge of the pixels of a box: what formats with a width and a height mean.

    >>> edges_of_box(Box(0, 0, 2, 0))
    (0, 0, 3, 1)
    """
    return (box.x0, box.y0, box.x1 + 1, box.y1 + 1)


def box_of_edges(x0: float, y0: float, x1: float, y1: float) -> Box:
    """The box, first to last column and row, whose pixels have these edges; at least one pixel wide and high.

    >>> box_of_edges(0, 0, 3, 1)
    Box(x0=0, y0=0, x1=2, y1=0)
    """
    return Box(x0, y0, max(x0, x1 - 1), max(y0, y1 - 1))
