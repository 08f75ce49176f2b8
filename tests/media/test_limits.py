"""Size is judged from the header: bombs cost nothing, and 100 megapixels are held once."""

import sys
import time
import warnings
import zlib
from pathlib import Path

import pytest
from PIL import Image as PillowImage

from sam2_notebook.media import read_image

from . import pictures
from .pictures import encoded, pattern_rgb
from .refusing import child, refusal

KINDS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF")
BOMBS = {
    "PNG": pictures.png_header(30_000, 30_000),
    "PNG of 1 bit": pictures.png_header(13_000, 13_000, depth=1, colour=0),
    "PNG beyond memory": pictures.png_header(2**31 - 1, 2**31 - 1),
    "JPEG": pictures.jpeg_header(65_500, 65_500),
    "BMP": pictures.bmp_header(20_000, 20_000),
    "BMP upside down": pictures.bmp_header(20_000, -20_000),
    "GIF frame": pictures.gif_header(13_000, 13_000),
    "GIF frame beyond Pillow's limit": pictures.gif_header(60_000, 60_000),
    "WebP VP8X": pictures.webp_header(13_000, 13_000, b"VP8X"),
    "WebP VP8L": pictures.webp_header(13_000, 13_000, b"VP8L"),
    "WebP VP8": pictures.webp_header(13_000, 13_000, b"VP8 "),
    "TIFF": pictures.tiff_header(40_000, 40_000),
    "TIFF tile": pictures.tiff_header(16, 16, tile=60_000),
}


READ_EACH = """
import resource, sys
import numpy as np
from sam2_notebook.errors import MediaError
from sam2_notebook.media import read_image
read_image(np.zeros((4, 4), np.uint8))
pages = int(open("/proc/self/statm").read().split()[0])
most = pages * resource.getpagesize() + 20_000_000
resource.setrlimit(resource.RLIMIT_AS, (most, most))
for path in sys.argv[1:]:
    try:
        read_image(path)
    except MediaError as error:
        print(error)
"""


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_by_their_header(name: str, tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(BOMBS[name])
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        message = refusal(path)
    assert time.perf_counter() - started < 0.2
    assert "bomb" in message
    assert "megapixels" in message


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the address space is limited by Linux means")
def test_bombs_are_refused_with_20_megabytes_to_spare(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in BOMBS]
    for path in paths:
        path.write_bytes(BOMBS[path.name])
    lines = child(READ_EACH, *map(str, paths)).splitlines()
    assert len(lines) == len(paths)
    assert all("megapixels" in line for line in lines), lines


def test_the_pixel_limit_is_the_callers(tmp_path: Path) -> None:
    for kind in KINDS:
        data = encoded(pattern_rgb(), kind)
        assert "megapixels" in refusal(data, max_pixels=40 * 56 - 1)
        assert read_image(data, max_pixels=40 * 56).size_hw == (40, 56)
    assert "megapixels" in refusal(pattern_rgb(), max_pixels=100)
    assert "megapixels" in refusal(PillowImage.fromarray(pattern_rgb()), max_pixels=100)


def test_the_byte_limit_counts_what_the_decoder_holds() -> None:
    colour = encoded(pattern_rgb(), "PNG")
    grey = encoded(pattern_rgb()[..., 0], "PNG")
    assert "MB decoded" in refusal(colour, max_bytes=40 * 56 * 4 - 1)
    assert read_image(grey, max_bytes=40 * 56).size_hw == (40, 56)


def test_a_compressed_comment_bomb_is_refused() -> None:
    data = encoded(pattern_rgb(), "PNG")
    comment = pictures.png_chunk(b"zTXt", b"c\0\0" + zlib.compress(bytes(80_000_000)))
    assert "damaged" in refusal(data[:33] + comment + data[33:])


HUNDRED_MEGAPIXELS = """
import resource, sys, warnings
from PIL import Image
from sam2_notebook.media import read_image
warnings.simplefilter("error")
limit = Image.MAX_IMAGE_PIXELS
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
image = read_image(sys.argv[1])
assert image.size_hw == (10_000, 10_000) and image.pixels[5_000, 5_000].tolist() == [77, 77, 77]
assert Image.MAX_IMAGE_PIXELS == limit
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("TIFF", {"compression": "tiff_lzw"}), ("JPEG", {}), ("BMP", {})]
)
def test_a_100_megapixel_picture_opens_without_a_warning_and_is_held_once(
    kind: str, options: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "large"
    PillowImage.new("L", (10_000, 10_000), 77).save(path, kind, **options)
    growth_mb = int(child(HUNDRED_MEGAPIXELS, str(path)))
    path.unlink()
    assert growth_mb < 460, "300 of pixels, 100 of Pillow's own, and one band"
