"""Streams in the widget: when they end badly, and when they pause."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from sam2_notebook.errors import MediaError
from sam2_notebook.widgets.video import VideoSegmenter
from tests.widgets.videos import CLICK, FRAMES, NEW, TRACK, VideoPage, frames_request, predictor, until, video


def test_a_stream_that_breaks_off_fails_in_words_and_what_is_done_stays() -> None:
    def camera():
        yield from video()[:5]
        raise OSError("no signal")

    widget = VideoSegmenter(camera(), predictor(), autosave=False)
    widget.add_point(0, 30, 20)
    job = widget.propagate("forward")
    with pytest.raises(MediaError, match="broke off after 5 frames"):
        job.wait(60)
    assert (job.state, list(widget.masks)) == ("failed", [0, 1, 2, 3, 4])
    widget.close()


def test_a_page_hears_of_every_frame_that_is_done_while_a_stream_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    # Longer than all frames take: what is done within that time is told together, and must be told.
    monkeypatch.setattr("sam2_notebook.widgets.pace.NEWS_SECONDS", 0.5)
    monkeypatch.setattr("sam2_notebook.widgets.video_news.PROGRESS_SECONDS", 0.7)
    more = threading.Event()

    def camera() -> Iterator[np.ndarray]:
        yield from video()[:4]
        more.wait(60)
        yield from video()[4:6]

    widget = VideoSegmenter(camera(), predictor(), autosave=False)
    page = VideoPage(widget)
    page.edit(0, NEW, CLICK)
    widget.wait(60)
    page.post(**TRACK)
    until(lambda: len(widget.masks) == 4)
    until(lambda: page.wire.of("job")[-1]["job"]["done"] == 3)  # and not the frame that was clicked in
    until(lambda: {m["frame"] for told in page.wire.of("masks_changed") for m in told["masks"]} == {0, 1, 2, 3})
    until(lambda: page.wire.of("lanes")[-1]["lanes"][0]["missing"] == 0)
    assert page.wire.of("job")[-1]["job"]["state"] == "running"
    more.set()
    until(lambda: page.wire.of("job")[-1]["job"]["state"] == "done")
    widget.close()


def test_a_stream_that_a_page_plays_grows_in_all_pages_and_ends() -> None:
    widget = VideoSegmenter(iter(video()[:5]), predictor(), autosave=False)
    page = VideoPage(widget)
    assert (page.snapshot["video"]["frames"], page.snapshot["video"]["complete"]) == (1, False)
    for frame in (1, 2):
        assert page.ask(**frames_request([frame]))[0]["frames"] == [frame]
    until(lambda: any(told["video"]["frames"] == 3 for told in page.wire.of("video")))
    beyond, _ = page.ask(**frames_request([3, 4, 5]))
    assert (beyond["frames"], [m["frame"] for m in beyond["missing"]]) == ([3, 4], [5])
    until(lambda: any(told["video"]["complete"] for told in page.wire.of("video")))
    assert (page.wire.of("video")[-1]["video"]["frames"], page.wire.of("notices")) == (5, [])
    widget.close()


def test_a_stream_that_breaks_off_while_a_page_plays_is_told_and_not_asked_on_and_on() -> None:
    class Camera:
        """Brings three frames, then errors for as long as it is asked."""

        asked = 0

        def __iter__(self) -> "Camera":
            return self

        def __next__(self) -> np.ndarray:
            self.asked += 1
            if self.asked > 3:
                raise OSError("no signal")
            return video()[self.asked]

    camera = Camera()
    widget = VideoSegmenter(camera, predictor(), autosave=False)
    page = VideoPage(widget)
    seqs = [page.post(**frames_request([first, first + 1])) for first in (2, 4)]
    (near, _), (far, _) = (page.wire.answer("page", seq) for seq in seqs)
    assert (near["frames"], near["missing"][0]["frame"], far["frames"]) == ([2], 3, [])
    assert all("no signal" in m["text"] for m in near["missing"] + far["missing"])
    until(lambda: bool(page.wire.of("notices")))
    (notice,) = page.wire.of("notices")[-1]["notices"]
    assert ("broke off after 3 frames" in notice["text"], camera.asked) == (True, 4)
    assert page.ask(**frames_request([1]))[0]["frames"] == [1]
    widget.close()


def test_who_waits_for_a_frame_to_come_holds_up_no_other_of_the_same_view() -> None:
    more = threading.Event()

    def camera() -> Iterator[np.ndarray]:
        yield from video()[:4]
        more.wait(60)
        raise OSError("no signal")

    widget = VideoSegmenter(camera(), predictor(), autosave=False)
    page = VideoPage(widget)
    assert page.ask(**frames_request([3]))[0]["frames"] == [3]
    waiting = [page.post(**frames_request([frame])) for frame in (4, 5)]
    assert page.ask(**frames_request([1], quality=92))[0]["frames"] == [1]  # asked later, and there
    more.set()
    for seq in waiting:
        content, _ = page.wire.answer("page", seq)
        assert "no signal" in content["missing"][0]["text"]
    assert page.ask(**frames_request([2]))[0]["frames"] == [2]
    widget.close()


@pytest.fixture
def small_window(monkeypatch: pytest.MonkeyPatch) -> int:
    """A stream keeps so many frames."""
    monkeypatch.setattr("sam2_notebook.widgets.video_source.PAGE_CACHE_BYTES", 6 * video(1).nbytes)
    return 6


def test_a_correction_and_a_new_object_do_not_end_what_follows_a_camera(small_window: int) -> None:
    steps = threading.Semaphore(0)

    def camera() -> Iterator[np.ndarray]:
        for number in range(40):
            steps.acquire(timeout=60)
            yield video()[number % FRAMES]

    def come(frames: int) -> None:
        before = len(widget.masks)
        steps.release(frames)
        until(lambda: len(widget.masks) == before + frames)

    steps.release(1)
    widget = VideoSegmenter(camera(), predictor(), autosave=False)
    widget.add_point(0, 30, 20)
    widget.wait(60)
    job = widget.propagate()
    come(2 * small_window)
    widget.add_point(2 * small_window, 50, 40, label=0, object=1)
    come(2)
    assert job.state == "running"
    widget.add_point(2 * small_window + 2, 10, 10, object=widget.add_object())
    until(lambda: sorted(widget.masks[2 * small_window + 2]) == [1, 2])
    come(2)
    assert job.state == "running"
    until(lambda: sorted(widget.masks[2 * small_window + 4]) == [1, 2])
    job.cancel()
    steps.release(40)
    job.wait(60)
    again = widget.propagate()
    until(lambda: len(widget.masks) > 3 * small_window)
    again.cancel()
    widget.close()


def test_a_saved_stream_has_all_its_masks(tmp_path) -> None:
    widget = VideoSegmenter(iter(video()), predictor(), autosave=tmp_path)
    widget.add_point(0, 30, 20)
    widget.propagate().wait(60)
    widget.wait(60)
    path = widget.save(tmp_path / "stream.sam2video")
    along = widget.autosave
    assert along is not None
    widget.close()
    for kept in (path, along):
        again = VideoSegmenter.load(kept, model=predictor(), autosave=False)
        assert list(again.masks) == list(range(FRAMES))
        again.close()


def test_an_object_whose_prompts_go_while_a_walk_begins_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    widget = VideoSegmenter(video(), predictor(), autosave=False)
    widget.add_point(0, 30, 20)
    widget.add_point(0, 50, 40, object=widget.add_object())
    widget.wait(60)
    inference = widget._desk.inference
    tell, calls = inference.tell, []

    def slow(objects):
        calls.append(1)
        if len(calls) == 2:  # of the walk; the first was of the plan
            widget.clear(2, 0)
        return tell(objects)

    monkeypatch.setattr(inference, "tell", slow)
    job = widget.propagate("forward")
    job.wait(60)
    assert (job.state, widget.error) == ("done", None)
    assert {id_ for found in widget.masks.values() for id_ in found} == {1}
    widget.close()
