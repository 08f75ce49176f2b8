"""Features of a frame attend to memories of others (paper, section 4, memory attention)."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from sam2_notebook.model.config import Sam2Config
from sam2_notebook.model.layers import Mlp
from sam2_notebook.model.memory import RECENT_MAPS, Recollection
from sam2_notebook.model.positions import AxialRotation, sine_line, sine_map


class RotaryAttention(nn.Module):
    """Attention of one head whose queries and keys turn with their place; `source` is the width of keys and values."""

    def __init__(self, dim: int, source: int) -> None:
        super().__init__()
        self.q = nn.Linear(dim, dim)
        self.k = nn.Linear(source, dim)
        self.v = nn.Linear(source, dim)
        self.out = nn.Linear(dim, dim)

    def forward(
        self,
        x: Float[Tensor, "batch tokens dim"],
        maps: tuple[Float[Tensor, "batch frames tokens source"], Float[Tensor, "batch frames tokens source"]],
        others: tuple[Float[Tensor, "batch others source"], Float[Tensor, "batch others source"]] | None,
        rotation: AxialRotation,
    ) -> Float[Tensor, "batch tokens dim"]:
        """Attend to (keys, values) of whole maps, which have places, and of other tokens, which have none."""
        keys, values = rotation(self.k(maps[0])).flatten(1, 2), maps[1].flatten(1, 2)
        if others is not None:
            keys, values = torch.cat((keys, self.k(others[0])), dim=1), torch.cat((values, others[1]), dim=1)
        queries, values = rotation(self.q(x)), self.v(values)
        return self.out(F.scaled_dot_product_attention(queries[:, None], keys[:, None], values[:, None])[:, 0])


class MemoryLayer(nn.Module):
    """Self-attention of the frame, attention to the memories, an MLP; pre-norm."""

    def __init__(self, config: Sam2Config) -> None:
        super().__init__()
        dim = config.dim
        self.norm1 = nn.LayerNorm(dim)
        self.self_attention = RotaryAttention(dim, dim)
        self.norm2 = nn.LayerNorm(dim)
        self.cross_attention = RotaryAttention(dim, config.memory_dim)
        self.norm3 = nn.LayerNorm(dim)
        self.mlp = Mlp((dim, config.decoder_mlp_dim, dim))

    def forward(
        self,
        x: Float[Tensor, "batch tokens dim"],
        maps: tuple[Tensor, Tensor],
        pointers: tuple[Tensor, Tensor] | None,
        rotation: AxialRotation,
    ) -> Float[Tensor, "batch tokens dim"]:
        """One look around, one look back."""
        inner = self.norm1(x)
        own = inner[:, None]  # (batch, 1, tokens, dim)
        x = x + self.self_attention(inner, (own, own), None, rotation)
        x = x + self.cross_attention(self.norm2(x), maps, pointers, rotation)
        return x + self.mlp(self.norm3(x))


class MemoryAttention(nn.Module):
    """Conditions a frame's coarse features on a recollection."""

    place: Tensor
    frame_place: Tensor

    def __init__(self, config: Sam2Config) -> None:
        super().__init__()
        self.layers = nn.ModuleList(MemoryLayer(config) for _ in range(config.memory_layers))
        self.norm = nn.LayerNorm(config.dim)
        self.time = nn.Parameter(torch.zeros(RECENT_MAPS + 1, config.memory_dim))
        # SAM 2.1 tells how old a pointer is.
        self.pointer_time = nn.Linear(config.dim, config.memory_dim) if config.version == "2.1" else None
        self.memory_dim = config.memory_dim
        self.rotation = AxialRotation(config.dim, config.grid)
        place = sine_map(config.grid, config.grid, config.memory_dim).flatten(1).T
        frame_place = sine_map(config.grid, config.grid, config.dim).flatten(1).T
        self.register_buffer("place", place.contiguous(), persistent=False)  # (tokens, memory_dim)
        self.register_buffer("frame_place", 0.1 * frame_place, persistent=False)  # (tokens, dim)

    def forward(
        self, coarse: Float[Tensor, "pictures dim grid grid"], recollection: Recollection
    ) -> Float[Tensor, "batch dim grid grid"]:
        """The features of a frame as the objects' memories colour them. One picture may serve all objects."""
        maps, pointers = self.sources(recollection, coarse.dtype)
        x = coarse.flatten(2).transpose(1, 2) + self.frame_place.to(coarse.dtype)
        x = x.expand(maps[0].shape[0], -1, -1)
        for layer in self.layers:
            x = layer(x, maps, pointers, self.rotation)
        return self.norm(x).transpose(1, 2).unflatten(2, coarse.shape[-2:])

    def sources(
        self, recollection: Recollection, dtype: torch.dtype
    ) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor] | None]:
        """Keys and values before their projections: of maps, (batch, frames, tokens, memory_dim), and of pointers."""
        return self._maps(recollection, dtype), self._pointers(recollection, dtype)

    def _maps(
        self, recollection: Recollection, dtype: torch.dtype
    ) -> tuple[Float[Tensor, "batch frames tokens memory_dim"], Float[Tensor, "batch frames tokens memory_dim"]]:
        """Keys, which know place and time, and values of the maps."""
        values = torch.stack(recollection.maps, dim=1).to(dtype).flatten(3).transpose(2, 3)
        time = self.time[torch.tensor(recollection.slots, device=values.device)]
        return values + (self.place + time[:, None]).to(dtype), values

    def _pointers(
        self, recollection: Recollection, dtype: torch.dtype
    ) -> tuple[Float[Tensor, "batch pieces memory_dim"], Float[Tensor, "batch pieces memory_dim"]] | None:
        """Keys, which know their age in SAM 2.1, and values of the pointers, each cut into pieces of `memory_dim`."""
        if not recollection.pointers:
            return None
        values = torch.stack(recollection.pointers, dim=1).to(dtype).unflatten(2, (-1, self.memory_dim))
        keys = values
        if self.pointer_time is not None:
            age = torch.tensor(recollection.ages, device=values.device, dtype=torch.float32) / recollection.span
            code = self.pointer_time(sine_line(age, self.pointer_time.in_features).to(self.pointer_time.weight.dtype))
            keys = values + code[:, None].to(dtype)
        return keys.flatten(1, 2), values.flatten(1, 2)
