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
        ConflictError,
        EditError,
        LabelError,
        MediaError,
        ModelError,
        PromptError,
        ProtocolError,
        Sam2NotebookError,
        StoreError,
    )
    from sam2_notebook.facade import SAM, SAM2DynamicInteractivePredictor, SAM2VideoPredictor, auto_annotate
    from sam2_notebook.facade.drawing import draw_masks
    from sam2_notebook.facade.labeler import Labeler
    from sam2_notebook.labels import Annotation, Dataset, LabelClass, LabeledImage
    from sam2_notebook.labels.export import export
    from sam2_notebook.labels.importers import read_labels
    from sam2_notebook.labels.store import LabelStore
    from sam2_notebook.media import Image, open_video, read_image, write_video
    from sam2_notebook.predict import (
        AutomaticMasker,
        AutomaticSettings,
        DynamicSession,
        EmbeddingCache,
        EncodedImage,
        ImagePredictor,
        Segmentation,
        VideoPredictor,
        VideoSession,
    )
    from sam2_notebook.training.finetune import finetune
    from sam2_notebook.training.scenes import make_scene
    from sam2_notebook.values.geometry import Box, Size
    from sam2_notebook.values.prompts import Point, Prompts
    from sam2_notebook.weights import load_model, save_model
    from sam2_notebook.widgets.dynamic import DynamicSegmenter
    from sam2_notebook.widgets.image import ImageSegmenter
    from sam2_notebook.widgets.video import VideoSegmenter

__version__ = "0.1.0"

# Where each public name lives; looked up on first use, so that importing the package costs no torch.
_HOMES = {
    "Annotation": "labels",
    "auto_annotate": "facade",
    "AutomaticMasker": "predict",
    "AutomaticSettings": "predict",
    "Box": "values.geometry",
    "ConflictError": "errors",
    "Dataset": "labels",
    "draw_masks": "facade.drawing",
    "DynamicSegmenter": "widgets.dynamic",
    "DynamicSession": "predict",
    "EditError": "errors",
    "EmbeddingCache": "predict",
    "EncodedImage": "predict",
    "export": "labels.export",
    "finetune": "training.finetune",
    "Image": "media",
    "ImagePredictor": "predict",
    "ImageSegmenter": "widgets.image",
    "LabelClass": "labels",
    "LabeledImage": "labels",
    "Labeler": "facade.labeler",
    "LabelError": "errors",
    "LabelStore": "labels.store",
    "load_model": "weights",
    "make_scene": "training.scenes",
    "MediaError": "errors",
    "ModelError": "errors",
    "open_video": "media",
    "Point": "values.prompts",
    "PromptError": "errors",
    "Prompts": "values.prompts",
    "ProtocolError": "errors",
    "read_image": "media",
    "read_labels": "labels.importers",
    "SAM": "facade",
    "SAM2DynamicInteractivePredictor": "facade",
    "Sam2NotebookError": "errors",
    "SAM2VideoPredictor": "facade",
    "save_model": "weights",
    "Segmentation": "predict",
    "Size": "values.geometry",
    "StoreError": "errors",
    "VideoPredictor": "predict",
    "VideoSegmenter": "widgets.video",
    "VideoSession": "predict",
    "write_video": "media",
}

__all__ = [
    "SAM",
    "Annotation",
    "AutomaticMasker",
    "AutomaticSettings",
    "Box",
    "ConflictError",
    "Dataset",
    "DynamicSegmenter",
    "DynamicSession",
    "EditError",
    "EmbeddingCache",
    "EncodedImage",
    "Image",
    "ImagePredictor",
    "ImageSegmenter",
    "LabelClass",
    "LabelError",
    "LabelStore",
    "LabeledImage",
    "Labeler",
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
    "StoreError",
    "VideoPredictor",
    "VideoSegmenter",
    "VideoSession",
    "auto_annotate",
    "draw_masks",
    "export",
    "finetune",
    "load_model",
    "make_scene",
    "open_video",
    "read_image",
    "read_labels",
    "save_model",
    "write_video",
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
