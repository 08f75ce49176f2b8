"""Boxes from anything that finds things: a function, a pipeline of transformers, YOLO, a COCO file."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

from sam2_notebook.errors import MediaError, ModelError, PromptError
from sam2_notebook.media import Image
from sam2_notebook.predict.automatic_filters import suppress
from sam2_notebook.values.plain import number, whole_number, whole_numbers

# What Ultralytics raises for a file that it cannot load.
LOADING_ERRORS = (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)
# Of Ultralytics' tasks those whose results have upright boxes.
YOLO_TASKS = ("detect", "segment", "pose")

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Parts = tuple[str, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Detections:
    """Boxes (n, 4) as x0, y0, x1, y1 in image pixels, classes (n,) and scores (n,), 0..1; `names` tell the classes.

    `unusable` counts boxes that were taken out because they make no sense. `drawn` (n,) tells which ones have no score
    because somebody drew them; these are not taken for doubles of others. None if all have one.
    """

    boxes: FloatArray
    classes: IntArray
    scores: FloatArray
    names: Mapping[int, str] = field(default_factory=dict)
    unusable: int = 0
    drawn: npt.NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.boxes)

    def take(self, rows: npt.NDArray[np.integer] | npt.NDArray[np.bool_]) -> "Detections":
        """Some of them, each with its own class and score."""
        return Detections(
            boxes=self.boxes[rows],
            classes=self.classes[rows],
            scores=self.scores[rows],
            names=self.names,
            unusable=self.unusable,
            drawn=None if self.drawn is None else self.drawn[rows],
        )


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """Which detections are wanted, in the page's words; `imgsz` is the side at which a YOLO looks."""

    conf: float = 0.25
    iou: float = 0.45
    imgsz: int = 640
    max_det: int = 300
    classes: tuple[int, ...] | None = None
    device: str = ""

    def __post_init__(self) -> None:
        for name in ("conf", "iou"):
            share = number(getattr(self, name), f"{name} is a share from 0 to 1", 0, 1)
            object.__setattr__(self, name, share)
        for name in ("imgsz", "max_det"):
            object.__setattr__(self, name, whole_number(getattr(self, name), name, 1))
        if self.imgsz % 32:
            raise PromptError(f"imgsz is a multiple of 32; got {self.imgsz!r}")


def class_numbers(classes: Sequence[int] | int | None) -> tuple[int, ...] | None:
    """The classes wanted, one or several; PromptError if they are no numbers.

    >>> class_numbers(1), class_numbers([0, 2]), class_numbers(None)
    ((1,), (0, 2), None)
    """
    if classes is None:
        return None
    return whole_numbers(classes, "classes are the numbers of the classes wanted, such as [0, 2], not their names")


Detector = Callable[[Image], Detections]
DetectFunction = Callable[[npt.NDArray[np.uint8]], "Detections | tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike]"]


@runtime_checkable
class Pipeline(Protocol):
    """A pipeline of transformers."""

    task: str

    def __call__(self, inputs: PillowImage.Image, *, threshold: float) -> list[dict]: ...


@runtime_checkable
class Yolo(Protocol):
    """A model of Ultralytics; none of its code is part of this package."""

    task: str
    names: Mapping[int, str]

    def predict(self, source: PillowImage.Image, **settings: object) -> Sequence: ...


DetectorSource = str | Path | Mapping | Pipeline | Yolo | DetectFunction


def detector_of(source: DetectorSource, wishes: Wishes) -> Detector:
    """The detector that a source means; its answers are checked, filtered and sorted by score.

    A function takes RGB pixels (height, width, 3) and gives boxes, classes and scores. A path that ends in .json, or a
    dictionary, is a COCO file: a picture gets the boxes of the file_name that agrees with the end of its path, and
    those without a score are all kept. Any other name is a YOLO, for which Ultralytics must be installed. Raises
    ModelError or MediaError where there is no such detector.
    """
    if isinstance(source, Mapping):
        return _finished(_coco_boxes(source, "the dictionary given"), wishes)
    if isinstance(source, str | Path) and Path(source).suffix.lower() == ".json":
        return _finished(_coco_boxes(_read_json(Path(source)), str(source)), wishes)
    if isinstance(source, str | Path):
        return _yolo(_load_yolo(str(source)), wishes)
    if isinstance(source, Yolo):  # which has a task and can be called, as a pipeline
        return _yolo(source, wishes)
    if isinstance(source, Pipeline):
        if source.task != "object-detection":
            raise ModelError(f"a pipeline for {source.task!r} finds no boxes; wanted pipeline('object-detection', ...)")
        return _finished(_pipeline(source, wishes), wishes)
    if callable(source):
        function = source
        return _finished(lambda image: _answer(function(image.pixels)), wishes)
    raise ModelError(
        f"a {type(source).__name__} is no detector. Wanted a function from pixels to (boxes, classes, scores), a "
        "pipeline of transformers, a YOLO or its file, a COCO file, or None to segment everything."
    )


def checked(found: Detections, image: Image) -> Detections:
    """Detections cut to the picture, without boxes that are empty or beside it; those are counted.

    PromptError for places and scores that are no finite numbers: a detector that gives such is broken.
    """
    finite = np.isfinite(found.boxes).all(axis=1) & np.isfinite(found.scores)
    if not finite.all():
        row = int(np.argmin(finite))
        raise PromptError(
            f"the detector gave the box {found.boxes[row].tolist()} with the score {found.scores[row]:g}; wanted "
            "finite numbers. Leave out what it is not sure of"
        )
    height, width = image.size_hw
    boxes = np.clip(found.boxes, 0, [width, height, width, height])
    sensible = (boxes[:, 2] - boxes[:, 0] >= 1) & (boxes[:, 3] - boxes[:, 1] >= 1) & (found.classes >= 0)
    kept = Detections(
        boxes=boxes,
        classes=found.classes,
        scores=found.scores,
        names=found.names,
        unusable=int((~sensible).sum()) + found.unusable,
        drawn=found.drawn,
    )
    return kept.take(sensible)


def _finished(detect: Detector, wishes: Wishes) -> Detector:
    def finish(image: Image) -> Detections:
        found = checked(detect(image), image)
        wanted = found.scores >= wishes.conf
        if wishes.classes is not None:
            wanted &= np.isin(found.classes, wishes.classes)
        found = found.take(wanted)
        # classes are moved apart, so that boxes of different ones never suppress one another
        apart = found.boxes + (found.classes * (max(image.size_hw) + 1.0))[:, None]
        kept = suppress(apart, found.scores, wishes.iou)
        if found.drawn is not None:
            rows = np.union1d(kept, np.flatnonzero(found.drawn))
            kept = rows[np.argsort(-found.scores[rows], kind="stable")]
        return found.take(kept[: wishes.max_det])

    return finish


def _answer(raw: object) -> Detections:
    """What a function gave, as detections; PromptError if it cannot be that."""
    if isinstance(raw, Detections):
        return replace(raw, classes=_whole(raw.classes))
    try:
        boxes, classes, scores = raw  # type: ignore[misc] -- this is what is being found out
        rows = np.asarray(boxes, np.float64).reshape(-1, 4)
        numbers, sure = (np.asarray(part, np.float64).reshape(-1) for part in (classes, scores))
    except (TypeError, ValueError) as error:
        raise PromptError(
            f"the detector gave {raw!r:.60}; wanted boxes (n, 4) as x0, y0, x1, y1, classes (n,) and scores (n,)"
        ) from error
    if not len(rows) == len(numbers) == len(sure):
        raise PromptError(
            f"the detector gave {len(rows)} boxes, {len(numbers)} classes and {len(sure)} scores; "
            "wanted one class and one score per box"
        )
    return Detections(boxes=rows, classes=_whole(numbers), scores=sure)


def _whole(numbers: FloatArray | IntArray) -> IntArray:
    """Class numbers, which may be written as 1.0; PromptError for 1.5."""
    wrong = ~np.isfinite(numbers) | (numbers != np.floor(numbers))
    if wrong.any():
        raise PromptError(f"the detector gave the class {numbers[wrong][0]:g}; wanted whole numbers")
    return numbers.astype(np.int64)


def _pipeline(pipeline: Pipeline, wishes: Wishes) -> Detector:
    config = getattr(getattr(pipeline, "model", None), "config", None)
    ids = {str(label): int(number) for number, label in (getattr(config, "id2label", None) or {}).items()}

    def detect(image: Image) -> Detections:
        rows = pipeline(PillowImage.fromarray(image.pixels), threshold=wishes.conf)
        for row in rows:
            ids.setdefault(row["label"], len(ids))
        edges = ("xmin", "ymin", "xmax", "ymax")
        return Detections(
            boxes=np.array([[row["box"][e] for e in edges] for row in rows], np.float64).reshape(-1, 4),
            classes=np.array([ids[row["label"]] for row in rows], np.int64),
            scores=np.array([row["score"] for row in rows], np.float64),
            names={number: label for label, number in ids.items()},
        )

    return detect


def _yolo(model: Yolo, wishes: Wishes) -> Detector:
    if model.task not in YOLO_TASKS:
        raise ModelError(f"a YOLO for {model.task!r} finds no upright boxes; wanted one for {', '.join(YOLO_TASKS)}")

    def detect(image: Image) -> Detections:
        (answer,) = model.predict(
            PillowImage.fromarray(image.pixels),
            conf=wishes.conf,
            iou=wishes.iou,
            imgsz=wishes.imgsz,
            max_det=wishes.max_det,
            classes=None if wishes.classes is None else list(wishes.classes),
            device=wishes.device or None,
            verbose=False,
        )
        found = Detections(
            boxes=answer.boxes.xyxy.cpu().numpy().astype(np.float64),
            classes=answer.boxes.cls.cpu().numpy().astype(np.int64),
            scores=answer.boxes.conf.cpu().numpy().astype(np.float64),
            names=dict(model.names),
        )
        return checked(found, image)

    return detect


def _load_yolo(name: str) -> Yolo:
    try:
        library = import_module("ultralytics")
    except ImportError as error:
        raise ModelError(
            f"the detector {name!r} is a YOLO, and Ultralytics is not installed: pip install ultralytics (its licence "
            "is the AGPL). Or pass another detector: a function, a transformers pipeline, a COCO file; or None."
        ) from error
    try:
        return library.YOLO(name)
    except LOADING_ERRORS as error:
        raise ModelError(
            f"Ultralytics cannot load {name!r} ({type(error).__name__}: {str(error)[:200]}). Name a model it knows or "
            "has downloaded, or a file of weights."
        ) from error


def _read_json(path: Path) -> Mapping:
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise MediaError(f"{path}: there is no such file. Name a COCO file with the boxes.") from error
    except (OSError, ValueError) as error:
        raise MediaError(f"{path}: it cannot be read as JSON ({error}). Wanted a COCO file.") from error


def _coco_boxes(coco: Mapping, label: str) -> Detector:
    """Boxes by the path of the picture; those of a picture that the file does not know are none."""
    try:
        names = {_class_number(c["id"]): str(c["name"]) for c in coco.get("categories", ())}
        files = {i["id"]: _parts(i["file_name"]) for i in coco["images"]}
        boxes: dict[Parts, list[tuple[list[float], int, float | None]]] = {}
        for entry in coco["annotations"]:
            x, y, width, height = map(float, entry["bbox"])
            score = None if entry.get("score") is None else float(entry["score"])
            row = ([x, y, x + width, y + height], _class_number(entry["category_id"]), score)
            boxes.setdefault(files[entry["image_id"]], []).append(row)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise MediaError(
            f"{label}: it is no COCO file with boxes ({type(error).__name__}: {error}). Wanted images with id and "
            "file_name, and annotations with image_id, category_id and bbox."
        ) from error
    known: dict[str, list[Parts]] = {}
    for parts in dict.fromkeys(files.values()):
        known.setdefault(parts[-1] if parts else "", []).append(parts)

    def detect(image: Image) -> Detections:
        parts = _parts(image.name)
        file = _nearest(parts, known.get(parts[-1], []), label) if parts else ()
        rows = boxes.get(file, []) if file else []
        return Detections(
            boxes=np.array([box for box, _, _ in rows], np.float64).reshape(-1, 4),
            classes=np.array([number for _, number, _ in rows], np.int64),
            scores=np.array([1.0 if score is None else score for _, _, score in rows], np.float64),
            names=names,
            drawn=np.array([score is None for _, _, score in rows], bool),
        )

    return detect


def _class_number(value: str | float) -> int:
    """The number of a category; ValueError for 1.5."""
    if int(value) != float(value):
        raise ValueError(f"a category has the id {value}, which is no whole number")
    return int(value)


def _parts(name: str) -> Parts:
    """The folders and the name of a file, wherever its path was written."""
    return PurePosixPath(name.replace("\\", "/")).parts


def _nearest(picture: Parts, files: Sequence[Parts], label: str) -> Parts:
    """Of files of one name that whose path agrees longest with the picture's, from its end; () if there are none.

    MediaError if several agree equally.
    """
    if not files:
        return ()

    def agreeing(file: Parts) -> tuple[int, bool]:
        pairs = zip(reversed(picture), reversed(file), strict=False)
        count = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        return count, count == len(file)  # a whole path agrees better than the end of a longer one

    best = max(map(agreeing, files))
    found = [file for file in files if agreeing(file) == best]
    if len(found) > 1:
        one, other = (PurePosixPath(*file) for file in found[:2])
        raise MediaError(
            f"{PurePosixPath(*picture)}: is it {one} or {other} of {label}? "
            "Name pictures there by paths that end as their own do."
        )
    return found[0]
