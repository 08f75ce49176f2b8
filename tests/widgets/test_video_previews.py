"""Previews: small pictures of the very frames, made in the background within a budget, served while a view moves."""

import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sam2_notebook.media import open_video
from sam2_notebook.media.video import Video
from sam2_notebook.widgets.video import VideoSegmenter
from sam2_notebook.widgets.video_previews import Previews
from tests.media.videos import Recipe, plainly_decoded, write
from tests.widgets.videos import VideoPage, predictor, until

FRAMES = 90
GOP = 30


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A coded video in which every frame looks different."""
    steady = {"x264-params": "scenecut=0"}
    recipe = Recipe(gop=GOP, b_frames=2, frames=FRAMES, size_hw=(96, 160), options=steady)
    return write(tmp_path_factory.mktemp("previews") / "clip.mp4", recipe)


def made(path: Path, look: int, most_bytes: int, is_free: Callable[[], bool] = lambda: True) -> Previews:
    with open_video(path) as video:
        previews = Previews(video, lambda: open_video(path), is_free, most_bytes)
    previews.look(look)
    until(lambda: not previews.is_busy)
    return previews


def pixels_of(jpeg: tuple[bytes, tuple[int, int]]) -> np.ndarray:
    picture = np.asarray(Image.open(io.BytesIO(jpeg[0])))
    assert picture.shape[:2] == jpeg[1]
    return picture


def test_every_preview_is_of_its_own_frame(clip: Path) -> None:
    previews = made(clip, look=0, most_bytes=1 << 20)
    assert previews.count == FRAMES
    frames = np.stack(plainly_decoded(clip)).astype(np.float32)
    for index in range(FRAMES):
        jpeg = previews.get(index)
        assert jpeg is not None
        height, width = jpeg[1]
        seen = np.asarray(Image.fromarray(pixels_of(jpeg)).resize((160, 96))).astype(np.float32)
        assert (width / height) == pytest.approx(160 / 96, rel=0.05)
        assert int(np.abs(frames - seen).mean((1, 2, 3)).argmin()) == index
    previews.close()


def test_those_around_the_frame_looked_at_are_kept_within_the_budget(clip: Path) -> None:
    whole = made(clip, look=0, most_bytes=1 << 20)
    sizes = [len(jpeg[0]) for i in range(FRAMES) if (jpeg := whole.get(i))]
    budget = sum(sizes) // 2
    previews = made(clip, look=FRAMES - 1, most_bytes=budget)
    kept = [i for i in range(FRAMES) if previews.get(i)]
    assert sum(len(previews.get(i)[0]) for i in kept) <= budget  # pyright: ignore[reportOptionalSubscript]
    assert kept[-1] == FRAMES - 1
    assert min(kept) > FRAMES // 4
    previews.look(0)
    until(lambda: not previews.is_busy)
    kept = [i for i in range(FRAMES) if previews.get(i)]
    assert kept[0] == 0
    assert max(kept) < 3 * FRAMES // 4
    previews.close()
    assert previews.count == 0


def test_they_wait_while_the_machine_is_wanted(clip: Path) -> None:
    wanted = [True]
    with open_video(clip) as video:
        previews = Previews(video, lambda: open_video(clip), lambda: not wanted[0], 1 << 20)
    previews.look(0)
    time.sleep(0.5)
    assert previews.count == 0
    wanted[0] = False
    until(lambda: previews.count == FRAMES)
    previews.close()


def test_a_video_that_is_gone_makes_no_noise(clip: Path) -> None:
    with open_video(clip) as video:
        previews = Previews(video, lambda: open_video(clip.with_name("gone.mp4")), lambda: True, 1 << 20)
    previews.look(0)
    until(lambda: not previews.is_busy)
    assert previews.count == 0


def test_only_videos_that_are_slow_to_move_about_in_have_them(clip: Path, tmp_path: Path) -> None:
    every = write(tmp_path / "keys.mp4", Recipe(gop=1, frames=12))
    cases: dict[str, tuple[Video, bool]] = {
        "long groups": (open_video(clip), True),
        "keys only": (open_video(every), False),
        "array": (open_video(np.zeros((40, 12, 16, 3), np.uint8)), False),
        "stream": (open_video(iter(np.zeros((40, 12, 16, 3), np.uint8))), False),
    }
    for name, (video, gains) in cases.items():
        assert Previews.gain(video) is gains, name
        video.close()


def test_a_page_gets_previews_of_far_frames_and_the_frames_where_it_rests(clip: Path) -> None:
    widget = VideoSegmenter(clip, predictor(), autosave=False)
    page = VideoPage(widget)
    server = widget._desk.frames
    small = {"width": 320, "quality": 80, "purpose": "show", "generation": 0}
    previews = server._previews
    assert previews is not None
    previews._width = 64  # as for a longer video
    first, _ = page.ask(type="frames", frames=[0], preview=True, **small)
    assert first["buffers"][0]["shape"] == [96, 160]
    until(lambda: previews.count == FRAMES)
    far, _ = page.ask(type="frames", frames=[FRAMES - 4], preview=True, **small)
    assert (far["frames"], far["buffers"][0]["shape"]) == ([FRAMES - 4], [38, 64])
    near, _ = page.ask(type="frames", frames=[3], preview=True, **small)
    assert near["buffers"][0]["shape"] == [96, 160]
    sharp, _ = page.ask(type="frames", frames=[FRAMES - 4], preview=False, **small)
    assert sharp["buffers"][0]["shape"] == [96, 160]
    again, _ = page.ask(type="frames", frames=[FRAMES - 4], preview=True, **small)
    assert again["buffers"][0]["shape"] == [96, 160], "what is at hand is better than a preview"
    widget.close()
