"""What the user has made on one picture: objects with prompts, names, colours. Pure: `apply` returns a new document.

The kernel owns the document; the browser holds a replica with the same revision. Edits are values, so that both sides,
the undo journal and the autosave speak of the same things.
"""

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from sam2_notebook.errors import EditError
from sam2_notebook.values.geometry import Box, Size
from sam2_notebook.values.prompts import Point, Prompts

MAX_OBJECTS = 1000
MAX_NAME = 200


@dataclass(frozen=True, kw_only=True)
class ObjectState:
    """One object of the document. `color` is an index into the palette; `candidate` None means the model's best."""

    id: int
    name: str
    color: int
    prompts: Prompts = Prompts()
    candidate: int | None = None
    visible: bool = True


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


Edit: TypeAlias = (
    AddObject
    | RemoveObject
    | RenameObject
    | RecolorObject
    | ShowObject
    | SelectObject
    | AddPoint
    | MovePoint
    | RemovePoint
    | SetBox
    | ClearPrompts
    | ChooseCandidate
)


@dataclass(frozen=True, kw_only=True)
class Document:
    """All objects on one picture, in drawing order, and which one is selected.

    >>> size = Size(height=10, width=10)
    >>> document = Document(size=size).apply(AddObject(object=1)).apply(AddPoint(object=1, x=3, y=4, label=1))
    >>> document.object(1).prompts.is_ambiguous
    True
    """

    size: Size
    objects: tuple[ObjectState, ...] = ()
    selected: int | None = None

    @property
    def next_id(self) -> int:
        """The id the next new object takes."""
        return max((o.id for o in self.objects), default=0) + 1

    def object(self, id: int) -> ObjectState:
        """The object with this id; EditError if there is none."""
        for state in self.objects:
            if state.id == id:
                return state
        known = ", ".join(str(o.id) for o in self.objects) or "none"
        raise EditError(f"there is no object {id}; the document has: {known}")

    def apply(self, edit: Edit) -> "Document":
        """The document after an edit; EditError or PromptError if it does not fit, and then nothing has changed."""
        match edit:
            case AddObject():
                return self._add(edit.object)
            case RemoveObject():
                return self._remove(edit.object)
            case SelectObject():
                self.object(edit.object)
                return replace(self, selected=edit.object)
            case RenameObject():
                if len(edit.name) > MAX_NAME:
                    raise EditError(f"a name has at most {MAX_NAME} characters; got {len(edit.name)}")
                return self._with(replace(self.object(edit.object), name=edit.name))
            case RecolorObject():
                if edit.color < 0:
                    raise EditError(f"a colour is an index of at least 0 into the palette; got {edit.color}")
                return self._with(replace(self.object(edit.object), color=edit.color))
            case ShowObject():
                return self._with(replace(self.object(edit.object), visible=edit.visible))
            case ChooseCandidate():
                if edit.candidate is not None and not 0 <= edit.candidate <= 2:
                    raise EditError(f"a click has the candidates 0, 1 and 2; got {edit.candidate}")
                return self._with(replace(self.object(edit.object), candidate=edit.candidate))
            case _:
                state = self.object(edit.object)
                prompts = _edited(state.prompts, edit)
                prompts.check(self.size)
                return self._with(replace(state, prompts=prompts, candidate=None))

    def _add(self, id: int) -> "Document":
        if any(o.id == id for o in self.objects):
            raise EditError(f"there already is an object {id}; the next free id is {self.next_id}")
        if not 0 <= id < 2**31:
            raise EditError(f"an object's id is a whole number from 0 to 2147483647; got {id}")
        if len(self.objects) >= MAX_OBJECTS:
            raise EditError(f"one picture takes at most {MAX_OBJECTS} objects; remove one first")
        used = {o.color for o in self.objects}
        color = next(c for c in range(len(used) + 1) if c not in used)
        new = ObjectState(id=id, name=f"object {id}", color=color)
        return replace(self, objects=(*self.objects, new), selected=id)

    def _remove(self, id: int) -> "Document":
        self.object(id)
        left = tuple(o for o in self.objects if o.id != id)
        selected = self.selected
        if selected == id:
            selected = left[-1].id if left else None
        return replace(self, objects=left, selected=selected)

    def _with(self, state: ObjectState) -> "Document":
        return replace(self, objects=tuple(state if o.id == state.id else o for o in self.objects))


def _edited(prompts: Prompts, edit: AddPoint | MovePoint | RemovePoint | SetBox | ClearPrompts) -> Prompts:
    match edit:
        case AddPoint():
            return prompts.with_point(Point(edit.x, edit.y, edit.label))
        case MovePoint():
            return prompts.with_point_at(edit.index, edit.x, edit.y)
        case RemovePoint():
            return prompts.without_point(edit.index)
        case SetBox():
            return prompts.with_box(None if edit.box is None else Box(*edit.box))
        case ClearPrompts():
            return Prompts()
