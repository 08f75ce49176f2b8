"""Frames of a video file by number, byte for byte what decoding from the beginning gives."""

from bisect import bisect_left
from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, Interpolation, VideoReformatter
from av.video.stream import VideoStream

from ..errors import MediaError
from ..values.frames import ByteImage
from ..values.geometry import Size
from .video_index import FrameIndex, decoded, index_by_counting, index_packets, times_hold
from .video_orientation import orientation_of

MAX_FRAME_PIXELS = 64_000_000
_UNSPECIFIED_COLORS = 2
_HD_ROWS = 720
_LEAVES_OUT = frozenset({"h264", "hevc"})  # decoders that can leave out single frames without harm to others
_ATTACHED_PICTURE = 0x400


class FileReel:
    """An open video file. The decoder stays where it is, so reading on costs no seek. Not safe to share; `Video` is."""

    chained = True

    def __init__(self, file: str | BinaryIO, container: str, name: str, label: str) -> None:
        self.name, self.label = name, label
        self._file, self._format = file, container
        self._reformatter = VideoReformatter()
        self._container, self._stream = self._open()
        with ExitStack() as undo:
            undo.callback(self.close)
            self._index = self._indexed()
            self._numbers = {pts: number for number, pts in enumerate(self._index.pts)}
            self._lost: set[int] = set()
            self._passing_before = self._index.pts[0]
            self._leaves_out = self._index.is_timed and self._stream.codec_context.name in _LEAVES_OUT
            self._frames: Iterator[tuple[int, VideoFrame]] = iter(())
            self._position, self._ahead = 0, None
            self.size = self._first_size()
            undo.pop_all()

    @property
    def fps(self) -> float:
        """Frames per second, on average."""
        return self._index.fps

    @property
    def timestamps(self) -> tuple[float, ...]:
        """Seconds from the first frame to each."""
        return self._index.seconds

    @property
    def note(self) -> str:
        """Words on a file that was cut short."""
        return self._index.note

    @property
    def is_complete(self) -> bool:
        """A file has all its frames."""
        return True

    @property
    def sections(self) -> tuple[int, ...]:
        """The frames at which decoding may begin."""
        return tuple(sorted({bisect_left(self._index.pts, key) for key in self._index.keys}))

    def has(self, index: int) -> bool:
        """Whether there is a frame of this number."""
        return 0 <= index < len(self._index.pts)

    def effort(self, index: int) -> int:
        """How many frames are decoded to reach a frame, itself included."""
        start = self._position if self._reaches(index) else bisect_left(self._index.pts, self._index.starts(index)[0])
        return index - start + 1

    def read(self, first: int, last: int) -> dict[int, ByteImage]:
        """Frames `first` to `last`, without those whose data are damaged; MediaError if `last` is one of them."""
        return self._read(first, last, None)

    def preview(self, index: int, width: int) -> ByteImage:
        """One frame, shrunk while its colours are converted; MediaError as `read`."""
        return self._read(index, index, width)[index]

    def _read(self, first: int, last: int, width: int | None) -> dict[int, ByteImage]:
        if last not in self._lost:
            self._passing_before = self._index.pts[first]
            if self._reaches(first):
                found = self._collect(first, last, width)
                if last in found:
                    return found
            for key in self._index.starts(first):
                self._go(key)
                found = self._collect(first, last, width)
                if last in found:
                    return found
            self._lost.add(last)
        raise MediaError(
            f"{self.label}: the data of frame {last} of {len(self._index.pts)} are damaged and cannot be decoded. "
            "Go on from another frame, or copy the file again."
        )

    def close(self) -> None:
        """Close file and decoder."""
        self._container.close()

    def _open(self) -> tuple[InputContainer, VideoStream]:
        if not isinstance(self._file, str):
            self._file.seek(0)
        try:
            container = av.open(self._file, "r", format=self._format, metadata_errors="ignore")
        except FileNotFoundError as error:
            raise MediaError(
                f"{self.label}: the file is no longer there; it was moved, removed, or its disk is gone. Put it back, "
                "or open it where it is now."
            ) from error
        except (FFmpegError, OSError, ValueError) as error:
            raise MediaError(
                f"{self.label}: the video is damaged or cut short, FFmpeg cannot open it "
                f"({type(error).__name__}: {str(error)[:200]}). Copy or download it again."
            ) from error
        with ExitStack() as undo:
            undo.callback(container.close)
            stream = self._picture_stream(container)
            undo.pop_all()
        stream.thread_type = "AUTO"
        return container, stream

    def _picture_stream(self, container: InputContainer) -> VideoStream:
        streams = [s for s in container.streams.video if not int(s.disposition) & _ATTACHED_PICTURE]
        if not streams:
            what = "only sound" if container.streams.audio else "no video"
            raise MediaError(f"{self.label}: it holds {what}, there is no picture in it. Pass the video it belongs to.")
        readable = [s for s in streams if s.codec_context is not None]
        if not readable:
            raise MediaError(
                f"{self.label}: it is coded in a way this build of FFmpeg cannot decode. Convert it to H.264."
            )
        stream = max(readable, key=lambda s: s.codec_context.width * s.codec_context.height)
        self._check_pixels(stream.codec_context.width, stream.codec_context.height)
        return stream

    def _check_pixels(self, width: int, height: int) -> None:
        if width * height > MAX_FRAME_PIXELS:
            raise MediaError(
                f"{self.label}: its frames are {width} x {height} = {width * height / 1e6:,.1f} megapixels; the limit "
                f"is {MAX_FRAME_PIXELS / 1e6:,.0f}. Make a smaller copy of it first."
            )

    def _indexed(self) -> FrameIndex:
        index = index_packets(self._container, self._stream)
        self._reopen()
        if index is not None and not times_hold(self._container, self._stream):
            index = None
        self._reopen()
        if index is None:
            index = index_by_counting(self._container, self._stream)
            self._reopen()
        if not index.pts:
            raise MediaError(f"{self.label}: it holds no frame that can be decoded. Record, copy or download it again.")
        return index

    def _first_size(self) -> Size:
        """Size of the frames, from the first that decodes: the header does not say how they are turned."""
        self._go(self._index.keys[0])
        for number, frame in self._frames:
            self._check_pixels(frame.width, frame.height)
            self._stored = frame.width, frame.height
            self._orientation = orientation_of(frame)
            self._position, self._ahead = number, (number, frame)
            width, height = self._stored[:: -1 if self._orientation.turned else 1]
            return Size(height=height, width=width)
        raise MediaError(f"{self.label}: not one of its frames can be decoded. Copy or download it again.")

    def _reaches(self, index: int) -> bool:
        """Whether decoding on from here is a way to a frame, and no longer one than seeking."""
        key = self._index.starts(index)[0]
        return self._position == index or (self._position < index and self._index.pts[self._position] >= key)

    def _collect(self, first: int, last: int, width: int | None) -> dict[int, ByteImage]:
        found: dict[int, ByteImage] = {}
        while (item := self._next()) is not None:
            number, frame = item
            if number > last:
                self._ahead = item
                break
            self._position = number + 1
            if number >= first:
                found[number] = self._pixels(frame, width)
            if number == last:
                break
        else:
            self._position = len(self._index.pts)
        return found

    def _next(self) -> tuple[int, VideoFrame] | None:
        if self._ahead is not None:
            item, self._ahead = self._ahead, None
            return item
        return next(self._frames, None)

    def _go(self, key: int) -> None:
        """Stand at a key, or somewhere before it: some containers land late or have no table to seek by."""
        # Until it stands there it stands nowhere, so that what fails on the way leaves nothing to read on from.
        self._frames, self._ahead, self._position = iter(()), None, len(self._index.pts)
        if not self._index.is_timed or key == self._index.keys[0] or not self._seek(key):
            self._reopen()
        self._frames, self._position = self._numbered(), 0

    def _seek(self, key: int) -> bool:
        """Whether a seek worked, judged by the first packet that comes; a seek back to before it follows."""
        try:
            self._container.seek(key, stream=self._stream, backward=True)
            landed = next((p.pts for p in self._container.demux(self._stream) if p.is_keyframe), None)
            if landed is None or landed > key:
                return False
            self._container.seek(key, stream=self._stream, backward=True)
        except FFmpegError:
            return False
        return True

    def _numbered(self) -> Iterator[tuple[int, VideoFrame]]:
        """Decoded frames with their numbers."""
        for count, frame in enumerate(decoded(self._container, self._stream, self._passes)):
            number = count if not self._index.is_timed else self._numbers.get(-1 if frame.pts is None else frame.pts)
            if number is not None and number < len(self._index.pts):
                yield number, frame

    def _passes(self, packet: Packet) -> bool:
        """Whether a packet lies before the frames wanted, so that a frame nobody builds on may be left out."""
        return self._leaves_out and packet.pts is not None and packet.pts < self._passing_before

    def _reopen(self) -> None:
        """Begin anew. Should the file be gone, what is open stays: reading a closed container ends the process."""
        before = self._container
        self._container, self._stream = self._open()
        before.close()

    def _pixels(self, frame: VideoFrame, upright_width: int | None) -> ByteImage:
        """Upright 8-bit RGB. HD video that does not name its colours has those of HD, as players assume."""
        self._check_pixels(frame.width, frame.height)
        hd = (
            frame.colorspace == _UNSPECIFIED_COLORS and frame.height >= _HD_ROWS and frame.format.name.startswith("yuv")
        )
        width, height = self._stored
        if upright_width is not None:
            shrink = upright_width / self.size.width
            width, height = max(1, round(width * shrink)), max(1, round(height * shrink))
        rgb = self._reformatter.reformat(
            *(frame, width, height, "rgb24"),
            src_colorspace=Colorspace.ITU709 if hd else None,
            interpolation=None if upright_width is None else Interpolation.AREA,
        )
        return self._orientation.upright(np.asarray(rgb.to_ndarray(), np.uint8))
