"""Attention of the mask decoder: tokens and picture look at one another in turns (paper, section 4, mask decoder)."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from sam2_notebook.model.layers import Mlp

HEADS = 8


class Attention(nn.Module):
    """Multi-head attention whose inner width may be smaller than `dim`."""

    def __init__(self, dim: int, inner: int) -> None:
        super().__init__()
        self.q = nn.Linear(dim, inner)
        self.k = nn.Linear(dim, inner)
        self.v = nn.Linear(dim, inner)
        self.out = nn.Linear(inner, dim)

    def forward(
        self,
        q: Float[Tensor, "batch queries dim"],
        k: Float[Tensor, "batch keys dim"],
        v: Float[Tensor, "batch keys dim"],
    ) -> Float[Tensor, "batch queries dim"]:
        """Mix the values by how well queries fit keys."""
        q, k, v = (
            t.unflatten(-1, (HEADS, -1)).transpose(1, 2) for t in (self.q(q), self.k(k), self.v(v))
        )  # (batch, heads, tokens, dim / heads)
        return self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class TwoWayBlock(nn.Module):
    """Self-attention of the tokens, tokens to picture, an MLP, picture to tokens; post-norm."""

    def __init__(self, dim: int, mlp_dim: int, first: bool) -> None:
        super().__init__()
        self.first = first
        self.self_attention = Attention(dim, dim)
        self.norm1 = nn.LayerNorm(dim)
        self.token_to_image = Attention(dim, dim // 2)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp((dim, mlp_dim, dim))
        self.norm3 = nn.LayerNorm(dim)
        self.image_to_token = Attention(dim, dim // 2)
        self.norm4 = nn.LayerNorm(dim)

    def forward(
        self,
        tokens: Float[Tensor, "batch tokens dim"],
        image: Float[Tensor, "batch pixels dim"],
        token_position: Float[Tensor, "batch tokens dim"],
        image_position: Float[Tensor, "1 pixels dim"],
    ) -> tuple[Float[Tensor, "batch tokens dim"], Float[Tensor, "batch pixels dim"]]:
        """One exchange; the positions are added again to every query and key."""
        if self.first:  # the tokens are their own position still: no position, no residual
            tokens = self.self_attention(tokens, tokens, tokens)
        else:
            q = tokens + token_position
            tokens = tokens + self.self_attention(q, q, tokens)
        tokens = self.norm1(tokens)
        tokens = tokens + self.token_to_image(tokens + token_position, image + image_position, image)
        tokens = self.norm2(tokens)
        tokens = self.norm3(tokens + self.mlp(tokens))
        image = image + self.image_to_token(image + image_position, tokens + token_position, tokens)
        return tokens, self.norm4(image)


class TwoWayTransformer(nn.Module):
    """Two exchanges, then a last look of the tokens at the picture."""

    def __init__(self, dim: int, mlp_dim: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(TwoWayBlock(dim, mlp_dim, first=i == 0) for i in range(2))
        self.last = Attention(dim, dim // 2)
        self.norm = nn.LayerNorm(dim)

    def forward(
        self,
        tokens: Float[Tensor, "batch tokens dim"],
        image: Float[Tensor, "batch pixels dim"],
        image_position: Float[Tensor, "1 pixels dim"],
    ) -> tuple[Float[Tensor, "batch tokens dim"], Float[Tensor, "batch pixels dim"]]:
        """Return what the tokens and the picture have become."""
        position = tokens
        for block in self.blocks:
            tokens, image = block(tokens, image, position, image_position)
        tokens = tokens + self.last(tokens + position, image + image_position, image)
        return self.norm(tokens), image
