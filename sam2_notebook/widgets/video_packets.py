"""A video session as pages see it: values into messages. Pure."""

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from sam2_notebook.predict import Segmentation
from sam2_notebook.protocol.codecs import encode_logits8
from sam2_notebook.protocol.messages import Buffer, PointView
from sam2_notebook.protocol.video_messages import (
    FrameCandidatesData,
    FrameCandidatesRequest,
    LanesChanged,
    MasksChanged,
    MasksData,
    MasksRequest,
    MemoryData,
)
from sam2_notebook.protocol.video_views import (
    FramePromptsView,
    LaneView,
    MaskView,
    MemoryView,
    VideoDocumentView,
    VideoObjectView,
)
from sam2_notebook.values.frames import FrameSource
from sam2_notebook.values.video_document import FramePrompts, VideoObject
from sam2_notebook.widgets.channel import Packet
from sam2_notebook.widgets.video_history import VideoMoment
from sam2_notebook.widgets.video_masks import PRESENT, STALE_BY, UNKNOWN, Lane, SeenMask
from sam2_notebook.widgets.views import attribute_views

CHUNK_BYTES = 256 * 1024
CHUNK_MASKS = 256
UNEVEN_SECONDS = 0.002


def document_view(state: VideoMoment) -> VideoDocumentView:
    """The document as the page draws it."""
    return VideoDocumentView(
        rev=state.rev,
        objects=tuple(_object_view(item) for item in state.document.objects),
        selected=state.document.selected,
        classes=state.document.classes,
        current=state.document.current,
        can_undo=state.can_undo,
        can_redo=state.can_redo,
    )


def _object_view(item: VideoObject) -> VideoObjectView:
    return VideoObjectView(
        id=item.id,
        name=item.name,
        color=item.color,
        visible=item.visible,
        locked=item.locked,
        label=item.label,
        attributes=attribute_views(item.attributes),
        frames=tuple(_prompts_view(said) for said in item.frames),
    )


def _prompts_view(said: FramePrompts) -> FramePromptsView:
    return FramePromptsView(
        frame=said.frame,
        points=tuple(PointView(x=p.x, y=p.y, label=p.label) for p in said.prompts.points),
        box=said.prompts.box.as_tuple() if said.prompts.box else None,
        mask=said.mask is not None,
        candidate=said.candidate,
    )


def lane_packet(epoch: str, lanes: Sequence[tuple[VideoObject, Lane, int, LaneView]]) -> Packet:
    """Lanes, or pieces of them, that have changed."""
    views, buffers, payload = lane_parts(lanes)
    return Packet(LanesChanged(epoch=epoch, lanes=views, buffers=buffers), payload)


def lane_parts(
    lanes: Sequence[tuple[VideoObject, Lane, int, LaneView]],
) -> tuple[tuple[LaneView, ...], tuple[Buffer, ...], tuple[bytes, ...]]:
    """Views, buffers and bytes of lanes."""
    buffers = tuple(
        Buffer(what="lane", shape=(2, len(lane.states)), scale=1.0, object=item.id) for item, lane, _, _ in lanes
    )
    payload = tuple(lane.states.tobytes() + lane.scores.tobytes() for _, lane, _, _ in lanes)
    return tuple(view for *_, view in lanes), buffers, payload


def lane_view(item: VideoObject, whole: Lane, first: int) -> LaneView:
    """What is said of a lane, whole, beside the piece of it that begins at `first`."""
    followed = np.ones(len(whole.states), np.bool_)
    followed[[said.frame for said in item.frames if said.frame < len(followed)]] = False
    fresh = (whole.states >= PRESENT) & (whole.states <= STALE_BY)
    if not item.frames:
        state = "none"
    elif fresh.all():
        state = "full"
    elif (fresh & followed).any():
        state = "partial"
    else:
        state = "required"
    return LaneView(
        object=item.id,
        generation=item.born,
        first=first,
        state=state,
        stale=whole.stale,
        missing=int(np.count_nonzero(whole.states == UNKNOWN)),
    )


def masks_packets(epoch: str, seen: Iterable[SeenMask], gone: Iterable[tuple[int, int]]) -> Iterator[Packet]:
    """Masks that are new, in messages of at most 256 masks and 256 KiB."""
    waiting: list[SeenMask] = []
    size = 0
    left = tuple(gone)
    for mask in seen:
        waiting.append(mask)
        size += len(mask.kept.mask.rle)
        if size >= CHUNK_BYTES or len(waiting) >= CHUNK_MASKS:
            yield _masks_packet(epoch, waiting, left)
            waiting, size, left = [], 0, ()
    if waiting or left:
        yield _masks_packet(epoch, waiting, left)


def _masks_packet(epoch: str, masks: Sequence[SeenMask], gone: tuple[tuple[int, int], ...]) -> Packet:
    views, buffers, payload = _mask_parts(masks)
    return Packet(MasksChanged(epoch=epoch, masks=views, gone=gone, buffers=buffers), payload)


def masks_data(request: MasksRequest, masks: Sequence[SeenMask]) -> Packet:
    """The answer to a request for masks."""
    views, buffers, payload = _mask_parts(masks)
    message = MasksData(view=request.view, seq=request.seq, frames=request.frames, masks=views, buffers=buffers)
    return Packet(message, payload)


def _mask_parts(
    masks: Sequence[SeenMask],
) -> tuple[tuple[MaskView, ...], tuple[Buffer, ...], tuple[bytes, ...]]:
    views = tuple(
        MaskView(
            frame=seen.frame,
            object=seen.object,
            rev=seen.kept.rev,
            score=seen.kept.score,
            object_score=seen.kept.object_score,
            area=seen.kept.mask.area,
            prompted=seen.kept.source == "prompt",
            stale=seen.stale,
        )
        for seen in masks
    )
    sizes = [seen.kept.mask.size for seen in masks]
    buffers = tuple(
        Buffer(what="rle", shape=(size.height, size.width), scale=1.0, object=seen.object)
        for size, seen in zip(sizes, masks, strict=True)
    )
    return views, buffers, tuple(seen.kept.mask.rle for seen in masks)


def memory_data(view: str, seq: int, frame: int, masks: Sequence[SeenMask]) -> Packet:
    """What the model looked at in a frame."""
    return Packet(MemoryData(view=view, seq=seq, frame=frame, objects=tuple(memory_view(seen) for seen in masks)))


def candidates_data(request: FrameCandidatesRequest, found: Segmentation | None) -> Packet:
    """What a lone click can mean."""
    buffers: tuple[Buffer, ...] = ()
    payload: tuple[bytes, ...] = ()
    if found is not None:
        data, scale = encode_logits8(found.logits)
        buffers = (Buffer(what="logits8", shape=found.logits.shape, scale=scale, object=request.object),)
        payload = (data,)
    message = FrameCandidatesData(
        view=request.view,
        seq=request.seq,
        frame=request.frame,
        object=request.object,
        scores=() if found is None else tuple(float(score) for score in found.scores),
        buffers=buffers,
    )
    return Packet(message, payload)


def memory_view(seen: SeenMask) -> MemoryView:
    """What the model looked at for one object in one frame."""
    use = seen.kept.memory
    return MemoryView(
        object=seen.object,
        source=seen.kept.source,
        prompted=use.prompted if use else (),
        recent=use.recent if use else (),
        pointers=use.pointers if use else (),
        score=seen.kept.score,
        presence=1 / (1 + math.exp(-min(max(seen.kept.object_score, -60.0), 60.0))),
        stale=seen.stale,
    )


def uneven_times(source: FrameSource) -> bytes | None:
    """Seconds to each frame as float32, where they are not what the rate says."""
    if not source.is_complete:
        return None
    times = np.asarray(source.timestamps, np.float64)
    even = np.arange(len(times)) / source.fps
    return None if np.abs(times - even).max(initial=0) < UNEVEN_SECONDS else times.astype("<f4").tobytes()
