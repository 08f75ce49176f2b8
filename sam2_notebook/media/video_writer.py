"""Frames into a video file: for export, and for making test videos."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from uuid import uuid4

import av
import numpy as np
from av.codec import Codec
from av.codec.codec import UnknownCodecError
from av.container import OutputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image as PillowImage

from ..errors import MediaError
from ..values.frames import ByteImage
from ..values.geometry import Size
from .video_pictures import same_size

_FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
_ANIMATIONS = {".gif": "GIF", ".webp": "WEBP"}
# The first one FFmpeg was built with is taken; quality about that of a good camera. "veryfast" with crf 18 makes files
# as large as "medium" with 20 in half the time, 0.9 dB below (PSNR 35.0 on a video of 720p).
_H264: tuple[tuple[str, dict[str, str]], ...] = (
    ("libx264", {"crf": "18", "preset": "veryfast"}),
    ("libopenh264", {}),
    ("mpeg4", {"q:v": "4"}),
)
_VP9: tuple[tuple[str, dict[str, str]], ...] = (
    ("libvpx-vp9", {"crf": "28", "b:v": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"}),
    ("libvpx", {"crf": "10", "b:v": "2M"}),
)


def write_video(path: str | os.PathLike[str], frames: Iterable[ByteImage], fps: float = 25.0) -> Path:
    """Write uint8 RGB frames (height, width, 3) of one size as .mp4, .mov, .mkv (H.264), .webm (VP9), .gif or .webp.

    Frames are taken one by one. An odd width or height grows by one pixel, which the codecs ask for. A .webm may have
    frames (height, width, 4), whose last channel is how opaque they are. The file appears whole or not at all. Raises
    MediaError.

    >>> import tempfile
    >>> clip = np.zeros((3, 16, 16, 3), np.uint8)
    >>> write_video(Path(tempfile.mkdtemp()) / "clip.mp4", clip).name
    'clip.mp4'
    """
    target = Path(path).expanduser()
    _check_ending(target, (*_FORMATS, *_ANIMATIONS))
    kind = _ANIMATIONS.get(target.suffix.lower())
    with _writing(target):
        if kind is not None:
            return _write_animation(target, frames, fps, kind)
        draft = VideoDraft(target, fps)
        try:
            for pixels in frames:
                draft.add(pixels)
            return draft.finish(target)
        finally:
            draft.discard()


class VideoDraft:
    """A video in the making: frames are coded as they come, into a hidden file beside `path` that `finish` shows.

    For .mp4, .mov, .mkv and .webm; frames are those of `write_video`, and `count` is how many are in. Errors are
    MediaError; call `finish` or `discard` whatever happens.

    >>> import tempfile
    >>> draft = VideoDraft(Path(tempfile.mkdtemp()) / "clip.mp4", fps=10)
    >>> draft.add(np.zeros((16, 16, 3), np.uint8))
    >>> draft.finish().name
    'clip.mp4'
    """

    def __init__(self, path: str | os.PathLike[str], fps: float = 25.0) -> None:
        self.path = Path(path).expanduser()
        _check_ending(self.path, tuple(_FORMATS))
        _check_fps(self.path, fps)
        self._fps = fps
        self._format = _FORMATS[self.path.suffix.lower()]
        self._stream: VideoStream | None = None
        self._first_shape: tuple[int, ...] | None = None
        self.count = 0
        self._file = self.path.with_name(f".{uuid4().hex}{self.path.suffix}")
        with _writing(self.path):
            self._container = av.open(str(self._file), "w", format=self._format)

    def add(self, pixels: ByteImage) -> None:
        """Code the next frame; a wrong one is refused, and those before it stay."""
        channels = (3, 4) if self._format == "webm" else (3,)
        _check_frame(pixels, self.count, self._first_shape, channels, self.path)
        self._first_shape = self._first_shape or pixels.shape
        height, width = pixels.shape[:2]
        even = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        with _writing(self.path):
            if self._stream is None:
                self._stream = _stream(self._container, self._format, self._fps)
                self._stream.width, self._stream.height = width + width % 2, height + height % 2
                self._stream.pix_fmt = "yuva420p" if pixels.shape[2] == 4 else "yuv420p"
            kind = "rgba" if pixels.shape[2] == 4 else "rgb24"
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(even), format=kind)
            self._container.mux(self._stream.encode(frame))
        self.count += 1

    def finish(self, target: Path | None = None) -> Path:
        """Put the video in place, as `path` or another name in its folder, over what is there."""
        target = target or self.path
        try:
            if self._stream is None or not self.count:
                raise _no_frame(self.path)
            with _writing(target):
                self._container.mux(self._stream.encode())
                self._container.close()
                os.replace(self._file, target)
        finally:
            self.discard()
        return target

    def discard(self) -> None:
        """Leave nothing behind; does nothing to a video that is finished."""
        with _writing(self.path):
            try:
                self._container.close()
            finally:
                self._file.unlink(missing_ok=True)


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        yield
    except (FFmpegError, OSError, ValueError) as error:
        raise MediaError(
            f"{target}: it cannot be written ({str(error)[:200]}). Check that the folder exists and has room."
        ) from error


def _check_ending(target: Path, endings: tuple[str, ...]) -> None:
    if target.suffix.lower() not in endings:
        raise MediaError(
            f"{target}: the ending {target.suffix!r} names no video format. Wanted one of {', '.join(endings)}."
        )


def _check_fps(target: Path, fps: float) -> None:
    if not 0 < fps <= 1000:
        raise MediaError(f"{target}: {fps} frames per second were asked for. Wanted more than 0, at most 1000.")


def _check_frame(
    pixels: ByteImage, index: int, first_shape: tuple[int, ...] | None, channels: tuple[int, ...], target: Path
) -> None:
    if first_shape is not None:
        channels = first_shape[2:]
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in channels or 0 in pixels.shape:
        raise MediaError(
            f"{target}: frame {index} is {pixels.dtype} of shape {pixels.shape}. Wanted uint8 (height, width, 3)."
        )
    if first_shape is not None:
        same_size(pixels, Size(height=first_shape[0], width=first_shape[1]), index, str(target))


def _no_frame(target: Path) -> MediaError:
    return MediaError(f"{target}: there is no frame to write. Wanted at least one.")


def _stream(container: OutputContainer, container_format: str, fps: float) -> VideoStream:
    for name, options in _VP9 if container_format == "webm" else _H264:
        try:
            Codec(name, "w")
        except UnknownCodecError:
            continue
        rate = Fraction(fps).limit_denominator(1001)
        stream = container.add_stream(name, rate=rate, options=options)
        assert isinstance(stream, VideoStream)
        return stream
    raise MediaError(f"this build of FFmpeg cannot write {container_format}. Install PyAV from PyPI: pip install av.")


def _write_animation(target: Path, frames: Iterable[ByteImage], fps: float, kind: str) -> Path:
    _check_fps(target, fps)
    draft = target.with_name(f".{uuid4().hex}{target.suffix}")
    pictures = _pictures(frames, target)
    try:
        first = next(pictures, None)
        if first is None:
            raise _no_frame(target)
        first.save(draft, kind, save_all=True, append_images=pictures, duration=round(1000 / fps), loop=0)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    return target


def _pictures(frames: Iterable[ByteImage], target: Path) -> Iterator[PillowImage.Image]:
    first_shape = None
    for index, pixels in enumerate(frames):
        _check_frame(pixels, index, first_shape, (3,), target)
        first_shape = first_shape or pixels.shape
        yield PillowImage.fromarray(np.ascontiguousarray(pixels))
