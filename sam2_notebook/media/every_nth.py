"""Every nth frame of a video, as a video."""

from collections.abc import Sequence
from dataclasses import dataclass

from sam2_notebook.values.frames import ByteImage, FrameSource
from sam2_notebook.values.geometry import Size


@dataclass(frozen=True, eq=False)
class EveryNth:
    """Frames 0, `step`, 2 `step`, ... of a video, as a video.

    >>> import numpy as np
    >>> from sam2_notebook.media import open_video
    >>> EveryNth(open_video(np.zeros((5, 16, 16, 3), np.uint8)), 2)
    EveryNth(array, 3 frames)
    """

    video: FrameSource
    step: int

    @property
    def name(self) -> str:
        """That of the video."""
        return self.video.name

    @property
    def size(self) -> Size:
        """Height and width of every frame."""
        return self.video.size

    @property
    def fps(self) -> float:
        """Frames per second, of those that count."""
        return self.video.fps / self.step

    @property
    def timestamps(self) -> Sequence[float]:
        """Seconds from the first frame to each frame."""
        return self.video.timestamps[:: self.step]

    @property
    def is_complete(self) -> bool:
        """Whether the number of frames is final."""
        return self.video.is_complete

    def __len__(self) -> int:
        return (len(self.video) + self.step - 1) // self.step

    def __repr__(self) -> str:
        return f"EveryNth({self.name}, {len(self)} frames)"

    def has(self, index: int) -> bool:
        """Whether there is a frame of this number."""
        return self.video.has(index * self.step)

    def frame(self, index: int) -> ByteImage:
        """One frame."""
        return self.video.frame(index * self.step)

    def close(self) -> None:
        """Let go of the video."""
        self.video.close()
