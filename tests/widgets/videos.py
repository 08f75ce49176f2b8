"""A small video, a predictor for it, and a page that speaks to a widget's desk."""

import time
from collections.abc import Callable
from functools import cache

import numpy as np

from sam2_notebook.predict import VideoPredictor
from sam2_notebook.protocol.messages import VERSION
from sam2_notebook.widgets.video import VideoSegmenter
from tests.predict.video_clips import clip, video_model
from tests.widgets.discs import Wire

FRAMES = 12
NEW = {"kind": "add_object", "object": 1}
CLICK = {"kind": "add_point", "object": 1, "x": 30.0, "y": 20.0, "label": 1}
TRACK = {"type": "track", "direction": "both", "objects": None, "start": None, "first": None, "last": None}


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something has come about."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.01)


@cache
def predictor() -> VideoPredictor:
    """Seeded random weights: what a widget does needs no quality."""
    return VideoPredictor(video_model(), device="cpu")


def video(frames: int = FRAMES) -> np.ndarray:
    """A scene in motion, (frames, 60, 80, 3)."""
    return clip()[:frames]


def frames_request(frames: list[int], **changes: object) -> dict:
    request = {
        "type": "frames",
        "frames": frames,
        "width": 40,
        "quality": 80,
        "purpose": "show",
        "generation": 0,
        "preview": False,
    }
    return {**request, **changes}


class VideoPage:
    """A page of a widget: posts requests, waits for answers."""

    def __init__(self, widget: VideoSegmenter, view: str = "page", wire: Wire | None = None) -> None:
        self.widget, self.view, self.seq = widget, view, 0
        self.wire = wire or Wire()
        widget._desk.channel.send = self.wire.send
        self.snapshot, self.lanes = self.ask(type="hello", version=VERSION)

    def post(self, **body: object) -> int:
        """Send a request and return its seq."""
        self.seq += 1
        self.widget._desk.channel.receive({"view": self.view, "seq": self.seq, **body})
        return self.seq

    def ask(self, **body: object) -> tuple[dict, list[bytes]]:
        """Send a request and wait for the answer."""
        return self.wire.answer(self.view, self.post(**body))

    def edit(self, frame: int, *edits: dict) -> dict:
        """Make edits on the newest revision."""
        return self.ask(type="video_edit", rev=self.widget.revision, frame=frame, edits=list(edits))[0]

    def masks(self, *frames: int) -> dict[tuple[int, int], dict]:
        """The masks of some frames, by frame and object."""
        content, _ = self.ask(type="masks", frames=list(frames))
        return {(m["frame"], m["object"]): m for m in content["masks"]}
