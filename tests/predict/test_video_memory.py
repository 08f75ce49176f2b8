"""However long a video is, following objects through it takes no more memory."""

import gc
import os
from collections.abc import Iterator

import numpy as np
import psutil
import pytest

from sam2_notebook.predict import VideoPredictor, VideoSession
from sam2_notebook.training.scenes import make_scene
from sam2_notebook.values.geometry import Size

from .video_clips import video_model

SMALL = Size(height=32, width=48)


class SceneFrames:
    """A generated video of any length that holds one frame at a time."""

    def __init__(self, frames: int) -> None:
        self.name, self.size, self.fps, self.is_complete = "scene", SMALL, 25.0, True
        self.timestamps = range(frames)
        self._scene = make_scene(4, SMALL, things=2)

    def __len__(self) -> int:
        return len(self.timestamps)

    def has(self, index: int) -> bool:
        return 0 <= index < len(self)

    def frame(self, index: int) -> np.ndarray:
        return self._scene.render((index % 200) / 25).pixels

    def close(self) -> None:
        pass


def memories(session: VideoSession) -> tuple[int, int]:
    """How many maps and pointers the session holds of all objects."""
    banks = [track.bank for track in session._state.tracks.values()]
    found = [m for bank in banks for m in (*bank.prompted.values(), *bank.tracked.values())]
    return sum(m.map is not None for m in found), len(found)


def tracked(frames: int) -> Iterator[tuple[int, VideoSession]]:
    session = VideoPredictor(video_model(), device="cpu").open(SceneFrames(frames))
    session.add(0, 1, points=[[20, 15]])
    session.add(0, 2, box=[5, 5, 30, 25])
    for result in session.propagate():
        yield result.frame, session


def test_memories_stay_few_whichever_way_and_wherever_one_goes() -> None:
    session = VideoPredictor(video_model(), device="cpu").open(SceneFrames(200))
    session.add(60, 1, points=[[20, 15]])
    runs = (
        lambda: session.propagate(frames=80),
        lambda: session.propagate(direction="backward"),
        lambda: session.propagate(start=120, frames=30),
        lambda: session.propagate(direction="both", frames=40),
    )
    for run in runs:
        for _ in run():
            maps, pointers = memories(session)
            assert maps <= 6 * 13 + 1
            assert pointers <= 6 * 31 + 1
    list(session.propagate())
    maps, pointers = memories(session)
    assert maps <= 6 * 6
    assert pointers <= 6 * 16


@pytest.mark.timeout(3600)
def test_resident_memory_is_flat_after_frame_100() -> None:
    frames = int(os.environ.get("SAM2_NOTEBOOK_SOAK_FRAMES", "200"))  # ask for 10000 to see the long curve
    process, curve = psutil.Process(), []
    for frame, session in tracked(frames):
        if frame >= 100 and frame % 50 == 0:
            gc.collect()
            curve.append(process.memory_info().rss)
            maps, pointers = memories(session)
            assert maps <= 2 * 16
            assert pointers <= 2 * 33
    # what grows are the run lengths of the masks of two objects, with the frames that each was recalled from
    assert max(curve) - curve[0] < 8_000_000 + 2_000 * frames
