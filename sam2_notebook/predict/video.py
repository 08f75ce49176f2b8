"""Segment videos: open one, say what the objects are in a few frames, follow them through all others."""

from pathlib import Path

import torch

from sam2_notebook.errors import ModelError
from sam2_notebook.media import open_video
from sam2_notebook.media.video import CACHE_BYTES, VideoSource
from sam2_notebook.model import Sam2
from sam2_notebook.predict.precision import Engine, Precision
from sam2_notebook.predict.tracker import Tracker
from sam2_notebook.predict.video_session import VideoSession
from sam2_notebook.values.frames import FrameSource
from sam2_notebook.values.plain import whole_number
from sam2_notebook.weights.load import loaded

HOLE_AREA = 8


class VideoPredictor:
    """Masks for objects through a video. Keeps nothing of any video: sessions do. Threads and sessions may share it.

    `model` is a loaded `Sam2` with memory, a published name, a path to weights, or None for the embedded model. Gaps
    in masks of up to `hole_area` low-resolution pixels are filled. With `clear_memory_around_prompts` corrections make
    an object forget what tracking had seen in the 7 frames before and after.

    `precision` is what it is for `ImagePredictor`; sessions go on with the one they began with,
    and so with the parameters. With `pooled_memory` a CPU looks back in half the resolution, but for prompted frames
    and the one just before: faster with large networks, and no longer quite what the paper does. GPUs always look back
    in full.

    >>> import numpy as np
    >>> from sam2_notebook.model import Sam2Config
    >>> small = dict(image_size=64, embed_dim=8, stages=(1, 1, 2, 1), global_blocks=(3,), dim=32, memory_layers=1)
    >>> predictor = VideoPredictor(Sam2(Sam2Config(**small, memory_dim=16)), device="cpu")
    >>> with predictor.open(np.zeros((5, 48, 64, 3), np.uint8)) as session:
    ...     _ = session.add(0, 1, points=[[30, 20]])
    ...     [result.frame for result in session.propagate()]
    [0, 1, 2, 3, 4]
    """

    def __init__(
        self,
        model: Sam2 | str | Path | None = None,
        *,
        device: str | torch.device | None = None,
        hole_area: int = HOLE_AREA,
        clear_memory_around_prompts: bool = False,
        precision: Precision = "auto",
        compiled: bool = False,
        pooled_memory: bool = False,
    ) -> None:
        network = loaded(model, device)
        if network.memory is None:
            raise ModelError(
                "this network segments pictures only, it has no memory to follow objects through a video. "
                'Take one that has, such as VideoPredictor("sam2.1_hiera_tiny").'
            )
        self.model, self.device = network, network.device
        self.pooled_memory = pooled_memory and self.device.type == "cpu"
        self._engine = Engine(self.model, precision, compiled=compiled, pooled_memory=self.pooled_memory)
        self.hole_area = whole_number(hole_area, "hole_area", 0)
        self.clear_memory_around_prompts = clear_memory_around_prompts

    @property
    def precision(self) -> str:
        """The precision in use: "fp32", "bf16" or "fp16"."""
        return self._engine.precision

    def open(
        self, video: VideoSource | FrameSource, *, cache_bytes: int = CACHE_BYTES, fps: float | None = None
    ) -> VideoSession:
        """Begin a session on a video file, a folder or list of pictures, an array, an iterator, or an open source.

        See `open_video` for what is read, and for `cache_bytes` and `fps`. MediaError says why a video cannot be read.
        """
        owned = not isinstance(video, FrameSource)
        options = {} if fps is None else {"fps": fps}
        source = open_video(video, cache_bytes=cache_bytes, **options) if owned else video
        return VideoSession(
            Tracker(self._engine.current()[1], source, self.hole_area),
            owns_source=owned,
            clear_memory_around_prompts=self.clear_memory_around_prompts,
        )
