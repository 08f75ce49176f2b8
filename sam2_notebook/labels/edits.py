"""What can be done to the labels of one image, as values; the store applies them and keeps them in its history."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from sam2_notebook.labels.schema import Annotation, LabeledImage, State


@dataclass(frozen=True, kw_only=True)
class AddAnnotation:
    """Add an annotation on top of the others; its id is given by the store."""

    annotation: Annotation


@dataclass(frozen=True, kw_only=True)
class ChangeAnnotation:
    """Put another annotation in the place of the one with this id; the id stays."""

    id: int
    annotation: Annotation


@dataclass(frozen=True, kw_only=True)
class RemoveAnnotation:
    """Remove the annotation with this id."""

    id: int


@dataclass(frozen=True, kw_only=True)
class OrderAnnotations:
    """Have these annotations follow one another like this, the lowest first, in the places that they have now.

    None stands for one that the same step has added before, the first for the first.
    """

    ids: tuple[int | None, ...]


@dataclass(frozen=True, kw_only=True)
class SetState:
    """Say how far the image is."""

    state: State


LabelEdit: TypeAlias = AddAnnotation | ChangeAnnotation | RemoveAnnotation | OrderAnnotations | SetState


@dataclass(frozen=True, kw_only=True)
class StoredImage:
    """An image as the store has it. `revision` grows with each edit; an edit names the one that it was made on.

    `can_undo` and `can_redo` say whether there is something to take back or to do again; `work` is where the work on
    a clip is kept.
    """

    id: int
    revision: int
    state: State
    labels: LabeledImage
    can_undo: bool = False
    can_redo: bool = False
    work: Path | None = None


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """One line of the history: who did what, when (UTC), in how many seconds; `image_id` None is about classes."""

    id: int
    image_id: int | None
    who: str
    at: str
    what: str
    status: str
    seconds: float
