"""The memory encoder for inference on a CPU: channels last, so that norms and products need no copies.

Only of the large mask four channels come first, in float32: a norm over so few is done plane by plane.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from sam2_notebook.model.fast.linear import Linear, Norm
from sam2_notebook.model.memory_encoder import FuserBlock, MemoryEncoder


class Convolution:
    """A convolution's parameters, channels last, in one precision."""

    def __init__(self, layer: nn.Conv2d, dtype: torch.dtype) -> None:
        assert layer.bias is not None
        self.weight = layer.weight.detach().to(dtype, memory_format=torch.channels_last)
        self.bias = layer.bias.detach().to(dtype)
        self.stride, self.padding, self.groups = layer.stride[0], int(layer.padding[0]), layer.groups

    def __call__(self, x: Float[Tensor, "1 height width dim_in"]) -> Float[Tensor, "1 out_height out_width dim_out"]:
        """Apply to a channels-last map."""
        y = F.conv2d(x.permute(0, 3, 1, 2), self.weight, self.bias, self.stride, self.padding, groups=self.groups)
        return y.permute(0, 2, 3, 1).contiguous()


class Fuser:
    """A ConvNeXt block."""

    def __init__(self, block: FuserBlock, dtype: torch.dtype) -> None:
        self.depthwise, self.norm = Convolution(block.depthwise, dtype), Norm(block.norm, dtype)
        self.wide, self.narrow = (Linear.of(layer, dtype) for layer in block.mlp.layers)
        self.scale = block.scale.detach().to(dtype)

    def __call__(self, x: Float[Tensor, "1 height width dim"]) -> Float[Tensor, "1 height width dim"]:
        """Mix neighbourhoods, then channels."""
        return x.addcmul(self.scale, self.narrow(F.gelu(self.wide(self.norm(self.depthwise(x))))))


class FastMemoryEncoder:
    """A memory encoder's parameters at work in one precision on a CPU."""

    def __init__(self, encoder: MemoryEncoder, dtype: torch.dtype) -> None:
        self.plain, self.dtype = encoder, dtype
        layers = list(encoder.mask_downscaling)
        self.first = nn.Sequential(*layers[:3])
        self.steps = [
            (Convolution(conv, dtype), Norm(norm, dtype))
            for conv, norm in zip(layers[3:-1:3], layers[4:-1:3], strict=True)
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.LayerNorm)
        ]
        self.last = Linear.of(encoder.mask_downscaling[-1], dtype)
        self.features, self.projection = (
            Linear.of(encoder.feature_projection, dtype),
            Linear.of(encoder.projection, dtype),
        )
        self.fuser = [Fuser(block, dtype) for block in encoder.fuser if isinstance(block, FuserBlock)]

    def __call__(
        self,
        coarse: Float[Tensor, "pictures dim grid grid"],
        logits: Float[Tensor, "batch 1 side side"],
        present: Bool[Tensor, "batch"],
        *,
        prompted: bool,
    ) -> Float[Tensor, "batch memory_dim grid grid"]:
        """As `MemoryEncoder`; what one picture says to all objects is computed once."""
        seen = self.features(coarse.permute(0, 2, 3, 1).to(self.dtype))
        rows = [
            self._one(seen[i : i + 1] if len(seen) > 1 else seen, logits[i : i + 1], prompted)
            for i in range(len(logits))
        ]
        return self.plain.marked(torch.cat(rows).permute(0, 3, 1, 2), present)

    def _one(self, seen: Tensor, logits: Tensor, prompted: bool) -> Float[Tensor, "1 grid grid memory_dim"]:
        x = self.first(self.plain.drawn(logits, prompted=prompted)).to(self.dtype).permute(0, 2, 3, 1)
        for conv, norm in self.steps:
            x = F.gelu(norm(conv(x)))
        x = seen + self.last(x)
        for block in self.fuser:
            x = block(x)
        return self.projection(x)
