"""One small network for all tests of its behaviour."""

import pytest
import torch

from sam2_notebook.model import Sam2, Sam2Config

SMALL = Sam2Config(image_size=64, embed_dim=16, stages=(1, 1, 2, 1), global_blocks=(3,), dim=64, decoder_mlp_dim=64)


@pytest.fixture(scope="module")
def small() -> Sam2:
    """A network of seeded random weights; tests must leave it as it is."""
    torch.manual_seed(0)
    model = Sam2(SMALL).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


@pytest.fixture
def pixels() -> torch.Tensor:
    """Two pictures of noise."""
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
