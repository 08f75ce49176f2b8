"""Which frames are followed, from where; and how prompts are said. Tables of cases over values."""

import numpy as np
import pytest

from sam2_notebook.errors import EditError
from sam2_notebook.values.geometry import Box
from sam2_notebook.values.prompts import Point, Prompts
from sam2_notebook.values.video_document import FramePrompts
from sam2_notebook.widgets.video_plan import Order, Walk, check_frames, plan
from sam2_notebook.widgets.video_steps import MOST_STEPS, Step, steps_to

P = [Point(float(i), 0.0) for i in range(12)]


def needs(text: str) -> np.ndarray:
    """One character per frame, x where something is to be done."""
    return np.array([c == "x" for c in text])


CASES = [
    # what is needed, where something was said, what is asked for: start, end and sense of each walk
    ("xxxx.xxx", [4], Order(direction="both"), [(5, 7, False), (3, 0, True)]),
    ("xxxx.xxx", [4], Order(direction="forward"), [(5, 7, False)]),
    ("xxxx.xxx", [4], Order(direction="backward"), [(3, 0, True)]),
    ("....xx..", [0], Order(direction="both"), [(4, 5, False)]),
    ("........", [0], Order(direction="both"), []),
    ("xx.xx.xx", [2, 5], Order(direction="both"), [(3, 7, False), (1, 0, True)]),
    ("xx.xx.xx", [2, 5], Order(direction="backward"), [(4, 0, True)]),
    ("xxxx.xxx", [4], Order(direction="both", first=2, last=6), [(5, 6, False), (3, 2, True)]),
    ("xxxx.xxx", [4], Order(direction="both", first=6), [(6, 7, False)]),
    ("xxxx.xxx", [4], Order(direction="both", last=2), [(2, 0, True)]),
    ("xxxx.xxx", [4], Order(direction="both", start=6), [(6, 7, False), (5, 0, True)]),
    ("x.......", [1], Order(direction="backward"), [(1, 0, True)]),
    ("xxxx.xxx", [4], Order(direction="both", first=7, last=2), []),
    ("xxxx.xxx", [4], Order(direction="forward", first=-5, last=99), [(5, 7, False)]),
]


@pytest.mark.parametrize(("text", "prompted", "order", "wanted"), CASES)
def test_only_what_is_needed_is_walked(text: str, prompted: list[int], order: Order, wanted: list) -> None:
    walks = plan(order, {1: needs(text)}, {1: prompted}, goes_on=False)
    assert [(walk.start, walk.end, walk.reverse) for walk in walks] == wanted


def test_objects_that_need_nothing_stay_at_home() -> None:
    both = {1: needs("...x"), 2: needs("....")}
    assert plan(Order(direction="both"), both, {1: [0], 2: [0]}, goes_on=False) == (Walk((1,), 3, 3, reverse=False),)


def test_a_stream_is_followed_until_it_ends() -> None:
    (walk,) = plan(Order(direction="forward"), {1: needs(".")}, {1: [0]}, goes_on=True)
    assert (walk.start, walk.end, walk.length) == (1, None, None)
    (walk,) = plan(Order(direction="forward", last=0), {1: needs("x")}, {1: [0]}, goes_on=True)
    assert walk.end == 0


def said(*points: Point, box: Box | None = None, mask: str | None = None) -> FramePrompts:
    return FramePrompts(frame=0, prompts=Prompts(points, box), mask=mask)


BOX = Box(0, 0, 3, 3)
STEPS = [
    # new, old, whether the old is taken back, steps
    (said(P[0]), None, False, [Step(points=(P[0],))]),
    (said(P[0], P[1]), None, False, [Step(points=(P[0],)), Step(points=(P[1],))]),
    (said(P[0], P[1]), said(P[0]), False, [Step(points=(P[1],))]),
    (said(P[1]), said(P[0]), True, [Step(points=(P[1],))]),
    (said(P[0]), said(P[0], P[1]), True, [Step(points=(P[0],))]),
    (said(P[0], box=BOX), None, False, [Step(box=BOX), Step(points=(P[0],))]),
    (said(P[0], box=BOX), said(P[0]), False, [Step(box=BOX)]),
    (said(P[0]), said(P[0], box=BOX), True, [Step(points=(P[0],))]),
    (said(P[0], mask="13"), said(mask="13"), False, [Step(points=(P[0],))]),
    (said(mask="13"), said(P[0]), True, [Step(mask="13")]),
    (said(P[0]), said(P[0]), False, []),
]


@pytest.mark.parametrize(("new", "old", "afresh", "steps"), STEPS)
def test_prompts_are_said_one_after_the_other(new, old, afresh: bool, steps: list[Step]) -> None:
    assert steps_to(new, old) == (afresh, tuple(steps))


def test_the_earliest_of_many_clicks_are_said_together() -> None:
    _, steps = steps_to(said(*P), None)
    assert len(steps) == MOST_STEPS
    assert sum(len(step.points) for step in steps) == len(P)
    assert [len(step.points) for step in steps[1:]] == [1] * (MOST_STEPS - 1)


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (Order(direction="both", start=100), "start=100: there is no such frame; there are 0 to 47"),
        (Order(direction="both", first=300), "first=300: there is no such frame"),
        (Order(direction="both", last=48), "last=48: there is no such frame"),
        (Order(direction="both", last=-1), "last=-1: there is no such frame"),
        (Order(direction="both", first=5, last=2), "first=5 comes after last=2"),
        (Order(direction="both", start=3, first=5), "start=3 lies outside"),
        (Order(direction="both", start=9, last=5), "start=9 lies outside"),
    ],
)
def test_frames_there_are_not_are_refused(order: Order, words: str) -> None:
    with pytest.raises(EditError, match=words):
        check_frames(order, 48, "frame")


def test_a_stream_may_bring_any_frame_but_those_before_the_first() -> None:
    check_frames(Order(direction="forward", start=100, first=50, last=300), None, "frame")
    with pytest.raises(EditError, match="they count from 0"):
        check_frames(Order(direction="forward", first=-1), None, "frame")
