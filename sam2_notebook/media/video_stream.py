"""Frames that come one after the other and do not come back: generators, cameras, any iterator."""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import overload

from ..errors import MediaError
from ..values.frames import ByteImage
from ..values.geometry import Size
from ..values.words import counted
from .images import Image, ImageSource, read_image
from .video_pictures import same_size


class EvenTimes(Sequence[float]):
    """Times of frames at a steady rate, computed when asked for: a stream that runs for hours has very many.

    >>> list(EvenTimes(3, fps=2.0)), EvenTimes(3, fps=2.0)[-1]
    ([0.0, 0.5, 1.0], 1.0)
    """

    def __init__(self, count: int, fps: float) -> None:
        self._frames, self._fps = range(count), fps

    @overload
    def __getitem__(self, index: int) -> float: ...
    @overload
    def __getitem__(self, index: slice) -> list[float]: ...
    def __getitem__(self, index: int | slice) -> float | list[float]:
        if isinstance(index, slice):
            return [i / self._fps for i in self._frames[index]]
        return self._frames[index] / self._fps

    def __len__(self) -> int:
        return len(self._frames)


class StreamReel:
    """Pictures of an iterator. The newest ones, up to `window_bytes`, can be read again; older ones are gone.

    Threads may share it: who waits for the next picture holds up nobody who reads those that have come.
    """

    chained = True
    note = ""

    def __init__(self, pictures: Iterator[ImageSource | Image], name: str, fps: float, window_bytes: int) -> None:
        self.name, self.fps = name, fps
        self.is_complete = False
        self._pictures = pictures
        self._window_bytes = window_bytes
        self._window: OrderedDict[int, ByteImage] = OrderedDict()
        self._count = 0
        self._drawing = threading.Lock()  # of who waits for the next picture
        self._changing = threading.Lock()  # of the window, for moments
        first = next(pictures, None)
        if first is None:
            raise MediaError(f"{name}: it ended before the first frame. Wanted at least one picture.")
        pixels = read_image(first).pixels
        self.size = Size(height=pixels.shape[0], width=pixels.shape[1])
        self._keep(pixels)

    @property
    def timestamps(self) -> "EvenTimes":
        """Seconds from the first frame to each that has come so far."""
        return EvenTimes(self._count, self.fps)

    @property
    def oldest(self) -> int:
        """The first frame that can still be read."""
        with self._changing:
            return next(iter(self._window), self._count)

    def has(self, index: int) -> bool:
        """Whether there is a frame of this number; draws frames until it came or the stream ended."""
        while self._count <= index and not self.is_complete:
            with self._drawing:
                if self._count <= index and not self.is_complete:
                    self._draw()
        return 0 <= index < self._count

    def read(self, first: int, last: int) -> dict[int, ByteImage]:
        """Frames `first` to `last`, as far as they are still in the window; MediaError if `last` is gone."""
        if not self.has(last):
            raise MediaError(f"{self.name}: it ended after {counted(self._count, 'frame')}; there is no frame {last}.")
        with self._changing:
            found = {i: self._window[i] for i in range(first, last + 1) if i in self._window}
        if last not in found:
            raise MediaError(
                f"{self.name}: frame {last} has gone by, the oldest one kept is {self.oldest}. A stream cannot be "
                "rewound: raise cache_bytes=, or write it to a file with write_video and open that."
            )
        return found

    def close(self) -> None:
        """Let go of the pictures kept, and close a generator: at once, or when the picture it is at has come."""
        self.is_complete = True
        with self._changing:
            self._window.clear()
        if self._drawing.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._drawing.release()

    def _draw(self) -> None:
        try:
            picture = next(self._pictures)
        except StopIteration:
            self.is_complete = True
            return
        except Exception as error:  # a camera's own errors are of any kind
            why = f"{type(error).__name__}: {error}"
            raise MediaError(
                f"{self.name}: it broke off after {counted(self._count, 'frame')} ({why:.200})."
            ) from error
        if self.is_complete:  # closed meanwhile
            self._end()
            return
        self._keep(same_size(read_image(picture).pixels, self.size, self._count, self.name))

    def _end(self) -> None:
        closing = getattr(self._pictures, "close", None)
        if callable(closing):
            closing()

    def _keep(self, pixels: ByteImage) -> None:
        with self._changing:
            self._window[self._count] = pixels
            self._count += 1
            while len(self._window) > 1 and len(self._window) * pixels.nbytes > self._window_bytes:
                self._window.popitem(last=False)
