"""Masks as bool arrays (height, width), and their run-length form. Pure numpy; nothing here changes its input."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypedDict, cast

import numpy as np
import numpy.typing as npt

from sam2_notebook.values import varints
from sam2_notebook.values.geometry import Box, Size

BoolMask = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]


class CocoRle(TypedDict):
    """A mask as COCO annotation files spell it."""

    size: list[int]
    counts: str


def check_mask(mask: object) -> BoolMask:
    """The mask itself; ValueError unless it is a bool array (height, width) with at least one pixel."""
    array = np.asarray(mask)
    if array is not mask or array.ndim != 2 or array.dtype != np.bool_ or not array.size:
        what = f"{array.dtype} {array.shape}" if array is mask else type(mask).__name__
        raise ValueError(f"a mask is a bool array (height, width); got {what}; compare logits with 0 to get one")
    return array


def area(mask: BoolMask) -> int:
    """Number of pixels in the mask.

    >>> area(np.eye(3, dtype=bool))
    3
    """
    return int(np.count_nonzero(check_mask(mask)))


def bounding_box(mask: BoolMask) -> Box | None:
    """The first and last column and row with a pixel of the mask, as a box prompt wants it; None if it is empty.

    >>> bounding_box(np.eye(3, dtype=bool))
    Box(x0=0, y0=0, x1=2, y1=2)
    """
    rows = np.flatnonzero(check_mask(mask).any(axis=1))
    if not len(rows):
        return None
    top, bottom = int(rows[0]), int(rows[-1])
    columns = np.flatnonzero(np.bitwise_or.reduce(mask[top : bottom + 1], axis=0))
    return Box(int(columns[0]), top, int(columns[-1]), bottom)


def iou(mask: BoolMask, other: BoolMask) -> float:
    """Intersection over union, 0 to 1; two empty masks agree, so theirs is 1.

    >>> iou(np.array([[True, True]]), np.array([[False, True]]))
    0.5
    """
    if check_mask(mask).shape != check_mask(other).shape:
        raise ValueError(f"two masks of one picture have the same shape; got {mask.shape} and {other.shape}")
    union = np.count_nonzero(mask | other)
    return float(np.count_nonzero(mask & other) / union) if union else 1.0


def boundary(mask: BoolMask, thickness: int = 1) -> BoolMask:
    """The pixels of the mask at most `thickness` steps (up, down, left, right) from what is not in it.

    What lies beyond the picture's edge is not in the mask.

    >>> boundary(np.ones((3, 3), dtype=bool)).astype(int)
    array([[1, 1, 1],
           [1, 0, 1],
           [1, 1, 1]])
    """
    inner = check_mask(mask)
    for _ in range(thickness):
        wide = np.pad(inner, 1)
        inner = inner & wide[:-2, 1:-1] & wide[2:, 1:-1] & wide[1:-1, :-2] & wide[1:-1, 2:]
    return mask & ~inner


def deepest_place(mask: BoolMask) -> tuple[int, int] | None:
    """The pixel (x, y) of the mask that is farthest from what is not in it; None if it is empty.

    Farthest is meant as steps up, down, left, right; what lies beyond the picture's edge is not in the mask.

    >>> deepest_place(np.array([[1, 1, 1, 0], [1, 1, 1, 1], [1, 1, 1, 0]], dtype=bool))
    (1, 1)
    """
    left = check_mask(mask)
    while (inner := left & ~boundary(left)).any():
        left = inner
    places = np.argwhere(left)
    if not len(places):
        return None
    y, x = places[np.argmin(np.abs(places - places.mean(axis=0)).sum(axis=1))]
    return int(x), int(y)


def remove_islands(mask: BoolMask, smaller_than: int) -> BoolMask:
    """The mask without its connected parts (diagonals connect) of fewer than `smaller_than` pixels.

    >>> remove_islands(np.array([[True, True, False, True]]), smaller_than=2)
    array([[ True,  True, False, False]])
    """
    starts, ends, part = _parts(check_mask(mask))
    if not len(part):
        return mask.copy()
    sizes = np.bincount(part, weights=ends - starts)
    kept = sizes[part] >= smaller_than
    return _painted(mask.shape, starts[kept], ends[kept])


def fill_holes(mask: BoolMask, smaller_than: int) -> BoolMask:
    """The mask with every gap of fewer than `smaller_than` pixels filled, gaps at the picture's edge included.

    >>> fill_holes(np.array([[True, False, True]]), smaller_than=2)
    array([[ True,  True,  True]])
    """
    return ~remove_islands(~check_mask(mask), smaller_than)


def components(mask: BoolMask, most: int | None = None) -> Iterator[BoolMask]:
    """The connected parts of a mask (diagonals connect), the largest first.

    With `most`, there are no more than that, and the first has all the small ones, too.

    >>> [area(part) for part in components(np.array([[1, 0, 1, 1, 0, 1]], dtype=bool), most=2)]
    [3, 1]
    """
    starts, ends, part = _parts(check_mask(mask))
    names, which = np.unique(part, return_inverse=True)
    sizes = np.bincount(which, weights=ends - starts, minlength=len(names))
    order = np.argsort(-sizes, kind="stable")
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.arange(len(names))
    if most is not None:
        place[place >= most] = 0
    for number in range(int(place.max(initial=-1)) + 1):
        own = place[which] == number
        yield _painted(mask.shape, starts[own], ends[own])


def _painted(shape: tuple[int, ...], starts: IntArray, ends: IntArray) -> BoolMask:
    """The mask that runs are (see `_parts`)."""
    height, width = shape
    steps = np.zeros((height, width + 1), dtype=np.int8)
    rows, columns = np.divmod(starts, width + 1)
    steps[rows, columns] = 1
    rows, columns = np.divmod(ends, width + 1)
    steps[rows, columns] -= 1
    return np.cumsum(steps, axis=1, dtype=np.int8)[:, :width].astype(np.bool_)


def _parts(mask: BoolMask) -> tuple[IntArray, IntArray, IntArray]:
    """Runs of the mask: first place, place after the last one, part; a place is `row * (width + 1) + column`."""
    stride = mask.shape[1] + 1
    flat = np.zeros(mask.shape[0] * stride + 1, dtype=np.bool_)
    flat[:-1].reshape(-1, stride)[:, :-1] = mask
    edges: IntArray = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    if flat[0]:
        edges = np.concatenate(([0], edges))
    starts: IntArray = edges[0::2]
    ends: IntArray = edges[1::2]
    # A run touches those of the row above that end at or after its start and start at or before its end.
    first = cast(IntArray, np.searchsorted(ends, starts - stride, side="left"))
    behind = cast(IntArray, np.searchsorted(starts, ends - stride, side="right"))
    touching = np.maximum(behind - first, 0)
    above = np.repeat(first, touching) + _counters(touching)
    below = np.repeat(np.arange(len(starts)), touching)
    return starts, ends, _joined(len(starts), above, below)


def _counters(lengths: IntArray) -> IntArray:
    """0, 1, ... up to each length, one after the other."""
    return np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def _joined(count: int, a: IntArray, b: IntArray) -> IntArray:
    """The smallest member of each group, given pairs that belong together."""
    root = np.arange(count)
    while True:
        low, high = np.minimum(root[a], root[b]), np.maximum(root[a], root[b])
        if np.array_equal(low, high):
            return root
        np.minimum.at(root, high, low)
        while not np.array_equal(root, root[root]):
            root = root[root]


@dataclass(frozen=True)
class Rle:
    """A mask as lengths of runs down the columns, zeros first: COCO's form, for export.

    >>> Rle.from_mask(np.array([[False, True], [True, True]])).counts
    (1, 3)
    """

    size: Size
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        if any(c < 0 for c in self.counts) or sum(self.counts) != self.size.area:
            raise ValueError(
                f"the runs of a mask {self.size.height} x {self.size.width} are at least 0 and add up to "
                f"{self.size.area}; these add up to {sum(self.counts)}"
            )

    @classmethod
    def from_mask(cls, mask: BoolMask) -> "Rle":
        """The run lengths of a mask."""
        size = Size(height=mask.shape[0], width=mask.shape[1])
        columns = np.flatnonzero(check_mask(mask).any(axis=0))
        if not len(columns):
            return cls(size, (size.area,))
        first, end = int(columns[0]), int(columns[-1]) + 1
        flat = np.zeros((end - first) * size.height + 2, np.bool_)
        flat[1:-1] = mask[:, first:end].ravel(order="F")
        edges = np.flatnonzero(flat[1:] != flat[:-1]) + first * size.height
        bounds = np.concatenate(([0], edges, [size.area] if edges[-1] < size.area else []))
        return cls(size, tuple(np.diff(bounds).astype(np.int64).tolist()))

    @classmethod
    def from_coco(cls, coco: Mapping[str, object]) -> "Rle":
        """Read COCO's text form, as str or bytes, or its plain counts; ValueError if it is cut off or does not fit the
        size.

        >>> Rle.from_coco({"size": [2, 2], "counts": "13"}).to_mask().tolist()
        [[False, True], [True, True]]
        """
        height, width = cast("list[int]", coco["size"])
        size, said = Size(height=int(height), width=int(width)), coco["counts"]
        if isinstance(said, list):
            return cls(size, tuple(int(count) for count in cast("list[int]", said)))
        if not isinstance(said, str | bytes):
            raise ValueError(f"the counts of a COCO mask are text, bytes or a list; got {type(said).__name__}")
        text = np.frombuffer(said.encode("ascii") if isinstance(said, str) else said, dtype=np.uint8)
        if ((text < 48) | (text > 111)).any():
            raise ValueError("the text of a COCO mask has the characters 0 to o only")
        counts = varints.unpack(text - np.uint8(48), 5, signed=True)
        # From the fourth on, a count is written as the difference to the one two places before.
        counts[1::2] = np.cumsum(counts[1::2])
        counts[2::2] = np.cumsum(counts[2::2])
        return cls(size, tuple(counts.tolist()))

    @property
    def area(self) -> int:
        """Number of pixels in the mask."""
        return sum(self.counts[1::2])

    def to_mask(self) -> BoolMask:
        """The mask as a bool array (height, width)."""
        values = np.arange(len(self.counts)) % 2 == 1
        flat = np.repeat(values, self.counts)
        return np.ascontiguousarray(flat.reshape((self.size.height, self.size.width), order="F"))

    def to_coco(self) -> CocoRle:
        """COCO's text form, as pycocotools writes and reads it.

        >>> Rle.from_mask(np.array([[False, True], [True, True]])).to_coco()
        {'size': [2, 2], 'counts': '13'}
        """
        counts = np.array(self.counts, dtype=np.int64)
        counts[3:] -= np.array(self.counts[1:-2], dtype=np.int64) if len(self.counts) > 3 else 0
        text = (varints.pack(counts, 5, signed=True) + np.uint8(48)).tobytes().decode("ascii")
        return {"size": [self.size.height, self.size.width], "counts": text}
