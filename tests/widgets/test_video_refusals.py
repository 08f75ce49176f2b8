"""What `VideoSegmenter` refuses: in words, at once, and nothing has changed."""

from dataclasses import replace

import numpy as np
import pytest

from sam2_notebook.errors import EditError, MediaError, ModelError, PromptError
from sam2_notebook.model import Sam2
from sam2_notebook.widgets.video import VideoSegmenter
from tests.predict.video_clips import video_model
from tests.widgets.videos import FRAMES, predictor, video


@pytest.fixture
def widget():
    made = VideoSegmenter(video(), predictor(), autosave=False)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("act", "error", "words"),
    [
        (lambda w: w.add_point(0, 900, 5), PromptError, "outside the picture"),
        (lambda w: w.add_point(FRAMES, 5, 5), EditError, f"no frame {FRAMES}"),
        (lambda w: w.add_point(-1, 5, 5), EditError, "no frame -1"),
        (lambda w: w.add_point("first", 5, 5), EditError, "frame is a whole number"),
        (lambda w: w.add_point(0, 5, 5, object=7), EditError, "there is no object 7"),
        (lambda w: w.add_box(0, (1, 2, 3)), PromptError, "x0, y0, x1, y1"),
        (lambda w: w.add_box(0, 5), PromptError, "x0, y0, x1, y1; got 5"),
        (lambda w: w.add_box(0, (5, 5, 5, 9)), PromptError, "a box has a width and a height"),
        (lambda w: w.rename(1, None), EditError, "a name is a text; got None"),
        (lambda w: w.classify(1, None), EditError, "a class is a text; got None"),
        (lambda w: setattr(w, "classes", None), EditError, "classes are a list"),
        (lambda w: w.scores("a"), EditError, "object is a whole number"),
        (lambda w: w.add_mask(0, np.ones((4, 4), bool)), PromptError, "4 x 4"),
        (lambda w: w.add_mask(0, np.zeros((60, 80))), PromptError, "bool"),
        (lambda w: w.propagate(), EditError, "no object has a prompt"),
        (lambda w: w.propagate("sideways"), EditError, "direction"),
        (lambda w: w.propagate(objects=[3]), EditError, "no object 3"),
        (lambda w: w.propagate(objects=3), EditError, "objects are a list of whole numbers; got 3"),
        (lambda w: w.propagate(start=100), EditError, f"start=100: .* there are 0 to {FRAMES - 1}"),
        (lambda w: w.propagate(first=5, last=2), EditError, "first=5 comes after last=2"),
        (lambda w: w.export("out", "png"), EditError, "nothing to export"),
        (lambda w: w.export("out.docx"), MediaError, "names no format"),
        (lambda w: w.export("out", "foo"), MediaError, "there is no format 'foo'"),
        (lambda w: w.export("", "coco"), MediaError, "'' names no file or folder"),
        (lambda w: w.save(""), MediaError, "'' names no file"),
        (lambda w: w.save("a\0b"), MediaError, "names no file"),
        (lambda w: w.go_to(99), EditError, "no frame 99"),
        (lambda w: w.undo(), EditError, "nothing to undo"),
        (lambda w: w.recover(), EditError, "no earlier work"),
        (lambda w: w.snapshot(max_side=0), PromptError, "max_side is a whole number of at least 1; got 0"),
        (lambda w: w.snapshot(max_side="big"), PromptError, "max_side is a whole number of at least 1; got 'big'"),
        (lambda w: w.save(None), MediaError, "None is no path; give a file to save to"),
        (lambda w: w.export(None), MediaError, "None is no path; give a file or a folder to write to"),
        (lambda w: w.export("out", ["png"]), MediaError, r"there is no format \['png'\]"),
        (lambda w: type(w).load(7), MediaError, "7 is no path; give a file that widget.save"),
    ],
)
def test_nonsense_is_refused_in_words_and_changes_nothing(widget: VideoSegmenter, act, error, words: str) -> None:
    before = widget._desk.history.state()
    with pytest.raises(error, match=words):
        act(widget)
    assert widget._desk.history.state() == before


def test_a_format_there_is_not_is_refused_although_there_are_masks(widget: VideoSegmenter) -> None:
    widget.add_point(0, 30, 20)
    widget.wait(60)
    with pytest.raises(MediaError, match="there is no format 'foo'"):
        widget.export("out", "foo")  # type: ignore[arg-type]
    assert not widget._desk.jobs


@pytest.mark.parametrize("source", ["no/such/clip.mp4", b"no video", np.zeros((0, 4, 4, 3), np.uint8), 3.5])
def test_what_is_no_video_is_refused_at_once(source: object) -> None:
    with pytest.raises(MediaError):
        VideoSegmenter(source, predictor(), autosave=False)  # type: ignore[arg-type]


@pytest.mark.parametrize("model", ["sam9_enormous", 5])
def test_a_model_that_is_none_is_refused_at_once(model: object) -> None:
    with pytest.raises(ModelError):
        VideoSegmenter(video(), model, autosave=False)  # type: ignore[arg-type]


def test_a_network_without_memory_is_refused() -> None:
    plain = Sam2(replace(video_model().config, memory_layers=0))
    with pytest.raises(ModelError, match="memory"):
        VideoSegmenter(video(), plain, autosave=False)  # type: ignore[arg-type]
