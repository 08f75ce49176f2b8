"""A config refuses sizes that no network can have, in words that name the field."""

from dataclasses import FrozenInstanceError

import pytest

from sam2_notebook.model import Sam2Config

REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "a side that no map divides": ({"image_size": 1000}, "image_size must be a positive multiple of 32, got 1000"),
    "no side": ({"image_size": 0}, "image_size"),
    "an empty stage": ({"stages": (1, 0, 7, 2)}, "four block counts"),
    "no window": ({"windows": (8, 4, 0, 7)}, "four sides"),
    "a window that pooling cannot halve": ({"windows": (8, 5, 14, 7)}, "first three windows must be even"),
    "heads that share no width": ({"embed_dim": 98, "heads": 4}, "positive multiple of heads"),
    "a width the decoder cannot part": ({"dim": 100}, "dim must be a positive multiple of 32"),
    "no heads": ({"heads": 0}, "positive multiple of heads 0"),
    "no grid of positions": ({"position_grid": 0}, "position_grid"),
    "negative memory": ({"memory_layers": -1}, "memory_layers must be 0 or more"),
    "memories that do not part a pointer": (
        {"memory_layers": 1, "memory_dim": 48},
        "memory_dim must be a multiple of 4 that divides",
    ),
    "memories too narrow for places": ({"memory_layers": 1, "memory_dim": 2}, "memory_dim"),
    "a global block that pools": ({"global_blocks": (3,)}, "global block 3 must be one of the 12 blocks"),
    "a global block past the end": ({"global_blocks": (12,)}, "global block 12"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_impossible_sizes_are_refused(case: str):
    change, words = REFUSED[case]
    with pytest.raises(ValueError, match=words):
        Sam2Config(**change)  # pyright: ignore[reportArgumentType] -- wrong values are the point


@pytest.mark.parametrize(
    "change", [{"stages": (1, 2, 7)}, {"windows": (8, 4, 14)}, {"prompts": "words"}, {"version": "2"}]
)
def test_values_of_another_type_are_refused_with_and_without_shape_checks(change: dict[str, object]):
    with pytest.raises((ValueError, TypeError)):
        Sam2Config(**change)  # pyright: ignore[reportArgumentType] -- wrong values are the point


def test_sizes_follow_from_the_picture():
    config = Sam2Config(image_size=512)
    assert (config.grid, config.mask_size, config.stage_dims) == (32, 128, (96, 192, 384, 768))


def test_a_stage_opens_after_the_last_block_of_the_one_before():
    config = Sam2Config(stages=(2, 3, 16, 3), global_blocks=(12, 16, 20))
    assert config.stage_ends == (1, 4, 20, 23)
    assert config.pooling_blocks == (2, 5, 21)


def test_a_config_never_changes():
    with pytest.raises(FrozenInstanceError):
        Sam2Config().dim = 128  # pyright: ignore[reportAttributeAccessIssue] -- that it fails is the point
