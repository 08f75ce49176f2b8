"""Streams in the widget: when they end badly, and when they pause."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from sam2_notebook.errors import MediaError
from sam2_notebook.widgets.video import VideoSegmenter
from tests.widgets.videos import CLICK, NEW, TRACK, VideoPage, predictor, until, video


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
    monkeypatch.setattr("sam2_notebook.widgets.video_news.LANES_SECONDS", 0.7)
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
