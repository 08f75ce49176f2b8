"""What a user says about one object: clicks and a box. Frozen; an edit returns a new value."""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sam2_notebook.errors import PromptError
from sam2_notebook.values.geometry import Box, Size, check_inside

MAX_POINTS = 1000
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
    """The clicks and the box of one object.

    >>> Prompts().with_point(Point(3, 4)).with_point(Point(9, 9, 0)).points_px.shape
    (2, 2)
    """

    points: tuple[Point, ...] = ()
    box: Box | None = None

    def __post_init__(self) -> None:
        if len(self.points) > MAX_POINTS:
            raise PromptError(f"one object takes at most {MAX_POINTS} points; got {len(self.points)}")

    def __bool__(self) -> bool:
        return bool(self.points) or self.box is not None

    @property
    def points_px(self) -> npt.NDArray[np.float32]:
        """Clicks as (n, 2) xy in image pixels."""
        return np.array([(p.x, p.y) for p in self.points], dtype=np.float32).reshape(-1, 2)

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """Labels of the clicks, (n,)."""
        return np.array([p.label for p in self.points], dtype=np.int64)

    @property
    def is_ambiguous(self) -> bool:
        """Whether the prompts are a single click, which asks for three candidates (paper, section 4)."""
        return len(self.points) == 1 and self.box is None

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
        """These prompts with another box, or none."""
        return replace(self, box=box)

    def check(self, image: Size) -> None:
        """Raise PromptError unless every click and the box lie on the picture."""
        if self.points:
            check_inside(self.points_px, image)
        if self.box is not None:
            check_inside(np.array(self.box.as_tuple()).reshape(2, 2), image, "box corner")

    def _check(self, index: int) -> None:
        if not 0 <= index < len(self.points):
            raise PromptError(f"there is no point number {index}; the object has {len(self.points)}")
