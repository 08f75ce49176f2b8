"""Encodings of a video's frames on disk, so that a second pass over them does not encode them again.

Unlike `EmbeddingCache`, which knows pictures by their content and can outlive the process, it goes by frame numbers and
with its session, reads far faster (no hash, no named file), and keeps raw features, before anything was recalled.
"""

import shutil
import tempfile
import weakref
from dataclasses import dataclass
from io import FileIO
from typing import cast

import torch

from sam2_notebook.model import ImageFeatures

SHELF_BYTES = 1 << 30
SHARE_OF_DISK = 0.1  # of what is free


@dataclass(frozen=True)
class _Shape:
    """How a tensor lies in memory."""

    size: torch.Size
    stride: tuple[int, ...]
    dtype: torch.dtype

    @property
    def nbytes(self) -> int:
        return self.size.numel() * self.dtype.itemsize


class FeatureShelf:
    """Features of frames in a file that has no name and goes with the process; reading them takes a few milliseconds.

    It holds as many as fit into `most_bytes`, and no more than a tenth of the free disk. When it is full, the frame
    farthest from the new one makes room: people work around a place of a video, and passes over it go to and fro. What
    comes out is to the bit what was put in. A disk that fails is no error: nothing is kept any more. Not for several
    threads at a time.
    """

    def __init__(self, most_bytes: int = SHELF_BYTES) -> None:
        self.most_bytes = most_bytes
        self._file: FileIO | None = None
        self._shapes: tuple[_Shape, ...] = ()
        self._places: dict[int, int] = {}
        self._room: int | None = None

    def __len__(self) -> int:
        """How many frames it holds."""
        return len(self._places)

    def __contains__(self, frame: int) -> bool:
        """Whether it holds a frame."""
        return frame in self._places

    def put(self, frame: int, features: ImageFeatures) -> None:
        """Keep the features of a frame; those prepared for prompts are not."""
        if frame in self._places or self._room == 0:
            return
        maps = [_dense(t) for t in (features.coarse, features.middle, features.fine)]
        shapes = tuple(_Shape(t.size(), t.stride(), t.dtype) for t in maps)
        try:
            file = self._file or self._begin(shapes)
            if self._room == 0 or shapes != self._shapes:
                return
            place = len(self._places)
            if place == self._room:
                place = self._places.pop(max(self._places, key=lambda other: abs(other - frame)))
            file.seek(place * self._record)
            if sum(file.write(_bytes(tensor)) for tensor in maps) < self._record:
                raise OSError("the disk took only a part")
        except OSError:
            self.close()
            self._room = 0
        else:
            self._places[frame] = place

    def get(self, frame: int) -> ImageFeatures | None:
        """The features of a frame, if they are kept."""
        if frame not in self._places or self._file is None:
            return None
        maps = [torch.empty_strided(s.size, s.stride, dtype=s.dtype) for s in self._shapes]
        try:
            self._file.seek(self._places[frame] * self._record)
            read = sum(self._file.readinto(_bytes(tensor)) for tensor in maps)
        except OSError:
            read = 0
        if read < self._record:
            self.close()
            return None
        coarse, middle, fine = maps
        return ImageFeatures(coarse=coarse, middle=middle, fine=fine)

    def close(self) -> None:
        """Forget everything and give the disk back."""
        self._places.clear()
        if self._file is not None:
            self._file.close()
        self._file, self._room = None, None

    @property
    def _record(self) -> int:
        return sum(shape.nbytes for shape in self._shapes)

    def _begin(self, shapes: tuple[_Shape, ...]) -> FileIO:
        self._shapes = shapes
        free = shutil.disk_usage(tempfile.gettempdir()).free
        self._room = int(min(self.most_bytes, free * SHARE_OF_DISK)) // self._record
        file = cast(FileIO, tempfile.TemporaryFile(prefix="sam2_notebook-", buffering=0))  # noqa: SIM115
        weakref.finalize(self, file.close)
        self._file = file
        return file


def _dense(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor itself, if its values lie side by side in memory in any order, else a copy of which that is true."""
    order = sorted(zip(tensor.stride(), tensor.size(), strict=True))
    expected = 1
    for stride, size in order:
        if size > 1:
            if stride != expected:
                return tensor.contiguous()
            expected *= size
    return tensor


def _bytes(tensor: torch.Tensor) -> memoryview:
    """The memory of a dense tensor."""
    flat = tensor.as_strided((tensor.numel(),), (1,))
    return flat.view(torch.uint8).numpy().data
