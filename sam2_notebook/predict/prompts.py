"""From what a caller passes as points, labels, boxes and masks to one checked prompt per object."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from sam2_notebook.errors import PromptError
from sam2_notebook.values.geometry import Box, Size, check_inside
from sam2_notebook.values.masks import BoolMask
from sam2_notebook.values.prompts import MAX_POINTS

Numbers = npt.ArrayLike
FORMS = (
    "points are (n, 2) xy for one object, (objects, n, 2) or a list of (n, 2) arrays for several; "
    "boxes are (4,) or (objects, 4) as x0, y0, x1, y1; masks are (h, w) or (objects, h, w)"
)


@dataclass(frozen=True, eq=False)
class ObjectPrompt:
    """All a caller said of one object. `mask` holds low-resolution logits (float) or a mask of the picture (bool)."""

    points: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    box: Box | None
    mask: npt.NDArray[np.bool_] | npt.NDArray[np.float32] | None

    @property
    def given(self) -> BoolMask | None:
        """The mask of the picture that was said, which is taken as it is; None for logits, which are refined."""
        return np.asarray(self.mask, np.bool_) if self.mask is not None and self.mask.dtype == np.bool_ else None

    @property
    def is_ambiguous(self) -> bool:
        """Whether it is a single click and nothing else."""
        return len(self.points) == 1 and self.box is None and self.mask is None

    @property
    def shape(self) -> tuple[int, bool]:
        """What objects of one batch must share: the number of tokens, and whether there is a mask."""
        return len(self.points) + 2 * (self.box is not None), self.mask is not None


def object_prompts(
    points: Numbers | Sequence[Numbers] | None,
    labels: Numbers | Sequence[Numbers] | None,
    box: Numbers | Box | None,
    mask: Numbers | None,
    size: Size,
    mask_size: int,
) -> list[ObjectPrompt]:
    """One prompt per object, checked against the picture; PromptError says what is wrong and what is wanted."""
    clicks = _points(points)
    boxes = _boxes(box)
    masks = _masks(mask, mask_size)
    counts = {name: len(v) for name, v in (("points", clicks), ("box", boxes), ("mask", masks)) if v is not None}
    if not counts:
        raise PromptError("there is nothing to segment: give points, a box or a mask")
    if len(set(counts.values())) > 1:
        said = ", ".join(f"{name} for {count}" for name, count in counts.items())
        raise PromptError(f"the prompts speak of different numbers of objects ({said}); {FORMS}")
    count = next(iter(counts.values()))
    if count == 0:
        raise PromptError(f"the prompts speak of no object at all; {FORMS}")
    tags = _labels(labels, clicks)
    prompts = []
    for i in range(count):
        own = clicks[i] if clicks is not None else np.zeros((0, 2), np.float32)
        prompts.append(
            ObjectPrompt(
                points=own,
                labels=tags[i] if tags is not None else np.ones(len(own), np.int64),
                box=boxes[i] if boxes is not None else None,
                mask=masks[i] if masks is not None else None,
            )
        )
    for prompt in prompts:
        _check(prompt, size)
    return prompts


def _check(prompt: ObjectPrompt, size: Size) -> None:
    if len(prompt.points) > MAX_POINTS:
        raise PromptError(f"one object takes at most {MAX_POINTS} points; got {len(prompt.points)}")
    if len(prompt.points):
        check_inside(prompt.points, size)
    if prompt.box is not None:
        check_inside(np.array(prompt.box.as_tuple()).reshape(2, 2), size, "box corner")
    if prompt.given is not None:
        check_mask_of(prompt.given, size)
    if not len(prompt.points) and prompt.box is None and prompt.mask is None:
        raise PromptError("an object has no point, no box and no mask; leave it out or give it one")


def check_mask_of(mask: npt.NDArray[np.generic], size: Size) -> None:
    """Refuse a mask that is not of the whole picture: stretched, it would mean something else."""
    if mask.dtype != np.bool_ or mask.shape != (size.height, size.width):
        turned = mask.shape == (size.width, size.height)
        raise PromptError(
            f"a bool mask is of the whole picture, {size.height} high and {size.width} wide; got {mask.dtype} of the "
            f"shape {mask.shape}. "
            + ("Height comes first: transpose it." if turned else "Resize it, and compare it with a threshold, first.")
        )


def _array(value: object, what: str) -> npt.NDArray[np.float64]:
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise PromptError(f"{what} must be numbers, got {value!r:.80}; {FORMS}") from error


def _points(value: Numbers | Sequence[Numbers] | None) -> list[npt.NDArray[np.float32]] | None:
    if value is None:
        return None
    if _is_ragged(value):
        parts = [_array(v, "points") for v in value]  # type: ignore[union-attr]
    else:
        array = _array(value, "points")
        if array.ndim == 1 and array.size == 2:
            array = array[None]
        if array.ndim not in (2, 3) and array.size:
            raise PromptError(f"points have the shape {array.shape}; {FORMS}")
        parts = [array] if array.ndim == 2 else list(array)
    parts = [p.reshape(0, 2) if p.size == 0 else p for p in parts]
    for part in parts:
        if part.ndim != 2 or part.shape[1] != 2:
            raise PromptError(f"points have the shape {np.shape(part)}; {FORMS}")
    return [p.astype(np.float32) for p in parts]


def _is_ragged(value: object) -> bool:
    if isinstance(value, np.ndarray) or not isinstance(value, Sequence):
        return False
    shapes = {np.shape(v) for v in value}
    return len(shapes) > 1 and all(len(s) == 2 or s == (0,) for s in shapes)


def _labels(
    value: Numbers | Sequence[Numbers] | None, clicks: list[npt.NDArray[np.float32]] | None
) -> list[npt.NDArray[np.int64]] | None:
    if value is None:
        return None
    if clicks is None:
        raise PromptError("there are labels but no points; give the points they belong to")
    try:
        parts = [np.asarray(value)] if len(clicks) == 1 and np.ndim(value) <= 1 else [np.asarray(v) for v in value]  # type: ignore[union-attr]
    except (TypeError, ValueError):
        parts = []
    parts = [np.atleast_1d(p) for p in parts]
    wanted = [len(c) for c in clicks]
    if [p.shape for p in parts] != [(n,) for n in wanted]:
        raise PromptError(
            f"every point takes one label: wanted {wanted} labels per object, got {[p.shape for p in parts]}; "
            "1 is on the object, 0 is not"
        )
    for part in parts:
        if not np.isin(part, (0, 1)).all():
            raise PromptError(f"a label is 1 (on the object) or 0 (not on it); got {part.tolist()}")
    return [p.astype(np.int64) for p in parts]


def _boxes(value: Numbers | Box | None) -> list[Box] | None:
    if value is None:
        return None
    if isinstance(value, Box):
        return [value]
    if isinstance(value, Sequence) and value and all(isinstance(v, Box) for v in value):
        return list(value)  # type: ignore[arg-type]
    array = _array(value, "a box")
    if array.ndim == 1:
        array = array[None]
    if array.ndim != 2 or array.shape[1] != 4:
        raise PromptError(f"boxes have the shape {np.shape(value)}; {FORMS}")
    return [Box(*(float(v) for v in row)) for row in array]


def _masks(value: Numbers | None, mask_size: int) -> list[npt.NDArray[np.bool_]] | list[npt.NDArray[np.float32]] | None:
    if value is None:
        return None
    array = np.asarray(value)
    if array.ndim == 2:
        array = array[None]
    if array.ndim != 3 or 0 in array.shape[1:]:
        raise PromptError(f"masks have the shape {np.shape(value)}; {FORMS}")
    if array.dtype == np.bool_:
        return list(array)
    if not np.issubdtype(array.dtype, np.floating) or array.shape[1:] != (mask_size, mask_size):
        raise PromptError(
            f"a mask prompt is a bool mask of the whole picture, or the logits of an earlier answer, "
            f"float of {mask_size} x {mask_size}; got {array.dtype} of {array.shape[1]} x {array.shape[2]}. "
            "Compare a picture of 0 and 255 with `> 127` first"
        )
    if not np.isfinite(array).all():
        raise PromptError("a mask prompt holds values that are not finite")
    return list(array.astype(np.float32))
