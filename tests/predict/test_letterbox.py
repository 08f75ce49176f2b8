"""A picture fitted into the square, prompts with it, and logits cut back."""

import cv2
import numpy as np
import pytest

from sam2_notebook.media import Image
from sam2_notebook.predict.letterbox import GREY, Letterbox
from sam2_notebook.predict.prompt_edits import one_prompt
from sam2_notebook.values.geometry import Size


@pytest.mark.parametrize(("height", "width"), [(60, 80), (80, 60), (33, 100), (200, 200), (3, 500), (1080, 1920)])
def test_a_picture_keeps_its_shape(height: int, width: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    fitting = Letterbox(size=Size(height=height, width=width), side=64)
    square = fitting.picture(Image(pixels)).pixels
    high, wide = fitting.inner.height, fitting.inner.width
    assert square.shape == (64, 64, 3)
    assert max(high, wide) == 64
    assert (square[high:] == GREY).all()
    assert (square[:, wide:] == GREY).all()
    wanted = cv2.resize(pixels, (wide, high), interpolation=cv2.INTER_LINEAR)
    assert np.abs(square[:high, :wide].astype(int) - wanted).max() <= 1


@pytest.mark.parametrize(
    ("height", "width", "rows", "columns"),
    [(60, 80, 48, 64), (80, 60, 64, 48), (64, 64, 64, 64), (41, 80, 33, 64), (45, 80, 36, 64), (1, 500, 1, 64)],
)
def test_the_logits_of_the_picture_are_whole_rows(height: int, width: int, rows: int, columns: int) -> None:
    fitting = Letterbox(size=Size(height=height, width=width), side=256)
    plane = np.arange(64 * 64, dtype=np.float32).reshape(64, 64)
    assert np.array_equal(fitting.cut(plane), plane[:rows, :columns])


def test_prompts_move_with_the_picture() -> None:
    size = Size(height=60, width=120)
    fitting = Letterbox(size=size, side=64)
    mask = np.zeros((60, 120), bool)
    mask[30:, 60:] = True
    said = one_prompt([[30, 15]], [1], np.array([0.0, 0.0, 120.0, 60.0]), None, size)
    moved = fitting.prompt(said)
    assert moved.points.tolist() == [[16, 8]]
    assert moved.box is not None
    assert moved.box.as_tuple() == (0, 0, 64, 32)
    drawn = fitting.prompt(one_prompt(None, None, None, mask, size)).mask
    assert drawn is not None
    assert drawn.shape == (64, 64)
    assert drawn[16:32, 32:].all()
    assert drawn.sum() == 16 * 32
