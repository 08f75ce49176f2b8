"""Streams in the widget, when they end badly."""

import pytest

from sam2_notebook.errors import MediaError
from sam2_notebook.widgets.video import VideoSegmenter
from tests.widgets.videos import predictor, video


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
