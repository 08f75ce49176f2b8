"""One story of six frames and two objects, told to both networks: click, box, mask, correction, both directions."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor
from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoInferenceSession

from sam2_notebook.model import ImageFeatures, MemoryBank, PromptTensors, Sam2, Sighting, unprompted
from tests.parity.compare import photo
from tests.parity.networks import Original

FRAMES = 6
Step = tuple[str, int, int]  # (what, object, frame)
Seen = dict[Step, Sighting]


@dataclass(frozen=True)
class Said:
    """A prompt of the story, in fractions of the picture."""

    points: tuple[tuple[float, float], ...] = ()
    labels: tuple[int, ...] = ()
    ellipse: tuple[float, float, float] | None = None

    def coordinates(self, side: int) -> tuple[Tensor, Tensor]:
        """Points in model pixels (1, n, 2) and their labels (1, n)."""
        return torch.tensor(self.points)[None] * side, torch.tensor(self.labels)[None]

    def mask(self, side: int) -> Tensor | None:
        """A filled ellipse of 0 and 1 at the model's side."""
        if self.ellipse is None:
            return None
        y, x = torch.meshgrid(*[(torch.arange(side) + 0.5) / side] * 2, indexing="ij")
        cx, cy, r = self.ellipse
        return ((x - cx) ** 2 + (1.5 * (y - cy)) ** 2 < r**2).float()[None, None]


CLICK = Said(points=((0.41, 0.52),), labels=(1,))
BOX = Said(points=((0.2, 0.25), (0.7, 0.8)), labels=(2, 3))
CORRECTION = Said(points=((0.3, 0.6), (0.8, 0.2)), labels=(1, 0))
MASK = Said(ellipse=(0.55, 0.5, 0.3))


def frames(side: int) -> Tensor:
    """Six pictures of a scene that slides and darkens, (6, 3, side, side)."""
    picture = photo(side)[0]
    return torch.stack([picture.roll((3 * i, -5 * i), (1, 2)) * (1 - 0.05 * i) for i in range(FRAMES)])


@dataclass
class Ours:
    """A plain tracker over the model's verbs, one bank per object."""

    model: Sam2
    pixels: Tensor
    banks: dict[int, MemoryBank] = field(default_factory=dict)
    tracked: set[tuple[int, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        features = self.model.encode(self.pixels)
        self.features: list[ImageFeatures] = [features[i : i + 1] for i in range(len(self.pixels))]

    def say(self, obj: int, frame: int, said: Said) -> Sighting:
        """Prompt an object in a frame, which becomes one of its prompted frames."""
        bank, raw = self.banks.get(obj, MemoryBank()), self.features[frame]
        mask = said.mask(self.model.config.image_size)
        if mask is not None:
            seen = self.model.adopt(raw, mask)
            sharp = replace(seen, logits=mask * 20 - 10)  # transformers encodes the mask itself, not its small logits
        else:
            points, labels = said.coordinates(self.model.config.image_size)
            initial = (obj, frame) not in self.tracked
            features = self.model.recall(raw, None if initial else bank.recollect(frame, frames=FRAMES))
            prediction = self.model.segment(
                features, PromptTensors(points=points, labels=labels), multimask=points.shape[1] <= 1
            )
            seen = sharp = self.model.locate(prediction)
        self._remember(obj, frame, sharp, prompted=True)
        return seen

    def track(self, obj: int, frame: int, *, reverse: bool = False) -> Sighting | None:
        """Follow an object into a frame; None where it was prompted."""
        bank = self.banks[obj]
        if frame in bank.prompted:
            return None
        recollection = bank.recollect(frame, reverse=reverse, frames=FRAMES)
        features = self.model.recall(self.features[frame], recollection)
        seen = self.model.locate(self.model.segment(features, unprompted(1), multimask=True))
        self.tracked.add((obj, frame))
        self._remember(obj, frame, seen, prompted=False)
        return seen

    def _remember(self, obj: int, frame: int, seen: Sighting, *, prompted: bool) -> None:
        memory = self.model.remember(self.features[frame], seen, prompted=prompted)
        self.banks[obj] = self.banks.get(obj, MemoryBank()).with_memory(frame, memory, prompted=prompted)


@dataclass
class Theirs:
    """Transformers' session, in which a corrected frame is made a conditioning frame, as the original can."""

    twin: Original
    model: Sam2
    pixels: Tensor

    def __post_init__(self) -> None:
        side = self.model.config.image_size
        normal = (self.pixels - self.model.image_encoder.mean) / self.model.image_encoder.std
        self.session = Sam2VideoInferenceSession(video=normal, video_height=side, video_width=side, dtype=torch.float32)

    def say(self, prompts: dict[int, Said], frame: int) -> None:
        """Prompt objects in a frame and run it."""
        side = self.model.config.image_size
        for obj, said in prompts.items():
            index = self.session.obj_id_to_idx(obj)
            mask = said.mask(side)
            if mask is not None:
                self.session.remove_point_inputs(index, frame)
                self.session.add_mask_inputs(index, frame, mask)
            else:
                points, labels = said.coordinates(side)
                inputs = {"point_coords": points[:, None], "point_labels": labels[:, None].int()}
                self.session.add_point_inputs(index, frame, inputs)
            self.session.obj_with_new_inputs.append(obj)
        self.twin(self.session, frame_idx=frame)
        for obj in prompts:
            stored = self.session.output_dict_per_obj[self.session.obj_id_to_idx(obj)]
            if frame in stored["non_cond_frame_outputs"]:
                stored["cond_frame_outputs"][frame] = stored["non_cond_frame_outputs"].pop(frame)

    def stored(self, obj: int, frame: int) -> dict[str, Tensor]:
        """What the session holds of an object in a frame."""
        kinds = self.session.output_dict_per_obj[self.session.obj_id_to_idx(obj)]
        return kinds["cond_frame_outputs"].get(frame) or kinds["non_cond_frame_outputs"][frame]


def tell(
    ours: Ours, theirs: Theirs, compare: Callable[[Step, Sighting, dict[str, Tensor]], None], *, briefly: bool = False
) -> None:
    """Run the story, or its beginning, through both and hand every step's two answers to `compare`."""

    def say(prompts: dict[int, Said], frame: int) -> None:
        theirs.say(prompts, frame)
        for obj, said in prompts.items():
            compare(("prompt", obj, frame), ours.say(obj, frame, said), theirs.stored(obj, frame))
        for obj in ours.banks.keys() - prompts.keys():
            ours.track(obj, frame)

    def track(order: range, name: str, *, reverse: bool = False) -> None:
        for frame in order:
            theirs.twin(theirs.session, frame_idx=frame, reverse=reverse)
            for obj in (1, 2):
                seen = ours.track(obj, frame, reverse=reverse)
                if seen is not None:
                    compare((name, obj, frame), seen, theirs.stored(obj, frame))

    say({1: CLICK, 2: BOX}, 0)
    track(range(1, FRAMES), "forward")
    if briefly:
        return
    say({1: CORRECTION}, 3)
    say({2: MASK}, 4)
    track(range(FRAMES), "again")
    track(range(2, -1, -1), "backward", reverse=True)


def sighting_errors(seen: Sighting, stored: dict[str, Tensor]) -> dict[str, float]:
    """The greatest differences of one step."""
    theirs = {
        "logits": (seen.logits, stored["pred_masks"]),
        "object score": (seen.object_score, stored["object_score_logits"].flatten()),
        "pointer": (seen.pointer, stored["object_pointer"].flatten(0, -2)),
    }
    return {name: float((a - b.reshape(a.shape)).abs().max()) for name, (a, b) in theirs.items()}
