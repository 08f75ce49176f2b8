"""Trunk and neck for inference on a CPU: a few windows at a time, in the order they lie in, so that little is copied.

Tokens are kept by windows, (pictures * windows, side, side, dim), from block to block as long as these have the same
windows, and every chunk of windows goes through a whole block while it is in the cache. Pooling halves a window.
Attention over the whole map does not mind the order of the tokens. The skips' two 1x1 convolutions are one product.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from sam2_notebook.model.fast.attention import attend, attend_in_windows
from sam2_notebook.model.fast.linear import Linear, Norm
from sam2_notebook.model.hiera import HieraBlock, from_windows, to_windows
from sam2_notebook.model.sam2 import Sam2

CHUNK = 4096  # tokens that go through a block together


@dataclass(frozen=True)
class Tokens:
    """A map (pictures, rows, columns) cut into windows of `side` tokens, or not cut at all where `side` is 0."""

    x: Float[Tensor, "windows height width dim"]
    side: int
    rows: int
    columns: int

    def by_windows(self, side: int) -> "Tokens":
        """The same tokens in windows of another side, which must divide the map, or 0 for the whole map."""
        if side == self.side:
            return self
        x = from_windows(self.x, self.rows, self.columns) if self.side else self.x
        return Tokens(to_windows(x, side).contiguous() if side else x.contiguous(), side, self.rows, self.columns)

    def divides(self, side: int) -> bool:
        """Whether the map can be cut into such windows without filling up."""
        return self.rows % side == 0 and self.columns % side == 0


def pool(x: Float[Tensor, "windows height width dim"]) -> Float[Tensor, "windows half_height half_width dim"]:
    """2x2 maxima."""
    rows = torch.maximum(x[:, 0::2], x[:, 1::2])
    return torch.maximum(rows[:, :, 0::2], rows[:, :, 1::2])


class Block:
    """One block of the trunk."""

    def __init__(self, block: HieraBlock, dtype: torch.dtype) -> None:
        self.window, self.pooled, self.heads = block.window, block.pooled, block.attention.heads
        self.norm1, self.norm2 = Norm(block.norm1, dtype), Norm(block.norm2, dtype)
        self.qkv, self.proj = Linear.of(block.attention.qkv, dtype), Linear.of(block.attention.proj, dtype)
        self.wide, self.narrow = (Linear.of(layer, dtype) for layer in block.mlp.layers)
        self.shortcut = Linear.of(block.shortcut, dtype) if block.pooled else None
        self.dim = self.proj.weight.shape[0]
        self.scale = (self.dim // self.heads) ** -0.5

    def __call__(self, tokens: Tokens) -> Tokens:
        """As `HieraBlock`; the tokens given are used up."""
        if self.window and not tokens.divides(self.window):
            return self._filled(tokens.by_windows(0))
        if self.window:
            tokens = tokens.by_windows(self.window)
            parts = [self._windows(part) for part in tokens.x.split(max(1, CHUNK // tokens.side**2))]
            if not self.pooled:
                return tokens  # changed in place
            return Tokens(torch.cat(parts), tokens.side // 2, tokens.rows // 2, tokens.columns // 2)
        pictures = tokens.x.numel() // (tokens.rows * tokens.columns * self.dim)
        for picture in tokens.x.view(pictures, -1, self.dim):
            picture.add_(self.proj(self._everywhere(self.qkv(self.norm1(picture)))))
            self._think(picture)
        return tokens

    def _windows(self, x: Float[Tensor, "windows side side dim_in"]) -> Float[Tensor, "windows out out dim_out"]:
        """Some windows through the whole block; in place unless they are pooled."""
        inner = self.norm1(x)
        if self.shortcut is not None:
            x = pool(self.shortcut(inner)).float()
        x += self._attend(inner)
        self._think(x)
        return x

    def _filled(self, tokens: Tokens) -> Tokens:
        """Windows that the map does not fill: zeros do, after the norm, and are attended to (as in the original)."""
        x, inner = tokens.x, self.norm1(tokens.x)
        if self.shortcut is not None:
            x = pool(self.shortcut(inner)).float()
        seen = self._attend(to_windows(inner, self.window))
        x += from_windows(seen, x.shape[1], x.shape[2])
        self._think(x)
        return Tokens(x, 0, x.shape[1], x.shape[2])

    def _attend(self, inner: Float[Tensor, "windows side side dim_in"]) -> Float[Tensor, "windows out out dim_out"]:
        windows, out = inner.shape[0], inner.shape[1] // 2 if self.pooled else inner.shape[1]
        q, k, v = self.qkv(inner).chunk(3, dim=-1)
        q = pool(q) if self.pooled else q
        if self.heads > 1:
            q, k, v = (t.unflatten(-1, (self.heads, -1)).permute(0, 3, 1, 2, 4).flatten(0, 1) for t in (q, k, v))
        y = attend_in_windows(q.flatten(1, 2), k.flatten(1, 2), v.flatten(1, 2), self.scale)
        y = y.view(windows, self.heads, out, out, -1).permute(0, 2, 3, 1, 4).flatten(3)
        return self.proj(y)

    def _everywhere(self, qkv: Float[Tensor, "tokens three_dim"]) -> Float[Tensor, "tokens dim"]:
        heads = qkv.view(qkv.shape[0], 3, self.heads, -1).permute(1, 2, 0, 3).contiguous()  # (3, heads, tokens, dim)
        return torch.cat([attend(q, k, v, self.scale) for q, k, v in zip(*heads, strict=True)], dim=1)

    def _think(self, x: Float[Tensor, "*batch dim"]) -> None:
        for part in x.view(-1, self.dim).split(CHUNK):
            part.add_(self.narrow(F.gelu(self.wide(self.norm2(part)))))


class FastImageEncoder:
    """An image encoder's parameters, and the decoder's skips, at work in one precision on a CPU."""

    def __init__(self, model: Sam2, dtype: torch.dtype) -> None:
        encoder, decoder, config = model.image_encoder, model.mask_decoder, model.config
        trunk, laterals = encoder.trunk, encoder.neck.laterals
        self.dtype, self.mean, self.std = dtype, encoder.mean, encoder.std
        patch = trunk.patch_embed
        self.patch = patch.weight.detach().to(dtype, memory_format=torch.channels_last)
        self.patch_bias = patch.bias.detach().to(dtype) if patch.bias is not None else None
        side = config.image_size // 4
        self.position = trunk.position_code(side, side).detach().to(dtype).contiguous()
        self.stage_ends = trunk.stage_ends
        self.blocks = [Block(block, dtype) for block in trunk.blocks if isinstance(block, HieraBlock)]
        self.coarse, self.deepest = (Linear.of(lateral, dtype) for lateral in laterals[2:])
        self.fine, self.middle = (
            Linear.chained(first, second, dtype)
            for first, second in ((laterals[0], decoder.skip_fine), (laterals[1], decoder.skip_middle))
        )

    def __call__(self, pixels: Float[Tensor, "batch 3 side side"]) -> tuple[Tensor, Tensor, Tensor]:
        """Maps of strides 16 (in float32), 8 and 4, those two narrowed for the decoder; channels last in memory."""
        tokens = self._patches(pixels)
        narrow = iter((self.fine, self.middle, self.coarse, self.deepest))
        maps: list[Tensor] = []
        for index, block in enumerate(self.blocks):
            tokens = block(tokens)
            if index in self.stage_ends:
                narrowed = Tokens(next(narrow)(tokens.x.to(self.dtype)), tokens.side, tokens.rows, tokens.columns)
                maps.append(narrowed.by_windows(0).x)
        fine, middle, coarse, deepest = (m.permute(0, 3, 1, 2) for m in maps)
        return coarse.float() + F.interpolate(deepest.float(), scale_factor=2.0, mode="nearest"), middle, fine

    def _patches(self, pixels: Float[Tensor, "batch 3 side side"]) -> Tokens:
        """What the trunk begins with, in float32; as few copies of it as can be are there at a time."""
        x = (pixels - self.mean).div_(self.std).to(self.dtype, memory_format=torch.channels_last)
        x = F.conv2d(x, self.patch, self.patch_bias, stride=4, padding=3).permute(0, 2, 3, 1)
        return Tokens(x.float().contiguous().add_(self.position), 0, x.shape[1], x.shape[2])
