"""The model's answer for one recipe, kept small: logits as they came, masks only once somebody looks at them."""

import threading
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sam2_notebook.predict.tensors import masks_at_size
from sam2_notebook.protocol.codecs import decode_rle, encode_rle
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import BoolMask, area
from sam2_notebook.widgets.recipe import Choice


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

    `best` is the candidate the model thinks most of; `object_score` is above 0 if the model sees an object at all. A
    mask drawn by hand has no logits and no scores. Safe to share between threads.
    """

    size: Size
    logits: npt.NDArray[np.float32]
    scores: tuple[float, ...]
    object_score: float | None
    best: int
    milliseconds: float
    _masks: dict[tuple[int, float], CodedMask] = field(default_factory=dict, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    @classmethod
    def drawn(cls, mask: BoolMask) -> "Outcome":
        """A mask that no model made."""
        size = Size(height=mask.shape[0], width=mask.shape[1])
        outcome = cls(size, np.zeros((0, 0, 0), np.float32), (), None, 0, 0.0)
        outcome._masks[0, 0.0] = CodedMask(size, encode_rle(mask), area(mask))
        return outcome

    @property
    def is_hand_made(self) -> bool:
        """Whether no model made it."""
        return not self.scores

    def chosen(self, choice: Choice) -> Choice:
        """What a choice means here: a candidate that is not there is the best, and a drawn mask has no edge to set."""
        if self.is_hand_made:
            return Choice(0)
        exists = choice.candidate is not None and choice.candidate < len(self.scores)
        return Choice(choice.candidate if exists else self.best, choice.threshold)

    def is_ready(self, chosen: Choice) -> bool:
        """Whether `mask` would answer at once."""
        return _key(chosen) in self._masks

    def mask(self, chosen: Choice) -> CodedMask:
        """The mask of what `chosen` has said, drawn at the first call."""
        with self._lock:
            key = _key(chosen)
            coded = self._masks.get(key)
            if coded is None:
                plane = self.logits[key[0] : key[0] + 1] - np.float32(key[1])
                drawn = masks_at_size(plane, self.size)[0]
                coded = self._masks[key] = CodedMask(self.size, encode_rle(drawn), area(drawn))
            return coded

    def hint(self, choice: Choice) -> npt.NDArray[np.float32]:
        """The logits that lie above 0 where the chosen mask is."""
        candidate, threshold = _key(self.chosen(choice))
        return self.logits[candidate] - np.float32(threshold)

    @property
    def nbytes(self) -> int:
        """What it takes in memory, about."""
        return self.logits.nbytes + sum(len(mask.rle) for mask in list(self._masks.values())) + 1024


def _key(chosen: Choice) -> tuple[int, float]:
    assert chosen.candidate is not None, "`Outcome.chosen` has said which"
    return chosen.candidate, chosen.threshold
