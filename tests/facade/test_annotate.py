"""Auto-annotation: labels right by picture and by class, whatever the detector, the files and the interruptions."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from PIL import ImageDraw

from sam2_notebook import auto_annotate
from sam2_notebook.errors import MediaError, ModelError, PromptError
from sam2_notebook.facade.annotation.detectors import Detections, DetectorSource, Wishes, detector_of
from sam2_notebook.facade.annotation.folder import read_labels
from sam2_notebook.media import Image, encode_jpeg, encode_png, read_image
from sam2_notebook.predict import AutomaticMasker, AutomaticSettings, ImagePredictor
from sam2_notebook.values.masks import iou

CENTRES = {0: (45, 40), 1: (120, 80)}


def picture(*numbers: int) -> np.ndarray:
    """A dark picture 160 x 120 with a disc of radius 25 for each class."""
    y, x = np.mgrid[:120, :160]
    pixels = np.full((120, 160, 3), (30, 40, 60), np.uint8)
    for number in numbers:
        cx, cy = CENTRES[number]
        pixels[(x - cx) ** 2 + (y - cy) ** 2 < 25**2] = (230, 120, 40) if number == 0 else (60, 200, 90)
    return pixels


def disc(number: int) -> np.ndarray:
    y, x = np.mgrid[:120, :160]
    cx, cy = CENTRES[number]
    return (x - cx) ** 2 + (y - cy) ** 2 < 25**2


def by_colour(pixels: np.ndarray) -> tuple[list[list[float]], list[int], list[float]]:
    """A detector: a box around each disc's colour; the classes are 10 and 11."""
    red, green = pixels[..., 0].astype(int), pixels[..., 1].astype(int)
    found = [(10, red > 160), (11, (green > 150) & (red < 120))]
    rows = []
    for number, mask in found:
        if mask.sum() > 100:
            ys, xs = np.nonzero(mask)
            rows.append(([xs.min(), ys.min(), xs.max(), ys.max()], number, 0.9 - number / 100))
    rows.reverse()
    return [list(map(float, r[0])) for r in rows], [r[1] for r in rows], [r[2] for r in rows]


def drawn(ring: Sequence[float]) -> np.ndarray:
    canvas = PillowImage.new("L", (640, 480))
    ImageDraw.Draw(canvas).polygon([(x * 640, y * 480) for x, y in zip(ring[::2], ring[1::2], strict=True)], fill=1)
    return np.asarray(canvas)[2::4, 2::4] > 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures of one disc, of two, of none, a broken one, and a file that is no picture."""
    images = tmp_path / "images"
    images.mkdir()
    (images / "one.png").write_bytes(encode_png(picture(0)))
    (images / "two.jpg").write_bytes(encode_jpeg(picture(0, 1)))
    (images / "none.png").write_bytes(encode_png(picture()))
    (images / "broken.jpg").write_bytes(b"\xff\xd8\xff not a picture")
    (images / "notes.md").write_text("mine")
    return images


def test_labels_have_the_right_class_at_the_right_place(folder: Path, embedded: ImagePredictor) -> None:
    report = auto_annotate(folder, by_colour, embedded, progress=False)
    labels = folder.parent / "labels"
    assert sorted(p.name for p in labels.glob("*.txt")) == ["one.txt", "two.txt"]
    for name, count in (("one.txt", 1), ("two.txt", 2)):
        objects = read_labels(labels / name)
        assert len(objects) == count
        for number, ring in objects:
            assert 0 <= min(ring) <= max(ring) <= 1
            assert iou(drawn(ring), disc(number - 10)) > 0.6
    assert report.done == {"labelled": 2, "empty": 1, "kept": 0, "failed": 1}
    assert report.objects == {10: 2, 11: 1}
    assert list(report.failures) == ["broken.jpg"]
    told = json.loads((labels / "auto_annotate.json").read_text())
    assert told["pictures"] == 4
    assert read_image(labels / "auto_annotate.jpg").size_hw[1] == 1000
    assert "2 labelled" in str(report)


def test_a_second_call_does_only_what_is_left(folder: Path, quick: ImagePredictor) -> None:
    seen: list[tuple[int, ...]] = []

    def spying(pixels: np.ndarray) -> tuple:
        seen.append(pixels.shape)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return by_colour(pixels)

    with pytest.raises(KeyboardInterrupt):
        auto_annotate(folder, spying, quick, progress=False)
    assert len(seen) == 2
    report = auto_annotate(folder, spying, quick, progress=False)
    assert (report.skipped, len(seen)) == (1, 4)
    report = auto_annotate(folder, spying, quick, progress=False)
    assert (report.skipped, len(seen)) == (3, 4), "only the broken file is tried again"
    (folder / "one.png").write_bytes(encode_png(picture(1)))
    auto_annotate(folder, spying, quick, progress=False)
    assert len(seen) == 5, "a changed picture is done anew"
    assert [n for n, _ in read_labels(folder.parent / "labels" / "one.txt")] == [11]
    auto_annotate(folder, spying, quick, conf=0.5, progress=False)
    assert len(seen) == 8, "other settings mean other labels"


def test_labels_of_somebody_else_are_never_written_over(folder: Path, quick: ImagePredictor) -> None:
    labels = folder.parent / "labels"
    labels.mkdir()
    (labels / "one.txt").write_text("5 0 0 1 0 1 1\n")
    report = auto_annotate(folder, by_colour, quick, progress=False)
    assert report.done["kept"] == 1
    (labels / "two.txt").write_text("corrected by hand\n")
    auto_annotate(folder, by_colour, quick, conf=0.3, progress=False)
    assert (labels / "one.txt").read_text() == "5 0 0 1 0 1 1\n"
    assert (labels / "two.txt").read_text() == "corrected by hand\n"


def test_a_cut_off_journal_costs_one_picture(folder: Path, quick: ImagePredictor) -> None:
    auto_annotate(folder, by_colour, quick, progress=False)
    journal = folder.parent / "labels" / "auto_annotate.jsonl"
    journal.write_bytes(journal.read_bytes()[:-20])
    report = auto_annotate(folder, by_colour, quick, progress=False)
    assert report.skipped >= 2
    assert all(json.loads(line) for line in journal.read_text().splitlines()[-1:])


def test_without_a_detector_everything_is_segmented(folder: Path, embedded: ImagePredictor, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "two.jpg").write_bytes((folder / "two.jpg").read_bytes())
    masker = AutomaticMasker(embedded, AutomaticSettings(points_per_side=5))
    report = auto_annotate(alone, masker, embedded, output_dir=tmp_path / "everything", progress=False)
    assert set(report.objects) == {0}
    assert report.names == {0: "object"}


def coco() -> dict:
    return {
        "images": [{"id": 7, "file_name": "sub/two.jpg"}, {"id": 8, "file_name": "one.png"}],
        "categories": [{"id": 3, "name": "disc"}, {"id": 4, "name": "green"}],
        "annotations": [
            {"image_id": 7, "category_id": 4, "bbox": [95, 55, 50, 50]},
            {"image_id": 7, "category_id": 3, "bbox": [20, 15, 50, 50]},
            {"image_id": 7, "category_id": 3, "bbox": [21, 15, 50, 50], "score": 0.5},
            {"image_id": 8, "category_id": 3, "bbox": [500, 500, 5, 5]},
        ],
    }


def test_boxes_of_a_coco_file_are_taken_by_name(folder: Path, quick: ImagePredictor, tmp_path: Path) -> None:
    boxes = tmp_path / "boxes.json"
    boxes.write_text(json.dumps(coco()))
    report = auto_annotate(folder, boxes, quick, progress=False)
    assert sorted(n for n, _ in read_labels(folder.parent / "labels" / "two.txt")) == [3, 4]
    assert report.names == {3: "disc", 4: "green"}
    assert report.unusable_boxes == 1
    report = auto_annotate(folder, coco(), quick, classes=[4], output_dir=tmp_path / "green", progress=False)
    assert report.objects == {4: 1}


def cameras(*files: str, score: float | None = None) -> dict:
    """A box in every picture named; its class is the place in the list."""
    scored = {} if score is None else {"score": score}
    return {
        "images": [{"id": i, "file_name": file} for i, file in enumerate(files)],
        "annotations": [
            {"image_id": i, "category_id": i, "bbox": [20, 15, 50, 50], **scored} for i in range(len(files))
        ],
    }


@pytest.mark.parametrize(
    ("files", "name", "found"),
    [
        (("cam1/0.png", "cam2/0.png"), "/data/cam2/0.png", [1]),
        (("a/cam1/0.png", "b/cam1/0.png"), "/data/b/cam1/0.png", [1]),
        (("0.png", "cam1/0.png"), "/data/0.png", [0]),
        (("cam1\\0.png", "./cam2/0.png"), "/data/cam1/0.png", [0]),
        (("cam1/0.png", "cam1/0.png"), "/data/cam1/0.png", [0, 1]),
        (("cam1/0.png",), "0.png", [0]),
        (("",), "/data/cam1/0.png", []),
    ],
)
def test_boxes_of_a_coco_file_go_to_the_path_that_agrees_longest(
    files: tuple[str, ...], name: str, found: list[int]
) -> None:
    boxes = detector_of(cameras(*files), Wishes())(Image(picture(0), name))
    assert sorted(boxes.classes.tolist()) == found


def test_pictures_of_one_name_in_a_coco_file_are_told_apart_by_their_folders(
    tmp_path: Path, quick: ImagePredictor
) -> None:
    for camera in ("cam1", "cam2", "cam3"):
        (tmp_path / camera).mkdir()
        (tmp_path / camera / "0.png").write_bytes(encode_png(picture(0)))
    boxes = cameras("cam1/0.png", "cam2/0.png")
    for number, camera in enumerate(("cam1", "cam2")):
        report = auto_annotate(tmp_path / camera, boxes, quick, output_dir=tmp_path / f"l{number}", progress=False)
        assert report.objects == {number: 1}
    report = auto_annotate(tmp_path / "cam3", boxes, quick, output_dir=tmp_path / "l3", progress=False)
    assert "is it cam1/0.png or cam2/0.png of the dictionary given?" in report.failures["0.png"]


@pytest.mark.parametrize(("score", "count"), [(None, 2), (0.9, 1)])
def test_boxes_that_somebody_drew_are_not_thinned_out(score: float | None, count: int) -> None:
    twice = cameras("0.png", "0.png", score=score)
    for entry in twice["annotations"]:
        entry["category_id"] = 0
    assert len(detector_of(twice, Wishes())(Image(picture(0), "0.png"))) == count
    assert len(detector_of(twice, Wishes(max_det=1))(Image(picture(0), "0.png"))) == 1


def test_one_class_may_be_given_as_a_number(folder: Path, quick: ImagePredictor) -> None:
    assert auto_annotate(folder, by_colour, quick, classes=10, progress=False).objects == {10: 2}


@pytest.mark.parametrize("settings", [{"max_det": 5}, {"classes": [0]}, {"conf": 0.5}, {"iou": 0.7}])
def test_settings_without_effect_are_told_of(folder: Path, embedded: ImagePredictor, settings: dict) -> None:
    masker = AutomaticMasker(embedded, AutomaticSettings(points_per_side=2))
    with pytest.warns(UserWarning, match=f"{next(iter(settings))}=.* no effect without a detector"):
        auto_annotate(folder / "one.png", masker, embedded, progress=False, **settings)


def test_a_pipeline_of_transformers_is_a_detector() -> None:
    from transformers import ObjectDetectionPipeline, YolosConfig, YolosForObjectDetection, YolosImageProcessorPil

    torch.manual_seed(0)
    config = YolosConfig(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, image_size=[64, 64],
        num_detection_tokens=5, id2label={i: f"LABEL_{i}" for i in range(3)},
    )  # fmt: skip
    processor = YolosImageProcessorPil(size={"height": 64, "width": 64})
    pipeline = ObjectDetectionPipeline(
        model=YolosForObjectDetection(config).eval(), image_processor=processor, device="cpu", task="object-detection"
    )
    found = detector_of(pipeline, Wishes(conf=0.01, iou=1.0))(read_image(picture(0)))  # type: ignore[arg-type]
    assert 0 < len(found) <= 5
    assert set(found.classes.tolist()) <= {0, 1, 2}
    assert set(found.names.values()) == {"LABEL_0", "LABEL_1", "LABEL_2"}


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (([], [], []), "empty"),
        (([[9, 9, 3, 3], [500, 500, 600, 600]], [0, 0], [1, 1]), "empty"),
        (([[np.nan, 0, 5, 5], [0, 0, 30, 30]], [0, 0], [1, 1]), "failed"),
        (([[0, 0, 30, np.inf]], [0], [1]), "failed"),
        (([[0, 0, 30, 30]], [0], [np.nan]), "failed"),
        (([[0, 0, 30, 30]], [1.5], [1]), "failed"),
        (([[0, 0, 30, 30]], [np.nan], [1]), "failed"),
        (([[0, 0, 30, 30]], [0, 1], [1.0]), "failed"),
        ("nonsense", "failed"),
        (None, "failed"),
        (([[0, 0, 30, 30]], [-1], [0.9]), "empty"),
        (([[0, 0, 30, 30]], [0], [0.1]), "empty"),
    ],
)
def test_detectors_that_give_nothing_or_nonsense_stop_nothing(
    folder: Path, quick: ImagePredictor, answer: object, status: str
) -> None:
    report = auto_annotate(folder, lambda _: answer, quick, progress=False)  # type: ignore[arg-type, return-value]
    assert report.done[status] >= 3
    assert not list((folder.parent / "labels").glob("*.txt"))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (([[0, 0, 30, 30]], [1.5], [1]), "the detector gave the class 1.5; wanted whole numbers"),
        (([[np.nan, 0, 5, 5]], [0], [1]), "the detector gave the box [nan, 0.0, 5.0, 5.0] with the score 1; wanted"),
        (([[0, 0, 5, 5]], [0], [np.nan]), "the detector gave the box [0.0, 0.0, 5.0, 5.0] with the score nan; wanted"),
    ],
)
def test_what_is_wrong_with_a_detector_is_said_of_each_picture(
    folder: Path, quick: ImagePredictor, answer: tuple, words: str
) -> None:
    report = auto_annotate(folder, lambda _: answer, quick, progress=False)
    assert [words in report.failures[name] for name in ("one.png", "two.jpg")] == [True, True]


def test_classes_may_be_whole_numbers_of_any_kind() -> None:
    detect = detector_of(lambda _: (torch.tensor([[0, 0, 30, 30.0]]), torch.tensor([2.0]), torch.ones(1)), Wishes())
    assert detect(Image(picture(0), "0.png")).classes.tolist() == [2]
    wrong = cameras("0.png")
    wrong["annotations"][0]["category_id"] = 1.5
    with pytest.raises(MediaError, match=r"a category has the id 1\.5, which is no whole number"):
        detector_of(wrong, Wishes())


class OutOfCreditsError(Exception):
    """An error that nobody but its detector knows."""


@pytest.mark.parametrize("error", [IndexError("list index out of range"), OutOfCreditsError("none left")])
def test_a_detector_that_raises_fails_one_picture(folder: Path, quick: ImagePredictor, error: Exception) -> None:
    def moody(pixels: np.ndarray) -> tuple:
        if (pixels[..., 1] > 190).any():
            raise error
        return by_colour(pixels)

    report = auto_annotate(folder, moody, quick, progress=False)
    assert f"the detector failed ({type(error).__name__}: {error}" in report.failures["two.jpg"]
    assert report.done == {"labelled": 1, "empty": 1, "kept": 0, "failed": 2}


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda f, p: auto_annotate(f / "nowhere", by_colour, p), MediaError, "no such file"),
        (lambda f, p: auto_annotate(f.parent, by_colour, p), MediaError, "no pictures and no shards"),
        (lambda f, p: auto_annotate(f, by_colour, p, conf=2), PromptError, "conf"),
        (lambda f, p: auto_annotate(f, by_colour, p, imgsz=100), PromptError, "multiple of 32"),
        (lambda f, p: auto_annotate(f, by_colour, p, max_det=0), PromptError, "max_det"),
        (
            lambda f, p: auto_annotate(f, by_colour, p, classes=cast(list[int], ["person"])),
            PromptError,
            "classes are the numbers",
        ),
        (
            lambda f, p: auto_annotate(f, by_colour, p, classes=cast(int, "person")),
            PromptError,
            "classes are the numbers",
        ),
        (lambda f, p: auto_annotate(f, by_colour, p, classes=cast(int, 1.5)), PromptError, "classes are the numbers"),
        (lambda f, p: auto_annotate(f, cast(DetectorSource, 7), p), ModelError, "no detector"),
        (lambda f, p: auto_annotate(f, {"images": 3}, p), MediaError, "no COCO file"),
        (lambda f, p: auto_annotate(f, "none.json", p), MediaError, "no such file"),
        (lambda f, p: auto_annotate(f, by_colour, "sam_b.pt"), ModelError, "no SAM 2 network"),
        (lambda f, p: auto_annotate(f, by_colour, p, output_dir=f / "notes.md"), MediaError, "cannot be written"),
    ],
)
def test_what_concerns_all_pictures_is_an_error(
    folder: Path, quick: ImagePredictor, call: Callable, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        call(folder, quick)


def test_a_yolo_asks_for_ultralytics(folder: Path, quick: ImagePredictor) -> None:
    try:
        import ultralytics  # type: ignore[import-not-found] # noqa: F401
    except ImportError:
        with pytest.raises(ModelError, match="pip install ultralytics"):
            auto_annotate(data=folder, det_model="yolo11x.pt", sam_model=quick)


def test_two_pictures_of_one_name_are_refused(folder: Path, quick: ImagePredictor) -> None:
    (folder / "one.jpg").write_bytes(encode_jpeg(picture(0)))
    with pytest.raises(MediaError, match=r"one\.jpg and .*one\.png would share"):
        auto_annotate(folder, by_colour, quick)


def test_boxes_suppress_those_of_their_own_class_only() -> None:
    def detect(_: np.ndarray) -> Detections:
        box = [10.0, 10, 60, 60]
        return Detections(
            boxes=np.array([box, box, box]), classes=np.array([0, 1, 0]), scores=np.array([0.5, 0.6, 0.9])
        )

    found = detector_of(detect, Wishes())(read_image(picture(0)))
    assert list(zip(found.classes.tolist(), found.scores.tolist(), strict=True)) == [(0, 0.9), (1, 0.6)]


def test_the_page(weights: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The snippet itself, with boxes in place of a YOLO, which is not part of the package."""
    monkeypatch.chdir(weights)
    auto_annotate(data=str(folder), det_model=by_colour, sam_model="sam2_b.pt")
    assert (folder.parent / "labels" / "one.txt").is_file()


def test_a_crash_between_note_and_label_is_made_good(folder: Path, quick: ImagePredictor) -> None:
    auto_annotate(folder, by_colour, quick, progress=False)
    label = folder.parent / "labels" / "two.txt"
    text = label.read_text()
    label.unlink()
    report = auto_annotate(folder, by_colour, quick, progress=False)
    assert report.done["labelled"] == 1
    assert label.read_text() == text
