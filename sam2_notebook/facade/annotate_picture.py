"""The labels of one picture: boxes, masks, outlines. Pure, so that any process on any machine may do it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sam2_notebook.errors import MediaError, Sam2NotebookError
from sam2_notebook.facade.detectors import Detections, Detector
from sam2_notebook.facade.outlines import outlines
from sam2_notebook.facade.results import label_line
from sam2_notebook.labels.polygons import one_ring
from sam2_notebook.media import Image, read_image
from sam2_notebook.predict import AutomaticMasker, ImagePredictor
from sam2_notebook.values.masks import BoolMask

BOXES_AT_ONCE = 32
# What detectors that others wrote raise for one picture; the run goes on with the next.
DETECTOR_ERRORS = (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)


@dataclass(frozen=True, eq=False, kw_only=True)
class Labels:
    """The labels of one picture: a line per object. `lost` objects had no mask or too small a one."""

    lines: tuple[str, ...]
    unusable: int = 0
    lost: int = 0
    names: dict[int, str] = field(default_factory=dict)


def labeller(predictor: ImagePredictor, detector: Detector | AutomaticMasker) -> Callable[[Path], Labels]:
    """The function that labels one picture. Pure: it reads the picture and writes nothing."""

    def annotate(file: Path) -> Labels:
        image = read_image(file)
        if isinstance(detector, AutomaticMasker):
            return labels_of(image, ((0, item.mask) for item in detector.generate(image)), {0: "object"})
        boxes = _detected(detector, image)
        if not len(boxes):
            return Labels(lines=(), unusable=boxes.unusable, names=dict(boxes.names))
        masks = masks_in_boxes(predictor, image, boxes)
        pairs = zip(boxes.classes.tolist(), masks, strict=True)
        return labels_of(image, pairs, dict(boxes.names), boxes.unusable)

    return annotate


def answer_of(file: Path, annotate: Callable[[Path], Labels]) -> Labels | str:
    """The labels of a picture, or in words why there are none."""
    try:
        return annotate(file)
    except Sam2NotebookError as error:
        return str(error)


def masks_in_boxes(predictor: ImagePredictor, image: Image, boxes: Detections) -> Iterator[BoolMask]:
    """One mask per box, in the order of the boxes; few are held at a time."""
    encoded = predictor.encode(image)
    for start in range(0, len(boxes), BOXES_AT_ONCE):
        yield from predictor.segment(encoded, box=boxes.boxes[start : start + BOXES_AT_ONCE]).best.masks


def labels_of(
    image: Image, objects: Iterable[tuple[int, BoolMask]], names: dict[int, str], unusable: int = 0
) -> Labels:
    """Lines for classes and their masks; a mask without an outline loses its own line and nobody else's."""
    lines, lost = [], 0
    height, width = image.size_hw
    for number, mask in objects:
        ring = one_ring(outlines(mask))
        if len(ring) < 3:
            lost += 1
            continue
        lines.append(label_line(number, np.clip((ring + 0.5) / [width, height], 0, 1)))
    return Labels(lines=tuple(lines), unusable=unusable, lost=lost, names=names)


def _detected(detector: Detector, image: Image) -> Detections:
    try:
        return detector(image)
    except Sam2NotebookError:
        raise
    except DETECTOR_ERRORS as error:
        raise MediaError(f"{image.name}: the detector failed ({type(error).__name__}: {str(error)[:200]})") from error
