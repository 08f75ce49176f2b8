"""Frames into files and back."""

from pathlib import Path

import numpy as np
import pytest

from sam2_notebook.errors import MediaError
from sam2_notebook.media import open_video, write_video
from sam2_notebook.training.scenes import make_scene
from sam2_notebook.values.geometry import Size

from .videos import picture

ENDINGS = ["mp4", "mov", "mkv", "webm", "gif", "webp"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_was_written_is_read_again(ending: str, tmp_path: Path) -> None:
    scene = make_scene(3, Size(height=64, width=96))
    frames = [scene.render(t / 10).pixels for t in range(8)]
    path = write_video(tmp_path / f"clip.{ending}", iter(frames), fps=10)
    with open_video(path) as video:
        assert len(video) == 8
        assert video.size == scene.size
        assert video.fps == pytest.approx(10, rel=0.01)
        for i in range(8):
            assert np.abs(video.frame(i).astype(int) - frames[i]).mean() < 12


@pytest.mark.parametrize("ending", ["mp4", "webm"])
def test_odd_sizes_grow_by_a_pixel(ending: str, tmp_path: Path) -> None:
    path = write_video(tmp_path / f"clip.{ending}", [picture(0, (33, 47))] * 2)
    assert open_video(path).size == Size(height=34, width=48)


def test_a_failed_export_leaves_the_older_file(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", [picture(0)] * 3)
    before = path.read_bytes()
    with pytest.raises(MediaError, match="frame 1"):
        write_video(path, [picture(0), picture(1)[:10]])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "frames", "fps", "words"),
    [
        ("clip.mp5", [picture(0)], 25, "names no video format"),
        ("clip.mp4", [], 25, "no frame"),
        ("clip.gif", [], 25, "no frame"),
        ("clip.mp4", [picture(0) / 255], 25, "float64"),
        ("clip.mp4", [picture(0)[..., 0]], 25, "shape"),
        ("clip.mp4", [picture(0)], 0, "frames per second"),
        ("clip.mp4", [picture(0)], float("nan"), "frames per second"),
        ("gone/clip.mp4", [picture(0)], 25, "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_said(name: str, frames: list, fps: float, words: str, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=words):
        write_video(tmp_path / name, frames, fps)
    assert not list(tmp_path.iterdir())
