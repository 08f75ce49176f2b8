"""What labels are made of, as frozen values: annotations, images with their annotations, and the dataset."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

from sam2_notebook.errors import LabelError
from sam2_notebook.labels.cutouts import extent
from sam2_notebook.values.classes import MAX_NAME, AttributeValue, LabelClass, check_text, check_unique, check_value
from sam2_notebook.values.geometry import Box, Size
from sam2_notebook.values.masks import Rle

State: TypeAlias = Literal["new", "started", "skipped", "submitted", "returned", "reviewed"]
STATES: tuple[State, ...] = ("new", "started", "skipped", "submitted", "returned", "reviewed")

MAX_NOTE = 10_000
MAX_IMAGE_NAME = 1_000


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """One thing in one image: of class `label`, with a mask, a box, or neither (the image as a whole is of the class).

    `box` is in image pixels as `Box` has it, first and last column and row; a mask has one of its own. `score` is the
    model's predicted IoU, `stability` that of the mask under another threshold, `disagreement` how far the model's
    candidates are apart, all 0 to 1. `crowd` is COCO's "many of them, not told apart"; `proposed` came from a model and
    was not accepted yet. `made_with` is how the mask came about, in the words of the tool that made it, so that the
    work can go on after a restart; nobody else reads it. `id` is given by the store.

    >>> Annotation(label="leaf", box=Box(2, 3, 10, 12)).bounds
    Box(x0=2, y0=3, x1=10, y1=12)
    """

    label: str
    mask: Rle | None = None
    box: Box | None = None
    score: float | None = None
    stability: float | None = None
    disagreement: float | None = None
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict, hash=False)
    note: str = ""
    author: str = ""
    crowd: bool = False
    proposed: bool = False
    made_with: str = ""
    id: int | None = None

    def __post_init__(self) -> None:
        for what in ("score", "stability", "disagreement"):
            value = getattr(self, what)
            if value is not None and not 0 <= value <= 1:
                raise LabelError(f"the {what} of an annotation is a number from 0 to 1, or None; got {value!r}")
        check_text(self.note, "a note", MAX_NOTE)
        check_text(self.author, "an author", MAX_NAME)
        for name, value in self.attributes.items():
            check_value(name, value)
        object.__setattr__(self, "attributes", dict(self.attributes))

    @cached_property
    def bounds(self) -> Box | None:
        """The box as given, else that of the mask; None for an empty mask or the image as a whole."""
        if self.box is not None or self.mask is None:
            return self.box
        return extent(self.mask)

    @property
    def area(self) -> float:
        """Pixels of the mask, else of the box, else 0."""
        if self.mask is not None:
            return float(self.mask.area)
        return (self.box.width + 1) * (self.box.height + 1) if self.box else 0.0


def within(annotation: Annotation, size: Size, where: str) -> Annotation:
    """The annotation with its box cut to the picture; LabelError, which begins with `where`, if nothing is left of it.

    >>> within(Annotation(label="leaf", box=Box(-5, 1, 900, 3)), Size(height=4, width=6), "1.png").box
    Box(x0=0, y0=1, x1=5, y1=3)
    """
    box, right, bottom = annotation.box, size.width - 1, size.height - 1
    if box is None or (box.x0 >= 0 and box.y0 >= 0 and box.x1 <= right and box.y1 <= bottom):
        return annotation
    if box.x1 <= -1 or box.y1 <= -1 or box.x0 >= size.width or box.y0 >= size.height:
        edges = ", ".join(f"{edge:g}" for edge in box.as_tuple())
        raise LabelError(
            f"{where}: the box of a {annotation.label!r}, from first to last column and row x0, y0, x1, y1 = {edges}, "
            f"lies outside the picture, which is {size.width} x {size.height}; give it in pixels of the picture, or "
            "leave it out"
        )
    columns = (min(max(x, 0), right) for x in (box.x0, box.x1))
    rows = (min(max(y, 0), bottom) for y in (box.y0, box.y1))
    (x0, x1), (y0, y1) = columns, rows
    return replace(annotation, box=Box(x0, y0, x1, y1))


@dataclass(frozen=True, kw_only=True)
class LabeledImage:
    """One picture, its size upright and its annotations in drawing order.

    `name` is unique in a dataset, a path relative to its folder with `/`; it may come from anywhere, so nothing may use
    it as a path (`export.folder` makes safe ones of it). `path` is where the file is, `digest` the hash of its bytes;
    `split` is `train`, `val` or another part of the dataset that it belongs to, empty for none.

    >>> LabeledImage(name="a/1.png", size=Size(height=4, width=6)).annotations
    ()
    """

    name: str
    size: Size
    annotations: tuple[Annotation, ...] = ()
    path: Path | None = None
    digest: str = ""
    split: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            raise LabelError("an image has a name; got an empty one")
        check_text(self.name, "the name of an image", MAX_IMAGE_NAME)
        check_text(self.split, "the split of an image", MAX_NAME)
        for annotation in self.annotations:
            if annotation.mask is not None and annotation.mask.size != self.size:
                mask = annotation.mask.size
                raise LabelError(
                    f"{self.name}: the picture is {self.size.width} x {self.size.height}, but the mask of a "
                    f"{annotation.label!r} is {mask.width} x {mask.height}; make the mask at the picture's size"
                )


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Classes, and images that are read again, one after the other, each time the dataset is iterated over.

    `images` is a list, or anything that can be iterated over more than once without holding all of it, as a store's
    and an importer's are. Class indices in exports are places in `classes`.

    >>> leaf = LabelClass(name="leaf")
    >>> image = LabeledImage(name="1.png", size=Size(height=4, width=6), annotations=(Annotation(label="leaf"),))
    >>> [len(image.annotations) for image in Dataset(classes=(leaf,), images=[image])]
    [1]
    """

    classes: tuple[LabelClass, ...]
    images: Iterable[LabeledImage] = ()
    name: str = "labels"
    description: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(self.classes))
        check_unique((c.name for c in self.classes), "classes of a dataset")
        check_unique((c.hotkey for c in self.classes if c.hotkey), "hotkeys of a dataset")
        if isinstance(self.images, Iterator):
            raise LabelError(
                "a dataset is read more than once, and a generator only gives its images once; "
                "pass a list, or Dataset.of(function that starts the generator anew)"
            )

    @classmethod
    def of(
        cls, start: Callable[[], Iterator[LabeledImage]], classes: Sequence[LabelClass], name: str = "labels"
    ) -> "Dataset":
        """A dataset whose images come from a generator function, called anew for each reading."""
        return cls(classes=tuple(classes), images=Restartable(start), name=name)

    def __iter__(self) -> Iterator[LabeledImage]:
        known = {c.name for c in self.classes}
        for image in self.images:
            for annotation in image.annotations:
                if annotation.label not in known:
                    names = ", ".join(sorted(known)) or "none"
                    raise LabelError(f"{image.name}: there is no class {annotation.label!r}; the dataset has: {names}")
            yield image

    def map(self, change: Callable[[LabeledImage], LabeledImage | None]) -> "Dataset":
        """The dataset with each image replaced as it is read; None leaves it out.

        >>> dataset = Dataset(classes=(), images=[LabeledImage(name="1.png", size=Size(height=1, width=1))])
        >>> list(dataset.map(lambda image: None))
        []
        """

        def start() -> Iterator[LabeledImage]:
            return (new for image in self.images if (new := change(image)) is not None)

        return replace(self, images=Restartable(start))


@dataclass(frozen=True)
class Restartable:
    """Something to iterate over as often as needed: calls a generator function each time."""

    start: Callable[[], Iterator[LabeledImage]]

    def __iter__(self) -> Iterator[LabeledImage]:
        return self.start()
