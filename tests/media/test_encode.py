"""Masks and pixels out: whole files or none, and previews that neither alias nor shift."""

import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from sam2_notebook.errors import MediaError
from sam2_notebook.media import encode_jpeg, encode_png, read_image, resize_area, write_mask_png

from .pictures import pattern_grey, pattern_rgb

MASK = pattern_grey() > 100


@pytest.mark.parametrize("mask", [MASK, MASK.astype(np.uint8), MASK.astype(np.uint8) * 255, np.asfortranarray(MASK)])
def test_a_mask_file_has_one_channel_of_0_and_255(mask: np.ndarray, tmp_path: Path) -> None:
    path = write_mask_png(mask, tmp_path / "mask.PNG")
    with PillowImage.open(path) as picture:
        assert picture.mode == "L"
        assert np.array_equal(np.asarray(picture), MASK * np.uint8(255))
    assert os.listdir(tmp_path) == ["mask.PNG"]


def test_an_older_mask_survives_a_failed_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_mask_png(MASK, tmp_path / "mask.png")

    def fail(descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(MediaError, match=r"mask\.png.*disk full"):
        write_mask_png(~MASK, path)
    assert os.listdir(tmp_path) == ["mask.png"]
    assert np.array_equal(read_image(path).pixels[..., 0] > 0, MASK)


def test_who_reads_the_older_mask_keeps_it_whole(tmp_path: Path) -> None:
    path = write_mask_png(MASK, tmp_path / "mask.png")
    with path.open("rb") as reader:
        write_mask_png(~MASK, path)
        assert np.array_equal(read_image(reader).pixels[..., 0] > 0, MASK)
    assert np.array_equal(read_image(path).pixels[..., 0] > 0, ~MASK)


@pytest.mark.parametrize(
    ("mask", "name", "words"),
    [
        (np.zeros((4, 4), np.float32), "mask.png", "logits > 0"),
        (np.zeros((1, 4, 4), bool), "mask.png", r"masks\[0\]"),
        (np.zeros((0, 4), bool), "mask.png", "Wanted one mask"),
        (MASK, "mask.jpg", "ends in .png"),
        (MASK, "nowhere/mask.png", "folder exists"),
        (MASK, "a\0b.png", "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_refused(mask: np.ndarray, name: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=words) as caught:
        write_mask_png(mask, tmp_path / name)
    assert Path(name).name in str(caught.value)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("pixels", [pattern_grey(), pattern_rgb(), np.dstack([pattern_rgb(), pattern_grey()])])
def test_png_bytes_keep_every_pixel(pixels: np.ndarray) -> None:
    decoded = PillowImage.open(io.BytesIO(encode_png(pixels[::-1])))
    assert np.array_equal(np.asarray(decoded), pixels[::-1])


def test_jpeg_bytes_are_smaller_at_lower_quality() -> None:
    sizes = [len(encode_jpeg(pattern_rgb((200, 300)), quality)) for quality in (30, 60, 90)]
    assert sizes == sorted(sizes)
    decoded = np.asarray(PillowImage.open(io.BytesIO(encode_jpeg(pattern_grey(), 90)))).astype(int)
    assert np.abs(decoded - pattern_grey()).mean() < 2


@pytest.mark.parametrize(
    "call",
    [
        lambda: encode_jpeg(pattern_rgb(), 0),
        lambda: encode_jpeg(np.zeros((4, 4, 4), np.uint8)),
        lambda: encode_jpeg(np.zeros((1, 70_000), np.uint8)),
        lambda: encode_png(np.zeros((4, 4))),
        lambda: encode_png(pattern_rgb(), 10),
        lambda: resize_area(pattern_rgb(), (0, 4)),
        lambda: resize_area(np.zeros((4, 4), bool), (2, 2)),
    ],
)
def test_pixels_that_do_not_fit_are_refused(call: Callable[[], object]) -> None:
    with pytest.raises(MediaError, match=r"Wanted|Shrink"):
        call()


def test_shrinking_averages_instead_of_skipping() -> None:
    checks = np.indices((600, 900)).sum(axis=0) % 2 * np.uint8(255)
    small = resize_area(checks.astype(np.uint8), (60, 90))
    assert np.abs(small.astype(int) - 127).max() <= 2


@pytest.mark.parametrize("size_hw", [(20, 28), (13, 17), (37, 41), (40, 56)])
def test_shrinking_keeps_place_and_colour(size_hw: tuple[int, int]) -> None:
    height, width = size_hw
    small = resize_area(pattern_rgb(), size_hw).astype(float)
    assert small.shape == (height, width, 3)
    across = ((np.arange(width) + 0.5) * 56 / width - 0.5) * 255 / 55
    inner = slice(2, -2)
    assert np.abs(small[:, inner, 0] - across[inner]).max() < 3
    assert np.abs(small.mean(axis=(0, 1)) - pattern_rgb().mean(axis=(0, 1))).max() < 3
