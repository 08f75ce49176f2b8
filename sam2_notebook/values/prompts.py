"""What a user says about one object: clicks, a box, scribbles. Frozen; an edit returns a new value."""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sam2_notebook.errors import PromptError
from sam2_notebook.values.geometry import Box, Size, check_inside
from sam2_notebook.values.strokes import Stroke

MAX_POINTS = 1000
MAX_STROKES = 100
NEGATIVE, POSITIVE = 0, 1


@dataclass(frozen=True)
class Point:
    """A click in image pixels; `label` is 1 on the object and 0 on what is not the object."""

    x: float
    y: float
    label: int = POSITIVE

    def __post_init__(self) -> None:
        if not (math.isfinite(self.x) and math.isfinite(self.y)):
            raise PromptError(f"a point needs finite coordinates; got ({self.x}, {self.y})")
        if self.label not in (NEGATIVE, POSITIVE):
            raise PromptError(f"a point's label is 1 (object) or 0 (not the object); got {self.label!r}")


@dataclass(frozen=True)
class Prompts:
    """The clicks, the box and the scribbles of one object.

    >>> Prompts().with_point(Point(3, 4)).with_point(Point(9, 9, 0)).points_px.shape
    (2, 2)
    """

    points: tuple[Point, ...] = ()
    box: Box | None = None
    strokes: tuple[Stroke, ...] = ()

    def __post_init__(self) -> None:
        if len(self.points) > MAX_POINTS:
            raise PromptError(f"one object takes at most {MAX_POINTS} points; got {len(self.points)}")
        if len(self.strokes) > MAX_STROKES:
            raise PromptError(f"one object takes at most {MAX_STROKES} scribbles; got {len(self.strokes)}")

    def __bool__(self) -> bool:
        return bool(self.points or self.strokes) or self.box is not None

    @property
    def points_px(self) -> npt.NDArray[np.float32]:
        """Clicks, then the samples of scribbles, as (n, 2) xy in image pixels: all that a model can be told so."""
        clicks = np.array([(p.x, p.y) for p in self.points], dtype=np.float32).reshape(-1, 2)
        return np.concatenate([clicks, *(s.samples_px for s in self.strokes)]).astype(np.float32)

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """Labels of `points_px`, (n,)."""
        labels = [p.label for p in self.points]
        for stroke in self.strokes:
            labels += [stroke.label] * len(stroke.samples_px)
        return np.array(labels, dtype=np.int64)

    @property
    def is_ambiguous(self) -> bool:
        """Whether the prompts are a single click, which asks for three candidates (paper, section 4)."""
        return len(self.points) == 1 and self.box is None and not self.strokes

    def with_point(self, point: Point) -> "Prompts":
        """These prompts and one more click; a click on an earlier one's place (within half a pixel) replaces it."""
        kept = tuple(p for p in self.points if max(abs(p.x - point.x), abs(p.y - point.y)) >= 0.5)
        return replace(self, points=(*kept, point))

    def without_point(self, index: int) -> "Prompts":
        """These prompts without click number `index`."""
        self._check(index)
        return replace(self, points=self.points[:index] + self.points[index + 1 :])

    def with_point_at(self, index: int, x: float, y: float) -> "Prompts":
        """These prompts with click number `index` moved to (x, y)."""
        self._check(index)
        moved = replace(self.points[index], x=x, y=y)
        return replace(self, points=(*self.points[:index], moved, *self.points[index + 1 :]))

    def with_box(self, box: Box | None) -> "Prompts":
        """These prompts with another box, or none; PromptError for one without an area."""
        if box is not None and (box.width == 0 or box.height == 0):
            raise PromptError(f"a box has a width and a height; got {box.as_tuple()}; click to mean a single place")
        return replace(self, box=box)

    def with_stroke(self, stroke: Stroke) -> "Prompts":
        """These prompts and one more scribble."""
        return replace(self, strokes=(*self.strokes, stroke))

    def without_stroke(self, index: int) -> "Prompts":
        """These prompts without scribble number `index`."""
        if not 0 <= index < len(self.strokes):
            raise PromptError(f"there is no scribble number {index}; the object has {len(self.strokes)}")
        return replace(self, strokes=self.strokes[:index] + self.strokes[index + 1 :])

    def check(self, image: Size) -> None:
        """Raise PromptError unless every click, scribble and the box lie on the picture."""
        if self.points:
            check_inside(self.points_px, image)
        if self.box is not None:
            check_inside(np.array(self.box.as_tuple()).reshape(2, 2), image, "box corner")
        for stroke in self.strokes:
            check_inside(stroke.points_px, image, "place of a scribble")

    def _check(self, index: int) -> None:
        if not 0 <= index < len(self.points):
            raise PromptError(f"there is no point number {index}; the object has {len(self.points)}")
