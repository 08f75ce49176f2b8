"""`ImageSegmenter` from a cell's point of view, with the embedded model and no kernel."""

import base64
import gc
import io
import threading
import time
import weakref

import numpy as np
import pytest
from PIL import Image as PillowImage
from traitlets import TraitError

from sam2_notebook.errors import EditError, MediaError, ModelError, PromptError, Sam2NotebookError
from sam2_notebook.predict import ImagePredictor
from sam2_notebook.protocol.messages import VERSION
from sam2_notebook.values.classes import LabelClass
from sam2_notebook.values.geometry import Box
from sam2_notebook.widgets.image import ImageSegmenter
from tests.widgets.discs import Wire

DISC = np.full((120, 160, 3), 90, np.uint8)
_y, _x = np.mgrid[:120, :160]
DISC[np.hypot(_x - 60, _y - 60) < 30] = (220, 40, 40)


@pytest.fixture(scope="module")
def predictor() -> ImagePredictor:
    return ImagePredictor()


@pytest.fixture
def widget(predictor: ImagePredictor):
    made = ImageSegmenter(DISC, predictor)
    yield made
    made.close()


def test_a_click_from_a_cell_gives_a_mask_at_the_size_of_the_picture(widget: ImageSegmenter) -> None:
    assert widget.add_point(60, 60) == 1
    assert widget.wait(60)
    (mask,) = widget.masks.values()
    assert (mask.shape, mask.dtype, mask[60, 60]) == ((120, 160), np.bool_, True)
    (item,) = widget.objects
    assert (item.id, item.name, item.area) == (1, "object 1", int(mask.sum()))
    assert len(item.scores) == 3
    assert item.score == item.scores[item.candidate or 0]
    assert widget.labels[60, 60] == 1
    assert (widget.status, widget.error) == ("ready", None)


def test_the_mask_is_the_one_the_predictor_gives(widget: ImageSegmenter, predictor: ImagePredictor) -> None:
    widget.add_point(60, 60)
    widget.add_point(10, 10, label=0)
    widget.wait(60)
    encoded = predictor.encode(DISC)
    first = predictor.segment(encoded, points=[[60, 60]])
    hint = first.best.logits[0]
    assert widget.masks[1].shape == first.masks[0].shape
    widget.undo()
    widget.wait(60)
    assert np.array_equal(widget.masks[1], first.best.masks[0])
    widget.redo()
    second = predictor.segment(encoded, points=[[60, 60], [10, 10]], labels=[1, 0], mask=hint, multimask=False)
    assert np.array_equal(widget.masks[1], second.masks[0])


def test_objects_are_made_named_selected_and_removed(widget: ImageSegmenter) -> None:
    widget.add_box(20, 20, 100, 100)
    assert widget.add_object("sky") == 2
    widget.add_point(150, 5)
    widget.add_point(5, 5, object=1)
    widget.wait(60)
    assert [(o.id, o.name, len(o.points)) for o in widget.objects] == [(1, "object 1", 1), (2, "sky", 1)]
    assert widget.objects[0].box == Box(20, 20, 100, 100)
    assert list(widget.masks) == [1, 2]
    widget.select(1)
    widget.clear(1)
    widget.rename(1, "disc")
    assert (list(widget.masks), widget.objects[0].name) == ([2], "disc")
    widget.remove_object(2)
    assert [o.id for o in widget.objects] == [1]
    widget.undo()
    assert list(widget.masks) == [2]


def test_a_candidate_can_be_chosen(widget: ImageSegmenter) -> None:
    widget.add_point(60, 60)
    widget.wait(60)
    best = widget.objects[0].candidate
    other = 0 if best else 1
    widget.choose(1, other)
    widget.wait(60)
    assert widget.objects[0].candidate == other
    widget.choose(1, None)
    assert widget.objects[0].candidate == best


@pytest.mark.parametrize(
    ("act", "error", "words"),
    [
        (lambda w: w.add_point(900, 5), PromptError, "outside the picture"),
        (lambda w: w.add_point(float("nan"), 5), PromptError, "finite"),
        (lambda w: w.add_point("left", 5), PromptError, "x is a number"),
        (lambda w: w.add_point(5, 5, label=2), PromptError, "label"),
        (lambda w: w.add_point(5, 5, label="yes"), PromptError, "label is a whole number"),
        (lambda w: w.add_point(5, 5, object=7), EditError, "there is no object 7"),
        (lambda w: w.add_box(50, 5, 10, 60), PromptError, "xyxy"),
        (lambda w: w.select(3), EditError, "there is no object 3"),
        (lambda w: w.choose(1, 0), EditError, "there is no object 1"),
        (lambda w: w.add_box(50, 5, 50, 5), PromptError, "a box has a width and a height"),
        (lambda w: w.add_box(10**400, 5, 50, 5), PromptError, "x0 is a number of image pixels"),
        (lambda w: w.rename(1, None), EditError, "a name is a text; got None"),
        (lambda w: w.add_object(5), EditError, "a name is a text; got 5"),
        (lambda w: w.classify(1, None), EditError, "a class is a text; got None"),
        (lambda w: setattr(w, "current_class", None), EditError, "a class is a text; got None"),
        (lambda w: setattr(w, "classes", None), EditError, "classes are a list of names or LabelClasses; got None"),
        (lambda w: w.note(1, None, "x"), EditError, "the name of an attribute is a text"),
        (lambda w: w.keep_proposals(0), EditError, "proposals are a list of whole numbers; got 0"),
        (lambda w: w.set_threshold(1, "a"), PromptError, "a threshold is a logit from -32 to 32; got 'a'"),
        (lambda w: w.segment_everything("x"), PromptError, "settings are an AutomaticSettings"),
        (lambda w: w.undo(), EditError, "nothing to undo"),
        (lambda w: w.redo(), EditError, "nothing to redo"),
        (lambda w: w.snapshot(0), PromptError, "max_side is a whole number of at least 1; got 0"),
        (lambda w: w.snapshot("x"), PromptError, "max_side is a whole number of at least 1; got 'x'"),
    ],
)
def test_nonsense_is_refused_in_words_and_changes_nothing(widget: ImageSegmenter, act, error, words: str) -> None:
    before = widget.session.state()
    with pytest.raises(error, match=words):
        act(widget)
    assert widget.session.state() == before
    widget.add_point(60, 60)
    assert widget.wait(60)


@pytest.mark.parametrize(
    ("picture", "model", "error"),
    [
        ("no/such/file.jpg", None, MediaError),
        (b"no picture", None, MediaError),
        (np.zeros((0, 4, 3), np.uint8), None, MediaError),
        (DISC, "sam9_enormous", ModelError),
        (DISC, 5, ModelError),
    ],
)
def test_a_bad_picture_or_model_is_refused_at_once(picture: object, model: object, error: type) -> None:
    with pytest.raises(error):
        ImageSegmenter(picture, model)  # type: ignore[arg-type]


@pytest.mark.parametrize("height", [10, "tall"])
def test_a_bad_height_is_refused(predictor: ImagePredictor, height: object) -> None:
    with pytest.raises(TraitError, match="height"):
        ImageSegmenter(DISC, predictor, height=height)  # type: ignore[arg-type]


def test_making_a_widget_does_not_wait_for_the_encoder(predictor: ImagePredictor, monkeypatch) -> None:
    gate = threading.Event()
    encode = predictor.encode
    monkeypatch.setattr(predictor, "encode", lambda picture: gate.wait(30) and encode(picture))
    widget = ImageSegmenter(DISC, predictor)
    widget.add_point(60, 60)
    assert widget.status == "loading"
    assert not widget.masks
    assert widget.wait(0.1) is False
    gate.set()
    assert widget.wait(60)
    assert list(widget.masks) == [1]
    widget.close()


def test_an_encoder_that_fails_is_told_and_tried_again(predictor: ImagePredictor, monkeypatch) -> None:
    encode = predictor.encode

    def fail(_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(predictor, "encode", fail)
    widget = ImageSegmenter(DISC, predictor)
    with pytest.raises(ModelError, match="not enough memory"):
        widget.wait(60)
    assert widget.status == "error"
    assert "not enough memory" in (widget.error or "")
    monkeypatch.setattr(predictor, "encode", encode)
    widget.add_point(60, 60)
    assert widget.wait(60)
    assert (widget.status, widget.error) == ("ready", None)
    widget.close()


def test_observers_hear_of_every_change_on_one_thread(widget: ImageSegmenter) -> None:
    heard: list[tuple[str, object, str]] = []
    widget.wait(60)
    widget.observe(
        lambda change: heard.append((change["name"], change["new"], threading.current_thread().name)),
        names=["revision", "objects", "status"],
    )
    widget.add_point(60, 60)
    widget.wait(60)
    assert widget.revision == 1
    assert ("revision", 1) in [(name, new) for name, new, _ in heard]
    assert [new for name, new, _ in heard if name == "objects"][-1] == widget.objects
    assert {thread for _, _, thread in heard} == {"sam2_notebook publisher"}


def test_an_observer_may_wait_and_edit_and_fail(widget: ImageSegmenter) -> None:
    def react(_: object) -> None:
        if len(widget.objects[0].points) == 1:
            widget.wait(60)
            widget.add_point(5, 5, label=0)
        raise RuntimeError("observer")

    widget.observe(react, names="revision")
    widget.add_point(60, 60)
    widget.wait(60)
    deadline = time.monotonic() + 20
    while len(widget.objects[0].points) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert widget.wait(60)
    assert len(widget.objects[0].points) == 2
    assert "RuntimeError: observer" in (widget.session.last_error or "")


@pytest.mark.parametrize("name", ["revision", "objects", "status", "height"])
def test_what_follows_the_document_cannot_be_set(widget: ImageSegmenter, name: str) -> None:
    with pytest.raises(TraitError):
        setattr(widget, name, 5)


def test_a_page_can_write_no_trait(widget: ImageSegmenter) -> None:
    before = widget.get_state()
    for name in [*before, "layout", "comm", "_esm", "_model_module", "revision"]:
        data = {"method": "update", "state": {name: "evil"}, "buffer_paths": []}
        widget._handle_msg({"content": {"data": data}, "buffers": []})
        widget.set_state({name: "evil"})
    assert widget.get_state() == before


@pytest.mark.parametrize("data", [None, 3, [], {}, {"method": 5}, {"method": ["custom"]}, {"method": "nonsense"}])
def test_a_message_that_is_none_does_nothing(widget: ImageSegmenter, data: object) -> None:
    widget._handle_msg({"content": {"data": data}})
    assert widget.session.last_error is None


def test_requests_come_in_and_answers_go_out(widget: ImageSegmenter, monkeypatch) -> None:
    wire = Wire()
    monkeypatch.setattr(widget, "send", wire.send)
    hello = {"type": "hello", "view": "v", "seq": 0, "version": VERSION}
    widget._handle_msg({"content": {"data": {"method": "custom", "content": hello}}, "buffers": []})
    content, _ = wire.answer("v", 0)
    assert content["picture"]["width"] == 160


def test_a_snapshot_shows_the_mask_in_the_colour_of_the_object(widget: ImageSegmenter) -> None:
    widget.add_point(60, 60)
    widget.wait(60)
    shot = widget.snapshot()
    assert isinstance(shot, PillowImage.Image)
    assert shot.size == (160, 120)
    pixels = np.asarray(shot)
    changed = (pixels != DISC).any(axis=-1)
    assert changed[widget.masks[1]].all()
    assert changed[60, 60]
    assert widget.snapshot(max_side=40).size == (40, 30)
    copy = io.BytesIO()
    shot.save(copy, "PNG")
    assert np.array_equal(np.asarray(PillowImage.open(copy)), pixels)


def test_a_snapshot_shows_an_object_in_the_colour_of_its_class(predictor: ImagePredictor) -> None:
    widget = ImageSegmenter(DISC, predictor, classes=[LabelClass(name="disc", color="#ff00ff"), "other"])
    widget.add_point(60, 60)
    widget.wait(60)
    outline = (np.asarray(widget.snapshot()) == (255, 0, 255)).all(axis=-1)
    assert outline.any()
    widget.classify(1, "other")
    assert not (np.asarray(widget.snapshot()) == (255, 0, 255)).all(axis=-1).any()
    assert (widget.objects[0].label, widget.current_class) == ("other", "other")
    with pytest.raises(EditError, match="there is no class 'cow'"):
        widget.classify(1, "cow")
    widget.close()


def test_a_snapshot_of_a_large_noisy_picture_is_shown_small(predictor: ImagePredictor) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1500, 2500, 3), dtype=np.uint8)
    widget = ImageSegmenter(noise, predictor)
    widget.add_box(100, 100, 2000, 1400)
    widget.wait(60)
    shot = widget.snapshot()
    assert max(shot.size) == 2000
    png = shot._repr_png_()
    assert 50_000 < len(png) <= 300_000
    data, _ = widget._repr_mimebundle_()  # type: ignore[misc]
    assert len(base64.b64decode(data["image/png"])) <= 60_000
    widget.close()


def test_the_widget_says_what_it_is_the_same_way_each_time(widget: ImageSegmenter) -> None:
    data, _ = widget._repr_mimebundle_()  # type: ignore[misc]
    words = "ImageSegmenter('array', 160 x 120, model='embedded', 0 objects)"
    assert repr(widget) == data["text/plain"] == words
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == widget.model_id
    assert PillowImage.open(io.BytesIO(base64.b64decode(data["image/png"]))).size == (160, 120)


def test_a_closed_widget_keeps_its_masks_and_takes_no_more_edits(predictor: ImagePredictor) -> None:
    widget = ImageSegmenter(DISC, predictor)
    widget.add_point(60, 60)
    widget.wait(60)
    mask = widget.masks[1]
    widget.close()
    widget.close()
    assert np.array_equal(widget.masks[1], mask)
    for act in (lambda: widget.add_point(1, 1), widget.undo, widget.segment_everything):
        with pytest.raises(Sam2NotebookError, match="this widget is closed"):
            act()
    assert widget.wait(5)


def test_a_closed_widget_is_forgotten(predictor: ImagePredictor) -> None:
    gone = []
    for _ in range(5):
        widget = ImageSegmenter(DISC, predictor)
        widget.add_point(60, 60)
        widget._repr_mimebundle_()
        widget.wait(60)
        widget.close()
        gone.append(weakref.ref(widget._desk))
        del widget
    deadline = time.monotonic() + 20
    while any(ref() is not None for ref in gone) and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.01)
    assert [ref() for ref in gone] == [None] * 5


def test_widgets_that_name_the_same_model_share_it() -> None:
    one, two = ImageSegmenter(DISC), ImageSegmenter(DISC)
    assert one._desk.inference._model is two._desk.inference._model
    one.close()
    two.close()


def test_the_state_that_a_notebook_may_save_holds_no_picture(widget: ImageSegmenter) -> None:
    widget.add_point(60, 60)
    widget.wait(60)
    state = widget.get_state()
    own = {name: value for name, value in state.items() if name not in ("_esm", "_css")}
    assert len(repr(own)) < 2_000
    assert not any(isinstance(value, bytes | memoryview) for value in state.values())
