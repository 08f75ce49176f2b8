"""sam2_notebook: click in a notebook, get a mask. Interactive segmentation with SAM 2.

>>> import sam2_notebook as sn
>>> frame = sn.make_scene(7, sn.Size(height=96, width=128)).render()
>>> predictor = sn.ImagePredictor()
>>> answer = predictor.segment(predictor.encode(frame.pixels), points=[[64, 48]])
>>> answer.masks.shape
(3, 96, 128)
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sam2_notebook.errors import (
        EditError,
        MediaError,
        ModelError,
        PromptError,
        ProtocolError,
        Sam2NotebookError,
    )
    from sam2_notebook.facade import SAM, SAM2DynamicInteractivePredictor, SAM2VideoPredictor, auto_annotate
    from sam2_notebook.media import Image, read_image
    from sam2_notebook.predict import (
        AutomaticMasker,
        AutomaticSettings,
        DynamicSession,
        EmbeddingCache,
        EncodedImage,
        ImagePredictor,
        Segmentation,
    )
    from sam2_notebook.training.scenes import make_scene
    from sam2_notebook.values.geometry import Box, Size
    from sam2_notebook.values.prompts import Point, Prompts
    from sam2_notebook.weights import load_model, save_model
    from sam2_notebook.widgets.image import ImageSegmenter

__version__ = "0.1.0"

# Where each public name lives; looked up on first use, so that importing the package costs no torch.
_HOMES = {
    "AutomaticMasker": "predict",
    "AutomaticSettings": "predict",
    "Box": "values.geometry",
    "EditError": "errors",
    "EmbeddingCache": "predict",
    "EncodedImage": "predict",
    "Image": "media",
    "ImagePredictor": "predict",
    "ImageSegmenter": "widgets.image",
    "MediaError": "errors",
    "ModelError": "errors",
    "Point": "values.prompts",
    "PromptError": "errors",
    "Prompts": "values.prompts",
    "ProtocolError": "errors",
    "SAM": "facade",
    "auto_annotate": "facade",
    "SAM2DynamicInteractivePredictor": "facade",
    "SAM2VideoPredictor": "facade",
    "DynamicSession": "predict",
    "Sam2NotebookError": "errors",
    "Segmentation": "predict",
    "Size": "values.geometry",
    "load_model": "weights",
    "make_scene": "training.scenes",
    "read_image": "media",
    "save_model": "weights",
}

__all__ = [
    "SAM",
    "AutomaticMasker",
    "AutomaticSettings",
    "Box",
    "DynamicSession",
    "EditError",
    "EmbeddingCache",
    "EncodedImage",
    "Image",
    "ImagePredictor",
    "ImageSegmenter",
    "MediaError",
    "ModelError",
    "Point",
    "PromptError",
    "Prompts",
    "ProtocolError",
    "SAM2DynamicInteractivePredictor",
    "SAM2VideoPredictor",
    "Sam2NotebookError",
    "Segmentation",
    "Size",
    "auto_annotate",
    "load_model",
    "make_scene",
    "read_image",
    "save_model",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'sam2_notebook' has no attribute {name!r}")
    value = getattr(import_module(f"sam2_notebook.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
