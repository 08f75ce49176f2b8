"""The frames of one video, several times over: pages, the model and exports each read at their own place."""

import io
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from sam2_notebook.errors import MediaError
from sam2_notebook.media import open_video
from sam2_notebook.media.files import read_stream
from sam2_notebook.media.video import MAX_STREAM_BYTES, VideoSource
from sam2_notebook.values.frames import ByteImage, FrameSource
from sam2_notebook.values.geometry import Size
from sam2_notebook.widgets.video_file import VideoReference
from sam2_notebook.widgets.video_frames import video_key

PAGE_CACHE_BYTES = 128 * 1024 * 1024
OTHER_CACHE_BYTES = 64 * 1024 * 1024


class SharedSource:
    """A source that somebody else owns: closing this one leaves it open."""

    def __init__(self, source: FrameSource) -> None:
        self._source = source

    @property
    def name(self) -> str:
        """What messages call it."""
        return self._source.name

    @property
    def size(self) -> Size:
        """Height and width of every frame."""
        return self._source.size

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self._source.fps

    @property
    def timestamps(self) -> Sequence[float]:
        """Seconds to each frame."""
        return self._source.timestamps

    @property
    def is_complete(self) -> bool:
        """Whether `len` is final."""
        return self._source.is_complete

    @property
    def oldest(self) -> int:
        """The first frame that can still be read."""
        return getattr(self._source, "oldest", 0)

    @property
    def note(self) -> str:
        """What a user should know of it."""
        return getattr(self._source, "note", "")

    def __len__(self) -> int:
        return len(self._source)

    def has(self, index: int) -> bool:
        """Whether there is a frame of this number."""
        return self._source.has(index)

    def frame(self, index: int) -> ByteImage:
        """One frame."""
        return self._source.frame(index)

    def close(self) -> None:
        """Leave it to its owner."""


class MissingVideo:
    """Stands for a video that is not where it was: all is known of it but its frames."""

    is_complete = True
    is_missing = True

    def __init__(self, reference: VideoReference, why: str) -> None:
        self._reference, self.note = reference, why
        self.name, self.size, self.fps = reference.name, reference.size, reference.fps

    @property
    def timestamps(self) -> Sequence[float]:
        """Seconds to each frame, at a steady rate."""
        return [frame / self.fps for frame in range(len(self))]

    def __len__(self) -> int:
        return self._reference.frames

    def has(self, index: int) -> bool:
        """Whether there was a frame of this number."""
        return 0 <= index < len(self)

    def frame(self, index: int) -> ByteImage:
        """Refuse: MediaError."""
        raise MediaError(f"frame {index} cannot be shown: {self.note}")

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """One video: `page` is for pages, `another` gives a source for anybody else; each is closed by who has it."""

    page: FrameSource
    another: Callable[[], FrameSource]
    reference: VideoReference


def open_sources(video: VideoSource | FrameSource, fps: float | None = None) -> Sources:
    """Open a video so that several can read it; a stream, or a source that is open already, is shared.

    All that `open_video` reads can be given. MediaError says why it cannot be read.
    """
    options = {} if fps is None else {"fps": fps}
    if isinstance(video, FrameSource):
        return _shared(video)
    if isinstance(video, Iterator) and not hasattr(video, "read"):
        stream = open_video(video, cache_bytes=PAGE_CACHE_BYTES, **options)
        sources = _shared(stream)
        return Sources(page=stream, another=sources.another, reference=sources.reference)
    if hasattr(video, "read"):
        file = cast(io.IOBase, video)
        name = getattr(file, "name", None)
        video = read_stream(file, name if isinstance(name, str) else "file object", MAX_STREAM_BYTES)
    kept = video

    def another() -> FrameSource:
        return open_video(kept, cache_bytes=OTHER_CACHE_BYTES, **options)

    page = open_video(kept, cache_bytes=PAGE_CACHE_BYTES, **options)
    path = os.path.abspath(os.fsdecode(kept)) if isinstance(kept, str | os.PathLike) else None
    return Sources(page=page, another=another, reference=reference_of(page, path))


def _shared(source: FrameSource) -> Sources:
    return Sources(
        page=SharedSource(source), another=lambda: SharedSource(source), reference=reference_of(source, None)
    )


def reference_of(source: FrameSource, path: str | None) -> VideoReference:
    """What a saved session says of its video."""
    return VideoReference(
        name=source.name,
        path=path,
        key=video_key(source),
        width=source.size.width,
        height=source.size.height,
        frames=len(source),
        fps=source.fps,
    )


def found_again(reference: VideoReference, beside: Path) -> Sources:
    """The video of a saved session: where it was, or beside the saved file. A `MissingVideo` if it is in neither."""
    places = [] if reference.path is None else [Path(reference.path), beside.parent / Path(reference.path).name]
    why = f"the video {reference.name} was given from memory; pass it again: VideoSegmenter.load(path, video=...)"
    for place in places:
        if not place.exists():
            why = f"the video {reference.name} is not where it was; say where: VideoSegmenter.load(path, video=...)"
            continue
        try:
            sources = open_sources(place, reference.fps)
        except MediaError as error:
            why = str(error)
            continue
        if sources.reference.key == reference.key:
            return sources
        sources.page.close()
        why = f"{place.name} is another video now than the one the session is on; say where: load(path, video=...)"
    missing = MissingVideo(reference, why)
    return Sources(page=missing, another=lambda: MissingVideo(reference, why), reference=reference)
