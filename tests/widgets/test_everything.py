"""Segment everything in a widget, pick from what was found: from a cell and a page, with a small random network."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from sam2_notebook.errors import EditError, ModelError
from sam2_notebook.predict import AutomaticMasker, AutomaticSettings, ImagePredictor
from sam2_notebook.protocol.codecs import decode_rle
from sam2_notebook.protocol.messages import VERSION
from sam2_notebook.training.scenes import make_scene
from sam2_notebook.values.geometry import Size
from sam2_notebook.widgets.image import ImageSegmenter
from tests.predict.conftest import random_model
from tests.widgets.discs import Wire

SIZE = Size(height=90, width=140)
SETTINGS = AutomaticSettings(points_per_side=4, predicted_iou=0.0, stability=0.0, nms_iou=1.0)


@pytest.fixture(scope="module")
def predictor() -> ImagePredictor:
    return ImagePredictor(random_model(0), device="cpu")


@pytest.fixture
def widget(predictor: ImagePredictor) -> Iterator[ImageSegmenter]:
    made = ImageSegmenter(make_scene(3, SIZE).render().pixels, predictor)
    yield made
    made.close()


def ask(widget: ImageSegmenter, wire: Wire, seq: int, **body: object) -> tuple[dict, list[bytes]]:
    widget._desk.channel.send = wire.send
    widget._desk.channel.receive({"view": "page", "seq": seq, **body})
    return wire.answer("page", seq)


def test_everything_is_what_the_masker_finds(widget: ImageSegmenter, predictor: ImagePredictor) -> None:
    assert len(widget.proposals) == 0
    job = widget.segment_everything(SETTINGS)
    assert job.wait(60)
    assert job.state == "done"
    wanted = AutomaticMasker(predictor, SETTINGS).generate(widget._desk.picture)
    assert np.array_equal(widget.proposals.masks, wanted.masks)
    assert len(wanted) > 2


def test_picked_masks_become_ordinary_objects_in_one_step(widget: ImageSegmenter) -> None:
    widget.classes = ["cell"]
    widget.current_class = "cell"
    widget.segment_everything(SETTINGS).wait(60)
    first, second = widget.proposals[0].mask, widget.proposals[2].mask
    ids = widget.keep_proposals([0, 2])
    assert widget.wait(60)
    assert [np.array_equal(widget.masks[i], m) for i, m in zip(ids, (first, second), strict=True)] == [True, True]
    assert [o.label for o in widget.objects] == ["cell", "cell"]
    widget.undo()
    assert widget.objects == ()
    (merged,) = widget.keep_proposals([0, 2], merged=True)
    assert widget.wait(60)
    assert np.array_equal(widget.masks[merged], first | second)


def test_clicks_are_answered_while_everything_is_segmented(widget: ImageSegmenter) -> None:
    many = AutomaticSettings(points_per_side=40, points_per_batch=1, predicted_iou=1.0)
    job = widget.segment_everything(many)
    with pytest.raises(EditError, match="already"):
        widget.segment_everything()
    widget.add_point(40, 30)
    deadline = threading.Event()
    for _ in range(600):
        if 1 in widget.masks:
            break
        deadline.wait(0.05)
    assert 1 in widget.masks
    assert not job.has_ended
    job.cancel()
    assert job.wait(60)
    assert (job.state, len(widget.proposals)) == ("cancelled", 0)


def test_a_page_starts_looks_and_keeps(widget: ImageSegmenter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(widget._desk, "sweep", lambda: widget.segment_everything(SETTINGS))
    wire = Wire()
    ask(widget, wire, 1, type="hello", version=VERSION)
    begun, _ = ask(widget, wire, 2, type="everything", action="start")
    assert begun["everything"]["state"] == "running"
    job = widget._desk.everything.job
    assert job is not None
    job.wait(60)
    widget.wait(60)
    looked, masks = ask(widget, wire, 3, type="everything", action="look")
    assert looked["everything"] == {
        **looked["everything"], "state": "done", "run": 1, "done": 16, "total": 16, "count": len(widget.proposals),
    }  # fmt: skip
    assert np.array_equal(decode_rle(masks[1], SIZE), widget.proposals[1].mask)
    assert looked["proposals"][1]["area"] == widget.proposals[1].area
    keep = {"type": "keep", "run": 1, "proposals": [1], "merged": False}
    kept, _ = ask(widget, wire, 4, **keep)
    assert kept["type"] == "ack"
    again, _ = ask(widget, wire, 4, **keep)
    assert again == kept
    assert len(widget.objects) == 1
    stale, _ = ask(widget, wire, 5, **{**keep, "run": 7})
    assert (stale["code"], "made anew" in stale["message"]) == ("invalid", True)


@pytest.mark.parametrize(("chosen", "words"), [([99], "there are the masks 0 to"), ([], "got none")])
def test_masks_there_are_not_are_refused(widget: ImageSegmenter, chosen: list[int], words: str) -> None:
    with pytest.raises(EditError, match="segment everything first"):
        widget.keep_proposals([0])
    widget.segment_everything(SETTINGS).wait(60)
    with pytest.raises(EditError, match=words):
        widget.keep_proposals(chosen)


def test_what_goes_wrong_is_raised_and_shown(widget: ImageSegmenter, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no such luck")

    monkeypatch.setattr(AutomaticMasker, "_filtered", broken)
    with pytest.raises(ModelError, match="RuntimeError"):
        widget.segment_everything(SETTINGS).wait(60)
    assert "no such luck" in (widget.session.last_error or "")
    assert widget._desk.everything.view.state == "failed"
