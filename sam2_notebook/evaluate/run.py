"""Play the users, keep the scores, remember the best, middle and worst cases for a picture sheet."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sam2_notebook.evaluate.followers import Follower
from sam2_notebook.metrics import ObjectScore, Subject, TrackScore, score_object, score_track
from sam2_notebook.training.clips import Clip
from sam2_notebook.training.sources import Photo


@dataclass(frozen=True, kw_only=True, eq=False)
class TrackCase:
    """One object in one clip: what was found, what was wanted, and how good that was."""

    frames: npt.NDArray[np.uint8]
    got: npt.NDArray[np.bool_]
    wanted: npt.NDArray[np.bool_]
    score: TrackScore
    name: str


def evaluate(subject: Subject, objects: Sequence[tuple[Photo, int]], clicks: int = 5) -> list[ObjectScore]:
    """Scores of every object, in order; objects of one photo one after another, so that it is encoded once."""
    order = sorted(range(len(objects)), key=lambda i: id(objects[i][0]))
    scores: dict[int, ObjectScore] = {}
    for i in order:
        photo, instance = objects[i]
        scores[i] = score_object(subject, photo.pixels, photo.mask(instance), clicks)
    return [scores[i] for i in range(len(objects))]


def evaluate_clips(follower: Follower, clips: Iterable[Clip]) -> Iterator[TrackCase]:
    """Every object of every clip, followed from its first frame; one clip is held at a time."""
    for clip in clips:
        found = follower.follow(clip.pixels, clip.masks[0])
        for i in range(clip.masks.shape[1]):
            yield TrackCase(
                frames=clip.pixels,
                got=found[:, i],
                wanted=clip.masks[:, i],
                score=score_track(found[:, i], clip.masks[:, i]),
                name=clip.name,
            )


def best_median_worst(values: Sequence[float], each: int = 3) -> list[int]:
    """Places of the best, the middle and the worst of some values, best first, none twice.

    >>> best_median_worst([0.1, 0.9, 0.5, 0.3, 0.7], each=1)
    [1, 2, 0]
    """
    order = sorted(range(len(values)), key=lambda i: -values[i])
    middle = max(0, (len(order) - each) // 2)
    return list(dict.fromkeys([*order[:each], *order[middle : middle + each], *order[-each:]]))
