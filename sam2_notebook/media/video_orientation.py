"""Turning frames upright: cameras store them as the sensor lies and note a display matrix beside."""

from dataclasses import dataclass

import numpy as np
from av.video.frame import VideoFrame

from ..values.frames import ByteImage

_MATRIX_BYTES = 36


@dataclass(frozen=True)
class Orientation:
    """How stored pixels become upright: swapped axes first, then flipped rows and columns."""

    turned: bool = False
    flip_rows: bool = False
    flip_columns: bool = False

    def upright(self, pixels: ByteImage) -> ByteImage:
        """The upright picture of stored pixels, contiguous.

        >>> Orientation(turned=True, flip_columns=True).upright(np.uint8([[[1], [2]], [[3], [4]]]))[..., 0].tolist()
        [[3, 1], [4, 2]]
        """
        if self == Orientation():
            return pixels
        picture = pixels.swapaxes(0, 1) if self.turned else pixels
        picture = picture[:: -1 if self.flip_rows else 1, :: -1 if self.flip_columns else 1]
        return np.ascontiguousarray(picture)


def orientation_of(frame: VideoFrame) -> Orientation:
    """Read a decoded frame's display matrix; angles between right angles count as the nearest one.

    A point (x, y) is shown at (a x + c y, b x + d y), with a, b, c, d at places 0, 1, 3, 4 of the matrix.
    """
    side_data = frame.side_data.get("DISPLAYMATRIX")
    if side_data is None or memoryview(side_data).nbytes != _MATRIX_BYTES:
        return Orientation()
    a, b, _, c, d, *_ = np.frombuffer(side_data, np.int32).tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        return Orientation(turned=True, flip_rows=b < 0, flip_columns=c < 0)
    return Orientation(flip_rows=d < 0, flip_columns=a < 0)
