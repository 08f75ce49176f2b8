"""What a video being segmented answers its pages."""

from typing import TYPE_CHECKING

from sam2_notebook.errors import EditError
from sam2_notebook.protocol.messages import VERSION, Ack, Buffer, Hello, HistoryRequest, Ping, Pong
from sam2_notebook.protocol.video_messages import (
    MAX_MASK_FRAMES_ASKED,
    CancelRequest,
    ExportRequest,
    FrameCandidatesRequest,
    FramesRequest,
    JobStarted,
    LookRequest,
    MasksRequest,
    MemoryRequest,
    RecoverRequest,
    TrackRequest,
    VideoEditRequest,
    VideoRequest,
    VideoSnapshot,
)
from sam2_notebook.widgets.channel import Packet
from sam2_notebook.widgets.jobs import Job
from sam2_notebook.widgets.video_news import VideoNews
from sam2_notebook.widgets.video_packets import (
    candidates_data,
    document_view,
    lane_parts,
    masks_data,
    memory_data,
    uneven_times,
)
from sam2_notebook.widgets.video_plan import Order

if TYPE_CHECKING:
    from sam2_notebook.widgets.video_desk import VideoDesk


class VideoAnswers:
    """Obeys what pages ask, and tells them what they ask for; `reporter` knows the lanes."""

    def __init__(self, desk: "VideoDesk", reporter: VideoNews) -> None:
        self._desk, self._reporter = desk, reporter

    def answer(self, request: VideoRequest) -> Packet | None:
        """What goes back at once; None if the answer comes later. EditError for what makes no sense."""
        desk = self._desk
        who = {"view": request.view, "seq": request.seq}
        match request:
            case Hello():
                return self._snapshot(request)
            case VideoEditRequest():
                rev = desk.history.apply(request.frame, *request.edits, author=request.view, base=request.rev)
                desk.edited()
                return Packet(Ack(**who, rev=rev))
            case HistoryRequest():
                rev = (desk.history.undo if request.direction == "undo" else desk.history.redo)(request.view)
                desk.edited()
                return Packet(Ack(**who, rev=rev))
            case FramesRequest():
                desk.frames.serve(request)
                return None
            case MasksRequest():
                return self._masks(request)
            case MemoryRequest():
                return memory_data(request.view, request.seq, request.frame, desk.store.at(request.frame))
            case FrameCandidatesRequest():
                return candidates_data(request, desk.store.candidates(request.frame, request.object))
            case TrackRequest() | ExportRequest():
                return Packet(JobStarted(**who, job=self._started(request).view))
            case Ping():
                return Packet(Pong(**who, epoch=desk.epoch, rev=desk.history.rev))
            case LookRequest() | CancelRequest() | RecoverRequest():
                self._obey(request)
                return Packet(Ack(**who, rev=desk.history.rev))

    def _obey(self, request: LookRequest | CancelRequest | RecoverRequest) -> None:
        desk = self._desk
        if isinstance(request, LookRequest):
            desk.look(request.frame)
        elif isinstance(request, RecoverRequest):
            desk.recover(accept=request.accept)
        else:
            for job in desk.jobs:
                if job.id == request.job:
                    job.cancel()

    def _started(self, request: TrackRequest | ExportRequest) -> Job:
        desk = self._desk
        if isinstance(request, TrackRequest):
            order = Order(
                direction=request.direction, objects=request.objects,
                start=request.start, first=request.first, last=request.last,
            )  # fmt: skip
            return desk.track(order)
        if not request.name or request.name in (".", "..") or any(c in request.name for c in "/\\\0"):
            raise EditError(f"a name of a file has no folders in it; got {request.name!r:.60}")
        return desk.exporting.start(request.format, request.name, request.objects)

    def _masks(self, request: MasksRequest) -> Packet:
        if len(request.frames) > MAX_MASK_FRAMES_ASKED:
            raise EditError(f"one request is for {MAX_MASK_FRAMES_ASKED} frames at most; got {len(request.frames)}")
        store = self._desk.store
        return masks_data(request, [seen for frame in dict.fromkeys(request.frames) for seen in store.at(frame)])

    def _snapshot(self, request: Hello) -> Packet:
        desk = self._desk
        state = desk.history.state()
        lanes, buffers, payload = lane_parts(self._reporter.whole_lanes(state.document))
        times = uneven_times(desk.source)
        if times is not None:
            buffers += (Buffer(what="times", shape=(len(times) // 4,), scale=1.0, object=None),)
            payload += (times,)
        message = VideoSnapshot(
            view=request.view,
            seq=request.seq,
            version=VERSION,
            epoch=desk.epoch,
            video=desk.video,
            document=document_view(state),
            frame=desk.frame,
            lanes=lanes,
            jobs=tuple(job.view for job in desk.jobs),
            status=desk.inference.status,
            saved=desk.autosave.saved,
            notices=tuple(desk.notices),
            buffers=buffers,
        )
        return Packet(message, payload)
