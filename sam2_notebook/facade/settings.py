"""The settings of the page's calls and of its `overrides` dictionaries, checked."""

import difflib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from sam2_notebook.errors import PromptError
from sam2_notebook.model import Sam2Config

PAGE_IMGSZ = 1024
# Settings of Ultralytics that change nothing here, and why nobody misses them.
_WITHOUT_EFFECT = frozenset(
    {
        "task", "mode", "retina_masks", "verbose", "half", "quantize", "show", "show_labels", "show_boxes", "show_conf",
        "line_width", "batch", "iou", "max_det", "agnostic_nms", "classes", "visualize", "augment", "exist_ok", "data",
        "vid_stride", "stream", "stream_buffer", "embed", "save_crop", "save_conf", "save_frames", "workers",
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PageSettings:
    """What a call may set. `conf` drops masks of a lower score, None none; `save` writes results under `project/name`.

    `device` is "" for the best there is, "cpu", "cuda:0", "0" or "mps"; `imgsz` is the side of the square the network
    sees, which is the network's own.
    """

    model: str | None = None
    conf: float | None = None
    device: str = ""
    imgsz: int = PAGE_IMGSZ
    save: bool = False
    save_txt: bool = False
    project: str = "runs/segment"
    name: str = "predict"

    def __post_init__(self) -> None:
        if self.conf is not None and not (isinstance(self.conf, int | float) and 0 <= self.conf <= 1):
            raise PromptError(f"conf is a score from 0 to 1; got {self.conf!r}")

    def changed(self, overrides: Mapping[str, object]) -> "PageSettings":
        """These settings with others; PromptError for a name nobody knows.

        Names that Ultralytics knows and that mean nothing here are taken and forgotten.

        >>> PageSettings().changed({"conf": 0.25, "task": "segment"}).conf
        0.25
        """
        known = {f.name for f in fields(self)}
        for name in overrides:
            if name not in known | _WITHOUT_EFFECT:
                near = difflib.get_close_matches(name, known | _WITHOUT_EFFECT, n=1)
                meant = f" Did you mean {near[0]!r}?" if near else ""
                raise PromptError(f"there is no setting {name!r}.{meant} Known are {', '.join(sorted(known))}.")
        chosen = {name: value for name, value in overrides.items() if name in known}
        if "device" in chosen:
            chosen["device"] = device_name(chosen["device"])
        return replace(self, **chosen)  # type: ignore[arg-type] -- the fields check themselves


def device_name(device: object) -> str:
    """The page's device as torch spells it; "" stays, for the best there is.

    >>> device_name(0), device_name("cuda:1"), device_name(None)
    ('cuda:0', 'cuda:1', '')
    """
    text = "" if device is None else str(device).strip().lower()
    return f"cuda:{text}" if text.isdecimal() else text


def check_imgsz(imgsz: int, config: Sam2Config) -> None:
    """Warn where another size than the network's own was asked for: it would be another network."""
    own = config.image_size
    if imgsz not in (own, PAGE_IMGSZ):
        warnings.warn(
            f"imgsz={imgsz} has no effect: this network was trained at {own} pixels and always sees pictures so.",
            stacklevel=3,
        )
