"""Show objects in some pictures, find them in others: memory without a video, and without an order of pictures."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from sam2_notebook.errors import PromptError
from sam2_notebook.media import Image, read_image
from sam2_notebook.media.images import ImageSource
from sam2_notebook.model import ImageFeatures, Memory, Recollection, Sam2, Sighting, unprompted
from sam2_notebook.model.video_memory import ABSENT_LOGIT
from sam2_notebook.predict.dynamic_pictures import Pictures, found_object, recollection_of, size_of, with_memory
from sam2_notebook.predict.dynamic_results import FoundObject, FoundObjects, ObjectName
from sam2_notebook.predict.lookalikes import Parts, ShownLook
from sam2_notebook.predict.precision import Engine
from sam2_notebook.predict.prompt_edits import one_prompt
from sam2_notebook.predict.prompts import Numbers, ObjectPrompt
from sam2_notebook.predict.tidy import tidy_logits, usual_tidy
from sam2_notebook.predict.tracker import ACCELERATOR_BATCH, CPU_BATCH
from sam2_notebook.values.geometry import Box
from sam2_notebook.values.plain import whole, whole_number

PUBLISHED_DIM = 256  # masks of narrower networks, the embedded one among them, are rough, and their memory is weak
ABSENT_SCORE = -32.0


@dataclass(frozen=True)
class Shown:
    """What a picture leaves behind of an object shown in it; None where it does not count."""

    memory: Memory
    look: ShownLook | None


class DynamicSession:
    """Objects shown by prompts in any pictures, found in any others. The only thing here that changes.

    Every object has memories of its own, so that showing another tells nothing of it; one for each picture it was shown
    in, so that showing it there again replaces what was remembered of that picture.
    `model` is a loaded `Sam2` with memory, a published name, a path to weights, or None for the embedded model. At most
    `most_objects` may be shown; of an object the last `most_memories` pictures are remembered. Threads may share it.

    With `lookalikes` an object is taken to be that part of a picture which looks most like it (`predict.lookalikes`)
    instead of what the memory says: None does so for small networks, the embedded one among them, whose memory is weak.

    >>> import numpy as np
    >>> from sam2_notebook.model import Sam2Config
    >>> small = dict(image_size=64, embed_dim=8, stages=(1, 1, 2, 1), global_blocks=(3,), dim=32, memory_layers=1)
    >>> session = DynamicSession(Sam2(Sam2Config(**small, memory_dim=16)), device="cpu")
    >>> shown = session.remember(np.zeros((48, 64, 3), np.uint8), "cup", box=[10, 10, 40, 30])
    >>> [found.object for found in session.find(np.ones((48, 64, 3), np.uint8))]
    ['cup']
    """

    def __init__(
        self,
        model: Sam2 | str | Path | None = None,
        *,
        device: str | torch.device | None = None,
        most_objects: int | None = None,
        most_memories: int | None = None,
        lookalikes: bool | None = None,
    ) -> None:
        self.most_objects = None if most_objects is None else whole_number(most_objects, "most_objects", 1)
        self.most_memories = None if most_memories is None else whole_number(most_memories, "most_memories", 1)
        self.pictures = Pictures(network=Engine(with_memory(model, device)).current()[1])
        is_small = self.pictures.network.config.dim < PUBLISHED_DIM
        self._tidy = usual_tidy(self.pictures.network.config)
        self.lookalikes = is_small if lookalikes is None else lookalikes
        self._banks: dict[ObjectName, dict[str, Shown]] = {}
        self._lock = threading.RLock()

    @property
    def objects(self) -> tuple[ObjectName, ...]:
        """The names of all objects, in the order they were first shown."""
        return tuple(self._banks)

    def memories(self, name: ObjectName) -> int:
        """In how many pictures an object is remembered."""
        return len(self._bank(name))

    def remember(
        self,
        image: ImageSource | Image,
        name: ObjectName,
        *,
        points: Numbers | None = None,
        labels: Numbers | None = None,
        box: Numbers | Box | None = None,
        mask: Numbers | None = None,
        with_memory: bool = False,
    ) -> FoundObject:
        """Show an object, new or known, in a picture, in image pixels; what the model makes of the prompt itself.

        `points` (n, 2), `labels` 1 on the object and 0 not, `box` (4,), or a bool `mask` that stands for the object as
        it is. `with_memory` reads the prompt in the light of what is remembered of the object from other pictures.
        Raises PromptError for impossible prompts and for more than `most_objects`.
        """
        picture = read_image(image)
        prompt = one_prompt(points, labels, box, mask, size_of(picture))
        with self._lock:
            self._check_room(name)
            elsewhere = self._elsewhere(name, picture)
            if with_memory and not elsewhere:
                raise PromptError(
                    f"there is no memory of object {name!r} from another picture; show it once without with_memory"
                )
            return self._show(picture, name, prompt, elsewhere if with_memory else ())

    def correct(
        self,
        image: ImageSource | Image,
        earlier: FoundObject,
        *,
        points: Numbers | None = None,
        labels: Numbers | None = None,
        box: Numbers | Box | None = None,
    ) -> FoundObject:
        """Show an object where an `earlier` answer for this picture was wrong: points or a box correct that answer.

        It is read in the light of what is remembered from other pictures, and remembered instead of what was said of
        this one. PromptError for impossible prompts.
        """
        picture, name = read_image(image), earlier.object
        prompt = one_prompt(points, labels, box, None, size_of(picture))
        if earlier.present:
            prompt = replace(prompt, mask=earlier.logits)
        with self._lock:
            self._check_room(name)
            return self._show(picture, name, prompt, self._elsewhere(name, picture))

    def _elsewhere(self, name: ObjectName, picture: Image) -> tuple[Memory, ...]:
        return tuple(shown.memory for key, shown in self._banks.get(name, {}).items() if key != picture.digest)

    def _show(self, picture: Image, name: ObjectName, prompt: ObjectPrompt, bank: tuple[Memory, ...]) -> FoundObject:
        recollection = recollection_of(bank) if bank else None
        sighting = self.pictures.see(picture, prompt, recollection, multimask=prompt.is_ambiguous)
        self._keep(name, picture, sighting)
        return replace(found_object(name, sighting, picture, tidy=self._tidy), given=prompt.given)

    def remember_absent(self, image: ImageSource | Image, name: ObjectName) -> None:
        """Show a picture in which a known object is not."""
        picture = read_image(image)
        with self._lock:
            self._bank(name)
            model = self.pictures.network
            side, dim = model.config.mask_size, model.config.dim
            nothing = Sighting(
                logits=torch.full((1, 1, side, side), ABSENT_LOGIT, device=model.device),
                iou=torch.zeros(1, device=model.device),
                object_score=torch.full((1,), ABSENT_SCORE, device=model.device),
                pointer=torch.zeros(1, dim, device=model.device),
            )
            self._keep(name, picture, nothing)

    @torch.inference_mode()
    def find(
        self, image: ImageSource | Image, objects: ObjectName | Iterable[ObjectName] | None = None
    ) -> FoundObjects:
        """Look for objects, all unless one or some are named, in a picture; looking leaves no memory.

        Raises PromptError when nothing was shown yet, or an unknown object is named.
        """
        picture = read_image(image)
        with self._lock:
            if not self._banks:
                raise PromptError("there is nothing to look for: show an object in some picture first")
            banks = {name: self._bank(name) for name in self._named(objects)}
            raw = self.pictures.features(picture)
            parts = self.pictures.parts(picture) if self.lookalikes else None
        found = {} if parts is None else self._alike(picture, parts, banks)
        rest = {name: [one.memory for one in bank.values()] for name, bank in banks.items() if name not in found}
        found |= self._recalled(picture, raw, rest)
        return FoundObjects(image=picture, objects=tuple(found[name] for name in banks))

    def _named(self, objects: ObjectName | Iterable[ObjectName] | None) -> tuple[ObjectName, ...]:
        if objects is None:
            return self.objects
        return (objects,) if isinstance(objects, str) or not isinstance(objects, Iterable) else tuple(objects)

    def _alike(
        self, picture: Image, parts: Parts, banks: Mapping[ObjectName, Mapping[str, Shown]]
    ) -> dict[ObjectName, FoundObject]:
        """The parts of a picture that look most like objects, as far as it has parts and the objects have looks."""
        found: dict[ObjectName, FoundObject] = {}
        for name, bank in banks.items():
            likest = parts.likest([one.look for one in bank.values() if one.look is not None])
            if likest is not None:
                row, score = likest
                found[name] = FoundObject(
                    object=name,
                    logits=tidy_logits(parts.logits(row)[None], self._tidy)[0],
                    object_score=score,
                    expected_iou=float(parts.ious[row]),
                    size=size_of(picture),
                )
        return found

    def _recalled(
        self, picture: Image, raw: ImageFeatures, banks: Mapping[ObjectName, list[Memory]]
    ) -> dict[ObjectName, FoundObject]:
        """Objects as their memories show them in a picture."""
        model = self.pictures.network
        groups: dict[int, list[ObjectName]] = {}
        for name, bank in banks.items():
            groups.setdefault(len(bank), []).append(name)
        step = CPU_BATCH if model.device.type == "cpu" else ACCELERATOR_BATCH
        found: dict[ObjectName, FoundObject] = {}
        for members in groups.values():
            for start in range(0, len(members), step):
                chunk = members[start : start + step]
                recalled = Recollection.join([recollection_of(banks[name]) for name in chunk])
                conditioned = model.recall(raw, recalled)
                answer = model.segment(conditioned, unprompted(len(chunk), model.device), multimask=False)
                sighting = model.locate(answer)
                for row, name in enumerate(chunk):
                    found[name] = found_object(name, sighting, picture, row, tidy=self._tidy)
        return found

    def forget(self, name: ObjectName, image: ImageSource | Image | None = None) -> None:
        """Forget an object and all its memories, or only what one picture said of it; the others do not change.

        An object of which nothing is left is forgotten. PromptError for one that was never shown; a picture that says
        nothing of it does no harm.
        """
        digest = None if image is None else read_image(image).digest
        with self._lock:
            bank = self._bank(name)
            left = {} if digest is None else {key: memory for key, memory in bank.items() if key != digest}
            others = {n: b for n, b in self._banks.items() if n != name}
            self._banks = {n: left if n == name else b for n, b in self._banks.items()} if left else others

    def clear(self) -> None:
        """Forget all objects, and the features of the last pictures."""
        with self._lock:
            self._banks = {}
            self.pictures.forget()

    def _keep(self, name: ObjectName, picture: Image, sighting: Sighting) -> None:
        with torch.inference_mode():
            memory = self.pictures.network.remember(self.pictures.features(picture), sighting, prompted=True)
        mask = sighting.logits[0, 0].cpu().numpy() > 0
        look = self.pictures.appearance(picture).shown(mask) if self.lookalikes else None
        bank = {key: old for key, old in self._banks.get(name, {}).items() if key != picture.digest}
        newest = list({**bank, picture.digest: Shown(memory, look)}.items())
        if self.most_memories is not None:
            newest = newest[-self.most_memories :]
        self._banks = {**self._banks, name: dict(newest)}

    def _check_room(self, name: ObjectName) -> None:
        if whole(name) is None and not isinstance(name, str):
            raise PromptError(f"an object is named by a whole number or a word; got {name!r}")
        if name not in self._banks and self.most_objects is not None and len(self._banks) >= self.most_objects:
            raise PromptError(
                f"object {name!r} would be one more than the {self.most_objects} allowed ({list(self.objects)}): "
                "forget one of them, or allow more"
            )

    def _bank(self, name: ObjectName) -> dict[str, Shown]:
        if name not in self._banks:
            raise PromptError(f"object {name!r} was never shown; known are {list(self.objects) or 'none'}")
        return self._banks[name]

    def __repr__(self) -> str:
        return f"DynamicSession({', '.join(f'{n!r}: {len(b)} memories' for n, b in self._banks.items()) or 'empty'})"
