"""How much of what is in a picture "segment everything" finds: every labelled object beside its best mask."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from sam2_notebook.predict import AutomaticMasker
from sam2_notebook.training.sources import Photo
from sam2_notebook.values.masks import BoolMask

THRESHOLDS = np.linspace(0.5, 0.95, 10)  # COCO's, of which average recall is the mean
LEAST_REGION = 0.002  # of the picture
FILL = 4 | cv2.FLOODFILL_MASK_ONLY | (1 << 8)


class Masker(Protocol):
    """Something that gives masks of all that is in a picture."""

    @property
    def name(self) -> str:
        """What tables call it."""
        ...

    def masks(self, pixels: npt.NDArray[np.uint8]) -> Sequence[BoolMask]:
        """Masks (height, width) of an RGB picture (height, width, 3), best first."""
        ...


class ModelMasker:
    """A SAM 2 model, asked at a grid of clicks."""

    def __init__(self, masker: AutomaticMasker, name: str = "model") -> None:
        self._masker = masker
        self.name = f"{name}, {masker.settings.points_per_side} x {masker.settings.points_per_side} clicks"

    def masks(self, pixels: npt.NDArray[np.uint8]) -> Sequence[BoolMask]:
        """What passes the masker's filters."""
        return [found.mask for found in self._masker.generate(pixels)]


class MeanShift:
    """OpenCV's mean shift: connected regions of one colour, no learning."""

    name = "mean shift"

    def masks(self, pixels: npt.NDArray[np.uint8]) -> Sequence[BoolMask]:
        """Regions of at least a five-hundredth of the picture, largest first."""
        flat = cv2.pyrMeanShiftFiltering(cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB), 12, 18)
        height, width = pixels.shape[:2]
        taken = np.zeros((height + 2, width + 2), np.uint8)
        least = LEAST_REGION * height * width
        regions = []
        for y in range(0, height, 4):
            for x in range(0, width, 4):
                if not taken[y + 1, x + 1]:
                    before = taken.copy()
                    count = cv2.floodFill(flat, taken, (x, y), (0,), (4,) * 3, (4,) * 3, FILL)[0]
                    if count >= least:
                        regions.append((taken & ~before)[1:-1, 1:-1].astype(bool))
        return sorted(regions, key=lambda region: -int(region.sum()))


@dataclass(frozen=True, kw_only=True)
class CoverSummary:
    """Means over objects: IoU with their best mask, average recall (COCO's thresholds, any number of masks), recall at
    IoU 0.5, for the large ones (at least a tenth of the photo) alone, too; per photo: masks, seconds."""

    photos: int
    objects: int
    iou: float
    average_recall: float
    recall50: float
    large_iou: float | None
    masks: float
    seconds: float


def cover(masker: Masker, photos: Iterable[Photo], smallest: float) -> CoverSummary:
    """Segment everything in every photo; compare with its objects of at least a share `smallest` of it.

    ValueError if there is no such object. Masks of things that nobody labelled count neither way.
    """
    best: list[float] = []
    shares: list[float] = []
    masks: list[int] = []
    seconds: list[float] = []
    for photo in photos:
        area = photo.pixels.shape[0] * photo.pixels.shape[1]
        chosen = np.flatnonzero(photo.areas >= smallest * area)
        if not chosen.size:
            continue
        began = time.perf_counter()
        found = masker.masks(photo.pixels)
        seconds.append(time.perf_counter() - began)
        masks.append(len(found))
        best += best_ious(found, [photo.mask(int(i)) for i in chosen])
        shares += [float(photo.areas[i]) / area for i in chosen]
    if not best:
        raise ValueError(f"no photo has an object that covers at least {smallest:.1%} of it")
    ious = np.array(best)
    large = ious[np.array(shares) >= 0.1]
    return CoverSummary(
        photos=len(masks),
        objects=len(ious),
        iou=float(ious.mean()),
        average_recall=float((ious[:, None] >= THRESHOLDS).mean()),
        recall50=float((ious >= 0.5).mean()),
        large_iou=float(large.mean()) if large.size else None,
        masks=float(np.mean(masks)),
        seconds=float(np.median(seconds)),
    )


def best_ious(found: Sequence[BoolMask], wanted: Sequence[BoolMask]) -> list[float]:
    """For each wanted mask the IoU of the mask that fits it best; 0 where there are none.

    >>> one, other = np.array([[True, True, False]]), np.array([[False, True, True]])
    >>> best_ious([one], [one, other]) == [1.0, 1 / 3]
    True
    """
    if not found:
        return [0.0] * len(wanted)
    flat = np.stack([mask.ravel() for mask in found]).astype(np.float32)
    areas = flat.sum(axis=1)
    values = []
    for mask in wanted:
        both = flat @ mask.ravel().astype(np.float32)
        values.append(float((both / np.maximum(areas + mask.sum() - both, 1)).max()))
    return values
