"""Segment everything: the whole picture is asked, few good masks remain, and every setting does what it says."""

from dataclasses import replace
from typing import cast

import numpy as np
import pytest
import torch
from pycocotools import mask as coco_mask

from sam2_notebook.errors import PromptError
from sam2_notebook.predict import ImagePredictor
from sam2_notebook.predict.automatic import AutomaticMasker
from sam2_notebook.predict.automatic_filters import Crop, boxes_of, crops_of, cut_by_crop, stability_of, suppress
from sam2_notebook.predict.automatic_results import AutomaticMasks
from sam2_notebook.predict.automatic_settings import AutomaticSettings, point_grid
from sam2_notebook.training.scenes import make_scene
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import bounding_box

# pycocotools 2.0.11 makes numpy 2 warn about a keyword of its own __array__.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
EVERYTHING = {"predicted_iou": 0.0, "stability": 0.0, "nms_iou": 1.0}


def masks_of(predictor: ImagePredictor, photo: np.ndarray, **settings: object) -> AutomaticMasks:
    chosen = AutomaticSettings(**{"points_per_side": 4, **EVERYTHING, **settings})  # type: ignore[arg-type]
    return AutomaticMasker(predictor, chosen).generate(photo)


def test_every_part_of_a_wide_picture_is_asked(predictor: ImagePredictor) -> None:
    wide = make_scene(3, Size(height=90, width=160)).render().pixels
    points = np.array([m.point for m in masks_of(predictor, wide, points_per_side=8)])
    assert sorted(set(points[:, 0])) == [10 + 20 * i for i in range(8)]
    assert np.allclose(sorted(set(points[:, 1])), (np.arange(8) + 0.5) * 90 / 8)


def test_masks_are_those_a_click_gives(predictor: ImagePredictor, photo: np.ndarray) -> None:
    encoded = predictor.encode(photo)
    found = masks_of(predictor, photo, point_grids=([[0.3, 0.6]],))
    click = predictor.segment(encoded, [[0.3 * 140, 0.6 * 90]])
    order = np.argsort(-click.scores, kind="stable")
    assert np.array_equal(found.masks, click.masks[order][click.masks[order].any(axis=(1, 2))])
    assert np.allclose(found.scores, click.scores[order][: len(found)], atol=1e-6)


@pytest.mark.parametrize("batch", [1, 3, 64])
def test_the_size_of_a_batch_changes_nothing(predictor: ImagePredictor, photo: np.ndarray, batch: int) -> None:
    found, other = masks_of(predictor, photo), masks_of(predictor, photo, points_per_batch=batch)
    assert len(found) == len(other)
    assert np.allclose(found.scores, other.scores, atol=1e-5)


def test_boxes_areas_and_masks_agree(predictor: ImagePredictor, photo: np.ndarray) -> None:
    found = masks_of(predictor, photo)
    assert found.boxes.shape == (len(found), 4)
    for item, mask in zip(found, found.masks, strict=True):
        assert bounding_box(mask) == item.box
        assert item.area == int(mask.sum())


def test_filters_leave_only_what_passes(predictor: ImagePredictor, photo: np.ndarray) -> None:
    every = masks_of(predictor, photo)
    bar = float(np.median(every.scores))
    assert 0 < len(masks_of(predictor, photo, predicted_iou=bar)) < len(every)
    assert all(m.score > bar for m in masks_of(predictor, photo, predicted_iou=bar))
    steady = float(np.median([m.stability for m in every]))
    assert all(m.stability >= steady for m in masks_of(predictor, photo, stability=steady, stability_offset=0.25))
    assert len(masks_of(predictor, photo, nms_iou=0.3)) < len(every)
    assert len(masks_of(predictor, photo, most_masks=3)) == 3


@pytest.mark.parametrize("refine", [False, True])
def test_no_two_boxes_overlap_by_more_than_they_may_whatever_is_done_to_the_masks(refine: bool) -> None:
    photo = make_scene(4, Size(height=240, width=320), things=6).render().pixels
    masker = AutomaticMasker(settings=AutomaticSettings(points_per_side=10, nms_iou=0.5, refine=refine))
    assert masker.predictor.tidy > 0  # the embedded model's masks lose specks, and with them size
    found = masker.generate(photo)
    assert len(found) > 4
    corners = found.boxes + np.array([0, 0, 1, 1])
    areas = np.prod(corners[:, 2:] - corners[:, :2], axis=1)
    low, high = (f(corners[:, None, part], corners[None, :, part]) for f, part in
                 ((np.maximum, slice(0, 2)), (np.minimum, slice(2, 4))))  # fmt: skip
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    overlap = shared / (areas[:, None] + areas[None] - shared)
    assert overlap[~np.eye(len(found), dtype=bool)].max() <= 0.5


def test_the_mask_threshold_makes_masks_smaller(predictor: ImagePredictor, photo: np.ndarray) -> None:
    one: dict[str, object] = {"point_grids": ([[0.5, 0.5]],), "most_masks": 1}
    low, high = (masks_of(predictor, photo, mask_threshold=t, **one)[0].area for t in (-0.5, 0.3))
    assert low > high


def test_crops_cover_the_picture_and_give_masks_of_the_whole(predictor: ImagePredictor, photo: np.ndarray) -> None:
    found = masks_of(predictor, photo, crop_layers=1, crop_nms_iou=1.0, points_per_side=2)
    windows = {m.crop for m in found}
    assert windows <= {(c.x0, c.y0, c.x1, c.y1) for c in crops_of(Size(height=90, width=140), 1, 512 / 1500)}
    assert len(windows) > 1
    for item in found:
        x0, y0, x1, y1 = item.crop
        outside = item.mask.copy()
        outside[y0:y1, x0:x1] = False
        assert item.mask.shape == (90, 140)
        assert not outside.any()
        assert x0 <= item.point[0] <= x1
    assert len(masks_of(predictor, photo, crop_layers=1, crop_nms_iou=0.2, points_per_side=2)) < len(found)


def test_small_regions_are_mended_in_image_pixels(predictor: ImagePredictor, photo: np.ndarray) -> None:
    from scipy.ndimage import label

    large = np.kron(photo, np.ones((3, 3, 1), np.uint8))
    for item in masks_of(predictor, large, min_region_area=200, points_per_side=3):
        for side in (item.mask, ~item.mask):
            parts, count = label(side, np.ones((3, 3)))  # type: ignore[misc]
            assert count <= 1 or np.bincount(parts.ravel())[1:].min() >= 200


def test_refining_never_lowers_a_score(predictor: ImagePredictor, photo: np.ndarray) -> None:
    before, after = masks_of(predictor, photo), masks_of(predictor, photo, refine=True)
    assert len(before) == len(after)
    assert (after.scores >= before.scores - 1e-6).all()
    assert (after.scores > before.scores + 1e-4).any()


def test_dicts_read_as_the_originals_in_every_mode(predictor: ImagePredictor, photo: np.ndarray) -> None:
    found = masks_of(predictor, photo, most_masks=2)
    binary, plain, coco = (found.to_dicts(m) for m in ("binary_mask", "uncompressed_rle", "coco_rle"))  # type: ignore[arg-type]
    keys = {"segmentation", "area", "bbox", "predicted_iou", "point_coords", "stability_score", "crop_box"}
    for item, a, b, c in zip(found, binary, plain, coco, strict=True):
        assert set(a) == keys
        assert np.array_equal(a["segmentation"], item.mask)  # type: ignore[arg-type]
        assert np.array_equal(coco_mask.decode(c["segmentation"]), item.mask)  # type: ignore[arg-type]
        again = coco_mask.frPyObjects(b["segmentation"], 90, 140)  # type: ignore[call-overload]
        assert np.array_equal(coco_mask.decode(again), item.mask)
        assert a["crop_box"] == [0, 0, 140, 90]
    with pytest.raises(PromptError, match="coco_rle"):
        found.to_dicts("png")  # type: ignore[arg-type]


def test_a_label_map_shows_the_smallest_mask_on_top(predictor: ImagePredictor, photo: np.ndarray) -> None:
    found = masks_of(predictor, photo)
    labels = found.label_map()
    smallest = min(found, key=lambda item: item.area)
    assert {found[row - 1].area for row in np.unique(labels[smallest.mask])} == {smallest.area}
    assert np.array_equal(labels > 0, found.masks.any(axis=0))
    assert len(found[:2]) == 2


def test_progress_is_told_and_may_end_the_work(predictor: ImagePredictor, photo: np.ndarray) -> None:
    told: list[tuple[int, int]] = []
    masker = AutomaticMasker(predictor, AutomaticSettings(points_per_side=4))
    masker.generate(photo, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (16, 16)

    def stop(done: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        masker.generate(photo, progress=stop)


def test_steps_may_be_taken_one_by_one(predictor: ImagePredictor, photo: np.ndarray) -> None:
    settings = AutomaticSettings(points_per_side=4, points_per_batch=5, predicted_iou=0.0, stability=0.0, nms_iou=1.0)
    masker = AutomaticMasker(predictor, settings)
    steps = masker.steps(photo)
    told = [next(steps) for _ in range(4)]
    assert told == [(5, 16), (10, 16), (15, 16), (16, 16)]
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert np.array_equal(end.value.value.masks, masker.generate(photo).masks)


def test_a_picture_another_model_encoded_is_refused(predictor: ImagePredictor, photo: np.ndarray) -> None:
    encoded = replace(predictor.encode(photo), model_key="other")
    with pytest.raises(PromptError, match="encoded by another model"):
        AutomaticMasker(predictor).generate(encoded)


def test_a_blank_picture_is_no_error(predictor: ImagePredictor) -> None:
    found = masks_of(predictor, np.zeros((7, 5, 3), np.uint8), predicted_iou=1.0)
    assert (len(found), found.masks.shape, found.boxes.shape) == (0, (0, 7, 5), (0, 4))
    assert not found.label_map().any()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"points_per_side": 0}, "points_per_side is a whole number of at least 1"),
        ({"points_per_side": 1.5}, "whole number"),
        ({"predicted_iou": 1.2}, "share from 0 to 1"),
        ({"stability_offset": -1.0}, "number of logits"),
        ({"mask_threshold": float("nan")}, "is a logit"),
        ({"crop_layers": 9}, "at most 5"),
        ({"crop_layers": 1, "point_grids": ([[0.5, 0.5]],)}, "needs 2 point_grids"),
        ({"point_grids": ([[5, 0.5]],)}, "in 0..1"),
        ({"point_grids": ("here",)}, "in 0..1"),
        ({"min_region_area": -3}, "min_region_area"),
        ({"most_masks": 0}, "most_masks"),
        ({"predicted_iou": "a"}, "predicted_iou is a share from 0 to 1; got 'a'"),
        ({"nms_iou": None}, "nms_iou is a share"),
        ({"points_per_side": None}, "points_per_side is a whole number"),
        ({"crop_layers": "a"}, "crop_layers is a whole number"),
        ({"stability_offset": "a"}, "number of logits"),
        ({"mask_threshold": "a"}, "is a logit"),
        ({"refine": "maybe"}, "refine is True or False"),
        ({"point_grids": 5}, "one per layer of crops"),
        ({"point_grids": np.array(5)}, "one per layer of crops"),
        ({"point_grids": (torch.ones(1, 2, requires_grad=True),)}, "a point grid is an array"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(PromptError, match=words):
        AutomaticSettings(**settings)  # type: ignore[arg-type]


def test_settings_may_be_numbers_of_numpy() -> None:
    chosen = AutomaticSettings(
        points_per_side=cast(int, np.int64(4)), nms_iou=cast(float, np.float32(0.5)), most_masks=cast(int, np.uint8(3)),
        refine=cast(bool, "no"),
    )  # fmt: skip
    assert repr(chosen) == "AutomaticSettings(points_per_side=4, nms_iou=0.5, most_masks=3)"


def test_settings_that_are_none_are_refused(predictor: ImagePredictor) -> None:
    with pytest.raises(PromptError, match="settings are an AutomaticSettings"):
        AutomaticMasker(predictor, "fine")  # pyright: ignore[reportArgumentType]


def test_a_grid_lies_at_the_centres_of_cells() -> None:
    grid = point_grid(32)
    assert grid.shape == (1024, 2)
    assert grid.min() == 0.5 / 32
    assert grid.max() == 31.5 / 32
    assert AutomaticSettings(crop_layers=2, crop_point_divisor=2).grid(2).shape == (64, 2)


def test_suppression_agrees_with_doing_it_by_hand() -> None:
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 60, (80, 2))
    boxes = np.concatenate((corners, corners + rng.uniform(1, 40, (80, 2))), axis=1)
    rank = rng.random(80)

    def overlap(a: np.ndarray, b: np.ndarray) -> float:
        low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
        shared = float(np.prod(np.clip(high - low, 0, None)))
        return shared / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - shared)

    kept: list[int] = []
    for row in np.argsort(-rank):
        if all(overlap(boxes[row], boxes[k]) <= 0.4 for k in kept):
            kept.append(int(row))
    assert suppress(boxes, rank, 0.4).tolist() == kept
    assert suppress(np.zeros((0, 4)), np.zeros(0), 0.4).tolist() == []


def test_boxes_of_masks_are_their_bounding_boxes() -> None:
    masks = torch.rand(20, 9, 13, generator=torch.Generator().manual_seed(1)) > 0.95
    masks[0] = False
    for mask, box in zip(masks.numpy(), boxes_of(masks).tolist(), strict=True):
        found = bounding_box(mask)
        wanted = [0, 0, 0, 0] if found is None else [found.x0, found.y0, found.x1 + 1, found.y1 + 1]
        assert box == wanted


def test_an_empty_mask_is_not_stable() -> None:
    assert stability_of(torch.full((1, 4, 4), -9.0), 0.0, 1.0).tolist() == [0.0]


def test_what_a_crop_cuts_off_is_told_from_what_the_picture_does() -> None:
    crop, picture = Crop(100, 0, 300, 200, 1), Size(height=200, width=400)
    boxes = np.array([[105, 50, 200, 100], [150, 0, 200, 100], [150, 50, 290, 100], [150, 60, 200, 200]], float)
    assert cut_by_crop(boxes, crop, picture).tolist() == [True, False, True, False]
