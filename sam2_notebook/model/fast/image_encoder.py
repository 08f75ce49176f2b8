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

WIDE = 4096 * 384  # numbers that a chunk of tokens has at its widest, inside a block
FEWEST = 256  # tokens of a chunk
STRIP = 32  # rows of the first map that are made together


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
        self.chunk = max(FEWEST, WIDE // max(self.qkv.weight.shape[0], self.wide.weight.shape[0]))

    def __call__(self, tokens: Tokens) -> Tokens:
        """As `HieraBlock`; the tokens given are used up."""
        if self.window and not tokens.divides(self.window):
            return self._filled(tokens.by_windows(0))
        if self.window:
            tokens = tokens.by_windows(self.window)
            step = max(1, self.chunk // tokens.side**2)
            if not self.pooled:
                for part in tokens.x.split(step):
                    self._windows(part)  # in place
                return tokens
            half = tokens.side // 2
            pooled = tokens.x.new_empty(len(tokens.x), half, half, self.dim)
            for part, place in zip(tokens.x.split(step), pooled.split(step), strict=True):
                place.copy_(self._windows(part))
            return Tokens(pooled, half, tokens.rows // 2, tokens.columns // 2)
        pictures = tokens.x.numel() // (tokens.rows * tokens.columns * self.dim)
        for picture in tokens.x.view(pictures, -1, self.dim):
            picture.add_(self.proj(self._everywhere(picture)))
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
        parts = to_windows(inner, self.window).split(max(1, self.chunk // self.window**2))
        x += from_windows(torch.cat([self._attend(part) for part in parts]), x.shape[1], x.shape[2])
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

    def _everywhere(self, picture: Float[Tensor, "tokens dim"]) -> Float[Tensor, "tokens dim"]:
        inner = self.dim // self.heads
        heads = torch.empty(3, self.heads, len(picture), inner, dtype=self.qkv.weight.dtype)
        for part, place in zip(picture.split(self.chunk), heads.split(self.chunk, dim=2), strict=True):
            place.copy_(self.qkv(self.norm1(part)).view(-1, 3, self.heads, inner).permute(1, 2, 0, 3))
        return torch.cat([attend(q, k, v, self.scale) for q, k, v in zip(*heads, strict=True)], dim=1)

    def _think(self, x: Float[Tensor, "*batch dim"]) -> None:
        for part in x.view(-1, self.dim).split(self.chunk):
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
        self.position = trunk.position_code(side, side).detach().to(dtype).reshape(side, side, -1)
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
                narrowed = Tokens(self._narrowed(tokens.x, next(narrow)), tokens.side, tokens.rows, tokens.columns)
                maps.append(narrowed.by_windows(0).x)
        fine, middle, coarse, deepest = (m.permute(0, 3, 1, 2) for m in maps)
        return coarse.float() + F.interpolate(deepest.float(), scale_factor=2.0, mode="nearest"), middle, fine

    def _narrowed(self, x: Float[Tensor, "*batch dim"], layer: Linear) -> Float[Tensor, "*batch dim_out"]:
        parts = x.flatten(0, -2).split(max(FEWEST, WIDE // x.shape[-1]))
        return torch.cat([layer(part.to(self.dtype)) for part in parts]).view(*x.shape[:-1], -1)

    def _patches(self, pixels: Float[Tensor, "batch 3 side side"]) -> Tokens:
        """What the trunk begins with, in float32, by the first block's windows if they divide the map.

        A strip of the picture at a time: whole copies of it are the most memory that encoding would take.
        """
        batch, rows, columns = pixels.shape[0], pixels.shape[2] // 4, pixels.shape[3] // 4
        side = self.blocks[0].window
        if not side or rows % side or columns % side:
            side = 0
        cell = side or 1
        dim, step = self.patch.shape[0], cell * max(1, STRIP // cell)
        x = torch.empty(batch, rows // cell, columns // cell, cell, cell, dim)
        for top in range(0, rows, step):
            strip = pixels[:, :, max(4 * top - 3, 0) : 4 * (top + step)]  # 7 x 7 pixels around every fourth
            strip = (strip - self.mean).div_(self.std).to(self.dtype, memory_format=torch.channels_last)
            strip = strip if top else F.pad(strip, (0, 0, 3, 0))
            found = F.conv2d(strip, self.patch, self.patch_bias, stride=4, padding=(0, 3)).permute(0, 2, 3, 1)
            place = x[:, top // cell : (top + step) // cell].transpose(2, 3)  # (batch, row, row inside, column, ...)
            place.copy_(found.reshape(place.shape)).add_(self.position[top : top + step].reshape(place.shape[1:]))
        return Tokens(x.view(-1, cell, cell, dim) if side else x.view(batch, rows, columns, dim), side, rows, columns)
