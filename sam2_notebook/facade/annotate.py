"""`auto_annotate`: a folder of pictures becomes a folder of segmentation labels."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw
from tqdm.auto import tqdm

from sam2_notebook.errors import MediaError, Sam2NotebookError
from sam2_notebook.facade.annotation_journal import Entry, Journal, digest, recipe_of, stamp
from sam2_notebook.facade.detectors import Detections, Detector, DetectorSource, Wishes, detector_of
from sam2_notebook.facade.drawing import sheet
from sam2_notebook.facade.outlines import one_ring, outlines
from sam2_notebook.facade.results import ByteImage, label_line, write_bytes
from sam2_notebook.facade.sam import network
from sam2_notebook.facade.settings import device_name
from sam2_notebook.facade.sources import files_of
from sam2_notebook.media import Image, encode_jpeg, read_image, resize_area
from sam2_notebook.media.video_pictures import PICTURE_SUFFIXES
from sam2_notebook.predict import AutomaticMasker, ImagePredictor
from sam2_notebook.protocol.palette import color_of
from sam2_notebook.values.masks import BoolMask

REPORT, SHEET = "auto_annotate.json", "auto_annotate.jpg"
SHEET_PICTURES, SHEET_SIDE = 25, 200
BOXES_AT_ONCE = 32
LABEL_LINE = re.compile(r"\d+( -?\d+(\.\d+)?( -?\d+(\.\d+)?))+")
# What detectors that others wrote raise for one picture; the run goes on with the next.
DETECTOR_ERRORS = (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)


@dataclass(frozen=True, eq=False, kw_only=True)
class Labels:
    """The labels of one picture: a line per object. `lost` objects had no mask or too small a one."""

    lines: tuple[str, ...]
    unusable: int = 0
    lost: int = 0
    names: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, kw_only=True)
class AnnotationReport:
    """What a call did and what all calls so far have done; also written as JSON beside the labels.

    `done` counts pictures by what became of them in this call, `skipped` those done before. `failures` say why, by
    file; `objects` are counted by class over all labels of the folder.
    """

    output_dir: str
    pictures: int
    skipped: int
    done: dict[str, int]
    failures: dict[str, str]
    objects: dict[int, int]
    names: dict[int, str]
    unusable_boxes: int
    lost_objects: int

    def __str__(self) -> str:
        did = ", ".join(f"{count} {status}" for status, count in self.done.items() if count) or "nothing new"
        return (
            f"{self.pictures} pictures: {did}, {self.skipped} done before; {sum(self.objects.values())} objects of "
            f"{len(self.objects)} classes in {self.output_dir}"
        )


def auto_annotate(  # noqa: PLR0913, PLR0917 -- the page's arguments
    data: str | Path,
    det_model: DetectorSource | AutomaticMasker | None = "yolo11x.pt",
    sam_model: str | Path | ImagePredictor | None = "sam2_b.pt",
    device: str = "",
    conf: float = 0.25,
    iou: float = 0.45,
    imgsz: int = 640,
    max_det: int = 300,
    classes: Sequence[int] | None = None,
    output_dir: str | Path | None = None,
    *,
    progress: bool = True,
) -> AnnotationReport:
    """Label every picture of a folder: a detector finds boxes, SAM 2 turns each into a mask, its outline is written.

    `<output_dir>/<picture>.txt` gets one line per object, its class and a polygon over the picture's size, 0..1; a
    picture without objects gets no file. `output_dir` is `labels` beside `data` unless given. `det_model` is a function
    from RGB pixels to (boxes, classes, scores), a transformers pipeline, a COCO file, a YOLO (needs Ultralytics), or
    None or an `AutomaticMasker` to segment everything as class 0; `conf`, `iou`, `imgsz`, `max_det` and `classes` are
    for it. `sam_model` is any model `ImagePredictor` takes, or a predictor.

    A call after an interrupted one goes on where it ended. Label files that somebody else wrote or changed are kept,
    pictures that cannot be read are counted in the report. Also written: `auto_annotate.json` (the report),
    `auto_annotate.jpg` (some of the pictures with their labels), `auto_annotate.jsonl` (what was done). Raises
    MediaError, ModelError or PromptError for what concerns all pictures.
    """
    wishes = Wishes(
        conf=conf, iou=iou, imgsz=imgsz, max_det=max_det, classes=None if classes is None else tuple(classes),
        device=device_name(device),
    )  # fmt: skip
    files = pictures_in(data)
    target = (
        Path(output_dir).expanduser()
        if output_dir is not None
        else Path(data).expanduser().absolute().parent / "labels"
    )
    predictor = _predictor(sam_model, wishes.device)
    if det_model is None or isinstance(det_model, AutomaticMasker):
        detector = det_model or AutomaticMasker(predictor)
    else:
        detector = detector_of(det_model, wishes)
    journal = Journal(target)
    recipe = recipe_of({"wishes": wishes, "detector": _described(det_model), "model": predictor.model_name})
    run = Run(files=files, target=target, journal=journal, recipe=recipe)
    annotate = labeller(predictor, detector)
    for file in tqdm(run.waiting(), disable=not progress, desc="auto_annotate", unit="picture"):
        run.note(file, answer_of(file, annotate))
    report = run.report()
    write_bytes(target / SHEET, encode_jpeg(contact_sheet(files, target)))
    return report


def pictures_in(data: str | Path) -> list[Path]:
    """The pictures of a folder, or the one named; MediaError if there are none or two would share a label file."""
    path = Path(data).expanduser()
    files = files_of(path, PICTURE_SUFFIXES) if path.is_dir() or not path.exists() else [path]
    if not files:
        raise MediaError(f"{path}: the folder holds no pictures. Wanted {', '.join(sorted(PICTURE_SUFFIXES))}.")
    doubles = [stem for stem, count in Counter(file.stem for file in files).items() if count > 1]
    if doubles:
        names = sorted(file.name for file in files if file.stem == doubles[0])
        raise MediaError(f"{path}: {' and '.join(names)} would share the label file {doubles[0]}.txt. Rename one.")
    return files


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


@dataclass(kw_only=True)
class Run:
    """One call at work: what is to do, what is done."""

    files: list[Path]
    target: Path
    journal: Journal
    recipe: str
    done: dict[str, int] = field(default_factory=lambda: {"labelled": 0, "empty": 0, "kept": 0, "failed": 0})
    names: dict[int, str] = field(default_factory=dict)

    def waiting(self) -> list[Path]:
        """The pictures that were not annotated with these settings yet; labels of somebody else are noted as kept."""
        left = [f for f in self.files if not self.journal.is_done(f, self._label(f), self.recipe)]
        foreign = [f for f in left if not self.journal.owns(f, self._label(f))]
        for file in foreign:
            self.note(file, Labels(lines=()))
        return [f for f in left if f not in set(foreign)]

    def note(self, file: Path, answer: Labels | str) -> None:
        """Note the labels of a picture, or the reason why there are none, then write them."""
        target, mark = self._label(file), stamp(file)
        told = Entry(file=file.name, status="failed", stamp=mark, recipe=self.recipe)
        if isinstance(answer, str):
            entry, data = replace(told, reason=answer), None
        elif not self.journal.owns(file, target):
            reason = f"{target.name} was written or changed by somebody else and is kept; remove it to have it anew"
            entry, data = replace(told, status="kept", reason=reason), None
        else:
            self.names |= answer.names
            data = "".join(f"{line}\n" for line in answer.lines).encode()
            entry = replace(
                told,
                status="labelled" if data else "empty",
                objects=len(answer.lines),
                unusable=answer.unusable,
                lost=answer.lost,
                label=digest(data) if data else "",
            )
        self.journal.add(entry)
        self.done[entry.status] += 1
        if data:
            write_bytes(target, data)
        elif data is not None:
            target.unlink(missing_ok=True)  # ours, from other settings

    def report(self) -> AnnotationReport:
        """Write and return the report."""
        entries = [e for f in self.files if (e := self.journal.entries.get(f.name)) is not None]
        classes: Counter[int] = Counter()
        for file in self.files:
            classes.update(number for number, _ in read_labels(self._label(file)))
        before = _names_before(self.target / REPORT)
        report = AnnotationReport(
            output_dir=str(self.target),
            pictures=len(self.files),
            skipped=len(self.files) - sum(self.done.values()),
            done=dict(self.done),
            failures={e.file: e.reason for e in entries if e.status in ("failed", "kept")},
            objects=dict(sorted(classes.items())),
            names={**before, **self.names},
            unusable_boxes=sum(e.unusable for e in entries),
            lost_objects=sum(e.lost for e in entries),
        )
        write_bytes(self.target / REPORT, json.dumps(asdict(report), indent=2).encode())
        return report

    def _label(self, file: Path) -> Path:
        return self.target / f"{file.stem}.txt"


def read_labels(path: Path) -> list[tuple[int, np.ndarray]]:
    """The objects of a label file as class and polygon (n, 2), 0..1; lines that are none are passed over."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    objects: list[tuple[int, np.ndarray]] = []
    for line in text.splitlines():
        if LABEL_LINE.fullmatch(line):
            number, *numbers = line.split()
            objects.append((int(number), np.array(numbers, np.float64).reshape(-1, 2)))
    return objects


def contact_sheet(files: Sequence[Path], target: Path) -> ByteImage:
    """Up to 25 of the labelled pictures, evenly spread, with their labels drawn."""
    labelled = [file for file in files if (target / f"{file.stem}.txt").is_file()]
    step = max(1, -(-len(labelled) // SHEET_PICTURES))
    drawn, titles = [], []
    for file in labelled[::step]:
        try:
            pixels = read_image(file).pixels
        except MediaError:
            continue
        scale = min(1.0, SHEET_SIDE / max(pixels.shape[:2]))
        small = resize_area(pixels, (max(1, round(pixels.shape[0] * scale)), max(1, round(pixels.shape[1] * scale))))
        drawn.append(_with_labels(small, read_labels(target / f"{file.stem}.txt")))
        titles.append(file.name)
    blank = np.full((SHEET_SIDE, SHEET_SIDE, 3), 255, np.uint8)
    return sheet(drawn or [blank], titles or ["no labels"], side=SHEET_SIDE)


def _with_labels(pixels: ByteImage, objects: list[tuple[int, np.ndarray]]) -> ByteImage:
    picture = PillowImage.fromarray(pixels)
    pen = ImageDraw.Draw(picture, "RGBA")
    size = np.array([picture.width, picture.height])
    for number, ring in objects:
        if len(ring) >= 3:
            corners = [(float(x), float(y)) for x, y in ring * size - 0.5]
            pen.polygon(corners, fill=(*color_of(number).rgb, 110), outline=(*color_of(number).rgb, 255))
    return np.asarray(picture)


def _detected(detector: Detector, image: Image) -> Detections:
    try:
        return detector(image)
    except Sam2NotebookError:
        raise
    except DETECTOR_ERRORS as error:
        raise MediaError(f"{image.name}: the detector failed ({type(error).__name__}: {str(error)[:200]})") from error


def _predictor(model: str | Path | ImagePredictor | None, device: str) -> ImagePredictor:
    return model if isinstance(model, ImagePredictor) else ImagePredictor(network(model), device=device or None)


def _described(det_model: DetectorSource | AutomaticMasker | None) -> str:
    """A name that stays from run to run; a function's own, a file's path and state."""
    if isinstance(det_model, str | Path):
        return f"{det_model} {stamp(Path(det_model))}"
    if isinstance(det_model, AutomaticMasker):
        return repr(det_model)
    return getattr(det_model, "__qualname__", type(det_model).__name__)


def _names_before(path: Path) -> dict[int, str]:
    try:
        return {int(k): str(v) for k, v in json.loads(path.read_text("utf-8"))["names"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
