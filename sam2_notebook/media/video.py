"""One door for every video: files, folders, arrays, lists and streams become frames on demand."""

import io
import operator
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from numbers import Real
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, cast

import numpy as np

from ..errors import MediaError
from ..values.frames import ByteImage
from ..values.geometry import Size
from .encode import resize_area
from .files import read_stream
from .images import ArrayLike, Image, ImageSource
from .paths import is_folder, local_path, path_errors
from .video_decoder import FileReel
from .video_formats import HEAD_BYTES, READABLE, container_of, is_animation
from .video_index import DEFAULT_FPS
from .video_pictures import AnimationReel, ArrayReel, PicturesReel, pictures_of_folder
from .video_stream import StreamReel

CACHE_BYTES = 256 * 1024 * 1024
MAX_STREAM_BYTES = 2 * 1024 * 1024 * 1024

VideoSource = (
    str
    | os.PathLike[str]
    | bytes
    | BinaryIO
    | np.ndarray
    | ArrayLike
    | Sequence[ImageSource | Image]
    | Iterator[ImageSource | Image]
)


class Reel(Protocol):
    """What holds the frames of one kind of source. `chained` ones reach a frame through those before it."""

    name: str
    chained: bool

    @property
    def size(self) -> Size: ...
    @property
    def fps(self) -> float: ...
    @property
    def timestamps(self) -> Sequence[float]: ...
    @property
    def is_complete(self) -> bool: ...
    @property
    def note(self) -> str: ...
    def has(self, index: int) -> bool: ...
    def read(self, first: int, last: int) -> dict[int, ByteImage]: ...
    def close(self) -> None: ...


class Video:
    """Frames by number, upright uint8 RGB; the newest decoded ones are kept, never more than `cache_bytes`.

    Threads may share it. Close it, or use it in a `with`, to let go of the file. Made by `open_video`.
    """

    def __init__(self, reel: Reel, cache_bytes: int = CACHE_BYTES) -> None:
        self._reel = reel
        self._cache: OrderedDict[int, ByteImage] = OrderedDict()
        size = reel.size
        self._room = cache_bytes // (3 * size.area)
        self._newest = -1
        self._closed = False
        self._lock = threading.RLock()

    @property
    def name(self) -> str:
        """What messages call it."""
        return self._reel.name

    @property
    def size(self) -> Size:
        """Height and width of every frame in pixels, upright."""
        return self._reel.size

    @property
    def fps(self) -> float:
        """Frames per second, on average."""
        return self._reel.fps

    @property
    def timestamps(self) -> Sequence[float]:
        """Seconds from the first frame to each frame."""
        return self._reel.timestamps

    @property
    def is_complete(self) -> bool:
        """Whether `len` is final; False for a stream whose end has not come."""
        return self._reel.is_complete

    @property
    def oldest(self) -> int:
        """The first frame that can still be read: 0, but for a stream that has let frames go."""
        return getattr(self._reel, "oldest", 0)

    @property
    def note(self) -> str:
        """What a user should know of the file, such as "60 frames expected, 33 decodable: ..."; mostly empty."""
        return self._reel.note

    def __len__(self) -> int:
        return len(self._reel.timestamps)

    def has(self, index: int) -> bool:
        """Whether there is a frame of this number; waits for a stream to bring it, which holds up nobody else."""
        return not self._closed and self._reel.has(index)

    def frame(self, index: int) -> ByteImage:
        """One frame, (height, width, 3) and read-only; MediaError if there is none or its data are damaged."""
        number = self._checked(index)
        with self._lock:
            self._check_open()
            if number not in self._cache:
                return self._load(number)
            self._cache.move_to_end(number)
            self._newest = number
            return self._cache[number]

    @property
    def sections(self) -> Sequence[int]:
        """The frames that can be read without those before them, ascending."""
        return self._reel.sections if isinstance(self._reel, FileReel) else range(len(self))

    def effort(self, index: int) -> int | None:
        """How many frames are decoded to show one that there is: 0 if it is kept. None while others are served."""
        if not self._lock.acquire(blocking=False):
            return None
        try:
            if index in self._cache:
                return 0
            return self._reel.effort(index) if isinstance(self._reel, FileReel) else 1
        finally:
            self._lock.release()

    def preview(self, index: int, width: int) -> ByteImage:
        """One frame shrunk to a width, not kept: of a file that is quicker than `frame`. MediaError as there.

        >>> open_video(np.zeros((5, 24, 32, 3), np.uint8)).preview(3, 16).shape
        (12, 16, 3)
        """
        if not isinstance(self._reel, FileReel):
            pixels = self.frame(index)
            return resize_area(pixels, (max(1, round(pixels.shape[0] * width / pixels.shape[1])), width))
        with self._lock:
            return self._reel.preview(self._checked(index), width)

    def close(self) -> None:
        """Close file and decoder and forget the frames kept; a second time does nothing."""
        with self._lock:
            self._cache.clear()
            if not self._closed:
                self._closed = True
                self._reel.close()

    def __enter__(self) -> "Video":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        size = self.size
        frames = f"{len(self)} frames" if self.is_complete else "a stream"
        note = f", {self.note}" if self.note else ""
        return f"Video({self.name!r}, {size.width} x {size.height}, {frames}, {self.fps:.5g} fps{note})"

    def _check_open(self) -> None:
        if self._closed:
            raise MediaError(f"{self.name}: the video is closed. Open it again.")

    def _checked(self, index: int) -> int:
        """The number of a frame that there is; waits for a stream to bring it, without the lock."""
        self._check_open()
        try:
            number = -1 if isinstance(index, bool) else operator.index(index)
        except TypeError:
            number = -1
        if number < 0 or not self._reel.has(number):
            raise MediaError(
                f"{self.name}: there is no frame {index!r}. Wanted a whole number from 0 to {len(self) - 1}."
            )
        return number

    def _load(self, number: int) -> ByteImage:
        """Read a frame; stepping backward, keep those before it too, which a chained reel decodes anyway.

        A jump far back is no step: where it lands one frame is wanted, and soon.
        """
        run = self._room // 2
        backward = self._reel.chained and 0 < self._newest - number <= run
        first = max(0, number - run + 1) if backward else number
        pictures = self._reel.read(first, number)
        for place, pixels in pictures.items():
            pixels.flags.writeable = False
            self._keep(place, pixels)
        self._newest = number
        return pictures[number]

    def _keep(self, number: int, pixels: ByteImage) -> None:
        self._cache[number] = pixels
        self._cache.move_to_end(number)
        while len(self._cache) > self._room:
            self._cache.popitem(last=False)


def open_video(source: VideoSource | Video, *, cache_bytes: int = CACHE_BYTES, fps: float = DEFAULT_FPS) -> Video:
    """Open frames from a video file, its bytes, a folder or list of pictures, an array or an iterator.

    Files are told by their bytes: MP4, MOV, WebM, MKV, AVI, MPEG, FLV, Ogg, WMV, and animated GIF, WebP, PNG, AVIF or
    TIFF. Folders are read in natural order, arrays are (T, H, W) or (T, H, W, 1, 3 or 4). `fps` counts for sources
    without times of their own. Frames are decoded when asked for; up to `cache_bytes` of them are kept, and of an
    iterator, which cannot be rewound, only those can be read again. All refusals are MediaError.

    >>> video = open_video(np.zeros((5, 24, 32, 3), np.uint8))
    >>> len(video), video.size, video.frame(4).shape
    (5, Size(height=24, width=32), (24, 32, 3))
    """
    if isinstance(source, Video):
        return source
    if not isinstance(fps, Real) or not 0 < fps < 1e6:
        raise MediaError(f"a rate of {fps!r} frames per second was asked for. Wanted a number above 0.")
    if not isinstance(cache_bytes, Real) or not cache_bytes >= 0:
        raise MediaError(f"cache_bytes={cache_bytes!r} was asked for. Wanted a number of bytes, 0 to keep no frame.")
    if isinstance(source, str | os.PathLike):
        return _of_path(os.fspath(source), cache_bytes, fps)
    if isinstance(source, bytes | bytearray | memoryview):
        return Video(_of_bytes(io.BytesIO(source), "bytes", "the bytes given", fps), cache_bytes)
    if hasattr(source, "read"):
        name = getattr(source, "name", None)
        label = os.path.basename(name) if isinstance(name, str) and name else "file object"
        data = io.BytesIO(read_stream(cast(io.IOBase, source), label, MAX_STREAM_BYTES))
        return Video(_of_bytes(data, label, label, fps), cache_bytes)
    if isinstance(source, Sequence):
        return Video(PicturesReel(source, f"list of {len(source)}", fps), cache_bytes)
    if isinstance(source, ArrayLike):
        return Video(ArrayReel(_array(source), "array", fps), cache_bytes)
    if isinstance(source, Iterator):
        return Video(StreamReel(source, type(source).__name__, fps, cache_bytes), cache_bytes=0)
    raise MediaError(
        f"a {type(source).__name__} is no video. Wanted a file ({READABLE}), a folder or a list of pictures, an array "
        "with time first, or an iterator of pictures: iter(...)."
    )


def _of_path(path: str | bytes, cache_bytes: int, fps: float) -> Video:
    text, label = local_path(path)
    name = Path(text).name or label
    with path_errors(label):
        if is_folder(text, label):
            return Video(PicturesReel(pictures_of_folder(text), name, fps), cache_bytes)
        with open(text, "rb") as file:
            head = file.read(HEAD_BYTES)
        if is_animation(head):
            return Video(AnimationReel(open(text, "rb"), name, label, fps), cache_bytes)
    reel = FileReel(f"file:{os.path.abspath(text)}", container_of(head, label), name, label)
    return Video(reel, cache_bytes)


def _of_bytes(data: io.BytesIO, name: str, label: str, fps: float) -> Reel:
    head = data.getvalue()[:HEAD_BYTES]
    if is_animation(head):
        return AnimationReel(data, name, label, fps)
    return FileReel(data, container_of(head, label), name, label)


def _array(source: np.ndarray | ArrayLike) -> np.ndarray:
    try:
        return np.asarray(source)
    except (RuntimeError, TypeError, ValueError) as error:
        raise MediaError(
            f"a {type(source).__name__} cannot be turned into a numpy array ({str(error)[:200]}). "
            "Wanted plain numbers on the CPU; for a torch tensor pass tensor.detach().cpu().numpy()."
        ) from error
