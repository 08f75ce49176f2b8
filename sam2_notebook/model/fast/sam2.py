"""SAM 2 for CPUs: the verbs of `Sam2`, the same parameters, the same numbers in float32, several times as fast."""

from dataclasses import replace
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from sam2_notebook.model.fast.crew import spread
from sam2_notebook.model.fast.decoder import FastDecoder, Skips
from sam2_notebook.model.fast.image_encoder import FastImageEncoder
from sam2_notebook.model.fast.memory_attention import FastMemoryAttention
from sam2_notebook.model.fast.memory_encoder import FastMemoryEncoder
from sam2_notebook.model.image_encoder import ImageFeatures
from sam2_notebook.model.mask_decoder import MaskPrediction
from sam2_notebook.model.memory import Memory, Recollection, Sighting
from sam2_notebook.model.prompt_encoder import PromptEncoder, PromptTensors
from sam2_notebook.model.sam2 import Sam2


class FastSam2:
    """A network at work, for inference only. It is made from the parameters as they are and does not follow changes.

    What only videos need is made when first asked for.

    `dtype` is the precision of all that has as many values as a picture has pixels; float32 is exact, bfloat16 is
    faster on CPUs that have it. Tokens, sums over layers and answers are float32 in any case. With `pooled_memory` most
    recent frames are looked back at in half the resolution: no longer exact, but faster.

    >>> from sam2_notebook.model import Sam2Config
    >>> config = Sam2Config(image_size=64, embed_dim=8, stages=(1, 1, 2, 1), global_blocks=(3,), dim=32)
    >>> fast = FastSam2(Sam2(config).eval())
    >>> features = fast.prepare(fast.recall(fast.encode(torch.rand(1, 3, 64, 64))))
    >>> click = PromptTensors(points=torch.tensor([[[20.0, 30.0]]]), labels=torch.tensor([[1]]))
    >>> fast.segment(features, click, multimask=True).logits.shape
    torch.Size([1, 3, 16, 16])
    """

    def __init__(self, model: Sam2, dtype: torch.dtype = torch.float32, *, pooled_memory: bool = False) -> None:
        self.plain, self.config, self.dtype, self.pooled_memory = model, model.config, dtype, pooled_memory
        with torch.no_grad():
            self.encoder = FastImageEncoder(model, dtype)
            position = model.prompt_encoder.points.positions.grid(self.config.grid)
            self.decoder = FastDecoder(model.mask_decoder, position, dtype)

    @cached_property
    def attention(self) -> FastMemoryAttention | None:
        """Memory attention, if the network has a memory."""
        with torch.no_grad():
            if self.plain.memory is None:
                return None
            return FastMemoryAttention(self.plain.memory.attention, self.dtype, pooled=self.pooled_memory)

    @cached_property
    def memory_encoder(self) -> FastMemoryEncoder | None:
        """The memory encoder, if the network has a memory."""
        with torch.no_grad():
            return None if self.plain.memory is None else FastMemoryEncoder(self.plain.memory.encoder, self.dtype)

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.plain.device

    @torch.inference_mode()
    def encode(self, pixels: Float[Tensor, "batch 3 side side"]) -> ImageFeatures:
        """As `Sam2.encode`."""
        coarse, middle, fine = self.encoder(pixels)
        return ImageFeatures(coarse=coarse, middle=middle, fine=fine)

    @torch.inference_mode()
    def recall(self, features: ImageFeatures, recollection: Recollection | None = None) -> ImageFeatures:
        """As `Sam2.recall`."""
        if recollection is None or self.attention is None:
            return self.plain.recall(features, recollection)
        return features.conditioned(self.attention(features.coarse, recollection))

    @torch.inference_mode()
    def prepare(self, features: ImageFeatures) -> ImageFeatures:
        """The features of one conditioned picture, made ready for many prompts; the masks are the same without it."""
        if features.canvas is not None or not isinstance(self.plain.prompt_encoder, PromptEncoder):
            return features  # drawn prompts change the picture: nothing can be known beforehand
        no_mask = self.plain.prompt_encoder.no_mask.view(-1, 1, 1)
        skips = self.decoder.skips(features.middle[0], features.fine[0])
        return replace(features, canvas=self.decoder.prepare(self._pixels(features.coarse[0] + no_mask), skips))

    @torch.inference_mode()
    def segment(self, features: ImageFeatures, prompts: PromptTensors, *, multimask: bool) -> MaskPrediction:
        """As `Sam2.segment`; objects are decoded each by itself, which is faster than together."""
        tokens, dense = self.plain.prompt_encoder(prompts)
        ready = features.canvas
        canvas = ready if prompts.mask is None else None
        own_skips = len(features.middle) > 1 and features.middle.stride(0) > 0  # not one picture's, said again
        shared = None if own_skips else self._skips(features, 0) if ready is None else (ready.middle, ready.fine)

        def decode(row: int) -> MaskPrediction:
            coarse = features.coarse[row if len(features.coarse) > 1 else 0]
            image = self._pixels(coarse + dense[row]) if canvas is None else canvas.image
            skips = self._skips(features, row) if shared is None else shared
            return self.decoder(image, skips, tokens[row], canvas, multimask=multimask)

        return MaskPrediction.join(spread(decode, range(len(tokens))))

    def _skips(self, features: ImageFeatures, row: int) -> Skips:
        return self.decoder.skips(features.middle[row], features.fine[row])

    @torch.inference_mode()
    def locate(self, prediction: MaskPrediction) -> Sighting:
        """As `Sam2.locate`."""
        return self.plain.locate(prediction)

    @torch.inference_mode()
    def adopt(self, features: ImageFeatures, masks: Float[Tensor, "batch 1 side side"]) -> Sighting:
        """As `Sam2.adopt`."""
        return self.plain.adopt(features, masks)

    @torch.inference_mode()
    def remember(self, features: ImageFeatures, sighting: Sighting, *, prompted: bool) -> Memory:
        """As `Sam2.remember`; maps are kept in this network's precision."""
        if self.memory_encoder is None:
            return self.plain.remember(features, sighting, prompted=prompted)
        present = sighting.object_score > 0
        encoded = self.memory_encoder(features.coarse, sighting.logits, present, prompted=prompted)
        return Memory(map=encoded, pointer=sighting.pointer)

    def _pixels(self, coarse: Float[Tensor, "dim grid grid"]) -> Float[Tensor, "pixels dim"]:
        return coarse.flatten(1).T.to(self.dtype).contiguous()
