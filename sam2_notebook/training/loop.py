"""The training loop: phases of growing pictures, interactive rounds, averaged weights, resumable at any step."""

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from sam2_notebook.model import ImageFeatures, PromptTensors, Sam2, Sam2Config
from sam2_notebook.training.augment import Samples
from sam2_notebook.training.clicks import box_labels, boxes, corrective_clicks, random_places
from sam2_notebook.training.losses import LossWeights, prediction_loss, true_iou
from sam2_notebook.weights.metadata import Metadata

SAVE_EVERY_SECONDS = 120.0


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A stretch of training: pictures of `side` pixels, `images` a step, `objects` in each; rates go first to last."""

    side: int
    images: int
    objects: int
    steps: int
    rate: tuple[float, float]
    balance: tuple[float, float] = (0.0, 0.0)
    rounds: int = 2


@dataclass
class Trainer:
    """Trains one network; `folder` keeps `checkpoint.pt` (to resume) and `log.jsonl`."""

    config: Sam2Config
    folder: Path
    samples: Callable[[int, int, int], Samples]
    weight_decay: float = 0.02
    average: float = 0.998
    workers: int = 1
    report_every: int = 50

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = Sam2(self.config).to(self.device)
        self.averaged = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        self.optimizer = torch.optim.AdamW(_groups(self.model, self.weight_decay), lr=1e-3, betas=(0.9, 0.98))
        self.phase, self.step = 0, 0
        self.path = self.folder / "checkpoint.pt"
        if self.path.exists():
            self._load()

    def run(self, phases: Sequence[Phase]) -> None:
        """Train through the phases, from where the checkpoint stands."""
        while self.phase < len(phases):
            self._run_phase(phases[self.phase])
            self.phase, self.step = self.phase + 1, 0
            self.save()

    def _run_phase(self, phase: Phase) -> None:
        # The same parameters at another picture size: only the constants that depend on the size differ.
        sized = Sam2(replace(self.config, image_size=phase.side)).to(self.device).train()
        _share(sized, self.model)
        batches = self._batches(phase)
        saved, began, seen = time.monotonic(), time.monotonic(), 0
        report = Report()
        while self.step < phase.steps:
            done = self.step / phase.steps
            rate = _between(phase.rate, done) * (min(1.0, (self.step + 1) / 200) if self.phase == 0 else 1.0)
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            weights = LossWeights(balance=_between(phase.balance, done))
            pixels, targets = next(batches)
            loss = self._step(sized, pixels, targets, weights, phase.rounds, report)
            self.step += 1
            seen += 1
            self._update_average()
            report.add(loss)
            if self.step % self.report_every == 0:
                self._log(report.line() | {"phase": self.phase, "step": self.step, "rate": rate,
                                           "steps_per_second": seen / (time.monotonic() - began)})  # fmt: skip
                report = Report()
            if time.monotonic() - saved > SAVE_EVERY_SECONDS:
                self.save()
                saved = time.monotonic()

    def _batches(self, phase: Phase) -> Iterator[tuple[Tensor, Tensor]]:
        samples = self.samples(phase.side, phase.objects, 1000 * self.phase + self.step)
        ahead = 4 if self.workers else None
        return iter(DataLoader(samples, batch_size=phase.images, num_workers=self.workers, prefetch_factor=ahead))

    def _step(
        self, model: Sam2, pixels: Tensor, targets: Tensor, weights: LossWeights, rounds: int, report: "Report"
    ) -> float:
        """One optimisation step: half of the objects begin with a click, half with a box, then errors are clicked."""
        pixels = pixels.to(self.device, non_blocking=True).float() / 255
        targets = targets.to(self.device, non_blocking=True).float() / 255
        # On a CPU without matrix units bf16 training is no faster than float32 (measured): it keeps exact numbers.
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            features = model.recall(model.encode(pixels))
        features = _float(features)
        half = targets.shape[1] // 2
        loss = torch.zeros((), device=self.device)
        for kind, part in (("click", targets[:, :half]), ("box", targets[:, half:])):
            per_image = part.shape[1]
            spread = _repeat(features, per_image)
            loss = loss + interact(model, spread, part.flatten(0, 1), kind, rounds, weights, report)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        return float(loss.detach())

    @torch.no_grad()
    def _update_average(self) -> None:
        keep = min(self.average, (1 + self.step) / (10 + self.step)) if self.phase == 0 else self.average
        for name, value in self.model.state_dict().items():
            self.averaged[name].lerp_(value, 1 - keep)

    def save(self) -> None:
        """Write the checkpoint, atomically."""
        state = {
            "config": asdict(self.config), "model": self.model.state_dict(), "averaged": self.averaged,
            "optimizer": self.optimizer.state_dict(), "phase": self.phase, "step": self.step,
        }  # fmt: skip
        partial = self.path.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self.path)

    def _load(self) -> None:
        state = torch.load(self.path, map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.averaged = state["averaged"]
        self.optimizer.load_state_dict(state["optimizer"])
        self.phase, self.step = state["phase"], state["step"]

    def _log(self, entry: dict[str, float]) -> None:
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(json.dumps({k: round(v, 5) for k, v in entry.items()}) + "\n")


def averaged_model(checkpoint: Path) -> Sam2:
    """The network a checkpoint's averaged weights make, ready for inference."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    model = Sam2(Metadata.unpack({"config": json.dumps(state["config"])}).config)
    model.load_state_dict(state["averaged"])
    return model.eval()


class Report:
    """Running means of what a stretch of steps achieved."""

    def __init__(self) -> None:
        self.sums: dict[str, float] = {}
        self.counts: dict[str, int] = {}

    def add(self, loss: float) -> None:
        """Count a step's loss."""
        self.note("loss", loss)

    def note(self, name: str, value: float) -> None:
        """Count a value under a name."""
        self.sums[name] = self.sums.get(name, 0.0) + value
        self.counts[name] = self.counts.get(name, 0) + 1

    def line(self) -> dict[str, float]:
        """The means."""
        return {name: self.sums[name] / self.counts[name] for name in self.sums}


def interact(
    model: Sam2, features: ImageFeatures, target: Tensor, kind: str, rounds: int, weights: LossWeights, report: Report
) -> Tensor:
    """Play a user who begins with a click or a box and then clicks on errors; the mean loss of all rounds."""
    batch = target.shape[0]
    if kind == "click":
        region = target > 0.5
        region = torch.where(region.flatten(1).any(1)[:, None, None], region, target > 0.1)
        points = random_places(region, sharpness=float(torch.rand(()) * 3))
        labels = torch.ones(batch, 1, dtype=torch.long, device=target.device)
    else:
        points, labels = boxes(target, jitter=0.08), box_labels(batch, target.device)
    mask: Tensor | None = None
    losses: list[Tensor] = []
    for turn in range(rounds):
        ambiguous = kind == "click" and turn == 0
        with torch.autocast(target.device.type, torch.bfloat16, enabled=target.device.type == "cuda"):
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


def _groups(model: Sam2, decay: float) -> list[dict[str, object]]:
    """Weight decay for matrices only."""
    matrices = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    return [{"params": matrices, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def _share(target: Sam2, source: Sam2) -> None:
    """Make `target` use the very parameters and persistent buffers of `source`."""
    modules = dict(source.named_modules())
    for name, module in target.named_modules():
        for key in module._parameters:
            module._parameters[key] = modules[name]._parameters[key]
        for key in module._buffers.keys() - module._non_persistent_buffers_set:
            module._buffers[key] = modules[name]._buffers[key]


def _between(ends: tuple[float, float], done: float) -> float:
    """Cosine from the first to the second end as `done` goes from 0 to 1."""
    return ends[1] + (ends[0] - ends[1]) * 0.5 * (1 + math.cos(math.pi * done))


def _float(f: ImageFeatures) -> ImageFeatures:
    return ImageFeatures(coarse=f.coarse.float(), middle=f.middle.float(), fine=f.fine.float())


def _repeat(f: ImageFeatures, times: int) -> ImageFeatures:
    coarse, middle, fine = (t.repeat_interleave(times, dim=0) for t in (f.coarse, f.middle, f.fine))
    return ImageFeatures(coarse=coarse, middle=middle, fine=fine)
