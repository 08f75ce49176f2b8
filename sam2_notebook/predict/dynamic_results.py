"""Where objects shown in some pictures are in another one."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from sam2_notebook.errors import PromptError
from sam2_notebook.media import Image
from sam2_notebook.predict.tensors import masks_at_size
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import BoolMask

ObjectName = int | str
SCORE_SCALE = 32.0


@dataclass(frozen=True, eq=False, kw_only=True)
class FoundObject:
    """One object in one picture. `logits` (side, side) are low-resolution, above 0 on the object.

    `object_score` is how sure the model is that it is there, a logit; `expected_iou`, 0..1, how well it thinks the mask
    fits. `yielded`, bool (height, width), is where its mask gives way to another object, None where it never does;
    `given` is the mask that the object was shown with, which is taken as it is.
    """

    object: ObjectName
    logits: npt.NDArray[np.float32]
    object_score: float
    expected_iou: float
    size: Size
    yielded: BoolMask | None = None
    given: BoolMask | None = None

    @property
    def score(self) -> float:
        """The object score as the original gives it, 0..1: over 32, at least 0."""
        return max(0.0, self.object_score / SCORE_SCALE)

    @property
    def presence(self) -> float:
        """The object score as a probability, 0..1."""
        return 1 / (1 + math.exp(-min(max(self.object_score, -60.0), 60.0)))

    @property
    def present(self) -> bool:
        """Whether the object is in the picture at all."""
        return self.object_score > 0

    @cached_property
    def mask(self) -> BoolMask:
        """The mask in image pixels, bool (height, width)."""
        mask = masks_at_size(self.logits[None], self.size)[0] if self.given is None else self.given
        return mask if self.yielded is None else mask & ~self.yielded


@dataclass(frozen=True, eq=False, kw_only=True)
class FoundObjects:
    """All objects asked for in one picture, in the order they were first shown."""

    image: Image
    objects: tuple[FoundObject, ...]

    def __len__(self) -> int:
        return len(self.objects)

    def __iter__(self) -> Iterator[FoundObject]:
        return iter(self.objects)

    def __getitem__(self, name: ObjectName) -> FoundObject:
        """One object by its name."""
        for found in self.objects:
            if found.object == name:
                return found
        raise PromptError(f"object {name!r} was not asked for; there are {[o.object for o in self.objects]}")

    def above(self, conf: float) -> "FoundObjects":
        """Those of a score above `conf`, 0..1."""
        return replace(self, objects=tuple(o for o in self.objects if o.score > conf))

    def without_overlap(self) -> "FoundObjects":
        """In every pixel only the object of the highest logit is there; others give way to it."""
        apart = [replace(o, yielded=None) for o in self.objects]
        crowd = np.zeros(self.image.size_hw, np.int32)
        for one in apart:
            crowd += one.mask
        if not apart or crowd.max() < 2:
            return replace(self, objects=tuple(apart))
        owner = strongest([one.logits for one in apart], apart[0].size)
        parted = (replace(one, yielded=(crowd > 1) & (owner != row)) for row, one in enumerate(apart))
        return replace(self, objects=tuple(parted))


def strongest(logits: Sequence[npt.NDArray[np.float32]], size: Size) -> npt.NDArray[np.int32]:
    """For every pixel the number of the plane (side, side) of the highest logit, the first of equals.

    >>> strongest([np.array([[3.0, 1.0]], np.float32), np.array([[2.0, 5.0]], np.float32)], Size(height=1, width=2))
    array([[0, 1]], dtype=int32)
    """
    best = torch.full((size.height, size.width), -torch.inf)
    owner = np.zeros((size.height, size.width), np.int32)
    whole = (size.height, size.width)
    for row, plane in enumerate(logits):  # one at a time: a plane of a large picture has its size in floats
        large = F.interpolate(torch.from_numpy(plane)[None, None], size=whole, mode="bilinear")[0, 0]
        owner[(large > best).numpy()] = row
        torch.maximum(best, large, out=best)
    return owner
