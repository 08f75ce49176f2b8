from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sam2_notebook.labels.cutouts import Cutout, extent
from sam2_notebook.labels.polygons import drawn, filled, one_polygon_through_centres, polygons
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import Rle, bounding_box
from tests.labels.conftest import SIZE, disc

masks = hnp.arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def size_of(mask: np.ndarray) -> Size:
    return Size(height=mask.shape[0], width=mask.shape[1])


@given(masks)
def test_run_lengths_know_their_extent_and_give_the_cutout(mask: np.ndarray) -> None:
    rle = Rle.from_mask(mask)
    box = extent(rle)
    assert box == bounding_box(mask)
    cutout = Cutout.of(rle)
    if cutout is None:
        assert not mask.any()
    else:
        again = np.zeros_like(mask)
        again[cutout.y0 : cutout.y1 + 1, cutout.x0 : cutout.x1 + 1] = cutout.pixels
        assert (again == mask).all()


@given(masks)
def test_polygons_along_edges_fill_to_the_same_mask(mask: np.ndarray) -> None:
    cutout = Cutout.of(Rle.from_mask(mask))
    again = np.zeros_like(mask)
    for ring in polygons(cutout) if cutout else []:
        again |= filled(ring, size_of(mask))
    assert (again == mask).all()


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@given(masks)
def test_pycocotools_fills_polygons_along_edges_alike(mask: np.ndarray) -> None:
    from pycocotools import mask as coco

    cutout = Cutout.of(Rle.from_mask(mask))
    if cutout is not None:
        rings = [ring.ravel().tolist() for ring in polygons(cutout)]
        merged = coco.merge(coco.frPyObjects(cast(Any, rings), *mask.shape))
        assert (coco.decode(merged).astype(bool) == mask).all()


@pytest.mark.parametrize("hole", [0, 1, 4, 9])
def test_one_polygon_through_centres_is_the_mask_in_opencv_and_here(hole: float) -> None:
    import cv2

    mask = disc(SIZE, 30, 25, 15, hole)
    cutout = Cutout.of(Rle.from_mask(mask))
    assert cutout is not None
    ring = one_polygon_through_centres(cutout)
    by_opencv = cv2.fillPoly(np.zeros(mask.shape, np.uint8), [ring.astype(np.int32)], (1,)).astype(bool)
    for again in (by_opencv, drawn(ring, SIZE)):
        wrong = again != mask
        assert wrong.sum() <= (16 if hole else 0)  # the bridge to the hole is drawn as a line


def test_several_parts_become_one_polygon() -> None:
    mask = disc(SIZE, 12, 12, 8) | disc(SIZE, 60, 40, 9)
    cutout = Cutout.of(Rle.from_mask(mask))
    assert cutout is not None
    assert len(polygons(cutout)) == 2
    again = drawn(one_polygon_through_centres(cutout), SIZE)
    assert (again & mask).sum() / (again | mask).sum() > 0.9


@given(masks, masks)
def test_cutouts_share_what_masks_share(a: np.ndarray, b: np.ndarray) -> None:
    size = (12, 12)
    wide = [np.pad(m, [(0, size[0] - m.shape[0]), (0, size[1] - m.shape[1])]) for m in (a, b)]
    cutouts = [Cutout.of(Rle.from_mask(m)) for m in wide]
    if cutouts[0] and cutouts[1]:
        assert cutouts[0].shared_with(cutouts[1]) == (wide[0] & wide[1]).sum()
