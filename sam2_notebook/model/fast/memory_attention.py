"""Memory attention for inference on a CPU, one object at a time.

It has one head, and shares sum to one: so the memories themselves are mixed, 64 numbers each, and what is mixed goes
through the value and the output projection at once, as one matrix. What the first layer sees of the frame itself is the
same for every object, and computed once.

If it is `pooled`, four neighbours of a recent frame's map speak as one: their keys, turned to their places, and values
are averaged, and counted four times. That is no longer the paper's attention, but near it, since neighbours remember
nearly the same. Maps of the frame just before and of prompted frames stay whole: without the former, objects were lost.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from sam2_notebook.model.fast.attention import attend
from sam2_notebook.model.fast.crew import spread
from sam2_notebook.model.fast.linear import Linear, Norm
from sam2_notebook.model.memory import NEWEST_SLOT, PROMPTED_SLOT, Recollection
from sam2_notebook.model.memory_attention import MemoryAttention, MemoryLayer, RotaryAttention

POOL = 2  # tokens each way


class Rotation:
    """Axial rotary positions as products of complex numbers, in float32 as in the plain network."""

    def __init__(self, cos: Float[Tensor, "tokens half"], sin: Float[Tensor, "tokens half"]) -> None:
        self.turn = torch.complex(cos, sin)

    def __call__(self, x: Float[Tensor, "tokens dim"]) -> Float[Tensor, "tokens dim"]:
        pairs = torch.view_as_complex(x.float().unflatten(-1, (-1, 2)))
        return torch.view_as_real(pairs * self.turn).flatten(-2).to(x.dtype)


class Look:
    """One attention: queries and keys turn with their place, values are mixed as they are and projected afterwards."""

    def __init__(self, attention: RotaryAttention, dtype: torch.dtype) -> None:
        self.q, self.k = Linear.of(attention.q, dtype), Linear.of(attention.k, dtype)
        value, out = attention.v, attention.out
        self.out = Linear.chained(value, out, dtype)
        self.scale = attention.q.out_features**-0.5

    def __call__(
        self,
        queries: Tensor,
        keys: Float[Tensor, "keys dim"],
        values: Float[Tensor, "keys dim_value"],
        rotation: Rotation,
        bias: Float[Tensor, "keys"] | None = None,
    ) -> Float[Tensor, "tokens dim"]:
        """What is added to the tokens."""
        return self.out(attend(rotation(self.q(queries)), keys, values, self.scale, bias))


class Layer:
    """One look around, one look back, and an MLP; the sum is kept in float32."""

    def __init__(self, layer: MemoryLayer, dtype: torch.dtype) -> None:
        self.dtype = dtype
        self.norms = [Norm(norm, torch.float32) for norm in (layer.norm1, layer.norm2, layer.norm3)]
        self.self_attention, self.cross_attention = (
            Look(layer.self_attention, dtype),
            Look(layer.cross_attention, dtype),
        )
        self.wide, self.narrow = (Linear.of(part, dtype) for part in layer.mlp.layers)

    def around(self, x: Float[Tensor, "tokens dim"], rotation: Rotation) -> Float[Tensor, "tokens dim"]:
        """After the look around."""
        look, inner = self.self_attention, self.norms[0](x).to(self.dtype)
        return x + look(inner, rotation(look.k(inner)), inner, rotation)

    def back(self, x: Float[Tensor, "tokens dim"], memories: "Memories", rotation: Rotation) -> Tensor:
        """After the look back and the MLP."""
        look, queries = self.cross_attention, self.norms[1](x).to(self.dtype)
        x = x + look(queries, memories.turned(look, rotation), memories.values, rotation, memories.bias)
        for part in x.split(1024):
            part.add_(self.narrow(F.relu_(self.wide(self.norms[2](part).to(self.dtype)))))
        return x


class Memories:
    """What one object's frame recalls: maps as keys, which know place and time, and all values."""

    def __init__(
        self, attention: MemoryAttention, recollection: Recollection, row: int, dtype: torch.dtype, *, pooled: bool
    ) -> None:
        (keys, values), pointers = attention.sources(recollection[row : row + 1], torch.float32)
        self.keys = keys[0].to(dtype)  # (frames, tokens, memory_dim)
        self.pooled = [pooled and NEWEST_SLOT < slot < PROMPTED_SLOT for slot in recollection.slots]
        parts = [_pooled(value) if pooled else value for value, pooled in zip(values[0], self.pooled, strict=True)]
        speak_for = [float(POOL**2 if pooled else 1) for pooled in self.pooled]
        self.pointer_keys = None
        if pointers is not None:
            self.pointer_keys = pointers[0][0].to(dtype)
            parts.append(pointers[1][0])
            speak_for.append(1.0)
        self.values = torch.cat(parts).to(dtype)
        self.bias = None
        if any(self.pooled):
            counts = [part.new_full(part.shape[:1], number) for part, number in zip(parts, speak_for, strict=True)]
            self.bias = torch.cat(counts).log().to(dtype)

    def turned(self, look: Look, rotation: Rotation) -> Float[Tensor, "keys dim"]:
        """The keys of one layer, turned to their places; pointers have none."""
        keys = [rotation(look.k(frame)) for frame in self.keys]
        parts = [_pooled(k) if pooled else k for k, pooled in zip(keys, self.pooled, strict=True)]
        return torch.cat(parts if self.pointer_keys is None else [*parts, look.k(self.pointer_keys)])


def _pooled(tokens: Float[Tensor, "tokens dim"]) -> Float[Tensor, "fewer dim"]:
    """Tokens of a square map, the mean of each square of neighbours in their place."""
    side = math.isqrt(len(tokens))
    square = tokens.view(side // POOL, POOL, side // POOL, POOL, -1)
    return square.mean(dim=(1, 3)).flatten(0, 1)


class FastMemoryAttention:
    """Memory attention's parameters at work in one precision on a CPU."""

    def __init__(self, attention: MemoryAttention, dtype: torch.dtype, *, pooled: bool = False) -> None:
        self.plain, self.dtype = attention, dtype
        self.pooled = pooled and math.isqrt(len(attention.place)) % POOL == 0
        self.layers = [Layer(layer, dtype) for layer in attention.layers if isinstance(layer, MemoryLayer)]
        self.rotation = Rotation(attention.rotation.cos, attention.rotation.sin)

    def __call__(
        self, coarse: Float[Tensor, "pictures dim grid grid"], recollection: Recollection
    ) -> Float[Tensor, "batch dim grid grid"]:
        """As `MemoryAttention`: the features of a frame as each object's memories colour them."""
        seen = [self._around(picture) for picture in coarse]
        batch = recollection.maps[0].shape[0]
        found = spread(lambda row: self._back(seen[row if len(seen) > 1 else 0], recollection, row), range(batch))
        return torch.stack(found).transpose(1, 2).unflatten(2, coarse.shape[-2:])

    def _around(self, picture: Float[Tensor, "dim grid grid"]) -> Float[Tensor, "tokens dim"]:
        return self.layers[0].around(picture.flatten(1).T.float() + self.plain.frame_place, self.rotation)

    def _back(self, x: Float[Tensor, "tokens dim"], recollection: Recollection, row: int) -> Tensor:
        memories = Memories(self.plain, recollection, row, self.dtype, pooled=self.pooled)
        x = self.layers[0].back(x, memories, self.rotation)
        for layer in self.layers[1:]:
            x = layer.back(layer.around(x, self.rotation), memories, self.rotation)
        return self.plain.norm(x)
