"""Pictures fitted into the network's square as the original's predictors do it: whole, at the top left, grey around.

`tensors.image_tensor` stretches them instead, as SAM 2 was trained.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from sam2_notebook.media import Image
from sam2_notebook.predict.prompts import ObjectPrompt
from sam2_notebook.values.geometry import Box, Size

GREY = 114


@dataclass(frozen=True, kw_only=True)
class Letterbox:
    """Where a picture of some size lies in a square of `side` pixels.

    >>> Letterbox(size=Size(height=30, width=60), side=512).inner
    Size(height=256, width=512)
    """

    size: Size
    side: int

    @property
    def scale(self) -> float:
        """Pixels of the square per pixel of the picture."""
        return self.side / max(self.size.height, self.size.width)

    @property
    def inner(self) -> Size:
        """The part of the square that is picture."""
        height, width = (max(1, round(edge * self.scale)) for edge in (self.size.height, self.size.width))
        return Size(height=height, width=width)

    def picture(self, image: Image) -> Image:
        """The square: bilinear without antialiasing, rounded to levels, halves up."""
        levels = torch.from_numpy(image.pixels.copy()).permute(2, 0, 1)[None].float()
        fitted = F.interpolate(levels, size=(self.inner.height, self.inner.width), mode="bilinear")[0]
        square = np.full((self.side, self.side, 3), GREY, np.uint8)
        square[: self.inner.height, : self.inner.width] = (fitted + 0.5).floor().byte().permute(1, 2, 0).numpy()
        return Image(square, image.name)

    def prompt(self, prompt: ObjectPrompt) -> ObjectPrompt:
        """A prompt of the picture, in pixels of the square."""
        box = None if prompt.box is None else Box(*(edge * self.scale for edge in prompt.box.as_tuple()))
        mask = prompt.mask
        if mask is not None and mask.dtype == np.bool_:
            whole = torch.from_numpy(np.asarray(mask, np.float32))[None, None]
            fitted = F.interpolate(whole, size=(self.inner.height, self.inner.width), mode="nearest-exact")[0, 0]
            mask = np.zeros((self.side, self.side), np.bool_)
            mask[: self.inner.height, : self.inner.width] = fitted.numpy() > 0
        return replace(prompt, points=(prompt.points * self.scale).astype(np.float32), box=box, mask=mask)

    def cut(self, logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The rows and columns of a plane (side, side) of logits that lie on the picture, whole ones."""
        across = self.scale / self.side * np.array([self.size.height, self.size.width])
        # half a row counts as one, as in the original
        grey = np.floor(logits.shape * (1 - across) + 0.6).astype(int)
        rows, columns = np.maximum(logits.shape - grey, 1)
        return logits[:rows, :columns]
