"""The pixels of many pictures, of which no more are in memory than fit: files are read again when looked at again."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sam2_notebook.errors import LabelError, MediaError
from sam2_notebook.media import read_image

ByteImage = npt.NDArray[np.uint8]
MOST_BYTES = 1 << 30


class Shelf:
    """Pictures by their files, `most_bytes` of them; those looked at longest ago go. Safe to share by threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most, self._bytes = most_bytes, 0
        self._pictures: OrderedDict[Path, ByteImage] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, path: Path) -> ByteImage:
        """The picture in a file, read if it is not here; MediaError as `read_image`."""
        with self._lock:
            if path in self._pictures:
                self._pictures.move_to_end(path)
                return self._pictures[path]
        pixels = read_image(path).pixels
        with self._lock:
            if path not in self._pictures and pixels.nbytes <= self._most:
                self._pictures[path] = pixels
                self._bytes += pixels.nbytes
            while self._bytes > self._most:
                _, gone = self._pictures.popitem(last=False)
                self._bytes -= gone.nbytes
        return pixels

    @property
    def bytes(self) -> int:
        """How much memory the pictures take."""
        return self._bytes


SHELF = Shelf()


@dataclass(frozen=True)
class PictureFile:
    """A picture (height, width, 3) in a file, which is read whenever it is not on the shelf."""

    path: Path
    shape: tuple[int, ...]

    @classmethod
    def of(cls, path: Path) -> "PictureFile":
        """The picture in a file, read once to know its shape."""
        return cls(path, SHELF.get(path).shape)

    def pixels(self) -> ByteImage:
        """RGB, (height, width, 3); LabelError if it is no longer what it was."""
        try:
            found = SHELF.get(self.path)
        except MediaError as error:
            raise LabelError(f"{self.path}: it could be read before and cannot now ({error}). Put it back.") from error
        if found.shape != self.shape:
            raise LabelError(f"{self.path}: it has another size than before. Leave it as it was, or begin anew.")
        return found
