"""Other people's labels as datasets: one function per format, and the one that calls them by name."""

import os
from importlib import import_module
from pathlib import Path

from sam2_notebook.errors import LabelError
from sam2_notebook.labels.schema import Dataset

FORMATS = ("coco", "png", "yolo")


def read_labels(folder: str | os.PathLike[str], format: str) -> Dataset:
    """Read the labels in a folder, as `export` or another tool wrote it; `LabelStore.add` continues that work.

    Images are read one after the other as the dataset is iterated over. COCO may also be the JSON file itself.

    >>> read_labels("photos", "gif")
    Traceback (most recent call last):
    sam2_notebook.errors.LabelError: there is no format 'gif' to import; there are: coco, png, yolo
    """
    if format not in FORMATS:
        raise LabelError(f"there is no format {format!r} to import; there are: {', '.join(FORMATS)}")
    return import_module(f"sam2_notebook.labels.importers.{format}").read(Path(folder).expanduser())
