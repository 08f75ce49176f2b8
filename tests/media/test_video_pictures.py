"""Folders, lists, arrays, animations and streams are videos too."""

import io
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from sam2_notebook.errors import MediaError
from sam2_notebook.media import open_video
from sam2_notebook.values.frames import FrameSource

from .videos import picture

CLIP = np.stack([picture(i, (20, 28)) for i in range(12)])


def save(path: Path, pixels: np.ndarray) -> None:
    PillowImage.fromarray(pixels).save(path)


def test_a_folder_is_read_in_natural_order(tmp_path: Path) -> None:
    for i, pixels in enumerate(CLIP):
        save(tmp_path / f"Frame{i}.{'png' if i % 2 else 'PNG'}", pixels)
    (tmp_path / "notes.txt").write_text("not a frame")
    (tmp_path / ".hidden.png").write_bytes(b"")
    (tmp_path / "more.png").mkdir()
    with open_video(tmp_path, fps=10) as video:
        assert isinstance(video, FrameSource)
        assert len(video) == 12
        assert video.name == tmp_path.name
        assert video.timestamps[11] == pytest.approx(1.1)
        assert all(np.array_equal(video.frame(i), CLIP[i]) for i in (11, 2, 10, 0))


def test_a_frame_of_another_size_is_named(tmp_path: Path) -> None:
    for i in range(3):
        save(tmp_path / f"{i}.png", CLIP[i] if i < 2 else CLIP[i][:10])
    video = open_video(tmp_path)
    video.frame(1)
    with pytest.raises(MediaError, match="frame 2 is 28 x 10 and frame 0 is 28 x 20"):
        video.frame(2)


def test_a_broken_frame_leaves_the_others_readable(tmp_path: Path) -> None:
    for i in range(3):
        save(tmp_path / f"{i}.png", CLIP[i])
    (tmp_path / "1.png").write_bytes(b"")
    video = open_video(tmp_path)
    with pytest.raises(MediaError, match=r"1\.png"):
        video.frame(1)
    assert np.array_equal(video.frame(2), CLIP[2])


def test_a_list_holds_paths_arrays_or_pillow_images(tmp_path: Path) -> None:
    save(tmp_path / "first.png", CLIP[0])
    video = open_video([tmp_path / "first.png", CLIP[1], PillowImage.fromarray(CLIP[2])])
    assert all(np.array_equal(video.frame(i), CLIP[i]) for i in range(3))


@pytest.mark.parametrize(
    ("array", "wanted"),
    [
        (CLIP, CLIP),
        (CLIP[..., :1], CLIP[..., [0, 0, 0]]),
        (CLIP[..., 0], CLIP[..., [0, 0, 0]]),
        (CLIP / np.float32(255), CLIP),
        (CLIP[::-2], CLIP[::-2]),
        (np.concatenate((CLIP, np.full_like(CLIP[..., :1], 255)), axis=-1), CLIP),
        (CLIP > 127, (CLIP > 127) * np.uint8(255)),
    ],
    ids=["rgb", "one channel", "grey", "float", "strided", "rgba", "bool"],
)
def test_an_array_has_time_first(array: np.ndarray, wanted: np.ndarray) -> None:
    video = open_video(array)
    assert len(video) == len(wanted)
    assert all(np.array_equal(video.frame(i), wanted[i]) for i in range(len(wanted)))


def test_sixteen_bit_frames_share_one_range_so_that_they_do_not_flicker() -> None:
    steps = np.linspace(0, 60_000, 40).astype(np.uint16)
    video = open_video(np.broadcast_to(steps[:, None, None], (40, 8, 8)))
    levels = [int(video.frame(i)[0, 0, 0]) for i in range(40)]
    assert levels[0] == 0
    assert levels[-1] == 255
    assert np.diff(levels).min() >= 0


def test_a_memory_mapped_array_is_not_read_whole(tmp_path: Path) -> None:
    np.save(tmp_path / "clip.npy", CLIP)
    video = open_video(np.load(tmp_path / "clip.npy", mmap_mode="r"))
    assert np.array_equal(video.frame(5), CLIP[5])
    assert not np.shares_memory(video.frame(5), CLIP)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((4, 3, 8, 9), np.uint8), "transpose"),
        (np.zeros((8, 9), np.uint8), "no video"),
        (np.zeros((0, 8, 9, 3), np.uint8), "empty"),
        (np.zeros((2, 0, 9, 3), np.uint8), "no pixels"),
        (np.array([["a"]]), "no video"),
    ],
)
def test_arrays_of_other_shapes_are_refused(array: np.ndarray, words: str) -> None:
    with pytest.raises(MediaError, match=words):
        open_video(array)


@pytest.mark.parametrize("ending", ["gif", "webp", "png"])
def test_an_animation_keeps_the_delays_of_its_frames(ending: str, tmp_path: Path) -> None:
    frames = [PillowImage.fromarray(np.full((20, 28, 3), shade, np.uint8)) for shade in range(0, 240, 20)]
    delays_ms = [40 + 10 * i for i in range(12)]
    path = tmp_path / f"clip.{ending}"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=delays_ms, loop=0)
    for source in (path, path.read_bytes()):
        with open_video(source, cache_bytes=0) as video:
            assert len(video) == 12
            np.testing.assert_allclose(video.timestamps, np.cumsum([0, *delays_ms[:-1]]) / 1000, atol=1e-6)
            for i in (11, 0, 7, 6, 8):
                assert np.abs(video.frame(i).astype(int) - 20 * i).max() <= 2


def stream(count: int) -> Iterator[np.ndarray]:
    yield from (picture(i, (20, 28)) for i in range(count))


def test_a_stream_shows_what_has_come_and_keeps_a_window() -> None:
    video = open_video(stream(30), cache_bytes=4 * CLIP[0].nbytes)
    assert isinstance(video, FrameSource)
    assert not video.is_complete
    assert len(video) == 1
    assert video.has(9)
    assert len(video) == 10
    assert np.array_equal(video.frame(12), picture(12, (20, 28)))
    assert np.array_equal(video.frame(9), picture(9, (20, 28)))
    with pytest.raises(MediaError, match="frame 8 has gone by, the oldest one kept is 9"):
        video.frame(8)
    assert not video.has(30)
    assert video.is_complete
    assert len(video) == 30
    assert "30 frames" in repr(video)


def test_an_endless_stream_is_only_drawn_as_far_as_asked() -> None:
    drawn: list[int] = []

    def camera() -> Iterator[np.ndarray]:
        while True:
            drawn.append(1)
            yield CLIP[0]

    source = camera()
    with open_video(source) as video:
        assert video.has(4)
        assert len(drawn) == 5
    assert next(source, None) is None  # closed with the video


def test_who_waits_for_a_stream_holds_up_nobody_who_reads_what_has_come() -> None:
    sleeps, wakes = threading.Event(), threading.Event()

    def camera() -> Iterator[np.ndarray]:
        yield from (CLIP[0], CLIP[1])
        sleeps.set()
        wakes.wait(10)
        yield CLIP[2]

    video = open_video(camera())
    assert video.has(1)
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(video.has, 2)
        assert sleeps.wait(10)
        assert np.array_equal(pool.submit(video.frame, 0).result(5), CLIP[0])
        assert pool.submit(video.has, 1).result(5)
        pool.submit(video.close).result(5)
        assert not waiting.done()
        wakes.set()
        assert waiting.result(5) is False


def test_a_stream_that_breaks_off_says_why() -> None:
    def camera() -> Iterator[np.ndarray]:
        yield CLIP[0]
        raise OSError("no signal")

    video = open_video(camera())
    with pytest.raises(MediaError, match=r"broke off after 1 frame \(OSError: no signal\)"):
        video.has(1)
    assert np.array_equal(video.frame(0), CLIP[0])


def test_streams_that_bring_nothing_or_something_else_are_refused() -> None:
    with pytest.raises(MediaError, match="before the first frame"):
        open_video(iter([]))
    video = open_video(iter([CLIP[0], CLIP[1][:5]]))
    with pytest.raises(MediaError, match="frame 1 is 28 x 5"):
        video.has(1)


def test_file_objects_are_read_whole(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    PillowImage.fromarray(CLIP[0]).save(buffer, "GIF", save_all=True, append_images=[PillowImage.fromarray(CLIP[5])])
    assert len(open_video(buffer)) == 2


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files the Linux way")
def test_no_file_stays_open(tmp_path: Path) -> None:
    frames = [PillowImage.fromarray(p) for p in CLIP]
    frames[0].save(tmp_path / "clip.gif", save_all=True, append_images=frames[1:])
    (tmp_path / "broken.gif").write_bytes((tmp_path / "clip.gif").read_bytes()[:20])
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with open_video(tmp_path / "clip.gif") as video:
            video.frame(3)
        with pytest.raises(MediaError):
            open_video(tmp_path / "broken.gif")
    assert len(os.listdir("/proc/self/fd")) == before
