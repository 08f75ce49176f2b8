"""Datasets into the formats of others: one function per format, and the one that calls them by name."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from sam2_notebook.errors import LabelError
from sam2_notebook.labels.card import Tally, card
from sam2_notebook.labels.export.folder import CARD, Existing, OutputFolder, Pictures, output_folder
from sam2_notebook.labels.schema import Dataset

Exporter = Callable[[Dataset, OutputFolder], None]

# name -> module and function; imported when used, since some need more than numpy
FORMATS: dict[str, tuple[str, str]] = {
    "coco": ("coco", "export_rle"),
    "coco-polygons": ("coco", "export_polygons"),
    "fiftyone": ("coco", "export_fiftyone"),
    "label-studio": ("label_studio", "export"),
    "parquet": ("parquet", "export"),
    "png": ("png", "export"),
    "voc": ("voc", "export"),
    "yolo": ("yolo", "export"),
}


@dataclass(frozen=True, kw_only=True)
class ExportReport:
    """What was written. `left_out` counts, in words, what the format cannot say, or only in another way."""

    folder: Path
    images: int
    annotations: int
    left_out: dict[str, int]


def export(
    dataset: Dataset,
    folder: str | os.PathLike[str],
    format: str,
    *,
    existing: Existing = "refuse",
    pictures: Pictures = "copy",
) -> ExportReport:
    """Write a dataset in one of `FORMATS`, with its pictures and a data card, README.md.

    What a format has no place for is counted in the report's `left_out`, and so is what changes: YOLO gets a box
    without a mask as an outline of four corners, as its files hold either outlines or boxes. Images keep the split that
    they have; `labels.split.train_val_split` gives them others.

    `pictures` are copied, linked (`link`) or left where they are (`leave`). `existing` says what to do with a folder
    that is not empty: `refuse`, `overwrite` files of the same names, or `merge` where no file differs. The folder
    changes only when everything is written.

    >>> import tempfile
    >>> from sam2_notebook.labels import Annotation, LabelClass, LabeledImage
    >>> from sam2_notebook.values.geometry import Box, Size
    >>> leaf = Annotation(label="leaf", box=Box(1, 1, 4, 3))
    >>> image = LabeledImage(name="1.png", size=Size(height=6, width=8), annotations=(leaf,))
    >>> dataset = Dataset(classes=(LabelClass(name="leaf"),), images=[image])
    >>> export(dataset, tempfile.mkdtemp(), "coco", pictures="leave").annotations
    1
    """
    write = exporter(format)
    target = Path(folder).expanduser()
    tally = Tally()
    with output_folder(target, existing, pictures) as out:
        write(dataset.map(tally.see), out)
        with out.open(CARD) as file:
            file.write(card(dataset, tally))
    return ExportReport(
        folder=target, images=tally.images, annotations=tally.annotations, left_out=dict(out.left_out.most_common())
    )


def exporter(format: str) -> Exporter:
    """The function that writes a format; LabelError if there is none of that name.

    >>> exporter("yolo").__name__
    'export'
    """
    if format not in FORMATS:
        raise LabelError(f"there is no format {format!r} to export to; there are: {', '.join(FORMATS)}")
    module, function = FORMATS[format]
    return getattr(import_module(f"sam2_notebook.labels.export.{module}"), function)
