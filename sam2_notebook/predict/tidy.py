"""Small holes and specks of a mask, mended in its logits, so that every later step sees the same mask."""

import numpy as np
import numpy.typing as npt

from sam2_notebook.model import Sam2Config
from sam2_notebook.values.masks import fill_holes, remove_islands

EMBEDDED_TIDY = 24
MENDED = 0.1


def usual_tidy(config: Sam2Config) -> int:
    """The area below which holes and specks of a network's masks are mended unless somebody says otherwise.

    Networks that draw their prompts into the dense input, as the embedded model and what was trained from it, make
    rougher masks; those of published ones are left as they are.

    >>> usual_tidy(Sam2Config(prompts="raster")), usual_tidy(Sam2Config())
    (24, 0)
    """
    return EMBEDDED_TIDY if config.prompts == "raster" else 0


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
