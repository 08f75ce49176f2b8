"""What a call of the facade gives for one picture or one frame."""

import csv
import io
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image as PillowImage

from sam2_notebook.errors import MediaError
from sam2_notebook.facade.drawing import draw_masks, labelled
from sam2_notebook.facade.files import free_name, label_line, write_bytes
from sam2_notebook.facade.rows import Boxes, Index, Masks, Placed, Placement, rows_of
from sam2_notebook.media import encode_jpeg, encode_png
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import Rle, bounding_box

if TYPE_CHECKING:
    import pandas as pd

ByteImage = npt.NDArray[np.uint8]
NO_TIMES: Mapping[str, float] = MappingProxyType({"preprocess": 0.0, "inference": 0.0, "postprocess": 0.0})


@dataclass(frozen=True, eq=False, kw_only=True)
class Results(Placed):
    """Masks of one picture, or of frame number `frame` of a video; row i of `masks`, `boxes` and `scores` is mask i.

    `orig_img` is RGB. `classes` are the prompts' numbers, or the classes and ids asked for; `names` says what they are.
    `speed` is in milliseconds: reading, encoding and answering, packing masks; a video's reading counts as inference.
    Tensors are on the CPU; `to`, `cuda` and `numpy` give a copy with `masks` and `boxes` elsewhere.

    >>> result = Results(orig_img=np.zeros((2, 3, 3), np.uint8), path="a.jpg", rles=(), scores=np.zeros(0), classes=())
    >>> len(result), result.masks.data.shape, result.to_coco()
    (0, torch.Size([0, 2, 3]), [])
    """

    orig_img: ByteImage
    path: str
    rles: tuple[Rle, ...]
    scores: npt.NDArray[np.floating]
    classes: Sequence[int]
    names: Mapping[int, str] = field(default_factory=dict)
    ids: Sequence[int] | None = None
    frame: int | None = None
    fps: float | None = None
    speed: Mapping[str, float] = field(default_factory=lambda: dict(NO_TIMES))

    # what other tasks of the page's library find, and this one never does
    keypoints: ClassVar[None] = None
    probs: ClassVar[None] = None
    obb: ClassVar[None] = None

    @property
    def orig_shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.orig_img.shape[0], self.orig_img.shape[1]

    @property
    def size(self) -> Size:
        """The same as a value."""
        return Size(height=self.orig_shape[0], width=self.orig_shape[1])

    @cached_property
    def masks(self) -> Masks:
        """The masks; `.data` is a bool tensor (n, height, width), `.xy` are polygons."""
        return Masks(rles=self.rles, orig_shape=self.orig_shape, placement=self.placement)

    @cached_property
    def boxes(self) -> Boxes:
        """Boxes around the masks, the far edges excluded; an empty mask's is all zeros."""
        found = [bounding_box(rle.to_mask()) for rle in self.rles]
        corners = [(0, 0, 0, 0) if b is None else (b.x0, b.y0, b.x1 + 1, b.y1 + 1) for b in found]
        return Boxes(
            corners=torch.tensor(corners, dtype=torch.float32).reshape(-1, 4),
            scores=torch.tensor(np.asarray(self.scores, np.float32)),
            classes=torch.tensor(list(self.classes), dtype=torch.float32),
            ids=None if self.ids is None else torch.tensor(list(self.ids), dtype=torch.int64),
            orig_shape=self.orig_shape,
            placement=self.placement,
        )

    def __len__(self) -> int:
        return len(self.rles)

    def __getitem__(self, index: Index) -> "Results":
        """The result of some of the masks alone."""
        rows = rows_of(index, len(self))
        return replace(
            self,
            rles=tuple(self.rles[row] for row in rows),
            scores=np.asarray(self.scores)[rows],
            classes=[self.classes[row] for row in rows],
            ids=None if self.ids is None else [self.ids[row] for row in rows],
        )

    def __iter__(self) -> Iterator["Results"]:
        return (self[row] for row in range(len(self)))

    def __repr__(self) -> str:
        at = "" if self.frame is None else f", frame {self.frame}"
        return f"Results({Path(self.path).name!r}{at}, {len(self)} masks of {self.size.width} x {self.size.height})"

    def verbose(self) -> str:
        """The result in one line."""
        at = "" if self.frame is None else f" frame {self.frame}"
        scores = ", ".join(f"{score:.2f}" for score in list(self.scores)[:8]) + ", ..." * (len(self) > 8)
        rated = f" of predicted IoU {scores}" if scores else ""
        return f"{self.path}{at}: {len(self)} mask{'s' * (len(self) != 1)}{rated}"

    def plot(
        self,
        *,
        conf: bool = True,
        line_width: int | None = None,
        boxes: bool = True,
        labels: bool = True,
        masks: bool = True,
    ) -> ByteImage:
        """The picture with masks, boxes, names and scores drawn, uint8 (height, width, 3), RGB and not OpenCV's BGR."""
        colors = [int(c) for c in (self.classes if self.ids is None else self.ids)]
        drawn = draw_masks(self.orig_img, self.rles, colors, line_width) if masks else self.orig_img.copy()
        if not boxes or not len(self):
            return drawn
        names = [self._name(c) if labels else "" for c in self.classes]
        scores = [f" {score:.2f}" if labels and conf else "" for score in self.scores]
        words = [name + score for name, score in zip(names, scores, strict=True)]
        return labelled(drawn, self.boxes.corners.numpy(), words, colors, line_width)

    def save(self, filename: str | Path | None = None) -> str:
        """Write `plot()` as the picture its ending says; without a name as `<picture>_masks.jpg` in the working folder.

        MediaError for an ending that Pillow cannot write.
        """
        target = Path(f"{self._stem()}_masks.jpg" if filename is None else filename)
        write_bytes(target, picture_bytes(self.plot(), target))
        return str(target)

    def save_txt(self, filename: str | Path, *, save_conf: bool = False) -> str:
        """Write one line per mask, its class and polygon over the picture's size, as YOLO's segmentation labels.

        `save_conf` adds the score at the end of a line.
        """
        rows = zip(self.classes, self.masks.xyn, self.scores, strict=True)
        lines = [label_line(c, ring) + (f" {s:.6f}" if save_conf else "") for c, ring, s in rows if len(ring) >= 3]
        write_bytes(Path(filename), "".join(f"{line}\n" for line in lines).encode())
        return str(filename)

    def save_crop(self, save_dir: str | Path, file_name: str | Path | None = None) -> list[str]:
        """Write what is in each box as `<save_dir>/<name>/<file_name>.jpg`; nothing there is written over."""
        stem = self._stem() if file_name is None else Path(file_name).stem
        written = []
        for number, corners in zip(self.classes, self.boxes.corners.int().tolist(), strict=True):
            x0, y0, x1, y1 = corners
            if x0 < x1 and y0 < y1:
                target = free_name(Path(save_dir) / self._name(number) / f"{stem}.jpg")
                write_bytes(target, encode_jpeg(np.ascontiguousarray(self.orig_img[y0:y1, x0:x1])))
                written.append(str(target))
        return written

    def to_coco(self, image_id: int = 0, first_id: int = 1) -> list[dict[str, object]]:
        """COCO annotations with run lengths; ids count from `first_id`."""
        boxes = self.boxes.corners.tolist()
        return [
            {
                "id": first_id + row,
                "image_id": image_id,
                "category_id": int(self.classes[row]),
                "segmentation": rle.to_coco(),
                "area": rle.area,
                "bbox": [boxes[row][0], boxes[row][1], boxes[row][2] - boxes[row][0], boxes[row][3] - boxes[row][1]],
                "score": round(float(self.scores[row]), 5),
                "iscrowd": 0,
            }
            for row, rle in enumerate(self.rles)
        ]

    def summary(self, *, normalize: bool = False, decimals: int = 5) -> list[dict[str, object]]:
        """Per mask its name, class, score, box and polygon, as plain values; over the picture's size if normalised."""
        boxes = replace(self.boxes, placement=Placement())
        corners = (boxes.xyxyn if normalize else boxes.xyxy).tolist()
        rings = self.masks.xyn if normalize else self.masks.xy
        rows: list[dict[str, object]] = []
        for row, (box, ring) in enumerate(zip(corners, rings, strict=True)):
            entry: dict[str, object] = {
                "name": self._name(self.classes[row]),
                "class": int(self.classes[row]),
                "confidence": round(float(self.scores[row]), decimals),
                "box": {key: round(value, decimals) for key, value in zip(("x1", "y1", "x2", "y2"), box, strict=True)},
                "segments": {k: np.round(ring[:, i].astype(float), decimals).tolist() for i, k in enumerate("xy")},
            }
            if self.ids is not None:
                entry["track_id"] = int(self.ids[row])
            rows.append(entry)
        return rows

    def to_json(self, *, normalize: bool = False, decimals: int = 5) -> str:
        """`summary` as JSON."""
        return json.dumps(self.summary(normalize=normalize, decimals=decimals), indent=2)

    tojson = to_json  # the page's older name

    def to_df(self, *, normalize: bool = False, decimals: int = 5) -> "pd.DataFrame":
        """`summary` as a table of pandas, a row per mask; MediaError where pandas is not installed."""
        try:
            frames = import_module("pandas")
        except ImportError as error:
            raise MediaError("to_df makes a table of pandas: pip install pandas. summary() needs nothing.") from error
        return frames.DataFrame(self.summary(normalize=normalize, decimals=decimals))

    def to_csv(self, *, normalize: bool = False, decimals: int = 5) -> str:
        """`summary` as comma-separated lines, names first; the box and the polygon are JSON."""
        rows = self.summary(normalize=normalize, decimals=decimals)
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({key: json.dumps(v) if isinstance(v, dict) else v for key, v in row.items()})
        return text.getvalue() if rows else ""

    def show(self) -> PillowImage.Image:
        """`plot()` as a Pillow image, which a notebook displays."""
        return PillowImage.fromarray(self.plot())

    def _name(self, number: int) -> str:
        return self.names.get(int(number), str(int(number)))

    def _stem(self) -> str:
        stem = Path(self.path).stem or "picture"
        return stem if self.frame is None else f"{stem}_{self.frame:06d}"


def picture_bytes(pixels: ByteImage, target: Path) -> bytes:
    """Pixels as the kind of picture that the ending of the file's name says; MediaError if Pillow cannot write it."""
    kind = PillowImage.registered_extensions().get(target.suffix.lower())
    if kind == "JPEG":
        return encode_jpeg(pixels)
    if kind == "PNG":
        return encode_png(pixels)
    refusal = f"{target}: it cannot be written as a picture. Give it a name that ends in .jpg, .png or .webp."
    if kind is None or kind not in PillowImage.SAVE:
        raise MediaError(refusal)
    buffer = io.BytesIO()
    try:
        PillowImage.fromarray(pixels).save(buffer, kind)
    except (OSError, ValueError, struct.error) as error:
        raise MediaError(f"{refusal} Pillow says: {error}.") from error
    return buffer.getvalue()
