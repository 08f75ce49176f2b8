"""The settings of the page's calls and of its `overrides` dictionaries, checked: what each does, or what is said."""

import difflib
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

from sam2_notebook.errors import PromptError
from sam2_notebook.facade.devices import device_name
from sam2_notebook.model import Sam2, Sam2Config
from sam2_notebook.values.plain import number, plain, switch, whole_number, whole_numbers, yes_or_no

PAGE_IMGSZ = 1024


@dataclass(frozen=True)
class Elsewhere:
    """A setting of the page that does nothing here: values that ask for nothing, and what is said of all others.

    Where another value would be taken for a wrong result it is refused.
    """

    fine: tuple[object, ...]
    words: str
    refused: bool = False


OFF = (None, False)
OURS = (True, *OFF)
_PRECISION = 'the device decides; ImagePredictor(precision="fp16") sets another precision'
ELSEWHERE: Mapping[str, Elsewhere] = {
    "task": Elsewhere((None, "segment"), "SAM 2 segments, and does nothing else", refused=True),
    "mode": Elsewhere(
        (None, "predict", "track"), "these calls predict; sam2_notebook.training trains and fine-tunes", refused=True
    ),
    "embed": Elsewhere((None,), "ImagePredictor.encode gives the embedding of a picture", refused=True),
    "retina_masks": Elsewhere((None, True), "masks always have the pixels of the picture", refused=True),
    "stream": Elsewhere(OFF, "stream is an argument of the call: predictor(source, stream=True)", refused=True),
    "source": Elsewhere((None,), "source is an argument of the call: predictor(source)", refused=True),
    "show": Elsewhere(OFF, "no window opens here: result.show() is a picture that a notebook displays"),
    "visualize": Elsewhere(OFF, "feature maps are not drawn"),
    "augment": Elsewhere(OFF, "SAM 2 looks at a picture once"),
    "half": Elsewhere(OFF, _PRECISION),
    "quantize": Elsewhere((*OFF, 32), _PRECISION),
    "stream_buffer": Elsewhere(OFF, "every frame of a stream is taken, none is dropped"),
    "agnostic_nms": Elsewhere(OURS, "masks are told apart by their boxes, whatever their class"),
    "batch": Elsewhere((None, 1), "pictures are taken one by one; auto_annotate(..., engine='ray') takes many at once"),
    "workers": Elsewhere((None, 0, 8), "pictures are read one by one; auto_annotate(..., engine='ray') has workers"),
    "data": Elsewhere((None,), "a data set is not needed to predict"),
    "rect": Elsewhere(OURS, "SAM 2 always sees a square; its masks have the pixels of the picture"),
    "compile": Elsewhere(OFF, "ImagePredictor(compiled=True) compiles the network on a GPU"),
    "dnn": Elsewhere(OFF, "networks run in torch"),
    "tracker": Elsewhere((None,), "SAM 2's memory follows objects, and needs no tracker beside it"),
}


@dataclass(frozen=True, kw_only=True)
class PageSettings:
    """What a call may set.

    *What is kept*: `conf` drops masks of a lower score, None none; `max_det` keeps the best of a picture, `classes`
    those of some classes, which are the numbers of prompts; where everything is segmented, `iou` is how far the boxes
    of two masks may overlap. *How*: `device` in all of the page's forms; `imgsz` is the side of the square the network
    sees, which is the network's own; `vid_stride` takes every nth frame of a video. *What is written*, under
    `project/name` or with `exist_ok` in a folder that is there: `save` pictures and videos with their masks, drawn with
    `show_labels`, `show_conf`, `show_boxes` and `line_width` px; `save_frames` those of a video one by one; `save_txt`
    labels, with `save_conf` and their scores; `save_crop` the boxes of objects. `verbose` prints a line per result.
    """

    model: str | None = None
    conf: float | None = None
    iou: float | None = None
    max_det: int | None = None
    classes: Sequence[int] | int | None = None
    device: str = ""
    imgsz: int | Sequence[int] = PAGE_IMGSZ
    vid_stride: int = 1
    verbose: bool = False
    save: bool = False
    save_frames: bool = False
    save_txt: bool = False
    save_conf: bool = False
    save_crop: bool = False
    show_labels: bool = True
    show_conf: bool = True
    show_boxes: bool = True
    line_width: int | None = None
    project: str = "runs/segment"
    name: str = "predict"
    exist_ok: bool = False

    def __post_init__(self) -> None:
        for setting in fields(self):
            value = _checked(setting.name, getattr(self, setting.name), setting.default)
            object.__setattr__(self, setting.name, value)

    @property
    def wanted_classes(self) -> frozenset[int] | None:
        """The classes that are kept, None for all."""
        if self.classes is None:
            return None
        return frozenset(whole_numbers(self.classes, "classes are whole numbers"))

    @property
    def saves(self) -> bool:
        """Whether anything is written."""
        return self.save or self.save_frames or self.save_txt or self.save_crop

    def changed(self, overrides: Mapping[str, object]) -> "PageSettings":
        """These settings with others; PromptError for a name nobody knows, and for what cannot be done here.

        What Ultralytics knows and does nothing here is warned of, unless it asks for nothing. None is the default.

        >>> PageSettings().changed({"conf": 0.25, "task": "segment"}).conf
        0.25
        """
        if not isinstance(overrides, Mapping):
            raise PromptError(f"settings are a dictionary, such as dict(conf=0.25); got {overrides!r:.80}")
        known = {f.name for f in fields(self)}
        for name, value in overrides.items():
            if name in ELSEWHERE:
                _say(name, value, ELSEWHERE[name])
            elif name not in known:
                near = difflib.get_close_matches(str(name), known | set(ELSEWHERE), n=1)
                meant = f" Did you mean {near[0]!r}?" if near else ""
                raise PromptError(f"there is no setting {name!r}.{meant} Known are {', '.join(sorted(known))}.")
        defaults = {f.name: f.default for f in fields(self)}
        chosen = {n: v for n, v in overrides.items() if n in known and (v is not None or defaults[n] is None)}
        if "device" in chosen:
            chosen["device"] = device_name(chosen["device"])  # type: ignore[arg-type] -- ModelError tells what else it is
        return replace(self, **chosen)  # type: ignore[arg-type] -- the fields check themselves


def text_of_path(value: object, name: str) -> str:
    """A path, or a part of one, as text; PromptError if it is neither."""
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(text, str):
        raise PromptError(f"{name} is text or a pathlib.Path; got {value!r:.80}")
    return text


def _checked(name: str, value: object, default: object) -> object:
    """The value of a setting, as its field says it is; None stays where it is the default."""
    if value is None and default is None:
        return None
    if isinstance(default, bool):
        return yes_or_no(value, name)
    if name in ("conf", "iou"):
        return number(value, f"{name} is a {'score' if name == 'conf' else 'share'} from 0 to 1", 0, 1)
    if name in ("max_det", "vid_stride", "line_width"):
        return whole_number(value, name, 1)
    if name == "classes":
        return whole_numbers(value, "classes are whole numbers, such as [0, 2]")
    if name == "imgsz":
        wanted = "imgsz is a side in pixels, or two of them, each a whole number of at least 1"
        sides = whole_numbers(value, wanted, 1)
        if len(sides) not in (1, 2):
            raise PromptError(f"{wanted}; got {value!r:.80}")
        return sides if len(sides) == 2 else sides[0]
    if name in ("project", "name"):
        return text_of_path(value, name)
    if name == "model" and not isinstance(value, str | os.PathLike | Sam2):
        raise PromptError(f"model is a name, a file of weights or None for the embedded model; got {value!r:.80}")
    return value  # a device has been read, or is refused where it is looked for


def _say(name: str, value: object, setting: Elsewhere) -> None:
    meant = plain(value)
    if any(isinstance(fine, bool) for fine in setting.fine) and (said := switch(value)) is not None:
        meant = said
    if any(meant is fine or (type(meant) is type(fine) and meant == fine) for fine in setting.fine):
        return
    told = f"{name}={value!r} {'is not possible here' if setting.refused else 'has no effect here'}: {setting.words}."
    if setting.refused:
        raise PromptError(told)
    warnings.warn(told, stacklevel=4)


def check_imgsz(imgsz: int | Sequence[int], config: Sam2Config) -> None:
    """Warn where another size than the network's own was asked for: it would be another network."""
    own = config.image_size
    sides = {imgsz} if isinstance(imgsz, int) else set(imgsz)
    if not sides <= {own, PAGE_IMGSZ}:
        warnings.warn(
            f"imgsz={imgsz} has no effect: this network was trained at {own} pixels and always sees pictures so.",
            stacklevel=3,
        )
