"""Frames into a video file: for export, and for making test videos."""

import os
from collections.abc import Iterable
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
# the first one FFmpeg was built with is taken; quality about that of a good camera
_H264: tuple[tuple[str, dict[str, str]], ...] = (
    ("libx264", {"crf": "20", "preset": "medium"}),
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
    suffix = target.suffix.lower()
    if suffix not in _FORMATS and suffix not in _ANIMATIONS:
        wanted = ", ".join((*_FORMATS, *_ANIMATIONS))
        raise MediaError(f"{target}: the ending {target.suffix!r} names no video format. Wanted one of {wanted}.")
    if not 0 < fps <= 1000:
        raise MediaError(f"{target}: {fps} frames per second were asked for. Wanted more than 0, at most 1000.")
    draft = target.with_name(f".{uuid4().hex}{suffix}")
    try:
        try:
            if suffix in _ANIMATIONS:
                _write_animation(draft, _checked(frames, target, (3,)), fps, _ANIMATIONS[suffix])
            else:
                channels = (3, 4) if suffix == ".webm" else (3,)
                _write_coded(draft, _checked(frames, target, channels), fps, _FORMATS[suffix])
            os.replace(draft, target)
        finally:
            draft.unlink(missing_ok=True)
    except (FFmpegError, OSError, ValueError) as error:
        raise MediaError(
            f"{target}: it cannot be written ({str(error)[:200]}). Check that the folder exists and has room."
        ) from error
    return target


def _checked(frames: Iterable[ByteImage], target: Path, channels: tuple[int, ...]) -> Iterable[ByteImage]:
    size = None
    for index, pixels in enumerate(frames):
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in channels or 0 in pixels.shape:
            raise MediaError(
                f"{target}: frame {index} is {pixels.dtype} of shape {pixels.shape}. Wanted uint8 (height, width, 3)."
            )
        channels = (pixels.shape[2],)
        size = size or Size(height=pixels.shape[0], width=pixels.shape[1])
        yield same_size(pixels, size, index, str(target))
    if size is None:
        raise MediaError(f"{target}: there is no frame to write. Wanted at least one.")


def _write_coded(draft: Path, frames: Iterable[ByteImage], fps: float, container_format: str) -> None:
    stream: VideoStream | None = None
    with av.open(str(draft), "w", format=container_format) as container:
        for pixels in frames:
            height, width = pixels.shape[:2]
            if stream is None:
                stream = _stream(container, container_format, fps)
                stream.width, stream.height = width + width % 2, height + height % 2
                stream.pix_fmt = "yuva420p" if pixels.shape[2] == 4 else "yuv420p"
            even = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
            kind = "rgba" if pixels.shape[2] == 4 else "rgb24"
            container.mux(stream.encode(VideoFrame.from_ndarray(np.ascontiguousarray(even), format=kind)))
        if stream is not None:
            container.mux(stream.encode())


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


def _write_animation(draft: Path, frames: Iterable[ByteImage], fps: float, kind: str) -> None:
    pictures = (PillowImage.fromarray(np.ascontiguousarray(pixels)) for pixels in frames)
    first = next(pictures)
    first.save(draft, kind, save_all=True, append_images=pictures, duration=round(1000 / fps), loop=0)
