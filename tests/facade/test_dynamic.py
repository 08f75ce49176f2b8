"""The page's dynamic predictor: its snippet, its bad input, and the compatible mode."""

from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch

from sam2_notebook import SAM2DynamicInteractivePredictor
from sam2_notebook.errors import PromptError
from sam2_notebook.media import encode_jpeg
from sam2_notebook.values.masks import iou
from tests.predict.video_clips import clip


@pytest.fixture
def predictor(memory_weights: Path) -> SAM2DynamicInteractivePredictor:
    overrides = {"model": str(memory_weights / "sam2_t.pt"), "device": "cpu"}
    return SAM2DynamicInteractivePredictor(overrides=overrides, lookalikes=False)


RED, GREEN = (215, 45, 40), (40, 170, 60)
# Where which disc is, so that the page's prompts are on them.
THINGS = {
    1: [((150, 150), RED)],
    2: [((300, 120), RED)],
    4: [((350, 350), GREEN)],
    5: [((110, 300), GREEN), ((310, 160), RED)],
    6: [((150, 150), GREEN)],
    7: [((300, 300), GREEN), ((120, 120), RED)],
}
ROWS, COLUMNS = np.mgrid[:440, :440]


def disc(place: tuple[int, int]) -> np.ndarray:
    return np.hypot(COLUMNS - place[0], ROWS - place[1]) < 48


def with_things(*things: tuple[tuple[int, int], tuple[int, int, int]]) -> np.ndarray:
    made = np.stack([90 + COLUMNS / 9, 100 + ROWS / 9, 120 + 0 * ROWS], -1)
    for place, color in things:
        made[disc(place)] = color
    return made.astype(np.uint8)


def test_the_page(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sam2_t.pt").symlink_to(weights / "sam2_t.pt")
    for number, things in THINGS.items():
        (tmp_path / f"image{number}.jpg").write_bytes(encode_jpeg(with_things(*things)))

    overrides: dict[str, object] = dict(  # noqa: C408 -- as on the page
        conf=0.01, task="segment", mode="predict", imgsz=1024, model="sam2_t.pt", save=False
    )
    predictor = SAM2DynamicInteractivePredictor(overrides=overrides, max_obj_num=10)

    predictor(source="image1.jpg", bboxes=[[100, 100, 200, 200]], obj_ids=[1], update_memory=True)
    results = predictor(source="image2.jpg")
    assert results[0].ids == [1]
    assert iou(results[0].masks.arrays[0], disc((300, 120))) > 0.8
    results = predictor(
        source="image4.jpg",
        bboxes=[[300, 300, 400, 400]],  # New object
        obj_ids=[2],  # New object ID
        update_memory=True,  # Add to memory
    )
    results = predictor(source="image5.jpg")
    assert results[0].ids == [1, 2]
    results = predictor(
        source="image6.jpg",
        points=[[150, 150]],  # Refinement point
        labels=[1],  # Positive point
        obj_ids=[2],  # Same object ID
        update_memory=True,  # Update memory with new information
    )
    results = predictor(source="image7.jpg")
    assert results[0].names == {1: "1", 2: "2"}
    assert results[0].boxes.id is not None
    assert results[0].boxes.id.tolist() == [1, 2]
    for mask, place in zip(results[0].masks.arrays, ((120, 120), (300, 300)), strict=True):
        assert iou(mask, disc(place)) > 0.8


def test_masks_are_prompts_too_and_lists_and_videos_are_looked_through(
    predictor: SAM2DynamicInteractivePredictor,
) -> None:
    mask = np.zeros((60, 80), bool)
    mask[20:40, 30:60] = True
    predictor(clip()[0], masks=mask, obj_ids=7, update_memory=True)
    assert [r.ids for r in predictor([clip()[3], clip()[9]])] == [[7], [7]]
    assert [r.frame for r in predictor(clip(3))] == [0, 1, 2]
    predictor.forget(7)
    with pytest.raises(PromptError, match="nothing to look for"):
        predictor(clip()[0])


def test_prompts_that_do_not_count_are_not_passed_over_in_silence(predictor: SAM2DynamicInteractivePredictor) -> None:
    predictor(clip()[0], bboxes=[10, 10, 50, 40], obj_ids=[0], update_memory=True)
    with pytest.warns(UserWarning, match="update_memory=True"):
        predictor(clip()[3], points=[30, 30], obj_ids=[0])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ({"bboxes": [1, 1, 9, 9]}, "needs obj_ids"),
        ({"obj_ids": [1]}, "give points"),
        ({"bboxes": [1, 1, 9, 9], "obj_ids": [1, 2]}, "one id per prompt"),
        ({"bboxes": [1, 1, 9, 9], "obj_ids": [-1]}, "at least 0"),
        ({"bboxes": [1, 1, 9, 9], "obj_ids": 1.5}, "obj_ids are whole numbers"),
        ({"bboxes": [1, 1, 9, 9], "obj_ids": "one"}, "obj_ids are whole numbers"),
        ({"bboxes": [[1, 1, 9, 9]] * 4, "obj_ids": [1, 2, 3, 4]}, "max_obj_num=3"),
    ],
)
def test_mistakes_are_told(predictor: SAM2DynamicInteractivePredictor, call: dict, words: str) -> None:
    with pytest.raises(PromptError, match=words):
        predictor(clip()[0], update_memory=True, **call)
    assert predictor.session.objects == ()


def test_ids_and_numbers_of_objects_may_be_of_numpy_and_torch(memory_weights: Path) -> None:
    overrides: dict[str, object] = {"model": str(memory_weights / "sam2_t.pt"), "device": "cpu"}
    predictor = SAM2DynamicInteractivePredictor(overrides, cast(int, np.int64(2)), lookalikes=False)
    for ids in (torch.tensor([2]), np.int64(3)):
        predictor(clip()[0], bboxes=[10, 10, 50, 40], obj_ids=cast(int, ids), update_memory=True)
    assert predictor.session.objects == (2, 3)
    predictor.forget(cast(int, torch.tensor(2)))
    assert predictor.session.objects == (3,)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"max_obj_num": "two"}, "max_obj_num is a whole number"),
        ({"max_obj_num": None, "compatible": True}, "max_obj_num is a whole number"),
        ({"compatible": "maybe"}, "compatible is True or False"),
        ({"lookalikes": 5}, "lookalikes is True or False"),
    ],
)
def test_impossible_settings_are_told(memory_weights: Path, settings: dict, words: str) -> None:
    with pytest.raises(PromptError, match=words):
        SAM2DynamicInteractivePredictor({"model": str(memory_weights / "sam2_t.pt"), "device": "cpu"}, **settings)


def test_one_picture_at_a_time_is_shown(predictor: SAM2DynamicInteractivePredictor) -> None:
    with pytest.raises(PromptError, match="single picture"):
        predictor([clip()[0], clip()[1]], bboxes=[1, 1, 9, 9], obj_ids=[1], update_memory=True)


def test_the_compatible_mode_takes_slots(memory_weights: Path) -> None:
    overrides: dict[str, object] = {"model": str(memory_weights / "sam2_t.pt"), "device": "cpu"}
    predictor = SAM2DynamicInteractivePredictor(overrides, max_obj_num=2, compatible=True)
    (result,) = predictor(clip()[0], bboxes=[10, 10, 50, 40], obj_ids=[1], update_memory=True)
    assert set(result.ids or ()) <= {1}, "slots in which nothing was shown are not there"
    with pytest.raises(PromptError, match="0 to 1"):
        predictor(clip()[0], bboxes=[10, 10, 50, 40], obj_ids=[2], update_memory=True)
    with pytest.raises(PromptError, match="clear"):
        predictor.forget(1)
    predictor.clear()
    assert predictor.session.objects == ()
