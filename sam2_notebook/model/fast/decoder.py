"""The mask decoder, rearranged: few tokens meet many pixels, so all that can be done to the tokens is done to them.

Exact algebra for one object at a time. Where a token looks at the picture, its query is carried through the key
projection instead of every pixel (q.Wk x = Wk'q.x), and the mixed pixels through the value projection afterwards, as
attention sums to one. What the first block computes of the picture alone is prepared once per picture. Transposed 2x2
convolutions are products with a matrix, and the four pixels that the second makes of one stay beside each other until
they are logits: so few numbers are moved. The picture may be in bfloat16; the tokens stay in float32.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from sam2_notebook.model.attention import HEADS, Attention, TwoWayBlock
from sam2_notebook.model.fast.linear import Linear, linear
from sam2_notebook.model.image_encoder import Canvas
from sam2_notebook.model.mask_decoder import MaskDecoder, MaskPrediction

# The maps of strides 8 and 4; of the latter, the four pixels under one of stride 8 are a row
Skips = tuple[Float[Tensor, "grid2 grid2 quarter"], Float[Tensor, "pixels2 four_eighth"]]


class TokensToImage:
    """Tokens look at the picture."""

    def __init__(self, attention: Attention) -> None:
        self.query, self.out = attention.q, attention.out
        self.key, self.value = attention.k, attention.v
        self.scale = (attention.q.out_features // HEADS) ** -0.5
        self.key_heads = attention.k.weight.unflatten(0, (HEADS, -1))  # (heads, dim_head, dim)
        self.value_heads = attention.v.weight.unflatten(0, (HEADS, -1)).transpose(1, 2)  # (heads, dim, dim_head)

    def prepare(self, image: Tensor, placed: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of a picture, by heads; `placed` is the picture with its positions."""
        keys = Linear.of(self.key, image.dtype)(placed).T.unflatten(0, (HEADS, -1))
        values = Linear.of(self.value, image.dtype)(image).unflatten(1, (HEADS, -1)).transpose(0, 1)
        return keys.contiguous(), values.contiguous()

    def prepared(self, tokens: Float[Tensor, "tokens dim"], first: Canvas) -> Float[Tensor, "tokens dim"]:
        """What tokens see in a prepared picture."""
        shares = torch.bmm(self._queries(tokens).to(first.keys.dtype), first.keys).softmax(-1)
        return self.out(torch.bmm(shares, first.values).float().transpose(0, 1).flatten(1))

    def __call__(
        self,
        tokens: Float[Tensor, "tokens dim"],
        image: Float[Tensor, "pixels dim"],
        placed: Float[Tensor, "pixels dim"],
    ) -> Float[Tensor, "tokens dim"]:
        """What tokens see in a picture. The bias of the keys shifts all scores of a token alike: it is left out."""
        queries = (
            torch.bmm(self._queries(tokens), self.key_heads).flatten(0, 1).to(image.dtype)
        )  # (heads * tokens, dim)
        shares = linear(placed, queries, None).T.contiguous().softmax(-1)  # (heads * tokens, pixels)
        mixed = torch.bmm((shares @ image).float().unflatten(0, (HEADS, -1)), self.value_heads)
        return self.out(mixed.transpose(0, 1).flatten(1) + self.value.bias)

    def _queries(self, tokens: Tensor) -> Float[Tensor, "heads tokens dim_head"]:
        return self.query(tokens).mul_(self.scale).unflatten(1, (HEADS, -1)).transpose(0, 1)


class ImageToTokens:
    """The picture looks at the tokens, and what it sees is added to it."""

    def __init__(self, attention: Attention) -> None:
        self.query, self.key, self.value = attention.q, attention.k, attention.v
        self.scale = (attention.q.out_features // HEADS) ** -0.5
        self.query_heads = attention.q.weight.unflatten(0, (HEADS, -1))  # (heads, dim_head, dim)
        self.query_bias = attention.q.bias.unflatten(0, (HEADS, -1))[..., None]
        self.out_heads = attention.out.weight.T.unflatten(0, (HEADS, -1))  # (heads, dim_head, dim)
        self.out_bias = attention.out.bias / HEADS  # shares sum to one in every head

    def prepare(self, placed: Tensor) -> Tensor:
        """Queries of a picture with its positions, by heads."""
        return Linear.of(self.query, placed.dtype)(placed).T.unflatten(0, (HEADS, -1)).contiguous()

    def prepared(self, image: Tensor, tokens: Tensor, placed_tokens: Tensor, first: Canvas) -> Tensor:
        """The picture after its look at the tokens, when its queries are known."""
        return self._add(image, torch.bmm(self._keys(placed_tokens).to(image.dtype), first.queries), tokens)

    def __call__(self, image: Tensor, placed: Tensor, tokens: Tensor, placed_tokens: Tensor) -> Tensor:
        """The picture after its look at the tokens; `placed` things have their positions added."""
        keys = self._keys(placed_tokens)
        carried = torch.bmm(keys, self.query_heads).flatten(0, 1).to(image.dtype)
        scores = linear(placed, carried, torch.bmm(keys, self.query_bias).flatten().to(image.dtype))
        return self._add(image, scores.T.contiguous().unflatten(0, (HEADS, -1)), tokens)

    def _keys(self, placed_tokens: Tensor) -> Float[Tensor, "heads tokens dim_head"]:
        return self.key(placed_tokens).mul_(self.scale).unflatten(1, (HEADS, -1)).transpose(0, 1)

    def _add(self, image: Tensor, scores: Float[Tensor, "heads tokens pixels"], tokens: Tensor) -> Tensor:
        shares = scores.softmax(1).flatten(0, 1).T.contiguous()  # (pixels, heads * tokens)
        values = self.value(tokens).unflatten(1, (HEADS, -1)).transpose(0, 1)
        carried = (torch.bmm(values, self.out_heads) + self.out_bias).flatten(0, 1)
        return linear(shares, carried.T.to(image.dtype).contiguous(), None).add_(image)


class Block:
    """One exchange between tokens and picture."""

    def __init__(self, block: TwoWayBlock) -> None:
        self.plain = block
        self.to_image, self.to_tokens = TokensToImage(block.token_to_image), ImageToTokens(block.image_to_token)

    def __call__(
        self, tokens: Tensor, image: Tensor, position: tuple[Tensor, Tensor], first: Canvas | None
    ) -> tuple[Float[Tensor, "tokens dim"], Float[Tensor, "pixels dim"]]:
        """As `TwoWayBlock`, for one object; `position` is that of the tokens and of the picture."""
        plain, (token_position, image_position) = self.plain, position
        placed = image + image_position if first is None else image
        if plain.first:
            tokens = plain.self_attention(*[tokens[None]] * 3)[0]
        else:
            q = (tokens + token_position)[None]
            tokens = tokens + plain.self_attention(q, q, tokens[None])[0]
        tokens = plain.norm1(tokens)
        q = tokens + token_position
        seen = self.to_image(q, image, placed) if first is None else self.to_image.prepared(q, first)
        tokens = plain.norm2(tokens + seen)
        tokens = plain.norm3(tokens + plain.mlp(tokens))
        q = tokens + token_position
        if first is None:
            image = self.to_tokens(image, placed, tokens, q)
        else:
            image = self.to_tokens.prepared(image, tokens, q, first)
        return tokens, plain.norm4(image)


class FastDecoder:
    """A mask decoder's parameters at work in the rearranged order on a CPU; the picture is in `dtype`."""

    def __init__(
        self, decoder: MaskDecoder, image_position: Float[Tensor, "dim grid grid"], dtype: torch.dtype
    ) -> None:
        transformer = decoder.transformer
        self.plain = decoder
        self.dtype = dtype
        self.mask_heads = tuple(decoder.mask_heads)
        self.position = image_position.flatten(1).T.to(dtype).contiguous()
        self.blocks = [Block(block) for block in transformer.blocks if isinstance(block, TwoWayBlock)]
        self.last, self.norm = TokensToImage(transformer.last), transformer.norm
        self.upscale1, self.upscale2 = _four_pixels(decoder.upscale1, dtype), _four_pixels(decoder.upscale2, dtype)

    def prepare(self, image: Float[Tensor, "pixels dim"], skips: Skips) -> Canvas:
        """What the first block makes of a picture with its dense code, for any number of prompts."""
        block, placed = self.blocks[0], image + self.position
        keys, values = block.to_image.prepare(image, placed)
        queries = block.to_tokens.prepare(placed)
        return Canvas(image=image, keys=keys, values=values, queries=queries, middle=skips[0], fine=skips[1])

    def skips(self, middle: Float[Tensor, "quarter grid2 grid2"], fine: Float[Tensor, "eighth grid4 grid4"]) -> Skips:
        """The skips of a picture as the upscaling takes them."""
        rows = fine.to(self.dtype).permute(1, 2, 0).unflatten(0, (-1, 2)).unflatten(2, (-1, 2))
        return middle.to(self.dtype).permute(1, 2, 0).contiguous(), rows.transpose(1, 2).flatten(0, 1).flatten(1)

    def __call__(
        self,
        image: Float[Tensor, "pixels dim"],
        skips: Skips,
        tokens: Float[Tensor, "tokens dim"],
        canvas: Canvas | None,
        *,
        multimask: bool,
    ) -> MaskPrediction:
        """One object from the tokens of its prompts: three candidates, or the single mask with its fallback.

        `canvas` is given if the picture was prepared.
        """
        plain, count = self.plain, tokens.shape[0]
        own = torch.cat((plain.object_token[None], plain.iou_token[None], plain.mask_tokens))
        tokens = position = torch.cat((own, tokens))
        for block in self.blocks:
            tokens, image = block(tokens, image, (position, self.position), canvas)
            canvas = None
        seen = self.last(tokens + position, image, image + self.position)
        tokens = self.norm(tokens + seen)
        first = 1 if multimask else 0  # the single mask's token is not among the candidates
        mask_tokens = tokens[2 + first : tokens.shape[0] - count]
        heads = [head(mask_tokens[i : i + 1]) for i, head in enumerate(self.mask_heads[first:])]
        logits = (torch.cat(heads).to(self.dtype) @ self._upscale(image, skips).T).float()
        found = MaskPrediction(
            logits=_rows(logits, skips[0].shape[0])[None],
            iou=plain.iou_head(tokens[1:2]).sigmoid()[:, first:],
            object_score=plain.object_head(tokens[:1])[:, 0],
            tokens=mask_tokens[None],
        )
        return found if multimask else found.single()

    def _upscale(self, image: Float[Tensor, "pixels dim"], skips: Skips) -> Float[Tensor, "pixels4 eighth"]:
        middle, fine = skips
        x = _spread(self.upscale1(image), middle)
        x = F.gelu(self.plain.upscale_norm.norm_last(x)).flatten(0, 1)
        return F.gelu(self.upscale2(x).add_(fine)).view(4 * x.shape[0], -1)


def _four_pixels(layer: nn.ConvTranspose2d, dtype: torch.dtype) -> Linear:
    """A transposed 2x2 convolution as the matrix that makes four pixels of one: channels (row, column, channel)."""
    assert layer.bias is not None
    return Linear(layer.weight.permute(2, 3, 1, 0).flatten(0, 2), layer.bias.repeat(4), dtype)


def _spread(four: Float[Tensor, "pixels four"], skip: Float[Tensor, "side side dim"]) -> Float[Tensor, "side side dim"]:
    """Put the four pixels of each where they belong, and add a skip."""
    half, dim = skip.shape[0] // 2, skip.shape[2]
    placed = four.view(half, half, 2, 2, dim).transpose(1, 2)  # (row, row in pixel, column, column in pixel, dim)
    return (skip.view(half, 2, half, 2, dim) + placed).view(skip.shape)


def _rows(logits: Float[Tensor, "masks pixels4"], half: int) -> Float[Tensor, "masks side side"]:
    """Logits in fours of 2x2 pixels as maps twice as wide as `half`; the two of a row move as one number of 64 bits."""
    pairs = logits.view(torch.float64).view(-1, half, half, 2)  # (mask, row, column, row in four)
    return pairs.transpose(2, 3).contiguous().view(logits.dtype).view(-1, 2 * half, 2 * half)
