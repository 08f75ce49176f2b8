"""What the user has made on one picture: objects with prompts, names, colours. Pure: `apply` returns a new document.

The kernel owns the document; the browser holds a replica with the same revision. Edits are values, so that both sides,
the undo journal and the autosave speak of the same things.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from sam2_notebook.errors import EditError, LabelError
from sam2_notebook.values.classes import MAX_NAME, AttributeValue, LabelClass, check_unique, check_value
from sam2_notebook.values.geometry import Box, Size
from sam2_notebook.values.prompts import Point, Prompts

MAX_OBJECTS = 1000
MAX_ATTRIBUTES = 100
MAX_CLASSES = 1000


@dataclass(frozen=True, kw_only=True)
class ObjectState:
    """One object of the document. `color` is an index into the palette; `candidate` None means the model's best.

    `label` is its class, empty for none. A `locked` object keeps its prompts and is not removed.
    """

    id: int
    name: str
    color: int
    prompts: Prompts = Prompts()
    candidate: int | None = None
    visible: bool = True
    locked: bool = False
    label: str = ""
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict[str, AttributeValue], hash=False)


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


Edit: TypeAlias = (
    AddObject
    | RemoveObject
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
)
_OfPrompts: TypeAlias = AddPoint | MovePoint | RemovePoint | SetBox | ClearPrompts
_OfOne: TypeAlias = RenameObject | RecolorObject | ShowObject | LockObject | SetAttribute | ChooseCandidate | _OfPrompts
_OF_PROMPTS = (AddPoint, MovePoint, RemovePoint, SetBox, ClearPrompts)


def is_step(edits: Iterable[object]) -> bool:
    """Whether edits together are a step of the undo history: choosing what the next ones are about is none."""
    return any(not isinstance(edit, SelectObject | ChooseClass) for edit in edits)


@dataclass(frozen=True, kw_only=True)
class Document:
    """All objects on one picture, in drawing order, and which one is selected.

    New objects are of the class `current`. Without `classes`, a class may be any text.

    >>> size = Size(height=10, width=10)
    >>> document = Document(size=size).apply(AddObject(object=1)).apply(AddPoint(object=1, x=3, y=4, label=1))
    >>> document.object(1).prompts.is_ambiguous
    True
    """

    size: Size
    objects: tuple[ObjectState, ...] = ()
    selected: int | None = None
    classes: tuple[LabelClass, ...] = ()
    current: str = ""

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
            case SetClasses():
                return self._with_classes(edit.classes)
            case ChooseClass():
                return replace(self, current=self._known(edit.label))
            case _:
                pass
        state = self.object(edit.object)
        if state.locked and isinstance(edit, (*_OF_PROMPTS, ChooseCandidate, RemoveObject)):
            raise EditError(f"object {state.id} is locked; unlock it first")
        match edit:
            case RemoveObject():
                return self._remove(state.id)
            case SelectObject():
                return replace(self, selected=state.id)
            case ClassifyObject():
                current = edit.label if self.classes else self.current
                return replace(self._with(replace(state, label=self._known(edit.label))), current=current)
            case _:
                return self._with(self._changed(state, edit))

    def _changed(self, state: ObjectState, edit: _OfOne) -> ObjectState:
        match edit:
            case RenameObject():
                if len(edit.name) > MAX_NAME:
                    raise EditError(f"a name has at most {MAX_NAME} characters; got {len(edit.name)}")
                return replace(state, name=edit.name)
            case RecolorObject():
                if edit.color < 0:
                    raise EditError(f"a colour is an index of at least 0 into the palette; got {edit.color}")
                return replace(state, color=edit.color)
            case ShowObject():
                return replace(state, visible=edit.visible)
            case LockObject():
                return replace(state, locked=edit.locked)
            case SetAttribute():
                return replace(state, attributes=self._attributes(state, edit))
            case ChooseCandidate():
                if edit.candidate is not None and not 0 <= edit.candidate <= 2:
                    raise EditError(f"a click has the candidates 0, 1 and 2; got {edit.candidate}")
                return replace(state, candidate=edit.candidate)
            case _:
                prompts = _edited(state.prompts, edit)
                prompts.check(self.size)
                return replace(state, prompts=prompts, candidate=None)

    def _add(self, id: int) -> "Document":
        if any(o.id == id for o in self.objects):
            raise EditError(f"there already is an object {id}; the next free id is {self.next_id}")
        if not 0 <= id < 2**31:
            raise EditError(f"an object's id is a whole number from 0 to 2147483647; got {id}")
        if len(self.objects) >= MAX_OBJECTS:
            raise EditError(f"one picture takes at most {MAX_OBJECTS} objects; remove one first")
        used = {o.color for o in self.objects}
        color = next(c for c in range(len(used) + 1) if c not in used)
        new = ObjectState(id=id, name=f"object {id}", color=color, label=self.current)
        return replace(self, objects=(*self.objects, new), selected=id)

    def _remove(self, id: int) -> "Document":
        left = tuple(o for o in self.objects if o.id != id)
        selected = self.selected
        if selected == id:
            selected = left[-1].id if left else None
        return replace(self, objects=left, selected=selected)

    def label_class(self, name: str) -> LabelClass | None:
        """The class of this name, if it is one of `classes`."""
        return next((c for c in self.classes if c.name == name), None)

    def _known(self, label: str) -> str:
        if len(label) > MAX_NAME:
            raise EditError(f"a class has at most {MAX_NAME} characters; got {len(label)}")
        if label and self.classes and self.label_class(label) is None:
            names = ", ".join(c.name for c in self.classes)
            raise EditError(f"there is no class {label!r}; the document has: {names}")
        return label

    def _with_classes(self, classes: tuple[LabelClass, ...]) -> "Document":
        if len(classes) > MAX_CLASSES:
            raise EditError(f"one picture takes at most {MAX_CLASSES} classes; got {len(classes)}")
        names = [c.name for c in classes]
        try:
            check_unique(names, "classes of a picture")
        except LabelError as error:
            raise EditError(str(error)) from None
        for state in self.objects:
            if classes and state.label and state.label not in names:
                raise EditError(f"object {state.id} is of the class {state.label!r}; give it another class first")
        current = self.current if self.current in names else next(iter(names), "")
        return replace(self, classes=classes, current=current)

    def _attributes(self, state: ObjectState, edit: SetAttribute) -> Mapping[str, AttributeValue]:
        if edit.value is None:
            return {name: value for name, value in state.attributes.items() if name != edit.name}
        label = self.label_class(state.label)
        asked = label.attribute(edit.name) if label else None
        try:
            check_value(edit.name, edit.value)
            if asked is not None:
                asked.check(edit.value)
        except LabelError as error:
            raise EditError(str(error)) from None
        attributes = {**state.attributes, edit.name: edit.value}
        if len(attributes) > MAX_ATTRIBUTES:
            raise EditError(f"one object takes at most {MAX_ATTRIBUTES} attributes; remove one first")
        return attributes

    def _with(self, state: ObjectState) -> "Document":
        return replace(self, objects=tuple(state if o.id == state.id else o for o in self.objects))


def _edited(prompts: Prompts, edit: _OfPrompts) -> Prompts:
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
