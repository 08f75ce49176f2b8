"""A look at the data: counts, empty and duplicate images, and masks that are probably wrong, as lists."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from sam2_notebook.errors import MediaError
from sam2_notebook.labels.agreement import shape_of
from sam2_notebook.labels.cutouts import Cutout, edges_of_box
from sam2_notebook.labels.files import digest_of
from sam2_notebook.labels.schema import Annotation, Dataset, LabeledImage
from sam2_notebook.media import read_image, resize_area

Suspicion: TypeAlias = Literal["tiny", "touches the border", "overlaps", "low score", "low stability", "empty mask"]
_HASH_HW = (8, 9)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """From where on something is suspicious: areas in pixels, else 0 to 1; overlap is the part of the smaller mask."""

    tiny_px: float = 16
    overlap: float = 0.5
    score: float = 0.5
    stability: float = 0.8


@dataclass(frozen=True, kw_only=True)
class Finding:
    """An annotation to look at: the image's name, the annotation's place in it (from 0), why, and the figure."""

    image: str
    place: int
    kind: Suspicion
    value: float
    label: str
    id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What was found in a dataset. `duplicates` are groups of names whose files or pictures are the same."""

    images: int
    annotations: int
    per_class: dict[str, int]
    areas_px: dict[str, npt.NDArray[np.float64]] = field(compare=False)
    empty: tuple[str, ...]
    duplicates: tuple[tuple[str, ...], ...]
    findings: tuple[Finding, ...]

    def of(self, kind: Suspicion) -> tuple[Finding, ...]:
        """The findings of one kind."""
        return tuple(finding for finding in self.findings if finding.kind == kind)


def survey(dataset: Dataset, limits: Limits | None = None, *, alike_bits: int = 0) -> Survey:
    """Read a dataset once and list what to look at.

    Duplicates are files with the same content; with `alike_bits` (of 64, try 4) also pictures that look alike, for
    which every picture is decoded.

    >>> from sam2_notebook.values.geometry import Size
    >>> survey(Dataset(classes=(), images=[LabeledImage(name="1.png", size=Size(height=4, width=6))])).empty
    ('1.png',)
    """
    limits = limits or Limits()
    areas: dict[str, list[float]] = {label.name: [] for label in dataset.classes}
    empty: list[str] = []
    found: list[Finding] = []
    contents: list[tuple[str, str]] = []
    looks: list[tuple[str, int]] = []
    count = 0
    for image in dataset:
        count += 1
        if not image.annotations:
            empty.append(image.name)
        for annotation in image.annotations:
            areas[annotation.label].append(annotation.area)
        found += suspicious(image, limits)
        contents.append((image.name, _digest(image)))
        if alike_bits and image.path is not None:
            looks += _look(image.name, image.path)
    return Survey(
        images=count,
        annotations=sum(map(len, areas.values())),
        per_class={label: len(values) for label, values in areas.items()},
        areas_px={label: np.array(values) for label, values in areas.items()},
        empty=tuple(empty),
        duplicates=_groups(contents, looks, alike_bits),
        findings=tuple(found),
    )


def suspicious(image: LabeledImage, limits: Limits) -> list[Finding]:
    """The annotations of one image that look wrong, each once per reason."""
    shapes = [shape_of(annotation) for annotation in image.annotations]
    found: list[Finding] = []
    for place, (annotation, shape) in enumerate(zip(image.annotations, shapes, strict=True)):
        reasons: list[tuple[Suspicion, float]] = []
        if annotation.mask is not None and shape is None:
            reasons.append(("empty mask", 0.0))
        elif shape is not None and annotation.area < limits.tiny_px:
            reasons.append(("tiny", annotation.area))
        if touched := _touched(annotation, image):
            reasons.append(("touches the border", touched))
        if annotation.score is not None and annotation.score < limits.score:
            reasons.append(("low score", annotation.score))
        if annotation.stability is not None and annotation.stability < limits.stability:
            reasons.append(("low stability", annotation.stability))
        if (most := _most_covered(place, shapes, image.annotations)) >= limits.overlap:
            reasons.append(("overlaps", most))
        found += [
            Finding(image=image.name, place=place, kind=kind, value=value, label=annotation.label, id=annotation.id)
            for kind, value in reasons
        ]
    return found


def looks(pixels: npt.NDArray[np.uint8]) -> int:
    """What a picture looks like in 64 bits: whether each of 8 x 8 places is darker than its right neighbour.

    >>> looks(np.full((20, 30, 3), 7, np.uint8))
    0
    """
    grey = pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    small = resize_area(grey.astype(np.uint8), _HASH_HW).astype(np.int64)
    bits = (small[:, 1:] > small[:, :-1]).ravel()
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def _touched(annotation: Annotation, image: LabeledImage) -> float:
    """Number of the picture's four edges that an annotation reaches."""
    box = annotation.bounds
    if box is None:
        return 0
    x0, y0, x1, y1 = edges_of_box(box)
    return float(sum((x0 <= 0, y0 <= 0, x1 >= image.size.width, y1 >= image.size.height)))


def _most_covered(place: int, shapes: list, annotations: tuple[Annotation, ...]) -> float:
    """The largest part of the smaller of two masks that this one shares with another; crowds are not counted."""
    mine = shapes[place]
    if not isinstance(mine, Cutout) or annotations[place].crowd:
        return 0.0
    parts = [
        mine.shared_with(other) / min(annotations[place].area, annotations[k].area)
        for k, other in enumerate(shapes)
        if k != place and isinstance(other, Cutout) and not annotations[k].crowd
    ]
    return max(parts, default=0.0)


def _digest(image: LabeledImage) -> str:
    if image.digest or image.path is None:
        return image.digest
    try:
        return digest_of(image.path)
    except MediaError:  # a file that is gone is no duplicate; `check_files` lists it
        return ""


def _look(name: str, path: Path) -> list[tuple[str, int]]:
    try:
        return [(name, looks(read_image(path).pixels))]
    except MediaError:
        return []


def _groups(contents: list[tuple[str, str]], seen: list[tuple[str, int]], bits: int) -> tuple[tuple[str, ...], ...]:
    """Names that belong together, each group in the order of the dataset."""
    parent = {name: name for name, _ in contents}

    def root(name: str) -> str:
        while parent[name] != name:
            name = parent[name]
        return name

    first: dict[str, str] = {}
    for name, digest in contents:
        if digest:
            parent[root(name)] = root(first.setdefault(digest, name))
    values = np.array([look for _, look in seen], np.uint64)
    for k in range(1, len(values)):
        apart = _bits_set(values[:k] ^ values[k])
        for other in np.flatnonzero(apart <= bits):
            parent[root(seen[k][0])] = root(seen[other][0])
    groups: dict[str, list[str]] = {}
    for name, _ in contents:
        groups.setdefault(root(name), []).append(name)
    return tuple(tuple(names) for names in groups.values() if len(names) > 1)


def _bits_set(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    return np.unpackbits(values.view(np.uint8).reshape(-1, 8), axis=1).sum(axis=1, dtype=np.int64)


def class_imbalance(per_class: dict[str, int]) -> float | None:
    """How many times more often the most frequent class occurs than the rarest that does; None without any.

    >>> class_imbalance({"leaf": 30, "stem": 10, "root": 0})
    3.0
    """
    counts = [count for count in per_class.values() if count]
    return max(counts) / min(counts) if counts else None


def most_suspicious(findings: Iterable[Finding]) -> list[tuple[str, int]]:
    """Images with their number of findings, most first: where to look first."""
    return Counter(finding.image for finding in findings).most_common()
