"""A set of pictures holds few of them decoded: counted in what numpy has allocated, a picture being 120 kB."""

import gc
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from sam2_notebook.errors import MediaError
from sam2_notebook.media import read_image
from sam2_notebook.widgets import picture_set
from sam2_notebook.widgets.picture_set import DECODED, PictureSet

COUNT, SIDE = 40, 200
PICTURE_BYTES = SIDE * SIDE * 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Forty pictures, every fourth of them lower."""
    for number in range(COUNT):
        pixels = np.full((SIDE - 50 * (number % 4 == 1), SIDE, 3), number, np.uint8)
        PillowImage.fromarray(pixels).save(tmp_path / f"{number}.png")
    return tmp_path


@pytest.fixture(autouse=True)
def traced(folder: Path) -> Iterator[None]:
    """Allocations are counted from here on, after what is made once and kept."""
    PictureSet(folder)
    gc.collect()
    tracemalloc.start()
    yield
    tracemalloc.stop()


def held() -> float:
    """How many pictures' worth of memory is held now."""
    return tracemalloc.get_traced_memory()[0] / PICTURE_BYTES


def most_held() -> float:
    """How many pictures' worth was held at once at most."""
    return tracemalloc.get_traced_memory()[1] / PICTURE_BYTES


def test_opening_a_set_decodes_one_picture_after_the_other(folder: Path) -> None:
    opened = PictureSet(folder)
    assert len(opened) == COUNT
    assert most_held() < DECODED + 5


def test_an_export_reads_the_pictures_of_a_set_as_it_comes_to_them(folder: Path) -> None:
    opened = PictureSet(folder)
    before = held()
    source = opened.sources().another()
    assert held() < before + 1
    for index in range(len(source)):
        assert source.frame(index).shape == (SIDE, SIDE, 3)
        assert source.frame(index)[-1].any() == (index % 4 != 1 and index > 0)
    assert most_held() < DECODED + 5
    source.close()
    assert np.array_equal(opened.frame(1), read_image(folder / "1.png").pixels)


def test_of_large_pictures_fewer_stay_decoded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_set, "DECODED_BYTES", 3 * PICTURE_BYTES)
    opened = PictureSet(folder)
    for index in (5, 4, 5, 20):
        opened.frame(index)
    assert held() < 3.5
    monkeypatch.setattr(picture_set, "DECODED_BYTES", 1)
    assert opened.frame(7) is opened.frame(7), "one is always kept"
    assert held() < 1.5
    opened.close()
    assert held() < 0.5


def test_the_key_of_a_set_is_that_of_its_pictures_in_order(folder: Path) -> None:
    arrays = [read_image(folder / f"{number}.png").pixels for number in range(COUNT)]
    assert PictureSet(arrays).key == PictureSet(folder).key == "03830d35df6881d9942bb4197b0e6e3c"
    assert PictureSet(arrays[::-1]).key != PictureSet(folder).key


def test_a_picture_whose_file_has_another_size_now_is_refused(folder: Path) -> None:
    opened = PictureSet(folder)
    PillowImage.fromarray(np.zeros((20, 30, 3), np.uint8)).save(folder / "0.png")
    with pytest.raises(MediaError, match=r"0\.png is now 30 x 20, but it was 200 x 200"):
        opened.frame(0)
