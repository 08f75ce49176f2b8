"""What keeps a small network steady in videos: it is held to what is said of a frame, and to the size of its objects.

On generated clips, each object given by its box, choosing by size takes the embedded model's J&F from 0.707 to 0.735,
on clips of cut-out photos from 0.478 to 0.486 (`sam2_notebook.evaluate --clips 10 --cutouts coco_cc --prompt box`).
"""

from collections.abc import Sequence
from math import ceil, floor

import torch
from jaxtyping import Float, Int
from torch import Tensor

from sam2_notebook.model import MaskPrediction, Sam2Config, Sighting
from sam2_notebook.model.prompt_encoder import BOTTOM_RIGHT, NEGATIVE, POSITIVE, TOP_LEFT

OBEYED = 0.9
MARGIN = 0.1  # of a box's sides, or one cell: masks reach a little beyond what was drawn by hand
AREA_RATE = 0.05  # of the newest frame in the area that is expected


def needs_steadying(config: Sam2Config) -> bool:
    """Whether a network is one of the small ones, which draw their prompts into the dense input.

    They have seen few videos: their memory drowns corrections that contradict it, and spreads from a ball to who plays
    with it. Published networks are left to themselves.

    >>> needs_steadying(Sam2Config(prompts="raster")), needs_steadying(Sam2Config())
    (True, False)
    """
    return config.prompts == "raster"


def steadiest(prediction: MaskPrediction, areas: Sequence[float | None]) -> MaskPrediction:
    """Of each object's masks the one with the best sum of predicted IoU and likeness in size.

    `areas` are the shares of the picture that the objects are expected to have; where None, the IoU alone decides.
    """
    found = area_of(prediction.logits)
    wanted = torch.tensor([0.0 if area is None else area for area in areas], device=found.device)[:, None]
    alike = torch.minimum(found, wanted) / torch.maximum(found, wanted).clamp(min=1e-9)
    return prediction.take((prediction.iou + alike).argmax(dim=1))


def next_area(expected: float | None, sighting: Sighting, *, prompted: bool) -> float | None:
    """The share of the picture to expect after a frame: sizes that grow by and by are followed, jumps are not.

    What the user says of a frame counts at once.
    """
    if float(sighting.object_score) <= 0:
        return expected
    now = float(area_of(sighting.logits))
    return now if prompted or expected is None else expected + AREA_RATE * (now - expected)


def area_of(logits: Float[Tensor, "... side side"]) -> Float[Tensor, "..."]:
    """Shares of the picture that masks cover, 0 to 1."""
    return (logits > 0).float().mean(dim=(-2, -1))


def obeyed(
    logits: Float[Tensor, "side side"], points: Float[Tensor, "points 2"], labels: Int[Tensor, "points"], side_px: int
) -> float:
    """0 to 1: the mean over clicks, met or not, and over the box, by the share of the mask that lies in it.

    `points` are xy in model pixels of a picture `side_px` wide, `labels` as in `PromptTensors`.

    >>> logits = torch.full((4, 4), -1.0); logits[:, :2] = 1
    >>> click = torch.tensor([[2.0, 2.0]])
    >>> obeyed(logits, click, torch.tensor([1]), 16), obeyed(logits, click, torch.tensor([0]), 16)
    (1.0, 0.0)
    >>> obeyed(logits, torch.tensor([[8.0, 0.0], [16.0, 16.0]]), torch.tensor([2, 3]), 16)
    0.5
    """
    mask = logits > 0
    scale = mask.shape[0] / side_px
    met: list[float] = []
    corners: dict[int, tuple[float, float]] = {}
    for (x, y), label in zip((points * scale).tolist(), labels.tolist(), strict=True):
        if label in (TOP_LEFT, BOTTOM_RIGHT):
            corners[label] = (x, y)
        elif label in (POSITIVE, NEGATIVE):
            last = mask.shape[0] - 1
            is_on = bool(mask[min(max(int(y), 0), last), min(max(int(x), 0), last)])
            met.append(float(is_on == (label == POSITIVE)))
    if len(corners) == 2:
        (x0, y0), (x1, y1) = corners[TOP_LEFT], corners[BOTTOM_RIGHT]
        wide, high = max(1.0, (x1 - x0) * MARGIN), max(1.0, (y1 - y0) * MARGIN)
        rows = slice(max(0, floor(y0 - high)), max(0, ceil(y1 + high)))
        columns = slice(max(0, floor(x0 - wide)), max(0, ceil(x1 + wide)))
        met.append(int(mask[rows, columns].sum()) / max(1, int(mask.sum())))
    return sum(met) / len(met) if met else 1.0
