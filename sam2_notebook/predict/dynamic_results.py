"""Where objects shown in some pictures are in another one."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sam2_notebook.errors import PromptError
from sam2_notebook.media import Image
from sam2_notebook.predict.tensors import masks_at_size
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import BoolMask

ObjectName = int | str
SCORE_SCALE = 32.0
OVERLAPPED = -10.0


@dataclass(frozen=True, eq=False, kw_only=True)
class FoundObject:
    """One object in one picture. `logits` (side, side) are low-resolution, above 0 on the object.

    `object_score` is how sure the model is that it is there, a logit; `expected_iou`, 0..1, how well it thinks the mask
    fits.
    """

    object: ObjectName
    logits: npt.NDArray[np.float32]
    object_score: float
    expected_iou: float
    size: Size

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
        return masks_at_size(self.logits[None], self.size)[0]


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
        """At each place only the object of the highest logit keeps it, the others' are lowered to -10."""
        if len(self.objects) < 2:
            return self
        stack = np.stack([o.logits for o in self.objects])
        lowered = exclusive(stack)
        pairs = zip(self.objects, lowered, strict=True)
        return replace(self, objects=tuple(replace(o, logits=logits) for o, logits in pairs))


def exclusive(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Logits (n, h, w) of which at each place only the highest stays as it is; the others become -10 at most.

    >>> exclusive(np.array([[[3.0]], [[5.0]]], np.float32)).ravel().tolist()
    [-10.0, 5.0]
    """
    best = logits.argmax(axis=0)
    mine = np.arange(len(logits))[:, None, None] == best
    return np.where(mine, logits, np.minimum(logits, np.float32(OVERLAPPED)))
