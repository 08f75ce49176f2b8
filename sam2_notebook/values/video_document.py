"""What the user has made on one video: the objects of a `Document`, with prompts in any number of frames. Pure.

An edit speaks of one frame. Seen from a frame, a video is a picture: `at` gives its `Document`, and the edits of
pictures are applied to that, so that both widgets follow one set of rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from sam2_notebook.errors import EditError
from sam2_notebook.values.classes import AttributeValue, LabelClass
from sam2_notebook.values.document import Document, ObjectState
from sam2_notebook.values.drawing import read_counts
from sam2_notebook.values.edits import (
    AddPoint,
    AddStroke,
    ChooseCandidate,
    ClearPrompts,
    CutOverlap,
    Edit,
    KeepMask,
    MergeObjects,
    MovePoint,
    PaintMask,
    RemovePoint,
    RemoveStroke,
    SetBox,
    SetMask,
    SetThreshold,
    SplitObject,
)
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.prompts import Prompts

VideoEdit: TypeAlias = Edit
_OF_PROMPTS = (AddPoint, MovePoint, RemovePoint, SetBox, ClearPrompts, SetMask)


@dataclass(frozen=True, kw_only=True)
class FramePrompts:
    """What was said of one object in one frame; `mask` is in COCO's text form, and came before the clicks.

    `candidate` is which of the masks that the first click can mean is meant, None the one the model thinks most of.
    """

    frame: int
    prompts: Prompts = Prompts()
    mask: str | None = None
    candidate: int | None = field(default=None, repr=False)  # masks are filed under what this prints

    def __bool__(self) -> bool:
        return bool(self.prompts) or self.mask is not None

    @property
    def is_ambiguous(self) -> bool:
        """Whether it is a lone click, which can mean three things."""
        return len(self.prompts.points) == 1 and self.prompts.box is None and self.mask is None

    def up_to(self, clicks: int) -> "FramePrompts":
        """The same frame with only the first so many clicks."""
        return replace(self, prompts=replace(self.prompts, points=self.prompts.points[:clicks]))

    def with_prompts(self, prompts: Prompts, mask: str | None) -> "FramePrompts":
        """The same frame with other prompts; the choice of a candidate lasts while the first click does.

        >>> from sam2_notebook.values.prompts import Point
        >>> one = FramePrompts(frame=3, prompts=Prompts((Point(1, 2),)), candidate=2)
        >>> one.with_prompts(Prompts((Point(1, 2), Point(5, 5))), None).candidate
        2
        """
        is_same = (prompts.points[:1], prompts.box, mask) == (self.prompts.points[:1], self.prompts.box, self.mask)
        return replace(self, prompts=prompts, mask=mask, candidate=self.candidate if is_same else None)


@dataclass(frozen=True, kw_only=True)
class VideoObject:
    """One object of a video. `color` is an index into the palette; `frames` are those with prompts, ascending.

    `born` is a number that no other object of the session has, so that an id given anew is told from the old one.
    """

    id: int
    name: str
    color: int
    visible: bool = True
    locked: bool = False
    label: str = ""
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict[str, AttributeValue], hash=False)
    frames: tuple[FramePrompts, ...] = ()
    born: int = field(default=0)

    def at(self, frame: int) -> FramePrompts:
        """What was said of it in a frame."""
        return next((f for f in self.frames if f.frame == frame), FramePrompts(frame=frame))

    def seen_from(self, frame: int) -> ObjectState:
        """The object as a picture of it has it."""
        said = self.at(frame)
        return ObjectState(
            id=self.id,
            name=self.name,
            color=self.color,
            prompts=said.prompts,
            candidate=said.candidate if said.is_ambiguous else None,
            visible=self.visible,
            locked=self.locked,
            label=self.label,
            attributes=self.attributes,
        )

    def looking_like(self, state: ObjectState) -> "VideoObject":
        """The object with all that `state` says of it, but for the prompts."""
        return replace(
            self,
            name=state.name,
            color=state.color,
            visible=state.visible,
            locked=state.locked,
            label=state.label,
            attributes=state.attributes,
        )

    def saying(self, said: FramePrompts) -> "VideoObject":
        """The object with these prompts in their frame, instead of those it had there."""
        others = [f for f in self.frames if f.frame != said.frame]
        frames = sorted([*others, said] if said else others, key=lambda f: f.frame)
        return replace(self, frames=tuple(frames))


@dataclass(frozen=True, kw_only=True)
class VideoDocument:
    """All objects of one video, in drawing order, and which one is selected.

    >>> from sam2_notebook.values.document import AddObject
    >>> document = VideoDocument(size=Size(height=10, width=10)).apply(0, AddObject(object=1))
    >>> document = document.apply(7, AddPoint(object=1, x=3, y=4, label=1))
    >>> [said.frame for said in document.object(1).frames]
    [7]
    """

    size: Size
    objects: tuple[VideoObject, ...] = ()
    selected: int | None = None
    classes: tuple[LabelClass, ...] = ()
    current: str = ""

    @property
    def next_id(self) -> int:
        """The id the next new object takes."""
        return max((o.id for o in self.objects), default=0) + 1

    def object(self, id: int) -> VideoObject:
        """The object with this id; EditError if there is none."""
        for state in self.objects:
            if state.id == id:
                return state
        known = ", ".join(str(o.id) for o in self.objects) or "none"
        raise EditError(f"there is no object {id}; the document has: {known}")

    def at(self, frame: int) -> Document:
        """The document as one frame has it."""
        objects = tuple(o.seen_from(frame) for o in self.objects)
        return Document(
            size=self.size, objects=objects, selected=self.selected, classes=self.classes, current=self.current
        )

    def apply(self, frame: int, edit: VideoEdit, *, born: int = 0) -> "VideoDocument":
        """The document after an edit in a frame; EditError or PromptError if it does not fit.

        `born` is what a new object gets.
        """
        match edit:
            case ChooseCandidate():
                return self._chosen(frame, edit, self.at(frame).apply(edit))
            case SetThreshold() | AddStroke() | RemoveStroke() | PaintMask() | KeepMask():
                raise EditError("a video takes clicks, boxes and whole masks; scribbles and paint are for pictures")
            case MergeObjects() | SplitObject() | CutOverlap():
                raise EditError("the objects of a video are not merged, split or cut; that is for pictures")
            case SetMask():
                return self._masked(frame, edit)
            case _:
                return self._merged(frame, self.at(frame).apply(edit), edit, born)

    def _chosen(self, frame: int, edit: ChooseCandidate, seen: Document) -> "VideoDocument":
        said = self.object(edit.object).at(frame)
        if not said.is_ambiguous:
            raise EditError("only a lone click has candidates to choose from; in a tracked frame, click first")
        candidate = seen.object(edit.object).candidate
        return self._with(self.object(edit.object).saying(replace(said, candidate=candidate)))

    def _masked(self, frame: int, edit: SetMask) -> "VideoDocument":
        item = self.object(edit.object)
        if item.locked:
            raise EditError(f"object {edit.object} is locked; unlock it first")
        if edit.counts is None:
            return self._with(item.saying(replace(item.at(frame), mask=None)))
        read_counts(edit.counts, self.size)
        return self._with(item.saying(FramePrompts(frame=frame, mask=edit.counts)))

    def _merged(self, frame: int, seen: Document, edit: Edit, born: int) -> "VideoDocument":
        """The document whose `frame` now looks like `seen`."""
        old = {o.id: o for o in self.objects}
        objects: list[VideoObject] = []
        for state in seen.objects:
            item = old.get(state.id) or VideoObject(id=state.id, name=state.name, color=state.color, born=born)
            item = item.looking_like(state)
            said = item.at(frame)
            if isinstance(edit, _OF_PROMPTS) and edit.object == state.id:
                ends_mask = isinstance(edit, ClearPrompts) or (isinstance(edit, SetBox) and edit.box is not None)
                item = item.saying(said.with_prompts(state.prompts, None if ends_mask else said.mask))
            objects.append(item)
        return replace(self, objects=tuple(objects), selected=seen.selected, classes=seen.classes, current=seen.current)

    def _with(self, state: VideoObject) -> "VideoDocument":
        return replace(self, objects=tuple(state if o.id == state.id else o for o in self.objects))
