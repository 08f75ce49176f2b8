"""Small pictures of a video's frames, made while the machine is free, so that scrubbing need not wait for the decoder.

A frame deep in a group of pictures costs the decoding of all before it; a preview is there at once. It is of that very
frame and only smaller: the frame itself follows when the view rests.
"""

import threading
from bisect import bisect_right
from collections.abc import Callable
from itertools import islice

from sam2_notebook.errors import MediaError
from sam2_notebook.media import encode_jpeg
from sam2_notebook.media.video import Video
from sam2_notebook.values.frames import FrameSource
from sam2_notebook.values.geometry import Size
from sam2_notebook.widgets.worker import Priority, Worker

PREVIEW_BYTES = 96 * 1024 * 1024
WIDTHS = (640, 480, 384, 320, 256)
QUALITY = 60
BYTES_PER_PIXEL = 0.25  # of a busy picture at that quality
BATCH = 16
PAUSE_SECONDS = 0.2
FEWEST_BETWEEN = 4  # frames from one that can be read alone to the next, below which previews gain nothing

Jpeg = tuple[bytes, tuple[int, int]]


class Previews:
    """JPEGs of at most `most_bytes`, those around the frame looked at first.

    `open_source` gives a source of its own; work is done on a thread of its own, only while `is_free` says so, and only
    once somebody looks at a frame.
    """

    def __init__(
        self,
        video: Video,
        open_source: Callable[[], FrameSource],
        is_free: Callable[[], bool],
        most_bytes: int = PREVIEW_BYTES,
    ) -> None:
        self._sections = tuple(video.sections)
        self._frames = len(video)
        self._width = preview_width(video.size, self._frames, most_bytes)
        self._open, self._is_free, self._most = open_source, is_free, most_bytes
        self._worker = Worker(f"previews of {video.name}")
        self._lock = threading.Lock()
        self._jpegs: dict[int, Jpeg] = {}
        self._bytes = 0
        self._damaged: set[int] = set()
        self._left = [end - start for start, end in self._spans()]
        self._centre, self._is_full = 0, False
        self._source: FrameSource | None = None
        self._closed = threading.Event()

    @staticmethod
    def gain(video: Video) -> bool:
        """Whether previews of a video would be quicker than its frames."""
        return video.is_complete and len(video.sections) * FEWEST_BETWEEN <= len(video)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._jpegs)

    @property
    def is_busy(self) -> bool:
        """Whether more are being made."""
        return self._worker.is_busy(self)

    def get(self, frame: int) -> Jpeg | None:
        """The preview of a frame, if there is one."""
        return self._jpegs.get(frame)

    def look(self, frame: int) -> None:
        """Somebody looks at a frame: those around it come next."""
        self._centre = frame
        self._worker.submit(self, "make", self._make, Priority.TRACK)

    def close(self) -> None:
        """Make no more, and let go of all."""
        self._closed.set()
        self._worker.submit(self, "close", self._let_go)
        with self._lock:
            self._jpegs.clear()
            self._bytes = 0

    def _make(self) -> None:
        """Make some more, then give way."""
        if not self._is_free():
            self._closed.wait(PAUSE_SECONDS)
        else:
            frames = self._next()
            if not frames:
                return self._let_go()
            for frame in frames:
                if self._closed.is_set():
                    return None
                if not self._is_free():  # somebody waits for a frame: two decoders would take twice as long
                    break
                self._put(frame)
        if not self._closed.is_set():
            self._worker.submit(self, "make", self._make, Priority.TRACK)
        return None

    def _next(self) -> list[int]:
        """The frames to do next: of the section looked at, else of the nearest one that lacks some."""
        centre, spans = self._centre, self._spans()
        here = bisect_right(self._sections, centre) - 1
        lacking = [i for i, left in enumerate(self._left) if left > 0]
        reach = self._farthest()[0] if self._is_full else self._frames  # what is farther has no room
        for section in sorted(lacking, key=lambda i: (abs(i - here), i < here)):
            wanted = (f for f in range(*spans[section]) if f not in self._jpegs and f not in self._damaged)
            frames = list(islice((f for f in wanted if abs(f - centre) < reach), BATCH))
            if frames:
                return frames
        return []

    def _put(self, frame: int) -> None:
        self._left[bisect_right(self._sections, frame) - 1] -= 1
        try:
            if self._source is None:
                self._source = self._open()
            source = self._source
            pixels = source.preview(frame, self._width) if isinstance(source, Video) else source.frame(frame)
        except (MediaError, MemoryError):
            self._damaged.add(frame)
            return
        jpeg = encode_jpeg(pixels, QUALITY)
        with self._lock:
            if self._closed.is_set():
                return
            self._jpegs[frame] = jpeg, (pixels.shape[0], pixels.shape[1])
            self._bytes += len(jpeg)
            while self._bytes > self._most:
                self._is_full = True
                _, other = self._farthest()
                self._bytes -= len(self._jpegs.pop(other)[0])
                self._left[bisect_right(self._sections, other) - 1] += 1

    def _farthest(self) -> tuple[int, int]:
        """How far the farthest preview is from the frame looked at, and which it is."""
        return max((abs(frame - self._centre), frame) for frame in self._jpegs)

    def _spans(self) -> list[tuple[int, int]]:
        return list(zip(self._sections, (*self._sections[1:], self._frames), strict=True))

    def _let_go(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.close()
        if self._closed.is_set():
            self._worker.stop(seconds=0)


def preview_width(size: Size, frames: int, most_bytes: int) -> int:
    """How wide previews may be so that those of all frames have room.

    >>> preview_width(Size(height=720, width=1280), 300, PREVIEW_BYTES)
    640
    >>> preview_width(Size(height=720, width=1280), 10_000, PREVIEW_BYTES)
    256
    """
    room = most_bytes / max(1, frames) / BYTES_PER_PIXEL
    fitting = (width for width in WIDTHS if width * width * size.height / size.width <= room)
    return min(next(fitting, WIDTHS[-1]), size.width)
