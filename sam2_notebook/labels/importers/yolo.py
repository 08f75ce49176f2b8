"""YOLO in: data.yaml with names and splits (folders, or text files that list pictures), a text file per picture with
polygons or boxes.
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np

from sam2_notebook.errors import LabelError
from sam2_notebook.labels.colors import class_color
from sam2_notebook.labels.cutouts import box_of_edges
from sam2_notebook.labels.files import pictures_in
from sam2_notebook.labels.importers.inputs import inside, read_text, size_of
from sam2_notebook.labels.polygons import drawn
from sam2_notebook.labels.schema import Annotation, Dataset, LabelClass, LabeledImage, within
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import Rle

SPLITS = ("train", "val", "test")
_FAR = 10.0**6  # pictures away: beyond it is nonsense, and soon no finite number of pixels


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
    root = folder.absolute()
    places = _places(root, said)

    def start() -> Iterator[LabeledImage]:
        for split, name, picture in _pictures(root, places):
            labels = _labels_of(root, picture)
            size = size_of(picture)
            found = tuple(_annotations(labels, size, names)) if labels.is_file() else ()
            yield LabeledImage(name=name, size=size, annotations=found, path=picture, split=split)

    return Dataset.of(start, classes, name=folder.name or "yolo")


def _places(folder: Path, said: dict[str, object]) -> dict[str, list[Path]]:
    """Folders and lists of pictures by split; one named twice, as `val` without pictures of its own is, counts once."""
    root = str(said.get("path") or ".")
    places: dict[str, list[Path]] = {}
    taken: set[Path] = set()
    outside: list[Path] = []
    for split in SPLITS:
        for name in _listed(folder, split, said.get(split)):
            found = _found(folder, root, name)
            if not found.is_relative_to(folder):
                outside.append(found)
            elif found.is_file() and found.suffix.lower() != ".txt":
                raise LabelError(
                    f"{folder}: data.yaml names the file {name!r} for {split}; name a folder of pictures, or a .txt "
                    "file that lists some"
                )
            elif found.exists() and found not in taken:
                taken.add(found)
                places.setdefault(split, []).append(found)
    missed = next((place for place in outside if place.exists() or not places), None)
    if missed:
        raise LabelError(
            f"{folder}: {missed} in data.yaml leads out of the folder, and nothing outside of it is read. If these "
            "pictures are meant, put a copy of data.yaml into a folder above them, with `path: .`, and read that folder"
        )
    if not places:
        without = " There are labels: put their pictures beside them, YOLO's places are parts of a picture's size."
        raise LabelError(
            f"{folder}: data.yaml names no folder or list of pictures that is there (train, val, test)."
            + (without if (folder / "labels").is_dir() else "")
        )
    return places


def _listed(folder: Path, split: str, said: object) -> list[str]:
    """What data.yaml names for a split: nothing, a folder, or a list of them."""
    named = cast(list[object], said) if isinstance(said, list) else [said] if said else []
    names = [name.replace("\\", "/") for name in named if isinstance(name, str)]
    if len(names) < len(named):
        raise LabelError(
            f"{folder}: in data.yaml, {split} is a folder, a .txt file that lists pictures, or several of them; got "
            f"{str(said)[:200]!r}"
        )
    return names


def _found(folder: Path, root: str, name: str) -> Path:
    """The place that is meant: the first one that is there, those inside the folder before others.

    `path` often is where the dataset lay on another machine, or leads from a folder that only Ultralytics knows; then
    what is beside data.yaml is meant. So it is by `../train/images`, as Roboflow writes it.
    """
    wanted = [os.path.join(root.replace("\\", "/"), name), name, name.removeprefix("../")]
    places = [_place(folder, os.path.normpath(path)) for path in wanted]
    inside_first = sorted(places, key=lambda place: not place.is_relative_to(folder))
    return next((place for place in inside_first if place.exists()), places[0])


def _place(folder: Path, path: str) -> Path:
    """A path in data.yaml: one that starts as the folder does if it lies inside, else where it leads to."""
    try:
        place = inside(folder, path)
    except LabelError:
        if "\0" in path:
            raise
        return Path(os.path.realpath(folder / path))
    if place.is_relative_to(folder) and ".." not in place.relative_to(folder).parts:
        return place
    return folder / place.resolve().relative_to(folder.resolve())


def _pictures(root: Path, places: dict[str, list[Path]]) -> Iterator[tuple[str, str, Path]]:
    """Split, name and file of every picture; where two have one name, from the folder that all of them share."""
    found = {
        picture: (split, name)
        for split, some in places.items()
        for place in some
        for name, picture in pictures_in(place if place.is_dir() else _from_list(root, place))
    }
    shared = os.path.commonpath(
        [*(p for some in places.values() for p in some if p.is_dir()), *(p.parent for p in found)]
    )
    times = Counter(name for _, name in found.values())
    for picture, (split, name) in found.items():
        yield split, name if times[name] == 1 else picture.relative_to(shared).as_posix(), picture


def _from_list(folder: Path, file: Path) -> list[Path]:
    """The pictures that a text file names, a line each: from its own folder, or from that of data.yaml."""
    found = []
    for number, line in enumerate(read_text(file).splitlines(), start=1):
        name = line.strip().replace("\\", "/")
        if not name:
            continue
        beside = file.parent.relative_to(folder).as_posix()
        places = [_found(folder, beside, name), _found(folder, ".", name)]
        picture = next((place for place in places if place.is_file()), places[0])
        if not picture.is_relative_to(folder):
            raise LabelError(
                f"{file}, line {number}: {name[:200]!r} leads out of {folder}, and nothing outside of it is read"
            )
        if not picture.is_file():
            raise LabelError(f"{file}, line {number}: there is no picture {name[:200]!r}")
        found.append(picture)
    return found


def _labels_of(folder: Path, picture: Path) -> Path:
    """Where the last folder called `images` is called `labels`, the file is called .txt."""
    parts = list(picture.relative_to(folder).parts)
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
        yield _annotation(str(names[label]), values, size, f"{path}, line {number}")


def _annotation(label: str, values: np.ndarray, size: Size, where: str) -> Annotation:
    scale = np.array([size.width, size.height])
    if len(values) == 4:
        middle, half = np.clip(values[:2], -_FAR, _FAR) * scale, np.clip(values[2:], 0, _FAR) * scale / 2
        box = box_of_edges(*(middle - half).tolist(), *(middle + half).tolist())
        return within(Annotation(label=label, box=box), size, where)
    ring = np.minimum(np.floor(np.clip(values, 0, 1).reshape(-1, 2) * scale), scale - 1)
    return Annotation(label=label, mask=Rle.from_mask(drawn(ring, size)))
