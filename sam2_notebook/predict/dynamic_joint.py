"""The original's dynamic predictor: one memory for all objects. For comparison with its results.

Every picture in which anything is shown leaves a memory of *all* objects, which says of those not shown that they are
absent. That is why `DynamicSession` keeps one bank per object; here it is kept as it was.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch

from sam2_notebook.errors import PromptError
from sam2_notebook.media import Image, read_image
from sam2_notebook.media.images import ImageSource
from sam2_notebook.model import Memory, Sam2, Sighting, unprompted
from sam2_notebook.model.video_memory import ABSENT_LOGIT
from sam2_notebook.predict.dynamic import ABSENT_SCORE
from sam2_notebook.predict.dynamic_pictures import Pictures, found_object, recollection_of, size_of, with_memory
from sam2_notebook.predict.dynamic_results import FoundObjects
from sam2_notebook.predict.letterbox import Letterbox
from sam2_notebook.predict.precision import Engine
from sam2_notebook.predict.prompts import ObjectPrompt
from sam2_notebook.values.plain import whole_number


class JointDynamicSession:
    """Objects 0 to `slots` - 1 shown together, remembered together, looked for together.

    Prompts are decoded without memory into single masks; memories are encoded from soft masks; every memory counts as
    one of a prompted frame, and pointers are not used. Pictures are not stretched but fitted into the square.
    """

    def __init__(
        self, model: Sam2 | str | Path | None = None, *, slots: int = 3, device: str | torch.device | None = None
    ) -> None:
        self.slots = whole_number(slots, "the number of objects", 1)
        self.pictures = Pictures(network=Engine(with_memory(model, device), "fp32").current()[1])
        self._bank: tuple[Memory, ...] = ()
        self._shown: set[int] = set()

    @property
    def objects(self) -> tuple[int, ...]:
        """The slots in which something was shown."""
        return tuple(sorted(self._shown))

    @torch.inference_mode()
    def remember(self, image: ImageSource | Image, prompts: Mapping[int, ObjectPrompt]) -> None:
        """Show some of the objects in a picture; all others are remembered as absent there."""
        outside = [slot for slot in prompts if not 0 <= slot < self.slots]
        if outside or not prompts:
            raise PromptError(f"the objects are 0 to {self.slots - 1}; got {outside or 'none'}")
        picture = read_image(image)
        model, device = self.pictures.network, self.pictures.network.device
        side, dim = model.config.mask_size, model.config.dim
        logits = torch.full((self.slots, 1, side, side), ABSENT_LOGIT, device=device)
        pointer = torch.full((self.slots, dim), ABSENT_LOGIT, device=device)
        score = torch.full((self.slots,), ABSENT_SCORE, device=device)
        fitting = self._fitting(picture)
        square = fitting.picture(picture)
        for slot, prompt in prompts.items():
            seen = self.pictures.see(square, fitting.prompt(prompt), None, multimask=False)
            logits[slot], pointer[slot], score[slot] = seen.logits[0], seen.pointer[0], seen.object_score[0]
        together = Sighting(logits=logits, iou=torch.zeros_like(score), object_score=score, pointer=pointer)
        memory = model.remember(self.pictures.features(square), together, prompted=False)
        self._bank = (*self._bank, memory)
        self._shown |= set(prompts)

    @torch.inference_mode()
    def find(self, image: ImageSource | Image) -> FoundObjects:
        """All slots in a picture; those in which nothing was shown score 0. PromptError before anything was."""
        if not self._bank:
            raise PromptError("there is nothing to look for: show an object in some picture first")
        picture = read_image(image)
        model = self.pictures.network
        fitting = self._fitting(picture)
        conditioned = model.recall(self.pictures.features(fitting.picture(picture)), recollection_of(self._bank))
        sighting = model.locate(model.segment(conditioned, unprompted(self.slots, model.device), multimask=False))
        found = (found_object(row, sighting, picture, row) for row in range(self.slots))
        cut = (replace(one, logits=fitting.cut(one.logits)) for one in found)
        used = (one if one.object in self._shown else replace(one, object_score=ABSENT_SCORE) for one in cut)
        return FoundObjects(image=picture, objects=tuple(used))

    def clear(self) -> None:
        """Forget everything."""
        self._bank, self._shown = (), set()
        self.pictures.forget()

    def _fitting(self, picture: Image) -> Letterbox:
        return Letterbox(size=size_of(picture), side=self.pictures.network.config.image_size)

    def __repr__(self) -> str:
        return f"JointDynamicSession({self.slots} objects, {len(self._bank)} memories)"
