"""Prompts in the page's shapes: which numbers are one object and which are several."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from sam2_notebook.errors import PromptError

FORMS = (
    "points are [x, y] for one object, [[x, y], [x, y]] for two objects of one point each, "
    "[[[x, y], [x, y]]] for one object of two points; labels are 1 on the object and 0 not, shaped alike; "
    "bboxes are [x1, y1, x2, y2] or a list of them; masks are (height, width) or (objects, height, width)"
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Said:
    """All that is said of one object, in image pixels; None where nothing is."""

    points: npt.NDArray[np.float64] | None = None
    labels: npt.NDArray[np.int64] | None = None
    box: npt.NDArray[np.float64] | None = None
    mask: npt.NDArray[np.bool_] | None = None


def page_prompts(points: object, labels: object, bboxes: object, masks: object) -> list[Said] | None:
    """One `Said` per object; PromptError if the shapes make no sense.

    None if nothing is given, which asks for everything there is. An empty list asks for nothing: a detector that has
    found no box says so.

    >>> page_prompts(None, None, None, None), page_prompts(None, None, [], None)
    (None, [])
    >>> [len(s.points) for s in page_prompts([[400, 370], [900, 370]], [1, 1], None, None)]
    [1, 1]
    >>> [s.labels.tolist() for s in page_prompts([[[400, 370], [900, 370]]], [[1, 0]], None, None)]
    [[1, 0]]
    """
    points, labels, bboxes, masks = (_off_torch(value) for value in (points, labels, bboxes, masks))
    clicks, boxes, shapes = _points(points), _boxes(bboxes), _masks(masks)
    given = [kind for kind in (clicks, boxes, shapes) if kind is not None]
    if not given and labels is None:
        return None
    if any(given):  # beside others an empty one says nothing
        clicks, boxes, shapes = clicks or None, boxes or None, shapes or None
    tags = _labels(labels, clicks)
    counts = {name: len(v) for name, v in (("points", clicks), ("bboxes", boxes), ("masks", shapes)) if v is not None}
    if len(set(counts.values())) > 1:
        said = ", ".join(f"{name} for {count}" for name, count in counts.items())
        raise PromptError(f"the prompts speak of different numbers of objects ({said}); {FORMS}")
    return [
        Said(
            points=None if clicks is None else clicks[i],
            labels=None if tags is None else tags[i],
            box=None if boxes is None else boxes[i],
            mask=None if shapes is None else shapes[i],
        )
        for i in range(max(counts.values(), default=0))
    ]


def _off_torch(value: object) -> object:
    """Tensors as arrays, in lists too: on a GPU, or part of a training, NumPy cannot read them."""
    if isinstance(value, torch.Tensor):
        tensor = value.detach().cpu()
        return (tensor.double() if tensor.is_floating_point() else tensor).numpy()
    return [_off_torch(item) for item in value] if isinstance(value, list | tuple) else value


def _numbers(value: object, what: str) -> npt.NDArray[np.float64]:
    try:
        return np.asarray(value, dtype=np.float64)
    except (OverflowError, TypeError, ValueError) as error:
        raise PromptError(f"{what} must be numbers, got {value!r:.80}; {FORMS}") from error


def _points(value: object) -> list[npt.NDArray[np.float64]] | None:
    if value is None:
        return None
    if isinstance(value, Sequence) and not isinstance(value, str) and len({np.shape(_loose(v)) for v in value}) > 1:
        parts = [np.atleast_2d(_numbers(v, "points")) for v in value]
    else:
        array = _numbers(value, "points")
        if array.size == 0:
            return []
        parts = [array[None]] if array.ndim < 2 else [p[None] for p in array] if array.ndim == 2 else list(array)
    for part in parts:
        if part.ndim != 2 or part.shape[1] != 2 or not len(part):
            raise PromptError(f"points have the shape {np.shape(_loose(value))}; {FORMS}")
    return parts


def _loose(value: object) -> npt.NDArray[np.object_]:
    """Its shape tells ragged lists apart; they never raise here."""
    try:
        return np.asarray(value, dtype=object)
    except ValueError:
        return np.empty((), dtype=object)


def _labels(value: object, clicks: list[npt.NDArray[np.float64]] | None) -> list[npt.NDArray[np.int64]] | None:
    if clicks is None:
        if value is not None:
            raise PromptError(f"there are labels but no points; {FORMS}")
        return None
    if value is None:
        return [np.ones(len(part), np.int64) for part in clicks]
    items = list(value) if isinstance(value, Iterable) and np.ndim(_loose(value)) else [value]
    if len(clicks) == 1 and len(items) == len(clicks[0]) and all(np.ndim(_loose(item)) == 0 for item in items):
        items = [items]
    tags = [np.atleast_1d(_numbers(item, "labels")) for item in items]
    if [t.shape for t in tags] != [(len(part),) for part in clicks]:
        raise PromptError(
            f"every point takes one label: wanted {[len(part) for part in clicks]} labels per object, got "
            f"{[t.shape[0] if t.ndim == 1 else t.shape for t in tags]}; {FORMS}"
        )
    if not all(np.isin(t, (0, 1)).all() for t in tags):
        raise PromptError(f"a label is 1 (on the object) or 0 (not on it); got {value!r:.80}")
    return [t.astype(np.int64) for t in tags]


def _boxes(value: object) -> list[npt.NDArray[np.float64]] | None:
    if value is None:
        return None
    array = np.atleast_2d(_numbers(value, "bboxes"))
    if array.size == 0:
        return []
    if array.ndim != 2 or array.shape[1] != 4:
        raise PromptError(f"bboxes have the shape {np.shape(_loose(value))}; {FORMS}")
    return list(array)


def _masks(value: object) -> list[npt.NDArray[np.bool_]] | None:
    if value is None:
        return None
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise PromptError(f"masks are all of one size; got {value!r:.80}; {FORMS}") from error
    if array.shape[:1] == (0,):
        return []
    if array.ndim == 2:
        array = array[None]
    if array.ndim != 3 or not array.size:
        raise PromptError(f"masks have the shape {array.shape}; {FORMS}")
    if array.dtype != np.bool_:
        levels = np.unique(array) if array.dtype.kind in "iuf" else np.zeros(0)
        if not len(levels) or not (set(levels.tolist()) <= {0, 1} or set(levels.tolist()) <= {0, 255}):
            raise PromptError(
                f"a mask prompt is a bool mask, or one of 0 and 1 or of 0 and 255; got {array.dtype} with "
                f"{len(levels)} levels. Compare logits with `> 0` first"
            )
    return list(array > 0)
