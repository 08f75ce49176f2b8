"""How good a network is on held-out pictures, quickly: whole pictures, one click and one box on each object."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from sam2_notebook.model import PromptTensors, Sam2
from sam2_notebook.training.clicks import STRIDE, box_labels, boxes, deepest_error
from sam2_notebook.training.losses import true_iou
from sam2_notebook.training.pictures import encode, repeated
from sam2_notebook.training.sources import Photo

MOST_PICTURES = 64
SMALLEST = 10 * 255  # sum of a soft target below which an object is too small to be seen


@dataclass(frozen=True)
class Quality:
    """Mean IoU after one click on the middle of each object, and with its box."""

    click: float
    box: float


# pixels (1, 3, side, side) and targets (objects, side/4, side/4) of every picture, uint8
Views = tuple[tuple[Tensor, Tensor], ...]


def views(photos: Sequence[Photo], side: int, objects: int, most: int = MOST_PICTURES) -> Views:
    """Whole pictures at the network's size with their largest objects, the first `most` pictures."""
    found: list[tuple[Tensor, Tensor]] = []
    for photo in photos[:most]:
        largest = np.argsort(-photo.areas)[:objects]
        small = [cv2.resize(photo.mask(int(i)).astype(np.uint8) * 255, (side // STRIDE, side // STRIDE),
                            interpolation=cv2.INTER_AREA) for i in largest]  # fmt: skip
        targets = [t for t in small if int(t.sum()) >= SMALLEST]
        if targets:
            pixels = cv2.resize(photo.pixels, (side, side), interpolation=cv2.INTER_AREA)
            found.append((torch.from_numpy(pixels).permute(2, 0, 1)[None], torch.from_numpy(np.stack(targets))))
    return tuple(found)


@torch.no_grad()
def validate(model: Sam2, held_out: Views) -> Quality:
    """Mean IoUs over all objects, 0 without any. A click is answered by the candidate the network ranks first."""
    clicked, boxed = [torch.zeros(0)], [torch.zeros(0)]
    for pixels, soft in held_out:
        target = soft.to(model.device).float() / 255
        features = model.recall(encode(model, pixels.to(model.device).float() / 255, learn=False))
        spread = repeated(features, len(target))
        for kind, ious in (("click", clicked), ("box", boxed)):
            points, labels = prompt(target, kind)
            prediction = model.decode(spread, PromptTensors(points=points, labels=labels))
            chosen = (
                prediction.take(prediction.iou[:, 1:].argmax(dim=1) + 1) if kind == "click" else prediction.single()
            )
            ious.append(true_iou(chosen.logits, target)[:, 0].cpu())
    means = [float(torch.cat(ious).mean()) if len(ious) > 1 else 0.0 for ious in (clicked, boxed)]
    return Quality(click=means[0], box=means[1])


def prompt(target: Tensor, kind: str) -> tuple[Tensor, Tensor]:
    """The exact box of each target, or a click on its deepest place: points in model pixels and their labels."""
    if kind == "box":
        return boxes(target, jitter=0.0), box_labels(len(target), target.device)
    places = []
    for one in target.cpu().numpy():
        wanted = one > min(0.5, float(one.max()) / 2)
        x, y, _ = deepest_error(wanted, np.zeros_like(wanted)) or (0.0, 0.0, 1)
        places.append([(x + 0.5) * STRIDE - 0.5, (y + 0.5) * STRIDE - 0.5])
    points = torch.tensor(places, dtype=torch.float32, device=target.device)[:, None]
    return points, torch.ones(len(target), 1, dtype=torch.long, device=target.device)
