"""Measures of segmentation in their standard definitions.

Pictures: IoU with a box and after so many clicks, clicks to a quality (NoC), area under the click curve, and whether
the predicted quality orders masks as the true one does. Videos: DAVIS's region similarity J and boundary accuracy F.
"""

import math
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


@dataclass(frozen=True)
class Answer:
    """A mask, and the IoU its subject predicts for it, None where it predicts none."""

    mask: BoolMask
    quality: float | None = None


class Subject(Protocol):
    """Something that turns prompts on one picture into a mask: a model, or a baseline."""

    @property
    def name(self) -> str:
        """What tables call it."""
        ...

    def segment(self, pixels: npt.NDArray[np.uint8], clicks: Sequence[Click], box: Box | None) -> Answer:
        """A mask for all clicks so far, or for a box; called with growing lists of clicks on the same object."""
        ...

    def best_of(self, pixels: npt.NDArray[np.uint8], click: Click) -> Sequence[Answer]:
        """All candidates for a single click."""
        ...


def boundary_f(got: BoolMask, wanted: BoolMask, tolerance: float = 0.008) -> float:
    """DAVIS's F: the harmonic mean of how much of each outline lies near the other, within a share of the diagonal.

    >>> square = np.zeros((40, 40), bool); square[10:30, 10:30] = True
    >>> boundary_f(square, square), boundary_f(np.zeros_like(square), square)
    (1.0, 0.0)
    """
    import cv2

    if got.shape != wanted.shape:
        raise ValueError(f"masks of one size can be compared; these are {got.shape} and {wanted.shape}")
    outlines = _outline(got), _outline(wanted)
    if not outlines[0].any() and not outlines[1].any():
        return 1.0
    radius = math.ceil(tolerance * math.hypot(*wanted.shape))
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    disc = (x**2 + y**2 <= radius**2).astype(np.uint8)
    near = [cv2.dilate(o.view(np.uint8), disc) > 0 for o in outlines]
    precision = float(near[1][outlines[0]].mean()) if outlines[0].any() else 1.0
    recall = float(near[0][outlines[1]].mean()) if outlines[1].any() else 1.0
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _outline(mask: BoolMask) -> BoolMask:
    """Pixels that differ from the one to the right, below, or between both, as in the DAVIS code."""
    edge = np.zeros_like(mask)
    edge[:, :-1] |= mask[:, :-1] ^ mask[:, 1:]
    edge[:-1] |= mask[:-1] ^ mask[1:]
    edge[:-1, :-1] |= mask[:-1, :-1] ^ mask[1:, 1:]
    return edge


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """Rank correlation, ties sharing their mean rank; 0 where one of both does not vary.

    >>> round(spearman([1, 2, 3, 4], [10, 30, 20, 40]), 2)
    0.8
    """
    ranks = np.stack([_ranks(np.asarray(values, dtype=np.float64)) for values in (first, second)])
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    size = float(np.sqrt((centred**2).sum(axis=1).prod()))
    return float((centred[0] * centred[1]).sum()) / size if size else 0.0


def _ranks(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]


@dataclass(frozen=True, kw_only=True)
class ObjectScore:
    """IoUs of one object: with its box, after 1..n clicks, and of the best candidate of the first click.

    `edge_box` and `edge_last` are the boundary F of the box's mask and of the last click's. `guesses` pair predicted
    with true IoUs of all answers that predict one; `candidates_differ` is 1 - the mean IoU between the candidates.
    """

    box: float
    clicks: tuple[float, ...]
    best: float
    edge_box: float = 0.0
    edge_last: float = 0.0
    guesses: tuple[tuple[float, float], ...] = ()
    candidates_differ: float = 0.0

    def clicks_to(self, quality: float) -> int:
        """NoC: clicks needed to reach an IoU, the number tried if it was not reached.

        >>> ObjectScore(box=0.9, clicks=(0.5, 0.86, 0.91), best=0.6).clicks_to(0.85)
        2
        """
        return next((i + 1 for i, value in enumerate(self.clicks) if value >= quality), len(self.clicks))


def deepest_click(wanted: BoolMask, got: BoolMask | None = None) -> Click | None:
    """Where the deterministic user clicks: on the deepest error of a mask (none yet: an empty one); None if perfect."""
    wrong = deepest_error(wanted, np.zeros_like(wanted) if got is None else got)
    return None if wrong is None else Click(*wrong)


def score_object(subject: Subject, pixels: npt.NDArray[np.uint8], wanted: BoolMask, clicks: int = 5) -> ObjectScore:
    """Play the deterministic user: a box; then clicks, each on the deepest error of the mask before it."""
    box = bounding_box(wanted)
    if box is None:
        raise ValueError("the wanted mask is empty; leave out objects nobody can see")
    boxed = subject.segment(pixels, (), box)
    answers = [boxed]
    mask = np.zeros_like(wanted)
    done: list[Click] = []
    values: list[float] = []
    candidates: Sequence[Answer] = ()
    for turn in range(clicks):
        click = deepest_click(wanted, mask)
        if click is None:  # perfect: further clicks change nothing
            values.append(1.0)
            continue
        done.append(click)
        if turn == 0:
            candidates = subject.best_of(pixels, done[0])
        answers.append(subject.segment(pixels, tuple(done), None))
        mask = answers[-1].mask
        values.append(iou(mask, wanted))
    answers += candidates
    return ObjectScore(
        box=iou(boxed.mask, wanted),
        clicks=tuple(values),
        best=max(iou(c.mask, wanted) for c in candidates),
        edge_box=boundary_f(boxed.mask, wanted),
        edge_last=boundary_f(mask, wanted),
        guesses=tuple((a.quality, iou(a.mask, wanted)) for a in answers if a.quality is not None),
        candidates_differ=_difference([c.mask for c in candidates]),
    )


def _difference(masks: Sequence[BoolMask]) -> float:
    pairs = [(a, b) for i, a in enumerate(masks) for b in masks[i + 1 :]]
    return 1 - float(np.mean([iou(a, b) for a, b in pairs])) if pairs else 0.0


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Means over objects: IoU at 1 click, best candidate, box, all clicks; NoC@80/85/90; area under the click curve;
    boundary F with a box and after all clicks; Spearman of predicted and true IoU, None for subjects that predict none;
    how much the candidates differ, 0..1."""

    objects: int
    click: float
    best: float
    box: float
    last: float
    noc80: float
    noc85: float
    noc90: float
    auc: float
    edge_box: float
    edge_last: float
    quality_rank: float | None
    candidates_differ: float


def summarize(scores: Sequence[ObjectScore]) -> Summary:
    """Means of many objects' scores; ValueError without any."""
    if not scores:
        raise ValueError("there are no objects to summarize")
    curves = np.array([s.clicks for s in scores])
    guesses = [pair for s in scores for pair in s.guesses]
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
        edge_box=float(np.mean([s.edge_box for s in scores])),
        edge_last=float(np.mean([s.edge_last for s in scores])),
        quality_rank=spearman(*zip(*guesses, strict=True)) if guesses else None,
        candidates_differ=float(np.mean([s.candidates_differ for s in scores])),
    )


@dataclass(frozen=True, kw_only=True)
class TrackScore:
    """One object followed through a clip: J and F of every frame that counts, and of those in which it is hidden,
    whether that was noticed (the mask was empty)."""

    j: tuple[float, ...]
    f: tuple[float, ...]
    absent: tuple[bool, ...]


def score_track(got: npt.NDArray[np.bool_], wanted: npt.NDArray[np.bool_], *, first: int = 1) -> TrackScore:
    """Compare masks (frames, height, width) from frame `first` on to the last but one, as DAVIS does: the first frame
    was given, the last is left out. Clips of two frames count to the end. ValueError where no frame would count."""
    if got.shape != wanted.shape or wanted.ndim != 3:
        raise ValueError(f"masks are (frames, height, width), of one shape; these are {got.shape} and {wanted.shape}")
    if not 0 <= first < len(wanted):
        raise ValueError(f"a clip of {len(wanted)} frames has none from frame {first} on to compare")
    last = len(wanted) - 1 if len(wanted) > first + 1 else len(wanted)
    frames = range(first, last)
    hidden = [i for i in frames if not wanted[i].any()]
    return TrackScore(
        j=tuple(iou(got[i], wanted[i]) for i in frames),
        f=tuple(boundary_f(got[i], wanted[i]) for i in frames),
        absent=tuple(not got[i].any() for i in hidden),
    )


@dataclass(frozen=True, kw_only=True)
class TrackSummary:
    """DAVIS's means over objects, and the share of all hidden frames in which nothing was found (None without any)."""

    objects: int
    j: float
    f: float
    hidden_frames: int
    absent: float | None

    @property
    def jf(self) -> float:
        """J&F, the mean of both."""
        return (self.j + self.f) / 2


def summarize_tracks(scores: Sequence[TrackScore]) -> TrackSummary:
    """Means of many tracks; ValueError without any."""
    if not scores:
        raise ValueError("there are no tracks to summarize")
    hidden = [found for s in scores for found in s.absent]
    return TrackSummary(
        objects=len(scores),
        j=float(np.mean([np.mean(s.j) for s in scores])),
        f=float(np.mean([np.mean(s.f) for s in scores])),
        hidden_frames=len(hidden),
        absent=float(np.mean(hidden)) if hidden else None,
    )
