"""Linear layers at the speed the CPU has: oneDNN's kernels in float32 too, where torch would take MKL's."""

from functools import cache

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 0.5}  # products of 256 noisy numbers; bfloat16 rounds them to 0.1
LARGE = 4_000_000  # multiplications; below, waking the other cores costs more than oneDNN gains


@cache
def onednn_is_good(dtype: torch.dtype) -> bool:
    """Whether torch hands out oneDNN's linear, and it is exact for this precision; tried once, on a small product.

    In float32 it is twice as fast as MKL on AMD's AVX-512, in bfloat16 it adds the bias without a pass of its own.
    Elsewhere, and where it is missing or rounds float32, `linear` is torch's own.
    """
    if not (torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")):
        return False
    noise = torch.Generator().manual_seed(0)
    x, weight = (torch.randn(rows, 256, generator=noise).to(dtype) for rows in (64, 96))
    try:
        found = torch.ops.mkldnn._linear_pointwise(x, weight, None, "none", [], "")
    except RuntimeError:
        return False
    wanted = x.double() @ weight.double().T
    return bool((found.double() - wanted).abs().max() < TOLERANCE[dtype])  # float32 by bfloat16 would be off by 0.1


def linear(
    x: Float[Tensor, "*batch dim_in"], weight: Float[Tensor, "dim_out dim_in"], bias: Float[Tensor, "dim_out"] | None
) -> Float[Tensor, "*batch dim_out"]:
    """`F.linear` for inference."""
    large = x.numel() * weight.shape[0] >= LARGE
    if large and x.device.type == "cpu" and x.dtype in TOLERANCE and onednn_is_good(x.dtype):
        return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return F.linear(x, weight, bias)


class Table:
    """A weight matrix that many rows are multiplied by in turns: brought into oneDNN's order once, where that is used.

    `rows` is how many come at a time.
    """

    def __init__(self, weight: Float[Tensor, "dim_out dim_in"], rows: int) -> None:
        self.weight = weight
        good = weight.device.type == "cpu" and weight.dtype in TOLERANCE and onednn_is_good(weight.dtype)
        self.packed = good and rows * weight.numel() >= LARGE and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
        if self.packed:
            self.weight = torch.ops.mkldnn._reorder_linear_weight(weight, rows)

    def __call__(
        self, x: Float[Tensor, "rows dim_in"], bias: Float[Tensor, "dim_out"] | None = None
    ) -> Float[Tensor, "rows dim_out"]:
        """Multiply by it."""
        if self.packed:
            return torch.ops.mkldnn._linear_pointwise(x, self.weight, bias, "none", [], "")
        return linear(x, self.weight, bias)


class Linear:
    """Weights in one precision, copied only if that differs from the layer's own."""

    def __init__(self, weight: Tensor, bias: Tensor | None, dtype: torch.dtype) -> None:
        self.weight = weight.detach().to(dtype).contiguous()
        self.bias = None if bias is None else bias.detach().to(dtype)

    @classmethod
    def of(cls, layer: nn.Module, dtype: torch.dtype) -> "Linear":
        """A linear layer, or a 1x1 convolution as one."""
        assert isinstance(layer, nn.Linear | nn.Conv2d)
        return cls(layer.weight.flatten(1), layer.bias, dtype)

    @classmethod
    def chained(cls, first: nn.Module, second: nn.Module, dtype: torch.dtype) -> "Linear":
        """Two such layers with nothing between them, as one; multiplied in double precision."""
        assert isinstance(first, nn.Linear | nn.Conv2d)
        assert isinstance(second, nn.Linear | nn.Conv2d)
        assert first.bias is not None
        assert second.bias is not None
        outer, inner = (layer.weight.detach().flatten(1).double() for layer in (second, first))
        bias = outer @ first.bias.detach().double() + second.bias.detach().double()
        return cls((outer @ inner).float(), bias.float(), dtype)

    def __call__(self, x: Float[Tensor, "*batch dim_in"]) -> Float[Tensor, "*batch dim_out"]:
        """Apply to channels-last values."""
        return linear(x, self.weight, self.bias)


class Norm:
    """A layer norm in float32 that hands on one precision."""

    def __init__(self, norm: nn.LayerNorm, dtype: torch.dtype) -> None:
        self.shape, self.eps = norm.normalized_shape, norm.eps
        self.weight, self.bias, self.dtype = norm.weight.detach(), norm.bias.detach(), dtype

    def __call__(self, x: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        return F.layer_norm(x.float(), self.shape, self.weight, self.bias, self.eps).to(self.dtype)
