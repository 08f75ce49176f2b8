"""Of several frames or pages one has to be chosen; none is dropped silently."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

from sam2_notebook.media import read_image

from .pictures import encoded, pattern_rgb
from .refusing import refusal

ANIMATED = {"GIF": {}, "WEBP": {"lossless": True}, "PNG": {}, "TIFF": {}, "AVIF": {}}


def animation(kind: str) -> tuple[bytes, list[np.ndarray]]:
    frames = [np.full((32, 48, 3), shade, np.uint8) for shade in (0, 120, 250)]
    rest = [PillowImage.fromarray(frame) for frame in frames[1:]]
    return encoded(frames[0], kind, save_all=True, append_images=rest, **ANIMATED[kind]), frames


@pytest.mark.parametrize("kind", ANIMATED)
def test_of_several_frames_one_has_to_be_chosen(kind: str) -> None:
    data, frames = animation(kind)
    assert "3 frames" in refusal(data)
    assert "3 frames" in refusal(PillowImage.open(io.BytesIO(data)))
    for number, frame in enumerate(frames):
        assert np.abs(read_image(data, frame=number).pixels.astype(int) - frame).max() <= 3
        number_of_numpy: Any = np.int64(number)
        assert read_image(data, frame=number_of_numpy).digest == read_image(data, frame=number).digest
    for wrong in (3, -1, True, 1.0):
        assert "0 to 2" in refusal(data, frame=wrong)


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "PNG", "WEBP"])
def test_a_pillow_image_moved_by_its_owner_is_taken_there(kind: str) -> None:
    data, frames = animation(kind)
    picture = PillowImage.open(io.BytesIO(data))
    picture.seek(2)
    assert np.array_equal(read_image(picture).pixels, frames[2])


def test_a_single_picture_has_frame_0_only() -> None:
    data = encoded(pattern_rgb(), "PNG")
    assert np.array_equal(read_image(data, frame=0).pixels, pattern_rgb())
    assert "from 0 to 0" in refusal(data, frame=1)


def test_of_an_mpo_the_first_picture_is_the_photo() -> None:
    first, second = (PillowImage.fromarray(np.full((32, 48, 3), shade, np.uint8)) for shade in (40, 200))
    data = encoded(first, "MPO", save_all=True, append_images=[second])
    assert read_image(data).pixels[0, 0].tolist() == [40, 40, 40]
    opened = PillowImage.open(io.BytesIO(data))
    assert opened.format == "MPO"
    assert read_image(opened).pixels[0, 0].tolist() == [40, 40, 40]
