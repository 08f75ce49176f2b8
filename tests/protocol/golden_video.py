"""One message of every type that only videos have, for the golden files."""

from sam2_notebook.protocol import messages as m
from sam2_notebook.protocol import video_messages as v
from sam2_notebook.protocol import video_views as w
from sam2_notebook.values import document as d
from sam2_notebook.values.edits import SetMask

_VIDEO = w.VideoInfo(
    width=640,
    height=480,
    name="blocks.mp4",
    key="0f",
    frames=90,
    oldest=0,
    fps=29.97,
    complete=True,
    live=False,
    note="",
    sizes=(),
)
_STREAM = w.VideoInfo(
    width=4,
    height=3,
    name="camera",
    key="aa",
    frames=31,
    oldest=7,
    fps=25.0,
    complete=False,
    live=True,
    note="cut",
    sizes=((4, 3), (2, 3)),
)
_SAID = w.FramePromptsView(
    frame=3, points=(m.PointView(x=1.5, y=2.0, label=0),), box=(1.0, 2.0, 30.0, 40.5), mask=False, candidate=2
)
_CUBE = w.VideoObjectView(
    id=1, name="<b>Würfel</b> 🧊", color=0, visible=True, locked=True, label="toy", attributes=(),
    frames=(_SAID, w.FramePromptsView(frame=40, points=(), box=None, mask=True, candidate=None)),
)  # fmt: skip
_BARE = w.VideoObjectView(
    id=7, name="object 7", color=9, visible=False, locked=False, label="", attributes=(), frames=()
)
_DOCUMENT = w.VideoDocumentView(
    rev=5, objects=(_CUBE, _BARE), selected=None, classes=(), current="", can_undo=True, can_redo=False
)
_LANE = w.LaneView(object=1, generation=2, first=0, state="partial", stale=3, missing=40)
_MASK = w.MaskView(
    frame=3, object=1, rev=5, score=0.875, object_score=-1.5, area=0, prompted=True, stale=False
)  # fmt: skip
_TRACK = w.JobView(
    id=4, kind="track", state="running", text="", objects=(1,), frame=12, done=9, total=90, per_second=2.5,
    seconds_left=32.4,
)  # fmt: skip
_EXPORT = w.JobView(
    id=5, kind="export", state="failed", text="the disk is full", objects=(1, 7), frame=None, done=0, total=None,
    per_second=None, seconds_left=None,
)  # fmt: skip
_SAVED = w.SavedView(state="saved", rev=5, text="")
_NOTICE = w.Notice(id=1, level="warning", text="60 frames expected, 33 decodable", action="none")
_EARLIER = w.Notice(id=2, level="info", text="work of 10:41", action="recover")
_MEMORY = w.MemoryView(
    object=1, source="forward", prompted=(3, 40), recent=(11, 10, 9), pointers=(11, 3), score=0.5, presence=0.98,
    stale=False,
)  # fmt: skip


def video_messages() -> list[v.VideoRequest | v.VideoReply | v.VideoEvent]:
    """One message of every type; those shared with pictures are golden already."""
    who = {"view": "v1", "seq": 3}
    rle = m.Buffer(what="rle", shape=(480, 640), scale=1.0, object=1)
    lane = m.Buffer(what="lane", shape=(2, 90), scale=1.0, object=1)
    times = m.Buffer(what="times", shape=(90,), scale=1.0, object=None)
    logits8 = m.Buffer(what="logits8", shape=(3, 8, 8), scale=12.7, object=1)
    jpeg = m.Buffer(what="jpeg", shape=(240, 320), scale=1.0, object=None)
    edits = (
        d.AddObject(object=1),
        d.AddPoint(object=1, x=1.5, y=2.0, label=1),
        d.LockObject(object=1, locked=True),
        d.ClassifyObject(object=1, label="toy"),
        SetMask(object=1, counts="13"),
        SetMask(object=1, counts=None),
    )
    return [
        v.VideoEditRequest(view="v1", seq=1, rev=4, frame=3, edits=edits),
        v.FramesRequest(**who, frames=(3, 4), width=320, quality=80, purpose="show", generation=6, preview=True),
        v.MasksRequest(**who, frames=(3,)),
        v.LookRequest(**who, frame=3),
        v.TrackRequest(**who, direction="both", objects=None, start=None, first=None, last=None),
        v.TrackRequest(**who, direction="forward", objects=(1,), start=3, first=0, last=40),
        v.CancelRequest(**who, job=4),
        v.MemoryRequest(**who, frame=3),
        v.FrameCandidatesRequest(**who, frame=3, object=1),
        v.ExportRequest(**who, format="coco", name="masks.json", objects=None),
        v.RecoverRequest(**who, accept=True),
        v.VideoSnapshot(
            **who, version=m.VERSION, epoch="e", video=_VIDEO, document=_DOCUMENT, frame=3, lanes=(_LANE,),
            jobs=(_TRACK, _EXPORT), status=m.Status(state="ready", text=""), saved=_SAVED,
            notices=(_NOTICE, _EARLIER), buffers=(lane, times),
        ),
        v.FramesData(**who, key="0f", frames=(3,), missing=(w.MissingFrame(frame=4, text="damaged"),), buffers=(jpeg,)),
        v.MasksData(**who, frames=(3,), masks=(_MASK,), buffers=(rle,)),
        v.MemoryData(**who, frame=12, objects=(_MEMORY,)),
        v.FrameCandidatesData(**who, frame=3, object=1, scores=(0.5, 0.75, 0.25), buffers=(logits8,)),
        v.FrameCandidatesData(**who, frame=4, object=1, scores=(), buffers=()),
        v.JobStarted(**who, job=_TRACK),
        v.VideoDocumentChanged(epoch="e", document=_DOCUMENT),
        v.MasksChanged(epoch="e", masks=(_MASK,), gone=((4, 7),), buffers=(rle,)),
        v.LanesChanged(epoch="e", lanes=(_LANE,), buffers=(lane,)),
        v.JobChanged(epoch="e", job=_EXPORT),
        v.VideoChanged(epoch="e", video=_STREAM),
        v.SavedChanged(epoch="e", saved=w.SavedView(state="failed", rev=2, text="the disk is full")),
        v.NoticesChanged(epoch="e", notices=()),
        v.GoTo(epoch="e", frame=12),
    ]  # fmt: skip
