"""Frames into files and back."""

from pathlib import Path

import numpy as np
import pytest

from sam2_notebook.errors import MediaError
from sam2_notebook.media import open_video, write_video
from sam2_notebook.media.video_writer import VideoDraft
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


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv", "webm"])
def test_a_draft_takes_frames_as_they_come_and_shows_when_finished(ending: str, tmp_path: Path) -> None:
    draft = VideoDraft(tmp_path / f"clip.{ending}", fps=10)
    for index in range(90):
        draft.add(picture(index))
    (file,) = tmp_path.iterdir()
    assert file.name.startswith("."), "hidden until it is whole"
    path = draft.finish()
    draft.discard()
    assert list(tmp_path.iterdir()) == [path]
    with open_video(path) as video:
        assert len(video) == 90
        assert video.fps == pytest.approx(10, rel=0.01)


def test_a_draft_may_end_under_another_name(tmp_path: Path) -> None:
    draft = VideoDraft(tmp_path / "clip.mp4")
    draft.add(picture(0))
    assert draft.finish(tmp_path / "other.mp4") == tmp_path / "other.mp4"
    assert [p.name for p in tmp_path.iterdir()] == ["other.mp4"]


def test_a_refused_frame_leaves_those_before_it(tmp_path: Path) -> None:
    draft = VideoDraft(tmp_path / "clip.mp4")
    draft.add(picture(0))
    with pytest.raises(MediaError, match="frame 1"):
        draft.add(picture(1)[:10])
    draft.add(picture(1))
    assert len(open_video(draft.finish())) == 2


def test_a_draft_of_nothing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no frame"):
        VideoDraft(tmp_path / "clip.mp4").finish()
    begun = VideoDraft(tmp_path / "clip.mp4")
    begun.add(picture(0))
    begun.discard()
    with pytest.raises(MediaError, match="names no video format"):
        VideoDraft(tmp_path / "clip.gif")
    assert not list(tmp_path.iterdir())
