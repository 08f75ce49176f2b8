"""Training on clips: prompt the first frame, then follow the objects with the network's own four verbs.

Pictures go along in some of the steps, so that what the network can do with a still picture is not lost.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from sam2_notebook.model import ImageFeatures, MaskPrediction, MemoryBank, PromptTensors, Sam2, Sighting, unprompted
from sam2_notebook.training.clicks import corrective_clicks
from sam2_notebook.training.losses import LossWeights, prediction_loss, tracking_loss, true_iou
from sam2_notebook.training.pictures import (
    Batch,
    SampleStream,
    autocast,
    encode,
    first_prompt,
    picture_batches,
    picture_loss,
    repeated,
)
from sam2_notebook.training.report import Report
from sam2_notebook.training.schedule import Shares, between

TOLD_LOGIT = 10.0
FAR = 100


@dataclass(frozen=True, kw_only=True)
class VideoPhase:
    """A stretch of training on clips of `frames` frames, `clips` a step, `objects` in each.

    `told` is how often what is remembered is the truth instead of the network's own answer, first to last. Every
    `pictures_every` steps a batch of `images` pictures goes along, clicked on `rounds` times. `rate` is that of the
    memory half; `shares` says how much slower the others learn. With `fresh`, the memory half begins anew, from so many
    pictures (`begin_memory`).
    """

    side: int
    frames: int
    clips: int
    objects: int
    steps: int
    rate: tuple[float, float]
    balance: tuple[float, float] = (0.0, 0.0)
    told: tuple[float, float] = (0.0, 0.0)
    corrections: float = 0.25
    pictures_every: int = 3
    images: int = 2
    rounds: int = 2
    warm_up: int = 40
    fresh: int = 0
    shares: Shares = Shares(encoder=0.0, decoder=0.2)

    def longer(self, times: float) -> "VideoPhase":
        """The same with so many times the steps."""
        return replace(self, steps=max(1, round(self.steps * times)))

    def batches(
        self, samples: Callable[[int, int, int, int], tuple[SampleStream, SampleStream]], seed: int, workers: int
    ) -> Iterator[tuple[Batch, Batch | None]]:
        """Clips, and every few steps pictures; `samples(side, frames, objects, seed)` gives both streams."""
        clip_stream, picture_stream = samples(self.side, self.frames, self.objects, seed)
        clips = picture_batches(clip_stream, self.clips, workers)
        pictures = picture_batches(picture_stream, self.images, workers) if self.pictures_every else None
        step = 0
        while True:
            along = pictures is not None and step % self.pictures_every == 0
            yield next(clips), next(pictures) if along and pictures is not None else None
            step += 1

    def loss(self, model: Sam2, batch: tuple[Batch, Batch | None], done: float, report: Report) -> Tensor:
        """The loss of one batch when a share `done` of the phase is over."""
        weights = LossWeights(balance=between(self.balance, done), presence=1.0, iou=1.0)
        (pixels, targets), pictures = batch
        pixels = pixels.to(model.device, non_blocking=True).float() / 255
        targets = targets.to(model.device, non_blocking=True).float() / 255
        learn = self.shares.encoder > 0
        features = encode(model, pixels.flatten(0, 1), learn=learn)
        frames = [repeated(_frame(features, i, self.frames), self.objects) for i in range(self.frames)]
        objects = targets.transpose(1, 2).flatten(0, 1)  # (clips * objects, frames, side, side)
        run = _Run(model, frames, objects, weights, report, told=between(self.told, done))
        loss = run.follow(corrected=bool(torch.rand(()) < self.corrections))
        if pictures is not None:
            # those who click and those who draw a box: the halves of a batch
            loss = loss + picture_loss(model, pictures, self.rounds, LossWeights(), report, learn_encoder=learn)
        return loss


def _frame(features: ImageFeatures, index: int, frames: int) -> ImageFeatures:
    """Frame number `index` of every clip of a batch of (clips * frames) pictures."""
    coarse, middle, fine = (t[index::frames] for t in (features.coarse, features.middle, features.fine))
    return ImageFeatures(coarse=coarse, middle=middle, fine=fine)


class _Run:
    """One batch of objects followed through their clips."""

    def __init__(
        self,
        model: Sam2,
        frames: list[ImageFeatures],
        targets: Tensor,
        weights: LossWeights,
        report: Report,
        *,
        told: float,
    ) -> None:
        self.model, self.frames, self.targets = model, frames, targets
        self.weights, self.report, self.told = weights, report, told
        self.bank = MemoryBank()

    def follow(self, *, corrected: bool) -> Tensor:
        """The mean loss of all frames, prompted and tracked."""
        count = len(self.frames)
        # Frame numbers: the prompt may lie far back, and a video may be short or long.
        gap = 1 if torch.rand(()) < 0.6 else int(torch.exp(torch.rand(()) * torch.tensor(float(FAR)).log()))
        numbers = [0, *(gap + i for i in range(count - 1))]
        length = numbers[-1] + 1 if torch.rand(()) < 0.2 else None
        losses = [self._prompt(0)]
        correct_at = int(torch.randint(1, count, ())) if corrected and count > 2 else -1
        for i in range(1, count):
            recollection = self.bank.recollect(numbers[i], frames=length)
            with autocast(self.model.device):
                conditioned = self.model.recall(self.frames[i], recollection)
                prediction = self.model.decode(conditioned, unprompted(len(self.targets), self.model.device))
            losses.append(tracking_loss(prediction, self.targets[:, i], self.weights))
            sighting = self.model.locate(prediction.candidates())
            self._note(i, prediction, sighting)
            if i == correct_at:
                sighting, loss = self._correct(i, conditioned, sighting)
                losses.append(loss)
            if i + 1 < count:
                self._remember(i, numbers[i], sighting, prompted=i == correct_at)
        return torch.stack(losses).mean()

    def _prompt(self, i: int) -> Tensor:
        """Say what the objects are in a frame: by a click, a box, or their masks."""
        target, features = self.targets[:, i], self.frames[i]
        choice = float(torch.rand(()))
        if choice < 0.3:
            full = F.interpolate(target[:, None], scale_factor=4.0, mode="bilinear")
            sighting = self.model.adopt(features, (full > 0.5).float())
            loss = sighting.pointer.sum() * 0.0
        else:
            kind = "click" if choice < 0.65 else "box"
            points, labels = first_prompt(target, kind)
            with autocast(self.model.device):
                conditioned = self.model.recall(features)
                prediction = self.model.decode(conditioned, PromptTensors(points=points, labels=labels))
            loss = prediction_loss(prediction, target, self.weights, ambiguous=kind == "click")
            sighting = self.model.locate(prediction.candidates() if kind == "click" else prediction.single())
            # a click on a part may mean the whole: then somebody would have clicked again, until it was right
            iou = true_iou(sighting.logits, target)[:, 0]
            self.report.note(f"prompt_{kind}", float(iou.mean()))
            sighting = self._told(i, sighting, torch.rand_like(iou) > iou)
        self._remember(0, 0, sighting, prompted=True)
        return loss

    def _correct(self, i: int, conditioned: ImageFeatures, before: Sighting) -> tuple[Sighting, Tensor]:
        """A click on what is wrong in a tracked frame, with its logits as a mask prompt."""
        target = self.targets[:, i]
        logits = before.logits.detach().float()
        points, labels = corrective_clicks(logits[:, 0], target)
        prompts = PromptTensors(points=points, labels=labels, mask=logits.clamp(-32, 32))
        with autocast(self.model.device):
            prediction = self.model.decode(conditioned, prompts)
        visible = target.flatten(1).amax(1) > 0.5
        # nobody can click on what is not there
        loss = tracking_loss(prediction, target, self.weights, only=visible)
        sighting = self.model.locate(prediction.candidates())
        self.report.note("corrected", _mean(true_iou(sighting.logits, target)[:, 0], visible))
        return self._told(i, sighting, ~visible), loss

    def _remember(self, i: int, number: int, sighting: Sighting, *, prompted: bool) -> None:
        """What was seen, or now and then what was there, goes into the bank."""
        if not prompted and self.told > 0:
            sighting = self._told(i, sighting, torch.rand(len(self.targets), device=self.model.device) < self.told)
        # gradients flow back through memories and pointers, not through masks
        sighting = replace(sighting, logits=sighting.logits.detach().float())
        with autocast(self.model.device):
            memory = self.model.remember(self.frames[i], sighting, prompted=prompted)
        self.bank = self.bank.with_memory(number, memory, prompted=prompted)

    def _told(self, i: int, sighting: Sighting, whom: Tensor) -> Sighting:
        """The truth instead of what was seen, for some objects."""
        target = self.targets[:, i, None]
        present = target.flatten(1).amax(1) > 0.5
        truth = torch.where(present[:, None, None, None], (2 * target - 1) * TOLD_LOGIT, -1024.0)
        score = torch.where(present, TOLD_LOGIT, -TOLD_LOGIT)
        return replace(
            sighting,
            logits=torch.where(whom[:, None, None, None], truth, sighting.logits.float()),
            object_score=torch.where(whom, score, sighting.object_score.float()),
        )

    @torch.no_grad()
    def _note(self, i: int, prediction: MaskPrediction, sighting: Sighting) -> None:
        target = self.targets[:, i]
        visible = target.flatten(1).amax(1) > 0.5
        found = sighting.object_score > 0
        last = "last" if i == len(self.frames) - 1 else "track"
        self.report.note(f"iou_{last}", _mean(true_iou(sighting.logits, target)[:, 0], visible))
        self.report.note(f"best_{last}", _mean(true_iou(prediction.logits, target).amax(1), visible))
        still = (2 * self.targets[:, :1] - 1) * TOLD_LOGIT
        self.report.note(f"copy_{last}", _mean(true_iou(still, target)[:, 0], visible))
        self.report.note("seen", _mean(found.float(), visible))
        if (~visible).any():
            self.report.note("absent", _mean((~found).float(), ~visible))


def _mean(values: Tensor, of: Tensor) -> float:
    return float(values[of].mean()) if of.any() else 0.0
