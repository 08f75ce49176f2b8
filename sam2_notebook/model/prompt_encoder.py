"""Clicks, boxes and masks become tokens and a dense map (paper, section 4, prompt encoder)."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from sam2_notebook.model.config import Sam2Config
from sam2_notebook.model.layers import LayerNorm2d
from sam2_notebook.model.positions import FourierPositions

PADDING, NEGATIVE, POSITIVE, TOP_LEFT, BOTTOM_RIGHT = -1, 0, 1, 2, 3


@dataclass(frozen=True, kw_only=True)
class PromptTensors:
    """Prompts of a batch of objects, all with the same number of points.

    `points` are xy in model pixels; `labels` are 1 on the object, 0 beside it, 2 and 3 the top left and bottom right
    corner of its box (both before the clicks), -1 padding. `mask` holds logits at stride 4, or None.
    """

    points: Float[Tensor, "batch points 2"]
    labels: Int[Tensor, "batch points"]
    mask: Float[Tensor, "batch 1 mask_side mask_side"] | None = None


def unprompted(batch: int, device: torch.device | None = None) -> PromptTensors:
    """What is said of objects in a frame where nothing is said: one padding point each, as the original does."""
    return PromptTensors(
        points=torch.zeros(batch, 1, 2, device=device),
        labels=torch.full((batch, 1), PADDING, device=device),
    )


def mask_downscaling(channels: int, dim: int) -> nn.Sequential:
    """The published stack that brings a mask from stride 4 to stride 16."""
    return nn.Sequential(
        nn.Conv2d(channels, 4, 2, stride=2),
        LayerNorm2d(4),
        nn.GELU(),
        nn.Conv2d(4, 16, 2, stride=2),
        LayerNorm2d(16),
        nn.GELU(),
        nn.Conv2d(16, dim, 1),
    )


class PointEncoder(nn.Module):
    """Points and box corners as tokens: Fourier features plus a learned code per label."""

    def __init__(self, config: Sam2Config) -> None:
        super().__init__()
        self.side = config.image_size
        self.positions = FourierPositions(config.dim)
        self.label_embed = nn.Parameter(torch.randn(4, config.dim))
        self.not_a_point = nn.Parameter(torch.randn(config.dim))

    def forward(
        self, points: Float[Tensor, "batch points 2"], labels: Int[Tensor, "batch points"]
    ) -> Float[Tensor, "batch tokens dim"]:
        """Encode points in model pixels and append the padding token; no points at all give no token at all."""
        code = self.positions((points + 0.5) / self.side)
        code = code + self.label_embed[labels.clamp(min=0)]
        code = torch.where((labels == PADDING)[..., None], self.not_a_point.to(code.dtype), code)
        if points.shape[1] == 0:
            return code
        padding = self.not_a_point.to(code.dtype).expand(code.shape[0], 1, -1)
        return torch.cat((code, padding), dim=1)


class PromptEncoder(nn.Module):
    """The published encoder: points as tokens only, the dense map from a mask prompt or a learned constant."""

    def __init__(self, config: Sam2Config) -> None:
        super().__init__()
        self.grid = config.grid
        self.points = PointEncoder(config)
        self.mask_downscaling = mask_downscaling(1, config.dim)
        self.no_mask = nn.Parameter(torch.randn(config.dim))

    def forward(
        self, prompts: PromptTensors
    ) -> tuple[Float[Tensor, "batch tokens dim"], Float[Tensor, "batch dim grid grid"]]:
        """Tokens, and the dense map to add to the image features."""
        tokens = self.points(prompts.points, prompts.labels)
        if prompts.mask is None:
            dense = self.no_mask.view(1, -1, 1, 1).expand(tokens.shape[0], -1, self.grid, self.grid)
        else:
            dense = self.mask_downscaling(prompts.mask)
        return tokens, dense


class RasterPromptEncoder(nn.Module):
    """A sibling for small networks: points as tokens *and* drawn, with the box, into the dense input.

    Four channels at stride 4: the mask prompt's logits; how near a positive click is; how near a negative one is;
    inside (+1) or outside (-1) the box, 0 without one. A small decoder thus need not learn Fourier features first.
    """

    places: Tensor
    REACH = 0.03
    LOGIT_SCALE = 8.0

    def __init__(self, config: Sam2Config) -> None:
        super().__init__()
        self.side = config.image_size
        self.points = PointEncoder(config)
        self.mask_downscaling = mask_downscaling(4, config.dim)
        centre = (torch.arange(config.mask_size) + 0.5) / config.mask_size
        self.register_buffer("places", centre, persistent=False)

    def forward(
        self, prompts: PromptTensors
    ) -> tuple[Float[Tensor, "batch tokens dim"], Float[Tensor, "batch dim grid grid"]]:
        """Tokens, and the dense map to add to the image features."""
        tokens = self.points(prompts.points, prompts.labels)
        return tokens, self.mask_downscaling(self.draw(prompts))

    def draw(self, prompts: PromptTensors) -> Float[Tensor, "batch 4 mask_side mask_side"]:
        """The prompts as a picture of four channels."""
        points, labels = (prompts.points + 0.5) / self.side, prompts.labels
        near = [self._nearness(points, labels == label) for label in (POSITIVE, NEGATIVE)]
        mask = torch.zeros_like(near[0]) if prompts.mask is None else prompts.mask[:, 0] / self.LOGIT_SCALE
        return torch.stack((mask.clamp(-4, 4), *near, self._inside_box(points, labels)), dim=1)

    def _nearness(self, points: Tensor, wanted: Tensor) -> Tensor:
        """exp(-distance / reach) to the nearest of the wanted points, in 0..1."""
        nowhere = points.device.type == "cpu" and not wanted.any()  # elsewhere asking would wait for the device
        if points.shape[1] == 0 or nowhere:
            return self.places.new_zeros(points.shape[0], self.places.numel(), self.places.numel())
        dx2 = (self.places - points[..., :1]) ** 2  # (batch, points, side)
        dy2 = (self.places - points[..., 1:]) ** 2
        distance2 = dy2[..., :, None] + dx2[..., None, :]
        distance2 = distance2.masked_fill(~wanted[..., None, None], 1e4)
        return torch.exp(-distance2.amin(dim=1).sqrt() / self.REACH)

    def _inside_box(self, points: Tensor, labels: Tensor) -> Tensor:
        inside = self.places.new_zeros(points.shape[0], self.places.numel(), self.places.numel())
        if points.shape[1] < 2:
            return inside
        has_box = (labels[:, 0] == TOP_LEFT)[:, None, None]
        low, high = points[:, 0], points[:, 1]
        x = (self.places >= low[:, :1]) & (self.places <= high[:, :1])
        y = (self.places >= low[:, 1:]) & (self.places <= high[:, 1:])
        drawn = (y[:, :, None] & x[:, None, :]).to(inside.dtype) * 2 - 1
        return torch.where(has_box, drawn, inside)
