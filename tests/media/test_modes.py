"""Every pixel mode in every container that can hold it without loss gives the pattern back."""

import io
import struct
import warnings
import zlib

import numpy as np
import PIL
import pytest
from PIL import Image as PillowImage

from sam2_notebook.media import read_image

from .pictures import encoded, pattern_grey, pattern_rgb, png_chunk

RGB = pattern_rgb()
GREY = pattern_grey()
GREY_RGB = np.repeat(GREY[..., None], 3, axis=2)
ALPHA = GREY[::-1]
OVER_WHITE = np.rint(RGB * (ALPHA[..., None] / 255.0) + 255.0 - ALPHA[..., None])
GREY_OVER_WHITE = np.rint(GREY_RGB * (ALPHA[..., None] / 255.0) + 255.0 - ALPHA[..., None])
BITS = GREY > 127


def with_alpha(colour: np.ndarray) -> np.ndarray:
    return np.dstack([colour, ALPHA])


def palette_picture(transparent: bool = False) -> PillowImage.Image:
    picture = PillowImage.fromarray(GREY, "L").convert("P")
    picture.putpalette([value for level in range(256) for value in (level, 255 - level, level // 2)])
    if transparent:
        picture.info["transparency"] = bytes(range(256))
    return picture


PALETTE_RGB = np.stack([GREY, 255 - GREY, GREY // 2], axis=-1)
PALETTE_OVER_WHITE = np.rint(PALETTE_RGB * (GREY[..., None] / 255.0) + 255.0 - GREY[..., None])

YCBCR_FILES = "TIFF" if int(PIL.__version__.split(".")[0]) >= 13 else ""  # Pillow 12 cannot read its own

CASES = {
    "1": (PillowImage.fromarray(BITS), np.repeat(BITS[..., None] * 255, 3, axis=2), "PNG TIFF BMP GIF WEBP"),
    "L": (PillowImage.fromarray(GREY), GREY_RGB, "PNG TIFF BMP GIF WEBP"),
    "LA": (PillowImage.fromarray(with_alpha(GREY), "LA"), GREY_OVER_WHITE, "PNG TIFF WEBP"),
    "RGB": (PillowImage.fromarray(RGB), RGB, "PNG TIFF BMP WEBP"),
    "RGBA": (PillowImage.fromarray(with_alpha(RGB)), OVER_WHITE, "PNG TIFF WEBP"),
    "P": (palette_picture(), PALETTE_RGB, "PNG TIFF BMP GIF WEBP"),
    "P with alpha": (palette_picture(transparent=True), PALETTE_OVER_WHITE, "PNG WEBP"),
    "PA": (palette_picture().convert("PA"), PALETTE_RGB, "WEBP"),
    "I;16": (PillowImage.fromarray(GREY * np.uint16(257)), GREY_RGB, "PNG TIFF"),
    "I;16 of 12 bits": (PillowImage.fromarray(GREY.astype(np.uint16) * 16), GREY_RGB, "PNG TIFF"),
    "I;16B": (PillowImage.frombytes("I;16B", GREY.shape[::-1], (GREY * np.uint16(257)).astype(">u2").tobytes()),
              GREY_RGB, "TIFF"),
    "I": (PillowImage.fromarray(GREY.astype(np.int32) * 70_000 - 9_000_000), GREY_RGB, "TIFF"),
    "I within 8 bits": (PillowImage.fromarray(GREY.astype(np.int32)), GREY_RGB, "TIFF"),
    "F of 0 to 1": (PillowImage.fromarray(GREY.astype(np.float32) / 255), GREY_RGB, "TIFF"),
    "F of any range": (PillowImage.fromarray(GREY.astype(np.float32) * 3 - 100), GREY_RGB, "TIFF"),
    "CMYK": (PillowImage.fromarray(np.dstack([255 - RGB, 0 * GREY]), "CMYK"), RGB, "TIFF"),
    "YCbCr": (PillowImage.fromarray(GREY_RGB).convert("YCbCr"), GREY_RGB, YCBCR_FILES),
}  # fmt: skip
MATRIX = [
    pytest.param(picture, wanted, kind, id=f"{mode} in {kind}")
    for mode, (picture, wanted, kinds) in CASES.items()
    for kind in kinds.split()
]
LOSSLESS = {"WEBP": {"lossless": True, "exact": True}}


def furthest(pixels: np.ndarray, wanted: np.ndarray) -> int:
    return int(np.abs(pixels.astype(int) - wanted.astype(int)).max())


@pytest.mark.parametrize(("picture", "wanted", "kind"), MATRIX)
def test_a_lossless_file_gives_the_pattern_back(picture: PillowImage.Image, wanted: np.ndarray, kind: str) -> None:
    image = read_image(encoded(picture, kind, **LOSSLESS.get(kind, {})))
    assert furthest(image.pixels, wanted) <= 1


@pytest.mark.parametrize(("picture", "wanted"), [pytest.param(*CASES[mode][:2], id=mode) for mode in CASES])
def test_a_pillow_image_gives_the_pattern_back(picture: PillowImage.Image, wanted: np.ndarray) -> None:
    assert furthest(read_image(picture).pixels, wanted) <= 1


@pytest.mark.parametrize("mode", ["RGBX", "HSV", "RGBa", "La", "LAB"])
def test_rarer_modes_of_pillow_images_are_converted(mode: str) -> None:
    grey_steps = PillowImage.fromarray(GREY_RGB)
    source = {"RGBa": "RGBA", "La": "LA"}.get(mode)
    if mode == "LAB":
        neutral = np.dstack([GREY, 0 * GREY, 0 * GREY])
        picture = PillowImage.frombytes("LAB", GREY.shape[::-1], neutral.tobytes())
        pixels = read_image(picture).pixels.astype(int)
        assert np.ptp(pixels, axis=2).max() <= 4, "a neutral colour stays grey"
        assert (np.diff(pixels[..., 1].ravel()) >= 0).all(), "lighter stays lighter"
        return
    picture = (grey_steps.convert(source) if source else grey_steps).convert(mode)
    assert furthest(read_image(picture).pixels, GREY_RGB) <= 1


def test_lab_survives_a_tiff() -> None:
    neutral = np.dstack([GREY, 0 * GREY, 0 * GREY])
    picture = PillowImage.frombytes("LAB", GREY.shape[::-1], neutral.tobytes())
    assert furthest(read_image(encoded(picture, "TIFF")).pixels, read_image(picture).pixels) == 0


@pytest.mark.parametrize(("kind", "options"), [("JPEG", {"quality": 95}), ("WEBP", {"quality": 95}), ("AVIF", {})])
def test_lossy_files_come_close_on_average(kind: str, options: dict[str, int]) -> None:
    pixels = read_image(encoded(GREY_RGB, kind, **options)).pixels
    assert np.abs(pixels.astype(int) - GREY_RGB).mean() < 2


def test_a_cmyk_jpeg_has_its_colours_the_right_way_round() -> None:
    cmyk = PillowImage.fromarray(np.dstack([255 - GREY_RGB, 0 * GREY]), "CMYK")
    pixels = read_image(encoded(cmyk, "JPEG", quality=95)).pixels
    assert np.abs(pixels.astype(int) - GREY_RGB).mean() < 2


def test_16_bit_colour_files_keep_their_upper_bits() -> None:
    height, width = RGB.shape[:2]
    body = b"".join(b"\0" + row.tobytes() for row in (RGB * np.uint16(257)).astype(">u2"))
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(body)), (b"IEND", b"")
    data = b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)
    assert furthest(read_image(data).pixels, RGB) == 0


def test_a_wide_tiff_where_zero_is_white_is_inverted() -> None:
    picture = PillowImage.fromarray(255 * np.uint16(257) - GREY * np.uint16(257))
    data = bytearray(encoded(picture, "TIFF"))
    entry = data.index(b"\x06\x01\x03\x00\x01\x00\x00\x00\x01\x00")  # tag 262, SHORT, one value: 1
    data[entry + 8] = 0
    assert furthest(read_image(bytes(data)).pixels, GREY_RGB) <= 1


@pytest.mark.parametrize(("mode", "key"), [("L", 10), ("RGB", (10, 10, 10)), ("I;16", 2570), ("P", 10), ("1", 1)])
def test_a_transparent_colour_becomes_white(mode: str, key: int | tuple[int, int, int]) -> None:
    levels = np.where(BITS, 10, 200).astype(np.uint8)
    pictures = {
        "I;16": lambda: PillowImage.fromarray(levels * np.uint16(257)),
        "P": lambda: PillowImage.fromarray(levels).convert("P"),
        "1": lambda: PillowImage.fromarray(BITS),
    }
    picture = pictures.get(mode, lambda: PillowImage.fromarray(levels).convert(mode))()
    pixels = read_image(encoded(picture, "PNG", transparency=key)).pixels
    assert (pixels[BITS] == 255).all()
    if mode not in ("1", "I;16"):  # there the other value is white of itself
        assert (pixels[~BITS] != 255).all()


def test_a_palette_with_alpha_raises_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_image(encoded(palette_picture(transparent=True), "PNG"))


def test_a_picture_taller_than_one_band_is_whole() -> None:
    tall = np.tile(pattern_rgb((64, 4096)), (20, 1, 1))  # 5.2 megapixels: three bands
    assert furthest(read_image(io.BytesIO(encoded(tall, "PNG", compress_level=1))).pixels, tall) == 0
