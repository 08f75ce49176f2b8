"""A set of pictures, each of a size of its own, as the frames of a video that has no order."""

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from sam2_notebook.errors import MediaError
from sam2_notebook.media import Image, read_image
from sam2_notebook.media.images import ImageSource
from sam2_notebook.media.video_pictures import pictures_of_folder
from sam2_notebook.values.frames import ByteImage
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import BoolMask
from sam2_notebook.widgets.video_file import VideoReference
from sam2_notebook.widgets.video_source import SharedSource, Sources

DECODED = 12
DECODED_BYTES = 256 * 1024 * 1024
MOST_PICTURES = 2000

PictureSources: TypeAlias = str | os.PathLike[str] | np.ndarray | Iterable[ImageSource | Image]


class PictureSet:
    """Pictures by number. As a `FrameSource` its `size` is the largest height and the largest width there is.

    `frame` gives a picture as it is; masks of the common size hold it in their top left corner (`padded`, `cropped`).
    Pictures are decoded one at a time, also when the set is opened, and the last few are kept decoded.

    >>> pictures = PictureSet([np.zeros((4, 6, 3), np.uint8), np.ones((5, 3, 3), np.uint8)])
    >>> len(pictures), pictures.size, pictures.sizes
    (2, Size(height=5, width=6), ((6, 4), (3, 5)))
    """

    is_complete = True
    fps = 1.0
    unit = "picture"

    def __init__(self, pictures: PictureSources) -> None:
        self._sources, self.name = _listed(pictures)
        self._decoded = _Decoded()
        sizes: list[tuple[int, int]] = []
        digest = hashlib.blake2b(digest_size=16)
        for index in range(len(self._sources)):
            image = self._read(index)
            height, width = image.size_hw
            sizes.append((width, height))
            digest.update(image.digest.encode())
        self.sizes = tuple(sizes)
        self.size = Size(height=max(h for _, h in sizes), width=max(w for w, _ in sizes))
        self.key = digest.hexdigest()

    @property
    def timestamps(self) -> Sequence[float]:
        """One after the other, a second apart."""
        return [float(index) for index in range(len(self))]

    def __len__(self) -> int:
        return len(self._sources)

    def has(self, index: int) -> bool:
        """Whether there is a picture of this number."""
        return 0 <= index < len(self)

    def image(self, index: int) -> Image:
        """One picture; MediaError if there is none, or if its file cannot be read any more or has another size now."""
        if not self.has(index):
            raise MediaError(f"there is no picture {index}; {self.name} has 0 to {len(self) - 1}")
        image, (width, height) = self._read(index), self.sizes[index]
        if image.size_hw != (height, width):
            raise MediaError(
                f"{image.name} is now {image.size_hw[1]} x {image.size_hw[0]}, but it was {width} x {height} when the "
                "set was opened. Put the old file back, or open the set anew."
            )
        return image

    def frame(self, index: int) -> ByteImage:
        """The pixels of a picture."""
        return self.image(index).pixels

    def size_of(self, index: int) -> Size:
        """Height and width of one picture."""
        width, height = self.sizes[index]
        return Size(height=height, width=width)

    def cropped(self, mask: BoolMask, index: int) -> BoolMask:
        """The part of a mask of the common size that lies on a picture."""
        width, height = self.sizes[index]
        return mask[:height, :width]

    def padded(self, mask: BoolMask) -> BoolMask:
        """A picture's mask at the common size."""
        whole = np.zeros((self.size.height, self.size.width), np.bool_)
        whole[: mask.shape[0], : mask.shape[1]] = mask
        return whole

    def close(self) -> None:
        """Let go of decoded pictures; files are not open."""
        self._decoded.clear()

    def sources(self) -> Sources:
        """The set as what a widget reads; exports get all pictures at the common size."""
        reference = VideoReference(
            name=self.name,
            path=None,
            key=self.key,
            width=self.size.width,
            height=self.size.height,
            frames=len(self),
            fps=self.fps,
        )
        return Sources(page=self, another=lambda: EvenPictures(self), reference=reference)

    def _read(self, index: int) -> Image:
        source = self._sources[index]
        return source if isinstance(source, Image) else self._decoded.get(index, lambda: read_image(source))


class _Decoded:
    """The pictures used last: at most `DECODED`, and beyond one at most `DECODED_BYTES`. Threads may share it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, Image] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, index: int, read: Callable[[], Image]) -> Image:
        """A picture that is kept, or else as it is read."""
        with self._lock:
            kept = self._kept.get(index)
            if kept is not None:
                self._kept.move_to_end(index)
                return kept
        image = read()
        with self._lock:
            old = self._kept.pop(index, None)
            self._bytes += image.pixels.nbytes - (0 if old is None else old.pixels.nbytes)
            self._kept[index] = image
            while len(self._kept) > DECODED or (len(self._kept) > 1 and self._bytes > DECODED_BYTES):
                self._bytes -= self._kept.popitem(last=False)[1].pixels.nbytes
        return image

    def clear(self) -> None:
        """Keep none."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0


class EvenPictures(SharedSource):
    """The pictures of a set, each read when it is asked for, black where they are smaller than the largest."""

    def frame(self, index: int) -> ByteImage:
        """A picture at the common size."""
        pixels = super().frame(index)
        whole = np.zeros((self.size.height, self.size.width, 3), np.uint8)
        whole[: pixels.shape[0], : pixels.shape[1]] = pixels
        return whole


def _listed(pictures: PictureSources) -> tuple[list[ImageSource | Image], str]:
    if isinstance(pictures, str | os.PathLike):
        folder = Path(pictures).expanduser()
        if not folder.is_dir():
            raise MediaError(f"{folder.name} is no folder; wanted a folder of pictures, or a list of pictures")
        return list(pictures_of_folder(folder)), folder.name
    listed = list(pictures)
    if not listed:
        raise MediaError("there is no picture in the set; give a folder, or a list of files, arrays or images")
    if len(listed) > MOST_PICTURES:
        raise MediaError(f"a set has at most {MOST_PICTURES} pictures; this one has {len(listed)}: make several")
    return listed, "1 picture" if len(listed) == 1 else f"{len(listed)} pictures"
