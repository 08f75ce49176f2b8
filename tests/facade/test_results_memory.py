"""Results of many masks: each is decoded when its turn comes. Counted in numpy's allocations, a mask being 120 kB."""

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from sam2_notebook.facade.results import Results
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import Rle

COUNT, SIZE = 60, Size(height=300, width=400)


def result() -> Results:
    """A picture with sixty small masks."""
    mask = np.zeros((SIZE.height, SIZE.width), np.bool_)
    mask[20:60, 30:90] = True
    return Results(
        orig_img=np.zeros((SIZE.height, SIZE.width, 3), np.uint8), path="a.png", rles=(Rle.from_mask(mask),) * COUNT,
        scores=np.ones(COUNT), classes=range(COUNT),
    )  # fmt: skip


def pixels_of(found: Results) -> object:
    return found.plot(boxes=False)


@pytest.mark.parametrize(
    "use",
    [lambda r: r.boxes, lambda r: r.masks.xy, lambda r: r.summary(), pixels_of],
    ids=["boxes", "xy", "rows", "plot"],
)
def test_no_more_than_a_few_masks_are_decoded_at_once(use: Callable[[Results], object]) -> None:
    use(result())
    found = result()
    tracemalloc.start()
    try:
        use(found)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 15 * SIZE.area


def test_all_masks_as_one_array_are_in_memory_once() -> None:
    found = result()
    tracemalloc.start()
    try:
        data = found.masks.data
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert data.shape == (COUNT, SIZE.height, SIZE.width)
    assert most < (COUNT + 5) * SIZE.area
