"""The labels of one picture: boxes, masks, outlines. Pure, so that any process on any machine may do it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import numpy as np

from sam2_notebook.errors import MediaError, Sam2NotebookError
from sam2_notebook.facade.annotation.detectors import Detections, Detector, DetectorSource, Wishes, detector_of
from sam2_notebook.facade.devices import usable_device
from sam2_notebook.facade.files import label_line
from sam2_notebook.facade.outlines import outlines
from sam2_notebook.labels.polygons import one_ring
from sam2_notebook.media import Image, read_image
from sam2_notebook.model import Sam2
from sam2_notebook.predict import AutomaticMasker, AutomaticSettings, ImagePredictor
from sam2_notebook.predict.precision import Precision
from sam2_notebook.values.masks import BoolMask

BOXES_AT_ONCE = 32
DECIMALS = 6
# What a network raises for one picture, such as no memory left on the GPU; the run goes on with the next.
NETWORK_ERRORS = (MemoryError, RuntimeError)

Polygon = tuple[float, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Labels:
    """The labels of one picture: of every object its class and polygon, x and y by turns over the picture's size, 0..1.

    `unusable` counts boxes that made no sense, `lost` the objects that had no mask or too small a one.
    """

    objects: tuple[tuple[int, Polygon], ...]
    size_hw: tuple[int, int] = (0, 0)
    unusable: int = 0
    lost: int = 0
    names: dict[int, str] = field(default_factory=dict)

    @property
    def lines(self) -> list[str]:
        """A line per object, as in YOLO's segmentation labels."""
        return [label_line(number, np.array(polygon)) for number, polygon in self.objects]


Annotate = Callable[[Image], Labels]


@dataclass(frozen=True, eq=False, kw_only=True)
class Build:
    """How to make the function that annotates a picture, on this machine or another.

    `tidy` and `precision` are those of the `ImagePredictor` whose network came here without it.
    """

    model: str | Path | Sam2 | ImagePredictor | None
    det_model: DetectorSource | AutomaticMasker | AutomaticSettings | None
    wishes: Wishes
    tidy: int | None = None
    precision: Precision = "auto"

    def __call__(self) -> Annotate:
        """Load the models."""
        detector, predictor = self.det_model, self.predictor()
        if detector is None or isinstance(detector, AutomaticSettings):
            return labeller(predictor, AutomaticMasker(predictor, detector))
        return labeller(
            predictor, detector if isinstance(detector, AutomaticMasker) else detector_of(detector, self.wishes)
        )

    def predictor(self) -> ImagePredictor:
        """The predictor given, or one for the model."""
        if isinstance(self.model, ImagePredictor):
            return self.model
        device = usable_device(self.wishes.device)
        return ImagePredictor(self.model, device=device, tidy=self.tidy, precision=self.precision)

    def to_travel(self) -> "Build":
        """The same with the network itself in place of its name, and without what only this process can hold.

        So the other machines need no weights files, and none of them downloads any.
        """
        here = replace(self, wishes=replace(self.wishes, device="cpu"))
        detector = self.det_model.settings if isinstance(self.det_model, AutomaticMasker) else self.det_model
        if isinstance(detector, str | Path) and Path(detector).exists():
            detector = Path(detector).absolute()
        predictor = here.predictor()
        precision = cast(Precision, predictor.precision) if predictor is self.model else "auto"
        return replace(self, model=predictor.model, det_model=detector, tidy=predictor.tidy, precision=precision)


def labeller(predictor: ImagePredictor, detector: Detector | AutomaticMasker) -> Annotate:
    """The function that labels one picture. Pure: it writes nothing."""

    def annotate(image: Image) -> Labels:
        if isinstance(detector, AutomaticMasker):
            return labels_of(image, ((0, item.mask) for item in detector.generate(image)), {0: "object"})
        boxes = _detected(detector, image)
        if not len(boxes):
            return Labels(objects=(), size_hw=image.size_hw, unusable=boxes.unusable, names=dict(boxes.names))
        masks = masks_in_boxes(predictor, image, boxes)
        pairs = zip(boxes.classes.tolist(), masks, strict=True)
        return labels_of(image, pairs, dict(boxes.names), boxes.unusable)

    return annotate


def answer_of(source: Path | bytes, name: str, annotate: Annotate) -> Labels | str:
    """The labels of a picture, a file or its content, or in words why there are none."""
    try:
        image = read_image(source)
        return annotate(Image(image.pixels, name))
    except Sam2NotebookError as error:
        return str(error) if isinstance(source, Path) else str(error).replace("the bytes given", name, 1)
    except NETWORK_ERRORS as error:
        return f"{name}: the network failed on it ({type(error).__name__}: {str(error)[:200]})"


def masks_in_boxes(predictor: ImagePredictor, image: Image, boxes: Detections) -> Iterator[BoolMask]:
    """One mask per box, in the order of the boxes; few are held at a time."""
    encoded = predictor.encode(image)
    for start in range(0, len(boxes), BOXES_AT_ONCE):
        yield from predictor.segment(encoded, box=boxes.boxes[start : start + BOXES_AT_ONCE]).best.masks


def labels_of(
    image: Image, objects: Iterable[tuple[int, BoolMask]], names: dict[int, str], unusable: int = 0
) -> Labels:
    """Polygons for classes and their masks; a mask without an outline loses its own and nobody else's."""
    found: list[tuple[int, Polygon]] = []
    lost = 0
    height, width = image.size_hw
    for number, mask in objects:
        ring = one_ring(outlines(mask))
        if len(ring) < 3:
            lost += 1
            continue
        polygon = np.clip((ring + 0.5) / [width, height], 0, 1).round(DECIMALS)
        found.append((int(number), tuple(polygon.ravel().tolist())))
    return Labels(objects=tuple(found), size_hw=image.size_hw, unusable=unusable, lost=lost, names=names)


def _detected(detector: Detector, image: Image) -> Detections:
    try:
        return detector(image)
    except Sam2NotebookError:
        raise
    except Exception as error:  # code of others raises whatever it likes; the run goes on with the next picture
        raise MediaError(f"{image.name}: the detector failed ({type(error).__name__}: {str(error)[:200]})") from error
