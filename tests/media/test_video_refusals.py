"""What is no video, or only part of one, is named for what it is, at once and in words."""

import time
from pathlib import Path

import numpy as np
import pytest

from sam2_notebook.errors import MediaError
from sam2_notebook.media import open_video

from .pictures import encoded, pattern_rgb
from .videos import FRAMES, Recipe, plainly_decoded, write, write_sound

CONTAINERS = {
    "mp4": Recipe(gop=5, container_options={"movflags": "faststart"}),
    "mkv": Recipe(ending="mkv", gop=5),
    "webm": Recipe(ending="webm", codec="libvpx-vp9", gop=5, options={"cpu-used": "8", "deadline": "realtime"}),
    "avi": Recipe(ending="avi", codec="mpeg4", gop=5),
    "ts": Recipe(ending="ts", gop=5),
}


def refusal(source: object) -> str:
    """The words of the refusal, which has to come quickly."""
    started = time.process_time()
    with pytest.raises(MediaError) as caught:
        open_video(source)  # pyright: ignore[reportArgumentType]
    assert time.process_time() - started < 1
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("empty.mp4", b"", "empty"),
        ("note.mp4", b"The video is in the other folder.\n", "text file"),
        ("page.mp4", b"<!DOCTYPE html><html></html>", "web page"),
        ("pointer.mp4", b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        ("song.mp4", b"ID3\x03\0\0\0" + bytes(50), "sound"),
        ("photo.mp4", encoded(pattern_rgb(), "JPEG"), "JPEG picture"),
        ("noise.mp4", bytes(range(256)), "does not know"),
        ("hollow.mp4", b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", "cut short"),
    ],
)
def test_foreign_files_are_named_for_what_they_are(name: str, data: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    for message in (refusal(path), refusal(str(path))):
        assert name in message
        assert words in message
    assert words in refusal(data)


def test_missing_files_folders_and_addresses(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "gone.mp4")
    assert "no such file" in refusal("")
    assert "no pictures" in refusal(tmp_path)
    assert "web address" in refusal("https://example.org/clip.mp4")
    assert "a device or a pipe" in refusal("/dev/zero")
    assert "list of 0" in refusal([])
    assert "no video" in refusal(None)
    assert "no video" in refusal(3)
    assert "no video" in refusal({"frames": []})


@pytest.mark.parametrize(
    "given", [{"fps": "a"}, {"fps": 0}, {"fps": float("nan")}, {"cache_bytes": -1}, {"cache_bytes": None}]
)
def test_settings_without_sense_are_refused(given: dict) -> None:
    with pytest.raises(MediaError, match="was asked for"):
        open_video(np.zeros((3, 8, 8, 3), np.uint8), **given)


@pytest.mark.parametrize("ending", ["mp4", "mkv", "m4a"])
def test_sound_without_a_picture_is_refused(ending: str, tmp_path: Path) -> None:
    message = refusal(write_sound(tmp_path / f"song.{ending}"))
    assert "sound" in message
    assert "song" in message


def test_a_video_without_a_frame_is_refused(tmp_path: Path) -> None:
    assert "frame" in refusal(write(tmp_path / "none.mkv", Recipe(ending="mkv", frames=0)))


@pytest.mark.parametrize("ending", ["mp4", "mkv", "webm", "avi"])
def test_a_truncated_file_says_how_many_frames_are_left(ending: str, tmp_path: Path) -> None:
    whole = write(tmp_path / f"whole.{ending}", CONTAINERS[ending])
    path = tmp_path / f"cut.{ending}"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    wanted = plainly_decoded(whole)
    with open_video(path, cache_bytes=0) as video:
        assert 5 < len(video) < FRAMES - 5
        assert video.note.startswith(f"{FRAMES} frames expected, {len(video)} decodable")
        assert video.note in repr(video)
        assert all(np.array_equal(video.frame(i), wanted[i]) for i in reversed(range(len(video))))


def test_a_transport_stream_that_lost_its_beginning_starts_at_a_key_frame(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.ts", CONTAINERS["ts"])
    data = whole.read_bytes()
    path = tmp_path / "late.ts"
    path.write_bytes(data[188 * (len(data) // 188 // 4) :])
    wanted = plainly_decoded(whole)
    with open_video(path, cache_bytes=0) as video:
        missing = FRAMES - len(video)
        assert 0 < missing < FRAMES
        assert missing % 5 == 0
        assert all(np.array_equal(video.frame(i), wanted[i + missing]) for i in reversed(range(len(video))))


def test_a_header_that_promises_too_much_is_not_believed(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.avi", CONTAINERS["avi"])
    data = bytearray(whole.read_bytes())
    for tag, offset in ((b"avih", 24), (b"strh", 40)):
        place = data.index(tag) + offset
        data[place : place + 4] = (1999).to_bytes(4, "little")
    with open_video(bytes(data)) as video:
        assert len(video) == FRAMES
        assert video.note.startswith(f"1999 frames expected, {FRAMES} decodable")


def test_frames_too_large_are_refused_from_the_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "clip.mp4", Recipe())
    monkeypatch.setattr("sam2_notebook.media.video_decoder.MAX_FRAME_PIXELS", 3000)
    assert "80 x 48 = 0.0 megapixels; the limit" in refusal(path)
