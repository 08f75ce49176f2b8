"""The edits of a document, as values: what pages send, cells make, and the history and the autosave keep."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sam2_notebook.values.classes import LabelClass


@dataclass(frozen=True, kw_only=True)
class AddObject:
    """Add an empty object with this new id and select it."""

    kind: Literal["add_object"] = "add_object"
    object: int


@dataclass(frozen=True, kw_only=True)
class RemoveObject:
    """Remove an object with all it has."""

    kind: Literal["remove_object"] = "remove_object"
    object: int


@dataclass(frozen=True, kw_only=True)
class RenameObject:
    """Give an object another name."""

    kind: Literal["rename_object"] = "rename_object"
    object: int
    name: str


@dataclass(frozen=True, kw_only=True)
class RecolorObject:
    """Give an object another colour, an index into the palette."""

    kind: Literal["recolor_object"] = "recolor_object"
    object: int
    color: int


@dataclass(frozen=True, kw_only=True)
class ShowObject:
    """Show or hide an object."""

    kind: Literal["show_object"] = "show_object"
    object: int
    visible: bool


@dataclass(frozen=True, kw_only=True)
class LockObject:
    """Protect an object from changes of its mask and from removal, or stop to."""

    kind: Literal["lock_object"] = "lock_object"
    object: int
    locked: bool


@dataclass(frozen=True, kw_only=True)
class AcceptObject:
    """Take a suggestion for a real object. Whoever changes a suggestion accepts it, too."""

    kind: Literal["accept_object"] = "accept_object"
    object: int


@dataclass(frozen=True, kw_only=True)
class ClassifyObject:
    """Say of what class an object is; an empty text is none. One of the classes becomes that of new objects, too."""

    kind: Literal["classify_object"] = "classify_object"
    object: int
    label: str


@dataclass(frozen=True, kw_only=True)
class SetAttribute:
    """Note something about an object under a name, in place of what was noted there; None takes it back."""

    kind: Literal["set_attribute"] = "set_attribute"
    object: int
    name: str
    value: str | float | bool | None


@dataclass(frozen=True, kw_only=True)
class SetClasses:
    """Say what classes there are. Classes that objects have stay."""

    kind: Literal["set_classes"] = "set_classes"
    classes: tuple[LabelClass, ...]


@dataclass(frozen=True, kw_only=True)
class ChooseClass:
    """Say of what class new objects are; an empty text is none. Not a step of the undo history."""

    kind: Literal["choose_class"] = "choose_class"
    label: str


@dataclass(frozen=True, kw_only=True)
class SelectObject:
    """Make an object the one that prompts go to. Not a step of the undo history."""

    kind: Literal["select_object"] = "select_object"
    object: int


@dataclass(frozen=True, kw_only=True)
class AddPoint:
    """Click at (x, y) in image pixels; label 1 is on the object, 0 beside it."""

    kind: Literal["add_point"] = "add_point"
    object: int
    x: float
    y: float
    label: int


@dataclass(frozen=True, kw_only=True)
class MovePoint:
    """Move click number `index` to (x, y)."""

    kind: Literal["move_point"] = "move_point"
    object: int
    index: int
    x: float
    y: float


@dataclass(frozen=True, kw_only=True)
class RemovePoint:
    """Remove click number `index`."""

    kind: Literal["remove_point"] = "remove_point"
    object: int
    index: int


@dataclass(frozen=True, kw_only=True)
class SetBox:
    """Set the box, left, top, right, bottom in image pixels; None removes it."""

    kind: Literal["set_box"] = "set_box"
    object: int
    box: tuple[float, float, float, float] | None


@dataclass(frozen=True, kw_only=True)
class ClearPrompts:
    """Remove all prompts of an object."""

    kind: Literal["clear_prompts"] = "clear_prompts"
    object: int


@dataclass(frozen=True, kw_only=True)
class ChooseCandidate:
    """Choose one of the model's candidates for an ambiguous click; None leaves it to the model."""

    kind: Literal["choose_candidate"] = "choose_candidate"
    object: int
    candidate: int | None


@dataclass(frozen=True, kw_only=True)
class SetThreshold:
    """Set the logit above which a pixel is in the mask: 0 is the model's own edge, more makes the mask smaller."""

    kind: Literal["set_threshold"] = "set_threshold"
    object: int
    threshold: float


@dataclass(frozen=True, kw_only=True)
class AddStroke:
    """Scribble on the object (label 1) or beside it (label 0), for the model to go by; see `values.strokes`."""

    kind: Literal["add_stroke"] = "add_stroke"
    object: int
    path: str
    width: float
    label: int


@dataclass(frozen=True, kw_only=True)
class RemoveStroke:
    """Remove scribble number `index`."""

    kind: Literal["remove_stroke"] = "remove_stroke"
    object: int
    index: int


@dataclass(frozen=True, kw_only=True)
class PaintMask:
    """Add to the mask (label 1) or take from it (label 0) by hand, and keep what comes of it; see `values.strokes`."""

    kind: Literal["paint_mask"] = "paint_mask"
    object: int
    path: str
    width: float
    label: int


@dataclass(frozen=True, kw_only=True)
class SetMask:
    """Say where the object is: run lengths in COCO's text form at the picture's size; null takes it back.

    A mask replaces clicks and box given before it; clicks given after it correct it. In a video, one without a pixel
    says that the object is not in the frame.
    """

    kind: Literal["set_mask"] = "set_mask"
    object: int
    counts: str | None


@dataclass(frozen=True, kw_only=True)
class KeepMask:
    """Keep the drawn mask as it is, or let the model go on from it."""

    kind: Literal["keep_mask"] = "keep_mask"
    object: int
    kept: bool


@dataclass(frozen=True, kw_only=True)
class MoveObject:
    """Put an object at another place of the drawing order: 0 is drawn first, below all others."""

    kind: Literal["move_object"] = "move_object"
    object: int
    place: int


@dataclass(frozen=True, kw_only=True)
class MergeObjects:
    """Make one of several objects: `object` gets the masks of all, the `others` go."""

    kind: Literal["merge_objects"] = "merge_objects"
    object: int
    others: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class SplitObject:
    """Make an object of each connected part of a mask; the largest part stays what it was."""

    kind: Literal["split_object"] = "split_object"
    object: int


@dataclass(frozen=True, kw_only=True)
class CutOverlap:
    """Share no pixel with other visible objects: `loser` says who gives them up. Locked objects stay as they are."""

    kind: Literal["cut_overlap"] = "cut_overlap"
    object: int
    loser: Literal["object", "others"]


Edit: TypeAlias = (
    AddObject
    | RemoveObject
    | AcceptObject
    | RenameObject
    | RecolorObject
    | ShowObject
    | LockObject
    | ClassifyObject
    | SetAttribute
    | SetClasses
    | ChooseClass
    | SelectObject
    | AddPoint
    | MovePoint
    | RemovePoint
    | SetBox
    | ClearPrompts
    | ChooseCandidate
    | SetThreshold
    | AddStroke
    | RemoveStroke
    | PaintMask
    | SetMask
    | KeepMask
    | MoveObject
    | MergeObjects
    | SplitObject
    | CutOverlap
)
OfPrompts: TypeAlias = AddPoint | MovePoint | RemovePoint | SetBox | AddStroke | RemoveStroke
OfMasks: TypeAlias = ClearPrompts | PaintMask | SetMask | KeepMask
OF_PROMPTS = (AddPoint, MovePoint, RemovePoint, SetBox, AddStroke, RemoveStroke)
OF_MASKS = (ClearPrompts, PaintMask, SetMask, KeepMask)
OfShapes: TypeAlias = MergeObjects | SplitObject | CutOverlap
OF_SHAPES = (MergeObjects, SplitObject, CutOverlap)


def is_step(edits: Iterable[object]) -> bool:
    """Whether edits together are a step of the undo history: choosing what the next ones are about is none."""
    return any(not isinstance(edit, SelectObject | ChooseClass) for edit in edits)
