"""A small checkpoint that stands in for a published one, and an environment that names no proxies or mirrors."""

import io
from pathlib import Path

import pytest
import torch

from sam2_notebook.weights.download import Places
from sam2_notebook.weights.download_table import PUBLISHED_FILES, PublishedFile
from tests.weights.download.stand_in import HASTE, MODEL, published_as


@pytest.fixture(scope="session")
def content() -> bytes:
    """Random weights in the official format: a dict with the key "model"; about 600 kB."""
    generator = torch.Generator().manual_seed(3)
    state = {f"image_encoder.trunk.blocks.{i}.weight": torch.randn(96, 512, generator=generator) for i in range(3)}
    stream = io.BytesIO()
    torch.save({"model": state}, stream)
    return stream.getvalue()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this computer's owner has set about the network is not the tests' business."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("SAM2_NOTEBOOK_MIRROR", "SAM2_NOTEBOOK_OFFLINE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch, content: bytes) -> PublishedFile:
    """The table of published files, with `content` as the small one."""
    file = published_as(MODEL, content)
    monkeypatch.setitem(PUBLISHED_FILES, MODEL, file)
    return file


@pytest.fixture
def places(tmp_path: Path, table: PublishedFile) -> Places:
    """An empty folder; nobody to ask, and little patience."""
    return Places(folder=tmp_path / "models", mirror="http://127.0.0.1:9", offline=None, patience=HASTE)
