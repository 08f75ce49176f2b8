"""What the model does to frames of a video: see, remember and follow, many objects at a time."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch

from sam2_notebook.errors import ModelError
from sam2_notebook.model import ImageFeatures, MaskPrediction, Memory, PromptTensors, Recollection, Sighting, unprompted
from sam2_notebook.predict.feature_shelf import FeatureShelf
from sam2_notebook.predict.precision import Network
from sam2_notebook.predict.prompts import ObjectPrompt
from sam2_notebook.predict.segmentation import Segmentation
from sam2_notebook.predict.steadying import OBEYED, needs_steadying, obeyed, steadiest
from sam2_notebook.predict.tensors import LOGIT_LIMIT, image_tensor, prompt_tensors, square_mask
from sam2_notebook.values.frames import FrameSource
from sam2_notebook.values.masks import fill_holes

ENCODED_FRAMES = 4  # 10 MB each at 1024 pixels in bfloat16
CPU_BATCH, ACCELERATOR_BATCH = 8, 16
FILLED_LOGIT = 0.1
_SHORT_OF_MEMORY = ("out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory")

Answer = TypeVar("Answer")


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """What the prompts of a frame mean; `candidates` are all that a lone click can mean, None for other prompts.

    `recalled` says whether the answer leans on memory.
    """

    sighting: Sighting
    candidates: Segmentation | None
    recalled: bool


class Tracker:
    """A network at work on one video. Keeps features of frames, the last few at hand and on a CPU more of them on disk
    (an encoding takes a hundred times as long as reading it back), and nothing of any object.

    `hole_area` is the size, in low-resolution pixels, up to which gaps in masks are filled; 0 leaves them.
    """

    def __init__(self, network: Network, source: FrameSource, hole_area: int) -> None:
        self.network, self.source, self.hole_area = network, source, hole_area
        self.is_steadied = needs_steadying(network.config)
        self._features: OrderedDict[int, ImageFeatures] = OrderedDict()
        self._shelf = FeatureShelf() if network.device.type == "cpu" else None

    def shed(self) -> None:
        """Let go of memory whose content can be computed again."""
        self._features.clear()
        _empty_accelerator()

    def close(self) -> None:
        """Let go of everything."""
        self.shed()
        if self._shelf is not None:
            self._shelf.close()

    @torch.inference_mode()
    def see(
        self,
        frame: int,
        prompt: ObjectPrompt,
        refine: torch.Tensor | None,
        recollection: Recollection | None,
        candidate: int | None = None,
    ) -> Seen:
        """Decode the prompts of one object; `refine` are the logits (1, 1, side, side) they correct.

        Of the masks that a lone click can mean `candidate` is taken, or the best by predicted IoU. Where memory and the
        corrected mask drown a box or several clicks, small networks answer without the one, or without both.
        """
        raw = self.features(frame)
        candidates, recalled = None, recollection is not None
        if prompt.given is not None:
            sighting = self._adopted(raw, prompt.given)
        else:
            tensors = prompt_tensors([prompt], self.source.size, self.network.config)
            device = self.network.device
            tensors = replace(
                tensors,
                points=tensors.points.to(device),
                labels=tensors.labels.to(device),
                mask=None if refine is None else refine.to(device).clamp(-LOGIT_LIMIT, LOGIT_LIMIT),
            )
            # one click is ambiguous: the best of three masks answers it; a box is two points (paper, section 4)
            several = tensors.points.shape[1] <= 1
            if several:
                conditioned = self.network.recall(raw, recollection)
                prediction = self.network.segment(conditioned, tensors, multimask=True)
                candidates = self._candidates(prediction)
                if candidate is not None:
                    prediction = prediction.take(torch.tensor([candidate], device=prediction.iou.device))
            else:
                prediction, recalled = self._obeying(raw, tensors, recollection)
            sighting = self.without_holes(self.network.locate(prediction))
        return Seen(sighting=sighting, candidates=candidates, recalled=recalled)

    @torch.inference_mode()
    def remember(self, frame: int, sighting: Sighting) -> Memory:
        """The memory of a prompted frame."""
        return self.network.remember(self.features(frame), sighting, prompted=True)

    @torch.inference_mode()
    def remind(self, frame: int, mask: np.ndarray) -> Memory:
        """The memory of a frame in which an object had been followed before, by its bool mask (height, width)."""
        raw = self.features(frame)
        return self.network.remember(raw, self._adopted(raw, mask), prompted=False)

    @torch.inference_mode()
    def follow(
        self, frame: int, recollections: Mapping[int, Recollection], areas: Mapping[int, float | None]
    ) -> dict[int, tuple[Sighting, Memory]]:
        """Find objects in a frame by what they recall; those of equally long memories go through in one batch.

        `areas` are the shares of the picture that they are expected to have, where that is to count. A batch too large
        for the memory is taken apart before that is an error.
        """
        raw = self.features(frame)
        groups: dict[tuple[object, ...], list[int]] = {}
        for object_id, recollection in recollections.items():
            groups.setdefault(recollection.shape, []).append(object_id)
        step = CPU_BATCH if self.network.device.type == "cpu" else ACCELERATOR_BATCH
        found: dict[int, tuple[Sighting, Memory]] = {}
        for members in groups.values():
            for start in range(0, len(members), step):
                chunk = members[start : start + step]
                batch = [(recollections[i], areas.get(i)) for i in chunk]
                answers = within_memory(lambda b=batch: self._follow(raw, b))
                if answers is None and len(chunk) > 1:
                    _empty_accelerator()
                    answers = [a for one in batch for a in within_memory(lambda r=one: self._follow(raw, [r])) or ()]
                if answers is None or len(answers) < len(chunk):
                    raise MemoryError
                found |= dict(zip(chunk, answers, strict=True))
        return found

    def features(self, frame: int) -> ImageFeatures:
        """The raw features of a frame, encoded once for all objects and passes."""
        found = self._features.get(frame)
        if found is None and self._shelf is not None:
            found = self._shelf.get(frame)
        if found is None:
            pixels = image_tensor(self.source.frame(frame), self.network.config.image_size).to(self.network.device)
            with torch.inference_mode():
                found = self.network.encode(pixels)
            if self._shelf is not None and self.source.is_complete:  # nobody goes back in what a camera sends
                self._shelf.put(frame, found)
        self._features[frame] = found
        self._features.move_to_end(frame)
        while len(self._features) > ENCODED_FRAMES:
            self._features.popitem(last=False)
        return found

    def without_holes(self, sighting: Sighting) -> Sighting:
        """The sighting of one object with small gaps of its mask filled; needs no compiled extension."""
        if not self.hole_area or float(sighting.object_score) <= 0:
            return sighting
        logits = sighting.logits[0, 0]
        mask = (logits > 0).cpu().numpy()
        filled = fill_holes(mask, smaller_than=self.hole_area + 1)
        gaps = torch.from_numpy(filled & ~mask).to(logits.device)
        return replace(sighting, logits=torch.where(gaps, FILLED_LOGIT, logits)[None, None])

    def _follow(
        self, raw: ImageFeatures, batch: list[tuple[Recollection, float | None]]
    ) -> list[tuple[Sighting, Memory]]:
        conditioned = self.network.recall(raw, Recollection.join([recollection for recollection, _ in batch]))
        found = self.network.segment(conditioned, unprompted(len(batch), self.network.device), multimask=True)
        areas = [area for _, area in batch]
        if any(area is not None for area in areas):
            found = steadiest(found, areas)
        sighting = self.network.locate(found)
        memory = self.network.remember(raw, sighting, prompted=False)
        return [(_row(sighting, i), _memory_row(memory, i)) for i in range(len(batch))]

    def _obeying(
        self, raw: ImageFeatures, tensors: PromptTensors, recollection: Recollection | None
    ) -> tuple[MaskPrediction, bool]:
        """One mask for unambiguous prompts, and whether memory was asked for it."""
        tries = [(recollection, tensors)]
        if self.is_steadied:
            tries += [(None, tensors)] if recollection is not None else []
            tries += [(None, replace(tensors, mask=None))] if tensors.mask is not None else []
        found: list[tuple[float, MaskPrediction, bool]] = []
        for memory, said in tries:
            prediction = self.network.segment(self.network.recall(raw, memory), said, multimask=False)
            share = obeyed(prediction.logits[0, 0], said.points[0], said.labels[0], self.network.config.image_size)
            found.append((share, prediction, memory is not None))
            if share >= OBEYED:
                break
        _, prediction, recalled = max(found, key=lambda one: one[0])
        return prediction, recalled

    def _candidates(self, prediction: MaskPrediction) -> Segmentation:
        """All masks of one object."""
        return Segmentation(
            logits=prediction.logits[0].float().cpu().numpy(),
            scores=prediction.iou[0].float().cpu().numpy(),
            object_index=np.zeros(prediction.iou.shape[1], np.int64),
            object_score=prediction.object_score.float().cpu().numpy(),
            size=self.source.size,
        )

    def _adopted(self, raw: ImageFeatures, mask: np.ndarray) -> Sighting:
        """What a bool mask (height, width) of the frame says."""
        return self.network.adopt(raw, square_mask(mask, self.network.config.image_size, self.network.device))


def within_memory(work: Callable[[], Answer]) -> Answer | None:
    """The answer of some work, or None when memory ran out; the failed work's tensors are gone when this returns."""
    try:
        return work()
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and not any(s in str(error).lower() for s in _SHORT_OF_MEMORY):
            raise
    return None


def short_of_memory(what: str) -> ModelError:
    """The error for a user whose machine is too small for what was asked."""
    return ModelError(
        f"there was not enough memory to {what}. All that was done before is kept. Free memory (other notebooks, other "
        "models), follow fewer objects at a time with objects=[...], take a smaller model or device='cpu'; then go on."
    )


def _empty_accelerator() -> None:
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _row(sighting: Sighting, row: int) -> Sighting:
    """One object of a batch, with tensors of its own: a view would keep the whole batch alive."""
    part = slice(row, row + 1)
    return Sighting(
        logits=sighting.logits[part].clone(),
        iou=sighting.iou[part].clone(),
        object_score=sighting.object_score[part].clone(),
        pointer=sighting.pointer[part].clone(),
    )


def _memory_row(memory: Memory, row: int) -> Memory:
    part = slice(row, row + 1)
    return Memory(map=None if memory.map is None else memory.map[part].clone(), pointer=memory.pointer[part].clone())
