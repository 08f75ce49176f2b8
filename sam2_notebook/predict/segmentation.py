"""What the model says to prompts: masks with scores, as arrays in image pixels."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sam2_notebook.predict.tensors import masks_at_size
from sam2_notebook.values.geometry import Size

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False, kw_only=True)
class Segmentation:
    """N masks for one or more objects; row i of every array speaks of mask i.

    `logits` (N, h, w) are low-resolution, over the whole picture stretched, above 0 on the object;
    `scores` (N,) are predicted IoUs, 0..1; `object_index` (N,) says which object a row is for;
    `object_score` (objects,) are logits, above 0 when the model finds the object in the picture;
    `size` is the picture's. `masks` are computed when first asked for.
    """

    logits: FloatArray
    scores: FloatArray
    object_index: npt.NDArray[np.int64]
    object_score: FloatArray
    size: Size

    @cached_property
    def masks(self) -> npt.NDArray[np.bool_]:
        """The masks in image pixels, bool (N, height, width)."""
        return masks_at_size(self.logits, self.size)

    @property
    def best(self) -> "Segmentation":
        """One row per object: the candidate of highest predicted IoU."""
        rows = [int(r[np.argmax(self.scores[r])]) for r in (self._rows(i) for i in range(len(self)))]
        return self._take(np.array(rows, dtype=np.int64), self.object_score)

    def __len__(self) -> int:
        """Number of objects."""
        return len(self.object_score)

    def __getitem__(self, index: int) -> "Segmentation":
        """The candidates of object number `index` alone."""
        index = range(len(self))[index]
        part = self._take(self._rows(index), self.object_score[index : index + 1])
        return Segmentation(
            logits=part.logits,
            scores=part.scores,
            object_index=np.zeros_like(part.object_index),
            object_score=part.object_score,
            size=part.size,
        )

    def __iter__(self) -> Iterator["Segmentation"]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        count, size = len(self.scores), self.size
        scores = ", ".join(f"{s:.2f}" for s in self.scores[:6]) + (", ..." if count > 6 else "")
        return f"Segmentation({len(self)} objects, {count} masks of {size.width} x {size.height}, scores {scores})"

    def _rows(self, index: int) -> npt.NDArray[np.int64]:
        return np.flatnonzero(self.object_index == index)

    def _take(self, rows: npt.NDArray[np.int64], object_score: FloatArray) -> "Segmentation":
        return Segmentation(
            logits=self.logits[rows],
            scores=self.scores[rows],
            object_index=self.object_index[rows],
            object_score=object_score,
            size=self.size,
        )
