"""What to label next, and how far the work is: pure functions over summaries of images."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from sam2_notebook.errors import LabelError
from sam2_notebook.labels.kinds import is_clip
from sam2_notebook.labels.schema import STATES, State
from sam2_notebook.values.classes import MAX_NAME, check_text
from sam2_notebook.values.masks import iou

Order: TypeAlias = Literal["added", "name", "gain"]


@dataclass(frozen=True)
class AnnotationSummary:
    """What the queue needs of an annotation: class, area in pixels, and what the model thinks of it, 0 to 1."""

    label: str
    area: float
    score: float | None = None
    stability: float | None = None
    disagreement: float | None = None
    proposed: bool = False


@dataclass(frozen=True, kw_only=True)
class ImageSummary:
    """What the queue needs of an image; `seconds` were spent on it so far."""

    id: int
    name: str
    state: State = "new"
    annotations: tuple[AnnotationSummary, ...] = ()
    seconds: float = 0.0

    @property
    def is_clip(self) -> bool:
        """Whether it is a clip, not a picture."""
        return is_clip(self.name)

    @property
    def gain(self) -> float:
        """How much there is to learn from correcting it, 0 to 1: the doubt about its most doubtful annotation.

        Doubt is the larger of 1 - predicted IoU and the candidates' disagreement. An image about which no model has
        said anything comes before all others: 1.

        >>> ImageSummary(id=1, name="1.png", annotations=(AnnotationSummary("leaf", 9, score=0.75),)).gain
        0.25
        """
        doubts = [1 - a.score for a in self.annotations if a.score is not None]
        doubts += [a.disagreement for a in self.annotations if a.disagreement is not None]
        return max(doubts, default=1.0)


@dataclass(frozen=True, kw_only=True)
class QueueFilter:
    """Which images are in the queue. Of a class, a size and a score, one annotation must have all three.

    Ranges are (lowest, highest), both included, areas in pixels, scores 0 to 1.

    >>> leaf = ImageSummary(id=1, name="1.png", annotations=(AnnotationSummary("leaf", 9, score=0.5),))
    >>> QueueFilter(labels={"leaf"}, score=(0, 0.6)).matches(leaf), QueueFilter(states={"submitted"}).matches(leaf)
    (True, False)
    """

    states: Collection[State] | None = None
    labels: Collection[str] | None = None
    area_px: tuple[float, float] | None = None
    score: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        unknown = set(self.states or ()) - set(STATES)
        if unknown:
            raise LabelError(f"images are {', '.join(STATES)}; got {', '.join(sorted(map(repr, unknown)))}")
        for label in self.labels or ():
            check_text(label, "a class", MAX_NAME)
        for what, span in (("area", self.area_px), ("score", self.score)):
            if span is not None and not span[0] <= span[1]:
                raise LabelError(f"the {what} is given as (lowest, highest); got {span}")

    def matches(self, image: ImageSummary) -> bool:
        """Whether an image is in the queue."""
        if self.states is not None and image.state not in self.states:
            return False
        if self.labels is None and self.area_px is None and self.score is None:
            return True
        return any(self._takes(annotation) for annotation in image.annotations)

    def _takes(self, annotation: AnnotationSummary) -> bool:
        if self.labels is not None and annotation.label not in self.labels:
            return False
        if self.area_px is not None and not self.area_px[0] <= annotation.area <= self.area_px[1]:
            return False
        score = annotation.score
        return self.score is None or (score is not None and self.score[0] <= score <= self.score[1])


def ordered(images: Iterable[ImageSummary], order: Order = "added") -> list[ImageSummary]:
    """The images as they were added, by name, or those first from whose correction most can be learnt.

    >>> sure = ImageSummary(id=1, name="b", annotations=(AnnotationSummary("leaf", 9, score=0.9),))
    >>> unsure = ImageSummary(id=2, name="a", annotations=(AnnotationSummary("leaf", 9, score=0.4),))
    >>> [image.name for image in ordered([sure, unsure], "gain")]
    ['a', 'b']
    """
    match order:
        case "added":
            return sorted(images, key=lambda image: image.id)
        case "name":
            return sorted(images, key=lambda image: (image.name, image.id))
        case "gain":
            return sorted(images, key=lambda image: (-image.gain, image.id))
    raise LabelError(f"a queue is ordered by 'added', 'name' or 'gain'; got {order!r}")


def disagreement(candidates: npt.NDArray[np.bool_]) -> float:
    """How far candidate masks (n, height, width) are apart, 0 to 1: 1 minus the mean IoU of all pairs.

    >>> disagreement(np.array([[[True, True]], [[True, False]]]))
    0.5
    """
    if candidates.ndim != 3 or candidates.dtype != np.bool_:
        raise LabelError(
            f"candidates are bool masks (n, height, width); got {candidates.dtype} {candidates.shape}; "
            "compare logits with 0"
        )
    pairs = [iou(a, b) for a, b in combinations(candidates, 2)]
    return 1.0 - sum(pairs) / len(pairs) if pairs else 0.0


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far the work is. `done` counts submitted and reviewed images, `per_class` annotations that are accepted."""

    images: int
    per_state: dict[State, int]
    per_class: dict[str, int]
    proposals: int
    seconds: float

    @property
    def done(self) -> int:
        """Images submitted or reviewed."""
        return self.per_state["submitted"] + self.per_state["reviewed"]

    @property
    def seconds_per_image(self) -> float | None:
        """Mean time spent on an image that is no longer new; None before the first."""
        touched = self.images - self.per_state["new"]
        return self.seconds / touched if touched else None


def progress(images: Sequence[ImageSummary]) -> Progress:
    """Count states, classes and time.

    >>> progress([ImageSummary(id=1, name="1.png", state="submitted", seconds=12.0)]).seconds_per_image
    12.0
    """
    states = Counter(image.state for image in images)
    accepted = Counter(a.label for image in images for a in image.annotations if not a.proposed)
    return Progress(
        images=len(images),
        per_state={state: states[state] for state in STATES},
        per_class=dict(accepted.most_common()),
        proposals=sum(a.proposed for image in images for a in image.annotations),
        seconds=sum(image.seconds for image in images),
    )
