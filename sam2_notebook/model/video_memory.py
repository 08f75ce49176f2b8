"""The memory half of SAM 2: from masks to pointers and maps, and from those to features that know the past."""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from sam2_notebook.model.config import Sam2Config
from sam2_notebook.model.image_encoder import ImageFeatures
from sam2_notebook.model.layers import Mlp
from sam2_notebook.model.mask_decoder import MaskPrediction
from sam2_notebook.model.memory import Memory, Recollection, Sighting
from sam2_notebook.model.memory_attention import MemoryAttention
from sam2_notebook.model.memory_encoder import MASK_SCALE, MASK_SHIFT, MemoryEncoder

ABSENT_LOGIT = -1024.0


class VideoMemory(nn.Module):
    """Memory attention, memory encoder and object pointers of one network."""

    def __init__(self, config: Sam2Config) -> None:
        super().__init__()
        self.mask_size = config.mask_size
        self.attention = MemoryAttention(config)
        self.encoder = MemoryEncoder(config)
        self.pointer = Mlp((config.dim,) * 4)
        self.no_pointer = nn.Parameter(torch.zeros(config.dim))
        # Turns a mask prompt of 0 and 1 into logits at stride 4, for a pointer's sake.
        self.mask_scaling = nn.Conv2d(1, 1, 4, stride=4)
        # Published with every checkpoint and used by nobody.
        self.no_memory_position = nn.Parameter(torch.zeros(config.dim))

    def recall(self, features: ImageFeatures, recollection: Recollection) -> ImageFeatures:
        """Condition raw features on memories; one picture's features become those of every object."""
        return features.conditioned(self.attention(features.coarse, recollection))

    def locate(self, prediction: MaskPrediction) -> Sighting:
        """The best mask of each object, or its absence, and its pointer."""
        best = prediction.take(prediction.iou.argmax(dim=1))
        present = best.object_score > 0
        return Sighting(
            logits=torch.where(present[:, None, None, None], best.logits, ABSENT_LOGIT),
            iou=best.iou[:, 0],
            object_score=best.object_score,
            pointer=self._or_none(self.pointer(best.tokens[:, 0]), present),
        )

    def adopt(self, masks: Float[Tensor, "batch 1 side side"], decoded: MaskPrediction) -> Sighting:
        """Take masks of 0 and 1 at the picture's full side as they are; `decoded` from them lends the pointer."""
        full = masks * MASK_SCALE + MASK_SHIFT
        logits = F.interpolate(
            full.float(), size=(self.mask_size, self.mask_size), mode="bilinear", align_corners=False, antialias=True
        )
        present = (masks > 0).flatten(1).any(dim=1)
        return Sighting(
            logits=logits,
            iou=torch.ones_like(decoded.object_score),
            object_score=torch.where(present, MASK_SCALE + MASK_SHIFT, MASK_SHIFT).to(decoded.object_score.dtype),
            pointer=self._or_none(self.locate(decoded).pointer, present),
        )

    def remember(self, features: ImageFeatures, sighting: Sighting, *, prompted: bool) -> Memory:
        """Encode what was seen in a frame; `features` are raw, as `encode` gave them."""
        present = sighting.object_score > 0
        encoded = self.encoder(features.coarse, sighting.logits, present, prompted=prompted)
        return Memory(map=encoded, pointer=sighting.pointer)

    def _or_none(
        self, pointer: Float[Tensor, "batch dim"], present: Bool[Tensor, "batch"]
    ) -> Float[Tensor, "batch dim"]:
        return torch.where(present[:, None], pointer, self.no_pointer.to(pointer.dtype))
