"""Training on pictures: simulated users begin with a click or a box, then click on what is wrong."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from sam2_notebook.model import ImageFeatures, PromptTensors, Sam2
from sam2_notebook.training.clicks import box_labels, boxes, corrective_clicks, random_places
from sam2_notebook.training.losses import LossWeights, prediction_loss, true_iou
from sam2_notebook.training.report import Report
from sam2_notebook.training.schedule import Shares, between

Batch = tuple[Tensor, Tensor]
SampleStream = IterableDataset[Batch]


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A stretch of training: pictures of `side` pixels, `images` a step, `objects` in each; rates go first to last.

    Where it is the first phase, the rate rises for `warm_up` steps.
    """

    side: int
    images: int
    objects: int
    steps: int
    rate: tuple[float, float]
    balance: tuple[float, float] = (0.0, 0.0)
    rounds: int = 2
    warm_up: int = 200
    shares: Shares = Shares()

    def longer(self, times: float) -> "Phase":
        """The same with so many times the steps."""
        return replace(self, steps=max(1, round(self.steps * times)))

    def batches(self, samples: Callable[[int, int, int], SampleStream], seed: int, workers: int) -> Iterator[Batch]:
        """Pixels (images, 3, side, side) and targets (images, objects, side/4, side/4), uint8, without end."""
        return picture_batches(samples(self.side, self.objects, seed), self.images, workers)

    def loss(self, model: Sam2, batch: Batch, done: float, report: Report) -> Tensor:
        """The loss of one batch when a share `done` of the phase is over."""
        weights = LossWeights(balance=between(self.balance, done))
        return picture_loss(model, batch, self.rounds, weights, report, learn_encoder=self.shares.encoder > 0)


def picture_batches(samples: SampleStream, images: int, workers: int) -> Iterator[Batch]:
    """Batches of a stream, made ahead in worker processes if there are any."""
    ahead = 4 if workers else None
    return iter(DataLoader(samples, batch_size=images, num_workers=workers, prefetch_factor=ahead))


def picture_loss(
    model: Sam2, batch: Batch, rounds: int, weights: LossWeights, report: Report, *, learn_encoder: bool
) -> Tensor:
    """Half of the objects begin with a click, half with a box, then errors are clicked."""
    pixels, targets = (part.to(model.device, non_blocking=True).float() / 255 for part in batch)
    # On a CPU without matrix units bf16 training is no faster than float32 (measured): it keeps exact numbers.
    features = encode(model, pixels, learn=learn_encoder)
    with autocast(model.device):
        features = model.recall(features)
    features = _float(features)
    half = (targets.shape[1] + 1) // 2
    loss = torch.zeros((), device=model.device)
    for kind, part in (("click", targets[:, :half]), ("box", targets[:, half:])):
        per_image = part.shape[1]
        if per_image:
            spread = repeated(features, per_image)
            loss = loss + interact(model, spread, part.flatten(0, 1), kind, rounds, weights, report)
    return loss


def interact(
    model: Sam2, features: ImageFeatures, target: Tensor, kind: str, rounds: int, weights: LossWeights, report: Report
) -> Tensor:
    """Play a user who begins with a click or a box and then clicks on errors; the mean loss of all rounds."""
    batch = target.shape[0]
    points, labels = first_prompt(target, kind)
    mask: Tensor | None = None
    losses: list[Tensor] = []
    for turn in range(rounds):
        ambiguous = kind == "click" and turn == 0
        with autocast(target.device):
            prediction = model.decode(features, PromptTensors(points=points, labels=labels, mask=mask))
        losses.append(prediction_loss(prediction, target, weights, ambiguous=ambiguous))
        with torch.no_grad():
            iou = true_iou(prediction.logits, target)
            report.note(f"iou_{kind}_{turn}", float(iou[:, 0].mean()))
            report.note(f"best_{kind}_{turn}", float(iou[:, 1:].amax(1).mean()))
            pick = prediction.iou[:, 1:].argmax(1) + 1 if ambiguous else torch.zeros(batch, dtype=torch.long)
            chosen = prediction.take(pick.to(target.device)).logits.detach().float()
            mask = chosen.clamp(-32, 32) if torch.rand(()) < 0.85 else None
            for _ in range(int(torch.randint(1, 3, ()))):
                place, label = corrective_clicks(chosen[:, 0], target)
                points, labels = torch.cat((points, place), 1), torch.cat((labels, label), 1)
    return torch.stack(losses).mean()


def first_prompt(target: Tensor, kind: str) -> tuple[Tensor, Tensor]:
    """A random click on each target, or a loose box around it: points in model pixels and their labels."""
    if kind == "box":
        return boxes(target, jitter=0.08), box_labels(target.shape[0], target.device)
    region = target > 0.5
    region = torch.where(region.flatten(1).any(1)[:, None, None], region, target > 0.1)
    points = random_places(region, sharpness=float(torch.rand(()) * 3))
    return points, torch.ones(target.shape[0], 1, dtype=torch.long, device=target.device)


def encode(model: Sam2, pixels: Tensor, *, learn: bool) -> ImageFeatures:
    """The features of pictures, with or without gradients for the image encoder."""
    with autocast(model.device), torch.set_grad_enabled(learn):
        return _float(model.encode(pixels))


def autocast(device: torch.device) -> torch.autocast:
    """bf16 where it is faster: on CUDA."""
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")


def repeated(features: ImageFeatures, times: int) -> ImageFeatures:
    """The features of every picture `times` times in a row."""
    coarse, middle, fine = (
        t.repeat_interleave(times, dim=0) for t in (features.coarse, features.middle, features.fine)
    )
    return ImageFeatures(coarse=coarse, middle=middle, fine=fine)


def _float(f: ImageFeatures) -> ImageFeatures:
    return ImageFeatures(coarse=f.coarse.float(), middle=f.middle.float(), fine=f.fine.float())
