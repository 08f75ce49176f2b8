"""What a session says of the memories a mask was found with."""

import pytest

from sam2_notebook.predict import VideoPredictor
from tests.predict.video_clips import clip, video_model


@pytest.fixture
def session():
    with VideoPredictor(video_model(), device="cpu").open(clip()) as made:
        yield made


def test_a_tracked_frame_names_the_frames_it_recalled(session) -> None:
    session.add(0, 1, points=[[30, 20]])
    session.add(12, 1, points=[[32, 22]])
    list(session.propagate(start=0, frames=10))
    use = session.result(9)[1].memory
    assert use.prompted == (12, 0)
    assert use.recent == (8, 7, 6, 5, 4, 3)
    assert use.pointers == (8, 7, 6, 5, 4, 3, 2, 1, 0)
    assert session.result(1)[1].memory.recent == ()


def test_going_backward_the_recalled_frames_lie_ahead(session) -> None:
    session.add(12, 1, points=[[30, 20]])
    list(session.propagate(start=12, direction="backward", frames=4))
    use = session.result(9)[1].memory
    assert (use.prompted, use.recent, use.pointers) == ((12,), (10, 11), (10, 11, 12))


def test_a_first_prompt_recalls_nothing_and_a_correction_does(session) -> None:
    assert session.add(0, 1, points=[[30, 20]])[1].memory is None
    list(session.propagate(frames=6))
    use = session.add(4, 1, points=[[5, 5]], labels=[0])[1].memory
    assert (use.frame, use.prompted, use.recent) == (4, (0,), (3, 2, 1))


def test_results_of_a_stream_can_be_let_go(session) -> None:
    session.add(0, 1, points=[[30, 20]])
    list(session.propagate(frames=8))
    session.forget_before(6)
    assert session.frames == (0, 6, 7)
