"""What training minimises: mask, quality and presence losses, with best-of-three supervision (paper, appendix D)."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from sam2_notebook.model.mask_decoder import MaskPrediction

OTHERS = 0.05
FOLLOWED = 0.3
HIDDEN = 6.0  # an object is hidden in one of some twelve frames: those count more


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """Weights of the terms. `balance` in 0..1 makes both sides of a mask's edge count alike, which starts training."""

    focal: float = 20.0
    dice: float = 1.0
    iou: float = 0.5
    presence: float = 0.1
    balance: float = 0.0


def mask_losses(
    logits: Float[Tensor, "batch masks side side"], target: Float[Tensor, "batch side side"], weights: LossWeights
) -> Float[Tensor, "batch masks"]:
    """Focal (or balanced cross-entropy) plus dice of every mask against its object's soft target.

    Both sides of an edge weigh the same in the focal loss. The usual weight of 0.75 for what is outside made a network
    that is often unsure draw its masks too small: at a threshold of -0.75 instead of 0 the masks of its boxes gained 8
    points of IoU.
    """
    target = target[:, None].expand_as(logits)
    entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    probability = logits.sigmoid()
    wrong = (probability - target).abs()
    focal = (entropy * wrong**2).mean(dim=(2, 3))
    dice = 1 - (2 * (probability * target).sum((2, 3)) + 1) / (probability.sum((2, 3)) + target.sum((2, 3)) + 1)
    loss = weights.focal * (1 - weights.balance) * focal + weights.dice * dice
    if weights.balance > 0:
        on = (entropy * target).sum((2, 3)) / target.sum((2, 3)).clamp(min=1)
        off = (entropy * (1 - target)).sum((2, 3)) / (1 - target).sum((2, 3)).clamp(min=1)
        loss = loss + weights.balance * 0.5 * (on + off)
    return loss


def true_iou(
    logits: Float[Tensor, "batch masks side side"], target: Float[Tensor, "batch side side"]
) -> Float[Tensor, "batch masks"]:
    """IoU of the thresholded masks with the targets, 1 where both are empty."""
    got, wanted = logits > 0, (target > 0.5)[:, None]
    both, either = (got & wanted).flatten(2).sum(2), (got | wanted).flatten(2).sum(2)
    return torch.where(either > 0, both / either.clamp(min=1), 1.0)


def quality_loss(predicted: Float[Tensor, "batch masks"], true: Float[Tensor, "batch masks"]) -> Float[Tensor, "batch"]:
    """How far the predicted IoUs are off, squared and scaled so that the usual error of 0.2 counts as an absolute one.

    The absolute error asks for the median. Of the candidates the one with the highest *expected* IoU should be ranked
    first, so it is the mean that must be right: one that is usually good and sometimes useless was ranked too high.
    """
    return (predicted.float() - true).square().mean(dim=1) / 0.2


def prediction_loss(
    prediction: MaskPrediction, target: Float[Tensor, "batch side side"], weights: LossWeights, *, ambiguous: bool
) -> Float[Tensor, ""]:
    """The loss of one decoding of all four masks.

    The single mask always learns. Of the three candidates the best one learns (others a little, so that none dies);
    after an unambiguous prompt they count half.
    """
    losses = mask_losses(prediction.logits.float(), target, weights)
    best = losses[:, 1:].amin(dim=1) + OTHERS * losses[:, 1:].mean(dim=1)
    masks = losses[:, 0] + best if ambiguous else losses[:, 0] + 0.5 * best
    with torch.no_grad():
        iou = true_iou(prediction.logits, target)
    quality = quality_loss(prediction.iou, iou)
    presence = F.binary_cross_entropy_with_logits(
        prediction.object_score.float(), (target.flatten(1).amax(1) > 0.5).float(), reduction="none"
    )
    return (masks + weights.iou * quality + weights.presence * presence).mean()


def tracking_loss(
    prediction: MaskPrediction,
    target: Float[Tensor, "batch side side"],
    weights: LossWeights,
    *,
    only: Bool[Tensor, "batch"] | None = None,
) -> Float[Tensor, ""]:
    """The loss of one decoding in a clip: masks and quality where the object can be seen, presence everywhere.

    The best of the candidates learns most, but all must: any of them may be followed. `only` leaves objects out.
    """
    counted = torch.ones_like(prediction.object_score) if only is None else only.to(prediction.object_score.dtype)
    visible = target.flatten(1).amax(1) > 0.5
    losses = mask_losses(prediction.logits.float(), target, weights)
    masks = 0.5 * losses[:, 0] + losses[:, 1:].amin(dim=1) + FOLLOWED * losses[:, 1:].mean(dim=1)
    with torch.no_grad():
        iou = true_iou(prediction.logits, target)
    quality = quality_loss(prediction.iou, iou)
    presence = F.binary_cross_entropy_with_logits(prediction.object_score.float(), visible.float(), reduction="none")
    presence = torch.where(visible, presence, HIDDEN * presence)
    loss = (masks + weights.iou * quality) * visible + weights.presence * presence
    return (loss * counted).sum() / counted.sum().clamp(min=1)
