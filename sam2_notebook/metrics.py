"""Measures of interactive segmentation: how good a mask is after so many clicks, or with a box."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sam2_notebook.training.clicks import deepest_error
from sam2_notebook.values.geometry import Box
from sam2_notebook.values.masks import bounding_box, iou

BoolMask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Click:
    """A click in image pixels and its label, 1 on the object."""

    x: float
    y: float
    label: int


class Subject(Protocol):
    """Something that turns prompts on one picture into a mask: a model, or a baseline."""

    @property
    def name(self) -> str:
        """What tables call it."""
        ...

    def segment(self, pixels: npt.NDArray[np.uint8], clicks: Sequence[Click], box: Box | None) -> BoolMask:
        """A mask for all clicks so far, or for a box; called with growing lists of clicks on the same object."""
        ...

    def best_of(self, pixels: npt.NDArray[np.uint8], click: Click) -> Sequence[BoolMask]:
        """All candidates for a single click."""
        ...


@dataclass(frozen=True, kw_only=True)
class ObjectScore:
    """IoUs of one object: with its box, after 1..n clicks, and of the best candidate of the first click."""

    box: float
    clicks: tuple[float, ...]
    best: float

    def clicks_to(self, quality: float) -> int:
        """NoC: clicks needed to reach an IoU, the number tried if it was not reached.

        >>> ObjectScore(box=0.9, clicks=(0.5, 0.86, 0.91), best=0.6).clicks_to(0.85)
        2
        """
        return next((i + 1 for i, value in enumerate(self.clicks) if value >= quality), len(self.clicks))


def score_object(subject: Subject, pixels: npt.NDArray[np.uint8], wanted: BoolMask, clicks: int = 5) -> ObjectScore:
    """Play the deterministic user: a box; then clicks, each on the deepest error of the mask before it."""
    box = bounding_box(wanted)
    if box is None:
        raise ValueError("the wanted mask is empty; leave out objects nobody can see")
    with_box = iou(subject.segment(pixels, (), box), wanted)
    mask = np.zeros_like(wanted)
    done: list[Click] = []
    values: list[float] = []
    best = 0.0
    for turn in range(clicks):
        wrong = deepest_error(wanted, mask)
        if wrong is None:  # perfect: further clicks change nothing
            values.append(1.0)
            continue
        done.append(Click(*wrong))
        if turn == 0:
            best = max(iou(m, wanted) for m in subject.best_of(pixels, done[0]))
        mask = subject.segment(pixels, tuple(done), None)
        values.append(iou(mask, wanted))
    return ObjectScore(box=with_box, clicks=tuple(values), best=best)


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Means over objects: IoU at 1 click, best candidate, box, all clicks; NoC@80/85/90; area under the click curve."""

    objects: int
    click: float
    best: float
    box: float
    last: float
    noc80: float
    noc85: float
    noc90: float
    auc: float


def summarize(scores: Sequence[ObjectScore]) -> Summary:
    """Means of many objects' scores; ValueError without any."""
    if not scores:
        raise ValueError("there are no objects to summarize")
    curves = np.array([s.clicks for s in scores])
    return Summary(
        objects=len(scores),
        click=float(curves[:, 0].mean()),
        best=float(np.mean([s.best for s in scores])),
        box=float(np.mean([s.box for s in scores])),
        last=float(curves[:, -1].mean()),
        noc80=float(np.mean([s.clicks_to(0.80) for s in scores])),
        noc85=float(np.mean([s.clicks_to(0.85) for s in scores])),
        noc90=float(np.mean([s.clicks_to(0.90) for s in scores])),
        auc=float(curves.mean()),
    )
