"""The model's answer for one recipe, kept small: logits as they came, masks only once somebody looks at them."""

import threading
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sam2_notebook.predict.tensors import masks_at_size
from sam2_notebook.protocol.codecs import decode_rle, encode_rle
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import BoolMask, area


@dataclass(frozen=True)
class CodedMask:
    """A mask at the picture's size as run lengths (`protocol.codecs`), and its number of pixels."""

    size: Size
    rle: bytes
    area: int

    def decode(self) -> BoolMask:
        """The mask, (height, width)."""
        return decode_rle(self.rle, self.size)


@dataclass(frozen=True, eq=False)
class Outcome:
    """Candidates for one recipe: `logits` (candidates, h, w) for the whole picture, and `scores`, their expected IoU.

    `best` is the candidate the model thinks most of; `object_score` is above 0 if the model sees an object at all.
    Safe to share between threads.
    """

    size: Size
    logits: npt.NDArray[np.float32]
    scores: tuple[float, ...]
    object_score: float | None
    best: int
    milliseconds: float
    _masks: dict[int, CodedMask] = field(default_factory=dict, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def chosen(self, choice: int | None) -> int:
        """The candidate that a choice means; one that does not exist means the best."""
        return choice if choice is not None and choice < len(self.scores) else self.best

    def is_drawn(self, candidate: int) -> bool:
        """Whether `mask` would answer at once."""
        return candidate in self._masks

    def mask(self, candidate: int) -> CodedMask:
        """The mask of a candidate, drawn at the first call."""
        with self._lock:
            coded = self._masks.get(candidate)
            if coded is None:
                drawn = masks_at_size(self.logits[candidate : candidate + 1], self.size)[0]
                coded = self._masks[candidate] = CodedMask(self.size, encode_rle(drawn), area(drawn))
            return coded

    @property
    def nbytes(self) -> int:
        """What it takes in memory, about."""
        return self.logits.nbytes + sum(len(mask.rle) for mask in list(self._masks.values())) + 1024
