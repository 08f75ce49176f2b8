"""The steps between a grid of clicks and a handful of masks: crops, stability, boxes, overlap. Each is pure."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from sam2_notebook.values.geometry import Size

Boxes = npt.NDArray[np.float64]
EDGE_PX = 20.0


@dataclass(frozen=True)
class Crop:
    """A window of the picture in image pixels, the far edges excluded; layer 0 is the picture itself."""

    x0: int
    y0: int
    x1: int
    y1: int
    layer: int

    @property
    def size(self) -> Size:
        """Height and width of the window."""
        return Size(height=self.y1 - self.y0, width=self.x1 - self.x0)


def crops_of(size: Size, layers: int, overlap: float) -> list[Crop]:
    """The picture, then 2 x 2 windows, then 4 x 4 and so on, overlapping by a share of the picture's short side.

    >>> [(c.x0, c.y0, c.x1, c.y1) for c in crops_of(Size(height=60, width=90), 1, 0.0)]
    [(0, 0, 90, 60), (0, 0, 45, 30), (0, 30, 45, 60), (45, 0, 90, 30), (45, 30, 90, 60)]
    """
    crops = [Crop(0, 0, size.width, size.height, 0)]
    for layer in range(1, layers + 1):
        count = 2**layer
        shared = int(overlap * min(size.height, size.width) * 2 / count)
        width = math.ceil((shared * (count - 1) + size.width) / count)
        height = math.ceil((shared * (count - 1) + size.height) / count)
        for left in range(count):
            x0 = min((width - shared) * left, size.width - 1)
            for top in range(count):
                y0 = min((height - shared) * top, size.height - 1)
                crops.append(Crop(x0, y0, min(x0 + width, size.width), min(y0 + height, size.height), layer))
    return crops


def stability_of(logits: torch.Tensor, threshold: float, offset: float) -> torch.Tensor:
    """Pixels above the raised threshold over those above the lowered one, of logits (..., h, w); 0 for an empty mask.

    >>> stability_of(torch.tensor([[[0.5, 5.0, -5.0]]]), 0.0, 1.0)
    tensor([0.5000])
    """
    sure = (logits > threshold + offset).flatten(-2).sum(-1)
    maybe = (logits > threshold - offset).flatten(-2).sum(-1)
    return sure / maybe.clamp(min=1)


def boxes_of(masks: torch.Tensor) -> torch.Tensor:
    """Boxes (n, 4) of masks (n, h, w) in mask pixels, the far edges excluded; zeros for an empty mask.

    >>> boxes_of(torch.tensor([[[False, True], [False, True]]])).tolist()
    [[1, 0, 2, 2]]
    """
    rows, columns = masks.any(2).int(), masks.any(1).int()
    height, width = masks.shape[1:]
    y0, x0 = rows.argmax(1), columns.argmax(1)
    y1, x1 = height - rows.flip(1).argmax(1), width - columns.flip(1).argmax(1)
    return torch.stack((x0, y0, x1, y1), dim=1) * rows.any(1)[:, None]


def suppress(boxes: Boxes, rank: npt.NDArray[np.floating], iou: float) -> npt.NDArray[np.int64]:
    """Rows to keep, highest rank first: a box that overlaps a kept one by more than `iou` goes.

    >>> suppress(np.array([[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10.0]]), np.array([0.5, 0.9, 0.1]), 0.7)
    array([1, 2])
    """
    boxes = boxes.astype(np.float64)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    left = np.argsort(-rank, kind="stable")
    kept: list[int] = []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(int(best))
        low, high = np.maximum(boxes[best, :2], boxes[left, :2]), np.minimum(boxes[best, 2:], boxes[left, 2:])
        shared = np.prod(np.clip(high - low, 0, None), axis=1)
        union = areas[best] + areas[left] - shared
        left = left[shared <= iou * union]
    return np.array(kept, dtype=np.int64)


def cut_by_crop(boxes_px: Boxes, crop: Crop, picture: Size, near_px: float = EDGE_PX) -> npt.NDArray[np.bool_]:
    """Whether boxes (n, 4), in image pixels, end near an edge of the crop that is no edge of the picture."""
    edges = np.array([crop.x0, crop.y0, crop.x1, crop.y1], dtype=np.float64)
    outer = np.array([0, 0, picture.width, picture.height], dtype=np.float64)
    near = np.abs(boxes_px - edges) <= near_px
    at_picture = np.abs(boxes_px - outer) <= near_px
    cut: npt.NDArray[np.bool_] = np.any(near & ~at_picture, axis=1)
    return cut
