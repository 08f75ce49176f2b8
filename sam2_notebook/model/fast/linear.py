"""Linear layers at the speed the CPU has: oneDNN's kernels in float32 too, where torch would take MKL's."""

from functools import cache

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

EXACT = 1e-4
LARGE = 4_000_000  # multiplications; below, waking the other cores costs more than oneDNN gains


@cache
def onednn_is_exact() -> bool:
    """Whether torch hands out oneDNN's linear, and it computes in true float32 here; tried once, on a small product.

    It is twice as fast as MKL on AMD's AVX-512. Elsewhere, and where it is missing or rounds, `linear` is torch's own.
    """
    if not (torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")):
        return False
    noise = torch.Generator().manual_seed(0)
    x, weight = torch.randn(64, 256, generator=noise), torch.randn(96, 256, generator=noise)
    try:
        found = torch.ops.mkldnn._linear_pointwise(x, weight, None, "none", [], "")
    except RuntimeError:
        return False
    wanted = x.double() @ weight.double().T
    return bool((found.double() - wanted).abs().max() < EXACT)  # bfloat16 would be off by 0.1


def linear(
    x: Float[Tensor, "*batch dim_in"], weight: Float[Tensor, "dim_out dim_in"], bias: Float[Tensor, "dim_out"] | None
) -> Float[Tensor, "*batch dim_out"]:
    """`F.linear` for inference."""
    large = x.numel() * weight.shape[0] >= LARGE
    if large and x.dtype is torch.float32 and x.device.type == "cpu" and onednn_is_exact():
        return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return F.linear(x, weight, bias)


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
