"""Memory attention for inference on a CPU, one object at a time.

It has one head, and shares sum to one: so the memories themselves are mixed, 64 numbers each, and what is mixed goes
through the value and the output projection at once, as one matrix. What the first layer sees of the frame itself is the
same for every object, and computed once.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from sam2_notebook.model.fast.attention import attend
from sam2_notebook.model.fast.crew import spread
from sam2_notebook.model.fast.linear import Linear, Norm
from sam2_notebook.model.memory import Recollection
from sam2_notebook.model.memory_attention import MemoryAttention, MemoryLayer, RotaryAttention


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

    def keys(self, maps: Float[Tensor, "frames tokens dim_in"], rotation: Rotation) -> Float[Tensor, "keys dim"]:
        """The keys of whole maps, one after the other."""
        return torch.cat([rotation(self.k(frame)) for frame in maps])

    def __call__(
        self,
        queries: Tensor,
        keys: Float[Tensor, "keys dim"],
        values: Float[Tensor, "keys dim_value"],
        rotation: Rotation,
    ) -> Float[Tensor, "tokens dim"]:
        """What is added to the tokens."""
        return self.out(attend(rotation(self.q(queries)), keys, values, self.scale))


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
        inner = self.norms[0](x).to(self.dtype)
        return x + self.self_attention(inner, self.self_attention.keys(inner[None], rotation), inner, rotation)

    def back(self, x: Float[Tensor, "tokens dim"], memories: "Memories", rotation: Rotation) -> Tensor:
        """After the look back and the MLP."""
        look = self.cross_attention
        keys = look.keys(memories.keys, rotation)
        if memories.pointer_keys is not None:
            keys = torch.cat((keys, look.k(memories.pointer_keys)))
        x = x + look(self.norms[1](x).to(self.dtype), keys, memories.values, rotation)
        for part in x.split(1024):
            part.add_(self.narrow(F.relu_(self.wide(self.norms[2](part).to(self.dtype)))))
        return x


class Memories:
    """What one object's frame recalls: maps as keys, which know place and time, and all values."""

    def __init__(self, attention: MemoryAttention, recollection: Recollection, row: int, dtype: torch.dtype) -> None:
        one = recollection[row : row + 1]
        maps, pointers = attention.sources(one, torch.float32)
        values = [maps[1].flatten(1, 2)[0]]
        self.keys = maps[0][0].to(dtype)  # (frames, tokens, memory_dim)
        self.pointer_keys = None
        if pointers is not None:
            self.pointer_keys = pointers[0][0].to(dtype)
            values.append(pointers[1][0])
        self.values = torch.cat(values).to(dtype)


class FastMemoryAttention:
    """Memory attention's parameters at work in one precision on a CPU."""

    def __init__(self, attention: MemoryAttention, dtype: torch.dtype) -> None:
        self.plain, self.dtype = attention, dtype
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
        memories = Memories(self.plain, recollection, row, self.dtype)
        x = self.layers[0].back(x, memories, self.rotation)
        for layer in self.layers[1:]:
            x = layer.back(layer.around(x, self.rotation), memories, self.rotation)
        return self.plain.norm(x)
