"""Floor 1: SAM 2's network in torch. Imports nothing of ours and keeps no state; see README.md for the map."""

from sam2_notebook.model.config import Sam2Config
from sam2_notebook.model.image_encoder import ImageFeatures
from sam2_notebook.model.mask_decoder import MaskPrediction
from sam2_notebook.model.memory import Memory, MemoryBank, MemoryChoice, Recollection, Sighting, choose_memories
from sam2_notebook.model.prompt_encoder import PromptTensors, unprompted
from sam2_notebook.model.sam2 import Sam2

__all__ = [
    "ImageFeatures",
    "MaskPrediction",
    "Memory",
    "MemoryBank",
    "MemoryChoice",
    "PromptTensors",
    "Recollection",
    "Sam2",
    "Sam2Config",
    "Sighting",
    "choose_memories",
    "unprompted",
]
