"""Floor 3: predictors. They turn pictures and prompts in image pixels into masks, and know nothing of notebooks."""

from sam2_notebook.predict.automatic import AutomaticMasker
from sam2_notebook.predict.automatic_results import AutomaticMask, AutomaticMasks
from sam2_notebook.predict.automatic_settings import AutomaticSettings
from sam2_notebook.predict.dynamic import DynamicSession
from sam2_notebook.predict.dynamic_results import FoundObject, FoundObjects
from sam2_notebook.predict.embeddings import EmbeddingCache, EncodedImage
from sam2_notebook.predict.image import ImagePredictor
from sam2_notebook.predict.segmentation import Segmentation
from sam2_notebook.predict.video import VideoPredictor
from sam2_notebook.predict.video_results import FrameResult, MemoryUse, ObjectResult
from sam2_notebook.predict.video_session import VideoSession

__all__ = [
    "AutomaticMask",
    "AutomaticMasker",
    "AutomaticMasks",
    "AutomaticSettings",
    "DynamicSession",
    "EmbeddingCache",
    "EncodedImage",
    "FoundObject",
    "FoundObjects",
    "FrameResult",
    "ImagePredictor",
    "MemoryUse",
    "ObjectResult",
    "Segmentation",
    "VideoPredictor",
    "VideoSession",
]
