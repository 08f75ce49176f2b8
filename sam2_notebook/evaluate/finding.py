"""How well objects shown in a few pictures are found in others, with and without corrections on the way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from sam2_notebook.evaluate.finders import BoolMask, Finder
from sam2_notebook.evaluate.sets import SHOWN, LabelledSet
from sam2_notebook.values.masks import iou

POOR = 0.7  # a mask below this IoU is one that a user corrects


@dataclass(frozen=True, kw_only=True)
class FindScore:
    """One object of one set: IoU in each picture that has it (0 where it was missed), whether its presence was told
    right in each picture that has it and in each that has not, and how often it was corrected."""

    ious: tuple[float, ...]
    seen: tuple[bool, ...]
    absent: tuple[bool, ...]
    corrections: int


@dataclass(frozen=True, kw_only=True)
class FindSummary:
    """Means: IoU over all pictures that have the object; the share of all pictures of which presence was told right; of
    those without the object, the share in which nothing was found (None without any); corrections per object."""

    objects: int
    iou: float
    presence: float
    absent: float | None
    corrections: float


def find_in_others(finder: Finder, sets: Iterable[LabelledSet], shown: int, *, corrected: bool = False) -> FindSummary:
    """Show every object in the first pictures of its set, then look for it in those that come after the first three.

    With `corrected`, all pictures after those shown are walked through in order, and wherever the mask is poor, or is
    there when it should not, the truth is remembered before the next one; what counts was found before that.
    """
    scores: list[FindScore] = []
    for some in sets:
        finder.begin()
        for index in range(some.masks.shape[1]):
            for picture in range(shown):
                finder.show(some.pixels[picture], index, some.masks[picture, index])
            scores.append(_score(finder, some, index, shown if corrected else SHOWN, corrected=corrected))
    return summarize_finds(scores)


def _score(finder: Finder, some: LabelledSet, index: int, first: int, *, corrected: bool) -> FindScore:
    ious: list[float] = []
    seen: list[bool] = []
    absent: list[bool] = []
    corrections = 0
    for picture in range(first, len(some.pixels)):
        wanted = some.masks[picture, index]
        got = finder.find(some.pixels[picture], index)
        if picture >= SHOWN and wanted.any():
            ious.append(iou(got, wanted))
            seen.append(bool(got.any()))
        elif picture >= SHOWN:
            absent.append(not got.any())
        if corrected and _is_poor(got, wanted):
            finder.show(some.pixels[picture], index, wanted)
            corrections += 1
    return FindScore(ious=tuple(ious), seen=tuple(seen), absent=tuple(absent), corrections=corrections)


def _is_poor(got: BoolMask, wanted: BoolMask) -> bool:
    return iou(got, wanted) < POOR if wanted.any() else bool(got.any())


def summarize_finds(scores: Sequence[FindScore]) -> FindSummary:
    """Means of many objects' scores; ValueError without any."""
    if not scores:
        raise ValueError("there are no objects to summarize")
    absent = [right for s in scores for right in s.absent]
    told = [right for s in scores for right in s.seen] + absent
    return FindSummary(
        objects=len(scores),
        iou=float(np.mean([value for s in scores for value in s.ious])),
        presence=float(np.mean(told)),
        absent=float(np.mean(absent)) if absent else None,
        corrections=float(np.mean([s.corrections for s in scores])),
    )
