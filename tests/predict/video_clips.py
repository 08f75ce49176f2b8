"""A small network with memory and seeded random weights, and short clips: what sessions do needs no quality."""

from dataclasses import replace
from functools import cache

import numpy as np
import torch

from sam2_notebook.model import Sam2, Sam2Config
from sam2_notebook.model.video_memory import VideoMemory
from sam2_notebook.training.scenes import make_scene
from sam2_notebook.values.geometry import Size

SIZE = Size(height=60, width=80)
FRAMES = 24
VIDEO_TINY = Sam2Config(
    image_size=64,
    embed_dim=8,
    stages=(1, 1, 2, 1),
    windows=(4, 4, 4, 2),
    global_blocks=(3,),
    dim=32,
    decoder_mlp_dim=64,
    memory_layers=2,
    memory_dim=16,
)


@cache
def video_model(version: str = "2.1", seed: int = 0) -> Sam2:
    """The network; its objects are never absent unless a test says so."""
    torch.manual_seed(seed)
    model = Sam2(replace(VIDEO_TINY, version=version)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
        set_presence(model, 8.0)
    return model


def memory_of(model: Sam2) -> VideoMemory:
    """The memory half of a network that has one."""
    assert model.memory is not None
    return model.memory


def set_presence(model: Sam2, logit: float) -> None:
    """Shift the object score of every answer."""
    last = [p for name, p in model.mask_decoder.object_head.named_parameters() if name.endswith("bias")][-1]
    with torch.no_grad():
        last.fill_(logit)


@cache
def clip(frames: int = FRAMES) -> np.ndarray:
    """A scene in motion, (frames, height, width, 3)."""
    scene = make_scene(5, SIZE, things=3)
    return np.stack([scene.render(i / 8).pixels for i in range(frames)])
