"""Everything in a video: found on key frames, followed between them, new things joining, ids stable."""

from itertools import pairwise

import numpy as np
import pytest

from sam2_notebook.errors import PromptError
from sam2_notebook.media import open_video
from sam2_notebook.predict import AutomaticMasker, AutomaticSettings, ImagePredictor, VideoPredictor
from sam2_notebook.predict.automatic_results import AutomaticMask
from sam2_notebook.predict.automatic_video import new_masks, track_everything
from sam2_notebook.values.geometry import Box
from sam2_notebook.values.masks import Rle
from tests.predict.video_clips import clip, video_model


def everything(frames: np.ndarray, **settings: object) -> list[tuple[int, tuple[int, ...]]]:
    model = video_model()
    chosen = AutomaticSettings(points_per_side=3, predicted_iou=0.0, stability=0.0)
    masker = AutomaticMasker(ImagePredictor(model, device="cpu"), chosen)
    results = track_everything(open_video(frames), VideoPredictor(model, device="cpu"), masker, **settings)  # type: ignore[arg-type]
    return [(r.frame, tuple(o.object for o in r)) for r in results]


def test_every_frame_comes_once_and_ids_only_grow() -> None:
    seen = everything(clip(8), every=3, most_objects=6)
    assert [frame for frame, _ in seen] == list(range(8))
    for (_, before), (_, after) in pairwise(seen):
        assert set(before) <= set(after)
    assert seen[0][1] == tuple(range(len(seen[0][1])))


def test_no_more_are_followed_than_asked_for() -> None:
    assert everything(clip(3), most_objects=2)[-1] == (2, (0, 1))


def test_a_video_that_shows_nothing_new_gains_no_object() -> None:
    still = np.repeat(clip(1), 5, axis=0)
    seen = everything(still, every=2, same_iou=1e-6, most_objects=30)
    assert len({ids for _, ids in seen}) == 1


def mask(x0: int, x1: int, score: float) -> AutomaticMask:
    pixels = np.zeros((10, 40), bool)
    pixels[:, x0:x1] = True
    return AutomaticMask(
        rle=Rle.from_mask(pixels), box=Box(x0, 0, x1 - 1, 9), score=score, stability=1, point=(x0, 0),
        crop=(0, 0, 40, 10),
    )  # fmt: skip


def test_only_what_is_neither_known_nor_small_nor_double_is_new() -> None:
    found = [mask(0, 10, 0.5), mask(11, 20, 0.6), mask(10, 20, 0.9), mask(30, 31, 0.9)]
    new = new_masks(found, [found[0].mask], same_iou=0.5, least_area=20)
    assert [m.point[0] for m in new] == [10]


@pytest.mark.parametrize(
    "settings", [{"every": 0}, {"every": "a"}, {"most_objects": 0}, {"same_iou": 0.0}, {"same_iou": "a"}]
)
def test_impossible_settings_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(PromptError):
        everything(clip(2), **settings)
