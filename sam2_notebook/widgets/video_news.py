"""What the disk and the pages have not heard yet of a video session. All of it runs on the publisher's thread."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sam2_notebook.protocol.messages import Status, StatusChanged
from sam2_notebook.protocol.video_messages import (
    JobChanged,
    NoticesChanged,
    SavedChanged,
    VideoChanged,
    VideoDocumentChanged,
)
from sam2_notebook.protocol.video_views import JobView, LaneView, Notice, SavedView, VideoInfo
from sam2_notebook.values.video_document import VideoDocument, VideoObject
from sam2_notebook.widgets.channel import Packet
from sam2_notebook.widgets.video_masks import Lane, SeenMask, version
from sam2_notebook.widgets.video_packets import document_view, lane_packet, lane_view, masks_packets

if TYPE_CHECKING:
    from sam2_notebook.widgets.video_desk import VideoDesk

PROGRESS_SECONDS = 0.5

LanePiece = tuple[VideoObject, Lane, int, LaneView]


class VideoNews:
    """Compares what there is with what was told. `collect` writes along first: nobody sees a mask before the disk."""

    def __init__(self, desk: "VideoDesk") -> None:
        self._desk = desk
        self._fresh: dict[tuple[int, int], None] = {}
        self._document: VideoDocument | None = None
        self._rev = -1
        self._lanes: dict[int, tuple[int, int, int]] = {}
        self._dirty: dict[int, tuple[int, int]] = {}
        self._progress_at, self._frames = 0.0, -1
        self._jobs: dict[int, JobView] = {}
        self._views: tuple[JobView, ...] = ()
        self._status: Status | None = None
        self._saved: SavedView | None = None
        self._notices: tuple[Notice, ...] = ()
        self._video: VideoInfo | None = None

    def collect(self) -> None:
        """Write along what is new, and remember to tell it."""
        desk = self._desk
        self._views = tuple(job.view for job in desk.jobs)  # a job is never told to be further than its masks
        drained = desk.store.drain()
        masks = [stored for born, frame in drained for stored in desk.store.stored(born, frame)]
        if masks:
            desk.autosave.write(masks)
        for born, frame in drained:
            self._fresh[born, frame] = None
            first, last = self._dirty.get(born, (frame, frame))
            self._dirty[born] = min(first, frame), max(last, frame)

    def tell(self) -> Iterator[Packet]:
        """Messages for all pages."""
        desk = self._desk
        state = desk.history.state()
        is_edited = state.rev != self._rev
        if is_edited:
            # A page drops the lane of an object that goes, and needs it again, however soon the object is back.
            for id_ in desk.history.changed_since(self._rev):
                self._lanes.pop(id_, None)
            self._rev = state.rev
            self._note_prompts(self._document, state.document)
            self._document = state.document
            yield Packet(VideoDocumentChanged(epoch=desk.epoch, document=document_view(state)))
        yield from self._tell_masks(state.document)
        if self._is_time(is_edited=is_edited):
            yield from self._tell_lanes(state.document)
            yield from self._tell_jobs()
        yield from self._tell_rest()

    def whole_lanes(self, document: VideoDocument) -> list[LanePiece]:
        """Every lane from end to end."""
        return [self._whole(item) for item in document.objects]

    def _is_time(self, *, is_edited: bool) -> bool:
        """Whether pages hear of progress now. While something goes on they do so now and then: what they draw of it
        costs the model time."""
        is_step = all(told is not None and told.state == view.state for told, view in self._told())
        goes_on = any(view.state == "running" for view in self._views) or len(self._desk.source) != self._frames
        left = self._progress_at + PROGRESS_SECONDS - time.monotonic()
        if goes_on and is_step and not is_edited and left > 0:
            self._desk.pace.within(left)
            return False
        self._progress_at, self._frames = time.monotonic(), len(self._desk.source)
        return True

    def _told(self) -> Iterator[tuple[JobView | None, JobView]]:
        """What was told of each job, and what there is to tell."""
        return ((self._jobs.get(view.id), view) for view in self._views)

    def _tell_jobs(self) -> Iterator[Packet]:
        for told, view in self._told():
            if told != view:
                self._jobs[view.id] = view
                yield Packet(JobChanged(epoch=self._desk.epoch, job=view))

    def _tell_rest(self) -> Iterator[Packet]:
        desk = self._desk
        if (status := desk.inference.status) != self._status:
            self._status = status
            yield Packet(StatusChanged(epoch=desk.epoch, status=status))
        if (saved := desk.autosave.saved) != self._saved:
            self._saved = saved
            yield Packet(SavedChanged(epoch=desk.epoch, saved=saved))
        if (notices := tuple(desk.notices)) != self._notices:
            self._notices = notices
            yield Packet(NoticesChanged(epoch=desk.epoch, notices=notices))
        if (video := desk.video) != self._video:
            is_first, self._video = self._video is None, video
            if not is_first:
                yield Packet(VideoChanged(epoch=desk.epoch, video=video))

    def _note_prompts(self, before: VideoDocument | None, after: VideoDocument) -> None:
        """Where prompts have come or gone, another mask may be the one to show; with the last one go all others."""
        old = {item.born: item for item in before.objects} if before else {}
        for item in after.objects:
            earlier = old.get(item.born)
            said = {f.frame for f in earlier.frames} if earlier else set()
            for frame in said ^ {f.frame for f in item.frames}:
                self._fresh[item.born, frame] = None
            if earlier is not None and bool(earlier.frames) != bool(item.frames):
                for frame in self._desk.store.frames_of(item if item.frames else earlier):
                    self._fresh[item.born, frame] = None

    def _tell_masks(self, document: VideoDocument) -> Iterator[Packet]:
        fresh, self._fresh = self._fresh, {}
        items = {item.born: item for item in document.objects}
        seen: list[SeenMask] = []
        gone: list[tuple[int, int]] = []
        at: dict[int, dict[int, SeenMask]] = {}
        for born, frame in fresh:
            item = items.get(born)
            if item is None:
                continue
            if frame not in at:
                at[frame] = {mask.object: mask for mask in self._desk.store.at(frame)}
            found = at[frame].get(item.id)
            if found is not None:
                seen.append(found)
            elif not item.at(frame):  # else the answer is still to come
                gone.append((frame, item.id))
        yield from masks_packets(self._desk.epoch, seen, gone)

    def _tell_lanes(self, document: VideoDocument) -> Iterator[Packet]:
        dirty, self._dirty = self._dirty, {}
        frames = len(self._desk.source)
        pieces: list[LanePiece] = []
        for item in document.objects:
            is_now = (item.born, version(item), frames)
            if self._lanes.get(item.id) != is_now:
                self._lanes[item.id] = is_now
                pieces.append(self._whole(item))
            elif item.born in dirty:
                first, last = dirty[item.born]
                _, _, _, view = self._whole(item, first)
                pieces.append((item, self._desk.store.lane(item, first, last), first, view))
        if pieces:
            yield lane_packet(self._desk.epoch, pieces)

    def _whole(self, item: VideoObject, first: int = 0) -> LanePiece:
        whole = self._desk.store.lane(item)
        return item, whole, 0, lane_view(item, whole, first)
