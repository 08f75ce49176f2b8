"""A picture with masks laid over it."""

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as PillowImage

import sam2_notebook as sn
from sam2_notebook.protocol.palette import PALETTE
from sam2_notebook.values.masks import Rle

GREY = np.full((40, 60, 3), 100, np.uint8)


def rectangle(x0: int, y0: int, x1: int, y1: int) -> npt.NDArray[np.bool_]:
    mask = np.zeros(GREY.shape[:2], np.bool_)
    mask[y0:y1, x0:x1] = True
    return mask


LEFT, RIGHT = rectangle(2, 2, 20, 30), rectangle(30, 2, 58, 38)


@pytest.mark.parametrize("picture", [GREY, sn.read_image(GREY), PillowImage.fromarray(GREY)])
@pytest.mark.parametrize(
    "masks",
    [
        [LEFT, RIGHT],
        np.stack([LEFT, RIGHT]),
        [Rle.from_mask(LEFT), Rle.from_mask(RIGHT)],
        {1: LEFT, 2: Rle.from_mask(RIGHT)},
    ],
)
def test_masks_of_every_form_are_drawn_the_same(picture: object, masks: object) -> None:
    drawn = sn.draw_masks(picture, masks)  # type: ignore[arg-type]

    assert drawn[2, 2].tolist() == list(PALETTE[0].rgb)  # an edge is in full colour
    assert drawn[2, 30].tolist() == list(PALETTE[1].rgb)
    assert (drawn[15, 10] != GREY[15, 10]).any()  # the inside is tinted
    np.testing.assert_array_equal(drawn[~(LEFT | RIGHT)], GREY[~(LEFT | RIGHT)])
    assert (GREY == 100).all()


def test_objects_of_a_mapping_keep_their_colours() -> None:
    both, second = sn.draw_masks(GREY, {1: LEFT, 2: RIGHT}), sn.draw_masks(GREY, {2: RIGHT})

    np.testing.assert_array_equal(both[RIGHT], second[RIGHT])


def test_a_small_mask_is_drawn_over_a_large_one() -> None:
    inner = rectangle(35, 8, 50, 30)
    for masks in ({1: RIGHT, 2: inner}, {2: inner, 1: RIGHT}):
        assert sn.draw_masks(GREY, masks)[8, 35].tolist() == list(PALETTE[1].rgb)


def test_colours_and_lines_can_be_chosen() -> None:
    drawn = sn.draw_masks(GREY, [LEFT], colors=[4], line_px=3)

    assert drawn[4, 10].tolist() == list(PALETTE[4].rgb)


def test_a_widgets_masks_are_drawn_in_its_colours() -> None:
    widget = sn.ImageSegmenter(GREY)
    try:
        for x in (10, 45):
            widget.paint([(x, 10), (x, 25)], width=6, object=widget.add_object())
        widget.wait()
        masks = dict(widget.masks)
        colors = {one.id: PALETTE[one.color].rgb for one in widget.session.document.objects}
    finally:
        widget.close()
    drawn = sn.draw_masks(GREY, masks)

    assert len(masks) == 2
    for found, mask in masks.items():
        assert (drawn[mask] == colors[found]).all(axis=-1).any()


@pytest.mark.parametrize("mask", [LEFT.T, LEFT[:20], Rle.from_mask(LEFT[:20]), LEFT.astype(np.float32)])
def test_a_mask_of_something_else_is_refused(mask: object) -> None:
    with pytest.raises(sn.PromptError, match="mask is"):
        sn.draw_masks(GREY, [mask])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"colors": [1]}, "got 1 colours for 2 masks"),
        ({"colors": ["red", "blue"]}, r"places in the palette, whole numbers, one a mask; got \['red', 'blue'\]"),
        ({"line_px": -1}, "line_px is a whole number of at least 1; got -1"),
    ],
)
def test_how_to_draw_is_checked(how: dict, words: str) -> None:
    with pytest.raises(sn.PromptError, match=words):
        sn.draw_masks(GREY, [LEFT, RIGHT], **how)
