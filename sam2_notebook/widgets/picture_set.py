"""A set of pictures, each of a size of its own, as the frames of a video that has no order."""

import hashlib
import os
from collections.abc import Iterable, Sequence
from functools import lru_cache
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
from sam2_notebook.widgets.video_source import Sources

DECODED = 12
MOST_PICTURES = 2000

PictureSources: TypeAlias = str | os.PathLike[str] | np.ndarray | Iterable[ImageSource | Image]


class PictureSet:
    """Pictures by number. As a `FrameSource` its `size` is the largest height and the largest width there is.

    `frame` gives a picture as it is; masks of the common size hold it in their top left corner (`padded`, `cropped`).
    The last few pictures read from files are kept decoded.

    >>> pictures = PictureSet([np.zeros((4, 6, 3), np.uint8), np.ones((5, 3, 3), np.uint8)])
    >>> len(pictures), pictures.size, pictures.sizes
    (2, Size(height=5, width=6), ((6, 4), (3, 5)))
    """

    is_complete = True
    fps = 1.0
    unit = "picture"

    def __init__(self, pictures: PictureSources) -> None:
        self._sources, self.name = _listed(pictures)
        self._read = lru_cache(maxsize=DECODED)(self._fresh)
        images = [self._read(index) for index in range(len(self._sources))]
        self.sizes = tuple((width, height) for height, width in (image.size_hw for image in images))
        self.size = Size(height=max(h for _, h in self.sizes), width=max(w for w, _ in self.sizes))
        digest = hashlib.blake2b("".join(image.digest for image in images).encode(), digest_size=16)
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
        """One picture; MediaError if there is none, or if its file cannot be read any more."""
        if not self.has(index):
            raise MediaError(f"there is no picture {index}; {self.name} has 0 to {len(self) - 1}")
        return self._read(index)

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
        self._read.cache_clear()

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

    def _fresh(self, index: int) -> Image:
        source = self._sources[index]
        return source if isinstance(source, Image) else read_image(source)


class EvenPictures(PictureSet):
    """The same pictures, black where they are smaller than the largest."""

    def __init__(self, pictures: PictureSet) -> None:
        super().__init__([pictures.image(index) for index in range(len(pictures))])
        self.name = pictures.name

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
