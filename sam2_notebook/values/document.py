"""What the user has made on one picture: objects with prompts, names, colours. Pure: `apply` returns a new document.

The kernel owns the document; the browser holds a replica with the same revision. Edits are values, so that both sides,
the undo journal and the autosave speak of the same things.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from sam2_notebook.errors import EditError, LabelError
from sam2_notebook.values.classes import MAX_NAME, AttributeValue, LabelClass, check_text, check_value
from sam2_notebook.values.drawing import Drawing
from sam2_notebook.values.edits import (
    OF_MASKS,
    OF_PROMPTS,
    OF_SHAPES,
    AcceptObject,
    AddObject,
    AddPoint,
    AddStroke,
    ChooseCandidate,
    ChooseClass,
    ClassifyObject,
    ClearPrompts,
    CutOverlap,
    Edit,
    KeepMask,
    LockObject,
    MergeObjects,
    MoveObject,
    MovePoint,
    OfMasks,
    OfPrompts,
    PaintMask,
    RecolorObject,
    RemoveObject,
    RemovePoint,
    RemoveStroke,
    RenameObject,
    SelectObject,
    SetAttribute,
    SetBox,
    SetClasses,
    SetMask,
    SetThreshold,
    ShowObject,
    SplitObject,
)
from sam2_notebook.values.geometry import Box, Size
from sam2_notebook.values.prompts import Point, Prompts
from sam2_notebook.values.strokes import Stroke

MAX_OBJECTS = 1000
MAX_ATTRIBUTES = 100
MAX_CLASSES = 1000
MAX_THRESHOLD = 32.0
_OfOne: TypeAlias = (
    RenameObject
    | AcceptObject
    | RecolorObject
    | ShowObject
    | LockObject
    | SetAttribute
    | ChooseCandidate
    | SetThreshold
    | OfPrompts
    | OfMasks
)
_OF_UNLOCKED = (*OF_PROMPTS, *OF_MASKS, *OF_SHAPES, ChooseCandidate, SetThreshold, RemoveObject)
_ADOPTS = (
    *(*OF_PROMPTS, *OF_MASKS, *OF_SHAPES),
    *(AcceptObject, ChooseCandidate, SetThreshold, ClassifyObject, SetAttribute, RenameObject),
)


@dataclass(frozen=True, kw_only=True)
class ObjectState:
    """One object of the document. `color` is an index into the palette; `candidate` None means the model's best.

    `label` is its class, empty for none. A `locked` object keeps its prompts and is not removed. `threshold` is the
    logit above which a pixel is in the mask. An object with a `drawing` shows that as long as it is `kept`, or nothing
    else was said; prompts otherwise have the model go on from it. One that is `proposed` is a suggestion that nobody
    has accepted or changed yet.
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
    threshold: float = 0.0
    drawing: Drawing | None = None
    kept: bool = False
    proposed: bool = False

    @property
    def is_drawn(self) -> bool:
        """Whether the mask is the drawing, not the model's."""
        return self.drawing is not None and (self.kept or not self.prompts)

    @property
    def is_ambiguous(self) -> bool:
        """Whether the model is asked about a single click and nothing else, and gives three candidates."""
        return self.prompts.is_ambiguous and self.drawing is None

    def showing(self, drawing: Drawing | None, *, kept: bool = False) -> "ObjectState":
        """The object with another drawing, or none; what was chosen of the model's answer is over."""
        return replace(self, drawing=drawing, kept=kept, candidate=None, threshold=0.0)


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
        """The document after an edit; EditError or PromptError if it does not fit, and then nothing has changed.

        A stroke of paint goes over the drawing if that is what the object shows, else over nothing: whoever has the
        model's mask makes it the drawing first (`over`). In the same way whoever has the masks draws what comes of a
        merge, a split or a cut; here that changes only which objects there are.
        """
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
        if state.locked and isinstance(edit, _OF_UNLOCKED) and not is_at_others_cost(edit):
            raise EditError(f"object {state.id} is locked; unlock it first")
        state = _adopted(state, edit)
        match edit:
            case MoveObject():
                return self._moved(state, edit.place)
            case MergeObjects():
                return self._merged(state, edit.others)
            case SplitObject() | CutOverlap():
                return self
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
            case AcceptObject():
                return state
            case RenameObject():
                return replace(state, name=_line(edit.name, "a name"))
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
            case ChooseCandidate() | SetThreshold():
                return _chosen(state, edit)
            case ClearPrompts() | PaintMask() | SetMask() | KeepMask():
                return self._redrawn(state, edit)
            case _:
                return self._prompted(state, edit)

    def over(self, id: int, counts: str | None) -> "Document":
        """The document with this mask as what the next stroke of paint goes over."""
        return self._with(self.object(id).showing(Drawing(counts=counts), kept=True))

    def drawn(self, id: int, counts: str) -> "Document":
        """The document with this mask, run lengths in COCO's text form, as all that is said of an object."""
        return self._with(replace(self.object(id).showing(Drawing(counts=counts)), prompts=Prompts()))

    def copied(self, id: int, name: str) -> "Document":
        """The document with one more object, on top and empty, of the same class and attributes as another."""
        old = self.object(id)
        made = self._add(self.next_id)
        new = replace(made.objects[-1], name=name[:MAX_NAME], label=old.label, attributes=old.attributes)
        return replace(made._with(new), selected=self.selected)

    def _moved(self, state: ObjectState, place: int) -> "Document":
        if not 0 <= place < len(self.objects):
            raise EditError(f"the drawing order has the places 0 to {len(self.objects) - 1}; got {place}")
        others = [o for o in self.objects if o.id != state.id]
        return replace(self, objects=(*others[:place], state, *others[place:]))

    def _merged(self, state: ObjectState, others: tuple[int, ...]) -> "Document":
        if not others or state.id in others or len(set(others)) < len(others):
            raise EditError(f"merging takes other objects than {state.id}, each once; got {list(others)}")
        for other in map(self.object, others):
            if other.locked:
                raise EditError(f"object {other.id} is locked; unlock it first")
        left = tuple(o for o in self.objects if o.id not in others)
        return replace(self, objects=left, selected=state.id)

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
        _line(label, "a class")
        if label and self.classes and self.label_class(label) is None:
            names = ", ".join(c.name for c in self.classes)
            raise EditError(f"there is no class {label!r}; the document has: {names}")
        return label

    def _with_classes(self, classes: tuple[LabelClass, ...]) -> "Document":
        if len(classes) > MAX_CLASSES:
            raise EditError(f"one picture takes at most {MAX_CLASSES} classes; got {len(classes)}")
        names = [c.name for c in classes]
        twice = next((name for index, name in enumerate(names) if name in names[:index]), None)
        if twice is not None:
            raise EditError(f"there is already a class {twice!r}; the classes of a picture have different names")
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

    def _redrawn(self, state: ObjectState, edit: OfMasks) -> ObjectState:
        match edit:
            case PaintMask():
                before = state.drawing if state.is_drawn and state.drawing else Drawing()
                stroke = Stroke(edit.path, edit.width, edit.label)
                return state.showing(before.with_stroke(stroke, self.size), kept=True)
            case SetMask():
                if edit.counts is None:
                    return state.showing(None)
                return replace(state.showing(Drawing.of(edit.counts, self.size)), prompts=Prompts())
            case KeepMask():
                if state.drawing is None:
                    raise EditError(f"object {state.id} has no mask drawn by hand to keep or to go on from")
                return state.showing(state.drawing, kept=edit.kept)
            case ClearPrompts():
                return replace(state.showing(None), prompts=Prompts())

    def _prompted(self, state: ObjectState, edit: OfPrompts) -> ObjectState:
        if state.kept:
            raise EditError(
                f"the mask of object {state.id} is kept as it was drawn; choose Refine to let the model go on from "
                "it, or begin a new object"
            )
        prompts = _edited(state.prompts, edit)
        prompts.check(self.size)
        return replace(state, prompts=prompts, candidate=None, threshold=0.0)

    def _with(self, state: ObjectState) -> "Document":
        return replace(self, objects=tuple(state if o.id == state.id else o for o in self.objects))


def is_at_others_cost(edit: object) -> bool:
    """Whether an edit leaves the mask of its own object as it is."""
    return isinstance(edit, CutOverlap) and edit.loser == "others"


def _adopted(state: ObjectState, edit: object) -> ObjectState:
    """The object; a suggestion that somebody changes is one no more."""
    return replace(state, proposed=False) if state.proposed and isinstance(edit, _ADOPTS) else state


def _line(text: str, what: str) -> str:
    """The text; EditError if it is too long, or cannot be told to a page or a file."""
    try:
        check_text(text, what, MAX_NAME)
    except LabelError as error:
        raise EditError(str(error)) from None
    return text


def _chosen(state: ObjectState, edit: ChooseCandidate | SetThreshold) -> ObjectState:
    if isinstance(edit, SetThreshold):
        if not abs(edit.threshold) <= MAX_THRESHOLD:
            raise EditError(f"a threshold is a logit from -32 to 32; got {edit.threshold:g}")
        return replace(state, threshold=edit.threshold)
    if edit.candidate is not None and not 0 <= edit.candidate <= 2:
        raise EditError(f"a click has the candidates 0, 1 and 2; got {edit.candidate}")
    return replace(state, candidate=edit.candidate)


def _edited(prompts: Prompts, edit: OfPrompts) -> Prompts:
    match edit:
        case AddPoint():
            return prompts.with_point(Point(edit.x, edit.y, edit.label))
        case MovePoint():
            return prompts.with_point_at(edit.index, edit.x, edit.y)
        case RemovePoint():
            return prompts.without_point(edit.index)
        case SetBox():
            return prompts.with_box(None if edit.box is None else Box(*edit.box))
        case AddStroke():
            return prompts.with_stroke(Stroke(edit.path, edit.width, edit.label))
        case RemoveStroke():
            return prompts.without_stroke(edit.index)
