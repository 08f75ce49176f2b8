"""The ipycanvas clicker, and that both front ends say the same to the same session."""

import sys
from collections.abc import Iterator

import numpy as np
import pytest

from sam2_notebook.errors import Sam2NotebookError
from sam2_notebook.media import Image
from sam2_notebook.predict import ImagePredictor
from sam2_notebook.widgets.image import ImageSegmenter
from sam2_notebook.widgets.session import SegmentationSession
from sam2_notebook.widgets.simple import SimpleSegmenter
from tests.widgets.discs import picture

CLASSES = ("cat", "dog")


@pytest.fixture(scope="module")
def predictor() -> ImagePredictor:
    return ImagePredictor()


@pytest.fixture
def simple(predictor: ImagePredictor) -> Iterator[SimpleSegmenter]:
    made = SimpleSegmenter(picture(), predictor, classes=CLASSES)
    yield made
    made.close()


def pointer(widget: SimpleSegmenter, kind: str, x: float, y: float) -> None:
    """What ipycanvas's page sends for a pointer event."""
    content = {"event": kind, "x": x, "y": y, "pageX": x, "pageY": y}
    widget.canvas._handle_custom_msg(content, [])


def click(widget: SimpleSegmenter, x: float, y: float, label: int = 1) -> None:
    widget.kind.value = label
    pointer(widget, "mouse_down", x, y)
    pointer(widget, "mouse_up", x, y)


def page_edits(widget: ImageSegmenter, seq: int, *edits: dict) -> None:
    """What our own page sends for edits."""
    request = {"type": "edit", "view": "v", "seq": seq, "rev": widget.revision, "edits": list(edits)}
    data = {"method": "custom", "content": request}
    widget._handle_msg({"content": {"data": data}, "buffers": []})
    assert widget.wait(60)


def told(session: SegmentationSession) -> list[tuple]:
    """What a session knows of each object."""
    return [(o.id, o.prompts, o.candidate, o.label) for o in session.document.objects]


def test_one_script_through_both_front_ends_ends_in_the_same_document_and_masks(
    simple: SimpleSegmenter, predictor: ImagePredictor
) -> None:
    other = ImageSegmenter(picture(), predictor, classes=CLASSES)
    simple.label.value = "dog"
    page_edits(other, 0, {"kind": "choose_class", "label": "dog"})
    click(simple, 40.5, 30.5)
    assert simple.wait()
    page_edits(other, 1, {"kind": "add_object", "object": 1},
               {"kind": "add_point", "object": 1, "x": 40.0, "y": 30.0, "label": 1})  # fmt: skip
    simple.other_candidate()
    assert simple.wait()
    chosen = simple.session.document.objects[0].candidate
    assert chosen is not None
    page_edits(other, 2, {"kind": "choose_candidate", "object": 1, "candidate": chosen})
    click(simple, 90.5, 60.5, label=0)
    assert simple.wait()
    page_edits(other, 3, {"kind": "add_point", "object": 1, "x": 90.0, "y": 60.0, "label": 0})
    simple.new_object()
    pointer(simple, "mouse_down", 100.5, 80.5)
    pointer(simple, "mouse_up", 60.5, 50.5)
    assert simple.wait()
    page_edits(other, 4, {"kind": "add_object", "object": 2})
    page_edits(other, 5, {"kind": "set_box", "object": 2, "box": [60.0, 50.0, 100.0, 80.0]})
    simple.label.value = "cat"
    page_edits(other, 6, {"kind": "classify_object", "object": 2, "label": "cat"})
    assert [o.label for o in simple.session.document.objects] == ["dog", "cat"]
    assert told(simple.session) == told(other.session)
    assert simple.session.rev == other.session.rev
    assert list(simple.masks) == list(other.masks) == [1, 2]
    for id_ in (1, 2):
        assert np.array_equal(simple.masks[id_], other.masks[id_])
    other.close()


def test_undo_and_redo_are_the_session_s_and_say_when_there_is_nothing(simple: SimpleSegmenter) -> None:
    click(simple, 40, 30)
    simple.undo()
    assert not simple.session.document.objects
    simple.undo()
    assert "nothing to undo" in simple.status.value
    simple.redo()
    assert simple.wait()
    assert list(simple.masks) == [1]


def test_a_large_picture_is_shown_small_and_clicked_in_its_own_pixels(predictor: ImagePredictor) -> None:
    widget = SimpleSegmenter(Image(np.zeros((1200, 1600, 3), np.uint8), "large.png"), predictor, max_side=400)
    assert (widget.canvas.width, widget.canvas.height) == (400, 300)
    click(widget, 100, 50)
    click(widget, 400, 300)
    (item,) = widget.session.document.objects
    assert [(p.x, p.y) for p in item.prompts.points] == [(399.5, 199.5), (1599.0, 1199.0)]
    widget.close()


def test_without_ipycanvas_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipycanvas", None)
    with pytest.raises(Sam2NotebookError, match="pip install ipycanvas"):
        SimpleSegmenter(picture())
