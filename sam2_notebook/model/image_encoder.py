"""Trunk and neck: a picture becomes three feature maps (paper, section 4, image encoder)."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from sam2_notebook.model.config import Sam2Config
from sam2_notebook.model.hiera import Hiera

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """What the first block of the mask decoder makes of one picture, whatever the prompts are: once for many clicks.

    `image` is the coarse map with the dense code of "no mask"; the tokens ask its `keys` and `values`, it asks them
    with its `queries`. `middle` and `fine` are the skips, laid out as the upscaling takes them.
    """

    image: Float[Tensor, "pixels dim"]
    keys: Float[Tensor, "heads dim_head pixels"]
    values: Float[Tensor, "heads pixels dim_head"]
    queries: Float[Tensor, "heads dim_head pixels"]
    middle: Float[Tensor, "grid2 grid2 quarter"]
    fine: Float[Tensor, "pixels2 four_eighth"]

    @property
    def nbytes(self) -> int:
        """Memory its tensors take; the middle skip is usually one with that of the features."""
        parts = (self.image, self.keys, self.values, self.queries, self.middle, self.fine)
        return sum(t.numel() * t.element_size() for t in parts)


@dataclass(frozen=True, kw_only=True)
class ImageFeatures:
    """What `encode` makes of pictures: the map prompts and memories meet, and two skips for fine masks.

    `coarse` (stride 16) is raw: `Sam2.recall` conditions it on memories, or on their absence, before `Sam2.segment`.
    `canvas` is there where one conditioned picture was prepared for many prompts, and goes with `coarse`.
    """

    coarse: Float[Tensor, "batch dim grid grid"]
    middle: Float[Tensor, "batch quarter grid2 grid2"]
    fine: Float[Tensor, "batch eighth grid4 grid4"]
    canvas: Canvas | None = None

    def __getitem__(self, index: slice) -> "ImageFeatures":
        """The features of some pictures of the batch, not prepared."""
        return ImageFeatures(coarse=self.coarse[index], middle=self.middle[index], fine=self.fine[index])

    @property
    def nbytes(self) -> int:
        """Memory the three maps take, and the canvas."""
        prepared = 0 if self.canvas is None else self.canvas.nbytes
        return sum(t.numel() * t.element_size() for t in (self.coarse, self.middle, self.fine)) + prepared

    def conditioned(self, coarse: Float[Tensor, "batch dim grid grid"]) -> "ImageFeatures":
        """The same pictures with another coarse map; one picture's skips serve a whole batch of maps."""
        middle, fine = self.middle, self.fine
        if len(coarse) != len(middle):
            middle, fine = (t.expand(len(coarse), -1, -1, -1) for t in (middle, fine))
        return ImageFeatures(coarse=coarse, middle=middle, fine=fine)

    def to(self, device: torch.device | str) -> "ImageFeatures":
        """The same features on another device; what was prepared for this one stays behind."""
        if torch.device(device) == self.coarse.device:
            return self
        maps = (self.coarse.to(device), self.middle.to(device), self.fine.to(device))
        return ImageFeatures(coarse=maps[0], middle=maps[1], fine=maps[2])


class Neck(nn.Module):
    """Feature pyramid: every stage to `dim` channels, and the deepest added into stride 16 only."""

    def __init__(self, config: Sam2Config) -> None:
        super().__init__()
        self.laterals = nn.ModuleList(nn.Conv2d(d, config.dim, 1) for d in config.stage_dims)

    def forward(self, stages: list[Float[Tensor, "batch _ _ _"]]) -> tuple[Tensor, Tensor, Tensor]:
        """Return the maps of strides 16, 8 and 4; the one of stride 32 lives on inside stride 16."""
        fine, middle, coarse, deepest = (lateral(x) for lateral, x in zip(self.laterals, stages, strict=True))
        # The original sums in float32 whatever the precision around it.
        above = F.interpolate(deepest.float(), scale_factor=2.0, mode="nearest")
        return coarse + above.to(coarse.dtype), middle, fine


class ImageEncoder(nn.Module):
    """Pixels to the three pyramid maps."""

    mean: Tensor
    std: Tensor

    def __init__(self, config: Sam2Config) -> None:
        super().__init__()
        self.trunk = Hiera(config)
        self.neck = Neck(config)
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STD).view(3, 1, 1), persistent=False)

    def forward(self, pixels: Float[Tensor, "batch 3 side side"]) -> tuple[Tensor, Tensor, Tensor]:
        """Encode RGB in 0..1, already stretched to the model's square; maps of strides 16, 8 and 4."""
        return self.neck(self.trunk((pixels - self.mean) / self.std))
