"""The masks of a whole picture, kept as run lengths."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, overload

import numpy as np
import numpy.typing as npt

from sam2_notebook.errors import PromptError
from sam2_notebook.values.geometry import Box, Size
from sam2_notebook.values.masks import BoolMask, CocoRle, Rle

OutputMode = Literal["binary_mask", "uncompressed_rle", "coco_rle"]
OUTPUT_MODES = ("binary_mask", "uncompressed_rle", "coco_rle")


@dataclass(frozen=True, kw_only=True)
class AutomaticMask:
    """One mask that nobody asked for: where it is and how sure the model is of it.

    `box` spans its first to last column and row; `score` is the predicted IoU, 0..1; `stability` is 0..1; `point` is
    the click it came from and `crop` the window (x0, y0, x1, y1, far edges excluded), all in image pixels.
    """

    rle: Rle
    box: Box
    score: float
    stability: float
    point: tuple[float, float]
    crop: tuple[int, int, int, int]

    @cached_property
    def area(self) -> int:
        """Number of pixels."""
        return self.rle.area

    @property
    def mask(self) -> BoolMask:
        """The mask as a new bool array (height, width)."""
        return self.rle.to_mask()

    def to_dict(self, output_mode: OutputMode = "binary_mask") -> dict[str, object]:
        """The mask in the words of the original's mask generator; its boxes are x, y, width, height."""
        x0, y0, x1, y1 = self.crop
        return {
            "segmentation": _segmentation(self.rle, output_mode),
            "area": self.area,
            "bbox": [self.box.x0, self.box.y0, self.box.width, self.box.height],
            "predicted_iou": self.score,
            "point_coords": [list(self.point)],
            "stability_score": self.stability,
            "crop_box": [x0, y0, x1 - x0, y1 - y0],
        }


@dataclass(frozen=True, eq=False)
class AutomaticMasks(Sequence[AutomaticMask]):
    """The masks of one picture, best score first.

    >>> AutomaticMasks((), Size(height=2, width=3)).masks.shape
    (0, 2, 3)
    """

    items: tuple[AutomaticMask, ...]
    size: Size

    @property
    def masks(self) -> npt.NDArray[np.bool_]:
        """All masks, bool (n, height, width)."""
        stack = np.zeros((len(self), self.size.height, self.size.width), np.bool_)
        for row, item in zip(stack, self.items, strict=True):
            row[:] = item.mask
        return stack

    @property
    def scores(self) -> npt.NDArray[np.float32]:
        """Predicted IoUs, (n,)."""
        return np.array([item.score for item in self.items], np.float32)

    @property
    def boxes(self) -> npt.NDArray[np.float32]:
        """Boxes x0, y0, x1, y1 in image pixels, (n, 4)."""
        return np.array([item.box.as_tuple() for item in self.items], np.float32).reshape(-1, 4)

    def label_map(self) -> npt.NDArray[np.int32]:
        """A picture of numbers, int32 (height, width): 0 where there is no mask, else 1 + the row of the smallest."""
        labels = np.zeros((self.size.height, self.size.width), np.int32)
        for row in sorted(range(len(self)), key=lambda r: -self.items[r].area):
            labels[self.items[row].mask] = row + 1
        return labels

    def to_dicts(self, output_mode: OutputMode = "binary_mask") -> list[dict[str, object]]:
        """A list as the original's mask generator gives it; `segmentation` is an array, or run lengths."""
        if output_mode not in OUTPUT_MODES:
            raise PromptError(f"an output mode is one of {', '.join(OUTPUT_MODES)}; got {output_mode!r}")
        return [item.to_dict(output_mode) for item in self.items]

    @overload
    def __getitem__(self, index: int) -> AutomaticMask: ...
    @overload
    def __getitem__(self, index: slice) -> "AutomaticMasks": ...
    def __getitem__(self, index: int | slice) -> "AutomaticMask | AutomaticMasks":
        if isinstance(index, slice):
            return AutomaticMasks(self.items[index], self.size)
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[AutomaticMask]:
        return iter(self.items)

    def __repr__(self) -> str:
        return f"AutomaticMasks({len(self)} masks of {self.size.width} x {self.size.height})"


def _segmentation(rle: Rle, output_mode: OutputMode) -> BoolMask | CocoRle | dict[str, list[int]]:
    match output_mode:
        case "binary_mask":
            return rle.to_mask()
        case "coco_rle":
            return rle.to_coco()
        case "uncompressed_rle":
            return {"size": [rle.size.height, rle.size.width], "counts": list(rle.counts)}
