"""Small networks in videos: prompts are obeyed, objects keep their size, and published networks are left alone."""

import numpy as np
import pytest
import torch

from sam2_notebook import VideoPredictor
from sam2_notebook.model import MaskPrediction
from sam2_notebook.model.prompt_encoder import BOTTOM_RIGHT, NEGATIVE, POSITIVE, TOP_LEFT
from sam2_notebook.predict.steadying import area_of, obeyed, steadiest
from sam2_notebook.predict.video_results import FrameResult
from sam2_notebook.predict.video_session import VideoSession
from tests.predict.video_clips import video_model

HIGH, WIDE = 120, 160
BALL, POLE = (60, 40), (100, 60)  # centres, x and y


def scene(frames: int) -> np.ndarray:
    """A small red ball beside a tall blue pole, both still."""
    y, x = np.mgrid[:HIGH, :WIDE]
    one = np.full((HIGH, WIDE, 3), (90, 110, 90), np.uint8)
    one[(abs(x - POLE[0]) < 10) & (abs(y - POLE[1]) < 45)] = (40, 60, 200)
    one[np.hypot(x - BALL[0], y - BALL[1]) < 12] = (220, 40, 40)
    return np.repeat(one[None], frames, 0)


def box_around(centre: tuple[int, int], wide: int, high: int) -> tuple[int, int, int, int]:
    return centre[0] - wide, centre[1] - high, centre[0] + wide, centre[1] + high


def shares(result: FrameResult) -> tuple[float, float]:
    """How much of the ball's and of the pole's box the mask of the only object fills."""
    (found,) = result
    boxes = (box_around(BALL, 8, 8), box_around(POLE, 8, 40))
    ball, pole = (float(found.mask[y0:y1, x0:x1].mean()) for x0, y0, x1, y1 in boxes)
    return ball, pole


def prediction(*areas: float, iou: tuple[float, ...]) -> MaskPrediction:
    """One object with masks that cover these shares of the picture."""
    logits = torch.full((len(areas), 100), -1.0)
    for plane, area in zip(logits, areas, strict=True):
        plane[: round(100 * area)] = 1
    return MaskPrediction(
        logits=logits.view(1, -1, 10, 10),
        iou=torch.tensor([iou]),
        object_score=torch.ones(1),
        tokens=torch.zeros(1, len(areas), 4),
    )


def test_a_mask_of_the_expected_size_is_preferred_where_the_model_hardly_does() -> None:
    three = prediction(0.6, 0.1, 0.5, iou=(0.5, 0.45, 0.4))
    assert area_of(steadiest(three, [0.12]).logits).item() == pytest.approx(0.1)
    assert area_of(steadiest(three, [0.55]).logits).item() == pytest.approx(0.6)
    assert area_of(steadiest(three, [None]).logits).item() == pytest.approx(0.6)  # nothing expected: the best rated
    sure = prediction(0.2, 0.1, 0.3, iou=(0.95, 0.05, 0.1))
    assert area_of(steadiest(sure, [0.12]).logits).item() == pytest.approx(0.2)  # what the model is sure of stays


def test_how_far_prompts_are_met() -> None:
    logits = torch.full((8, 8), -1.0)
    logits[2:6, 2:6] = 1
    clicks = torch.tensor([[16.0, 16.0], [2.0, 2.0], [30.0, 30.0]])
    met = obeyed(logits, clicks, torch.tensor([POSITIVE, NEGATIVE, POSITIVE]), 32)
    assert met == pytest.approx(2 / 3)
    box = torch.tensor([[8.0, 8.0], [24.0, 24.0]])
    corners = torch.tensor([TOP_LEFT, BOTTOM_RIGHT])
    assert obeyed(logits, box, corners, 32) == 1
    assert obeyed(logits, box + 8, corners, 32) == pytest.approx(9 / 16)  # with a margin of one cell
    assert obeyed(torch.full((8, 8), -1.0), box, corners, 32) == 0
    assert obeyed(logits, clicks[:0], corners[:0], 32) == 1


def test_a_box_on_a_tracked_frame_is_obeyed_whatever_is_remembered() -> None:
    with VideoPredictor(device="cpu").open(scene(6)) as session:
        session.add(0, 1, box=box_around(POLE, 12, 47))
        for result in session.propagate():
            assert shares(result)[1] > 0.8
        ball, pole = shares(session.add(4, 1, box=box_around(BALL, 13, 13)))
    assert ball > 0.8
    assert pole < 0.2


def juggler(frames: int) -> np.ndarray:
    """A pale ball that passes somebody in pale clothes."""
    y, x = np.mgrid[:240, :320]
    ground = np.random.default_rng(1).integers(60, 140, (30, 40, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    clip = np.repeat(ground[None], frames, 0)
    for i, one in enumerate(clip):
        one[((x - 160) / 26) ** 2 + ((y - 130) / 90) ** 2 < 1] = (190, 180, 170)
        one[np.hypot(x - 160, y - 40) < 18] = (190, 140, 110)
        one[np.hypot(x - 120 - 3 * i, y - 120 - 25 * np.sin(i / 3)) < 14] = (200, 200, 190)
    return clip


def test_a_ball_does_not_grow_into_who_plays_with_it() -> None:
    with VideoPredictor(device="cpu").open(juggler(28)) as session:
        session.add(0, 1, box=(105, 105, 135, 135))
        areas = [int(found.mask.sum()) for result in session.propagate() for found in result]
    assert max(areas) < 2 * np.pi * 14**2


def expected(session: VideoSession, frame: int, *, reverse: bool = False) -> float:
    """The share of the picture that the only object is expected to have."""
    return session._state.tracks[1].expected_area(frame, reverse=reverse) or 0.0


def test_the_expected_size_is_that_of_the_nearest_prompt_until_it_is_followed() -> None:
    with VideoPredictor(device="cpu").open(scene(8)) as session:
        session.add(0, 1, box=box_around(BALL, 13, 13))
        first = expected(session, 3)
        assert first == pytest.approx(np.pi * 12**2 / (HIGH * WIDE), rel=0.35)
        list(session.propagate(frames=4))
        assert expected(session, 4) == pytest.approx(first, rel=0.2)
        session.add(5, 1, box=box_around(POLE, 12, 47))
        pole = expected(session, 4)
        assert (expected(session, 1), pole) == (pytest.approx(first), pytest.approx(0.11, rel=0.35))
        list(session.propagate(start=0, direction="forward"))
        assert expected(session, 8) == pytest.approx(pole, rel=0.1)  # a prompt on the way counts at once


def test_each_direction_has_a_size_of_its_own_and_a_new_session_is_reminded_of_it() -> None:
    sizes = [8, 9, 10, 11, 12, 13, 14, 15, 16]
    y, x = np.mgrid[:HIGH, :WIDE]
    clip = np.full((len(sizes), HIGH, WIDE, 3), (90, 110, 90), np.uint8)
    for one, radius in zip(clip, sizes, strict=True):
        one[np.hypot(x - BALL[0], y - BALL[1]) < radius] = (220, 40, 40)
    with VideoPredictor(device="cpu").open(clip) as session:
        session.add(4, 1, box=box_around(BALL, 13, 13))
        masks = {result.frame: result.masks[1] for result in session.propagate(start=4, direction="both")}
        middle = float(masks[4].mean())
        assert expected(session, 9) > middle > expected(session, -1, reverse=True)
    with VideoPredictor(device="cpu").open(clip) as session:
        session.add(4, 1, box=box_around(BALL, 13, 13))
        session.remind(1, {frame: masks[frame] for frame in (5, 6, 7)})
        assert expected(session, 8) == pytest.approx(float(masks[7].mean()))


def test_published_networks_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> MaskPrediction:
        raise AssertionError("a published network was steadied")

    shares: list[float] = []
    monkeypatch.setattr("sam2_notebook.predict.tracker.steadiest", never)
    monkeypatch.setattr("sam2_notebook.predict.tracker.obeyed", lambda *_: shares.append(0.0) or 0.0)
    with VideoPredictor(video_model(), device="cpu").open(scene(4)) as session:
        session.add(0, 1, points=[BALL])
        list(session.propagate())
        session.add(2, 1, box=box_around(POLE, 12, 47))
    assert shares == [0.0]  # its first answer stands, whatever it is
