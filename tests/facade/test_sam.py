"""The facade: sources, prompts, results and what happens to bad input."""

import json
import shutil
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from pycocotools import mask as coco_mask

from sam2_notebook.errors import MediaError, ModelError, PromptError
from sam2_notebook.facade import SAM, SAM2VideoPredictor
from sam2_notebook.facade.outlines import outlines
from sam2_notebook.facade.prompts import page_prompts
from sam2_notebook.facade.results import Results
from sam2_notebook.facade.saving import handed_out
from sam2_notebook.facade.settings import PageSettings
from sam2_notebook.labels.polygons import one_ring, signed_area
from sam2_notebook.media import open_video
from sam2_notebook.predict import ImagePredictor
from sam2_notebook.values.masks import Rle, iou
from tests.predict.conftest import random_model
from tests.predict.video_clips import clip, video_model

# pycocotools 2.0.11 makes numpy 2 warn about a keyword of its own __array__.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture
def sam() -> SAM:
    return SAM(random_model(0), device="cpu")


@pytest.mark.parametrize(
    ("prompts", "points", "labels"),
    [
        (([5, 6], 1), [[[5, 6]]], [[1]]),
        (([5, 6], [0]), [[[5, 6]]], [[0]]),
        (([[5, 6], [7, 8]], None), [[[5, 6]], [[7, 8]]], [[1], [1]]),
        (([[5, 6], [7, 8]], [[1], [0]]), [[[5, 6]], [[7, 8]]], [[1], [0]]),
        (([[[5, 6], [7, 8]]], [1, 0]), [[[5, 6], [7, 8]]], [[1, 0]]),
        (([[[5, 6], [7, 8]], [[1, 2]]], [[1, 0], [1]]), [[[5, 6], [7, 8]], [[1, 2]]], [[1, 0], [1]]),
        ((np.array([[5, 6]], np.float32), np.array([1])), [[[5, 6]]], [[1]]),
    ],
)
def test_shapes_mean_what_the_page_says(prompts: tuple, points: list, labels: list) -> None:
    said = page_prompts(prompts[0], prompts[1], None, None) or []
    assert [s.points.tolist() for s in said if s.points is not None] == points
    assert [s.labels.tolist() for s in said if s.labels is not None] == labels


@pytest.mark.parametrize(
    ("prompts", "words"),
    [
        (([1, 2, 3], None, None, None), "points have the shape"),
        ((5, None, None, None), "points have the shape"),
        (([10**400, 5], None, None, None), "must be numbers"),
        (([1, 2], {1}, None, None), "labels must be numbers"),
        ((None, None, 5, None), "bboxes have the shape"),
        ((None, None, None, 5), "masks have the shape"),
        ((None, None, None, [[[1, 0]], [[1]]]), "masks are all of one size"),
        (("here", None, None, None), "must be numbers"),
        (([[1, 2], [3, 4]], [1], None, None), "one label"),
        (([1, 2], [2], None, None), "1 \\(on the object\\) or 0"),
        ((None, [1], None, None), "labels but no points"),
        ((None, None, [1, 2, 3], None), "bboxes have the shape"),
        (([[1, 2], [3, 4]], None, [[1, 2, 3, 4]], None), "different numbers of objects"),
        ((None, None, None, np.zeros((3, 3, 3, 3))), "masks have the shape"),
        ((None, None, None, np.arange(9).reshape(3, 3)), "0 and 255"),
    ],
)
def test_shapes_that_mean_nothing_are_refused(prompts: tuple, words: str) -> None:
    with pytest.raises(PromptError, match=words):
        page_prompts(*prompts)


def test_the_embedded_model_finds_a_disc(embedded: ImagePredictor, disc: tuple[np.ndarray, np.ndarray]) -> None:
    pixels, mask = disc
    sam = SAM(embedded.model, device="cpu")
    (result,) = sam(pixels, bboxes=[[34, 24, 106, 96]])
    assert iou(result.masks.arrays[0], mask) > 0.8
    (again,) = sam(pixels, masks=mask)
    assert again.masks.data.shape == (1, 120, 160)


def test_every_kind_of_picture_is_taken(sam: SAM, media: Path) -> None:
    path = media / "pictures" / "p0.jpg"
    pixels = np.asarray(PillowImage.open(path))
    wanted = np.asarray(sam(path, points=[40, 30])[0].masks)
    sources = [str(path), pixels, PillowImage.open(path), path.read_bytes(), [path]]
    for source in sources:
        (result,) = sam(source, points=[40, 30])
        assert np.array_equal(result.masks, wanted)
    assert [Path(r.path).name for r in sam(media / "pictures", points=[40, 30])] == ["p0.jpg", "p1.jpg", "p2.jpg"]
    assert len(sam(str(media / "pictures" / "p[01].jpg"), points=[40, 30])) == 2


def test_streaming_gives_one_result_at_a_time(sam: SAM, media: Path) -> None:
    results = sam(media / "pictures", points=[40, 30], stream=True)
    assert Path(next(results).path).name == "p0.jpg"
    assert len(list(results)) == 2


def test_broken_files_of_a_folder_are_left_out_with_a_warning(sam: SAM, media: Path, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes((media / "pictures" / "p0.jpg").read_bytes())
    (tmp_path / "b.jpg").write_text("no picture")
    with pytest.warns(UserWarning, match=r"b\.jpg"):
        assert len(sam(tmp_path, points=[40, 30])) == 1
    with pytest.raises(MediaError, match=r"b\.jpg"):
        sam(tmp_path / "b.jpg", points=[40, 30])
    (tmp_path / "a.jpg").unlink()
    with pytest.warns(UserWarning, match="left out"), pytest.raises(MediaError, match="text file"):
        sam(tmp_path)


def test_a_call_without_a_source_takes_the_last_one(sam: SAM, media: Path) -> None:
    with pytest.raises(PromptError, match="nothing to segment"):
        sam(points=[4, 4])
    first = sam(media / "pictures" / "p0.jpg", points=[40, 30])
    assert np.array_equal(first[0].masks, sam(points=[40, 30])[0].masks)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        ({"points": [900, 5]}, PromptError, "outside the picture"),
        ({"masks": np.ones((3, 3), bool)}, PromptError, "60 x 80"),
        ({"points": [4, 4], "konf": 0.5}, PromptError, "Did you mean 'conf'"),
        ({"points": [4, 4], "conf": 3}, PromptError, "0 to 1"),
    ],
)
def test_mistakes_are_told(sam: SAM, media: Path, call: dict, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        sam(media / "pictures" / "p0.jpg", **call)


def test_other_families_and_missing_files_are_told() -> None:
    with pytest.raises(ModelError, match="no SAM 2 network"):
        SAM("mobile_sam.pt")
    with pytest.raises(MediaError, match="no such file"):
        SAM(random_model(0), device="cpu")("nowhere.jpg", points=[1, 1])
    with pytest.raises(ModelError, match="no memory"):
        SAM(random_model(0), device="cpu")(np.zeros((2, 30, 40, 3), np.uint8), points=[1, 1])


def test_confidence_keeps_classes_with_their_masks(sam: SAM, media: Path) -> None:
    points = [[10, 10], [40, 30], [70, 50]]
    every = sam(media / "pictures" / "p0.jpg", points=points)[0]
    bar = float(np.sort(every.scores)[1])
    some = sam(points=points, conf=bar)[0]
    assert len(some) == 2
    for row, number in enumerate(some.classes):
        assert some.rles[row] == every.rles[number]
        assert some.scores[row] == every.scores[number]


def test_another_imgsz_is_answered_with_a_warning(sam: SAM, media: Path) -> None:
    with pytest.warns(UserWarning, match="always sees pictures"):
        sam(media / "pictures" / "p0.jpg", points=[40, 30], imgsz=640)


def test_devices_are_spelled_as_on_the_page() -> None:
    assert PageSettings().changed({"device": 0}).device == "cuda:0"
    assert SAM(random_model(0), device="").to("cpu").predictor.device == torch.device("cpu")


def test_a_video_with_prompts_is_tracked(media: Path) -> None:
    sam = SAM(video_model(), device="cpu")
    results = sam(media / "small.mp4", points=[[20, 20], [60, 40]])
    assert [(r.frame, r.ids) for r in results] == [(i, [0, 1]) for i in range(5)]
    assert results[0].boxes.id is not None
    other = SAM(video_model(), device="cpu")(clip(3), bboxes=[10, 10, 50, 40])
    assert [r.frame for r in other] == [0, 1, 2]


def test_a_video_predictor_takes_folders_streams_and_masks(memory_weights: Path, media: Path) -> None:
    predictor = SAM2VideoPredictor(overrides={"model": str(memory_weights / "sam2_t.pt"), "device": "cpu"})
    mask = np.zeros((60, 80), bool)
    mask[20:40, 30:50] = True
    results = predictor(media / "pictures", masks=[mask], stream=True)
    first = next(results)
    assert iou(first.masks.arrays[0], mask) > 0.8
    assert len(list(results)) == 2
    video = open_video(clip(3))
    assert len(predictor(video, points=[20, 20])) == 3
    assert video.frame(0).shape == (60, 80, 3), "a video the caller opened stays open"
    with pytest.raises(PromptError, match="give it alone"):
        predictor(media / "pictures", masks=[mask], points=[[30, 30]])


def test_saving_writes_pictures_labels_and_videos_once(media: Path, tmp_path: Path) -> None:
    sam = SAM(video_model(), device="cpu")
    sam(media / "pictures", points=[40, 30], save=True, save_txt=True, project=str(tmp_path))
    sam(media / "small.mp4", points=[40, 30], save=True, project=str(tmp_path))
    assert sorted(p.name for p in (tmp_path / "predict").glob("*.jpg")) == ["p0.jpg", "p1.jpg", "p2.jpg"]
    assert len(open_video(tmp_path / "predict2" / "small.mp4")) == 5
    assert {p.name for p in (tmp_path / "predict" / "labels").iterdir()} <= {"p0.txt", "p1.txt", "p2.txt"}


def test_videos_of_the_same_name_are_written_side_by_side(media: Path, tmp_path: Path) -> None:
    first, other = tmp_path / "a" / "clip.mp4", tmp_path / "b" / "clip.mp4"
    for file in (first, other):
        file.parent.mkdir()
        shutil.copy(media / "small.mp4", file)
    settings = {"save": True, "save_txt": True, "save_frames": True, "project": str(tmp_path), "vid_stride": 2}
    SAM(video_model(), device="cpu")([str(first), str(other), str(other)], points=[40, 30], **settings)
    folder = tmp_path / "predict"
    assert {p.name for p in folder.glob("*.mp4")} == {"clip.mp4", "clip_2.mp4", "clip_3.mp4"}
    stems = ("clip", "clip_2", "clip_3")
    numbers = (0, 2, 4)
    assert {p.name for p in (folder / "labels").iterdir()} == {f"{s}_{n:06d}.txt" for s in stems for n in numbers}
    frames = {p.relative_to(folder).as_posix() for p in folder.glob("*_frames/*")}
    assert frames == {f"{s}_frames/{n}.jpg" for s in stems for n in numbers}


def test_a_video_that_is_written_later_has_one_free_name_for_all(tmp_path: Path) -> None:
    for save in (False, True):
        list(handed_out(noisy(2), PageSettings(save=save, save_txt=True, project=str(tmp_path), exist_ok=True)))
    folder = tmp_path / "predict"
    assert [p.name for p in folder.glob("*.mp4")] == ["noise_2.mp4"]
    labels = {p.name for p in (folder / "labels").iterdir()}
    assert labels == {f"{stem}_{n:06d}.txt" for stem in ("noise", "noise_2") for n in (0, 1)}


def test_a_stream_closed_early_leaves_a_video_of_what_was_done(media: Path, tmp_path: Path) -> None:
    sam = SAM(video_model(), device="cpu")
    results = sam(media / "small.mp4", points=[40, 30], stream=True, save=True, project=str(tmp_path))
    frames = [next(results).plot() for _ in range(2)]
    results.close()  # type: ignore[attr-defined] -- a generator
    with open_video(tmp_path / "predict" / "small.mp4") as video:
        assert len(video) == 2
        assert np.abs(video.frame(1).astype(int) - frames[1]).mean() < 12
    assert [p.name for p in (tmp_path / "predict").iterdir()] == ["small.mp4"]


def test_a_call_that_fails_leaves_a_video_of_what_was_done(tmp_path: Path) -> None:
    def failing() -> Iterator[Results]:
        yield from noisy(3)
        raise PromptError("the prompt is wrong")

    with pytest.raises(PromptError, match="the prompt is wrong"):
        list(handed_out(failing(), PageSettings(save=True, project=str(tmp_path))))
    assert len(open_video(tmp_path / "predict" / "noise.mp4")) == 3
    assert len(list((tmp_path / "predict").iterdir())) == 1


def test_a_frame_that_no_video_takes_is_told_and_leaves_no_file(tmp_path: Path) -> None:
    (frame,) = noisy(1)
    wide = replace(frame, orig_img=np.zeros((2, 20_000, 3), np.uint8))
    with pytest.raises(MediaError, match="cannot be written"):
        list(handed_out([wide], PageSettings(save=True, project=str(tmp_path))))
    assert not list((tmp_path / "predict").iterdir())


def test_two_streams_into_one_folder_do_not_write_over_each_other(tmp_path: Path) -> None:
    chosen = PageSettings(save=True, project=str(tmp_path), exist_ok=True)
    for _ in zip(handed_out(noisy(3), chosen), handed_out(noisy(3), chosen), strict=True):
        assert not list(tmp_path.glob("predict/noise*")), "drafts are hidden"
    assert {p.name for p in (tmp_path / "predict").iterdir()} == {"noise.mp4", "noise_2.mp4"}


def test_writing_a_long_video_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    results = handed_out(noisy(100), PageSettings(save=True, project=str(tmp_path)))
    tracemalloc.start()
    try:
        held_bytes = [tracemalloc.get_traced_memory()[0] for _ in results]
    finally:
        tracemalloc.stop()
    assert held_bytes[99] - held_bytes[20] < 500_000, "80 of these frames are 1.5 MB as JPEG"


def noisy(frames: int) -> Iterator[Results]:
    """Frames of a video that cannot be pressed small, without a mask."""
    dice = np.random.default_rng(0)
    for frame in range(frames):
        pixels = dice.integers(0, 256, (96, 128, 3), np.uint8)
        yield Results(
            orig_img=pixels, path="noise.mp4", rles=(), scores=np.zeros(0), classes=(), frame=frame, fps=25.0
        )  # fmt: skip


def result_of(mask: np.ndarray) -> Results:
    pixels = np.zeros((*mask.shape, 3), np.uint8)
    return Results(
        orig_img=pixels, path="photo.jpg", rles=(Rle.from_mask(mask),), scores=np.array([0.75]), classes=[3],
        names={3: "disc"},
    )  # fmt: skip


def test_results_speak_every_form(disc: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    mask = disc[1]
    result = result_of(mask)
    (coco,) = result.to_coco(image_id=7, first_id=20)
    assert np.array_equal(coco_mask.decode(coco["segmentation"]), mask)  # type: ignore[arg-type]
    assert (coco["id"], coco["image_id"], coco["category_id"], coco["area"]) == (20, 7, 3, int(mask.sum()))
    (row,) = json.loads(result.to_json(normalize=True))
    assert row["name"] == "disc"
    assert row["box"]["x1"] == pytest.approx(36 / 160, abs=0.01)
    assert max(row["segments"]["x"]) <= 1
    assert np.asarray(result.masks).shape == (1, 120, 160)
    assert result.boxes.xywh.tolist()[0] == pytest.approx([70.5, 60.5, 69, 69])
    assert result.boxes.data.shape == (1, 6)
    assert Path(result.save(tmp_path / "out.png")).stat().st_size > 0
    line = Path(result.save_txt(tmp_path / "out.txt")).read_text().split()
    assert line[0] == "3"
    assert len(result[0]) == 1
    assert not np.array_equal(result.plot(), result.orig_img)
    with pytest.raises(MediaError, match="cannot be written"):
        result.save(tmp_path / "out.png" / "below.jpg")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.jpg", "JPEG"), ("a.JPEG", "JPEG"), ("a.png", "PNG"), ("a.webp", "WEBP"), ("a.bmp", "BMP"), ("a.tif", "TIFF")],
)
def test_a_drawing_is_written_as_its_ending_says(name: str, kind: str, tmp_path: Path) -> None:
    result = result_of(np.eye(16, 24, dtype=bool))
    with PillowImage.open(result.save(tmp_path / name)) as picture:
        assert picture.format == kind
        assert np.abs(np.asarray(picture.convert("RGB")).astype(int) - result.plot()).mean() < 20


@pytest.mark.parametrize("name", ["a.docx", "a.mp4", "a", "a.psd", "a.msp"])
def test_an_ending_that_is_no_picture_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"cannot be written as a picture.*\.jpg"):
        result_of(np.eye(16, dtype=bool)).save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_polygon_draws_its_mask_again(disc: tuple[np.ndarray, np.ndarray]) -> None:
    from PIL import ImageDraw

    mask = disc[1]
    (ring,) = outlines(mask)
    assert len(ring) < 100
    canvas = PillowImage.new("L", (160 * 4, 120 * 4))
    ImageDraw.Draw(canvas).polygon([((x + 0.5) * 4, (y + 0.5) * 4) for x, y in ring.tolist()], fill=1)
    again = np.asarray(canvas)[2::4, 2::4] > 0
    assert iou(again, mask) > 0.98


def test_parts_are_bridged_and_holes_left_out() -> None:
    mask = np.zeros((40, 60), bool)
    mask[5:35, 5:25] = True
    mask[15:20, 10:15] = False
    mask[10:20, 40:50] = True
    mask[30:33, 52:55] = True
    parts = outlines(mask)
    assert [abs(signed_area(p)) for p in parts] == pytest.approx([600, 100, 9], abs=1.1)
    ring = one_ring(parts)
    assert abs(signed_area(ring)) == pytest.approx(sum(abs(signed_area(p)) for p in parts))
    assert outlines(np.zeros((3, 3), bool)) == []
    assert len(outlines(np.eye(1, dtype=bool))[0]) >= 3


def test_info_counts_what_there_is(sam: SAM, capsys: pytest.CaptureFixture[str]) -> None:
    found = sam.info(detailed=True)
    assert found.parameters == sum(p.numel() for p in sam.model.parameters())
    assert found.gflops > 0
    assert "mask_decoder" in capsys.readouterr().out
