"""What a session of a video refuses, in words and without harm, and what it says when it is closed."""

from collections.abc import Callable

import numpy as np
import pytest

from sam2_notebook.errors import PromptError
from sam2_notebook.predict import VideoPredictor, VideoSession

from .test_video_session import snapshot
from .video_clips import clip, video_model


@pytest.fixture
def predictor() -> VideoPredictor:
    return VideoPredictor(video_model(), device="cpu")


@pytest.fixture
def session(predictor: VideoPredictor) -> VideoSession:
    return predictor.open(clip()[:6])


def test_results_stay_readable_when_the_session_is_closed(predictor: VideoPredictor) -> None:
    with predictor.open(clip()[:6]) as session:
        session.add(1, 1, points=[[30, 20]])
        seen = list(session.propagate())
    assert [session.result(frame) for frame in session.frames] == seen
    assert session.logits(1, 1) is not None
    assert session.candidates(1, 1) is not None
    for change in (
        lambda: session.add(0, 1, points=[[30, 20]]),
        session.propagate,
        lambda: session.remove_prompt(1, 1),
        lambda: session.prepare(0),
        lambda: session.remind(1, {}),
    ):
        with pytest.raises(PromptError, match="is closed: its results can be read"):
            change()
    with pytest.raises(PromptError, match="the frames 0 to 5"):
        session.result(6)


def test_numbers_of_numpy_are_numbers(session: VideoSession) -> None:
    session.add(np.int64(1), np.int32(1), points=[[30, 20]], candidate=np.int64(0))  # pyright: ignore[reportArgumentType]
    assert len(list(session.propagate(np.int64(1), frames=np.int64(2)))) == 2  # pyright: ignore[reportArgumentType]
    session.add(1, 1, points=[[31, 22]])
    assert len(session.remove_prompt(1, 1, index=np.int64(-1))) == 1  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda s: s.add(0, 1, mask=np.ones((80, 60), bool)), "Height comes first"),
        (lambda s: s.add(0, 1, mask=np.ones((5, 5), bool)), "60 high and 80 wide"),
        (lambda s: s.remind(1, {1: np.ones((5, 5), bool)}), "60 high and 80 wide"),
        (lambda s: s.remind(1, {1: np.full((60, 80), 255, np.uint8)}), "got uint8"),
        (lambda s: s.add(0, 1, points=[[10, 10]], candidate=1.0), "the candidates 0, 1 and 2"),
        (lambda s: s.remove_prompt(2, 1, index=0.5), "no point 0.5 to remove"),
        (lambda s: s.remove_prompt(2, 1, index=None), "no point None to remove"),
        (lambda s: s.propagate(objects=1), "objects are some ids"),
        (lambda s: s.propagate(frames=1.0), "at least 1"),
    ],
)
def test_what_is_no_prompt_and_no_number_is_told(
    session: VideoSession, act: Callable[[VideoSession], object], words: str
) -> None:
    session.add(2, 1, points=[[30, 20]])
    before = snapshot(session)
    with pytest.raises(PromptError, match=words):
        act(session)
    assert snapshot(session) == before
