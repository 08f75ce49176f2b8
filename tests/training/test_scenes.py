"""Generated scenes: reproducible, exact, moving."""

import numpy as np
import pytest

from sam2_notebook.training.scenes import make_scene
from sam2_notebook.values.geometry import Size

SIZE = Size(height=96, width=128)


@pytest.mark.parametrize("seed", range(6))
def test_the_same_seed_gives_the_same_scene(seed: int) -> None:
    first, second = make_scene(seed, SIZE).render(0.5), make_scene(seed, SIZE).render(0.5)
    assert np.array_equal(first.pixels, second.pixels)
    assert all(np.array_equal(a, b) for a, b in zip(first.masks, second.masks, strict=True))


@pytest.mark.parametrize("seed", range(6))
def test_visible_masks_never_overlap_and_parts_lie_inside_their_thing(seed: int) -> None:
    frame = make_scene(seed, SIZE).render()
    assert np.sum(frame.masks, axis=0).max() <= 1
    for part, owner in zip(frame.part_masks, frame.part_of, strict=True):
        assert not (part & ~frame.masks[owner]).any()


def test_things_are_where_the_picture_differs_from_the_background() -> None:
    scene = make_scene(3, SIZE, things=3)
    frame = scene.render()
    thing = np.any(frame.masks, axis=0)
    difference = np.abs(frame.pixels.astype(int) - scene.background).mean(axis=2)
    assert difference[thing].mean() > 3 * difference[~thing].mean()


def test_things_move() -> None:
    scene = make_scene(5, SIZE, things=2)
    assert not np.array_equal(scene.render(0).masks[1], scene.render(1).masks[1])


def test_other_seeds_give_other_scenes() -> None:
    assert not np.array_equal(make_scene(1, SIZE).render().pixels, make_scene(2, SIZE).render().pixels)
