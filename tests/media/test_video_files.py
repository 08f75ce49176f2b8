"""Video files of many kinds: every frame by number is byte for byte what decoding from the beginning gives."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import Colorspace

from sam2_notebook.errors import MediaError
from sam2_notebook.media import open_video
from sam2_notebook.media.video_decoder import FileReel
from sam2_notebook.values.frames import FrameSource

from .videos import FRAMES, SIZE_HW, Recipe, picture, plainly_decoded, with_display_matrix, write

FAST = {"cpu-used": "8", "deadline": "realtime"}
MATRIX = [
    Recipe(),
    Recipe(b_frames=3),
    Recipe(gop=1),
    Recipe(gop=300, b_frames=2),
    Recipe(b_frames=2, options={"x264-params": "open-gop=1"}),
    Recipe(options={"x264-params": "intra-refresh=1"}),
    Recipe(pixels="yuv444p"),
    Recipe(pixels="yuv420p10le", b_frames=2),
    Recipe(container_options={"movflags": "frag_keyframe+empty_moov"}),
    Recipe(container_options={"movflags": "faststart"}),
    Recipe(codec="libx265", b_frames=3),
    Recipe(codec="libx265", pixels="yuv420p10le", ending="mkv"),
    Recipe(codec="libx265", b_frames=3, options={"x265-params": "open-gop=1:log-level=none"}),
    Recipe(codec="libsvtav1", options={"preset": "12", "crf": "20"}),
    Recipe(codec="mpeg4", b_frames=2),
    Recipe(ending="mov", codec="prores_ks", pixels="yuv422p10le"),
    Recipe(ending="mov", codec="mjpeg", pixels="yuvj420p"),
    Recipe(ending="mov", codec="qtrle", pixels="rgb24"),
    Recipe(ending="mkv", b_frames=3),
    Recipe(ending="mkv", codec="ffv1", pixels="yuv444p"),
    Recipe(ending="webm", codec="libvpx-vp9", options=FAST),
    Recipe(ending="webm", codec="libvpx", options=FAST),
    Recipe(ending="avi", codec="mpeg4", b_frames=2),
    Recipe(ending="avi", b_frames=2),
    Recipe(ending="avi", codec="mjpeg", pixels="yuvj420p"),
    Recipe(ending="ts", b_frames=3),
    Recipe(ending="mpg", codec="mpeg2video", b_frames=2),
    Recipe(ending="flv"),
    Recipe(ending="h264", container="h264", b_frames=2),
]


ORDERS = {
    "forward": list(range(FRAMES)),
    "backward": list(range(FRAMES))[::-1],
    "random": np.random.default_rng(0).permutation(FRAMES).tolist(),
}


@pytest.mark.parametrize("recipe", MATRIX, ids=Recipe.name)
def test_random_access_equals_decoding_from_the_beginning(recipe: Recipe, tmp_path: Path) -> None:
    path = write(tmp_path / f"clip.{recipe.ending}", recipe)
    wanted = plainly_decoded(path)
    assert len(wanted) == FRAMES
    assert nearest_picture(wanted[7]) == 7
    for cached_frames, order in ((0, "random"), (0, "forward"), (10, "backward"), (10, "random")):
        with open_video(path, cache_bytes=cached_frames * wanted[0].nbytes) as video:
            assert len(video) == FRAMES
            assert not [i for i in ORDERS[order] if not np.array_equal(video.frame(i), wanted[i])]


@pytest.mark.parametrize("recipe", MATRIX, ids=Recipe.name)
def test_what_a_video_says_of_itself(recipe: Recipe, tmp_path: Path) -> None:
    path = write(tmp_path / f"clip.{recipe.ending}", recipe)
    for source in (path, str(path), path.read_bytes()):
        with open_video(source) as video:
            assert isinstance(video, FrameSource)
            assert (video.size.height, video.size.width) == SIZE_HW
            assert video.fps == pytest.approx(25, rel=0.02)
            np.testing.assert_allclose(video.timestamps, np.arange(FRAMES) / 25, atol=0.001)
            assert video.is_complete
            assert not video.note
            assert video.has(FRAMES - 1)
            assert not video.has(FRAMES)
            assert not video.frame(3).flags.writeable


def nearest_picture(pixels: np.ndarray) -> int:
    return int(np.argmin([np.abs(pixels.astype(int) - picture(i)).mean() for i in range(FRAMES)]))


def test_reference_frames_that_are_never_shown_are_not_counted(tmp_path: Path) -> None:
    """VP8 stores them as packets of their own, with a bit that says so."""
    path = write(tmp_path / "clip.webm", Recipe(ending="webm", codec="libvpx", options=FAST))
    with av.open(str(path)) as container:
        hidden = [bytes(packet) for packet in container.demux(video=0)][9]
    data = path.read_bytes()
    path.write_bytes(data.replace(hidden, bytes([hidden[0] & ~0x10]) + hidden[1:]))
    wanted = plainly_decoded(path)
    assert len(wanted) == FRAMES - 1
    with open_video(path, cache_bytes=0) as video:
        assert len(video) == FRAMES - 1
        assert all(np.array_equal(video.frame(i), wanted[i]) for i in reversed(range(FRAMES - 1)))


def test_variable_frame_rate_keeps_the_times_of_its_frames(tmp_path: Path) -> None:
    steps = np.random.default_rng(1).integers(7, 400, FRAMES - 1)
    times_ms = [0, *np.cumsum(steps).tolist()]
    for ending in ("mkv", "mp4"):
        path = write(tmp_path / f"clip.{ending}", Recipe(ending=ending, times_ms=times_ms, b_frames=2))
        with open_video(path, cache_bytes=0) as video:
            np.testing.assert_allclose(video.timestamps, np.array(times_ms) / 1000, atol=0.0011)
            wanted = plainly_decoded(path)
            assert not [i for i in ORDERS["random"] if not np.array_equal(video.frame(i), wanted[i])]


@pytest.mark.parametrize(
    ("matrix", "upright"),
    [
        ((1, 0, 0, 1), lambda p: p),
        ((0, 1, -1, 0), lambda p: np.rot90(p, -1)),
        ((-1, 0, 0, -1), lambda p: np.rot90(p, 2)),
        ((0, -1, 1, 0), np.rot90),
        ((-1, 0, 0, 1), lambda p: p[:, ::-1]),
        ((1, 0, 0, -1), lambda p: p[::-1]),
        ((0, 1, 1, 0), lambda p: p.swapaxes(0, 1)),
    ],
    ids=["as stored", "right", "upside down", "left", "mirrored", "flipped", "transposed"],
)
def test_frames_come_upright(matrix, upright, tmp_path: Path) -> None:
    stored = write(tmp_path / "stored.mp4", Recipe(b_frames=2))
    path = tmp_path / "turned.mp4"
    path.write_bytes(with_display_matrix(stored.read_bytes(), *matrix))
    wanted = [upright(frame) for frame in plainly_decoded(stored)]
    with open_video(path) as video:
        assert (video.size.height, video.size.width) == wanted[0].shape[:2]
        for i in (0, 17, 5):
            assert np.array_equal(video.frame(i), wanted[i])


@pytest.mark.parametrize(("rows", "matrix"), [(480, "ITU601"), (720, "ITU709")])
def test_untagged_colours_are_those_players_assume(rows: int, matrix: str, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    colour = (200, 30, 60)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, rows, "yuv420p"
        plain = av.VideoFrame.from_ndarray(np.full((rows, 64, 3), colour, np.uint8), format="rgb24")
        frame = plain.reformat(format="yuv420p", dst_colorspace=Colorspace[matrix])
        frame.colorspace = 2  # unspecified
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with open_video(path) as video:
        assert np.abs(video.frame(0).astype(int) - colour).max() <= 4


def test_a_second_file_of_the_container_family_is_not_followed(tmp_path: Path) -> None:
    """Play lists and concat scripts name other files; FFmpeg left to guess would open them."""
    write(tmp_path / "real.mp4", Recipe())
    for text in ("ffconcat version 1.0\nfile real.mp4\n", "#EXTM3U\n#EXTINF:1,\nreal.mp4\n"):
        (tmp_path / "list.mp4").write_text(text)
        with pytest.raises(MediaError, match=r"list\.mp4.*text file"):
            open_video(tmp_path / "list.mp4")


def test_reading_on_decodes_every_frame_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "clip.mkv", Recipe(ending="mkv", gop=6, b_frames=2))
    with open_video(path, cache_bytes=0) as video:
        seeks: list[int] = []
        monkeypatch.setattr(FileReel, "_go", lambda reel, key: seeks.append(key))
        for i in range(FRAMES):
            assert nearest_picture(video.frame(i)) == i
        assert not seeks


def test_no_more_is_kept_than_the_cache_may_hold(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.mp4", Recipe(gop=300))
    frame_bytes = picture(0).nbytes
    with open_video(path, cache_bytes=5 * frame_bytes) as video:
        for i in [*range(FRAMES), *reversed(range(FRAMES))]:
            video.frame(i)
            assert sum(frame.nbytes for frame in video._cache.values()) <= 5 * frame_bytes


def test_threads_share_a_video(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.mp4", Recipe(b_frames=2))
    wanted = plainly_decoded(path)
    with open_video(path, cache_bytes=3 * wanted[0].nbytes) as video, ThreadPoolExecutor(6) as pool:
        order = np.random.default_rng(2).integers(0, FRAMES, 240).tolist()
        assert all(pool.map(lambda i: np.array_equal(video.frame(i), wanted[i]), order))


def test_a_closed_video_says_so_and_frames_handed_out_stay_good(tmp_path: Path) -> None:
    video = open_video(write(tmp_path / "clip.mp4", Recipe()))
    frame, copy = video.frame(4), video.frame(4).copy()
    video.close()
    video.close()
    assert np.array_equal(frame, copy)
    assert not video.has(4)
    with pytest.raises(MediaError, match="closed"):
        video.frame(4)


@pytest.mark.parametrize("ending", ["mp4", "ts"])
def test_a_file_that_goes_away_is_told_of_and_read_again_when_it_is_back(ending: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"clip.{ending}", Recipe(ending=ending, gop=6, b_frames=2))
    wanted = plainly_decoded(path)
    with open_video(path, cache_bytes=0) as video:
        video.frame(20)
        path.rename(tmp_path / "elsewhere")
        with pytest.raises(MediaError, match="no longer there"):
            video.frame(0)
        for index in (14, 2, 27):  # whether these can be read depends on the container; none may end the process
            with suppress(MediaError):
                assert np.array_equal(video.frame(index), wanted[index])
        (tmp_path / "elsewhere").rename(path)
        assert all(np.array_equal(video.frame(i), wanted[i]) for i in (14, 2, 27, 0))


@pytest.mark.parametrize("index", [-1, FRAMES, 2**40, None, 1.0, True, "1", float("nan")])
def test_an_unknown_frame_is_refused(index, tmp_path: Path) -> None:
    with open_video(write(tmp_path / "clip.mp4", Recipe())) as video:
        with pytest.raises(MediaError, match="0 to 29"):
            video.frame(index)
        assert video.frame(int(np.int64(3))).shape == (*SIZE_HW, 3)


def test_an_open_video_is_taken_as_it_is(tmp_path: Path) -> None:
    video = open_video(write(tmp_path / "clip.mp4", Recipe()))
    assert open_video(video) is video
    assert "clip.mp4" in repr(video)
