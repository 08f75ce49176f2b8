"""Position codes: sine maps (paper, memory attention inputs) and random Fourier features (prompts and their map)."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn


def sine_map(
    height: int, width: int, dim: int, device: torch.device | None = None
) -> Float[Tensor, "dim height width"]:
    """The interleaved sine code of every token: first half of the channels for y, second half for x."""

    def axis(length: int) -> Float[Tensor, "length half"]:
        place = torch.arange(1, length + 1, device=device, dtype=torch.float32) / (length + 1e-6) * (2 * math.pi)
        exponent = torch.arange(0, dim // 2, 2, device=device, dtype=torch.float32) / (dim // 2)
        angle = place[:, None] / 10000**exponent
        return torch.stack((angle.sin(), angle.cos()), dim=2).flatten(1)

    y = axis(height)[:, None, :].expand(height, width, -1)
    x = axis(width)[None, :, :].expand(height, width, -1)
    return torch.cat((y, x), dim=2).permute(2, 0, 1)


def sine_line(places: Float[Tensor, "places"], dim: int) -> Float[Tensor, "places dim"]:
    """The sine code of places on a line: all sines, then all cosines (unlike `sine_map`)."""
    half = dim // 2
    exponent = 2 * (torch.arange(half, device=places.device, dtype=torch.float32) // 2) / half
    angle = places[:, None] / 10000**exponent
    return torch.cat((angle.sin(), angle.cos()), dim=-1)


class AxialRotation(nn.Module):
    """Rotary positions over a square grid: half of the channel pairs turn with x, half with y (memory attention)."""

    cos: Tensor
    sin: Tensor

    def __init__(self, dim: int, side: int) -> None:
        super().__init__()
        speed = 10000 ** -(torch.arange(0, dim, 4, dtype=torch.float32) / dim)
        y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
        angle = torch.cat((x.flatten()[:, None] * speed, y.flatten()[:, None] * speed), dim=1)  # (tokens, dim / 2)
        self.register_buffer("cos", angle.cos(), persistent=False)
        self.register_buffer("sin", angle.sin(), persistent=False)

    def forward(self, x: Float[Tensor, "*batch tokens dim"]) -> Float[Tensor, "*batch tokens dim"]:
        """Turn the tokens of one or many grids, in float32 whatever the precision around it."""
        even, odd = x.float().unflatten(-1, (-1, 2)).unbind(-1)
        turned = torch.stack((even * self.cos - odd * self.sin, even * self.sin + odd * self.cos), dim=-1)
        return turned.flatten(-2).to(x.dtype)


class FourierPositions(nn.Module):
    """Random Fourier features of a place: sine and cosine of its projection on a fixed Gaussian matrix."""

    gaussian: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.register_buffer("gaussian", torch.randn(2, dim // 2))

    def forward(self, places: Float[Tensor, "*batch 2"]) -> Float[Tensor, "*batch dim"]:
        """Encode continuous places, xy in 0..1 over the model's square."""
        angle = 2 * math.pi * ((2 * places - 1) @ self.gaussian)
        return torch.cat((angle.sin(), angle.cos()), dim=-1)

    def grid(self, side: int) -> Float[Tensor, "dim side side"]:
        """Encode the centres of a square map's tokens."""
        centre = (torch.arange(side, device=self.gaussian.device, dtype=self.gaussian.dtype) + 0.5) / side
        y, x = torch.meshgrid(centre, centre, indexing="ij")
        return self(torch.stack((x, y), dim=-1)).permute(2, 0, 1)
