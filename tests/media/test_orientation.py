"""All eight EXIF orientations, from every container and from Pillow images, show the same upright picture."""

import io

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageOps

from sam2_notebook.media import read_image

from .pictures import encoded, pattern_rgb

ORIENTATION = 0x0112
UPRIGHT = pattern_rgb((48, 64))
# how a camera in each position would have stored the upright picture
STORED = {
    1: UPRIGHT,
    2: UPRIGHT[:, ::-1],
    3: UPRIGHT[::-1, ::-1],
    4: UPRIGHT[::-1],
    5: UPRIGHT.swapaxes(0, 1),
    6: np.rot90(UPRIGHT, 1),
    7: np.rot90(UPRIGHT, 2).swapaxes(0, 1),
    8: np.rot90(UPRIGHT, -1),
}
CONTAINERS: dict[str, dict[str, object]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "PNG": {},
    "TIFF": {},
    "WEBP": {"lossless": True},
    "AVIF": {"quality": 95, "subsampling": "4:4:4"},
}


def stored_file(orientation: int, kind: str) -> bytes:
    exif = PillowImage.Exif()
    exif[ORIENTATION] = orientation
    return encoded(np.ascontiguousarray(STORED[orientation]), kind, exif=exif, **CONTAINERS[kind])


@pytest.mark.parametrize("kind", CONTAINERS)
@pytest.mark.parametrize("orientation", STORED)
def test_a_file_is_turned_upright(orientation: int, kind: str) -> None:
    pixels = read_image(stored_file(orientation, kind)).pixels
    assert pixels.shape == UPRIGHT.shape
    assert np.abs(pixels.astype(int) - UPRIGHT).mean() < (8 if kind in ("JPEG", "AVIF") else 0.01)


@pytest.mark.parametrize("kind", CONTAINERS)
@pytest.mark.parametrize("orientation", STORED)
def test_a_pillow_image_that_still_carries_exif_is_turned_once(orientation: int, kind: str) -> None:
    opened = PillowImage.open(io.BytesIO(stored_file(orientation, kind)))
    expected = read_image(stored_file(orientation, kind)).digest
    assert read_image(opened).digest == expected
    assert read_image(opened).digest == expected, "a second reading gives the same"
    already_upright = ImageOps.exif_transpose(opened)
    assert read_image(already_upright).digest == expected


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_16_bit_pictures_are_turned_too(orientation: int) -> None:
    exif = PillowImage.Exif()
    exif[ORIENTATION] = orientation
    wide = np.ascontiguousarray(STORED[orientation][..., 0] * np.uint16(257))
    pixels = read_image(encoded(wide, "PNG", exif=exif)).pixels
    assert np.abs(pixels[..., 0].astype(int) - UPRIGHT[..., 0]).max() <= 1


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize(
    "note", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\0\x09"]
)
def test_a_broken_exif_block_leaves_the_picture_as_stored(note: bytes) -> None:
    plain = encoded(UPRIGHT, "JPEG", quality=95)
    segment = b"\xff\xe1" + (len(note) + 2).to_bytes(2, "big") + note
    assert read_image(plain[:2] + segment + plain[2:]).digest == read_image(plain).digest


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_unknown_orientation_is_no_orientation(orientation: int) -> None:
    exif = PillowImage.Exif()
    exif[ORIENTATION] = orientation
    pixels = read_image(encoded(UPRIGHT, "PNG", exif=exif)).pixels
    assert np.array_equal(pixels, UPRIGHT)
