"""Earlier work on a video: taken up, followed on, or left where it lies."""

import sqlite3
from pathlib import Path

import pytest
from PIL import Image

from sam2_notebook.errors import EditError, MediaError
from sam2_notebook.media import write_video
from sam2_notebook.widgets.video import VideoSegmenter
from sam2_notebook.widgets.video_file import load_session
from tests.widgets.videos import FRAMES, predictor, video


@pytest.fixture(scope="module")
def clip_file(tmp_path_factory) -> Path:
    return write_video(tmp_path_factory.mktemp("clips") / "blocks.mp4", video())


def test_what_is_taken_up_is_followed_on_with_the_memory_of_the_frames_before(clip_file: Path, tmp_path) -> None:
    first = VideoSegmenter(clip_file, predictor(), autosave=False)
    first.add_point(0, 30, 20)
    first.propagate("forward", last=7).wait(60)
    path = first.save(tmp_path / "half.sam2video")
    first.propagate("forward").wait(60)
    again = VideoSegmenter.load(path, model=predictor(), autosave=False)
    again.propagate("forward").wait(60)
    assert list(again.masks) == list(range(FRAMES))
    assert again.memory(8)[1].recent == first.memory(8)[1].recent == (7, 6, 5, 4, 3, 2)
    assert again.memory(8)[1].prompted == (0,)
    assert again.memory(11)[1].recent == first.memory(11)[1].recent
    first.close()
    again.close()


def test_work_that_is_left_stays_on_the_disk_and_is_not_offered_again(clip_file: Path, tmp_path) -> None:
    folder = tmp_path / "sessions"
    widget = VideoSegmenter(clip_file, predictor(), autosave=folder)
    widget.add_point(3, 30, 20)
    widget.wait(60)
    path = widget.autosave
    assert path is not None
    widget.close()
    again = VideoSegmenter(clip_file, predictor(), autosave=folder)
    again.wait(60)
    again._desk.recover(accept=False)
    assert again.wait(60)
    assert len(again.notices) == 1
    assert str(path) in again.notices[0]
    again.close()
    third = VideoSegmenter(clip_file, predictor(), autosave=folder)
    assert third.wait(60)
    assert third.notices == ()
    third.close()
    assert [mask.frame for mask in load_session(path).masks] == [3]


def test_the_earlier_file_goes_only_once_its_masks_are_in_the_new_one(
    clip_file: Path, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "sessions"
    widget = VideoSegmenter(clip_file, predictor(), autosave=folder)
    widget.add_point(3, 30, 20)
    widget.propagate().wait(60)
    widget.wait(60)
    widget.close()
    again = VideoSegmenter(clip_file, predictor(), autosave=folder)
    again.wait(60)
    again.add_point(5, 10, 10)
    again.wait(60)
    counts: list[int] = []

    def spy(path: Path) -> None:
        assert again.autosave is not None
        with sqlite3.connect(f"file:{again.autosave}?immutable=1", uri=True) as database:
            counts.append(database.execute("SELECT count(DISTINCT frame) FROM masks").fetchone()[0])

    monkeypatch.setattr("sam2_notebook.widgets.video_desk.remove_session", spy)
    again.recover()
    assert counts == [FRAMES]
    again.close()


def test_a_disk_that_fails_is_not_littered_with_half_made_files(
    clip_file: Path, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "sessions"
    widget = VideoSegmenter(clip_file, predictor(), autosave=folder)
    monkeypatch.setattr("sam2_notebook.widgets.video_file._TABLES", "CREATE TABLE meta (key TEXT);;")
    for _ in range(3):
        widget.add_object()
        assert widget._desk.autosave.saved.state == "failed"
    assert list(folder.iterdir()) == []
    monkeypatch.undo()
    widget.add_object()
    assert widget._desk.autosave.saved.state == "saved"
    assert len([path for path in folder.iterdir() if path.suffix == ".sam2video"]) == 1
    widget.close()


def test_pictures_come_back_at_the_rate_they_were_given(tmp_path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    for number, pixels in enumerate(video(4)):
        Image.fromarray(pixels).save(folder / f"{number}.png")
    widget = VideoSegmenter(folder, predictor(), fps=5, autosave=False)
    widget.add_point(1, 30, 20)
    widget.wait(60)
    path = widget.save(tmp_path / "slow.sam2video")
    widget.close()
    for again in (
        VideoSegmenter.load(path, model=predictor(), autosave=False),
        VideoSegmenter.load(path, folder, predictor(), autosave=False),
    ):
        assert again._desk.video.fps == 5
        again.close()


def test_the_video_itself_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = write_video(tmp_path / "blocks.mp4", video())
    content = clip.read_bytes()
    monkeypatch.chdir(tmp_path)
    widget = VideoSegmenter(clip, predictor(), autosave=False)
    widget.add_point(3, 30, 20)
    widget.wait(60)
    (tmp_path / "link.mp4").symlink_to(clip)
    (tmp_path / "twin.mp4").hardlink_to(clip)
    for name in ("blocks.mp4", clip, tmp_path / "." / "blocks.mp4", "blocks", "link", "twin.mp4"):
        with pytest.raises(EditError, match="the video itself"):
            widget.export(name, "overlay")
    for name in ("blocks.mp4", "link.mp4"):
        with pytest.raises(MediaError, match="no saved session"):
            widget.save(name)
    assert widget.save(widget.save("work.sam2video")).is_file()
    assert clip.read_bytes() == content
    widget.close()
