"""SAM 2 as a value-in, value-out network: encode, recall, segment, remember. It keeps no state (paper, figure 3)."""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sam2_notebook.model.config import Sam2Config
from sam2_notebook.model.image_encoder import ImageEncoder, ImageFeatures
from sam2_notebook.model.mask_decoder import MaskDecoder, MaskPrediction
from sam2_notebook.model.memory import Memory, Recollection, Sighting
from sam2_notebook.model.prompt_encoder import PromptEncoder, PromptTensors, RasterPromptEncoder, unprompted
from sam2_notebook.model.video_memory import VideoMemory


class Sam2(nn.Module):
    """The network of one config.

    >>> config = Sam2Config(image_size=64, embed_dim=8, stages=(1, 1, 2, 1), global_blocks=(3,), dim=32)
    >>> model = Sam2(config).eval()
    >>> features = model.recall(model.encode(torch.rand(1, 3, 64, 64)))
    >>> click = PromptTensors(points=torch.tensor([[[20.0, 30.0]]]), labels=torch.tensor([[1]]))
    >>> model.segment(features, click, multimask=True).logits.shape
    torch.Size([1, 3, 16, 16])
    """

    def __init__(self, config: Sam2Config) -> None:
        super().__init__()
        self.config = config
        self.image_encoder = ImageEncoder(config)
        self.prompt_encoder = PromptEncoder(config) if config.prompts == "tokens" else RasterPromptEncoder(config)
        self.mask_decoder = MaskDecoder(config)
        self.no_memory = nn.Parameter(torch.zeros(config.dim))
        self.memory = VideoMemory(config) if config.memory_layers else None

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return self.no_memory.device

    def encode(self, pixels: Float[Tensor, "batch 3 side side"]) -> ImageFeatures:
        """Encode RGB pictures in 0..1, stretched to the square of `config.image_size`."""
        coarse, middle, fine = self.image_encoder(pixels)
        middle, fine = self.mask_decoder.project_skips(middle, fine)
        return ImageFeatures(coarse=coarse, middle=middle, fine=fine)

    def recall(self, features: ImageFeatures, recollection: Recollection | None = None) -> ImageFeatures:
        """Condition features on the memories of a video; a still picture has none, and learned code says so.

        Raises ValueError when a network without memory is given memories.
        """
        if recollection is None:
            return features.conditioned(features.coarse + self.no_memory.view(1, -1, 1, 1))
        return self._memory.recall(features, recollection)

    def decode(self, features: ImageFeatures, prompts: PromptTensors) -> MaskPrediction:
        """All four masks of every object, before one or three are chosen: what training supervises."""
        tokens, dense = self.prompt_encoder(prompts)
        position = self.prompt_encoder.points.positions.grid(self.config.grid)
        return self.mask_decoder(features, tokens, dense, position)

    def segment(self, features: ImageFeatures, prompts: PromptTensors, *, multimask: bool) -> MaskPrediction:
        """Masks for prompts: three candidates each, or the single one with its stability fallback.

        `features` come from `recall`; those of one picture serve a whole batch of objects.
        """
        prediction = self.decode(features, prompts)
        return prediction.candidates() if multimask else prediction.single()

    def locate(self, prediction: MaskPrediction) -> Sighting:
        """For videos: the best mask of each object, empty where it is absent, and the pointer that sums it up."""
        return self._memory.locate(prediction)

    def adopt(self, features: ImageFeatures, masks: Float[Tensor, "batch 1 side side"]) -> Sighting:
        """For videos: take masks of 0 and 1 at `config.image_size` as the truth of a frame of raw features."""
        prompts = replace(unprompted(masks.shape[0], masks.device), mask=self._memory.mask_scaling(masks))
        return self._memory.adopt(masks, self.segment(features, prompts, multimask=False))

    def remember(self, features: ImageFeatures, sighting: Sighting, *, prompted: bool) -> Memory:
        """Encode what was seen in a frame of raw features into a memory, with sharp edges if a user prompted it."""
        return self._memory.remember(features, sighting, prompted=prompted)

    @property
    def _memory(self) -> VideoMemory:
        if self.memory is None:
            raise ValueError("this network has no memory (config.memory_layers is 0): it segments pictures, not videos")
        return self.memory
