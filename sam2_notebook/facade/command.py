"""The page's command line, `name=value` by `name=value`, as arguments of the facade's calls."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sam2_notebook.errors import PromptError
from sam2_notebook.facade.annotation import AnnotationReport, auto_annotate
from sam2_notebook.facade.devices import Device, device_name
from sam2_notebook.facade.results import Results
from sam2_notebook.facade.sam import SAM
from sam2_notebook.facade.video import SAM2VideoPredictor

PROMPTS = ("points", "labels", "bboxes", "masks")
NUMBERS = re.compile(r"-?[\d.]+(,-?[\d.]+)+")
TEXTS = frozenset({"source", "data", "output_dir", "project", "name", "model", "det_model", "sam_model"})
WORDS: Mapping[str, object] = {"true": True, "false": False, "none": None}
EXAMPLE = "sam2-notebook predict model=sam2.1_b.pt source=photo.jpg points=[900,370]"


def arguments_of(words: Iterable[str]) -> dict[str, object]:
    """`name=value` words as a dictionary; values are numbers, lists, True, False, None or text.

    >>> arguments_of(["points=[[400,370],[900,370]]", "bboxes=1,2,3,4", "save=True", "model=sam2_t.pt"])
    {'points': [[400, 370], [900, 370]], 'bboxes': [1, 2, 3, 4], 'save': True, 'model': 'sam2_t.pt'}
    >>> arguments_of(["name=2024", "project=None", "source=https://example.org/bus.jpg"])
    {'name': '2024', 'project': None, 'source': 'https://example.org/bus.jpg'}
    """
    found: dict[str, object] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name.isidentifier() or name in found:
            twice = " twice" if name in found else ""
            raise PromptError(f"arguments are written name=value, each once; got {word!r}{twice}. Example: {EXAMPLE}")
        found[name] = (None if text.lower() == "none" else text) if name in TEXTS else _value(text)
    return found


def predict(words: Iterable[str]) -> Iterable[Results]:
    """What `SAM(model)(source, ...)` gives, one by one; results are saved unless `save=False`."""
    given = _given(words)
    model, source = _text(given, "model", "sam2.1_b.pt"), _source(given)
    prompts = {name: given.pop(name, None) for name in PROMPTS}
    return SAM(None if model == "embedded" else model, device=_device(given)).predict(
        source, prompts["points"], prompts["labels"], prompts["bboxes"], prompts["masks"], stream=True, **given
    )


def track(words: Iterable[str]) -> Iterable[Results]:
    """What `SAM2VideoPredictor(overrides)(source, ...)` gives, frame by frame; saved unless `save=False`."""
    given = _given(words)
    source = _source(given)
    prompts = {name: given.pop(name, None) for name in PROMPTS}
    if given.get("model") == "embedded":
        given["model"] = None
    predictor = SAM2VideoPredictor(given)
    return predictor(source, prompts["points"], prompts["labels"], prompts["bboxes"], prompts["masks"], stream=True)


@dataclass(frozen=True, kw_only=True)
class AnnotateArguments:
    """The arguments of `auto_annotate` that a command line can name."""

    data: str
    det_model: str | None = "yolo11x.pt"
    sam_model: str | None = "sam2_b.pt"
    device: Device = ""
    conf: float = 0.25
    iou: float = 0.45
    imgsz: int = 640
    max_det: int = 300
    classes: list[int] | None = None
    output_dir: str | None = None
    engine: Literal["local", "ray"] = "local"
    workers: int | None = None
    progress: bool = True


def annotate(words: Iterable[str]) -> AnnotationReport:
    """What `auto_annotate` reports."""
    given = arguments_of(words)
    known = AnnotateArguments.__dataclass_fields__
    unknown = [name for name in given if name not in known]
    if unknown or not given.get("data"):
        raise PromptError(
            f"annotate takes {', '.join(known)}; {'there is no ' + unknown[0] if unknown else 'data is missing'}. "
            "Example: sam2-notebook annotate data=photos det_model=boxes.json sam_model=sam2_b.pt"
        )
    if isinstance(given.get("classes"), int):
        given["classes"] = [given["classes"]]
    chosen = AnnotateArguments(**given)  # type: ignore[arg-type] -- auto_annotate checks them
    return auto_annotate(
        chosen.data,
        chosen.det_model,
        None if chosen.sam_model == "embedded" else chosen.sam_model,
        chosen.device,
        chosen.conf,
        chosen.iou,
        chosen.imgsz,
        chosen.max_det,
        chosen.classes,
        chosen.output_dir,
        engine=chosen.engine,
        workers=chosen.workers,
        progress=chosen.progress,
    )


def json_of(result: Results) -> str:
    """A result as one line of JSON: path, frame, and COCO annotations."""
    return json.dumps({"path": result.path, "frame": result.frame, "masks": result.to_coco()})


def _given(words: Iterable[str]) -> dict[str, object]:
    """The arguments of a prediction: saved unless they say otherwise, and always one by one."""
    given = {"save": True, **arguments_of(words)}
    given.pop("stream", None)
    return given


def _value(text: str) -> object:
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    if NUMBERS.fullmatch(text):
        text = f"[{text}]"
    try:
        return json.loads(text)
    except (RecursionError, ValueError):
        return text


def _text(given: dict[str, object], name: str, default: str) -> str:
    value = given.pop(name, default)
    return default if value is None else str(value)


def _device(given: dict[str, object]) -> str:
    return device_name(given.pop("device", ""))  # type: ignore[arg-type] -- ModelError tells what else it is


def _source(given: dict[str, object]) -> str:
    source = given.pop("source", None)
    if source is None:
        raise PromptError(f"source is missing: name a picture, a folder or a video. Example: {EXAMPLE}")
    text = str(source)
    return str(Path(text).expanduser()) if text.startswith("~") else text  # a web address is no path
