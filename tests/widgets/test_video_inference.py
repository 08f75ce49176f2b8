"""What the predictor has been told, when one of the things to tell it fails."""

from collections.abc import Callable

import numpy as np
import pytest

from sam2_notebook.errors import ModelError
from sam2_notebook.predict import VideoSession
from sam2_notebook.values.edits import AddObject, AddPoint, ClearPrompts, Edit, RemovePoint, SetBox, SetMask
from sam2_notebook.values.masks import Rle
from sam2_notebook.widgets.video import VideoSegmenter
from tests.widgets.videos import predictor, video

FIRST, SECOND = AddPoint(object=1, x=30, y=20, label=1), AddPoint(object=1, x=50, y=40, label=0)
THIRD = AddPoint(object=1, x=5, y=5, label=0)
BOX = SetBox(object=1, box=(10, 10, 50, 40))
MASK = SetMask(object=1, counts=str(Rle.from_mask(np.tri(60, 80, dtype=bool)).to_coco()["counts"]))


@pytest.fixture
def widget():
    made = VideoSegmenter(video(), predictor(), autosave=False)
    yield made
    made.close()


def run_short_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory is too short for the predictor to be told one thing, the next but so many."""
    add, calls = VideoSession.add, iter(range(100))

    def short(*args, **said):
        if next(calls) == step:
            raise MemoryError
        return add(*args, **said)

    monkeypatch.setattr(VideoSession, "add", short)


def fail(widget: VideoSegmenter) -> None:
    with pytest.raises(ModelError, match="not enough memory"):
        widget.wait(60)
    assert widget.status == "error"


def clicks(widget: VideoSegmenter) -> list[list[float]]:
    """The clicks in frame 0 that the predictor knows of."""
    said = widget._desk.inference.session().prompts(1)[0]  # type: ignore[attr-defined]
    return [] if said.points is None else said.points.tolist()


def mask_of(*edits: Edit) -> np.ndarray:
    """The mask that edits give, one after the other, when nothing fails."""
    widget = VideoSegmenter(video(), predictor(), autosave=False)
    widget._desk.edit(0, AddObject(object=1), *edits)
    assert widget.wait(60)
    mask = widget.masks[0][1]
    widget.close()
    return mask


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("first", [FIRST, BOX, MASK], ids=["a click", "a box", "a mask"])
def test_what_was_said_before_something_failed_is_not_said_twice(
    widget: VideoSegmenter, monkeypatch, step: int, first: Edit
) -> None:
    run_short_at(step, monkeypatch)
    widget._desk.edit(0, AddObject(object=1), first, SECOND)
    fail(widget)
    widget._desk.edit(0, THIRD)
    assert widget.wait(60)
    assert clicks(widget) == [[30, 20]] * (first is FIRST) + [[50, 40], [5, 5]]
    assert np.array_equal(widget.masks[0][1], mask_of(first, SECOND, THIRD))


@pytest.mark.parametrize(
    ("edit", "left"),
    [(RemovePoint(object=1, index=1), [[30, 20]]), (RemovePoint(object=1, index=0), [[50, 40]])],
    ids=["what failed", "what did not"],
)
def test_some_of_it_can_be_taken_back(widget: VideoSegmenter, monkeypatch, edit: Edit, left: list[list[float]]) -> None:
    run_short_at(1, monkeypatch)
    widget._desk.edit(0, AddObject(object=1), FIRST, SECOND)
    fail(widget)
    widget._desk.edit(0, edit)
    assert widget.wait(60)
    assert clicks(widget) == left
    assert np.array_equal(widget.masks[0][1], mask_of(FIRST, SECOND, edit))


@pytest.mark.parametrize("take_back", [lambda w: w._desk.edit(0, ClearPrompts(object=1)), lambda w: w.undo()])
def test_all_of_it_can_be_taken_back(
    widget: VideoSegmenter, monkeypatch, take_back: Callable[[VideoSegmenter], None]
) -> None:
    widget.add_object()
    run_short_at(1, monkeypatch)
    widget._desk.edit(0, FIRST, SECOND)
    fail(widget)
    take_back(widget)
    assert widget.wait(60)
    assert widget._desk.inference.session().prompts(1) == {}  # type: ignore[attr-defined]
    assert not widget.masks


def test_an_answer_that_could_not_be_kept_is_kept_with_the_next_edit(widget: VideoSegmenter, monkeypatch) -> None:
    store = widget._desk.store

    def offer(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(store, "offer", offer)
        widget._desk.edit(0, AddObject(object=1), FIRST, SECOND)
        fail(widget)
    widget.rename(1, "left")
    assert widget.wait(60)
    assert clicks(widget) == [[30, 20], [50, 40]]
    assert np.array_equal(widget.masks[0][1], mask_of(FIRST, SECOND))


def test_what_failed_is_said_again_before_an_object_is_followed(widget: VideoSegmenter, monkeypatch) -> None:
    run_short_at(1, monkeypatch)
    widget._desk.edit(0, AddObject(object=1), FIRST, SECOND)
    fail(widget)
    assert widget.propagate().wait(60)
    assert (widget.status, widget.error) == ("ready", None)
    assert clicks(widget) == [[30, 20], [50, 40]]
    whole = VideoSegmenter(video(), predictor(), autosave=False)
    whole._desk.edit(0, AddObject(object=1), FIRST, SECOND)
    whole.propagate().wait(60)
    assert all(np.array_equal(widget.masks[frame][1], whole.masks[frame][1]) for frame in whole.masks)
    whole.close()


def test_an_object_whose_click_fails_again_is_not_followed_without_it(widget: VideoSegmenter, monkeypatch) -> None:
    widget.add_point(0, 30, 20)
    assert widget.wait(60)
    with monkeypatch.context() as short:
        short.setattr(VideoSession, "add", _short)
        widget.add_point(0, 50, 40, label=0)
        fail(widget)
        with pytest.raises(ModelError, match="not enough memory"):
            widget.propagate().wait(60)
    assert list(widget.masks) == [0]
    assert widget.propagate().wait(60)
    assert np.array_equal(widget.masks[0][1], mask_of(FIRST, SECOND))


def test_a_click_on_another_object_that_failed_is_tried_again_beside_the_run(
    widget: VideoSegmenter, monkeypatch
) -> None:
    widget.add_point(0, 30, 20)
    assert widget.wait(60)
    with monkeypatch.context() as short:
        short.setattr(VideoSession, "add", _short)
        widget.add_object()
        widget.add_point(0, 60, 30)
        fail(widget)
    assert widget.propagate(objects=[1]).wait(60)
    assert widget.wait(60)
    assert (widget.status, sorted(widget.masks[0])) == ("ready", [1, 2])


def _short(*_: object, **__: object) -> None:
    raise MemoryError
