"""A small network with seeded random weights: what predictors do with a model does not depend on its quality."""

import numpy as np
import pytest
import torch

from sam2_notebook.model import Sam2, Sam2Config
from sam2_notebook.predict import ImagePredictor
from sam2_notebook.training.scenes import make_scene
from sam2_notebook.values.geometry import Size

TINY = Sam2Config(
    image_size=64,
    embed_dim=8,
    stages=(1, 1, 2, 1),
    windows=(4, 4, 4, 2),
    global_blocks=(3,),
    dim=32,
    decoder_mlp_dim=64,
)


def random_model(seed: int) -> Sam2:
    torch.manual_seed(seed)
    model = Sam2(TINY).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    return model


@pytest.fixture(scope="session")
def model() -> Sam2:
    return random_model(0)


@pytest.fixture
def predictor(model: Sam2) -> ImagePredictor:
    return ImagePredictor(model, device="cpu")


@pytest.fixture(scope="session")
def photo() -> np.ndarray:
    return make_scene(11, Size(height=90, width=140)).render().pixels
