"""Simulated users: where the next click, or the box, of someone who wants a given mask would go.

Training draws random clicks in batches of tensors; evaluation uses one deterministic clicker in image pixels.
"""

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from sam2_notebook.model.prompt_encoder import BOTTOM_RIGHT, NEGATIVE, POSITIVE, TOP_LEFT

STRIDE = 4


def random_places(region: Bool[Tensor, "batch side side"], sharpness: float) -> Float[Tensor, "batch 1 2"]:
    """A random place in each region, rather in its middle: xy in model pixels. Empty regions give any place."""
    depth = region.float()[:, None]
    for _ in range(3):  # a cheap distance to the region's edge
        depth = F.avg_pool2d(depth, 5, stride=1, padding=2) * region[:, None]
    weight = (depth / depth.amax(dim=(2, 3), keepdim=True).clamp(min=1e-6)) ** sharpness * region[:, None] + 1e-9
    flat = torch.multinomial(weight.flatten(1), 1)[:, 0]
    side = region.shape[-1]
    place = torch.stack((flat % side, flat // side), dim=-1).float()
    jitter = torch.rand_like(place)
    return ((place + jitter) * STRIDE - 0.5)[:, None]


def boxes(target: Float[Tensor, "batch side side"], jitter: float) -> Float[Tensor, "batch 2 2"]:
    """The box of each mask with every edge off by up to `jitter` of the box's size: two corners in model pixels."""
    on = target > 0.25
    columns, rows = on.any(dim=1), on.any(dim=2)
    side = target.shape[-1]
    place = torch.arange(side, device=target.device)

    def ends(line: Tensor) -> tuple[Tensor, Tensor]:
        low = torch.where(line, place, side).amin(dim=1).clamp(max=side - 1)
        high = torch.where(line, place + 1, 0).amax(dim=1)
        return low.float(), high.float()

    (x0, x1), (y0, y1) = ends(columns), ends(rows)
    corners = torch.stack((torch.stack((x0, y0), -1), torch.stack((x1, y1), -1)), dim=1)
    extent = (corners[:, 1] - corners[:, 0]).clamp(min=1)[:, None]
    moved = corners + extent * jitter * (2 * torch.rand_like(corners) - 1)
    return moved.clamp(0, side) * STRIDE - 0.5


def corrective_clicks(
    logits: Float[Tensor, "batch side side"], target: Float[Tensor, "batch side side"], sharpness: float = 2.0
) -> tuple[Float[Tensor, "batch 1 2"], Int[Tensor, "batch 1"]]:
    """A click where the mask is wrong, on the larger of what is missing and what is too much, with its label."""
    wanted, got = target > 0.5, logits > 0
    missing, excess = wanted & ~got, got & ~wanted
    positive = missing.flatten(1).sum(1) >= excess.flatten(1).sum(1)
    region = torch.where(positive[:, None, None], missing, excess)
    nothing = ~region.flatten(1).any(dim=1)  # a perfect mask: confirm it
    region = torch.where((nothing & wanted.flatten(1).any(1))[:, None, None], wanted, region)
    labels = torch.where(positive, POSITIVE, NEGATIVE)
    return random_places(region, sharpness), labels[:, None]


def box_labels(batch: int, device: torch.device) -> Int[Tensor, "batch 2"]:
    """Labels of the two corners of each box."""
    return torch.tensor([[TOP_LEFT, BOTTOM_RIGHT]], device=device).expand(batch, 2)


def deepest_error(wanted: npt.NDArray[np.bool_], got: npt.NDArray[np.bool_]) -> tuple[float, float, int] | None:
    """The deterministic clicker of interactive segmentation: the deepest pixel of what is wrong.

    Depth is the distance to the edge of the false negatives or false positives (the picture's border counts as edge).
    Returns x, y in image pixels and the label, or None when nothing is wrong.

    >>> wanted = np.zeros((5, 5), bool); wanted[1:4, 1:4] = True
    >>> deepest_error(wanted, np.zeros((5, 5), bool))
    (2.0, 2.0, 1)
    """
    import cv2

    best: tuple[float, float, float, int] | None = None
    for label, region in ((POSITIVE, wanted & ~got), (NEGATIVE, got & ~wanted)):
        if not region.any():
            continue
        padded = np.pad(region.astype(np.uint8), 1)
        depth = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
        y, x = np.unravel_index(int(depth.argmax()), depth.shape)
        if best is None or depth[y, x] > best[0]:
            best = (float(depth[y, x]), float(x), float(y), label)
    return None if best is None else best[1:]
