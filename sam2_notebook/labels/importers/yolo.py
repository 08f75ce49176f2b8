"""YOLO in: data.yaml with splits and names, a text file per picture, polygons or boxes."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sam2_notebook.errors import LabelError
from sam2_notebook.labels.colors import class_color
from sam2_notebook.labels.cutouts import box_of_edges
from sam2_notebook.labels.files import pictures_in
from sam2_notebook.labels.importers.inputs import inside, read_text, size_of
from sam2_notebook.labels.polygons import drawn
from sam2_notebook.labels.schema import Annotation, Dataset, LabelClass, LabeledImage
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import Rle

SPLITS = ("train", "val", "test")


def read(folder: Path) -> Dataset:
    """A folder with data.yaml; a picture without a text file has no annotations."""
    import yaml

    path = folder / "data.yaml"
    try:
        said = yaml.safe_load(read_text(path))
    except yaml.YAMLError as error:
        raise LabelError(f"{path}: it is no YAML ({error})") from error
    if not isinstance(said, dict) or not isinstance(said.get("names"), list | dict):
        raise LabelError(f"{path}: YOLO has the classes under `names`; is it another format?")
    listed = said["names"]
    names = dict(enumerate(listed)) if isinstance(listed, list) else dict(listed)
    if not all(isinstance(number, int) for number in names):
        raise LabelError(f"{path}: `names` goes from numbers to names; got {str(listed)[:200]}")
    classes = tuple(LabelClass(name=str(names[n]), color=class_color(n)) for n in sorted(names))
    places = _places(folder, said)

    def start() -> Iterator[LabeledImage]:
        for split, pictures in places.items():
            for name, picture in pictures_in(pictures):
                labels = _labels_of(folder, picture)
                size = size_of(picture)
                found = tuple(_annotations(labels, size, names)) if labels.is_file() else ()
                yield LabeledImage(name=name, size=size, annotations=found, path=picture, split=split)

    return Dataset.of(start, classes, name=folder.name or "yolo")


def _places(folder: Path, said: dict[str, object]) -> dict[str, Path]:
    """Folders of pictures by split; one named twice, as `val` without pictures of its own is, counts once."""
    root = inside(folder, str(said.get("path") or "."))
    places: dict[str, Path] = {}
    for split in SPLITS:
        found = said.get(split)
        if isinstance(found, str):
            pictures = inside(folder, str((root / found).relative_to(folder)) if root != folder else found)
            if pictures.is_dir() and pictures not in places.values():
                places[split] = pictures
    if not places:
        raise LabelError(f"{folder}: data.yaml names no folder of pictures that is there (train, val, test)")
    return places


def _labels_of(folder: Path, picture: Path) -> Path:
    """Where the last folder called `images` is called `labels`, the file is called .txt."""
    parts = list(picture.relative_to(folder.absolute()).parts)
    for place in range(len(parts) - 2, -1, -1):
        if parts[place] == "images":
            parts[place] = "labels"
            break
    return inside(folder, "/".join(parts)).with_suffix(".txt")


def _annotations(path: Path, size: Size, names: dict[int, object]) -> Iterator[Annotation]:
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            first, *rest = line.split()
            label, values = int(first), np.array(rest, np.float64)
        except ValueError as error:
            raise LabelError(
                f"{path}, line {number}: a class number and places were wanted; got {line[:80]!r}"
            ) from error
        if (
            label not in names
            or not np.isfinite(values).all()
            or (len(values) != 4 and (len(values) < 6 or len(values) % 2))
        ):
            raise LabelError(
                f"{path}, line {number}: wanted a known class and 4 numbers (box) or pairs of them, three at least "
                f"(polygon); got {line[:80]!r}"
            )
        yield _annotation(str(names[label]), np.clip(values, 0, 1), size)


def _annotation(label: str, values: np.ndarray, size: Size) -> Annotation:
    scale = np.array([size.width, size.height])
    if len(values) == 4:
        middle, half = values[:2] * scale, values[2:] * scale / 2
        return Annotation(label=label, box=box_of_edges(*(middle - half).tolist(), *(middle + half).tolist()))
    ring = np.minimum(np.floor(values.reshape(-1, 2) * scale), scale - 1)
    return Annotation(label=label, mask=Rle.from_mask(drawn(ring, size)))
