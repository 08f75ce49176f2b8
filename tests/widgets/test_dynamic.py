"""`DynamicSegmenter` from a cell's and a page's point of view, with a small random network and no kernel."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from sam2_notebook.errors import EditError, MediaError, PromptError
from sam2_notebook.media import read_image
from sam2_notebook.predict import DynamicSession
from sam2_notebook.widgets.dynamic import DynamicSegmenter
from tests.predict.video_clips import clip
from tests.widgets.videos import VideoPage, predictor


def pictures() -> list[np.ndarray]:
    """Five pictures of three sizes."""
    frames = clip()
    return [frames[0], frames[3][:40], frames[6], frames[9][:, :50], frames[11]]


@pytest.fixture
def widget() -> Iterator[DynamicSegmenter]:
    made = DynamicSegmenter(pictures(), predictor(), lookalikes=False, autosave=False)
    yield made
    made.close()


def test_what_is_shown_in_one_picture_is_found_in_the_others_as_the_session_finds_it(widget: DynamicSegmenter) -> None:
    widget.add_box(0, (20, 10, 50, 40))
    widget.find().wait(60)
    session = DynamicSession(predictor().model, device="cpu", lookalikes=False)
    session.remember(pictures()[0], 1, box=[20, 10, 50, 40])
    for index, picture in enumerate(pictures()[1:], start=1):
        wanted = session.find(picture)[1]
        mask = widget.masks[index][1]
        assert mask.shape == picture.shape[:2]
        assert np.array_equal(mask, wanted.mask & wanted.present)
        assert widget.scores(1)[index] == pytest.approx(wanted.presence, abs=1 / 254)
    assert widget.found(0)[1].shown
    assert set(widget.memory(1)[1].prompted) == {0}


def test_there_are_no_classes_to_choose_from(widget: DynamicSegmenter) -> None:
    with pytest.raises(EditError, match="has no classes to choose from"):
        widget.classes = ["left", "right"]
    assert widget.classes == ()
    widget.classify(widget.add_box(0, (20, 10, 50, 40)), "left")
    assert [known.label for known in widget.objects] == ["left"]


def test_an_object_shown_elsewhere_makes_stale_only_what_was_found_of_it(widget: DynamicSegmenter) -> None:
    first = widget.add_box(0, (20, 10, 50, 40))
    second = widget.add_box(0, (5, 5, 30, 30), object=widget.add_object("other"))
    widget.find().wait(60)
    before = {index: dict(widget.masks[index]) for index in (1, 3)}
    widget.add_box(4, (10, 10, 40, 40), object=second)
    widget.wait(60)
    assert [o.stale for o in widget.objects] == [0, 3]
    widget.find().wait(60)
    assert [o.state for o in widget.objects] == ["full", "full"]
    assert all(np.array_equal(widget.masks[index][first], masks[first]) for index, masks in before.items())
    assert set(widget.memory(1)[second].prompted) == {0, 4}


def test_taking_back_what_was_shown_brings_back_what_was_found_before(widget: DynamicSegmenter) -> None:
    widget.add_box(0, (20, 10, 50, 40))
    widget.find().wait(60)
    before = {index: masks[1] for index, masks in widget.masks.items()}
    widget.add_point(2, 30, 20, object=1)
    widget.find().wait(60)
    widget.undo()
    widget.find().wait(60)
    assert all(np.array_equal(widget.masks[index][1], mask) for index, mask in before.items())


def test_with_its_only_example_an_object_loses_what_was_found_of_it_until_that_is_back(
    widget: DynamicSegmenter,
) -> None:
    page = VideoPage(widget)
    widget.add_box(0, (20, 10, 50, 40))
    second = widget.add_object("other")
    widget.add_box(0, (5, 5, 30, 30), object=second)
    widget.find().wait(60)
    before = {index: masks[second] for index, masks in widget.masks.items()}
    assert sorted(before) == [0, 1, 2, 3, 4]
    widget.undo()
    widget.wait(60)
    assert all(set(masks) == {1} for masks in widget.masks.values())
    assert second not in widget.found(1)
    other = widget.objects[1]
    assert (other.state, other.stale) == ("none", 0)
    assert page.masks(1).keys() == {(1, 1)}
    gone = [tuple(pair) for told in page.wire.of("masks_changed") for pair in told["gone"]]
    assert {(index, second) for index in range(5)} <= set(gone)
    widget.redo()
    widget.wait(60)
    assert all(np.array_equal(widget.masks[index][second], mask) for index, mask in before.items())
    assert page.masks(1).keys() == {(1, 1), (1, second)}
    widget.undo()
    widget.add_box(2, (5, 5, 30, 30), object=second)
    widget.find().wait(60)
    assert [o.state for o in widget.objects] == ["full", "full"]


def test_a_picture_can_be_said_not_to_hold_an_object(widget: DynamicSegmenter) -> None:
    widget.add_box(0, (20, 10, 50, 40))
    widget.add_mask(1, np.zeros((40, 80), bool))
    widget.find().wait(60)
    assert not widget.masks[1][1].any()
    assert set(widget.memory(2)[1].prompted) == {0, 1}


def test_only_the_last_pictures_are_remembered_when_there_is_a_limit() -> None:
    limited = DynamicSegmenter(pictures(), predictor(), most_memories=1, lookalikes=False, autosave=False)
    for index in (0, 2, 4):
        limited.add_box(index, (20, 10, 50, 40), object=None if index == 0 else 1)
    limited.find().wait(60)
    session = DynamicSession(predictor().model, device="cpu", lookalikes=False)
    session.remember(pictures()[4], 1, box=[20, 10, 50, 40])
    wanted = session.find(pictures()[1])[1]
    assert limited.scores(1)[1] == pytest.approx(wanted.presence, abs=0.02)
    limited.clear(1, 0)
    assert limited.find().wait(60)
    limited.close()


def test_finding_can_be_stopped_and_goes_on_from_there(widget: DynamicSegmenter) -> None:
    with pytest.raises(EditError, match="no object has a prompt"):
        widget.find()
    widget.add_box(0, (20, 10, 50, 40))
    job = widget.find()
    job.cancel()
    job.wait(60)
    widget.find().wait(60)
    assert sorted(widget.masks) == [0, 1, 2, 3, 4]


def test_a_page_hears_of_sizes_and_gets_each_picture_as_it_is(widget: DynamicSegmenter) -> None:
    page = VideoPage(widget)
    assert page.snapshot["video"]["sizes"] == [[80, 60], [80, 40], [80, 60], [50, 60], [80, 60]]
    asked = {"width": 640, "quality": 80, "purpose": "show", "generation": 1, "preview": False}
    answer, _ = page.ask(type="frames", frames=[1, 3], **asked)
    assert [b["shape"] for b in answer["buffers"]] == [[40, 80], [60, 50]]
    page.edit(3, {"kind": "add_object", "object": 1}, {"kind": "set_box", "object": 1, "box": [5, 5, 40, 40]})
    widget.wait(60)
    (shown,) = page.masks(3).values()
    assert shown["prompted"]
    assert widget.snapshot(3).size == (50, 60)


def test_work_is_kept_and_taken_up_on_the_same_pictures(widget: DynamicSegmenter, tmp_path: Path) -> None:
    widget.add_box(0, (20, 10, 50, 40), object=widget.add_object("cup"))
    widget.find().wait(60)
    path = widget.save(tmp_path / "set.sam2video")
    again = DynamicSegmenter.load(path, pictures(), predictor(), autosave=False)
    assert [o.name for o in again.objects] == ["cup"]
    assert all(np.array_equal(again.masks[i][1], widget.masks[i][1]) for i in range(5))
    again.close()
    with pytest.raises(MediaError, match="other ones than these 2"):
        DynamicSegmenter.load(path, pictures()[:2], predictor())
    with pytest.raises(MediaError, match="pass the pictures again"):
        DynamicSegmenter.load(path)


def test_a_folder_is_read_in_natural_order_and_masks_are_written_at_one_size(tmp_path: Path) -> None:
    folder = tmp_path / "cups"
    folder.mkdir()
    for index, picture in enumerate(pictures()):
        PillowImage.fromarray(picture).save(folder / f"cup{index * 5}.png")
    made = DynamicSegmenter(folder, predictor(), lookalikes=False, autosave=False)
    assert repr(made) == "DynamicSegmenter(cups, model='VideoPredictor', 0 objects)"
    made.add_box(3, (5, 5, 40, 40))
    made.wait(60)
    early = made.export(tmp_path / "early")
    early.wait(60)
    assert early.view.text.endswith("; 4 pictures have no mask yet, as 1 object was not looked for in every picture")
    made.find().wait(60)
    made.export(tmp_path / "masks").wait(60)
    written = sorted((tmp_path / "masks").rglob("*.png"))
    assert {read_image(p).size_hw for p in written} == {(60, 80)}
    made.close()


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: DynamicSegmenter([], predictor()), MediaError, "no picture in the set"),
        (lambda: DynamicSegmenter("no such folder", predictor()), MediaError, "no folder"),
    ],
)
def test_sets_that_are_none_are_refused(make, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make()


def test_impossible_prompts_are_refused(widget: DynamicSegmenter) -> None:
    with pytest.raises(PromptError, match="the mask is 80 x 60, picture 1 80 x 40"):
        widget.add_mask(1, np.zeros((60, 80), bool))
    with pytest.raises(PromptError, match="there is no picture 9"):
        widget.found(9)
