"""Frames of a video, as everything above the reader sees them: numbered, upright, on demand."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from sam2_notebook.values.geometry import Size

ByteImage = npt.NDArray[np.uint8]


@runtime_checkable
class FrameSource(Protocol):
    """A video whose frames are asked for by number, from 0; all have one size. Safe to share between threads.

    A live stream or a generator does not know its end: `is_complete` is False until it came, `len` counts the frames
    that have come so far, and only `has` waits for one more.
    """

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    @property
    def size(self) -> Size:
        """Height and width of every frame, in pixels, upright."""
        ...

    @property
    def fps(self) -> float:
        """Frames per second, on average."""
        ...

    @property
    def timestamps(self) -> Sequence[float]:
        """Seconds from the first frame to each frame, ascending."""
        ...

    @property
    def is_complete(self) -> bool:
        """Whether `len` is the final number of frames."""
        ...

    def __len__(self) -> int: ...

    def has(self, index: int) -> bool:
        """Whether there is a frame of this number; may wait for a stream to bring it."""
        ...

    def frame(self, index: int) -> ByteImage:
        """One frame: uint8 RGB (height, width, 3), read-only. MediaError if there is none or it cannot be decoded."""
        ...

    def close(self) -> None:
        """Let go of files and decoders; frames already handed out stay good."""
        ...
