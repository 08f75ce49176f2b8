"""What an annotation came to: counts, reasons, and a sheet of pictures to look at."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw

from sam2_notebook.facade.annotation.picture import Polygon
from sam2_notebook.facade.drawing import sheet
from sam2_notebook.facade.files import write_bytes
from sam2_notebook.facade.results import ByteImage
from sam2_notebook.media import encode_jpeg, resize_area
from sam2_notebook.protocol.palette import color_of

REPORT, SHEET = "auto_annotate.json", "auto_annotate.jpg"
SHEET_PICTURES, SHEET_SIDE = 25, 200
STATUSES = ("labelled", "empty", "kept", "failed")

Drawn = tuple[str, ByteImage, Sequence[tuple[int, Polygon]]]


@dataclass(frozen=True, eq=False, kw_only=True)
class AnnotationReport:
    """What a call did and what all calls so far have done; also written as JSON beside the labels.

    `done` counts pictures by what became of them in this call, `skipped` those done before. `failures` say why, by
    file; `objects` are counted by class over all labels of the folder. `shards` counts, where the pictures came in
    such, those done in this call, those skipped, and those kept or failed as a whole.
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
    shards: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        did = ", ".join(f"{count} {status}" for status, count in self.done.items() if count) or "nothing new"
        parts = [f"{count} {status}" for status, count in self.shards.items() if count]
        of_shards = f" in {sum(self.shards.values())} shards ({', '.join(parts)})" if self.shards else ""
        return (
            f"{self.pictures} pictures{of_shards}: {did}, {self.skipped} done before; {sum(self.objects.values())} "
            f"objects of {len(self.objects)} classes in {self.output_dir}"
        )

    def write(self, drawn: Iterable[Drawn]) -> None:
        """Write the report, and a sheet of some of its pictures, into `output_dir`."""
        folder = Path(self.output_dir)
        write_bytes(folder / REPORT, json.dumps(asdict(self), indent=2).encode())
        write_bytes(folder / SHEET, encode_jpeg(contact_sheet(drawn)))


def contact_sheet(drawn: Iterable[Drawn]) -> ByteImage:
    """Small copies of pictures with their labels on them, by title, pixels and objects."""
    pictures, titles = [], []
    for title, pixels, objects in drawn:
        scale = min(1.0, SHEET_SIDE / max(pixels.shape[:2]))
        small = resize_area(pixels, (max(1, round(pixels.shape[0] * scale)), max(1, round(pixels.shape[1] * scale))))
        pictures.append(_with_labels(small, objects))
        titles.append(title)
    blank = np.full((SHEET_SIDE, SHEET_SIDE, 3), 255, np.uint8)
    return sheet(pictures or [blank], titles or ["no labels"], side=SHEET_SIDE)


def evenly(items: Sequence[Path]) -> Sequence[Path]:
    """As many of them as a sheet shows, evenly spread."""
    return items[:: max(1, -(-len(items) // SHEET_PICTURES))]


def _with_labels(pixels: ByteImage, objects: Sequence[tuple[int, Polygon]]) -> ByteImage:
    picture = PillowImage.fromarray(pixels)
    pen = ImageDraw.Draw(picture, "RGBA")
    size = np.array([picture.width, picture.height])
    for number, polygon in objects:
        corners = [(float(x), float(y)) for x, y in np.reshape(polygon, (-1, 2)) * size - 0.5]
        if len(corners) >= 3:
            pen.polygon(corners, fill=(*color_of(number).rgb, 110), outline=(*color_of(number).rgb, 255))
    return np.asarray(picture)
