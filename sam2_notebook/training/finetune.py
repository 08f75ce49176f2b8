"""Go on training a network on a user's own labels: validated, stopped in time, resumable."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import NoReturn

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from sam2_notebook.errors import LabelError, ModelError
from sam2_notebook.model import Sam2
from sam2_notebook.training.augment import Samples
from sam2_notebook.training.loop import at_side, take_over
from sam2_notebook.training.own_data import Labelled, photos_from
from sam2_notebook.training.pictures import Phase
from sam2_notebook.training.report import Report
from sam2_notebook.training.schedule import Shares, between, parameter_groups
from sam2_notebook.training.sources import Photo
from sam2_notebook.training.validation import Quality, Views, validate, views
from sam2_notebook.weights import fingerprint, load_model, save_model

FEWEST_STEPS = 10
GAIN = 0.002  # of validation IoU that counts as better
WEIGHT_DECAY = 0.01


@dataclass(frozen=True, kw_only=True)
class FinetuneSettings:
    """How to fine-tune; bad values raise LabelError.

    At most `epochs`, each of which shows every picture once (at least 10 steps), `images` pictures a step with up to
    `objects` objects. `rate` falls to a tenth of itself; `shares` are those of the network's parts. A share
    `validation` of the pictures is held out, and training stops when they have not become better for `patience`
    epochs. `side` is the pictures' size in pixels, a multiple of 32, None for the network's own: smaller is faster.
    `workers` are processes that prepare pictures.
    """

    epochs: int = 30
    images: int = 4
    objects: int = 8
    rate: float = 2e-4
    shares: Shares = field(default_factory=lambda: Shares(encoder=0.3))
    validation: float = 0.2
    patience: int = 6
    side: int | None = None
    seed: int = 0
    workers: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "images", "objects", "patience"):
            if getattr(self, name) < 1:
                raise LabelError(f"{name} is a number of 1 or more, got {getattr(self, name)!r}")
        if not 0 < self.rate < 1:
            raise LabelError(f"rate is a learning rate such as 2e-4, got {self.rate!r}")
        if not 0 <= self.validation < 1:
            raise LabelError(f"validation is a share of the pictures, 0 to below 1, got {self.validation!r}")
        if self.side is not None and (self.side < 32 or self.side % 32):
            raise LabelError(f"side is a multiple of 32 pixels, got {self.side!r}")


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """What an epoch achieved: the training loss, and on held-out pictures the mean IoU of a click and of a box.

    Number 0 is the network as it came, before any step, so it has no loss.
    """

    number: int
    loss: float | None
    click: float
    box: float

    @property
    def quality(self) -> float:
        """What is compared: the mean of both."""
        return (self.click + self.box) / 2


@dataclass(frozen=True, kw_only=True, eq=False)
class Finetuned:
    """The network of the best epoch, the file it was saved to, and all epochs; number 0 is the network as it came."""

    model: Sam2
    path: Path
    best: Epoch
    epochs: tuple[Epoch, ...]


def finetune(
    model: Sam2 | str | Path | None,
    dataset: str | Path | Iterable[Labelled],
    out: str | Path,
    *,
    settings: FinetuneSettings = FinetuneSettings(),
    device: str | torch.device | None = None,
    progress: bool | Callable[[Epoch], None] = True,
) -> Finetuned:
    """Train `model` (as `load_model` takes it, or a network; None is the embedded one) on your own labels.

    `dataset` is a COCO-style folder, one with label maps, or an iterable of (image, masks). The folder `out` gets
    `model.safetensors`, which `load_model` and every predictor read, `log.jsonl`, and `checkpoint.pt`: called again
    with the same `out`, labels and settings, it goes on where it stopped, also after an interrupt. The given network
    is not changed. `progress` shows a bar, or is called with every epoch.

    >>> import tempfile
    >>> from sam2_notebook.model import Sam2Config
    >>> small = Sam2(Sam2Config(image_size=64, embed_dim=8, stages=(1, 1, 2, 1), global_blocks=(3,), dim=32))
    >>> picture, labels = np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), np.uint8)
    >>> labels[20:40, 10:50] = 1
    >>> settings = FinetuneSettings(epochs=1, images=1)
    >>> with tempfile.TemporaryDirectory() as out:
    ...     tuned = finetune(small, [(picture, labels)] * 3, out, settings=settings, device="cpu", progress=False)
    >>> len(tuned.epochs), tuned.path.name
    (2, 'model.safetensors')
    """
    photos = photos_from(dataset)
    loaded = model if isinstance(model, Sam2) else load_model(model, device=device)
    run = _Run(loaded, photos, Path(out), settings, torch.device(device) if device else loaded.device)
    shown = tqdm(total=run.steps, initial=run.step, unit="step") if progress is True else None
    try:
        run.go(shown, progress if callable(progress) else None)
    finally:
        if shown is not None:
            shown.close()
    return run.finished("finetuned")


class _Run:
    """One fine-tuning, from its checkpoint on if there is one."""

    def __init__(
        self, model: Sam2, photos: Sequence[Photo], out: Path, settings: FinetuneSettings, device: torch.device
    ) -> None:
        self.settings, self.out, self.device = settings, out, device
        self.training, held_out = split(photos, settings.validation, settings.seed)
        self.side = settings.side or model.config.image_size
        self.views: Views = views(held_out, self.side, settings.objects)
        self.model = Sam2(model.config).to(device)
        take_over(self.model, model)
        self.sized = at_side(self.model, self.side).train()
        groups = parameter_groups(self.model, WEIGHT_DECAY)
        self.optimizer = torch.optim.AdamW(groups, lr=settings.rate)
        self.phase = Phase(
            side=self.side, images=settings.images, objects=settings.objects, steps=1,
            rate=(settings.rate, settings.rate), shares=settings.shares,
        )  # fmt: skip
        self.per_epoch = max(FEWEST_STEPS, -(-len(self.training) // settings.images))
        self.steps = self.per_epoch * settings.epochs
        self.step = 0
        self.epochs: list[Epoch] = []
        self.best = self._state()
        self.key = _key(model, photos, settings)
        out.mkdir(parents=True, exist_ok=True)
        self._resume()

    def go(self, bar: "tqdm[NoReturn] | None", told: Callable[[Epoch], None] | None) -> None:
        """Train until the last epoch, or until the held-out pictures get no better."""
        if not self.epochs:
            self._close_epoch(None, told)
        try:
            while self.step < self.steps and not self._exhausted():
                self._epoch(bar, told)
        except KeyboardInterrupt:
            self._save()
            raise

    def finished(self, name: str) -> Finetuned:
        """Write and return the network of the best epoch."""
        self.model.load_state_dict(self.best)
        path = save_model(self.model, self.out / "model.safetensors", name=name)
        best = self.epochs[self._best_index()]
        return Finetuned(model=self.model.eval(), path=path, best=best, epochs=tuple(self.epochs))

    def _epoch(self, bar: "tqdm[NoReturn] | None", told: Callable[[Epoch], None] | None) -> None:
        done = self.step % self.per_epoch  # of this epoch, before an interrupt
        batches = self.phase.batches(self._samples, self.settings.seed + self.step - done, self.settings.workers)
        for _ in range(done):
            next(batches)
        report = Report()
        for _ in range(self.per_epoch - done):
            rate = self.settings.rate * between((1.0, 0.1), self.step / self.steps)
            for group in self.optimizer.param_groups:
                group["lr"] = rate * getattr(self.settings.shares, group["part"])
            with self._own_chance():
                loss = self.phase.loss(self.sized, next(batches), 0.0, report)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            report.note("loss", float(loss.detach()))
            self.step += 1
            if bar is not None:
                bar.update()
        self._close_epoch(report.line()["loss"], told)
        if bar is not None:
            last, best = self.epochs[-1], self.epochs[self._best_index()]
            bar.set_postfix(click=f"{last.click:.3f}", box=f"{last.box:.3f}", best=best.number)

    @contextmanager
    def _own_chance(self) -> Iterator[None]:
        """Within, what torch draws depends on the seed and the step alone; what others draw is not disturbed."""
        with torch.random.fork_rng([self.device] if self.device.type == "cuda" else []):
            torch.manual_seed(self.settings.seed * 1_000_003 + self.step)
            yield

    def _samples(self, side: int, objects: int, seed: int) -> Samples:
        return Samples([(1.0, self.training)], side=side, objects=objects, pasted=(), seed=seed)

    def _close_epoch(self, loss: float | None, told: Callable[[Epoch], None] | None) -> None:
        quality: Quality = validate(self.sized, self.views)
        epoch = Epoch(number=len(self.epochs), loss=loss, click=quality.click, box=quality.box)
        self.epochs.append(epoch)
        if self._best_index() == epoch.number:
            self.best = self._state()
        with (self.out / "log.jsonl").open("a") as log:
            log.write(json.dumps(asdict(epoch)) + "\n")
        self._save()
        if told is not None:
            told(epoch)

    def _best_index(self) -> int:
        """The first epoch that no later one beats by what counts as better."""
        best = 0
        for epoch in self.epochs:
            if epoch.quality > self.epochs[best].quality + GAIN:
                best = epoch.number
        return best

    def _exhausted(self) -> bool:
        return len(self.epochs) - 1 - self._best_index() >= self.settings.patience

    def _state(self) -> dict[str, Tensor]:
        return {name: value.detach().cpu().clone() for name, value in self.model.state_dict().items()}

    def _save(self) -> None:
        state = {
            "key": self.key, "model": self._state(), "best": self.best, "optimizer": self.optimizer.state_dict(),
            "step": self.step, "epochs": [asdict(epoch) for epoch in self.epochs],
        }  # fmt: skip
        partial = self.out / "checkpoint.partial"
        torch.save(state, partial)
        partial.replace(self.out / "checkpoint.pt")

    def _resume(self) -> None:
        path = self.out / "checkpoint.pt"
        if not path.exists():
            return
        state = torch.load(path, map_location="cpu", weights_only=True)
        if state.get("key") != self.key:
            raise ModelError(
                f"{path} is the checkpoint of another training: other labels, other settings or another network. "
                "Take another folder for `out`, or move that one away to begin anew."
            )
        self.model.load_state_dict(state["model"])
        self.best = state["best"]
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.epochs = state["step"], [Epoch(**epoch) for epoch in state["epochs"]]


def split(photos: Sequence[Photo], share: float, seed: int) -> tuple[list[Photo], list[Photo]]:
    """Pictures to train on and to validate on; with a single picture, or a share of 0, both are all of them."""
    count = min(max(1, round(share * len(photos))), len(photos) - 1) if share > 0 else 0
    order = np.random.default_rng(seed).permutation(len(photos))
    if count == 0:
        return list(photos), list(photos)
    return [photos[i] for i in order[count:]], [photos[i] for i in order[:count]]


def _key(model: Sam2, photos: Sequence[Photo], settings: FinetuneSettings) -> str:
    """What a checkpoint belongs to. One may train longer, more patiently, or with more processes."""
    same = replace(settings, epochs=1, patience=1, workers=0)
    digest = hashlib.sha256(json.dumps([asdict(same), fingerprint(model)]).encode())
    for photo in photos:
        digest.update(np.ascontiguousarray(photo.areas).tobytes() + photo.pixels[::16, ::16].tobytes())
    return digest.hexdigest()
