"""Networks small enough for every test, known like published ones while a test runs."""

from dataclasses import replace

import pytest
import torch

from sam2_notebook.model import Sam2, Sam2Config
from sam2_notebook.weights import PRESETS

NEWER = Sam2Config(
    image_size=64, embed_dim=8, stages=(1, 1, 2, 1), global_blocks=(3,), dim=32, memory_layers=2, memory_dim=16
)
OLDER = replace(NEWER, version="2.0")
KINDS = {"2.1": NEWER, "2.0": OLDER, "pictures only": replace(NEWER, memory_layers=0)}


def network(config: Sam2Config) -> Sam2:
    """Random weights, none of them zero."""
    model = Sam2(config).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.05)
    return model


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Sam2:
    """A network with memory, of sizes that `recognise` finds among the published ones."""
    monkeypatch.setitem(PRESETS, "small", NEWER)
    return network(NEWER)


@pytest.fixture(params=KINDS)
def variant(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Sam2:
    """Such a network of either version, or for pictures only."""
    monkeypatch.setitem(PRESETS, "small", NEWER)
    monkeypatch.setitem(PRESETS, "older", OLDER)
    return network(KINDS[request.param])
