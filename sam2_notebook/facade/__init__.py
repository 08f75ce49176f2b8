"""The roof: SAM 2 in the words of the Ultralytics page, so that code from there runs with one import changed."""

from sam2_notebook.facade.annotation import AnnotationReport, auto_annotate
from sam2_notebook.facade.dynamic import SAM2DynamicInteractivePredictor
from sam2_notebook.facade.results import Results
from sam2_notebook.facade.rows import Boxes, Masks
from sam2_notebook.facade.sam import SAM
from sam2_notebook.facade.video import SAM2VideoPredictor

__all__ = [
    "SAM",
    "AnnotationReport",
    "Boxes",
    "Masks",
    "Results",
    "SAM2DynamicInteractivePredictor",
    "SAM2VideoPredictor",
    "auto_annotate",
]
