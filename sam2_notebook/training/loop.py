"""The training loop: phases of growing pictures or clips, averaged weights, resumable at any step."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from sam2_notebook.model import Sam2, Sam2Config
from sam2_notebook.training.first_memory import begin_memory
from sam2_notebook.training.pictures import Phase, SampleStream
from sam2_notebook.training.report import Report
from sam2_notebook.training.schedule import between, parameter_groups, part_of
from sam2_notebook.training.videos import VideoPhase
from sam2_notebook.weights import load_model
from sam2_notebook.weights.metadata import Metadata

SAVE_EVERY_SECONDS = 120.0
PictureSamples = Callable[[int, int, int], SampleStream]
ClipSamplesAndPictures = Callable[[int, int, int, int], tuple[SampleStream, SampleStream]]


@dataclass
class Trainer:
    """Trains one network; `folder` keeps `checkpoint.pt` (to resume) and `log.jsonl`.

    `samples(side, objects, seed)` are the pictures of a `Phase`, `clips(side, frames, objects, seed)` the clips and
    pictures of a `VideoPhase`. `start` is a network to begin with: all its parameters that fit are taken, so that one
    without memory may grow one.
    """

    config: Sam2Config
    folder: Path
    samples: PictureSamples
    clips: ClipSamplesAndPictures | None = None
    start: Sam2 | None = None
    weight_decay: float = 0.02
    average: float = 0.995
    workers: int = 1
    report_every: int = 25

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = Sam2(self.config).to(self.device)
        if self.start is not None:
            take_over(self.model, self.start)
        self.averaged = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        groups = parameter_groups(self.model, self.weight_decay)
        self.optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.98))
        self.phase, self.step = 0, 0
        self.path = self.folder / "checkpoint.pt"
        if self.path.exists():
            self._load()

    def run(self, phases: Sequence[Phase | VideoPhase]) -> None:
        """Train through the phases, from where the checkpoint stands."""
        while self.phase < len(phases):
            self._run_phase(phases[self.phase])
            self.phase, self.step = self.phase + 1, 0
            self.save()

    def _run_phase(self, phase: Phase | VideoPhase) -> None:
        if isinstance(phase, VideoPhase) and phase.fresh and self.step == 0:
            self._begin_memory(phase.fresh)
        sized = at_side(self.model, phase.side).train()
        steps = self._losses(phase, sized)
        saved, began, seen = time.monotonic(), time.monotonic(), 0
        report = Report()
        while self.step < phase.steps:
            rate = self._set_rates(phase)
            self._learn(steps(self.step / phase.steps, report), report)
            self.step += 1
            seen += 1
            self._update_average()
            if self.step % self.report_every == 0:
                self._log(report.line() | {"phase": self.phase, "step": self.step, "rate": rate,
                                           "steps_per_second": seen / (time.monotonic() - began)})  # fmt: skip
                report = Report()
            if time.monotonic() - saved > SAVE_EVERY_SECONDS:
                self.save()
                saved = time.monotonic()

    def _begin_memory(self, pictures: int) -> None:
        stream = iter(self.samples(self.config.image_size, 1, self.phase))
        pixels = torch.stack([next(stream)[0] for _ in range(pictures)]).to(self.device)
        begin_memory(self.model, pixels.float() / 255)
        state = self.model.state_dict()
        self.averaged |= {name: state[name].clone() for name in state if part_of(name) == "memory"}

    def _losses(self, phase: Phase | VideoPhase, model: Sam2) -> Callable[[float, Report], Tensor]:
        """A function that draws the next batch and gives its loss."""
        seed = 1000 * self.phase + self.step
        if isinstance(phase, Phase):
            pictures = phase.batches(self.samples, seed, self.workers)
            return lambda done, report: phase.loss(model, next(pictures), done, report)
        if self.clips is None:
            raise ValueError("a VideoPhase needs clips: give the trainer `clips`")
        clips = phase.batches(self.clips, seed, self.workers)
        return lambda done, report: phase.loss(model, next(clips), done, report)

    def _set_rates(self, phase: Phase | VideoPhase) -> float:
        rate = between(phase.rate, self.step / phase.steps)
        rate *= min(1.0, (self.step + 1) / phase.warm_up) if self.phase == 0 else 1.0
        for group in self.optimizer.param_groups:
            group["lr"] = rate * getattr(phase.shares, group["part"])
        return rate

    def _learn(self, loss: Tensor, report: Report) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        report.note("loss", float(loss.detach()))

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


def take_over(model: Sam2, start: Sam2) -> None:
    """Copy into `model` all parameters of `start`; what `start` has not, such as a memory, stays as it is.

    Raises ValueError when `start` has something that `model` has no place for.
    """
    theirs, ours = start.state_dict(), model.state_dict()
    wrong = [name for name, value in theirs.items() if name not in ours or ours[name].shape != value.shape]
    if wrong:
        raise ValueError(f"the network to start from does not fit: {wrong[0]!r} has no place in {model.config}")
    model.load_state_dict(ours | theirs)


def starting_model(path: Path | None) -> Sam2:
    """A network to start from: the average in a run's checkpoint, a weights file, or None for the embedded one."""
    if path is not None and path.suffix == ".pt":
        holds = torch.load(path, map_location="cpu", weights_only=True)
        if "averaged" in holds:
            return averaged_model(path)
    return load_model(path, device="cpu")


def at_side(model: Sam2, side: int) -> Sam2:
    """The very parameters of a network at another picture size: only the constants that depend on the size differ.

    Memory attention turns with the place in the picture, not with the token's number, so that what is learned on small
    pictures holds on large ones.
    """
    sized = Sam2(replace(model.config, image_size=side)).to(model.device)
    _share(sized, model)
    if sized.memory is not None and model.memory is not None and model.config.grid % sized.config.grid == 0:
        step = model.config.grid // sized.config.grid
        ours, full = sized.memory.attention.rotation, model.memory.attention.rotation
        for name in ("cos", "sin"):
            table = getattr(full, name).unflatten(0, (model.config.grid, model.config.grid))
            setattr(ours, name, table[::step, ::step].flatten(0, 1))
    return sized


def _share(target: Sam2, source: Sam2) -> None:
    """Make `target` use the very parameters and persistent buffers of `source`."""
    modules = dict(source.named_modules())
    for name, module in target.named_modules():
        for key in module._parameters:
            module._parameters[key] = modules[name]._parameters[key]
        for key in module._buffers.keys() - module._non_persistent_buffers_set:
            module._buffers[key] = modules[name]._buffers[key]
