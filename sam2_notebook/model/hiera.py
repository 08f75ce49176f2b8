"""Hiera, the hierarchical trunk: windowed blocks, pooled at each stage (paper, section 4, image encoder).

Maps are channels-last inside the trunk: (batch, height, width, dim).
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from sam2_notebook.model.config import Sam2Config
from sam2_notebook.model.layers import Mlp


def pool(x: Float[Tensor, "batch height width dim"]) -> Float[Tensor, "batch half_height half_width dim"]:
    """2x2 max pooling of a channels-last map."""
    return F.max_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)


def to_windows(x: Float[Tensor, "batch height width dim"], side: int) -> Float[Tensor, "batch_windows side side dim"]:
    """Cut a map into square windows; zeros fill the last ones, and attention sees them (as in the original)."""
    batch, height, width, dim = x.shape
    pad_h, pad_w = -height % side, -width % side
    if pad_h or pad_w:
        x = F.pad(x, (0, 0, 0, pad_w, 0, pad_h))
    rows, columns = (height + pad_h) // side, (width + pad_w) // side
    x = x.view(batch, rows, side, columns, side, dim).transpose(2, 3)
    return x.reshape(batch * rows * columns, side, side, dim)


def from_windows(
    windows: Float[Tensor, "batch_windows side side dim"], height: int, width: int
) -> Float[Tensor, "batch height width dim"]:
    """Put windows together again and drop what `to_windows` had filled up."""
    count, side, _, dim = windows.shape
    rows, columns = -(-height // side), -(-width // side)
    x = windows.view(count // (rows * columns), rows, columns, side, side, dim).transpose(2, 3)
    return x.reshape(-1, rows * side, columns * side, dim)[:, :height, :width]


class PooledAttention(nn.Module):
    """Multi-head attention inside windows; a pooling one halves the queries only, so its output is half as wide."""

    def __init__(self, dim_in: int, dim_out: int, heads: int, pooled: bool) -> None:
        super().__init__()
        self.heads = heads
        self.pooled = pooled
        self.qkv = nn.Linear(dim_in, 3 * dim_out)
        self.proj = nn.Linear(dim_out, dim_out)

    def forward(
        self, x: Float[Tensor, "windows height width dim_in"]
    ) -> Float[Tensor, "windows out_height out_width dim_out"]:
        """Attend over all tokens of each window."""
        windows, height, width, _ = x.shape
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        if self.pooled:
            q = pool(q)
            height, width = q.shape[1:3]
        q, k, v = (t.reshape(windows, -1, self.heads, t.shape[-1] // self.heads).transpose(1, 2) for t in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2)
        return self.proj(y.reshape(windows, height, width, -1))


class HieraBlock(nn.Module):
    """One transformer block; `window` 0 means attention over the whole map."""

    def __init__(self, dim_in: int, dim_out: int, heads: int, window: int) -> None:
        super().__init__()
        self.window = window
        self.pooled = dim_in != dim_out
        self.norm1 = nn.LayerNorm(dim_in, eps=1e-6)
        self.attention = PooledAttention(dim_in, dim_out, heads, self.pooled)
        self.norm2 = nn.LayerNorm(dim_out, eps=1e-6)
        self.mlp = Mlp((dim_out, 4 * dim_out, dim_out), nn.GELU)
        if self.pooled:
            self.shortcut = nn.Linear(dim_in, dim_out)

    def forward(
        self, x: Float[Tensor, "batch height width dim"]
    ) -> Float[Tensor, "batch out_height out_width dim_out"]:
        """Attend and think; a pooling block halves the map and doubles the channels."""
        shortcut, x = x, self.norm1(x)
        if self.pooled:
            shortcut = pool(self.shortcut(x))
        if self.window:
            x = self.attention(to_windows(x, self.window))
            x = from_windows(x, shortcut.shape[1], shortcut.shape[2])
        else:
            x = self.attention(x)
        x = shortcut + x
        return x + self.mlp(self.norm2(x))


class Hiera(nn.Module):
    """The trunk: a strided patch embedding, learned positions, four stages of blocks."""

    def __init__(self, config: Sam2Config) -> None:
        super().__init__()
        dim = config.embed_dim
        self.stage_ends = config.stage_ends
        self.patch_embed = nn.Conv2d(3, dim, kernel_size=7, stride=4, padding=3)
        self.position = nn.Parameter(torch.zeros(1, dim, config.position_grid, config.position_grid))
        self.window_position = nn.Parameter(torch.zeros(1, dim, config.windows[0], config.windows[0]))
        nn.init.trunc_normal_(self.position, std=0.02)
        nn.init.trunc_normal_(self.window_position, std=0.02)
        blocks: list[HieraBlock] = []
        width = dim
        for stage, count in enumerate(config.stages):
            for i in range(count):
                index = len(blocks)
                opens = i == 0 and stage > 0
                # The block that opens a stage still uses the window of the stage before.
                window = config.windows[stage - 1 if opens else stage]
                window = 0 if index in config.global_blocks else window
                width_out = config.stage_dims[stage]
                blocks.append(HieraBlock(width, width_out, config.heads * 2**stage, window))
                width = width_out
        self.blocks = nn.ModuleList(blocks)

    def forward(self, pixels: Float[Tensor, "batch 3 height width"]) -> list[Float[Tensor, "batch _ _ _"]]:
        """Return the map after each stage, channels first: strides 4, 8, 16 and 32."""
        x = self.patch_embed(pixels).permute(0, 2, 3, 1)
        x = x + self.position_code(x.shape[1], x.shape[2])
        maps: list[Tensor] = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in self.stage_ends:
                maps.append(x.permute(0, 3, 1, 2))
        return maps

    def position_code(self, height: int, width: int) -> Float[Tensor, "1 height width dim"]:
        """The background grid stretched over the map, plus the first window's code tiled over it."""
        background = F.interpolate(self.position, size=(height, width), mode="bicubic")
        side = self.window_position.shape[-1]
        tiles = self.window_position.tile(1, 1, -(-height // side), -(-width // side))
        return (background + tiles[:, :, :height, :width]).permute(0, 2, 3, 1)
