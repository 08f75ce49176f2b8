"""Videos that are made of pictures: a folder, a list, an array with a time axis, an animated picture file."""

import os
import re
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image as PillowImage

from ..errors import MediaError
from ..values.frames import ByteImage
from ..values.geometry import Size
from .arrays import pixels_of_array
from .decode import pixels_of_picture
from .failures import decoding
from .files import Limits, check_size, open_picture
from .images import MAX_BYTES, MAX_PIXELS, Image, ImageSource, read_image

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif"})
_LEVEL_FRAMES = 16
_DEFAULT_DELAY_MS = 100.0  # what browsers show a frame for that asks for less than 20 ms
_SHORTEST_DELAY_MS = 20.0


def natural_order(name: str) -> list[tuple[bool, int, str]]:
    """Sorting key that puts frame2 before frame10.

    >>> sorted(["f10.png", "f2.png", "F1.png"], key=natural_order)
    ['F1.png', 'f2.png', 'f10.png']
    """
    parts = re.findall(r"\d+|\D+", name.casefold())
    return [(p.isdecimal(), int(p) if p.isdecimal() else 0, p) for p in parts]


def pictures_of_folder(folder: str | os.PathLike[str]) -> list[Path]:
    """The picture files of a folder in natural order; MediaError if there is none."""
    try:
        names = [entry.name for entry in os.scandir(folder) if entry.is_file() and not entry.name.startswith(".")]
    except OSError as error:
        raise MediaError(f"{folder}: the folder cannot be listed ({error}). Check its permissions.") from error
    pictures = sorted((n for n in names if Path(n).suffix.lower() in PICTURE_SUFFIXES), key=natural_order)
    if not pictures:
        raise MediaError(
            f"{folder}: the folder holds no pictures. Wanted frames as {', '.join(sorted(PICTURE_SUFFIXES))}; "
            "for a video file pass the file itself."
        )
    return [Path(folder) / name for name in pictures]


def same_size(pixels: ByteImage, size: Size, index: int, label: str) -> ByteImage:
    """The pixels, if they have the size of the video; MediaError else."""
    height, width = pixels.shape[:2]
    if (height, width) != (size.height, size.width):
        raise MediaError(
            f"{label}: frame {index} is {width} x {height} and frame 0 is {size.width} x {size.height}. "
            "All frames of a video have one size: resize them, or take the odd ones out."
        )
    return pixels


class PicturesReel:
    """A sequence of pictures of one size, read one by one."""

    chained = False
    is_complete = True
    note = ""

    def __init__(self, pictures: Sequence[ImageSource | Image] | np.ndarray, name: str, fps: float) -> None:
        if not len(pictures):
            raise MediaError(f"{name}: it is empty. Wanted at least one picture.")
        self.name, self.fps = name, fps
        self._pictures = pictures
        self.timestamps: Sequence[float] = [i / fps for i in range(len(pictures))]
        height, width = read_image(pictures[0]).size_hw
        self.size = Size(height=height, width=width)

    def has(self, index: int) -> bool:
        """Whether there is a frame of this number."""
        return 0 <= index < len(self._pictures)

    def read(self, first: int, last: int) -> dict[int, ByteImage]:
        """Frames `first` to `last`."""
        return {i: self._read(i) for i in range(first, last + 1)}

    def close(self) -> None:
        """Nothing is open between two frames."""

    def _read(self, index: int) -> ByteImage:
        picture = self._pictures[index]
        return same_size(read_image(picture).pixels, self.size, index, self.name)


class ArrayReel(PicturesReel):
    """An array (T, H, W), or (T, H, W, 1, 3 or 4); it may be memory-mapped, a frame is copied when asked for."""

    def __init__(self, array: np.ndarray, name: str, fps: float) -> None:
        if array.ndim not in (3, 4):
            raise MediaError(
                f"{name}: an array of shape {' x '.join(map(str, array.shape))} is no video. "
                "Wanted time x height x width, or time x height x width x 1, 3 or 4 channels."
            )
        if array.ndim == 4 and array.shape[3] not in (1, 3, 4) and array.shape[1] in (1, 3, 4):
            raise MediaError(
                f"{name}: an array of shape {' x '.join(map(str, array.shape))} has its channels second. "
                "Wanted time x height x width x channels: pass array.transpose(0, 2, 3, 1)."
            )
        self._array = array
        # one range for all frames, or their brightness would flicker
        some = array[:: max(1, -(-len(array) // _LEVEL_FRAMES))]
        self._like = None if array.dtype in (np.uint8, np.bool_) else some.astype(array.dtype.newbyteorder("="))
        super().__init__(array, name, fps)

    def _read(self, index: int) -> ByteImage:
        return pixels_of_array(self._array[index], f"{self.name}, frame {index}", self._like)


class AnimationReel:
    """An animated GIF, WebP, PNG or AVIF, or the pages of a TIFF; frames are laid over white."""

    chained = True
    is_complete = True
    note = ""

    def __init__(self, stream: BinaryIO, name: str, label: str, fps: float) -> None:
        self.name, self.label = name, label
        self._stream = stream
        self._limits = Limits(max_pixels=MAX_PIXELS, max_bytes=MAX_BYTES)
        with ExitStack() as undo:
            undo.callback(stream.close)
            self._picture = self._rewound()
            with decoding(label):
                self._count = int(getattr(self._picture, "n_frames", 1))
            first = self._read(0)
            self.size = Size(height=first.shape[0], width=first.shape[1])
            self.timestamps, self.fps = self._timing(fps)
            undo.pop_all()

    def has(self, index: int) -> bool:
        """Whether there is a frame of this number."""
        return 0 <= index < self._count

    def read(self, first: int, last: int) -> dict[int, ByteImage]:
        """Frames `first` to `last`."""
        return {i: same_size(self._read(i), self.size, i, self.name) for i in range(first, last + 1)}

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _rewound(self) -> PillowImage.Image:
        """The picture at its first frame. Opened anew: Pillow's APNG cannot go back."""
        self._stream.seek(0)
        return open_picture(self._stream, self.label, self._limits, 0)

    def _read(self, index: int) -> ByteImage:
        with decoding(f"{self.label}, frame {index}"):
            if index < self._picture.tell():
                self._picture = self._rewound()
            self._picture.seek(index)
            check_size(self._picture, self.label, self._limits)
            return pixels_of_picture(self._picture, self.label)

    def _timing(self, fps: float) -> tuple[tuple[float, ...], float]:
        """Start of every frame in seconds, and the mean rate; pages without a delay come at `fps`."""
        delays_ms = []
        with decoding(self.label):
            for index in range(self._count):
                self._picture.seek(index)
                self._picture.load()  # WebP and AVIF learn a frame's delay only by decoding it
                delay_ms = self._picture.info.get("duration")
                if delay_ms is None:
                    delay_ms = 1000 / fps
                elif delay_ms < _SHORTEST_DELAY_MS:
                    delay_ms = _DEFAULT_DELAY_MS
                delays_ms.append(float(delay_ms))
        starts = np.concatenate(([0.0], np.cumsum(delays_ms))) / 1000
        return tuple(starts[:-1].tolist()), len(delays_ms) / float(starts[-1])
