"""Writes the golden files of the wire, which pytest and vitest both read: `python -m tests.protocol.golden`.

`rle.json`: masks as rows of `.` and `#` with their bytes, and bytes that must be refused.
`logits.json`: float logits, their bytes and scale, and the masks (as `rle` bytes) that torch's bilinear resizing of the
float logits gives at the picture's size; a page that resizes the bytes may differ in `tolerance` of the pixels.
`messages.json`: one message of every type, as JSON.
"""

import json
from pathlib import Path
from typing import get_args

import numpy as np
import torch

from sam2_notebook.protocol import label_messages as n
from sam2_notebook.protocol import messages as m
from sam2_notebook.protocol import video_messages as v
from sam2_notebook.protocol.codecs import encode_logits8, encode_rle
from sam2_notebook.protocol.envelope import encode_message
from sam2_notebook.protocol.everything_views import EverythingView, ProposalView
from sam2_notebook.values import document as d
from sam2_notebook.values import edits as e
from sam2_notebook.values.classes import Attribute, LabelClass
from tests.protocol.golden_label import label_messages
from tests.protocol.golden_video import video_messages

FOLDER = Path(__file__).parent.parent / "fixtures" / "protocol"
BROKEN = {
    "no bytes": "",
    "three numbers": "010101",
    "a cut number": "0000040180",
    "runs too short": "000004010001",
    "runs too long": "0000040105",
    "beyond the right edge": "0300040100" + "04",
    "beyond the lower edge": "0003010400" + "04",
    "a width without a height": "00000400",
    "a number of six bytes": "808080808001" + "000000",
    "a vast crop": "0000ffffffff0fffffffff0f0001",
}


def masks() -> dict[str, np.ndarray]:
    """Small masks with all the corners of the code: empty, full, first pixel set, long runs, noise."""
    random = np.random.default_rng(7)
    y, x = np.mgrid[:40, :300]
    single = np.zeros((5, 7), bool)
    single[4, 6] = True
    frame = np.ones((6, 9), bool)
    frame[1:-1, 1:-1] = False
    return {
        "empty": np.zeros((3, 4), bool),
        "full": np.ones((3, 4), bool),
        "one pixel": np.ones((1, 1), bool),
        "last pixel": single,
        "frame": frame,
        "chess": np.indices((4, 5)).sum(0) % 2 == 1,
        "long runs": (x - 150) ** 2 / 140**2 + (y - 20) ** 2 / 18**2 < 1,
        "noise": random.random((37, 61)) < 0.3,
    }


def logits() -> dict[str, tuple[np.ndarray, tuple[int, int]]]:
    """Logits (candidates, h, w) with the size of the picture they belong to."""
    y, x = np.mgrid[:16, :16]
    far = np.hypot(x - 7, y - 8)
    discs = np.stack([(r - far) * 3 for r in (2.5, 4.5, 6.5)])
    noise = np.random.default_rng(3).normal(0, 4, (1, 8, 8))
    return {
        "three discs": (discs, (90, 120)),
        "beyond the limit": (discs[:1] * 10, (60, 40)),
        "small": (discs[:1] / 100, (50, 50)),
        "noise": (noise, (33, 47)),
        "zero": (np.zeros((1, 4, 4)), (9, 9)),
    }


def messages() -> list[m.Reply | m.Event | m.Request]:
    """One message of every type."""
    scores = m.Scores(iou=(0.75, 0.5, 0.25), object_score=4.5, best=0, milliseconds=12.5)
    points = (m.PointView(x=1.5, y=2.0, label=1), m.PointView(x=7.0, y=8.25, label=0))
    first = m.ObjectView(
        id=1,
        name="object 1",
        color=0,
        visible=True,
        locked=True,
        label="cat",
        attributes=(
            m.AttributeView(name="colour", value="black"),
            m.AttributeView(name="age", value=2.5),
            m.AttributeView(name="asleep", value=True),
        ),
        points=points,
        box=(1.0, 2.0, 30.0, 40.5),
        strokes=(m.StrokeView(path="8`0h00", width=4.5, label=1),),
        drawn=3,
        kept=True,
        proposed=True,
        candidate=2,
        threshold=-1.25,
        scores=scores,
        result_rev=4,
        area=321,
    )
    bare = m.ObjectView(
        id=7,
        name="<b>Käse</b> 🧀",
        color=9,
        visible=False,
        locked=False,
        label="",
        attributes=(),
        points=(),
        box=None,
        strokes=(),
        drawn=0,
        kept=False,
        proposed=False,
        candidate=None,
        threshold=0.0,
        scores=None,
        result_rev=None,
        area=0,
    )
    cat = LabelClass(name="cat", color="#d55e00", hotkey="c", attributes=(Attribute(name="age", kind="number"),))
    document = m.DocumentView(
        rev=5,
        objects=(first, bare),
        selected=7,
        classes=(cat, LabelClass(name="dog")),
        current="dog",
        can_undo=True,
        can_redo=False,
    )
    picture = m.PictureInfo(width=640, height=480, name="truck.jpg", key="0f")
    status = m.Status(state="ready", text="")
    everything = EverythingView(
        state="done", run=2, done=1024, total=1024, count=1, text="1 masks", iou=0.35, stability=0.6
    )
    rle = m.Buffer(what="rle", shape=(480, 640), scale=1.0, object=1)
    raw = m.Buffer(what="logits8", shape=(3, 16, 16), scale=12.7, object=1)
    jpeg = m.Buffer(what="jpeg", shape=(240, 320), scale=1.0, object=None)
    edits = (
        d.AddObject(object=2),
        d.RenameObject(object=2, name="wheel"),
        d.RecolorObject(object=2, color=3),
        d.LockObject(object=2, locked=True),
        d.AcceptObject(object=2),
        d.ClassifyObject(object=2, label="cat"),
        d.SetAttribute(object=2, name="age", value=3.5),
        d.SetAttribute(object=2, name="asleep", value=False),
        d.SetAttribute(object=2, name="asleep", value=None),
        d.SetClasses(classes=(cat,)),
        d.ChooseClass(label="cat"),
        d.MoveObject(object=2, place=0),
        d.MergeObjects(object=2, others=(1, 7)),
        d.SplitObject(object=2),
        d.CutOverlap(object=2, loser="others"),
        d.ShowObject(object=2, visible=False),
        d.SelectObject(object=1),
        d.AddPoint(object=1, x=1.5, y=2.0, label=0),
        d.MovePoint(object=1, index=0, x=3.0, y=4.0),
        d.RemovePoint(object=1, index=0),
        d.SetBox(object=1, box=(1.0, 2.0, 3.0, 4.0)),
        d.SetBox(object=1, box=None),
        e.SetThreshold(object=1, threshold=1.5),
        e.AddStroke(object=1, path="8`0h00", width=3.5, label=0),
        e.RemoveStroke(object=1, index=0),
        e.PaintMask(object=1, path="8`0h00", width=0.0, label=1),
        e.SetMask(object=1, counts="o12oc4"),
        e.SetMask(object=1, counts=None),
        e.KeepMask(object=1, kept=False),
        d.ChooseCandidate(object=1, candidate=1),
        d.ChooseCandidate(object=1, candidate=None),
        d.ClearPrompts(object=1),
        d.RemoveObject(object=2),
    )
    who = {"view": "v1", "seq": 3}
    return [
        m.Hello(view="v1", seq=0, version=m.VERSION),
        m.EditRequest(view="v1", seq=1, rev=4, edits=edits),
        m.HistoryRequest(view="v1", seq=2, direction="undo"),
        m.PictureRequest(view="v1", seq=3, width=320),
        m.HoverRequest(view="v1", seq=4, x=1.5, y=2.0, side=64),
        m.CandidatesRequest(view="v1", seq=4, object=1),
        m.EverythingRequest(view="v1", seq=5, action="look"),
        m.KeepRequest(view="v1", seq=6, run=2, proposals=(0, 4), merged=True),
        m.Ping(view="v1", seq=5),
        m.Snapshot(
            **who, version=m.VERSION, epoch="e", picture=picture, document=document, status=status, buffers=(rle,)
        ),
        m.Ack(**who, rev=5),
        m.PictureData(**who, key="0f", buffers=(jpeg,)),
        m.CandidatesData(**who, object=1, rev=5, buffers=(raw,)),
        m.HoverData(**who, score=0.5, buffers=(raw,)),
        m.EverythingData(
            **who,
            everything=everything,
            proposals=(ProposalView(score=0.91, stability=0.8, area=321),),
            buffers=(rle,),
        ),
        m.EverythingChanged(epoch="e", everything=everything),
        m.Pong(**who, epoch="e", rev=5),
        m.Failure(**who, code="invalid", message="the point (900, 2) lies outside the picture"),
        m.DocumentChanged(epoch="e", document=document),
        m.ObjectResult(epoch="e", object=1, rev=5, scores=scores, area=321, buffers=(raw, rle)),
        m.ObjectResult(epoch="e", object=7, rev=5, scores=None, area=0, buffers=()),
        m.StatusChanged(epoch="e", status=m.Status(state="error", text="no such picture")),
    ]


def files() -> dict[str, str]:
    """Every golden file's name and text."""
    rle = {
        "masks": [
            {
                "name": name,
                "height": mask.shape[0],
                "width": mask.shape[1],
                "rows": ["".join(".#"[int(v)] for v in row) for row in mask],
                "hex": encode_rle(mask).hex(),
            }
            for name, mask in masks().items()
        ],
        "broken": [{"name": name, "height": 4, "width": 4, "hex": text} for name, text in BROKEN.items()],
    }
    cases = []
    for name, (floats, (height, width)) in logits().items():
        values = floats.round(4).astype(np.float32)
        data, scale = encode_logits8(values)
        large = torch.nn.functional.interpolate(torch.from_numpy(values)[None], (height, width), mode="bilinear")[0]
        cases.append(
            {
                "name": name,
                "shape": list(values.shape),
                "logits": [round(float(v), 4) for v in values.ravel()],
                "hex": data.hex(),
                "scale": scale,
                "picture": {"height": height, "width": width},
                "masks": [encode_rle(mask.numpy() > 0).hex() for mask in large],
                "tolerance": 0.01,
            }
        )
    unions = (m.Request, m.Reply, m.Event, v.VideoRequest, v.VideoReply, v.VideoEvent, n.LabelRequest, n.LabelReply)
    kinds = {kind.__name__: [] for union in unions for kind in get_args(union)} | {"LabelChanged": []}
    for message in (*messages(), *video_messages(), *label_messages()):
        kinds[type(message).__name__].append(encode_message(message))  # type: ignore[arg-type]
    contents = {"rle": rle, "logits": {"cases": cases}, "messages": kinds}
    return {f"{name}.json": json.dumps(value, indent=1, ensure_ascii=False) + "\n" for name, value in contents.items()}


if __name__ == "__main__":
    for name, text in files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
