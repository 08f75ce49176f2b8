"""Measuring models and baselines: on pictures, clips, folders of others, with tables and sheets."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sam2_notebook.errors import MediaError
from sam2_notebook.evaluate import (
    FlowFollower,
    GrabCut,
    ModelFollower,
    Stay,
    davis_clips,
    evaluate_clips,
    made_clips,
    photos_of,
)
from sam2_notebook.evaluate.__main__ import main
from sam2_notebook.evaluate.covering import MeanShift, cover
from sam2_notebook.evaluate.data import is_davis
from sam2_notebook.evaluate.finders import TemplateFinder
from sam2_notebook.evaluate.finding import find_in_others
from sam2_notebook.evaluate.followers import PromptKind
from sam2_notebook.evaluate.scribbles import measure_scribbles, scribble
from sam2_notebook.evaluate.sets import LabelledSet, picture_set
from sam2_notebook.metrics import score_object
from sam2_notebook.model import Sam2, Sam2Config
from sam2_notebook.predict import ImagePredictor
from sam2_notebook.predict.video import VideoPredictor
from sam2_notebook.training.clips import Clip
from sam2_notebook.training.sources import RlePhoto, generated
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import Rle
from sam2_notebook.weights import save_model

PIXELS = np.full((60, 80, 3), 30, np.uint8)
WANTED = np.zeros((60, 80), bool)
WANTED[10:50, 20:60] = True
PIXELS[WANTED] = (200, 60, 40)
TINY = Sam2Config(
    image_size=64, embed_dim=8, stages=(1, 1, 1, 1), windows=(4, 4, 4, 2), global_blocks=(), dim=32,
    decoder_mlp_dim=32, memory_layers=1, memory_dim=16,
)  # fmt: skip


FINDERS = ("tiny.safetensors, by memory", "tiny.safetensors, by looks", "template + GrabCut")
SHOWN = ("1 shown", "2 shown", "3 shown", "1 shown, corrected on the way")


def moving_clip(frames: int = 5) -> Clip:
    """A textured square that moves by two pixels a frame over another texture."""
    rng = np.random.default_rng(0)
    ground = rng.integers(0, 120, (60, 80, 3)).astype(np.uint8)
    thing = rng.integers(130, 255, (24, 24, 3)).astype(np.uint8)
    pixels = np.repeat(ground[None], frames, axis=0)
    masks = np.zeros((frames, 1, 60, 80), bool)
    for i in range(frames):
        place = (slice(20, 44), slice(10 + 2 * i, 34 + 2 * i))
        pixels[i][place] = thing
        masks[i, 0][place] = True
    return Clip(pixels=pixels, masks=masks, name="square")


class Known:
    """Finds what it was told, in set after set; misses object 1 everywhere but where it is shown it again."""

    name = "known"

    def __init__(self, sets: list[LabelledSet]) -> None:
        self.truth: dict[bytes, np.ndarray] = {
            some.pixels[i].tobytes(): some.masks[i] for some in sets for i in range(len(some.pixels))
        }
        self.shown: list[tuple[int, bool]] = []

    def begin(self) -> None:
        self.shown.clear()

    def show(self, pixels: np.ndarray, index: int, mask: np.ndarray) -> None:
        self.shown.append((index, bool(mask.any())))

    def find(self, pixels: np.ndarray, index: int) -> np.ndarray:
        wanted = self.truth[pixels.tobytes()][index]
        return wanted if index == 0 else ~wanted


class Half:
    """Finds the left half of every picture, and its right half but for a quarter of that."""

    name = "half"

    def masks(self, pixels: np.ndarray) -> list[np.ndarray]:
        left, right = (np.zeros(pixels.shape[:2], bool) for _ in range(2))
        left[:, :40] = True
        right[:45, 40:] = True
        return [right, left]


def test_everything_is_scored_by_the_mask_that_fits_each_object_best() -> None:
    left, right, corner = (np.zeros((60, 80), bool) for _ in range(3))
    left[:, :40], right[:, 40:], corner[:6, :8] = True, True, True
    wanted = [left, right, corner]
    photo = RlePhoto(PIXELS, tuple(map(Rle.from_mask, wanted)), np.array([m.sum() for m in wanted], float))
    summary = cover(Half(), [photo], 0.01)
    assert (summary.photos, summary.objects, summary.masks) == (1, 3, 2)
    assert summary.iou == pytest.approx((1 + 0.75 + 48 / 2400) / 3)
    assert summary.recall50 == pytest.approx(2 / 3)
    assert summary.average_recall == pytest.approx((10 + 6 + 0) / 30)
    assert summary.large_iou == pytest.approx(0.875)
    assert cover(Half(), [photo], 0.02).objects == 2
    with pytest.raises(ValueError, match="no photo has an object"):
        cover(Half(), [photo], 0.6)


def test_mean_shift_finds_a_red_square_and_its_ground() -> None:
    ground, square = MeanShift().masks(PIXELS)
    assert (square & WANTED).sum() > 0.95 * (square | WANTED).sum()
    assert not (ground & square).any()


def test_sets_show_the_same_things_in_other_places_and_sometimes_not() -> None:
    some, again = picture_set(4, Size(height=72, width=96)), picture_set(4, Size(height=72, width=96))
    assert np.array_equal(some.pixels, again.pixels)
    there = np.array([[mask.any() for mask in masks] for masks in some.masks])
    assert there[:3].all()
    assert not np.array_equal(some.masks[0], some.masks[1])
    later = [picture_set(seed, Size(height=72, width=96)).masks[3:] for seed in range(4)]
    assert not all(mask.any() for masks in later for both in masks for mask in both)


def test_finding_is_scored_in_the_pictures_after_the_first_three_and_before_corrections() -> None:
    sets = [picture_set(seed, Size(height=72, width=96)) for seed in (1, 2)]
    finder = Known(sets)
    plain = find_in_others(finder, sets, 1)
    assert finder.shown == [(0, True), (1, True)]
    assert (plain.objects, plain.corrections) == (4, 0)
    assert 0.4 < plain.iou < 0.6  # one of two objects is found to the pixel, the other nowhere
    corrected = find_in_others(finder, sets, 1, corrected=True)
    assert corrected.iou == plain.iou
    assert corrected.corrections == 3  # all six pictures of every second object


def test_a_template_finds_its_own_picture_and_nothing_in_noise() -> None:
    finder, some = TemplateFinder(), picture_set(6)
    finder.show(some.pixels[0], 0, some.masks[0, 0])
    found, wanted = finder.find(some.pixels[0], 0), some.masks[0, 0]
    assert (found & wanted).sum() > 0.9 * (found | wanted).sum()
    noise = np.random.default_rng(0).integers(0, 255, some.pixels[0].shape).astype(np.uint8)
    assert not finder.find(noise, 0).any()


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    return save_model(Sam2(TINY), tmp_path_factory.mktemp("weights") / "tiny.safetensors", name="tiny")


@pytest.fixture
def davis(tmp_path: Path) -> Path:
    clip = moving_clip()
    for kind in ("JPEGImages", "Annotations"):
        (tmp_path / "davis" / kind / "480p" / "square").mkdir(parents=True)
    for i, (pixels, masks) in enumerate(zip(clip.pixels, clip.masks, strict=True)):
        Image.fromarray(pixels).save(tmp_path / "davis/JPEGImages/480p/square" / f"{i:05d}.jpg", quality=98)
        indexed = Image.fromarray(masks[0].astype(np.uint8) * 3, "P")
        indexed.putpalette([0] * 768)
        indexed.save(tmp_path / "davis/Annotations/480p/square" / f"{i:05d}.png")
    return tmp_path / "davis"


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    folder = tmp_path / "coco"
    (folder / "images").mkdir(parents=True)
    Image.fromarray(PIXELS).save(folder / "images" / "a.png")
    rle = Rle.from_mask(WANTED).to_coco()
    annotation = {"image_id": 1, "area": int(WANTED.sum()), "segmentation": rle}
    index = {"images": [{"id": 1, "file_name": "a.png"}], "annotations": [annotation]}
    (folder / "annotations.json").write_text(json.dumps(index))
    return folder


def test_grabcut_finds_a_red_square_from_a_click_and_from_a_box() -> None:
    score = score_object(GrabCut(), PIXELS, WANTED, clicks=2)
    assert score.box > 0.95
    assert score.clicks[1] > 0.9


def test_clips_are_made_one_at_a_time() -> None:
    made: list[int] = []

    def clips():
        for number in range(3):
            made.append(number)
            yield moving_clip()

    cases = evaluate_clips(Stay(), clips())
    next(cases)
    assert made == [0]
    assert len([*cases]) == 2
    assert made == [0, 1, 2]


def test_flow_carries_a_mask_along_and_staying_put_falls_behind() -> None:
    flow, stay = (next(evaluate_clips(f, [moving_clip()])).score for f in (FlowFollower(), Stay()))
    assert np.mean(flow.j) > 0.8
    assert np.mean(stay.j) < np.mean(flow.j) - 0.1


@pytest.mark.parametrize("prompt", ["mask", "box", "click"])
def test_a_model_follows_from_a_mask_a_box_or_a_click(prompt: PromptKind, weights: Path) -> None:
    follower = ModelFollower(VideoPredictor(weights, device="cpu"), prompt)
    found = follower.follow(moving_clip(3).pixels, moving_clip(3).masks[0])
    assert found.shape == (3, 1, 60, 80)


def test_made_clips_are_always_the_same_and_follow_what_the_first_frame_shows() -> None:
    first, second = (list(made_clips(2, 3)) for _ in range(2))
    assert [c.name for c in first] == [c.name for c in second]
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(first, second, strict=True))
    assert all(c.masks[0].any(axis=(1, 2)).all() for c in first)


def test_a_davis_folder_is_read(davis: Path) -> None:
    assert is_davis(davis)
    (clip,) = davis_clips(davis)
    assert clip.name == "square"
    assert np.array_equal(clip.masks, moving_clip().masks)
    (davis / "Annotations/480p/square/00003.png").unlink()
    assert len(next(davis_clips(davis)).pixels) == 3


def test_a_folder_of_nothing_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"annotations\.json"):
        photos_of(tmp_path, None)


def test_the_command_writes_tables_numbers_and_sheets(
    davis: Path, coco: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = davis.parent / "out"
    words = ["--data", str(coco), str(davis), "--model", str(weights), "--device", "cpu", "--clicks", "2"]
    words += ["--sets", "1", "--everything", "1"]
    main([*words, "--out", str(out)])
    said = capsys.readouterr().out
    assert "| coco | tiny.safetensors | 1 |" in said
    assert "| davis | optical flow | 1 |" in said
    entries = json.loads((out / "results.json").read_text())
    assert [e["subject"] for e in entries] == [
        "tiny.safetensors",
        "GrabCut",
        "tiny.safetensors, 16 x 16 clicks",
        "tiny.safetensors, 32 x 32 clicks",
        "mean shift",
        "tiny.safetensors",
        "optical flow",
        "stay",
        *(f"{who}, {how}" for who in FINDERS for how in SHOWN),
    ]
    assert "| generated sets | tiny.safetensors, by looks, 3 shown | 2 |" in said
    assert "| coco | mean shift | 1 | 1 |" in said
    assert (out / "results.md").read_text().count("| coco |") == 5
    with Image.open(out / "coco.png") as sheet:
        assert sheet.size[0] == 480
    assert (out / "davis.png").exists()


def test_a_scribble_stays_in_the_inner_half_of_what_it_is_drawn_in() -> None:
    stroke = scribble(WANTED, 1, np.random.default_rng(3))
    assert stroke is not None
    assert len(stroke.points_px) == 3
    for x, y in stroke.points_px.astype(int):
        assert WANTED[y - 4 : y + 5, x - 4 : x + 5].all()
    thin = np.zeros((60, 80), bool)
    thin[3, 3:6] = True
    assert scribble(thin, 1, np.random.default_rng(3)) is None


def test_what_a_model_is_told_of_a_scribble_is_compared() -> None:
    table = measure_scribbles(
        ImagePredictor(), [(photo, 0) for photo in generated(range(2), Size(height=96, width=128))]
    )
    assert {"one click", "a line: clicks along it", "a line: clicks and a mask"} <= set(table)
    assert all(0 <= score <= 1 for scores in table.values() for score in scores)
