"""A network with memory, and what it has seen of the last pictures: what sessions over pictures without order share."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from sam2_notebook.errors import ModelError
from sam2_notebook.media import Image
from sam2_notebook.model import ImageFeatures, Memory, Recollection, Sam2, Sighting
from sam2_notebook.model.memory import PROMPTED_SLOT
from sam2_notebook.predict.dynamic_results import FoundObject, ObjectName
from sam2_notebook.predict.lookalikes import Appearance, Parts, parts_of
from sam2_notebook.predict.precision import Network
from sam2_notebook.predict.prompts import ObjectPrompt
from sam2_notebook.predict.tensors import image_tensor, prompt_tensors, square_mask
from sam2_notebook.predict.tidy import tidy_logits
from sam2_notebook.values.geometry import Size
from sam2_notebook.weights.load import loaded

ENCODED_PICTURES = 8
PARTED_PICTURES = 64


@dataclass(kw_only=True)
class Pictures:
    """A network with memory, the raw features of the last few pictures it saw, and the parts of the last ones."""

    network: Network
    kept: OrderedDict[str, ImageFeatures] = field(default_factory=OrderedDict)
    parted: OrderedDict[str, Parts] = field(default_factory=OrderedDict)

    @torch.inference_mode()
    def features(self, image: Image) -> ImageFeatures:
        """The raw features of a picture, encoded once while it is among the last ones."""
        found = self.kept.get(image.digest)
        if found is None:
            pixels = image_tensor(image.pixels, self.network.config.image_size).to(self.network.device)
            found = self.kept[image.digest] = self.network.encode(pixels)
        self.kept.move_to_end(image.digest)
        while len(self.kept) > ENCODED_PICTURES:
            self.kept.popitem(last=False)
        return found

    def appearance(self, image: Image) -> Appearance:
        """How a picture looks, place by place."""
        return Appearance.of(image.pixels, self.features(image))

    def parts(self, image: Image) -> Parts:
        """All that is in a picture, segmented once while it is among the last ones."""
        found = self.parted.get(image.digest)
        if found is None:
            found = self.parted[image.digest] = parts_of(self.network, self.features(image), self.appearance(image))
        self.parted.move_to_end(image.digest)
        while len(self.parted) > PARTED_PICTURES:
            self.parted.popitem(last=False)
        return found

    def forget(self) -> None:
        """Let go of all pictures."""
        self.kept.clear()
        self.parted.clear()

    @torch.inference_mode()
    def see(
        self, image: Image, prompt: ObjectPrompt, recollection: Recollection | None, *, multimask: bool
    ) -> Sighting:
        """Decode the prompt of one object, as in a still picture or coloured by what is remembered of it."""
        raw, device = self.features(image), self.network.device
        if prompt.given is not None:
            return self.network.adopt(raw, square_mask(prompt.given, self.network.config.image_size, device))
        tensors = prompt_tensors([prompt], size_of(image), self.network.config)
        mask = None if tensors.mask is None else tensors.mask.to(device)
        tensors = replace(tensors, points=tensors.points.to(device), labels=tensors.labels.to(device), mask=mask)
        conditioned = self.network.recall(raw, recollection)
        return self.network.locate(self.network.segment(conditioned, tensors, multimask=multimask))


def with_memory(model: Sam2 | str | Path | None, device: str | torch.device | None) -> Sam2:
    """The network, loaded and in place; ModelError if it has no memory."""
    network = loaded(model, device)
    if network.memory is None:
        raise ModelError(
            "this network segments pictures only, it has no memory to know objects again by. Take one that has, such "
            'as "sam2.1_hiera_tiny".'
        )
    return network


def recollection_of(bank: Iterable[Memory]) -> Recollection:
    """All memories at once, each as of a prompted frame, without pointers: pictures have no order to age in."""
    maps = tuple(memory.map for memory in bank if memory.map is not None)
    return Recollection(maps=maps, slots=(PROMPTED_SLOT,) * len(maps), pointers=(), ages=(), span=1)


def found_object(name: ObjectName, sighting: Sighting, picture: Image, row: int = 0, *, tidy: int = 0) -> FoundObject:
    """One row of a sighting as a value of its own, without holes and specks below `tidy` low-resolution pixels."""
    logits = sighting.logits[row, 0].float().cpu().numpy()
    return FoundObject(
        object=name,
        logits=tidy_logits(logits[None], tidy)[0],
        object_score=float(sighting.object_score[row]),
        expected_iou=float(sighting.iou[row]),
        size=size_of(picture),
    )


def size_of(image: Image) -> Size:
    """The picture's size as a value."""
    height, width = image.size_hw
    return Size(height=height, width=width)
