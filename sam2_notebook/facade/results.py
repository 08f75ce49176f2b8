"""What a call of the facade gives for one picture or one frame."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image as PillowImage

from sam2_notebook.errors import MediaError
from sam2_notebook.facade.drawing import labelled, painted
from sam2_notebook.facade.outlines import outlines
from sam2_notebook.labels.polygons import one_ring
from sam2_notebook.media import encode_jpeg, encode_png
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import BoolMask, Rle, bounding_box

ByteImage = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Masks:
    """The masks of a result, kept as run lengths."""

    rles: tuple[Rle, ...]
    orig_shape: tuple[int, int]

    def __len__(self) -> int:
        return len(self.rles)

    def __iter__(self) -> Iterator[BoolMask]:
        return (rle.to_mask() for rle in self.rles)

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[np.generic]:
        return self.numpy().astype(dtype or np.bool_, copy=False)

    def numpy(self) -> npt.NDArray[np.bool_]:
        """Bool array (n, height, width)."""
        return np.array(list(self), np.bool_).reshape(-1, *self.orig_shape)

    @property
    def data(self) -> torch.Tensor:
        """Bool tensor (n, height, width) on the CPU."""
        return torch.from_numpy(self.numpy())

    @cached_property
    def xy(self) -> list[npt.NDArray[np.float32]]:
        """One polygon (k, 2) per mask in image pixels; parts are bridged, holes left out, an empty mask has none."""
        return [one_ring(outlines(mask)).astype(np.float32) for mask in self]

    @property
    def xyn(self) -> list[npt.NDArray[np.float32]]:
        """The polygons over the picture's width and height, 0..1; the corners of pixels, not their centres, count."""
        height, width = self.orig_shape
        scale = np.array([width, height], np.float32)
        return [np.clip((ring + 0.5) / scale, 0, 1).astype(np.float32) for ring in self.xy]


@dataclass(frozen=True, eq=False)
class Boxes:
    """The boxes of a result as tensors: `xyxy` (n, 4) in image pixels, `conf` (n,), `cls` (n,), `id` (n,) or None."""

    xyxy: torch.Tensor
    conf: torch.Tensor
    cls: torch.Tensor
    id: torch.Tensor | None
    orig_shape: tuple[int, int]

    def __len__(self) -> int:
        return len(self.xyxy)

    @property
    def is_track(self) -> bool:
        """Whether the objects have ids that last from frame to frame."""
        return self.id is not None

    @property
    def data(self) -> torch.Tensor:
        """Corners, id if there is one, score and class in one tensor (n, 6 or 7)."""
        ids = [] if self.id is None else [self.id[:, None].float()]
        return torch.cat((self.xyxy, *ids, self.conf[:, None], self.cls[:, None]), dim=1)

    @property
    def xywh(self) -> torch.Tensor:
        """Centre x, centre y, width, height in image pixels."""
        low, high = self.xyxy[:, :2], self.xyxy[:, 2:]
        return torch.cat(((low + high) / 2, high - low), dim=1)

    @property
    def xyxyn(self) -> torch.Tensor:
        """Corners over the picture's width and height."""
        return self.xyxy / self._scale

    @property
    def xywhn(self) -> torch.Tensor:
        """Centres and sizes over the picture's width and height."""
        return self.xywh / self._scale

    @property
    def _scale(self) -> torch.Tensor:
        height, width = self.orig_shape
        return torch.tensor([width, height, width, height], dtype=torch.float32)


@dataclass(frozen=True, eq=False, kw_only=True)
class Results:
    """Masks of one picture, or of frame number `frame` of a video; row i of `masks`, `boxes` and `scores` is mask i.

    `orig_img` is RGB. `classes` are the prompts' numbers, or the classes and ids asked for; `names` says what they are.

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
        return Masks(self.rles, self.orig_shape)

    @cached_property
    def boxes(self) -> Boxes:
        """Boxes around the masks, the far edges excluded; an empty mask's is all zeros."""
        found = [bounding_box(mask) for mask in self.masks]
        corners = [(0, 0, 0, 0) if b is None else (b.x0, b.y0, b.x1 + 1, b.y1 + 1) for b in found]
        return Boxes(
            xyxy=torch.tensor(corners, dtype=torch.float32).reshape(-1, 4),
            conf=torch.tensor(np.asarray(self.scores, np.float32)),
            cls=torch.tensor(list(self.classes), dtype=torch.float32),
            id=None if self.ids is None else torch.tensor(list(self.ids), dtype=torch.int64),
            orig_shape=self.orig_shape,
        )

    def __len__(self) -> int:
        return len(self.rles)

    def __getitem__(self, row: int) -> "Results":
        """The result of one mask alone."""
        row = range(len(self))[row]
        return Results(
            orig_img=self.orig_img,
            path=self.path,
            rles=(self.rles[row],),
            scores=self.scores[row : row + 1],
            classes=[self.classes[row]],
            names=self.names,
            ids=None if self.ids is None else [self.ids[row]],
            frame=self.frame,
        )

    def __repr__(self) -> str:
        at = "" if self.frame is None else f", frame {self.frame}"
        return f"Results({Path(self.path).name!r}{at}, {len(self)} masks of {self.size.width} x {self.size.height})"

    def plot(self, *, boxes: bool = True, labels: bool = True) -> ByteImage:
        """The picture with masks, boxes and names drawn, RGB uint8 (height, width, 3)."""
        colors = [int(c) for c in (self.classes if self.ids is None else self.ids)]
        drawn = painted(self.orig_img, list(self.masks), colors)
        if not boxes or not len(self):
            return drawn
        words = [f"{self._name(c)} {s:.2f}" if labels else "" for c, s in zip(self.classes, self.scores, strict=True)]
        return labelled(drawn, self.boxes.xyxy.numpy(), words, colors)

    def save(self, filename: str | Path | None = None) -> str:
        """Write `plot()` as JPEG or PNG; without a name as `<picture>_masks.jpg` in the working folder."""
        stem = Path(self.path).stem or "picture"
        number = "" if self.frame is None else f"_{self.frame:06d}"
        target = Path(f"{stem}{number}_masks.jpg" if filename is None else filename)
        write_bytes(target, encode_png(self.plot()) if target.suffix.lower() == ".png" else encode_jpeg(self.plot()))
        return str(target)

    def save_txt(self, filename: str | Path) -> str:
        """Write one line per mask, its class and polygon over the picture's size, as YOLO's segmentation labels."""
        rings = self.masks.xyn
        lines = [label_line(c, ring) for c, ring in zip(self.classes, rings, strict=True) if len(ring) >= 3]
        write_bytes(Path(filename), "".join(f"{line}\n" for line in lines).encode())
        return str(filename)

    def to_coco(self, image_id: int = 0, first_id: int = 1) -> list[dict[str, object]]:
        """COCO annotations with run lengths; ids count from `first_id`."""
        boxes = self.boxes.xyxy.tolist()
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
        boxes = (self.boxes.xyxyn if normalize else self.boxes.xyxy).tolist()
        rings = self.masks.xyn if normalize else self.masks.xy
        rows: list[dict[str, object]] = []
        for row, (box, ring) in enumerate(zip(boxes, rings, strict=True)):
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

    def show(self) -> PillowImage.Image:
        """`plot()` as a Pillow image, which a notebook displays."""
        return PillowImage.fromarray(self.plot())

    def _name(self, number: int) -> str:
        return self.names.get(int(number), str(int(number)))


def label_line(number: int, ring: npt.NDArray[np.floating]) -> str:
    """A line of YOLO's segmentation labels: the class, then x and y of every vertex, 0..1.

    >>> label_line(3, np.array([[0, 0], [1, 0], [0.5, 0.25]]))
    '3 0.000000 0.000000 1.000000 0.000000 0.500000 0.250000'
    """
    return " ".join([str(int(number)), *(f"{value:.6f}" for value in ring.ravel())])


def write_bytes(target: Path, data: bytes, *, durable: bool = False) -> None:
    """Write a file whole or not at all; MediaError if the place cannot be written.

    Others may write the same file at the same time: the last one counts. A `durable` file outlives a power cut.
    """
    draft = target.with_name(f".{target.name}.{uuid4().hex[:8]}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(target)
    except OSError as error:
        draft.unlink(missing_ok=True) if draft.parent.is_dir() else None
        raise MediaError(
            f"{target}: it cannot be written ({error.strerror or error}). Check that the folder may be written to and "
            "has room, or name another."
        ) from error
