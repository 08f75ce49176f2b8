"""Classes of objects in videos, from one session to the next and in what is exported."""

import json
from pathlib import Path

import numpy as np
import pytest

from sam2_notebook.media import write_video
from sam2_notebook.values.classes import LabelClass
from sam2_notebook.widgets.video import VideoSegmenter
from tests.widgets.videos import predictor, until, video


@pytest.fixture(scope="module")
def clip_file(tmp_path_factory) -> Path:
    return write_video(tmp_path_factory.mktemp("clips") / "blocks.mp4", video())


@pytest.mark.parametrize(
    ("before", "now", "wanted", "told"),
    [
        (["car", "person"], ["person", "dog"], ["person", "dog", "car"], "which were added: car"),
        (["car", "person"], [], ["car", "person"], None),
        ([], ["dog"], ["dog", "person"], "which were added: person"),  # names were free then
        ([], [], [], None),
        (["person"], ["dog", "person"], ["dog", "person"], None),
    ],
)
def test_work_taken_up_keeps_the_classes_that_the_widget_has(
    clip_file: Path, tmp_path, before: list[str], now: list[str], wanted: list[str], told: str | None
) -> None:
    first = VideoSegmenter(clip_file, predictor(), classes=before, autosave=tmp_path)
    first.add_point(0, 30, 20, object=first.add_object("walker", "person"))
    assert first.wait(60)
    until(lambda: first.autosave is not None and first._desk.autosave.saved.state == "saved")
    first.close()
    again = VideoSegmenter(clip_file, predictor(), classes=now, autosave=tmp_path)
    again.recover()
    assert [known.name for known in again.classes] == wanted
    assert [(o.name, o.label) for o in again.objects] == [("walker", "person")]
    assert [text for text in again.notices if "classes" in text] == ([] if told is None else [again.notices[-1]])
    assert told is None or told in again.notices[-1]
    again.undo()
    assert [known.name for known in again.classes] == now
    again.close()


def test_exports_of_different_objects_number_the_classes_alike(tmp_path) -> None:
    widget = VideoSegmenter(video(), predictor(), classes=["cat", "dog", "cow"], autosave=False)
    for label in ("dog", "cow", ""):
        widget.add_point(0, 30, 20, object=widget.add_object(label or "what", label))
    widget.classify(3, "")
    assert widget.wait(60)
    numbers: dict[str, set[int]] = {}
    for format in ("coco", "ytvis"):
        for chosen in ([1], [2, 3], [3, 1], None):
            path = tmp_path / f"{format}-{chosen}.json"
            widget.export(path, format, chosen).wait(60)
            data = json.loads(path.read_text("utf-8"))
            names = {c["id"]: c["name"] for c in data["categories"]}
            for number, name in names.items():
                numbers.setdefault(name, set()).add(number)
            labels = [widget.objects[i - 1].label or "object" for i in chosen or (1, 2, 3)]
            assert [names[a["category_id"]] for a in data["annotations"]] == labels
    assert numbers == {"cat": {1}, "dog": {2}, "cow": {3}, "object": {4}}
    widget.close()


def test_a_snapshot_has_the_colours_of_classes() -> None:
    red = LabelClass(name="cat", color="#ff0000")
    widget = VideoSegmenter(video(), predictor(), classes=[red], autosave=False)
    mask = np.zeros((widget._desk.source.size.height, widget._desk.source.size.width), bool)
    mask[:20, :20] = True
    widget.add_mask(0, mask, widget.add_object())
    assert widget.wait(60)
    classed = np.asarray(widget._drawn(0, 1000))[5, 5].astype(int)
    widget.classify(1, "")
    more_red = classed - np.asarray(widget._drawn(0, 1000))[5, 5]
    assert more_red[0] > 0 > more_red[1:].max()
    widget.close()
