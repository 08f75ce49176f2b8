"""Masks: measures, parts, and COCO's run lengths against pycocotools."""

from typing import Any, cast

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco
from scipy import ndimage

from sam2_notebook.values.geometry import Box, Size
from sam2_notebook.values.masks import (
    Rle,
    area,
    boundary,
    bounding_box,
    check_mask,
    fill_holes,
    iou,
    remove_islands,
)

# pycocotools 2.0.11 makes numpy 2 warn about a keyword of its own __array__.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
MASKS = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40))


@given(MASKS)
def test_run_lengths_give_the_mask_back(mask: np.ndarray) -> None:
    assert np.array_equal(Rle.from_mask(mask).to_mask(), mask)


@given(MASKS)
def test_the_text_form_is_that_of_pycocotools(mask: np.ndarray) -> None:
    ours = Rle.from_mask(mask)
    theirs: Any = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    assert ours.to_coco()["counts"] == theirs["counts"].decode()
    assert ours.area == coco.area(theirs) == area(mask)
    assert np.array_equal(coco.decode(cast("Any", ours.to_coco())).astype(bool), mask)
    assert Rle.from_coco(ours.to_coco()) == ours


@given(MASKS)
def test_what_pycocotools_hands_out_is_read_whatever_its_form(mask: np.ndarray) -> None:
    height, width = mask.shape
    flat = mask.ravel(order="F")
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flat, [not flat[-1]]))))
    counts = np.diff(np.concatenate(([0], edges))).tolist()
    for form in (coco.encode(np.asfortranarray(mask, np.uint8)), {"size": [height, width], "counts": counts}):
        assert np.array_equal(Rle.from_coco(form).to_mask(), mask)
    with pytest.raises(ValueError, match="text, bytes or a list"):
        Rle.from_coco({"size": [height, width], "counts": 3})


def test_the_text_form_holds_on_a_large_picture() -> None:
    mask = np.zeros((3000, 2000), dtype=bool)
    mask[100:2900, 30:1900] = np.random.default_rng(0).random((2800, 1870)) > 0.001
    theirs: Any = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    assert Rle.from_mask(mask).to_coco()["counts"] == theirs["counts"].decode()


@pytest.mark.parametrize("counts", ["1", "13P", "1 3", "13z", "1333"])
def test_a_broken_text_form_is_refused(counts: str) -> None:
    with pytest.raises(ValueError):
        Rle.from_coco({"size": [2, 2], "counts": counts})


@given(st.text(alphabet=[chr(c) for c in range(48, 112)], max_size=30))
def test_any_text_is_a_mask_or_a_value_error(counts: str) -> None:
    try:
        rle = Rle.from_coco({"size": [5, 4], "counts": counts})
    except ValueError:
        return
    assert rle.to_mask().shape == (5, 4)


def test_runs_must_cover_the_picture() -> None:
    with pytest.raises(ValueError, match="add up to 4"):
        Rle(Size(height=2, width=2), (1, 2))
    with pytest.raises(ValueError):
        Rle(Size(height=2, width=2), (-1, 5))


@given(MASKS)
def test_the_bounding_box_is_tight(mask: np.ndarray) -> None:
    box = bounding_box(mask)
    if box is None:
        assert not mask.any()
        return
    rows, columns = np.nonzero(mask)
    assert box == Box(columns.min(), rows.min(), columns.max(), rows.max())


@given(st.data())
def test_iou_counts_pixels(data: st.DataObject) -> None:
    a = data.draw(MASKS)
    b = data.draw(hnp.arrays(np.bool_, a.shape))
    both, any_ = int((a & b).sum()), int((a | b).sum())
    assert iou(a, b) == (both / any_ if any_ else 1.0)


@given(MASKS, st.integers(1, 4))
def test_the_boundary_is_what_erosion_takes_away(mask: np.ndarray, thickness: int) -> None:
    eroded = np.asarray(ndimage.binary_erosion(mask, iterations=thickness), dtype=bool)
    assert np.array_equal(boundary(mask, thickness), mask & ~eroded)


@given(MASKS, st.integers(0, 30))
def test_islands_are_connected_parts(mask: np.ndarray, limit: int) -> None:
    labels, count = cast("tuple[np.ndarray, int]", ndimage.label(mask, structure=np.ones((3, 3))))
    expected = np.zeros_like(mask)
    for part in range(1, count + 1):
        if (labels == part).sum() >= limit:
            expected |= labels == part
    assert np.array_equal(remove_islands(mask, limit), expected)
    assert np.array_equal(fill_holes(~mask, limit), ~expected)


def test_a_spiral_is_one_part() -> None:
    spiral = np.zeros((101, 101), dtype=bool)
    x = y = 0
    dx, dy = 1, 0
    for length in (100, *np.repeat(np.arange(100, 1, -2), 2)):
        for _ in range(length):
            spiral[y, x] = True
            x, y = x + dx, y + dy
        dx, dy = -dy, dx
    assert cast("tuple[np.ndarray, int]", ndimage.label(spiral))[1] == 1
    assert np.array_equal(remove_islands(spiral, int(spiral.sum())), spiral)
    assert not remove_islands(spiral, int(spiral.sum()) + 1).any()


@pytest.mark.parametrize(
    "bad", [np.zeros((2, 2)), np.zeros((2, 2, 2), bool), np.zeros((0, 3), bool), [[True]], None], ids=str
)
def test_what_is_no_mask_is_refused_in_words(bad: object) -> None:
    with pytest.raises(ValueError, match="bool array"):
        check_mask(bad)  # type: ignore[arg-type]


def test_masks_of_two_pictures_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="same shape"):
        iou(np.ones((2, 2), bool), np.ones((2, 3), bool))
