"""The page's file names, holding small networks: the embedded one, and a random one with memory for videos."""

from pathlib import Path

import numpy as np
import pytest

from sam2_notebook.media import encode_jpeg, write_video
from sam2_notebook.predict import ImagePredictor
from sam2_notebook.training.scenes import make_scene
from sam2_notebook.values.geometry import Size
from sam2_notebook.weights import load_model, save_model
from tests.predict.conftest import random_model
from tests.predict.video_clips import video_model

PAGE_NAMES = tuple(f"{family}_{size}.pt" for family in ("sam2", "sam2.1") for size in "tsbl")
PAGE_SIZE = Size(height=540, width=960)


@pytest.fixture(scope="session")
def embedded() -> ImagePredictor:
    return ImagePredictor(device="cpu")


@pytest.fixture(scope="session")
def quick() -> ImagePredictor:
    """Where classes and files matter, and masks do not."""
    return ImagePredictor(random_model(0), device="cpu")


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of weights files under all eight names of the page: embedded, whose memory may be absent."""
    folder = tmp_path_factory.mktemp("weights")
    saved = save_model(load_model(device="cpu"), folder / "embedded.safetensors", name="embedded")
    for name in PAGE_NAMES:
        (folder / name).symlink_to(saved)
    return folder


@pytest.fixture(scope="session")
def memory_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same names, holding a tiny random network with memory."""
    folder = tmp_path_factory.mktemp("memory_weights")
    saved = save_model(video_model(), folder / "random.safetensors", name="random", half=False)
    for name in PAGE_NAMES:
        (folder / name).symlink_to(saved)
    return folder


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`image.jpg` and `test.mp4` large enough for the page's coordinates, and a folder of small pictures."""
    folder = tmp_path_factory.mktemp("media")
    scene = make_scene(11, PAGE_SIZE)
    (folder / "image.jpg").write_bytes(encode_jpeg(scene.render().pixels))
    write_video(folder / "test.mp4", (scene.render(i / 8).pixels for i in range(4)))
    small = make_scene(12, Size(height=60, width=80))
    write_video(folder / "small.mp4", (small.render(i / 8).pixels for i in range(5)))
    (folder / "pictures").mkdir()
    for i in range(3):
        (folder / "pictures" / f"p{i}.jpg").write_bytes(encode_jpeg(small.render(i).pixels))
    return folder


@pytest.fixture
def disc() -> tuple[np.ndarray, np.ndarray]:
    """A bright disc on dark ground, and its mask."""
    y, x = np.mgrid[:120, :160]
    mask = (x - 70) ** 2 + (y - 60) ** 2 < 35**2
    pixels = np.where(mask[..., None], (230, 120, 40), (30, 40, 60)).astype(np.uint8)
    return pixels, mask
