"""Masks drawn by hand. Frozen; a stroke makes a new one."""

from dataclasses import dataclass, replace

import numpy as np

from sam2_notebook.errors import EditError
from sam2_notebook.values.geometry import Size, check_inside
from sam2_notebook.values.masks import BoolMask, Rle
from sam2_notebook.values.strokes import Stroke, painted

MAX_MASK_CHARACTERS = 200_000


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A mask made by hand: `strokes` painted, one after the other, over a mask in COCO's text form (None is empty)."""

    counts: str | None = None
    strokes: tuple[Stroke, ...] = ()

    @classmethod
    def of(cls, counts: str, size: Size) -> "Drawing":
        """A mask that came from elsewhere; EditError unless it is one of this size with a pixel in it."""
        if not read_counts(counts, size).area:
            raise EditError("a mask has at least one pixel; to take a mask back, set none")
        return cls(counts=counts)

    def with_stroke(self, stroke: Stroke, size: Size) -> "Drawing":
        """The drawing with one more stroke; PromptError unless that lies on the picture."""
        check_inside(stroke.points_px, size, "place of a stroke")
        return replace(self, strokes=(*self.strokes, stroke))

    def mask(self, size: Size) -> BoolMask:
        """The mask, (height, width)."""
        if self.counts is None:
            made = np.zeros((size.height, size.width), dtype=np.bool_)
        else:
            made = Rle.from_coco({"size": [size.height, size.width], "counts": self.counts}).to_mask()
        for stroke in self.strokes:
            made = painted(made, stroke)
        return made


def read_counts(counts: str, size: Size) -> Rle:
    """A mask in COCO's text form that came from elsewhere; EditError unless it is one of this size."""
    if len(counts) > MAX_MASK_CHARACTERS:
        raise EditError(f"a mask's run lengths have at most {MAX_MASK_CHARACTERS} characters; smooth its outline")
    try:
        return Rle.from_coco({"size": [size.height, size.width], "counts": counts})
    except (ValueError, UnicodeEncodeError) as error:
        raise EditError(f"these are not the run lengths of a mask of this picture: {error}") from None
