"""A session as the page and the notebook see it. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sam2_notebook.protocol.codecs import encode_logits8
from sam2_notebook.protocol.messages import (
    AttributeView,
    Buffer,
    CandidatesData,
    CandidatesRequest,
    DocumentView,
    ObjectResult,
    ObjectView,
    PointView,
    Scores,
    StrokeView,
)
from sam2_notebook.protocol.palette import color_of
from sam2_notebook.values.classes import AttributeValue
from sam2_notebook.values.document import ObjectState
from sam2_notebook.values.geometry import Box
from sam2_notebook.values.masks import BoolMask
from sam2_notebook.values.prompts import Point
from sam2_notebook.values.strokes import Stroke
from sam2_notebook.widgets.channel import Packet
from sam2_notebook.widgets.session import SessionState, Shown


@dataclass(frozen=True, kw_only=True)
class SegmentedObject:
    """One object as a cell sees it. Pixels are those of the picture; `color` is red, green, blue from 0 to 255.

    `score` is the IoU that the model expects of the mask, 0 to 1, and `area` its number of pixels; without a mask they
    are None and 0. `scores` are those of all candidates, `candidate` says which one is shown, and `threshold` above
    which logit a pixel is in it. A mask that `is_drawn` was made by hand, and has no score; one that is `kept` stays.
    `label` is its class, empty for none, and `attributes` is what was noted about it.
    """

    id: int
    name: str
    color: tuple[int, int, int]
    visible: bool
    locked: bool
    label: str
    attributes: Mapping[str, AttributeValue]
    points: tuple[Point, ...]
    box: Box | None
    strokes: tuple[Stroke, ...]
    score: float | None
    scores: tuple[float, ...]
    candidate: int | None
    threshold: float
    is_drawn: bool
    kept: bool
    area: int


def segmented_objects(state: SessionState) -> tuple[SegmentedObject, ...]:
    """All objects of a session, in drawing order."""
    return tuple(_segmented(o, state.shown.get(o.id)) for o in state.document.objects)


def _segmented(state: ObjectState, shown: Shown | None) -> SegmentedObject:
    return SegmentedObject(
        id=state.id,
        name=state.name,
        color=color_of(state.color).rgb,
        visible=state.visible,
        locked=state.locked,
        label=state.label,
        attributes=state.attributes,
        points=state.prompts.points,
        box=state.prompts.box,
        strokes=state.prompts.strokes,
        score=shown.score if shown else None,
        scores=shown.outcome.scores if shown else (),
        candidate=shown.candidate if shown else None,
        threshold=state.threshold,
        is_drawn=state.is_drawn,
        kept=state.kept,
        area=shown.mask.area if shown else 0,
    )


class Masks(Mapping[int, BoolMask]):
    """The masks of one moment by object id, decoded when looked at."""

    def __init__(self, state: SessionState) -> None:
        self._coded = {o.id: state.shown[o.id].mask for o in state.document.objects if o.id in state.shown}

    def __getitem__(self, id_: int) -> BoolMask:
        return self._coded[id_].decode()

    def __iter__(self) -> Iterator[int]:
        return iter(self._coded)

    def __len__(self) -> int:
        return len(self._coded)

    def __repr__(self) -> str:
        return "Masks(" + ", ".join(f"{id_}: {mask.area} px" for id_, mask in self._coded.items()) + ")"


def document_view(state: SessionState, stored: Mapping[int, float] | None = None) -> DocumentView:
    """The document as the page draws it. `stored` are scores from before for masks that no model made here."""
    kept = stored or {}
    return DocumentView(
        rev=state.rev,
        objects=tuple(_object_view(o, state.shown.get(o.id), kept.get(o.id)) for o in state.document.objects),
        selected=state.document.selected,
        classes=state.document.classes,
        current=state.document.current,
        can_undo=state.can_undo,
        can_redo=state.can_redo,
    )


def _object_view(state: ObjectState, shown: Shown | None, stored: float | None) -> ObjectView:
    return ObjectView(
        id=state.id,
        name=state.name,
        color=state.color,
        visible=state.visible,
        locked=state.locked,
        label=state.label,
        attributes=attribute_views(state.attributes),
        points=tuple(PointView(x=p.x, y=p.y, label=p.label) for p in state.prompts.points),
        box=state.prompts.box.as_tuple() if state.prompts.box else None,
        strokes=tuple(StrokeView(path=s.path, width=s.width, label=s.label) for s in state.prompts.strokes),
        drawn=0 if state.drawing is None else 1 + len(state.drawing.strokes),
        kept=state.kept,
        proposed=state.proposed,
        candidate=state.candidate,
        threshold=state.threshold,
        scores=(_scores(shown) or _kept_scores(stored)) if shown else None,
        result_rev=shown.rev if shown else None,
        area=shown.mask.area if shown else 0,
    )


def attribute_views(attributes: Mapping[str, AttributeValue]) -> tuple[AttributeView, ...]:
    """Attributes as the page reads them."""
    return tuple(AttributeView(name=name, value=value) for name, value in attributes.items())


def _scores(shown: Shown) -> Scores | None:
    outcome = shown.outcome
    return (
        None
        if outcome.is_hand_made
        else Scores(
            iou=outcome.scores,
            object_score=outcome.object_score,
            best=outcome.best,
            milliseconds=round(outcome.milliseconds, 1),
        )
    )


def _kept_scores(stored: float | None) -> Scores | None:
    return None if stored is None else Scores(iou=(stored,), object_score=None, best=0, milliseconds=0.0)


def mask_buffers(state: SessionState) -> tuple[tuple[Buffer, ...], tuple[bytes, ...]]:
    """The masks of all objects that have one."""
    masks = [(id_, shown.mask) for id_, shown in state.shown.items()]
    described = tuple(
        Buffer(what="rle", shape=(mask.size.height, mask.size.width), scale=1.0, object=id_) for id_, mask in masks
    )
    return described, tuple(mask.rle for _, mask in masks)


def result_packet(epoch: str, id_: int, state: SessionState) -> Packet:
    """What the model says of an object now; empty if it has no mask."""
    shown = state.shown.get(id_)
    if shown is None:
        return Packet(ObjectResult(epoch=epoch, object=id_, rev=state.rev, scores=None, area=0, buffers=()))
    mask = shown.mask
    rle = Buffer(what="rle", shape=(mask.size.height, mask.size.width), scale=1.0, object=id_)
    buffers = [*_logits_buffers(id_, shown), (rle, mask.rle)]
    message = ObjectResult(
        epoch=epoch,
        object=id_,
        rev=shown.rev,
        scores=_scores(shown),
        area=mask.area,
        buffers=tuple(described for described, _ in buffers),
    )
    return Packet(message, tuple(data for _, data in buffers))


def candidates_packet(request: CandidatesRequest, state: SessionState) -> Packet:
    """The answer to a request for an object's candidates; EditError if there is no such object."""
    state.document.object(request.object)
    shown = state.shown.get(request.object)
    buffers = _logits_buffers(request.object, shown) if shown else []
    message = CandidatesData(
        view=request.view,
        seq=request.seq,
        object=request.object,
        rev=shown.rev if shown else state.rev,
        buffers=tuple(described for described, _ in buffers),
    )
    return Packet(message, tuple(data for _, data in buffers))


def _logits_buffers(id_: int, shown: Shown) -> list[tuple[Buffer, bytes]]:
    if shown.outcome.is_hand_made:
        return []
    data, scale = encode_logits8(shown.outcome.logits)
    return [(Buffer(what="logits8", shape=shown.outcome.logits.shape, scale=scale, object=id_), data)]
