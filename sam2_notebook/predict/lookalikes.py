"""Knows shown objects again by their looks: segments all of a picture, and takes the part that looks most alike.

Needs no training. For networks whose memory is weak: theirs was trained on neighbouring frames, where an object is
where it was, and finds little in pictures that have nothing to do with each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from sam2_notebook.model import ImageFeatures, PromptTensors
from sam2_notebook.predict.automatic_filters import boxes_of, suppress
from sam2_notebook.predict.precision import Network
from sam2_notebook.predict.tensors import LOGIT_LIMIT, image_tensor

Floats = npt.NDArray[np.float32]

GRID, CLICKS_AT_ONCE = 10, 4
LEAST_IOU, SMALLEST, LARGEST, DOUBLE_IOU = 0.3, 0.004, 0.6, 0.8  # of parts: predicted IoU, shares of the picture
# Red against green, yellow against blue, and brightness beside the picture's own: few and smooth, light changes.
COLOR_BINS, COLOR_LOW, COLOR_HIGH = (12, 12, 6), (-0.5, -0.9, -1.5), (0.5, 0.9, 1.5)
BINS = COLOR_BINS[0] * COLOR_BINS[1] * COLOR_BINS[2]
DARK = 8.0  # added to 0..255, for black has no colour
FEATURES_COUNT, IOU_COUNTS = 0.4, 0.3  # beside colours, which count 1
# Measured on generated sets: the likeness at which half of the objects are there, and the logit's slope.
BAR, SLOPE = 1.18, 18.0
BYTE = 127 / LOGIT_LIMIT


@dataclass(frozen=True, eq=False, kw_only=True)
class Looks:
    """How n regions look: `colors` (n, bins) of length 1, mean `features` (n, dim)."""

    colors: Floats
    features: Floats


@dataclass(frozen=True, eq=False, kw_only=True)
class Appearance:
    """How a picture looks at every place of the low-resolution masks: the bin of its colour (places,), its fine
    features (places, dim), and their mean and deviation over the picture."""

    bins: npt.NDArray[np.int64]
    features: Floats
    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, pixels: npt.NDArray[np.uint8], raw: ImageFeatures) -> "Appearance":
        """That of a picture, with its raw features."""
        side = raw.fine.shape[-1]
        features = raw.fine[0].flatten(1).T.float().cpu().numpy()
        return cls(
            bins=color_bins(image_tensor(pixels, side)[0].numpy() * 255),
            features=features,
            mean=features.mean(axis=0),
            deviation=features.std(axis=0) + 1e-6,
        )

    def looks(self, masks: npt.NDArray[np.bool_]) -> Looks:
        """Those of regions (n, side, side), none of them empty."""
        flat = masks.reshape(len(masks), len(self.bins))
        counts = [np.bincount(self.bins[mask], minlength=BINS) for mask in flat]
        colors = _smooth(np.array(counts, np.float32).reshape(len(masks), *COLOR_BINS)).reshape(len(masks), BINS)
        weights = flat.astype(np.float32)
        return Looks(
            colors=np.sqrt(colors / colors.sum(axis=1, keepdims=True)),
            features=weights @ self.features / weights.sum(axis=1, keepdims=True),
        )

    def shown(self, mask: npt.NDArray[np.bool_]) -> "ShownLook | None":
        """The look of an object (side, side) to know it again by; None for an empty mask."""
        if not mask.any():
            return None
        looks = self.looks(mask[None])
        return ShownLook(looks=looks, mean=self.mean, deviation=self.deviation)


@dataclass(frozen=True, eq=False, kw_only=True)
class ShownLook:
    """The look of one object, beside the mean and deviation of the features in its picture."""

    looks: Looks
    mean: Floats
    deviation: Floats

    def likeness(self, others: Looks) -> Floats:
        """How much regions (n,) look like it: at most 1 for colours, and `FEATURES_COUNT` for features."""
        mine = (self.looks.features - self.mean) / self.deviation
        theirs = (others.features - self.mean) / self.deviation
        cosine = theirs @ mine[0] / (np.linalg.norm(theirs, axis=1) * np.linalg.norm(mine) + 1e-6)
        return others.colors @ self.looks.colors[0] + FEATURES_COUNT * cosine


@dataclass(frozen=True, eq=False, kw_only=True)
class Parts:
    """All that a grid of clicks finds in a picture. `levels` are logits (n, side, side) in bytes, `ious` predicted."""

    levels: npt.NDArray[np.int8]
    ious: Floats
    looks: Looks

    def logits(self, row: int) -> Floats:
        """The logits of one part (side, side), above 0 on it."""
        return self.levels[row].astype(np.float32) / BYTE

    def likest(self, shown: Sequence[ShownLook]) -> "tuple[int, float] | None":
        """The part that looks most like an object in any of the pictures it was shown in, and a logit of whether it
        is that object at all; None in a picture without parts."""
        if not len(self.ious) or not shown:
            return None
        likeness = np.stack([look.likeness(self.looks) for look in shown]).max(axis=0) + IOU_COUNTS * self.ious
        row = int(likeness.argmax())
        return row, float(SLOPE * (likeness[row] - BAR))


@torch.inference_mode()
def parts_of(network: Network, raw: ImageFeatures, appearance: Appearance) -> Parts:
    """Click all over a picture, and keep what the network believes in, each thing once."""
    side = network.config.image_size
    centres = (torch.arange(GRID) + 0.5) * side / GRID
    clicks = torch.cartesian_prod(centres, centres)[:, None].to(raw.coarse.device)
    still = network.recall(raw, None)
    logits, ious = [], []
    for chunk in clicks.split(CLICKS_AT_ONCE):
        labels = torch.ones(chunk.shape[:2], dtype=torch.long, device=chunk.device)
        answer = network.segment(still, PromptTensors(points=chunk, labels=labels), multimask=True)
        logits.append(answer.logits.flatten(0, 1).float())
        ious.append(answer.iou.flatten().float())
    planes, rated = torch.cat(logits), torch.cat(ious)
    share = (planes > 0).flatten(1).float().mean(dim=1)
    rows = ((rated > LEAST_IOU) & (share > SMALLEST) & (share < LARGEST)).nonzero()[:, 0]
    boxes = boxes_of(planes[rows] > 0).cpu().numpy().astype(np.float64)
    rows = rows[torch.from_numpy(suppress(boxes, rated[rows].cpu().numpy(), DOUBLE_IOU)).to(rows.device)]
    kept = planes[rows].cpu().numpy()
    levels = np.clip(np.where(kept > 0, np.ceil(kept * BYTE), np.floor(kept * BYTE)), -127, 127).astype(np.int8)
    return Parts(levels=levels, ious=rated[rows].cpu().numpy(), looks=appearance.looks(kept > 0))


def color_bins(pixels: Floats) -> npt.NDArray[np.int64]:
    """For every place of RGB 0..255 (3, side, side) the number of its colour's bin (side * side,).

    >>> grey, dim = color_bins(np.full((3, 1, 1), 200.0)), color_bins(np.full((3, 1, 1), 100.0))
    >>> bool(grey == dim)  # brightness is relative to the picture's own
    True
    """
    red, green, blue = pixels.reshape(3, -1) + DARK
    total = red + green + blue
    bright = np.log(total)
    seen = ((red - green) / total, (red + green - 2 * blue) / total, bright - np.median(bright))
    places = [
        np.clip(((value - low) / (high - low) * bins).astype(np.int64), 0, bins - 1)
        for value, low, high, bins in zip(seen, COLOR_LOW, COLOR_HIGH, COLOR_BINS, strict=True)
    ]
    return np.asarray(np.ravel_multi_index(tuple(places), COLOR_BINS), np.int64)


def _smooth(counts: Floats) -> Floats:
    """Histograms (n, bins, bins, bins), each bin shared with its neighbours along every axis."""
    for axis in (1, 2, 3):
        edge = [(0, 0)] * 4
        edge[axis] = (1, 1)
        padded = np.moveaxis(np.pad(counts, edge), axis, 0)
        counts = np.moveaxis(padded[:-2] / 4 + padded[1:-1] / 2 + padded[2:] / 4, 0, axis).astype(np.float32)
    return counts
