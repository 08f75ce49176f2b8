"""The small parts that several boxes share."""

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

FEW_CHANNELS = 4


class LayerNorm2d(nn.LayerNorm):
    """LayerNorm over the channels of a channels-first map, eps 1e-6."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=1e-6)

    def forward(self, input: Float[Tensor, "batch dim height width"]) -> Float[Tensor, "batch dim height width"]:
        """Normalise every pixel's channels."""
        if input.shape[1] <= FEW_CHANNELS and input.device.type == "cpu" and not torch.is_grad_enabled():
            return self.norm_planes(input)
        return self.norm_last(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    def norm_last(self, input: Float[Tensor, "... dim"]) -> Float[Tensor, "... dim"]:
        """The same for values that have their channels last."""
        return super().forward(input)

    def norm_planes(self, input: Float[Tensor, "batch dim height width"]) -> Float[Tensor, "batch dim height width"]:
        """The same plane by plane: torch's own takes five times as long over the four channels of a large mask."""
        centred = input.float()
        centred = centred - centred.mean(1, keepdim=True)
        scale = (centred * centred).mean(1, keepdim=True).add_(self.eps).rsqrt_()
        scaled = centred.mul_(scale).mul_(self.weight[:, None, None]).add_(self.bias[:, None, None])
        return scaled.to(input.dtype)


class Mlp(nn.Module):
    """Linear layers with an activation between them."""

    def __init__(self, sizes: tuple[int, ...], activation: type[nn.Module] = nn.ReLU) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.activation = activation()

    def forward(self, x: Float[Tensor, "... dim_in"]) -> Float[Tensor, "... dim_out"]:
        """Apply all layers; none is activated after the last."""
        last = len(self.layers) - 1
        for number, layer in enumerate(self.layers):  # a slice of a ModuleList is a new one, which takes longer
            x = layer(x) if number == last else self.activation(layer(x))
        return x
