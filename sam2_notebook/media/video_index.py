"""One pass over the packets of a video: which frames there are, when, and where decoding may begin.

Headers are not believed: counts in them are absent (MKV, WebM, TS) or wrong (AVI), rates are nominal.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

DEFAULT_FPS = 25.0
_PROBED_FRAMES = 32
_REORDERED = frozenset({"h264", "hevc"})
_CUT_BELOW = 0.95  # a file that holds less than this share of what its header promises was cut
_PTS_PER_SECOND = 1_000_000  # AV_TIME_BASE, the unit of durations in container headers


@dataclass(frozen=True, kw_only=True)
class FrameIndex:
    """Frames in the order they are shown.

    `pts` are the presentation times of frames, ascending, in units of the stream, and `keys` those of the packets from
    which decoding may begin. `is_timed` is False where times are missing or repeated: then `pts` are plain counts, and
    a frame is found by counting from the first one. `expected` is the number of frames the header promises.
    """

    pts: tuple[int, ...]
    keys: tuple[int, ...]
    seconds: tuple[float, ...]
    fps: float
    is_timed: bool
    expected: int

    def starts(self, index: int) -> list[int]:
        """Keys from which to decode toward a frame, best first: the last before it, the one before that, the first.

        Frames shown before a key but stored behind it (open GOP) need the key before; so keys are chosen by the time
        they are shown, not by place.
        """
        place = bisect_right(self.keys, self.pts[index]) - 1
        wanted = (place, place - 1, 0)
        return sorted({self.keys[max(0, k)] for k in wanted}, reverse=True)

    @property
    def note(self) -> str:
        """Words on a file that was cut short; empty for a whole one."""
        found = len(self.pts)
        if self.expected - found < 2 or found >= self.expected * _CUT_BELOW:
            return ""
        return f"{self.expected} frames expected, {found} decodable: the file was cut short or is damaged"


def whole_packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet]:
    """The stream's packets in stored order, the empty one that ends it included; a broken file just ends early."""
    demuxer = container.demux(stream)
    while True:
        try:
            packet = next(demuxer)
        except (StopIteration, FFmpegError):
            return
        if not packet.is_corrupt:
            yield packet


def decoded(
    container: InputContainer, stream: VideoStream, passes: Callable[[Packet], bool] | None = None
) -> Iterator[VideoFrame]:
    """Frames from wherever the container stands, in the order they are shown; damaged packets are passed over.

    Those that `passes` says are only passed through on the way need not come: no other frame is made from them.
    """
    for packet in whole_packets(container, stream):
        if passes is not None:
            stream.codec_context.skip_frame = "NONREF" if passes(packet) else "DEFAULT"
        try:
            frames = packet.decode()
        except FFmpegError:
            continue
        for frame in frames:
            if isinstance(frame, VideoFrame):
                yield frame


def index_packets(container: InputContainer, stream: VideoStream) -> FrameIndex | None:
    """Index a container that stands at its beginning, without decoding; None where times are missing or repeated."""
    shown: list[int] = []
    keys: set[int] = set()
    unseen, end = 0, 0
    for packet in whole_packets(container, stream):
        if not packet.size:
            continue
        if packet.pts is None:
            return None
        if packet.is_keyframe:
            keys.add(packet.pts)
        if not keys:
            continue  # nothing can be decoded before the first key
        if packet.is_discard or _is_hidden(packet, stream):
            unseen += 1
            continue
        shown.append(packet.pts)
        end = max(end, packet.pts + (packet.duration or 0))
    if len(set(shown)) < len(shown) or stream.time_base is None:
        return None
    first_key = min(keys, default=0)
    pts = tuple(sorted(p for p in shown if p >= first_key))
    seconds = tuple(float((p - pts[0]) * stream.time_base) for p in pts)
    last = float((end - pts[0]) * stream.time_base) if pts else 0.0
    return FrameIndex(
        pts=pts,
        keys=tuple(sorted(keys)),
        seconds=seconds,
        fps=_mean_rate(seconds, last) or _nominal_rate(stream),
        is_timed=True,
        expected=_expected(container, stream, len(pts), unseen, last),
    )


def times_hold(container: InputContainer, stream: VideoStream) -> bool:
    """Whether frames come out with ascending times, looked at in the first ones of a container at its beginning.

    AVI stores no presentation times; those FFmpeg makes up for H.264 in it are of the order of storage.
    """
    if "avi" in container.format.name and stream.codec_context.name in _REORDERED:
        return False
    times = [frame.pts for frame in islice(decoded(container, stream), _PROBED_FRAMES)]
    known = [t for t in times if t is not None]
    return len(known) == len(times) and all(a < b for a, b in pairwise(known))


def index_by_counting(container: InputContainer, stream: VideoStream) -> FrameIndex:
    """Index a stream without usable times by decoding it once, whole."""
    count = sum(1 for _ in decoded(container, stream))
    fps = _nominal_rate(stream)
    return FrameIndex(
        pts=tuple(range(count)),
        keys=(0,),
        seconds=tuple(i / fps for i in range(count)),
        fps=fps,
        is_timed=False,
        expected=max(count, stream.frames),
    )


def _is_hidden(packet: Packet, stream: VideoStream) -> bool:
    """Whether a VP8 packet is only a reference for others and never shown (RFC 6386, section 9.1)."""
    return stream.codec_context.name in ("vp8", "libvpx") and not memoryview(packet)[0] >> 4 & 1


def _expected(container: InputContainer, stream: VideoStream, found: int, unseen: int, seconds: float) -> int:
    """What the header promises: a count where it has one, else the frames that would fill its duration."""
    if stream.frames:
        return stream.frames - unseen
    promised = (container.duration or 0) / _PTS_PER_SECOND
    return found if seconds <= 0 or promised <= seconds else round(found * promised / seconds)


def _mean_rate(seconds: tuple[float, ...], last: float) -> float | None:
    if len(seconds) < 2:
        return None
    return len(seconds) / last if last > seconds[-1] else (len(seconds) - 1) / seconds[-1]


def _nominal_rate(stream: VideoStream) -> float:
    rate = float(stream.average_rate or stream.guessed_rate or 0)
    return rate if 0 < rate <= 10_000 else DEFAULT_FPS
