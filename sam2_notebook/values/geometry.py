"""Frames of coordinates, and the only place that converts between them.

*Image pixels*: x to the right, y down, in the pixels of the picture the user sees. The centre of the top left pixel
is (0, 0) and that of the bottom right one (width - 1, height - 1): what `array[y, x]` means. Boxes are `xyxy`.
*Model pixels*: the same convention on the square the network sees. A picture is stretched to that square, so the two
axes scale independently; the half-pixel shift to continuous coordinates happens in the prompt encoder and nowhere else.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sam2_notebook.errors import PromptError

FloatArray = npt.NDArray[np.floating]


@dataclass(frozen=True, kw_only=True)
class Size:
    """Height and width of a picture in pixels."""

    height: int
    width: int

    def __post_init__(self) -> None:
        if self.height < 1 or self.width < 1:
            raise ValueError(f"a size needs a height and a width of at least 1, got {self.height} x {self.width}")

    @property
    def area(self) -> int:
        """Number of pixels.

        >>> Size(height=2, width=3).area
        6
        """
        return self.height * self.width


@dataclass(frozen=True)
class Box:
    """An axis-parallel box in image pixels, `x0 <= x1` and `y0 <= y1`.

    >>> Box(10, 20, 30, 60).height
    40
    """

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.x0, self.y0, self.x1, self.y1))):
            raise PromptError(f"a box needs four finite numbers x0, y0, x1, y1; got {self.as_tuple()}")
        if self.x1 < self.x0 or self.y1 < self.y0:
            raise PromptError(
                f"a box is given as left, top, right, bottom (xyxy); got {self.as_tuple()}, "
                "whose right or bottom edge lies before its left or top edge"
            )

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.y1 - self.y0

    def as_tuple(self) -> tuple[float, float, float, float]:
        """The box as `(x0, y0, x1, y1)`."""
        return (self.x0, self.y0, self.x1, self.y1)


def to_model_px(points_px: FloatArray, image: Size, model: Size) -> npt.NDArray[np.float32]:
    """Convert points (..., 2) as xy from image pixels to model pixels.

    >>> to_model_px(np.array([[100.0, 50.0]]), Size(height=100, width=200), Size(height=512, width=512))
    array([[256., 256.]], dtype=float32)
    """
    scale = np.array([model.width / image.width, model.height / image.height])
    return (np.asarray(points_px, dtype=np.float64) * scale).astype(np.float32)


def check_inside(points_px: FloatArray, image: Size, what: str = "point") -> None:
    """Raise PromptError unless all points (..., 2) are finite and lie on the picture (its far edges included)."""
    points = np.asarray(points_px, dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(points).all():
        raise PromptError(f"a {what} has coordinates that are not finite: {points.tolist()}; give pixel numbers")
    outside = (points < 0) | (points > [image.width, image.height])
    if outside.any():
        x, y = points[outside.any(axis=1)][0]
        raise PromptError(
            f"the {what} ({x:g}, {y:g}) lies outside the picture, which is {image.width} wide and {image.height} high; "
            "coordinates are x, y in image pixels"
        )
