"""What tests of the video widget share: a clip that says its frame, and what to expect of a view of it."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenNotebook
from tests.e2e.page import NotebookPage
from tests.e2e.stage import Stage

WIDTH, HEIGHT = 160, 120
# The strip on top is as bright as the frame's number says, so that a picture tells which frame it is.
MAKE = """
import sys; sys.path.insert(0, {root!r})
import numpy as np, torch
torch.set_num_threads(1)
from sam2_notebook import VideoPredictor, VideoSegmenter
from tests.predict.video_clips import video_model
y, x = np.mgrid[:120, :160]
clip = np.zeros(({frames}, 120, 160, 3), np.uint8)
for i, frame in enumerate(clip):
    frame[:] = np.stack([90 + x / 8, 110 + y / 8, 100 + 0 * x], -1)
    frame[np.hypot(x - 40 - i % 60, y - 60) < 20] = (220, 40, 40)
    frame[:16] = i % 50 * 5
widget = VideoSegmenter(clip, VideoPredictor(video_model(), device="cpu"), autosave="saved", height=640)
"""
RED = (40.5, 60.5)
FRAMES = 16
WAIT_SECONDS = 20.0


def show(open_notebook: OpenNotebook, frames: int, *more: str) -> tuple[NotebookPage, Stage]:
    """A notebook that shows the widget, ready for clicks."""
    make = MAKE.format(root=str(Path(__file__).parents[2]), frames=frames)
    notebook = open_notebook([make, "widget", *more])
    notebook.run(0, 1)
    stage = notebook.stage(cell=1)
    stage.expect_status("ready")
    return notebook, stage


def expect_frame(stage: Stage, frame: int) -> None:
    """Wait until the stage shows a frame, and its picture is that frame's."""
    expect(stage.root).to_have_attribute("data-shown", str(frame))
    wanted = pytest.approx(frame % 50 * 5, abs=4)
    until(stage, lambda: stage.pixel("picture", 80.5, 8.5)[0] == wanted, f"the picture is not of frame {frame}")


def expect_track(stage: Stage, state: str, timeout_ms: float = 60_000) -> None:
    expect(stage.root).to_have_attribute("data-track", state, timeout=timeout_ms)


def expect_mask(stage: Stage, x: float, y: float) -> None:
    """Wait until a mask is drawn at an image point."""
    until(stage, lambda: stage.pixel("masks", x, y)[3] > 0, f"no mask at {x}, {y}")


def expect_agreement(notebook: NotebookPage, stage: Stage, frame: int) -> None:
    """Wait until page and kernel have the same mask, at a grid of places that are away from its outline."""
    packed = notebook.kernel_value(f"np.packbits(widget.masks[{frame}][1]).tolist()")
    said = np.unpackbits(np.array(packed, dtype=np.uint8)).reshape(HEIGHT, WIDTH).astype(bool)
    wanted: dict[tuple[float, float], bool] = {}
    for y in range(24, HEIGHT - 4, 16):
        for x in range(4, WIDTH - 4, 16):
            around = said[y - 2 : y + 3, x - 2 : x + 3]
            if around.all() or not around.any():
                wanted[x + 0.5, y + 0.5] = bool(said[y, x])
    assert len(wanted) > 10
    points = list(wanted)

    def agrees() -> bool:
        drawn = stage.pixels("masks", points)
        return [color[3] > 0 for color in drawn] == list(wanted.values())

    until(stage, agrees, f"page and kernel have different masks in frame {frame}")


def until(stage: Stage, holds: Callable[[], bool], words: str) -> None:
    """Ask again and again until it holds; it fails in these words after as long as `expect` waits."""
    end = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < end, words
        stage.page.wait_for_timeout(30)
