"""Adding to and taking from what was said of an object in one frame."""

from dataclasses import replace
from typing import Literal

import numpy as np

from sam2_notebook.errors import PromptError
from sam2_notebook.predict.prompts import Numbers, ObjectPrompt, object_prompts
from sam2_notebook.values.geometry import Box, Size
from sam2_notebook.values.plain import whole
from sam2_notebook.values.prompts import MAX_POINTS
from sam2_notebook.values.words import counted

PromptKind = Literal["point", "box", "mask"]


def one_prompt(
    points: Numbers | None, labels: Numbers | None, box: Numbers | Box | None, mask: Numbers | None, size: Size
) -> ObjectPrompt:
    """What a caller says of one object, checked against the frame; PromptError says what is wrong."""
    if mask is not None and (points is not None or box is not None):
        raise PromptError("a mask says all of an object: give it alone, and correct it with points afterwards")
    if mask is not None and np.asarray(mask).dtype != np.bool_:
        raise PromptError(
            f"a mask prompt of a video is a bool mask of the frame, got {np.asarray(mask).dtype}; compare a picture of "
            "0 and 255 with `> 127`, or logits with `> 0`, first"
        )
    prompts = object_prompts(points, labels, box, mask, size, mask_size=0)
    if len(prompts) != 1:
        raise PromptError(f"prompts of a video speak of one object at a time; these speak of {len(prompts)}")
    return prompts[0]


def joined(old: ObjectPrompt | None, new: ObjectPrompt) -> ObjectPrompt:
    """Both prompts as one: clicks add up, a newer box replaces the older, a mask and clicks replace one another."""
    if old is None or old.mask is not None or new.mask is not None:
        return new
    if len(old.points) + len(new.points) > MAX_POINTS:
        raise PromptError(f"one object takes at most {MAX_POINTS} points in a frame")
    return ObjectPrompt(
        points=np.concatenate((old.points, new.points)),
        labels=np.concatenate((old.labels, new.labels)),
        box=old.box if new.box is None else new.box,
        mask=None,
    )


def without(prompt: ObjectPrompt, kind: PromptKind, index: int) -> ObjectPrompt | None:
    """The prompt without its box, its mask or one of its clicks; None if nothing is left of it."""
    if kind == "box" and prompt.box is not None:
        left = replace(prompt, box=None)
    elif kind == "point" and (place := whole(index)) is not None and -len(prompt.points) <= place < len(prompt.points):
        left = replace(prompt, points=np.delete(prompt.points, place, 0), labels=np.delete(prompt.labels, place))
    elif kind == "mask" and prompt.mask is not None:
        return None
    else:
        has = [counted(len(prompt.points), "point")] * bool(len(prompt.points))
        has += ["a box"] * (prompt.box is not None) + ["a mask"] * (prompt.mask is not None)
        asked = f"point {index!r}" if kind == "point" else kind
        raise PromptError(f"there is no {asked} to remove here; the prompts are {', '.join(has)}")
    return left if len(left.points) or left.box is not None else None
