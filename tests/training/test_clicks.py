"""Simulated users click where they should."""

import numpy as np
import pytest
import torch

from sam2_notebook.training.clicks import boxes, corrective_clicks, deepest_error, random_places

SIDE = 32


def disc(x: float, y: float, radius: float) -> torch.Tensor:
    rows, columns = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    return ((columns - x) ** 2 + (rows - y) ** 2 <= radius**2).float()


def at(mask: torch.Tensor, place: torch.Tensor) -> bool:
    x, y = ((place + 0.5) / 4).floor().long().tolist()
    return bool(mask[y, x])


@pytest.mark.parametrize("sharpness", [0.0, 1.0, 8.0])
def test_random_clicks_fall_on_the_object(sharpness: float) -> None:
    torch.manual_seed(0)
    masks = torch.stack([disc(8, 20, 5), disc(25, 6, 1.5)]).repeat(20, 1, 1)
    places = random_places(masks > 0.5, sharpness)
    assert all(at(m, p[0]) for m, p in zip(masks, places, strict=True))


def test_boxes_without_jitter_are_tight() -> None:
    mask = torch.zeros(1, SIDE, SIDE)
    mask[0, 5:11, 7:20] = 1
    assert boxes(mask, jitter=0.0)[0].tolist() == [[27.5, 19.5], [79.5, 43.5]]


@pytest.mark.parametrize(("got", "label"), [(disc(8, 8, 2), 1), (disc(8, 8, 14), 0)])
def test_corrections_say_what_is_wrong(got: torch.Tensor, label: int) -> None:
    wanted = disc(8, 8, 7)
    place, labels = corrective_clicks((got[None] * 2 - 1) * 5, wanted[None])
    assert labels.tolist() == [[label]]
    assert at((wanted != got).float(), place[0, 0])


def test_a_perfect_mask_is_confirmed() -> None:
    wanted = disc(8, 8, 7)
    place, labels = corrective_clicks((wanted[None] * 2 - 1) * 5, wanted[None])
    assert labels.item() == 1
    assert at(wanted, place[0, 0])


def test_the_deterministic_clicker_takes_the_deeper_error() -> None:
    wanted = np.zeros((60, 60), bool)
    wanted[10:50, 10:50] = True
    got = np.zeros_like(wanted)
    got[10:50, 10:44] = True  # six columns are missing
    got[0:5, 0:60] = True  # five rows too many
    assert deepest_error(wanted, got) is not None
    x, y, label = deepest_error(wanted, got) or (0, 0, 0)
    assert label == 1
    assert 44 <= x < 50
    assert 10 <= y < 50
    assert deepest_error(wanted, wanted) is None
