"""What widgets keep or decode at once: counted in numpy's allocations, a mask being 120 kB and a picture 360."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from sam2_notebook.media import Image
from sam2_notebook.predict import DynamicSession, ImagePredictor
from sam2_notebook.predict.automatic_results import AutomaticMask, AutomaticMasks
from sam2_notebook.values.geometry import Box, Size
from sam2_notebook.values.masks import Rle
from sam2_notebook.widgets import label_ahead
from sam2_notebook.widgets.everything import Everything
from sam2_notebook.widgets.image import ImageSegmenter
from sam2_notebook.widgets.label_ahead import Ahead
from sam2_notebook.widgets.picture_session import PictureSession
from sam2_notebook.widgets.picture_set import PictureSet
from sam2_notebook.widgets.worker import Worker
from tests.predict.conftest import random_model
from tests.widgets.videos import predictor

COUNT, SIZE = 40, Size(height=300, width=400)
MASK = np.zeros((SIZE.height, SIZE.width), np.bool_)
MASK[20:60, 30:90] = True
PIXELS = np.zeros((SIZE.height, SIZE.width, 3), np.uint8)


def most_and_left(work: Callable[[], object]) -> tuple[float, float]:
    """How many masks' worth of memory some work takes at most, and how many it leaves behind."""
    tracemalloc.start()
    try:
        work()
        left, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return most / SIZE.area, left / SIZE.area


def test_a_snapshot_decodes_the_mask_that_it_paints() -> None:
    widget = ImageSegmenter(PIXELS, ImagePredictor(random_model(0), device="cpu"))
    for _ in range(COUNT):
        widget.add_mask(MASK, object=widget.add_object())
    assert widget.wait(60)
    widget.snapshot()
    most, _ = most_and_left(widget.snapshot)
    assert most < 20
    assert np.asarray(widget.snapshot())[40, 60].any()
    widget.close()


def test_proposals_are_joined_one_after_the_other() -> None:
    everything = Everything(Worker("test"), lambda: None, lambda _: None)
    items = tuple(
        AutomaticMask(
            rle=Rle.from_mask(np.roll(MASK, number, axis=1)), box=Box(30, 20, 89, 59), score=0.9, stability=0.9,
            point=(40, 40), crop=(0, 0, 400, 300),
        )
        for number in range(COUNT)
    )  # fmt: skip
    everything.masks = AutomaticMasks(items, SIZE)
    most, _ = most_and_left(lambda: everything.edits(range(COUNT), 1, merged=True))
    assert most < 10
    made = everything.edits(range(COUNT), 1, merged=True)
    wanted = np.logical_or.reduce([item.mask for item in items])
    assert made[1].counts == Rle.from_mask(wanted).to_coco()["counts"]  # type: ignore[union-attr]


def test_what_was_shown_in_many_pictures_does_not_keep_its_masks_decoded() -> None:
    pictures = PictureSet([np.full_like(PIXELS, number) for number in range(COUNT)])
    follower = PictureSession(DynamicSession(predictor().model, device="cpu", lookalikes=False), pictures)
    follower.add(0, 1, box=Box(30, 20, 89, 59))

    def show() -> None:
        for frame in range(COUNT):
            follower.add(frame, 2, box=Box(30, 20, 89, 59))
        pictures.close()

    _, left = most_and_left(show)
    assert left < COUNT / 2
    follower.close()


def test_of_large_pictures_fewer_are_read_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[Image] = []
    paths = [tmp_path / f"{number}.png" for number in range(5)]
    for path in paths:
        PillowImage.fromarray(PIXELS).save(path)
    ahead = Ahead(encoded.append, Worker("encode"))
    monkeypatch.setattr(label_ahead, "MOST_BYTES", 2 * PIXELS.nbytes)
    _, left = most_and_left(lambda: [ahead.picture(path) for path in paths])
    assert 6 <= left < 7
    monkeypatch.setattr(label_ahead, "MOST_BYTES", 1)
    assert ahead.picture(paths[0]) is ahead.picture(paths[0]), "one is always kept"
    ahead.close()
