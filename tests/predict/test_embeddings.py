"""The embedding cache: bounded, keyed by content and weights, and never wrong whatever lies on the disk."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sam2_notebook.model import ImageFeatures
from sam2_notebook.predict import EmbeddingCache, ImagePredictor
from tests.predict.conftest import random_model


def features(value: float = 0.0, side: int = 4) -> ImageFeatures:
    value = float(value)
    make = torch.full
    return ImageFeatures(
        coarse=make((1, 8, side, side), value),
        middle=make((1, 2, 2 * side, 2 * side), value),
        fine=make((1, 1, 4 * side, 4 * side), value),
    )


ONE = features().nbytes


def test_the_least_recently_used_goes_first() -> None:
    cache = EmbeddingCache(max_bytes=2 * ONE)
    cache.put("a", features(1))
    cache.put("b", features(2))
    assert cache.get("a") is not None
    cache.put("c", features(3))
    assert cache.get("b") is None
    assert cache.get("a") is not None
    assert cache.nbytes == 2 * ONE


def test_what_is_larger_than_the_cache_is_not_kept() -> None:
    cache = EmbeddingCache(max_bytes=ONE - 1)
    cache.put("a", features())
    assert cache.nbytes == 0
    assert cache.get("a") is None


def test_putting_again_does_not_count_twice() -> None:
    cache = EmbeddingCache(max_bytes=10 * ONE)
    cache.put("a", features())
    cache.put("a", features())
    assert cache.nbytes == ONE
    cache.clear()
    assert cache.nbytes == 0


def test_disk_survives_a_restart(tmp_path: Path) -> None:
    EmbeddingCache(folder=tmp_path).put("a", features(7))
    again = EmbeddingCache(folder=tmp_path).get("a")
    assert again is not None
    assert torch.equal(again.coarse, features(7).coarse)


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "text", "swap"])
def test_a_damaged_file_is_not_used(tmp_path: Path, damage: str) -> None:
    EmbeddingCache(folder=tmp_path).put("a", features(7))
    file = next(tmp_path.glob("*.safetensors"))
    data = bytearray(file.read_bytes())
    if damage == "flip":
        data[-5] ^= 1
    elif damage == "cut":
        data = data[: len(data) // 2]
    elif damage == "empty":
        data = bytearray()
    elif damage == "text":
        data = bytearray(b"<html>not found</html>")
    file.write_bytes(data)
    cache = EmbeddingCache(folder=tmp_path)
    if damage == "swap":  # intact, but under another picture's name
        file.rename(tmp_path / "b.safetensors")
        assert cache.get("b") is None
    else:
        assert cache.get("a") is None


def test_a_folder_that_cannot_be_written_costs_the_cache_only(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    cache = EmbeddingCache(folder=blocker / "below")
    cache.put("a", features())
    assert cache.get("a") is not None


def test_the_disk_is_bounded(tmp_path: Path) -> None:
    cache = EmbeddingCache(folder=tmp_path, max_disk_bytes=3 * ONE)
    for name in "abcdef":
        cache.put(name, features())
    assert sum(f.stat().st_size for f in tmp_path.iterdir()) <= 3 * ONE
    assert not list(tmp_path.glob("*.partial"))


def test_other_weights_never_get_these_embeddings(tmp_path: Path, photo: np.ndarray) -> None:
    cache = EmbeddingCache(folder=tmp_path)
    first = ImagePredictor(random_model(0), device="cpu", cache=cache).encode(photo)
    second = ImagePredictor(random_model(1), device="cpu", cache=cache).encode(photo)
    assert not torch.equal(first.features.coarse, second.features.coarse)
    assert len(list(tmp_path.glob("*.safetensors"))) == 2


def test_a_picture_seen_before_is_not_encoded_again(model, photo, monkeypatch) -> None:
    predictor = ImagePredictor(model, device="cpu")
    calls = []
    network = type(predictor.network)
    encode = network.encode
    monkeypatch.setattr(network, "encode", lambda self, x: calls.append(1) or encode(self, x))
    predictor.encode(photo)
    predictor.encode(photo.copy())
    assert len(calls) == 1
