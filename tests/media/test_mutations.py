"""Mutated files of every format end as a picture or a `MediaError`, never otherwise, and never slowly."""

import os
import time
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage

from sam2_notebook.errors import MediaError
from sam2_notebook.media import read_image

from .pictures import encoded, pattern_grey, pattern_rgb

# a number here (10,000 and more before a release) asks for fresh mutations; without it a run repeats the same 300
ASKED_FOR = os.environ.get("SAM2_NOTEBOOK_MUTATIONS")
MUTATIONS = int(ASKED_FOR or 300)
SLOWEST_S = 2.0


@cache
def seeds() -> tuple[bytes, ...]:
    """Small files of every format, in the varieties that take different ways through the plug-ins."""
    rgb = PillowImage.fromarray(pattern_rgb((24, 32)))
    grey = PillowImage.fromarray(pattern_grey((24, 32)))
    wide = PillowImage.fromarray(pattern_grey((24, 32)) * np.uint16(257))
    exif = PillowImage.Exif()
    exif[0x0112] = 6
    more = {"save_all": True, "append_images": [rgb.rotate(90), rgb.rotate(180)]}
    files = [
        *(encoded(rgb, kind) for kind in ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF")),
        *(encoded(rgb, kind, exif=exif) for kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")),
        *(encoded(rgb, kind, **more) for kind in ("PNG", "WEBP", "TIFF", "GIF", "AVIF", "MPO")),
        *(encoded(rgb, "TIFF", compression=name) for name in ("tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits")),
        *(encoded(wide, kind) for kind in ("PNG", "TIFF")),
        *(encoded(grey.convert("1"), "TIFF", compression=name) for name in ("group3", "group4")),
        encoded(rgb, "JPEG", progressive=True),
        encoded(rgb.convert("CMYK"), "JPEG"),
        encoded(rgb, "WEBP", lossless=True),
        encoded(rgb.convert("RGBA"), "PNG"),
        encoded(rgb.convert("P"), "PNG", transparency=3),
        encoded(rgb.convert("P"), "BMP"),
        encoded(grey.convert("LA"), "TIFF"),
    ]
    return tuple(files)


@st.composite
def mutated_files(draw: st.DrawFn) -> bytes:
    """One seed with bytes set, a stretch cut, doubled or replaced, or its end cut off; headers are hit more often."""
    data = bytearray(draw(st.sampled_from(seeds())))
    for _ in range(draw(st.integers(1, 6))):
        if len(data) < 2:
            break
        end = min(len(data), 200) if draw(st.booleans()) else len(data)
        start = draw(st.integers(0, end - 1))
        length = draw(st.sampled_from((1, 2, 4, 16, 100)))
        match draw(st.sampled_from(("set", "extreme", "cut", "double", "truncate"))):
            case "set":
                data[start : start + length] = draw(st.binary(min_size=length, max_size=length))
            case "extreme":
                data[start : start + length] = draw(st.sampled_from((b"\0", b"\xff", b"\x7f", b"\x80"))) * length
            case "cut":
                del data[start : start + length]
            case "double":
                data[start:start] = data[start : start + length]
            case _:
                del data[start:]
    return bytes(data)


@pytest.mark.filterwarnings("ignore")  # Pillow's remarks on what it repairs
@settings(
    max_examples=MUTATIONS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    database=None,
    derandomize=not ASKED_FOR,
)
@given(data=mutated_files(), frame=st.sampled_from((None, None, 0, 1)))
def test_a_mutated_file_is_a_picture_or_a_media_error(data: bytes, frame: int | None) -> None:
    started = time.perf_counter()
    image, refused = None, None
    try:
        image = read_image(data, frame=frame, max_pixels=20_000_000)
    except MediaError as error:
        refused = str(error)
    assert time.perf_counter() - started < SLOWEST_S
    if refused is not None:
        assert "the bytes given" in refused
    if image is not None:
        assert image.pixels.dtype == np.uint8
        assert image.pixels.ndim == 3


def test_the_seeds_are_good_pictures() -> None:
    for data in seeds():
        assert read_image(data, frame=0).pixels.std() > 10
