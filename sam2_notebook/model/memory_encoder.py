"""A mask and its frame's features become a memory map (paper, section 4, memory encoder)."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from sam2_notebook.model.config import Sam2Config
from sam2_notebook.model.layers import LayerNorm2d, Mlp

MASK_CHANNELS = (1, 4, 16, 64, 256)
MASK_SCALE, MASK_SHIFT = 20.0, -10.0


def mask_stack(dim: int) -> nn.Sequential:
    """The published stack that brings a mask from pixels to stride 16."""
    layers: list[nn.Module] = []
    for narrow, wide in pairwise(MASK_CHANNELS):
        layers += [nn.Conv2d(narrow, wide, 3, stride=2, padding=1), LayerNorm2d(wide), nn.GELU()]
    return nn.Sequential(*layers, nn.Conv2d(MASK_CHANNELS[-1], dim, 1))


class FuserBlock(nn.Module):
    """A ConvNeXt block: depthwise 7x7, norm, an MLP per pixel, scaled and added."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(dim, dim, 7, padding=3, groups=dim)
        self.norm = LayerNorm2d(dim)
        self.mlp = Mlp((dim, 4 * dim, dim), nn.GELU)
        self.scale = nn.Parameter(torch.full((dim,), 1e-6))

    def forward(self, x: Float[Tensor, "batch dim height width"]) -> Float[Tensor, "batch dim height width"]:
        """Mix neighbourhoods, then channels."""
        inner = self.norm(self.depthwise(x)).permute(0, 2, 3, 1)
        return x + (self.scale * self.mlp(inner)).permute(0, 3, 1, 2)


class MemoryEncoder(nn.Module):
    """Fuses masks with raw image features into maps of `memory_dim` channels at stride 16."""

    def __init__(self, config: Sam2Config) -> None:
        super().__init__()
        dim, memory_dim = config.dim, config.memory_dim
        self.side = config.image_size
        self.mask_downscaling = mask_stack(dim)
        self.feature_projection = nn.Conv2d(dim, dim, 1)
        self.fuser = nn.Sequential(*(FuserBlock(dim) for _ in range(2)))
        self.projection = nn.Conv2d(dim, memory_dim, 1)
        # SAM 2.1 marks the memory of a frame in which the object is absent.
        self.absent = nn.Parameter(torch.zeros(memory_dim)) if config.version == "2.1" else None

    def forward(
        self,
        coarse: Float[Tensor, "pictures dim grid grid"],
        logits: Float[Tensor, "batch 1 side side"],
        present: Bool[Tensor, "batch"],
        *,
        prompted: bool,
    ) -> Float[Tensor, "batch memory_dim grid grid"]:
        """Encode masks; those a user prompted for are sharpened to 0 and 1. One picture may serve all objects."""
        mask = self.drawn(logits, prompted=prompted).to(coarse.dtype)
        fused = self.projection(self.fuser(self.feature_projection(coarse) + self.mask_downscaling(mask)))
        return self.marked(fused, present)

    def drawn(self, logits: Float[Tensor, "batch 1 side side"], *, prompted: bool) -> Float[Tensor, "batch 1 _ _"]:
        """Masks at the picture's full side, in float32, as the network wants them: from -10 to 10."""
        full = F.interpolate(logits.float(), size=(self.side, self.side), mode="bilinear", align_corners=False)
        mask = (full > 0).to(full.dtype) if prompted else full.sigmoid()
        return mask * MASK_SCALE + MASK_SHIFT

    def marked(
        self, fused: Float[Tensor, "batch memory_dim grid grid"], present: Bool[Tensor, "batch"]
    ) -> Float[Tensor, "batch memory_dim grid grid"]:
        """The maps, those of absent objects with their mark."""
        if self.absent is None:
            return fused
        return fused + ~present[:, None, None, None] * self.absent[:, None, None].to(fused.dtype)
