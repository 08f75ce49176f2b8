"""Pillow pictures into upright 8-bit RGB, a band of rows at a time so that a large picture is held once, not thrice."""

from collections.abc import Iterator

import numpy as np
from PIL import Image as PillowImage
from PIL.ExifTags import Base as ExifTag

from .arrays import over_white
from .failures import PILLOW_ERRORS
from .levels import to_levels

WIDE_MODES = {"I;16": "<u2", "I;16L": "<u2", "I;16B": ">u2", "I;16N": "=u2", "I": "i4", "F": "f4"}
_MODE_BYTES = {"1": 1, "L": 1, "P": 1} | dict.fromkeys(("I;16", "I;16L", "I;16B", "I;16N"), 2)
_BAND_PIXELS = 1 << 21
_MIN_IS_WHITE = 0

# EXIF orientation -> how the upright picture is flipped (rows, columns) and turned to match the stored rows
_ORIENTATIONS = {
    1: (1, 1, False),
    2: (1, -1, False),
    3: (-1, -1, False),
    4: (-1, 1, False),
    5: (1, 1, True),
    6: (1, -1, True),
    7: (-1, -1, True),
    8: (-1, 1, True),
}


def decoded_bytes(picture: PillowImage.Image) -> int:
    """Bytes that Pillow's own buffer of this picture takes, known before anything is decoded."""
    return picture.width * picture.height * _MODE_BYTES.get(picture.mode, 4)


def pixels_of_picture(picture: PillowImage.Image, label: str) -> np.ndarray:
    """Decode one picture of any Pillow mode to a new uint8 RGB array (H, W, 3), EXIF orientation applied.

    Alpha and transparent colours are laid over white. 16-bit, 32-bit and float grey follow the rule of `levels`; of
    16-bit colour files Pillow yields the upper 8 bits. Colour profiles are not applied. Raises what Pillow raises.
    """
    picture.load()
    # after load(): TIFF turns itself there, and PNG may carry its EXIF behind the pixels
    flip_rows, flip_columns, turned = _ORIENTATIONS[_orientation(picture)]
    height_width = (picture.width, picture.height) if turned else (picture.height, picture.width)
    pixels = np.empty((*height_width, 3), np.uint8)
    stored = pixels[::flip_rows, ::flip_columns]
    if turned:
        stored = stored.swapaxes(0, 1)
    if picture.mode in WIDE_MODES:
        stored[...] = _wide_grey(picture, label)[..., None]
    else:
        for top, band in _bands(picture):
            stored[top : top + band.height] = _rgb(band)
    return pixels


def upright_hw(picture: PillowImage.Image) -> tuple[int, int]:
    """Height and width once it is upright. Only TIFF, and PNG without EXIF before its pixels, is decoded for that."""
    if picture.format == "TIFF":
        picture.load()  # where it turns itself
    turned = _ORIENTATIONS[_orientation(picture)][2]
    return (picture.width, picture.height) if turned else (picture.height, picture.width)


def _orientation(picture: PillowImage.Image) -> int:
    try:
        orientation = picture.getexif().get(ExifTag.Orientation)
    except PILLOW_ERRORS:
        # The pixels are sound, only the note about the camera is not: every viewer shows such a picture as stored.
        return 1
    return orientation if isinstance(orientation, int) and orientation in _ORIENTATIONS else 1


def _bands(picture: PillowImage.Image) -> Iterator[tuple[int, PillowImage.Image]]:
    rows = max(1, _BAND_PIXELS // picture.width)
    for top in range(0, picture.height, rows):
        yield top, picture.crop((0, top, picture.width, min(top + rows, picture.height)))


def _rgb(band: PillowImage.Image) -> np.ndarray:
    if not band.has_transparency_data:
        return np.asarray(band.convert("RGB"))
    straight = band.convert("LA") if band.mode == "La" else band  # Pillow has no direct way from La
    rgba = np.asarray(straight.convert("RGBA"))
    return over_white(rgba[..., :3], rgba[..., 3])


def _wide_grey(picture: PillowImage.Image, label: str) -> np.ndarray:
    values = np.empty((picture.height, picture.width), np.dtype(WIDE_MODES[picture.mode]).newbyteorder("="))
    for top, band in _bands(picture):
        values[top : top + band.height] = np.asarray(band)
    levels = to_levels(values, label)
    if getattr(picture, "tag_v2", {}).get(ExifTag.PhotometricInterpretation) == _MIN_IS_WHITE:
        levels = 255 - levels  # Pillow inverts 8-bit TIFFs of this kind itself, but no wider ones
    transparent = picture.info.get("transparency")
    if isinstance(transparent, int):
        levels[values == transparent] = 255
    return levels
