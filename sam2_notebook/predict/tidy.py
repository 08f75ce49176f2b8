"""Small holes and specks of a mask, mended in its logits, so that every later step sees the same mask."""

import numpy as np
import numpy.typing as npt

from sam2_notebook.values.masks import fill_holes, remove_islands

MENDED = 0.1


def tidy_logits(logits: npt.NDArray[np.float32], smaller_than: int) -> npt.NDArray[np.float32]:
    """Logits (n, h, w) without holes and specks of fewer low-resolution pixels than `smaller_than`.

    A filled hole becomes +0.1, a dropped speck -0.1. A mask that is nothing but specks stays as it is.

    >>> logits = np.full((1, 3, 9), 5.0, np.float32); logits[0, 1, 1] = -5
    >>> bool((tidy_logits(logits, 2) > 0).all())
    True
    """
    if smaller_than <= 1:
        return logits
    tidied = logits.copy()
    for plane in tidied:
        mask = plane > 0
        kept = remove_islands(mask, smaller_than)
        wanted = fill_holes(kept if kept.any() else mask, smaller_than)
        plane[wanted & ~mask] = MENDED
        plane[mask & ~wanted] = -MENDED
    return tidied
