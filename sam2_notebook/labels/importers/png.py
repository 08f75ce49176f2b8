"""Indexed PNG in: our own with `labels.json`, or `images/` and `masks/` whose numbers are classes."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import numpy as np

from sam2_notebook.errors import LabelError
from sam2_notebook.labels.colors import class_color
from sam2_notebook.labels.files import pictures_in
from sam2_notebook.labels.importers.inputs import fitting, inside, read_json
from sam2_notebook.labels.schema import Annotation, AttributeValue, Dataset, LabelClass, LabeledImage
from sam2_notebook.media.failures import decoding
from sam2_notebook.media.files import Limits, open_picture
from sam2_notebook.media.images import MAX_BYTES, MAX_PIXELS
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import Rle

VOID = 255


def read(folder: Path) -> Dataset:
    """A folder that `export.png` wrote, else one with `images/` and `masks/`, where 0 is background and 255 void."""
    if (folder / "labels.json").is_file():
        return _ours(folder)
    if not (folder / "masks").is_dir():
        raise LabelError(f"{folder}: there is neither labels.json nor a folder masks/ with indexed PNG in it")
    found = pictures_in(folder / "masks")
    numbers = sorted({int(n) for _, path in found for n in np.unique(_indices(path))} - {0, VOID})
    classes = tuple(LabelClass(name=f"class {number}", color=class_color(number)) for number in numbers)

    def start() -> Iterator[LabeledImage]:
        pictures = dict(_without_suffixes(folder / "images")) if (folder / "images").is_dir() else {}
        for name, path in found:
            indices = _indices(path)
            there = (n for n in numbers if (indices == n).any())
            picture = pictures.get(name.rpartition(".")[0])
            yield LabeledImage(
                name=picture.relative_to((folder / "images").absolute()).as_posix() if picture else name,
                size=_size(indices),
                annotations=tuple(Annotation(label=f"class {n}", mask=Rle.from_mask(indices == n)) for n in there),
                path=fitting(picture, _size(indices), path) if picture else None,
            )

    return Dataset.of(start, classes, name=folder.name or "png")


def _ours(folder: Path) -> Dataset:
    said = read_json(folder / "labels.json")
    try:
        rows = [(str(row["image"]), row) for row in cast(list[dict[str, object]], said["images"])]
        listed = cast(list[dict[str, str]], said["classes"])
        classes = tuple(LabelClass(name=c["name"], color=c["color"]) for c in listed)
    except (KeyError, TypeError) as error:
        raise LabelError(f"{folder / 'labels.json'}: it is not what export.png writes ({error!r})") from error

    def start() -> Iterator[LabeledImage]:
        for name, row in rows:
            indices = _indices(inside(folder / "objects", str(row["masks"])))
            picture = inside(folder, name)
            prefix = f"images/{row['split']}/" if row.get("split") else "images/"
            yield LabeledImage(
                name=name.removeprefix(prefix),
                size=_size(indices),
                annotations=tuple(_object(o, indices) for o in cast(list[Mapping[str, object]], row["objects"])),
                path=fitting(picture, _size(indices), folder / "labels.json") if picture.is_file() else None,
                split=str(row.get("split", "")),
            )

    return Dataset.of(start, classes, name=folder.name or "png")


def _object(said: Mapping[str, object], indices: np.ndarray) -> Annotation:
    score = said.get("score")
    return Annotation(
        label=str(said["class"]),
        mask=Rle.from_mask(indices == said["number"]),
        score=float(score) if isinstance(score, int | float) else None,
        attributes=cast(dict[str, AttributeValue], said.get("attributes", {})),
        note=str(said.get("note", "")),
        author=str(said.get("author", "")),
        crowd=bool(said.get("crowd", False)),
    )


def _indices(path: Path) -> np.ndarray:
    """The numbers in a PNG, not the colours that they stand for."""
    try:
        with open(path, "rb") as stream, decoding(path.name):
            picture = open_picture(stream, path.name, Limits(max_pixels=MAX_PIXELS, max_bytes=MAX_BYTES), None)
            indices = np.array(picture)
    except OSError as error:
        raise LabelError(f"{path}: it cannot be read ({error.strerror or error})") from error
    if indices.ndim != 2:
        raise LabelError(f"{path}: it has colours; a mask has one number per pixel (indexed or grey PNG)")
    return indices.astype(np.int64)


def _size(indices: np.ndarray) -> Size:
    return Size(height=indices.shape[0], width=indices.shape[1])


def _without_suffixes(folder: Path) -> Iterator[tuple[str, Path]]:
    return ((name.rpartition(".")[0], path) for name, path in pictures_in(folder))
