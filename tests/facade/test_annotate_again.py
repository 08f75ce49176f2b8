"""What a later call takes for done, and whose labels it may write over."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sam2_notebook import auto_annotate
from sam2_notebook.errors import MediaError
from sam2_notebook.facade.annotation.detectors import DetectorSource
from sam2_notebook.facade.annotation.folder import read_labels
from sam2_notebook.media import encode_png
from sam2_notebook.predict import ImagePredictor
from tests.facade.test_annotate import by_colour, coco, picture
from tests.facade.test_annotate_shards import write_tar
from tests.predict.conftest import random_model


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Two pictures, of one disc and of two."""
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "one.png").write_bytes(encode_png(picture(0)))
    (folder / "two.png").write_bytes(encode_png(picture(0, 1)))
    return folder


def classes(label: Path) -> list[int]:
    return sorted(number for number, _ in read_labels(label))


def only(number: int) -> dict:
    """Boxes of the class with this number, of both pictures."""
    return {
        "images": [{"id": 1, "file_name": "one.png"}, {"id": 2, "file_name": "two.png"}],
        "categories": [{"id": number, "name": "disc"}],
        "annotations": [{"image_id": i, "category_id": number, "bbox": [20, 15, 50, 50]} for i in (1, 2)],
    }


@pytest.mark.parametrize("conf", [0.5, 0.895])
def test_a_label_of_earlier_settings_is_not_taken_for_the_new_one(
    images: Path, quick: ImagePredictor, conf: float
) -> None:
    """With conf=0.895 nothing is left of class 11 in two.png; the call ends between its note and its label file."""
    labels = images.parent / "labels"
    auto_annotate(images, by_colour, quick, classes=[10], progress=False)
    before = (labels / "two.txt").read_bytes()
    auto_annotate(images, by_colour, quick, conf=conf, classes=[11], progress=False)
    after = (labels / "two.txt").read_bytes() if (labels / "two.txt").exists() else b""
    (labels / "two.txt").write_bytes(before)
    report = auto_annotate(images, by_colour, quick, conf=conf, classes=[11], progress=False)
    assert report.done["labelled"] + report.done["empty"] == 1
    assert ((labels / "two.txt").read_bytes() if (labels / "two.txt").exists() else b"") == after


def test_a_label_corrected_by_hand_is_done(images: Path, quick: ImagePredictor) -> None:
    auto_annotate(images, by_colour, quick, progress=False)
    (images.parent / "labels" / "one.txt").write_text("3 0 0 1 0 1 1\n")
    report = auto_annotate(images, by_colour, quick, progress=False)
    assert (report.skipped, report.failures) == (2, {})


def two_folders(folder: Path) -> tuple[Path, Path]:
    train, val = folder / "set" / "train", folder / "set" / "val"
    for place, number in ((train, 0), (val, 1)):
        place.mkdir(parents=True)
        (place / "0.png").write_bytes(encode_png(picture(number)))
    return train, val


def test_labels_of_another_folder_are_not_written_over(tmp_path: Path, quick: ImagePredictor) -> None:
    train, val = two_folders(tmp_path)
    auto_annotate(train, by_colour, quick, progress=False)
    with pytest.raises(MediaError, match=rf"0\.png in {train}.*0\.png in {val} .*output_dir"):
        auto_annotate(val, by_colour, quick, progress=False)
    assert classes(tmp_path / "set" / "labels" / "0.txt") == [10]
    (val / "0.png").rename(val / "1.png")
    assert auto_annotate(val, by_colour, quick, progress=False).done["labelled"] == 1, "of another name they get along"


def test_labels_of_shards_of_another_folder_are_not_written_over(tmp_path: Path, quick: ImagePredictor) -> None:
    train, val = two_folders(tmp_path)
    for place in (train, val):
        write_tar(place / "a.tar", {f"{place.name}.png": (place / "0.png").read_bytes()})
    auto_annotate(train / "*.tar", by_colour, quick, output_dir=tmp_path / "out", progress=False)
    (val / "a.tar").write_bytes((val / "a.tar").read_bytes() + bytes(512))
    with pytest.raises(MediaError, match=rf"{train}.*{val} .*output_dir"):
        auto_annotate(val / "*.tar", by_colour, quick, output_dir=tmp_path / "out", progress=False)


def test_a_folder_that_was_moved_is_done(images: Path, quick: ImagePredictor) -> None:
    auto_annotate(images, by_colour, quick, progress=False)
    moved = images.rename(images.parent / "renamed")
    assert auto_annotate(moved, by_colour, quick, progress=False).skipped == 2


def test_a_journal_that_knows_no_folders_is_read(images: Path, quick: ImagePredictor) -> None:
    auto_annotate(images, by_colour, quick, progress=False)
    journal = images.parent / "labels" / "auto_annotate.jsonl"
    rows = [json.loads(line) for line in journal.read_text().splitlines()]
    journal.write_text("".join(json.dumps({k: v for k, v in row.items() if k != "folder"}) + "\n" for row in rows))
    (images / "one.png").write_bytes(encode_png(picture(1)))
    report = auto_annotate(images, by_colour, quick, progress=False)
    assert (report.skipped, report.done["labelled"]) == (1, 1)


def finding(number: int) -> Callable[[np.ndarray], tuple]:
    """Functions of one name and two codes."""
    if number:
        return lambda _: ([[20, 15, 70, 65]], [1], [0.9])
    return lambda _: ([[20, 15, 70, 65]], [0], [0.9])


class Answer:
    """A detector in the manner of a YOLO, which knows its weights."""

    task, names = "detect", {0: "disc"}

    def __init__(self, path: str) -> None:
        self.ckpt_path = path

    def predict(self, source: object, **settings: object) -> list:
        raise OSError("there is nothing to run")


class Named:
    """A detector in the manner of a pipeline, whose network has a name."""

    task = "object-detection"

    def __init__(self, name: str) -> None:
        self.model = self
        self.name_or_path = name

    def __call__(self, inputs: object, *, threshold: float) -> list[dict]:
        return [{"label": "disc", "score": 0.9, "box": {"xmin": 20, "ymin": 15, "xmax": 70, "ymax": 65}}]


@pytest.mark.parametrize(
    ("first", "second"),
    [(only(3), only(4)), (finding(0), finding(1)), (Named("a"), Named("b"))],
    ids=["dictionary", "function", "pipeline"],
)
def test_another_detector_means_other_labels(
    images: Path, quick: ImagePredictor, first: DetectorSource, second: DetectorSource
) -> None:
    for detector in (first, second):
        assert auto_annotate(images, detector, quick, progress=False).done["labelled"] == 2
        assert auto_annotate(images, detector, quick, progress=False).skipped == 2


def test_other_weights_of_a_yolo_mean_other_labels(images: Path, quick: ImagePredictor) -> None:
    from sam2_notebook.facade.annotation.recipe import detector_named

    weights = images / "w.pt"
    weights.write_bytes(b"1")
    named = [detector_named(Answer(str(weights))), detector_named(Answer("other.pt"))]  # type: ignore[arg-type]
    weights.write_bytes(b"12")
    named += [detector_named(Answer(str(weights)))]  # type: ignore[arg-type]
    assert len(set(named)) == 3


def test_other_weights_of_the_network_mean_other_labels(images: Path, quick: ImagePredictor) -> None:
    auto_annotate(images, by_colour, quick, progress=False)
    other = ImagePredictor(random_model(1), device="cpu")
    assert auto_annotate(images, by_colour, other, progress=False).skipped == 0
    assert auto_annotate(images, by_colour, ImagePredictor(random_model(1), device="cpu"), progress=False).skipped == 2


def test_boxes_that_json_cannot_hold_are_taken_nevertheless(images: Path, quick: ImagePredictor) -> None:
    odd = {**coco(), "made by": object(), "sizes": np.arange(3)}
    assert auto_annotate(images, odd, quick, progress=False).skipped == 0
    assert auto_annotate(images, odd, quick, progress=False).skipped == 2


def test_our_own_sheet_among_the_pictures_is_left_out(images: Path, quick: ImagePredictor) -> None:
    auto_annotate(images, by_colour, quick, output_dir=images, progress=False)
    assert (images / "auto_annotate.jpg").is_file()
    report = auto_annotate(images, by_colour, quick, output_dir=images, progress=False)
    assert (report.pictures, report.skipped) == (2, 2)
    assert not (images / "auto_annotate.txt").exists()
