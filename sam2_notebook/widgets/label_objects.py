"""Objects of a document as annotations of a store, and back. Pure.

A store keeps an object's mask, and beside it, in `made_with`, what it was made with, as JSON. That has `pending` as
long as the mask is older than its clicks: then whoever opens the image asks the model again. An object whose mask is
up to date comes back as a drawing, so that its pixels are the same whatever model is in use by then; clicks go on from
it.
"""

import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sam2_notebook.labels.queue import disagreement
from sam2_notebook.labels.schema import Annotation
from sam2_notebook.values.classes import AttributeValue
from sam2_notebook.values.document import ObjectState
from sam2_notebook.values.drawing import Drawing
from sam2_notebook.values.geometry import Box, Size
from sam2_notebook.values.masks import Rle
from sam2_notebook.values.prompts import Point, Prompts
from sam2_notebook.values.strokes import Stroke
from sam2_notebook.widgets.outcome import Outcome
from sam2_notebook.widgets.session import Shown

NOTE = "note"  # the attribute that is an annotation's note
STABLE_BY = 1.0  # logits up and down, as in segment everything


def annotation_of(state: ObjectState, before: Annotation | None, size: Size, *, is_pending: bool) -> Annotation | None:
    """What a store keeps of an object; None if there is nothing to keep yet. `before` is what it keeps now."""
    if not state.prompts and state.drawing is None:
        return None
    old = before or Annotation(label=state.label or "object", mask=nothing(size))
    attributes = {name: value for name, value in state.attributes.items() if name != NOTE}
    kept = replace(
        old,
        label=state.label or old.label,
        attributes=attributes,
        note=str(state.attributes.get(NOTE, "")),
        proposed=state.proposed,
        made_with=_words(state, is_pending=is_pending),
    )
    if state.is_drawn and state.drawing is not None and not _is_same(state.drawing, old):
        rle = Rle.from_mask(state.drawing.mask(size))
        return replace(kept, mask=rle, box=None, score=None, stability=None, disagreement=None)
    return kept


def with_mask(annotation: Annotation, state: ObjectState, shown: Shown) -> Annotation:
    """The annotation with the mask that the model has made for it, and what the model thinks of that."""
    outcome = shown.outcome
    made = replace(
        annotation,
        mask=Rle.from_mask(shown.mask.decode()),
        box=None,
        made_with=_words(state, is_pending=False),
        score=None,
        stability=None,
        disagreement=None,
    )
    if outcome.is_hand_made or shown.score is None:
        return made
    logits = outcome.hint(shown.chosen)
    return replace(
        made,
        score=float(np.clip(shown.score, 0, 1)),
        stability=stability(logits),
        disagreement=apart(outcome),
    )


def state_of(annotation: Annotation, id: int, color: int) -> ObjectState | None:
    """The object that an annotation is; None for one of the image as a whole, which has no place in it."""
    if annotation.mask is None and annotation.box is None:
        return None
    made_with = _read(annotation.made_with)
    attributes: dict[str, AttributeValue] = dict(annotation.attributes)
    if annotation.note:
        attributes[NOTE] = annotation.note
    drawing = None
    if annotation.mask is not None and annotation.mask.area:
        drawing = Drawing(counts=annotation.mask.to_coco()["counts"])
    pending = is_pending(annotation)
    prompts = _prompts(made_with) if pending else Prompts(box=annotation.box if annotation.mask is None else None)
    name = made_with.get("name")
    return ObjectState(
        id=id,
        name=name if isinstance(name, str) else f"object {id}",
        color=color,
        prompts=prompts,
        drawing=drawing,
        kept=made_with.get("kept") is True and not pending,
        locked=made_with.get("locked") is True,
        proposed=annotation.proposed,
        label=annotation.label,
        attributes=attributes,
    )


def is_pending(annotation: Annotation) -> bool:
    """Whether the mask is older than what it is to be made with.

    >>> is_pending(Annotation(label="leaf", box=Box(0, 0, 4, 4), made_with='{"pending": true}'))
    True
    """
    return _read(annotation.made_with).get("pending") is True


def is_box(annotation: Annotation) -> bool:
    """Whether it is a box, as imports have them, for which nobody has asked for a mask.

    >>> is_box(Annotation(label="leaf", box=Box(0, 0, 4, 4)))
    True
    """
    return annotation.mask is None and annotation.box is not None and not is_pending(annotation)


def nothing(size: Size) -> Rle:
    """A mask without pixels.

    >>> nothing(Size(height=2, width=3)).area
    0
    """
    return Rle(size, (size.height * size.width,))


def stability(logits: npt.NDArray[np.floating]) -> float:
    """IoU of the masks that the logits make a little above and a little below their edge.

    >>> stability(np.array([[3.0, 3.0, 0.5, -3.0]]))
    0.6666666666666666
    """
    wide = int(np.count_nonzero(logits > -STABLE_BY))
    return int(np.count_nonzero(logits > STABLE_BY)) / wide if wide else 1.0


def apart(outcome: Outcome) -> float | None:
    """How far the candidates of a click are apart, 0 to 1; None where there is only one."""
    return disagreement(outcome.logits > 0) if len(outcome.scores) > 1 else None


def _is_same(drawing: Drawing, annotation: Annotation) -> bool:
    """Whether the annotation has the drawing's mask already."""
    if drawing.strokes or annotation.mask is None:
        return False
    return annotation.mask.to_coco()["counts"] == drawing.counts


def _words(state: ObjectState, *, is_pending: bool) -> str:
    prompts = state.prompts
    words: dict[str, object] = {
        "name": state.name if state.name != f"object {state.id}" else None,
        "points": [[p.x, p.y, p.label] for p in prompts.points],
        "box": prompts.box.as_tuple() if prompts.box else None,
        "strokes": [[s.path, s.width, s.label] for s in prompts.strokes],
        "candidate": state.candidate,
        "threshold": state.threshold,
        "kept": state.kept,
        "locked": state.locked,
        "pending": is_pending,
    }
    return json.dumps({name: value for name, value in words.items() if value not in (None, [], False, 0.0)})


def _read(text: str) -> Mapping[str, object]:
    """What `_words` wrote; nothing where another tool wrote something else."""
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _prompts(made_with: Mapping[str, object]) -> Prompts:
    """The clicks that wait for their mask; none where they cannot be read."""
    try:
        box = made_with.get("box")
        return Prompts(
            points=tuple(Point(float(x), float(y), int(label)) for x, y, label in _rows(made_with, "points")),
            box=Box(*map(float, box)) if isinstance(box, list) else None,
            strokes=tuple(
                Stroke(str(path), float(width), int(label)) for path, width, label in _rows(made_with, "strokes")
            ),
        )
    except (TypeError, ValueError):
        return Prompts()


def _rows(made_with: Mapping[str, object], name: str) -> list[list[str | float]]:
    rows = made_with.get(name, [])
    return [row for row in rows if isinstance(row, list)] if isinstance(rows, list) else []
