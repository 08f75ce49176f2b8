"""Scribbles, paint, masks and thresholds from a cell."""

import numpy as np
import pytest

from sam2_notebook.errors import EditError, PromptError
from sam2_notebook.widgets.image import ImageSegmenter


@pytest.fixture
def widget():
    made = ImageSegmenter(np.full((60, 80, 3), 128, np.uint8))
    yield made
    made.close()


def test_what_is_drawn_is_in_objects(widget: ImageSegmenter) -> None:
    assert widget.add_scribble([(10, 10), (40, 30)]) == 1
    assert widget.add_scribble([(60, 10), (60, 50)], label=0, width=5) == 1
    assert widget.wait(60)
    (item,) = widget.objects
    assert [(s.label, s.width) for s in item.strokes] == [(1, 1.6), (0, 5)]
    assert item.strokes[0].points_px.tolist() == [[10, 10], [40, 30]]
    assert not item.is_drawn
    assert item.score is not None


def test_paint_is_the_mask_to_the_pixel_and_can_be_refined_and_kept(widget: ImageSegmenter) -> None:
    id_ = widget.paint([(10, 10), (40, 10), (40, 40), (10, 40)], width=0)
    widget.paint([(20, 20)], width=9, label=0, object=id_)
    assert widget.wait(60)
    mask = widget.masks[id_]
    wanted = np.zeros((60, 80), bool)
    wanted[10:40, 10:40] = True
    y, x = np.mgrid[:60, :80]
    wanted[np.hypot(x - 20, y - 20) <= 4.5] = False
    assert (mask == wanted).all()
    (item,) = widget.objects
    assert (item.is_drawn, item.kept, item.score, item.scores, item.area) == (True, True, None, (), int(wanted.sum()))
    with pytest.raises(EditError, match="kept as it was drawn"):
        widget.add_point(3, 3, object=id_)
    widget.refine(id_)
    assert widget.wait(60)
    assert widget.objects[0].score is not None
    widget.keep(id_)
    assert widget.wait(60)
    assert (widget.masks[id_] == wanted).all()
    assert widget.snapshot().size == (80, 60)


def test_a_mask_can_be_given_and_clicked_on(widget: ImageSegmenter) -> None:
    mask = np.zeros((60, 80), bool)
    mask[5:30, 5:30] = True
    assert widget.add_mask(mask) == 1
    assert widget.add_mask(mask[::-1].copy(), keep=True) == 2
    assert widget.wait(60)
    assert (widget.masks[1] == mask).all()
    assert [o.kept for o in widget.objects] == [False, True]
    widget.add_point(40, 15, object=1)
    assert widget.wait(60)
    assert not widget.objects[0].is_drawn
    widget.undo()
    assert widget.wait(60)
    assert (widget.masks[1] == mask).all()


@pytest.mark.parametrize(
    "mask",
    [np.zeros((60, 80), np.uint8), np.zeros((80, 60), bool), np.zeros((60, 80), bool), [[True]]],
    ids=["numbers", "another size", "nothing", "a list"],
)
def test_what_is_no_mask_of_the_picture_is_refused_in_words(widget: ImageSegmenter, mask) -> None:
    with pytest.raises(EditError, match="mask"):
        widget.add_mask(mask)
    assert widget.objects == ()


def test_a_threshold_makes_the_mask_smaller_and_is_in_objects(widget: ImageSegmenter) -> None:
    widget.add_box(10, 10, 60, 50)
    assert widget.wait(60)
    before = widget.objects[0].area
    widget.set_threshold(1, 2)
    assert widget.wait(60)
    (item,) = widget.objects
    assert item.threshold == 2
    assert item.area < before
    assert widget.masks[1].sum() == item.area
    with pytest.raises(EditError, match="logit"):
        widget.set_threshold(1, 99)
    with pytest.raises(PromptError, match="threshold"):
        widget.set_threshold(1, "much")  # type: ignore[arg-type]


def test_a_snapshot_shows_scribbles_as_long_as_they_have_a_say(widget: ImageSegmenter) -> None:
    widget.add_scribble([(20, 20), (60, 20)], width=6)
    widget.add_scribble([(20, 50), (60, 50)], label=0, width=6)
    assert widget.wait(60)
    picture = widget.snapshot().convert("RGB")
    assert picture.getpixel((40, 20)) == (26, 152, 80)
    assert picture.getpixel((40, 50)) == (215, 48, 31)
    widget.paint([(40, 35)], width=4, object=1)
    assert widget.wait(60)
    assert widget.snapshot().convert("RGB").getpixel((40, 50)) != (215, 48, 31)
