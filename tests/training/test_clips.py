"""Clips: reproducible, exact, with things that hide and return; samples of them fit the model."""

import numpy as np
import pytest

from sam2_notebook.training.clip_samples import ClipSamples, PastedClips, generated_clips
from sam2_notebook.training.clips import Clip, pasted_clip, scene_clip
from sam2_notebook.training.sources import generated
from sam2_notebook.values.geometry import Size

SIZE = Size(height=48, width=64)


@pytest.mark.parametrize("seed", range(3))
def test_the_same_seed_gives_the_same_clip(seed: int) -> None:
    first, second = scene_clip(seed, SIZE, 3), scene_clip(seed, SIZE, 3)
    assert np.array_equal(first.pixels, second.pixels)
    assert np.array_equal(first.masks, second.masks)


def test_things_move_and_some_are_hidden_for_a_while() -> None:
    clips = [scene_clip(seed, SIZE, 6) for seed in range(8)]
    areas = [clip.masks.mean(axis=(2, 3)) for clip in clips]
    seen_first = [a[:, a[0] > 0.01] for a in areas]
    assert any((a == 0).any() for a in seen_first)
    assert all(not np.array_equal(clip.masks[0], clip.masks[-1]) for clip in clips)


def test_cut_outs_move_over_a_photo_whose_own_objects_are_followed() -> None:
    photos = generated(range(4), Size(height=80, width=100))
    clip = pasted_clip(np.random.default_rng(1), photos, SIZE, 4)
    assert clip.pixels.shape == (4, 48, 64, 3)
    assert clip.masks.shape[0] == 4
    assert clip.masks.sum(axis=1).max() > 0


def still_clip(frames: int = 3) -> Clip:
    masks = np.zeros((frames, 2, 64, 64), np.bool_)
    masks[:, 0, 10:40, 4:30] = True
    masks[0, 1, 50:60, 40:60] = True  # gone from the second frame on
    return Clip(pixels=np.zeros((frames, 64, 64, 3), np.uint8), masks=masks)


def test_samples_hold_only_what_the_first_frame_shows() -> None:
    samples = ClipSamples([], side=64, frames=3, objects=4)
    rng = np.random.default_rng(0)
    for _ in range(20):
        drawn = samples.draw(rng, still_clip())
        assert drawn is not None
        pixels, targets = drawn
        assert (pixels.shape, targets.shape) == ((3, 64, 64, 3), (3, 4, 16, 16))
        assert (targets[0].max(axis=(1, 2)) == 255).all()
    nothing = Clip(pixels=np.zeros((1, 64, 64, 3), np.uint8), masks=np.zeros((1, 2, 64, 64), np.bool_))
    assert samples.draw(rng, nothing) is None


def test_a_stream_mixes_its_sources_and_never_ends() -> None:
    photos = generated(range(3), Size(height=64, width=64))
    sources = [(0.5, generated_clips), (0.5, PastedClips(photos))]
    stream = iter(ClipSamples(sources, side=64, frames=2, objects=3, reuse=2))
    for _ in range(6):
        pixels, targets = next(stream)
        assert tuple(pixels.shape) == (2, 3, 64, 64)
        assert tuple(targets.shape) == (2, 3, 16, 16)
