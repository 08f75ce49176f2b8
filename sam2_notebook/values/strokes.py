"""Lines drawn by hand: a path in image pixels, and what it covers. Frozen and pure.

On the wire and in a document a path is text: x and y of its first place, then the way to each next one, in eighths of a
pixel, in the characters that COCO writes run lengths in (`values.varints`, five bits signed). A place takes two to four
characters. `js/src/geometry/strokes.ts` is the twin.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sam2_notebook.errors import PromptError
from sam2_notebook.values import varints
from sam2_notebook.values.geometry import FloatArray
from sam2_notebook.values.masks import BoolMask, IntArray, deepest_place

MAX_PATH = 16_000  # characters
MAX_WIDTH = 10_000.0
PER_PIXEL = 8
SAMPLES = 4
AREA_GRID = 64
PIECE = 4  # a long line is covered in pieces of so many widths, each in a box of its own


@dataclass(frozen=True)
class Stroke:
    """A path with a round brush of `width` image pixels, or, with width 0, the closed outline of an area.

    `label` is 1 on the object and 0 on what is not the object.

    >>> Stroke.along([(1, 2), (4, 2)], width=3).points_px.tolist()
    [[1.0, 2.0], [4.0, 2.0]]
    """

    path: str
    width: float = 0.0
    label: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.width <= MAX_WIDTH:
            raise PromptError(f"a brush is 0 to {MAX_WIDTH:g} pixels wide; got {self.width:g}")
        if self.label not in (0, 1):
            raise PromptError(f"a stroke's label is 1 (object) or 0 (not the object); got {self.label!r}")
        if len(self.path) > MAX_PATH:
            raise PromptError(f"a path has at most {MAX_PATH} characters; got {len(self.path)}; draw it in two strokes")
        if not len(self.points_px):
            raise PromptError("a stroke has at least one place")

    @classmethod
    def along(cls, points_px: FloatArray | Sequence[Sequence[float]], width: float = 0.0, label: int = 1) -> "Stroke":
        """The stroke through points (n, 2) as xy; PromptError if they are none."""
        return cls(path_text(points_px), float(width), label)

    @cached_property
    def points_px(self) -> npt.NDArray[np.float64]:
        """The places of the path, (n, 2) as xy in image pixels."""
        text = np.frombuffer(self.path.encode(), dtype=np.uint8)
        if ((text < 48) | (text > 111)).any():
            raise PromptError("the text of a path has the characters 0 to o only")
        try:
            steps = varints.unpack(text - np.uint8(48), 5, signed=True)
        except ValueError as error:
            raise PromptError(f"this is not a path: {error}") from None
        if len(steps) % 2:
            raise PromptError("a path has an x and a y for every place; the last y is missing")
        return np.cumsum(steps.reshape(-1, 2), axis=0) / PER_PIXEL

    @property
    def samples_px(self) -> npt.NDArray[np.float64]:
        """What a model that takes clicks is told, (n, 2): a few places along the path, or the middle of the area."""
        points = self.points_px
        if self.width == 0:
            return self._middle()
        ways = np.hypot(*np.diff(points, axis=0).T) if len(points) > 1 else np.zeros(0)
        along = np.concatenate(([0.0], np.cumsum(ways)))
        if along[-1] == 0:
            return points[:1]
        at = np.linspace(0.0, float(along[-1]), SAMPLES, dtype=np.float64)
        x, y = np.interp(at, along, points[:, 0]), np.interp(at, along, points[:, 1])
        return np.stack((x, y), axis=1)

    def no_thinner_than(self, width: float) -> "Stroke":
        """The stroke with a brush at least so wide, in pixels; an area stays one."""
        return Stroke.along(self.points_px, max(self.width, width), self.label) if self.width else self

    def _middle(self) -> npt.NDArray[np.float64]:
        points = self.points_px
        low, high = points.min(axis=0), points.max(axis=0)
        step = np.maximum(high - low, 1e-6) / AREA_GRID
        shape = Stroke.along((points - low) / step - 0.5, 0.0)
        place = deepest_place(painted(np.zeros((AREA_GRID, AREA_GRID), np.bool_), shape))
        return points[:1] if place is None else (np.array([place]) + 0.5) * step + low


def path_text(points_px: FloatArray | Sequence[Sequence[float]]) -> str:
    """The path through points (n, 2) as text; PromptError if they are no points.

    >>> path_text([(1, 2), (4, 2)])
    '8`0h00'
    """
    try:
        points = np.asarray(points_px, dtype=np.float64)
    except (TypeError, ValueError):
        raise PromptError(f"a path is points (n, 2) as xy in image pixels; got {points_px!r:.60}") from None
    if points.ndim != 2 or points.shape[1] != 2 or not len(points) or not np.isfinite(points).all():
        raise PromptError(f"a path is finite points (n, 2) as xy in image pixels; got an array {points.shape}")
    if np.abs(points).max() > 2**24:
        raise PromptError("a path is given in image pixels; these are too far out")
    places = np.floor(points * PER_PIXEL + 0.5).astype(np.int64)
    steps = np.diff(places, axis=0, prepend=np.zeros((1, 2), np.int64))
    return (varints.pack(steps.ravel(), 5, signed=True) + np.uint8(48)).tobytes().decode("ascii")


def painted(mask: BoolMask, stroke: Stroke) -> BoolMask:
    """The mask with what the stroke covers added (label 1) or taken away (label 0).

    >>> painted(np.zeros((1, 5), bool), Stroke.along([(1, 0), (2, 0)], width=2)).astype(int)
    array([[1, 1, 1, 1, 0]])
    """
    made = mask.copy()
    if stroke.width == 0:
        _fill(made, stroke)
        return made
    points = stroke.points_px
    ends = np.concatenate((points[1:], points[-1:])) if len(points) > 1 else points
    for start, end in zip(points, ends, strict=True):
        pieces = max(1, int(np.hypot(*(end - start)) // (PIECE * max(stroke.width, 1))))
        marks: FloatArray = start + (end - start) * (np.arange(pieces + 1) / pieces)[:, None]
        for a, b in itertools.pairwise(marks):
            _cover(made, a, b, stroke)
    return made


def _cover(mask: BoolMask, a: FloatArray, b: FloatArray, stroke: Stroke) -> None:
    """Paint the pixels whose centre is within half a width of the line from a to b."""
    reach = stroke.width / 2
    height, width = mask.shape
    left, top = np.maximum(np.ceil(np.minimum(a, b) - reach), 0).astype(int)
    right, bottom = np.minimum(np.floor(np.maximum(a, b) + reach), (width - 1, height - 1)).astype(int)
    if right < left or bottom < top:
        return
    x = np.arange(left, right + 1, dtype=np.float64) - float(a[0])
    y = (np.arange(top, bottom + 1, dtype=np.float64) - float(a[1]))[:, None]
    dx, dy = float(b[0] - a[0]), float(b[1] - a[1])
    part = np.clip((x * dx + y * dy) / max(dx * dx + dy * dy, 1e-12), 0.0, 1.0)
    near = (x - part * dx) ** 2 + (y - part * dy) ** 2 <= reach * reach
    mask[top : bottom + 1, left : right + 1][near] = stroke.label == 1


def _fill(mask: BoolMask, stroke: Stroke) -> None:
    """Paint the pixels whose centre is inside the closed outline, by the even-odd rule."""
    points = stroke.points_px
    left, top = np.clip(np.floor(points.min(axis=0)), 0, None).astype(int)
    right, bottom = np.minimum(np.ceil(points.max(axis=0)) + 1, mask.shape[::-1]).astype(int)
    width, height = int(right - left), int(bottom - top)
    if width <= 0 or height <= 0:
        return
    starts = points - (left, top)
    ends = np.roll(starts, -1, axis=0)
    goes_down = (starts[:, 1] < ends[:, 1])[:, None]
    upper, lower = np.where(goes_down, starts, ends), np.where(goes_down, ends, starts)
    # An edge crosses the rows from its upper end on up to, but not at, its lower end.
    first = np.clip(np.ceil(upper[:, 1]), 0, height).astype(np.int64)
    last = np.clip(np.ceil(lower[:, 1]), 0, height).astype(np.int64)
    counts: IntArray = np.maximum(last - first, 0)
    edge = np.repeat(np.arange(len(points)), counts)
    row = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
    slope = (lower[edge, 0] - upper[edge, 0]) / (lower[edge, 1] - upper[edge, 1])
    column = np.ceil(upper[edge, 0] + (row - upper[edge, 1]) * slope)
    crossings = np.zeros((height, width + 1), dtype=np.int16)
    np.add.at(crossings, (row, np.clip(column, 0, width).astype(np.int64)), 1)
    inside = np.cumsum(crossings, axis=1, dtype=np.int16)[:, :width] % 2 == 1
    mask[top:bottom, left:right][inside] = stroke.label == 1
