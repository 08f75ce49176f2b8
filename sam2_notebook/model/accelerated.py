"""SAM 2 for GPUs: the plain network under autocast, its two large boxes compiled if asked."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from sam2_notebook.model.image_encoder import ImageFeatures
from sam2_notebook.model.mask_decoder import MaskPrediction
from sam2_notebook.model.memory import Memory, Recollection, Sighting
from sam2_notebook.model.prompt_encoder import PromptTensors
from sam2_notebook.model.sam2 import Sam2


class AcceleratedSam2:
    """A network at work on a GPU, for inference only: the verbs of `Sam2`, products in `dtype`, answers in float32.

    `compiled` has torch compile the image encoder, with CUDA graphs on CUDA: the first picture then takes a minute.

    >>> from sam2_notebook.model import Sam2Config
    >>> config = Sam2Config(image_size=64, embed_dim=8, stages=(1, 1, 2, 1), global_blocks=(3,), dim=32)
    >>> network = AcceleratedSam2(Sam2(config).eval(), torch.bfloat16)
    >>> network.encode(torch.rand(1, 3, 64, 64)).coarse.dtype
    torch.float32
    """

    def __init__(self, model: Sam2, dtype: torch.dtype = torch.float32, *, compiled: bool = False) -> None:
        self.plain, self.config, self.dtype = model, model.config, dtype
        self._encode: Callable[[Tensor], ImageFeatures] = model.encode
        if compiled:
            mode = "reduce-overhead" if model.device.type == "cuda" else "default"
            self._encode = torch.compile(model.encode, mode=mode, dynamic=False)

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.plain.device

    @torch.inference_mode()
    def encode(self, pixels: Float[Tensor, "batch 3 side side"]) -> ImageFeatures:
        """As `Sam2.encode`."""
        with self._precision():
            found = self._encode(pixels)
        # clones: a CUDA graph writes every answer to the same place
        maps = (t.float().clone() for t in (found.coarse, found.middle, found.fine))
        return ImageFeatures(coarse=next(maps), middle=next(maps), fine=next(maps))

    @torch.inference_mode()
    def recall(self, features: ImageFeatures, recollection: Recollection | None = None) -> ImageFeatures:
        """As `Sam2.recall`."""
        with self._precision():
            found = self.plain.recall(features, recollection)
        return found.conditioned(found.coarse.float())

    def prepare(self, features: ImageFeatures) -> ImageFeatures:
        """Nothing is prepared: a GPU decodes a batch of prompts as fast without."""
        return features

    @torch.inference_mode()
    def segment(self, features: ImageFeatures, prompts: PromptTensors, *, multimask: bool) -> MaskPrediction:
        """As `Sam2.segment`, in float32: it takes milliseconds."""
        return self.plain.segment(features, prompts, multimask=multimask)

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
        with self._precision():
            memory = self.plain.remember(features, sighting, prompted=prompted)
        return Memory(map=None if memory.map is None else memory.map.to(self.dtype), pointer=memory.pointer)

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype is not torch.float32)
