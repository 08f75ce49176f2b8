"""Proposals for an image: masks of everything, boxes of a detector made masks, or masks of somebody's own model."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from sam2_notebook.errors import LabelError, PromptError
from sam2_notebook.labels.cutouts import Cutout
from sam2_notebook.labels.schema import Annotation
from sam2_notebook.media import Image
from sam2_notebook.predict import AutomaticMasker, AutomaticSettings, ImagePredictor
from sam2_notebook.values.masks import BoolMask, Rle
from sam2_notebook.widgets.label_objects import stability

Source = Literal["everything", "detector", "model"]
Pixels = npt.NDArray[np.uint8]
# boxes (n, 4) as x0, y0, x1, y1, class names, scores
Detect = Callable[[Pixels], tuple[npt.ArrayLike, Iterable[str], Iterable[float]]]
# masks, class names, scores
Segment = Callable[[Pixels], Iterable[tuple[BoolMask, str, float]]]

POINTS_PER_SIDE = 12
MOST_MASKS = 24
LEAST_AREA_PART = 0.0008  # of the picture; smaller masks of everything are mostly noise
COVERED = 0.8


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Who proposes: `detect` gives boxes and `segment` masks, each with class names and scores; None has none."""

    detect: Detect | None = None
    segment: Segment | None = None

    @property
    def names(self) -> tuple[Source, ...]:
        """What can be asked for."""
        return (
            "everything",
            *(("detector",) if self.detect is not None else ()),
            *(("model",) if self.segment is not None else ()),
        )


def proposals(
    source: Source, sources: Sources, picture: Image, predictor: ImagePredictor, classes: tuple[str, ...], current: str
) -> list[Annotation]:
    """What a source proposes for a picture, as annotations that nobody has accepted; LabelError if it makes no sense.

    Masks without a class of their own are of the class `current`.
    """
    match source:
        case "everything":
            found = _everything(picture, predictor, current)
        case "detector" if sources.detect is not None:
            found = _detected(picture, predictor, sources.detect)
        case "model" if sources.segment is not None:
            found = _segmented(picture, sources.segment)
        case _:
            raise LabelError(f"there is no {source} to ask; pass {source}= to Labeler")
    for annotation in found:
        if annotation.label not in classes:
            names = ", ".join(classes)
            raise LabelError(f"the {source} found a {annotation.label!r}, which is no class here; there are: {names}")
    return found


def without_known(found: list[Annotation], known: Iterable[Annotation]) -> list[Annotation]:
    """The proposals that do not lie over what is there already."""
    there = [Cutout.of(a.mask) for a in known if a.mask is not None]
    kept: list[Annotation] = []
    for annotation in found:
        mine = Cutout.of(annotation.mask) if annotation.mask is not None else None
        if mine is None:
            continue
        area = annotation.area
        if all(other is None or mine.shared_with(other) < COVERED * min(area, other.pixels.sum()) for other in there):
            kept.append(annotation)
    return kept


def _everything(picture: Image, predictor: ImagePredictor, label: str) -> list[Annotation]:
    height, width = picture.size_hw
    settings = AutomaticSettings(
        points_per_side=POINTS_PER_SIDE,
        most_masks=MOST_MASKS,
        min_region_area=round(LEAST_AREA_PART * height * width),
    )
    return [
        Annotation(
            label=label,
            mask=record.rle,
            score=_share(record.score),
            stability=_share(record.stability),
            proposed=True,
        )
        for record in AutomaticMasker(predictor, settings).generate(picture)
    ]


def _detected(picture: Image, predictor: ImagePredictor, detect: Detect) -> list[Annotation]:
    boxes, labels, scores = detect(picture.pixels)
    rows = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    names, sure = list(labels), [float(s) for s in scores]
    if not len(rows) == len(names) == len(sure):
        raise LabelError(f"the detector gave {len(rows)} boxes, {len(names)} classes and {len(sure)} scores")
    if not len(rows):
        return []
    size = (picture.size_hw[1], picture.size_hw[0])
    rows = np.clip(rows, 0, np.array([*size, *size]) - 1)
    try:
        best = predictor.segment(predictor.encode(picture), box=rows.astype(np.float32)).best
    except PromptError as error:
        raise LabelError(f"the detector's boxes make no sense: {error}") from error
    return [
        Annotation(
            label=str(name),
            mask=Rle.from_mask(mask),
            score=_share(float(score)),
            stability=stability(logits),
            disagreement=_share(1 - trust),
            proposed=True,
        )
        for name, trust, mask, score, logits in zip(names, sure, best.masks, best.scores, best.logits, strict=True)
        if mask.any()
    ]


def _segmented(picture: Image, segment: Segment) -> list[Annotation]:
    found: list[Annotation] = []
    for mask, name, score in segment(picture.pixels):
        array = np.asarray(mask)
        if array.shape != picture.size_hw:
            raise LabelError(f"the model gave a mask {array.shape} for a picture {picture.size_hw}")
        if array.any():
            rle = Rle.from_mask(array.astype(np.bool_))
            found.append(Annotation(label=str(name), mask=rle, score=_share(float(score)), proposed=True))
    return found


def _share(value: float | None) -> float | None:
    return None if value is None else float(np.clip(value, 0, 1))
