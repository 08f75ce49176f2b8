"""Prompt tokens and image features become masks, their quality and the object's presence (paper, section 4)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from sam2_notebook.model.attention import TwoWayTransformer
from sam2_notebook.model.config import Sam2Config
from sam2_notebook.model.image_encoder import ImageFeatures
from sam2_notebook.model.layers import LayerNorm2d, Mlp

CANDIDATES = 3
STABILITY_OFFSET = 0.05
STABILITY_THRESHOLD = 0.98


@dataclass(frozen=True, kw_only=True)
class MaskPrediction:
    """Masks for a batch of objects; the last axis of size `masks` runs over the candidates of one object.

    `logits` are low-resolution (stride 4), above 0 on the object; `iou` is predicted, 0..1; `object_score` is a logit,
    above 0 when the object is in the picture; `tokens` are the decoder's mask tokens, seed of the object pointer.
    """

    logits: Float[Tensor, "batch masks side side"]
    iou: Float[Tensor, "batch masks"]
    object_score: Float[Tensor, "batch"]
    tokens: Float[Tensor, "batch masks dim"]

    @staticmethod
    def join(parts: Sequence["MaskPrediction"]) -> "MaskPrediction":
        """The predictions of several objects, with equally many masks each, as one batch."""
        if len(parts) == 1:
            return parts[0]
        return MaskPrediction(
            logits=torch.cat([part.logits for part in parts]),
            iou=torch.cat([part.iou for part in parts]),
            object_score=torch.cat([part.object_score for part in parts]),
            tokens=torch.cat([part.tokens for part in parts]),
        )

    def take(self, index: Tensor) -> "MaskPrediction":
        """The prediction with one mask per object: number `index[b]` of object b."""
        rows = torch.arange(index.shape[0], device=index.device)
        return MaskPrediction(
            logits=self.logits[rows, index][:, None],
            iou=self.iou[rows, index][:, None],
            object_score=self.object_score,
            tokens=self.tokens[rows, index][:, None],
        )

    def candidates(self) -> "MaskPrediction":
        """The three masks for an ambiguous prompt: whole, part and subpart, in no fixed order."""
        return MaskPrediction(
            logits=self.logits[:, 1:],
            iou=self.iou[:, 1:],
            object_score=self.object_score,
            tokens=self.tokens[:, 1:],
        )

    def single(self) -> "MaskPrediction":
        """One mask per object: the single-mask token's, or the best candidate where that one is unstable.

        Only mask and IoU fall back; the token stays the single one's, as in the original.
        """
        first = self.take(torch.zeros_like(self.iou[:, 0], dtype=torch.long))
        best = self.candidates().take(self.iou[:, 1:].argmax(dim=1))
        stable = stability(first.logits[:, 0]) >= STABILITY_THRESHOLD
        return MaskPrediction(
            logits=torch.where(stable[:, None, None, None], first.logits, best.logits),
            iou=torch.where(stable[:, None], first.iou, best.iou),
            object_score=self.object_score,
            tokens=first.tokens,
        )


def stability(logits: Float[Tensor, "batch side side"]) -> Float[Tensor, "batch"]:
    """How little a mask's area depends on the threshold: pixels above +0.05 over pixels above -0.05, 1 if none."""
    sure = (logits > STABILITY_OFFSET).flatten(1).sum(dim=1).float()
    maybe = (logits > -STABILITY_OFFSET).flatten(1).sum(dim=1).float()
    return torch.where(maybe > 0, sure / maybe.clamp(min=1), 1.0)


class MaskDecoder(nn.Module):
    """Two-way transformer, upscaling with high-resolution skips, one small head per mask token."""

    def __init__(self, config: Sam2Config) -> None:
        super().__init__()
        dim = config.dim
        self.object_token = nn.Parameter(torch.randn(dim))
        self.iou_token = nn.Parameter(torch.randn(dim))
        self.mask_tokens = nn.Parameter(torch.randn(1 + CANDIDATES, dim))
        self.transformer = TwoWayTransformer(dim, config.decoder_mlp_dim)
        self.skip_fine = nn.Conv2d(dim, dim // 8, 1)
        self.skip_middle = nn.Conv2d(dim, dim // 4, 1)
        self.upscale1 = nn.ConvTranspose2d(dim, dim // 4, 2, stride=2)
        self.upscale_norm = LayerNorm2d(dim // 4)
        self.upscale2 = nn.ConvTranspose2d(dim // 4, dim // 8, 2, stride=2)
        self.mask_heads = nn.ModuleList(Mlp((dim, dim, dim, dim // 8)) for _ in range(1 + CANDIDATES))
        self.iou_head = Mlp((dim, dim, dim, 1 + CANDIDATES))
        self.object_head = Mlp((dim, dim, dim, 1))

    def project_skips(
        self, middle: Float[Tensor, "batch dim grid2 grid2"], fine: Float[Tensor, "batch dim grid4 grid4"]
    ) -> tuple[Float[Tensor, "batch quarter grid2 grid2"], Float[Tensor, "batch eighth grid4 grid4"]]:
        """Narrow the two skips; done once per picture, so that clicks stay cheap."""
        return self.skip_middle(middle), self.skip_fine(fine)

    def forward(
        self,
        features: ImageFeatures,
        tokens: Float[Tensor, "batch tokens dim"],
        dense: Float[Tensor, "batch dim grid grid"],
        image_position: Float[Tensor, "dim grid grid"],
    ) -> MaskPrediction:
        """All four masks of every object: the single mask, then three candidates. One picture may serve all objects."""
        batch, count = tokens.shape[0], tokens.shape[1]
        own = torch.cat((self.object_token[None], self.iou_token[None], self.mask_tokens))
        tokens = torch.cat((own.expand(batch, -1, -1).to(tokens.dtype), tokens), dim=1)
        image = features.coarse + dense
        grid = image.shape[-1]
        tokens, pixels = self.transformer(
            tokens, image.flatten(2).transpose(1, 2), image_position.flatten(1).T[None].to(image.dtype)
        )
        mask_tokens = tokens[:, 2 : tokens.shape[1] - count]
        upscaled = self._upscale(pixels.transpose(1, 2).unflatten(2, (grid, grid)), features)
        heads = torch.stack([head(mask_tokens[:, i]) for i, head in enumerate(self.mask_heads)], dim=1)
        logits = (heads @ upscaled.flatten(2)).unflatten(2, upscaled.shape[-2:])
        return MaskPrediction(
            logits=logits,
            iou=self.iou_head(tokens[:, 1]).sigmoid(),
            object_score=self.object_head(tokens[:, 0])[:, 0],
            tokens=mask_tokens,
        )

    def _upscale(
        self, pixels: Float[Tensor, "batch dim grid grid"], features: ImageFeatures
    ) -> Float[Tensor, "batch eighth grid4 grid4"]:
        """Stride 16 to stride 4; each skip is added before the norm and the activation."""
        x = self.upscale1(pixels) + features.middle
        x = F.gelu(self.upscale_norm(x))
        return F.gelu(self.upscale2(x) + features.fine)
