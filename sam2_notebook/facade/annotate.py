"""`auto_annotate`: a folder of pictures becomes a folder of segmentation labels."""

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw
from tqdm.auto import tqdm

from sam2_notebook.errors import MediaError, PromptError
from sam2_notebook.facade.annotate_picture import Labels, answer_of, labeller
from sam2_notebook.facade.annotate_ray import answers_on_ray
from sam2_notebook.facade.annotation_journal import Entry, Journal, digest, recipe_of, stamp
from sam2_notebook.facade.detectors import DetectorSource, Wishes, detector_of
from sam2_notebook.facade.drawing import sheet
from sam2_notebook.facade.results import ByteImage, write_bytes
from sam2_notebook.facade.sam import network
from sam2_notebook.facade.settings import device_name
from sam2_notebook.facade.sources import files_of
from sam2_notebook.media import encode_jpeg, read_image, resize_area
from sam2_notebook.media.video_pictures import PICTURE_SUFFIXES
from sam2_notebook.model import Sam2
from sam2_notebook.predict import AutomaticMasker, AutomaticSettings, ImagePredictor
from sam2_notebook.protocol.palette import color_of

REPORT, SHEET = "auto_annotate.json", "auto_annotate.jpg"
SHEET_PICTURES, SHEET_SIDE = 25, 200
LABEL_LINE = re.compile(r"\d+( -?\d+(\.\d+)?( -?\d+(\.\d+)?))+")


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
    engine: Literal["local", "ray"] = "local",
    workers: int | None = None,
    progress: bool = True,
) -> AnnotationReport:
    """Label every picture of a folder: a detector finds boxes, SAM 2 turns each into a mask, its outline is written.

    `<output_dir>/<picture>.txt` gets one line per object, its class and a polygon over the picture's size, 0..1; a
    picture without objects gets no file. `output_dir` is `labels` beside `data` unless given. `det_model` is a function
    from RGB pixels to (boxes, classes, scores), a transformers pipeline, a COCO file, a YOLO (needs Ultralytics), or
    None or an `AutomaticMasker` to segment everything as class 0; `conf`, `iou`, `imgsz`, `max_det` and `classes` are
    for it. `sam_model` is any model `ImagePredictor` takes, or a predictor.

    `engine="ray"` spreads the pictures over the `workers` of a Ray cluster, by default one per GPU or CPU, see
    `annotate_ray`; models and functions travel there.

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
    beside = Path(data).expanduser().absolute().parent / "labels"
    target = beside if output_dir is None else Path(output_dir).expanduser()
    if engine not in ("local", "ray"):
        raise PromptError(f'an engine is "local" or "ray"; got {engine!r}')
    build = Build(model=network(sam_model), det_model=det_model, wishes=wishes)
    annotate = build()  # what is wrong with the models is told here, whoever runs them
    recipe = recipe_of({"wishes": wishes, "detector": _described(det_model), "model": _named(sam_model)})
    run = Run(files=files, target=target, journal=Journal(target), recipe=recipe)
    waiting = run.waiting()
    if engine == "local":
        answers = ((file, answer_of(file, annotate)) for file in waiting)
    else:
        answers = answers_on_ray(waiting, build.to_travel(), workers)
    for file, answer in tqdm(answers, total=len(waiting), disable=not progress, desc="auto_annotate", unit="picture"):
        run.note(file, answer)
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


@dataclass(frozen=True, eq=False, kw_only=True)
class Build:
    """How to make the function that annotates a picture, on this machine or another."""

    model: str | Path | Sam2 | ImagePredictor | None
    det_model: DetectorSource | AutomaticMasker | AutomaticSettings | None
    wishes: Wishes

    def __call__(self) -> Callable[[Path], Labels]:
        """Load the models."""
        model, detector = self.model, self.det_model
        predictor = (
            model if isinstance(model, ImagePredictor) else ImagePredictor(model, device=self.wishes.device or None)
        )
        if detector is None or isinstance(detector, AutomaticSettings):
            return labeller(predictor, AutomaticMasker(predictor, detector))
        return labeller(
            predictor, detector if isinstance(detector, AutomaticMasker) else detector_of(detector, self.wishes)
        )

    def to_travel(self) -> "Build":
        """The same without what only this process can hold: caches and locks."""
        model = self.model.model if isinstance(self.model, ImagePredictor) else self.model
        detector = self.det_model.settings if isinstance(self.det_model, AutomaticMasker) else self.det_model
        return replace(self, model=model, det_model=detector)


def _named(model: str | Path | ImagePredictor | None) -> str:
    return model.model_name if isinstance(model, ImagePredictor) else str(model)


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
