"""A mask that a user gives is shown as it is: thin ones do not vanish, holes stay, whatever the memory makes of it."""

import numpy as np
import pytest
import torch

from sam2_notebook.predict import DynamicSession, VideoPredictor
from sam2_notebook.predict.tensors import square_mask

from .video_clips import video_model

HIGH, WIDE = 90, 120
FRAMES = np.random.default_rng(2).integers(0, 255, (3, HIGH, WIDE, 3), np.uint8)


def thin() -> np.ndarray:
    mask = np.zeros((HIGH, WIDE), np.bool_)
    mask[10:80, 50] = True
    return mask


def holed() -> np.ndarray:
    mask = np.zeros((HIGH, WIDE), np.bool_)
    mask[20:70, 30:90] = True
    mask[40:42, 50:52] = False
    return mask


def dot() -> np.ndarray:
    mask = np.zeros((HIGH, WIDE), np.bool_)
    mask[33, 44] = True
    return mask


@pytest.mark.parametrize("make", [thin, holed, dot])
def test_in_a_video_before_and_after_it_is_followed(make) -> None:
    mask = make()
    with VideoPredictor(video_model(), device="cpu").open(FRAMES) as session:
        said = session.add(1, 1, mask=mask)
        np.testing.assert_array_equal(said.masks[1], mask)
        for result in session.propagate(direction="both"):
            if result.frame == 1:
                np.testing.assert_array_equal(result.masks[1], mask)
        np.testing.assert_array_equal(session.result(1).masks[1], mask)
        refined = session.add(1, 1, points=[[60, 45]])
        assert refined.masks[1].shape == mask.shape  # a click goes on from it, by the model


@pytest.mark.parametrize("make", [thin, holed, dot])
def test_in_a_set_of_pictures(make) -> None:
    mask = make()
    session = DynamicSession(video_model(), device="cpu")
    shown = session.remember(FRAMES[0], "it", mask=mask)
    np.testing.assert_array_equal(shown.mask, mask)
    assert session.find(FRAMES[1])["it"].given is None


def test_the_model_is_told_of_what_is_smaller_than_its_pixels() -> None:
    device = torch.device("cpu")
    assert square_mask(dot(), 32, device).sum() > 0
    whole = square_mask(holed(), 32, device)
    assert 0.2 < whole.mean() < 0.32
    assert set(whole.unique().tolist()) == {0.0, 1.0}
    assert square_mask(np.zeros((HIGH, WIDE), np.bool_), 32, device).sum() == 0
