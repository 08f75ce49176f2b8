"""COCO in: run lengths (text or numbers), polygons, boxes, crowds, and what `export.coco` adds to them."""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar, cast

import numpy as np

from sam2_notebook.errors import LabelError, PromptError
from sam2_notebook.labels.colors import class_color
from sam2_notebook.labels.cutouts import box_of_edges
from sam2_notebook.labels.importers.inputs import fitting, inside, read_json
from sam2_notebook.labels.polygons import filled
from sam2_notebook.labels.schema import Annotation, AttributeValue, Dataset, LabelClass, LabeledImage, within
from sam2_notebook.values.geometry import Box, Size
from sam2_notebook.values.masks import Rle

Entry = Mapping[str, object]
Kind = TypeVar("Kind")
_NUMBER = (int, float)
# FiftyOne has a file per split, each in a folder of its own, and one above them for what is in no split
_PATTERNS = (("annotations/*.json",), ("labels.json", "*/labels.json"), ("*.json",))


def read(path: Path) -> Dataset:
    """A COCO file, or a folder with `annotations/*.json`, `labels.json` or one `*.json`; its text is held in memory.

    Pictures are looked for in `images`, `data` and beside the file; a missing one leaves `path` None, one of
    another size than the file says is refused.
    """
    files = _files(path)
    documents = [(file, read_json(file)) for file in files]
    names: dict[int, str] = {}
    colors: dict[str, str] = {}
    for file, document in documents:
        for entry in _entries(document, "categories", file):
            id, name = _get(entry, "id", int, file), _get(entry, "name", str, file)
            if names.setdefault(id, name) != name:
                raise LabelError(f"{file}: category {id} is {name!r} here and {names[id]!r} elsewhere; read them apart")
            colors[name] = str(entry.get("color", "")).lower()
    times = Counter(name for file, document in documents for name in _names(document, file))
    classes = tuple(_class(number, name, colors[name]) for number, name in enumerate(dict.fromkeys(names.values())))

    def start() -> Iterator[LabeledImage]:
        for file, document in documents:
            split = _split_of(file)
            above = split or (file.parent.name if file.stem == "labels" else file.stem)
            for image in _images(document, file, names, split):
                yield image if times[image.name] == 1 else replace(image, name=f"{above}/{image.name}")

    return Dataset.of(start, classes, name=path.stem)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    for patterns in _PATTERNS:
        found = sorted(p for pattern in patterns for p in path.glob(pattern) if not p.name.startswith("."))
        if found:
            return found
    raise LabelError(f"{path}: there is no COCO file (annotations/*.json, labels.json); pass the JSON file itself")


def _split_of(file: Path) -> str:
    parts = (file.stem.rpartition("_")[2], file.parent.name) if file.stem != "labels" else (file.parent.name,)
    known = {"train": "train", "val": "val", "test": "test", "train2017": "train", "val2017": "val"}
    return next((known[part] for part in parts if part in known), "")


def _names(document: Entry, file: Path) -> set[str]:
    """What the pictures of one file are called; others may have pictures of the same names."""
    return {_get(entry, "file_name", str, file) for entry in _entries(document, "images", file)}


def _class(number: int, name: str, color: str) -> LabelClass:
    try:
        return LabelClass(name=name, color=color or class_color(number))
    except LabelError:
        if color:
            return _class(number, name, "")
        raise


def _images(document: Entry, file: Path, names: dict[int, str], split: str) -> Iterator[LabeledImage]:
    of_image: dict[int, list[Entry]] = defaultdict(list)
    for entry in _entries(document, "annotations", file):
        of_image[_get(entry, "image_id", int, file)].append(entry)
    folders = [f for f in (file.parent / "images", file.parent.parent / "images", file.parent / "data") if f.is_dir()]
    for entry in _entries(document, "images", file):
        name = _get(entry, "file_name", str, file)
        size = _size(entry, file)
        found = [inside(folder, name) for folder in [*folders, file.parent]]
        picture = next((p for p in found if p.is_file()), None)
        annotations = of_image.get(_get(entry, "id", int, file), [])
        yield LabeledImage(
            name=name,
            size=size,
            annotations=tuple(_annotation(a, size, names, file) for a in annotations),
            path=fitting(picture, size, file) if picture else None,
            split=split,
        )


def _size(entry: Entry, file: Path) -> Size:
    height, width = _get(entry, "height", int, file), _get(entry, "width", int, file)
    try:
        return Size(height=height, width=width)
    except ValueError as error:
        raise LabelError(f"{file}: the image {entry.get('file_name')!r} makes no sense: {error}") from error


def _annotation(entry: Entry, size: Size, names: dict[int, str], file: Path) -> Annotation:
    category = _get(entry, "category_id", int, file)
    if category not in names:
        raise LabelError(f"{file}: annotation {entry.get('id')} is of category {category}, which is not listed")
    score = entry.get("score")
    try:
        mask = _mask(entry.get("segmentation"), size)
        annotation = Annotation(
            label=names[category],
            mask=mask,
            box=None if mask else _box(entry.get("bbox")),
            score=float(score) if isinstance(score, _NUMBER) else None,
            attributes=_attributes(entry.get("attributes")),
            note=str(entry.get("note", "")),
            author=str(entry.get("author", "")),
            crowd=bool(entry.get("iscrowd", 0)),
        )
    except (ValueError, TypeError, KeyError, OverflowError, PromptError) as error:
        raise LabelError(f"{file}: annotation {entry.get('id')} makes no sense: {error}") from error
    return within(annotation, size, f"{file}, annotation {entry.get('id')}")


def _mask(found: object, size: Size) -> Rle | None:
    if not found:
        return None
    if isinstance(found, Mapping):
        counts, shape = found["counts"], list(found["size"])
        if shape != [size.height, size.width]:
            raise ValueError(f"its mask is {shape}, the picture {[size.height, size.width]}")
        if isinstance(counts, str):
            return Rle.from_coco({"size": shape, "counts": counts})
        return Rle(size, tuple(int(c) for c in cast(list[int], counts)))
    mask = np.zeros((size.height, size.width), np.bool_)
    for polygon in cast(list[list[float]], found):
        ring = np.array(polygon, np.float64).reshape(-1, 2)
        if len(ring) < 3 or not np.isfinite(ring).all():
            raise ValueError("a polygon has three corners at least, as finite numbers x, y, x, y, ...")
        mask |= filled(np.clip(ring, -1, [size.width + 1, size.height + 1]), size)
    return Rle.from_mask(mask)


def _box(found: object) -> Box | None:
    if not found:
        return None
    left, top, width, height = (float(number) for number in cast(list[float], found))
    if not all(map(math.isfinite, (left, top, width, height))) or min(width, height) < 0:
        raise ValueError(f"a box is left, top, width, height, finite numbers; got {found}")
    return box_of_edges(left, top, left + width, top + height)


def _attributes(found: object) -> dict[str, AttributeValue]:
    """Attributes as ours; lists and objects, which ours cannot be, become their JSON."""
    if not isinstance(found, Mapping):
        return {}
    plain = {k: v if isinstance(v, str | int | float | bool) else json.dumps(v) for k, v in found.items()}
    return cast(dict[str, AttributeValue], plain)


def _entries(document: Entry, what: str, file: Path) -> list[Entry]:
    found = document.get(what)
    if not isinstance(found, list) or not all(isinstance(entry, Mapping) for entry in found):
        raise LabelError(f"{file}: COCO has a list of objects under {what!r}; is it another format?")
    return cast(list[Entry], found)


def _get(entry: Entry, name: str, kind: type[Kind], file: Path) -> Kind:
    value = entry.get(name)
    if not isinstance(value, kind):
        raise LabelError(f"{file}: {kind.__name__} {name!r} is missing in {str(dict(entry))[:200]}")
    return value
