"""Frames of a video for pages: decoded and encoded on a thread of their own, in the order people need them."""

import hashlib
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np

from sam2_notebook.errors import EditError, MediaError
from sam2_notebook.media import encode_jpeg, resize_area
from sam2_notebook.media.video import Video
from sam2_notebook.protocol.messages import Buffer, Failure
from sam2_notebook.protocol.video_messages import MAX_FRAMES_ASKED, FramesData, FramesRequest
from sam2_notebook.protocol.video_views import MissingFrame
from sam2_notebook.values.frames import ByteImage, FrameSource
from sam2_notebook.widgets.channel import Packet
from sam2_notebook.widgets.failures import in_words
from sam2_notebook.widgets.video_previews import Jpeg, Previews
from sam2_notebook.widgets.worker import Priority, Worker

JPEG_BYTES = 64 * 1024 * 1024
MAX_WIDTH = 4096
STREAM_AHEAD = 64
SOON = 12  # frames to decode, up to which the frame itself comes about as soon as a preview
_PRIORITIES = {"show": Priority.CLICK, "ahead": Priority.ENCODE, "strip": Priority.TRACK}

Reply = Callable[[FramesRequest, Packet], None]
Pulled = Callable[[MediaError | None], None]


@dataclass(eq=False)
class _Serving:
    """A request being answered, one frame per turn."""

    request: FramesRequest
    frames: list[int] = field(default_factory=list)
    jpegs: list[Jpeg] = field(default_factory=list)
    missing: list[MissingFrame] = field(default_factory=list)

    @property
    def left(self) -> tuple[int, ...]:
        """The frames still to do; one at least while it waits for its turn."""
        return self.request.frames[len(self.frames) + len(self.missing) :]

    def give_up(self, frames: Sequence[int], error: BaseException) -> None:
        """Say of the next frames why they cannot be shown."""
        self.missing += [MissingFrame(frame=frame, text=in_words(error)) for frame in frames]


class FrameServer:
    """Serves one video to all views of a widget; `reply` sends an answer, `pulled` hears how a page's wait for a stream
    has ended.

    Of a view's requests for one purpose only the newest generation is answered with pictures, one request after the
    other: taken in turns, they would send a decoder to and fro. The JPEGs of at most 64 MiB are kept, and whatever the
    source keeps of its own; a frame that is far to decode may be answered with one of the `previews`.
    """

    def __init__(
        self, source: FrameSource, key: str, reply: Reply, pulled: Pulled, previews: Previews | None = None
    ) -> None:
        self.source, self.key = source, key
        self._reply, self._pulled, self._previews = reply, pulled, previews
        self._worker = Worker(f"frames of {source.name}")
        self._waiter = Worker(f"next frame of {source.name}")
        self._lock = threading.Lock()
        self._newest: dict[tuple[str, str], int] = {}
        self._waiting: dict[tuple[str, str], deque[_Serving]] = {}
        self._pulling: set[tuple[str, str]] = set()
        self._jpegs: OrderedDict[tuple[int, int, int], Jpeg] = OrderedDict()
        self._bytes = 0

    def serve(self, request: FramesRequest) -> None:
        """Answer soon, at once with a preview; EditError for a request that makes no sense."""
        if not 0 < len(request.frames) <= MAX_FRAMES_ASKED:
            raise EditError(f"one request is for 1 to {MAX_FRAMES_ASKED} frames; this one is for {len(request.frames)}")
        if not (1 <= request.quality <= 95 and request.width >= 1):
            raise EditError(f"a JPEG has a quality of 1 to 95 and is 1 pixel wide or more; asked was {request.quality}")
        purpose = (request.view, request.purpose)
        with self._lock:
            self._newest[purpose] = max(request.generation, self._newest.get(purpose, request.generation))
        previews = self._found_previews(request) if request.preview else None
        if previews is not None:
            self._reply(request, self._data(_Serving(request, list(request.frames), previews)))
            return
        with self._lock:
            self._waiting.setdefault(purpose, deque()).append(_Serving(request))
        self._submit(purpose)

    def pull(self, who: Hashable, frame: int, then: Pulled) -> None:
        """Wait for a stream to bring a frame, or to end, on a thread that does nothing else; of one's waits the newest.

        `then` hears what broke it off, None if nothing did.
        """

        def wait() -> None:
            error: MediaError | None = None
            try:
                self.source.has(frame)
            except Exception as met:  # noqa: BLE001 - a source of somebody else's raises whatever it likes
                error = _as_ours(met, frame)
            then(error)

        self._waiter.submit(self, who, wait)

    @property
    def is_busy(self) -> bool:
        """Whether some request waits for its answer."""
        return self._worker.is_busy(self)

    def close(self) -> None:
        """Answer no more, and let go of the pictures and the video."""
        self._worker.stop(seconds=0)
        self._waiter.stop(seconds=0)
        with self._lock:
            self._jpegs.clear()
            self._bytes = 0
        if self._previews is not None:
            self._previews.close()
        self.source.close()

    def _found_previews(self, request: FramesRequest) -> list[Jpeg] | None:
        """Previews in the place of the frames asked for, where they are there, and the frames far to decode."""
        previews, source = self._previews, self.source
        if previews is None or not isinstance(source, Video):
            return None
        previews.look(request.frames[0])
        found = [jpeg for frame in request.frames if (jpeg := previews.get(frame)) is not None]
        if len(found) < len(request.frames):
            return None
        with self._lock:
            width = min(request.width, MAX_WIDTH, source.size.width)
            if all((frame, width, request.quality) in self._jpegs for frame in request.frames):
                return None
        efforts = [source.effort(frame) for frame in request.frames]
        return None if all(effort is not None and effort <= SOON for effort in efforts) else found

    def _submit(self, purpose: tuple[str, str]) -> None:
        self._worker.submit(self, purpose, lambda: self._turn(purpose), _PRIORITIES[purpose[1]])

    def _turn(self, purpose: tuple[str, str]) -> None:
        """Do one frame of the first request that need not wait for a stream; if all have to, wait for the nearest."""
        with self._lock:
            waiting = self._waiting[purpose]
            serving = next((s for s in waiting if self._is_void(s.request) or not self._is_held_up(s)), None)
            if serving is not None:
                waiting.remove(serving)
            elif waiting and purpose not in self._pulling:
                self._pulling.add(purpose)
                self.pull(purpose, min(s.left[0] for s in waiting), lambda error: self._came(purpose, error))
        if serving is None:
            return
        self._advance(serving, purpose)
        with self._lock:
            goes_on = bool(waiting)
        if goes_on:
            self._submit(purpose)

    def _came(self, purpose: tuple[str, str], error: MediaError | None) -> None:
        """A wait for the stream is over: the frame has come, or the stream broke off and is not asked on and on."""
        with self._lock:
            self._pulling.discard(purpose)
            waiting = self._waiting[purpose]
            given_up = [s for s in waiting if self._is_held_up(s)] if error is not None else []
            for serving in given_up:
                waiting.remove(serving)
        for serving in given_up:
            assert error is not None
            serving.give_up(serving.left, error)
            self._reply(serving.request, self._data(serving))
        self._submit(purpose)
        self._pulled(error)

    def _advance(self, serving: _Serving, purpose: tuple[str, str]) -> None:
        request = serving.request
        if self._is_void(request):
            words = "a newer request of this view made this one void"
            failure = Failure(view=request.view, seq=request.seq, code="cancelled", message=words)
            self._reply(request, Packet(failure))
            return
        frame = serving.left[0]
        try:
            jpeg = self._jpeg(frame, min(request.width, MAX_WIDTH), request.quality)
        except Exception as error:  # noqa: BLE001 - as above, and the page waits for an answer
            serving.give_up([frame], _as_ours(error, frame))
        else:
            serving.frames.append(frame)
            serving.jpegs.append(jpeg)
        if serving.left:
            with self._lock:
                self._waiting[purpose].appendleft(serving)
            return
        self._reply(request, self._data(serving))

    def _is_void(self, request: FramesRequest) -> bool:
        """Whether its view has asked for something newer since."""
        return request.generation < self._newest[request.view, request.purpose]

    def _is_held_up(self, serving: _Serving) -> bool:
        return self._is_to_come(serving.left[0])

    def _is_to_come(self, frame: int) -> bool:
        """Whether a stream has to be waited for; frames far ahead of it are not, but refused."""
        return not self.source.is_complete and 0 <= frame - len(self.source) <= STREAM_AHEAD

    def _data(self, serving: _Serving) -> Packet:
        message = FramesData(
            view=serving.request.view,
            seq=serving.request.seq,
            key=self.key,
            frames=tuple(serving.frames),
            missing=tuple(serving.missing),
            buffers=tuple(Buffer(what="jpeg", shape=shape, scale=1.0, object=None) for _, shape in serving.jpegs),
        )
        return Packet(message, tuple(data for data, _ in serving.jpegs))

    def _jpeg(self, frame: int, width: int, quality: int) -> Jpeg:
        width = min(width, self.source.size.width)
        key = (frame, width, quality)
        with self._lock:
            found = self._jpegs.get(key)
            if found is not None:
                self._jpegs.move_to_end(key)
                return found
        if not self.source.is_complete and frame > len(self.source) + STREAM_AHEAD:
            raise MediaError(f"frame {frame} of the stream has not come yet; it is at {len(self.source)}")
        pixels = self.source.frame(frame)
        height = max(1, round(pixels.shape[0] * width / pixels.shape[1]))
        small = pixels if width >= pixels.shape[1] else resize_area(pixels, (height, width))
        jpeg = (encode_jpeg(small, quality), small.shape[:2])
        self._remember(key, jpeg)
        return jpeg

    def _remember(self, key: tuple[int, int, int], jpeg: Jpeg) -> None:
        with self._lock:
            self._jpegs[key] = jpeg
            self._bytes += len(jpeg[0])
            while self._bytes > JPEG_BYTES:
                self._bytes -= len(self._jpegs.popitem(last=False)[1][0])


def _as_ours(error: Exception, frame: int) -> MediaError:
    """What kept a frame from being read, in words for the page."""
    if isinstance(error, MediaError):
        return error
    told = in_words(error) if isinstance(error, MemoryError) else f"{type(error).__name__}: {error}"
    return MediaError(f"frame {frame} cannot be read ({told})")


def video_key(source: FrameSource) -> str:
    """Tells a video from others by its size, length and first frame: 32 hex digits."""
    length = len(source) if source.is_complete else -1
    content = hashlib.blake2b(repr((source.size, length)).encode(), digest_size=16)
    first: ByteImage = source.frame(0)
    content.update(np.ascontiguousarray(first).data)
    return content.hexdigest()
