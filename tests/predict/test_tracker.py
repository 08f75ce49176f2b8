"""Encodings of frames: made once for all passes, kept on disk, read back to the bit."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from sam2_notebook.model import ImageFeatures
from sam2_notebook.model.fast.image_encoder import FastImageEncoder
from sam2_notebook.predict import VideoPredictor
from sam2_notebook.predict.feature_shelf import FeatureShelf

from .video_clips import FRAMES, clip, video_model


def features(seed: int, dtype: torch.dtype = torch.float32) -> ImageFeatures:
    """Maps as they come: side by side in memory in several orders, and one that is said again and again."""
    torch.manual_seed(seed)
    coarse = torch.randn(1, 8, 4, 4, dtype=dtype).to(memory_format=torch.channels_last)
    middle = torch.randn(8, 8, 4, dtype=dtype).permute(2, 0, 1)[None]
    return ImageFeatures(coarse=coarse, middle=middle, fine=torch.randn(1, 2, 16, 1, dtype=dtype).expand(1, 2, 16, 16))


def same(one: ImageFeatures | None, other: ImageFeatures) -> bool:
    return one is not None and all(
        torch.equal(getattr(one, name), getattr(other, name)) for name in ("coarse", "middle", "fine")
    )


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """A look at every picture that was encoded, in order."""
    seen: list[bytes] = []
    encode = FastImageEncoder.__call__
    monkeypatch.setattr(
        FastImageEncoder, "__call__", lambda self, x: seen.append(x.sum().numpy().tobytes()) or encode(self, x)
    )
    return seen


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_features_come_back_to_the_bit_and_lie_in_memory_as_they_did(dtype: torch.dtype) -> None:
    shelf, kept = FeatureShelf(), [features(seed, dtype) for seed in range(3)]
    for frame, one in enumerate(kept):
        shelf.put(frame, one)
    assert [same(shelf.get(frame), one) for frame, one in enumerate(kept)] == [True] * 3
    back = shelf.get(1)
    assert back is not None
    assert (back.coarse.stride(), back.middle.stride()) == (kept[1].coarse.stride(), kept[1].middle.stride())
    assert shelf.get(7) is None
    shelf.close()
    assert (len(shelf), shelf.get(1)) == (0, None)
    shelf.put(4, kept[0])
    assert same(shelf.get(4), kept[0])


def test_the_farthest_frame_makes_room() -> None:
    one = features(0)
    shelf = FeatureShelf(most_bytes=3 * one.nbytes + one.nbytes // 2)
    for frame in range(5):
        shelf.put(frame, features(frame))
    assert sorted(frame for frame in range(5) if frame in shelf) == [2, 3, 4]
    shelf.put(1, features(1))
    assert sorted(frame for frame in range(5) if frame in shelf) == [1, 2, 3]
    assert all(same(shelf.get(frame), features(frame)) for frame in (1, 2, 3))
    nothing = FeatureShelf(most_bytes=10)
    nothing.put(0, one)
    assert nothing.get(0) is None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is Linux's")
def test_a_disk_that_fails_keeps_nothing_and_is_no_error() -> None:
    shelf = FeatureShelf()
    shelf.put(0, features(0))
    full = os.open("/dev/full", os.O_RDWR)
    os.dup2(full, shelf._file.fileno())  # type: ignore[union-attr]
    os.close(full)
    shelf.put(1, features(1))
    assert (len(shelf), shelf.get(0), shelf.get(1)) == (0, None, None)
    shelf.put(2, features(2))
    assert len(shelf) == 0
    short = FeatureShelf()
    short.put(0, features(0))
    os.ftruncate(short._file.fileno(), 10)  # type: ignore[union-attr]
    assert short.get(0) is None
    short.put(0, features(0))
    assert same(short.get(0), features(0))


def test_every_frame_is_encoded_once_for_all_passes(encoded: list[bytes]) -> None:
    with VideoPredictor(video_model(), device="cpu").open(clip()) as session:
        session.add(3, 1, points=[[30, 30]])
        list(session.propagate(direction="both"))
        assert len(encoded) == len(set(encoded)) == FRAMES
        session.add(FRAMES - 2, 1, points=[[60, 20]])
        session.add(0, 2, box=[10, 10, 50, 40])
        list(session.propagate(direction="both"))
        assert len(encoded) == FRAMES


def test_what_a_camera_sends_is_not_kept() -> None:
    with VideoPredictor(video_model(), device="cpu").open(iter(clip()[:8])) as session:
        session.add(0, 1, points=[[30, 30]])
        next(walk := session.propagate())
        assert len(session._tracker._shelf) == 0  # type: ignore[arg-type]
        assert len(list(walk)) == 7


def test_a_second_pass_gives_what_the_first_did_to_the_bit() -> None:
    found = []
    with VideoPredictor(video_model(), device="cpu").open(clip()) as session:
        for _ in range(2):
            session.add(0, 1, points=[[30, 30]])
            list(session.propagate())
            found.append(session.logits(FRAMES - 1, 1))
            session.clear(0, 1)
    assert found[0] is not None
    assert np.array_equal(*found)
