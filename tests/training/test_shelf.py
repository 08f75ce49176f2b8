"""Pictures in files are read as they are needed, and no more of them are held than fit."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from sam2_notebook.errors import LabelError
from sam2_notebook.media import Image, read_image
from sam2_notebook.training import shelf
from sam2_notebook.training.own_data import photos_from
from sam2_notebook.training.shelf import ByteImage, PictureFile, Shelf
from sam2_notebook.values.masks import Rle

SIDE, COUNT = 40, 6
ONE = SIDE * SIDE * 3


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A shelf with room for two pictures and a half."""
    made = Shelf(most_bytes=ONE * 5 // 2)
    monkeypatch.setattr(shelf, "SHELF", made)
    return made


def pictures(folder: Path) -> list[ByteImage]:
    """Pictures as PNGs, `0.png` and so on."""
    folder.mkdir(parents=True)
    made = [np.random.default_rng(i).integers(0, 255, (SIDE, SIDE, 3), np.uint8) for i in range(COUNT)]
    for number, pixels in enumerate(made):
        PillowImage.fromarray(pixels).save(folder / f"{number}.png")
    return made


MASK = np.zeros((SIDE, SIDE), np.bool_)
MASK[5:25, 8:30] = True


def test_files_are_read_again_and_few_are_held(small: Shelf, tmp_path: Path) -> None:
    made = pictures(tmp_path / "images")
    photos = photos_from([(tmp_path / "images" / f"{i}.png", [Rle.from_mask(MASK)]) for i in range(COUNT)])

    for _ in range(2):
        for photo, pixels in zip(photos, made, strict=True):
            np.testing.assert_array_equal(photo.pixels, pixels)
            assert small.bytes == 2 * ONE
    np.testing.assert_array_equal(photos[0].mask(0), MASK)


@pytest.mark.parametrize("kind", ["coco", "maps"])
def test_folders_are_read_so_too(small: Shelf, tmp_path: Path, kind: str) -> None:
    made = pictures(tmp_path / "images")
    names = [f"{i}.png" for i in range(COUNT)]
    if kind == "coco":
        ring = [8, 5, 29, 5, 29, 24, 8, 24]
        images = [{"id": i, "file_name": name} for i, name in enumerate(names)]
        annotations = [{"image_id": i, "area": 400, "segmentation": [ring]} for i in range(COUNT)]
        (tmp_path / "annotations.json").write_text(json.dumps({"images": images, "annotations": annotations}))
    else:
        (tmp_path / "masks").mkdir()
        PillowImage.fromarray(MASK.astype(np.uint8)).save(tmp_path / "masks" / "all.png")
        (tmp_path / "index.json").write_text(json.dumps([{"image": n, "mask": "all.png"} for n in names]))
    photos = photos_from(tmp_path)

    for photo, pixels in zip(photos, made, strict=True):
        np.testing.assert_array_equal(photo.pixels, pixels)
        np.testing.assert_array_equal(photo.mask(0), MASK)
    assert small.bytes == 2 * ONE


def test_a_picture_in_use_is_read_once(small: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures(tmp_path / "images")
    read: list[str] = []

    def reader(path: Path) -> Image:
        read.append(path.name)
        return read_image(path)

    monkeypatch.setattr(shelf, "read_image", reader)
    first, *others = [PictureFile.of(tmp_path / "images" / f"{i}.png") for i in range(3)]
    for other in others:
        first.pixels()
        other.pixels()
    assert read.count("0.png") == 2  # the third took its place, and then it was used


def test_what_is_larger_than_the_shelf_is_not_kept(tmp_path: Path) -> None:
    pictures(tmp_path / "images")
    tiny = Shelf(most_bytes=ONE - 1)
    assert tiny.get(tmp_path / "images" / "0.png").nbytes == ONE
    assert tiny.bytes == 0


@pytest.mark.parametrize("change", ["gone", "smaller"])
def test_a_file_that_changes_meanwhile_is_told_of(small: Shelf, tmp_path: Path, change: str) -> None:
    pictures(tmp_path / "images")
    photos = photos_from([(str(tmp_path / "images" / f"{i}.png"), [Rle.from_mask(MASK)]) for i in range(COUNT)])
    first = tmp_path / "images" / "0.png"
    if change == "gone":
        first.unlink()
    else:
        PillowImage.new("RGB", (9, 9)).save(first)
    with pytest.raises(LabelError, match=r"0\.png: it (could be read before|has another size)"):
        _ = photos[0].pixels
