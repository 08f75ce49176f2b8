"""`VideoSegmenter` from a cell's point of view, with a small random network and no kernel."""

import itertools
import shutil
import threading
import time
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from PIL import Image as PillowImage
from traitlets import TraitError

from sam2_notebook.errors import EditError, ModelError, Sam2NotebookError
from sam2_notebook.media import open_video
from sam2_notebook.predict import VideoSession
from sam2_notebook.predict.video_export import ExportFormat
from sam2_notebook.widgets import video_tracking
from sam2_notebook.widgets.video import VideoSegmenter
from tests.widgets.videos import FRAMES, predictor, video


@pytest.fixture
def widget():
    made = VideoSegmenter(video(), predictor(), autosave=False)
    yield made
    made.close()


def test_a_click_in_any_frame_gives_a_mask_there(widget: VideoSegmenter) -> None:
    assert widget.add_point(5, 30, 20) == 1
    assert widget.wait(60)
    assert list(widget.masks) == [5]
    mask = widget.masks[5][1]
    assert (mask.shape, mask.dtype) == ((60, 80), np.bool_)
    assert (widget.objects[0].state, widget.objects[0].missing) == ("required", FRAMES - 1)
    assert (widget.status, widget.error) == ("ready", None)


def test_following_gives_the_masks_that_the_predictor_gives(widget: VideoSegmenter) -> None:
    widget.add_point(4, 30, 20)
    widget.add_point(4, 50, 30, label=0)
    assert widget.propagate("both").wait(60)
    with predictor().open(video()) as session:
        session.add(4, 1, points=[[30, 20]])
        session.add(4, 1, points=[[50, 30]], labels=[0])
        wanted = {r.frame: r[1].mask for r in session.propagate(start=5)}
        wanted |= {r.frame: r[1].mask for r in session.propagate(start=3, direction="backward")}
        wanted[4] = session.result(4)[1].mask
    assert list(widget.masks) == list(range(FRAMES))
    assert all(np.array_equal(widget.masks[f][1], mask) for f, mask in wanted.items())
    assert widget.objects[0].state == "full"
    assert not np.isnan(widget.scores(1)).any()


def test_a_range_and_some_objects_can_be_followed(widget: VideoSegmenter) -> None:
    widget.add_point(2, 30, 20, object=widget.add_object("left"))
    widget.add_point(2, 60, 40, object=widget.add_object("right"))
    widget.propagate("forward", [2], last=6).wait(60)
    assert [sorted(widget.masks[f]) for f in widget.masks] == [[1, 2], [2], [2], [2], [2]]
    widget.propagate("backward", first=1).wait(60)
    assert sorted(widget.masks[1]) == [1, 2]
    assert 0 not in widget.masks
    assert [o.state for o in widget.objects] == ["partial", "partial"]


def test_a_correction_makes_only_its_object_stale_and_only_that_is_done_again(widget: VideoSegmenter) -> None:
    widget.add_point(0, 30, 20, object=widget.add_object())
    widget.add_point(0, 60, 40, object=widget.add_object())
    widget.propagate().wait(60)
    before = {f: widget._desk.store.mask(f, 2) for f in range(FRAMES)}
    widget.add_point(6, 5, 5, label=0, object=1)
    widget.wait(60)
    assert [(o.stale, o.state) for o in widget.objects] == [(FRAMES - 2, "required"), (0, "full")]
    job = widget.propagate()
    job.wait(60)
    assert (job.objects, job.view.text) == ((1, 2), f"1 object: {job.view.done} frames done")
    assert [(o.stale, o.state) for o in widget.objects] == [(0, "full"), (0, "full")]
    after = {f: widget._desk.store.mask(f, 2) for f in range(FRAMES)}
    assert all(before[f].kept is after[f].kept for f in range(FRAMES))  # type: ignore[union-attr]


def test_nothing_is_done_twice(widget: VideoSegmenter) -> None:
    widget.add_point(0, 30, 20)
    widget.propagate().wait(60)
    job = widget.propagate()
    job.wait(60)
    assert (job.view.done, job.view.text) == (0, "1 object: nothing was missing")


def test_undoing_a_correction_makes_the_old_masks_good_again(widget: VideoSegmenter) -> None:
    widget.add_point(0, 30, 20)
    widget.propagate().wait(60)
    tracked = widget.masks[6][1]
    widget.add_point(6, 5, 5, label=0)
    widget.wait(60)
    widget.undo()
    widget.wait(60)
    assert (widget.objects[0].stale, widget.objects[0].state) == (0, "full")
    assert np.array_equal(widget.masks[6][1], tracked)
    widget.redo()
    widget.wait(60)
    assert widget.objects[0].stale == FRAMES - 2


def test_a_removed_object_comes_back_with_its_masks(widget: VideoSegmenter) -> None:
    widget.add_point(0, 30, 20)
    widget.propagate().wait(60)
    widget.remove_object(1)
    assert not widget.masks
    widget.add_point(3, 60, 40)
    widget.wait(60)
    assert list(widget.masks) == [3]
    widget.undo()
    widget.undo()
    widget.wait(60)
    assert (list(widget.masks), widget.objects[0].state) == (list(range(FRAMES)), "full")


@pytest.mark.parametrize(("last", "wanted"), [(1, "after 1 frame;"), (2, "after 2 frames;")])
def test_a_cancelled_job_counts_in_good_words(widget: VideoSegmenter, monkeypatch, last: int, wanted: str) -> None:
    widget.add_point(0, 30, 20)
    widget.wait(60)
    keep = widget._desk.tracking._keep

    def stop(job, result) -> None:
        keep(job, result)
        if job.view.done == last:
            job.cancel()

    monkeypatch.setattr(widget._desk.tracking, "_keep", stop)
    job = widget.propagate()
    assert job.wait(60)
    assert (job.state, wanted in job.view.text) == ("cancelled", True), job.view.text


def test_cancelling_keeps_what_is_done_and_going_on_ends_the_same(widget: VideoSegmenter, monkeypatch) -> None:
    widget.add_point(0, 30, 20)
    widget.wait(60)
    keep = widget._desk.tracking._keep

    def stop_at_four(job, result) -> None:
        keep(job, result)
        if result.frame == 4:
            job.cancel()

    monkeypatch.setattr(widget._desk.tracking, "_keep", stop_at_four)
    job = widget.propagate()
    assert job.wait(60)
    assert (job.state, list(widget.masks)) == ("cancelled", [0, 1, 2, 3, 4])
    assert "kept" in job.view.text
    monkeypatch.undo()
    widget.propagate().wait(60)
    other = VideoSegmenter(video(), predictor(), autosave=False)
    other.add_point(0, 30, 20)
    other.propagate().wait(60)
    assert all(np.array_equal(widget.masks[f][1], other.masks[f][1]) for f in range(FRAMES))
    other.close()


def test_edits_during_a_run_are_taken_up(widget: VideoSegmenter, monkeypatch) -> None:
    first, second = widget.add_object(), widget.add_object()
    widget.add_point(0, 30, 20, object=first)
    widget.add_point(0, 60, 40, object=second)
    keep = widget._desk.tracking._keep
    edited: list[int] = []

    def edit_at_five(job, result) -> None:
        keep(job, result)
        if result.frame == 5 and not edited:
            edited.append(5)
            widget.add_point(5, 5, 5, label=0, object=second)
            widget.rename(first, "renamed")

    monkeypatch.setattr(widget._desk.tracking, "_keep", edit_at_five)
    assert widget.propagate().wait(60)
    assert widget.wait(60)
    assert [(o.stale, o.state) for o in widget.objects] == [(0, "full"), (0, "full")]
    assert edited


def test_an_object_removed_during_a_run_ends_it_well(widget: VideoSegmenter, monkeypatch) -> None:
    widget.add_point(0, 30, 20)
    keep = widget._desk.tracking._keep

    def remove_at_five(job, result) -> None:
        keep(job, result)
        if result.frame == 5:
            widget.remove_object(1)

    monkeypatch.setattr(widget._desk.tracking, "_keep", remove_at_five)
    job = widget.propagate()
    job.wait(60)
    assert (job.state, widget.error, widget.objects) == ("done", None, ())


def test_two_runs_at_once_are_refused(widget: VideoSegmenter, monkeypatch) -> None:
    gate = threading.Event()
    tell = widget._desk.inference.tell
    monkeypatch.setattr(widget._desk.inference, "tell", lambda ids: gate.wait(30) and tell(ids))
    widget.add_point(0, 30, 20)
    job = widget.propagate()
    with pytest.raises(EditError, match="already"):
        widget.propagate()
    gate.set()
    assert job.wait(60)


def test_boxes_masks_and_moved_clicks_are_prompts_too(widget: VideoSegmenter) -> None:
    widget.add_box(0, (10, 10, 50, 40))
    mask = np.zeros((60, 80), bool)
    mask[10:30, 20:60] = True
    widget.add_mask(8, mask, object=widget.add_object("given"))
    widget.wait(60)
    assert np.mean(widget.masks[8][2] == mask) > 0.9
    widget.propagate().wait(60)
    assert [o.state for o in widget.objects] == ["full", "full"]
    widget.clear(2, 8)
    widget.wait(60)
    assert widget.objects[1].state == "none"


def test_what_the_model_recalled_can_be_asked(widget: VideoSegmenter) -> None:
    widget.add_point(0, 30, 20)
    widget.propagate().wait(60)
    use = widget.memory(5)[1]
    assert (use.prompted, use.recent, use.pointers) == ((0,), (4, 3, 2, 1), (4, 3, 2, 1, 0))
    assert widget.memory(0) == {}


def test_a_locked_object_is_left_alone(widget: VideoSegmenter) -> None:
    widget.add_point(0, 30, 20)
    widget.lock(1)
    for act in (lambda: widget.add_point(0, 5, 5), lambda: widget.remove_object(1), lambda: widget.clear(1, 0)):
        with pytest.raises(EditError, match="locked"):
            act()
    widget.rename(1, "still")
    widget.classify(1, "toy")
    widget.lock(1, False)
    widget.remove_object(1)


def test_a_frame_that_cannot_be_segmented_is_told_and_the_session_stays(widget: VideoSegmenter, monkeypatch) -> None:
    session = widget._desk.inference.session

    def fail() -> None:
        raise MemoryError

    monkeypatch.setattr(widget._desk.inference, "session", fail)
    widget.add_point(0, 30, 20)
    with pytest.raises(ModelError, match="not enough memory"):
        widget.wait(60)
    assert (widget.status, len(widget.objects)) == ("error", 1)
    monkeypatch.setattr(widget._desk.inference, "session", session)
    widget.add_point(1, 30, 20)
    assert widget.wait(60)
    assert (widget.status, list(widget.masks)) == ("ready", [0, 1])


def test_a_run_that_meets_an_error_ends_with_words_and_keeps_what_is_done(widget: VideoSegmenter, monkeypatch) -> None:
    widget.add_point(0, 30, 20)
    keep = widget._desk.tracking._keep

    def fail_at_four(job, result) -> None:
        if result.frame == 4:
            raise MemoryError
        keep(job, result)

    monkeypatch.setattr(widget._desk.tracking, "_keep", fail_at_four)
    job = widget.propagate()
    with pytest.raises(ModelError, match="not enough memory"):
        job.wait(60)
    assert (job.state, list(widget.masks)) == ("failed", [0, 1, 2, 3])


def test_a_generator_is_followed_frame_by_frame_to_its_end() -> None:
    drawn: list[int] = []

    def camera():
        for index, pixels in enumerate(video()):
            drawn.append(index)
            yield pixels

    widget = VideoSegmenter(camera(), predictor(), autosave=False)
    assert (drawn, "a stream" in repr(widget)) == ([0], True)
    widget.add_point(0, 30, 20)
    assert widget.propagate("forward").wait(60)
    assert drawn == list(range(FRAMES))
    assert list(widget.masks) == list(range(FRAMES))
    widget.close()


def test_an_endless_stream_takes_no_more_than_its_share_and_can_be_stopped(monkeypatch) -> None:
    monkeypatch.setattr(video_tracking, "LIVE_FRAMES_KEPT", 8)
    endless = itertools.cycle(video())
    widget = VideoSegmenter((pixels for pixels in endless), predictor(), autosave=False)
    widget.add_point(0, 30, 20)
    job = widget.propagate("forward")
    deadline = time.monotonic() + 60
    while job.view.done < 40 and time.monotonic() < deadline:
        time.sleep(0.01)
    job.cancel()
    assert job.wait(20)
    assert job.state == "cancelled"
    assert 0 in widget.masks  # what was said stays
    assert len(widget.masks) < 20
    assert len(cast(VideoSession, widget._desk.inference.session()).frames) < 20
    widget.close()


def test_a_session_of_another_widgets_video_is_left_open() -> None:
    mine = open_video(video())
    widget = VideoSegmenter(mine, predictor(), autosave=False)
    widget.add_point(0, 30, 20)
    widget.propagate().wait(60)
    widget.close()
    assert mine.frame(3).shape == (60, 80, 3)


def test_observers_hear_of_every_change(widget: VideoSegmenter) -> None:
    widget.wait(60)
    heard: list[tuple[str, object]] = []
    widget.observe(lambda change: heard.append((change["name"], change["new"])), names=["revision", "objects", "frame"])
    widget.add_point(2, 30, 20)
    widget.go_to(2)
    widget.propagate().wait(60)
    widget.wait(60)
    assert ("revision", 1) in heard
    assert ("frame", 2) in heard
    assert [new for name, new in heard if name == "objects"][-1] == widget.objects


@pytest.mark.parametrize("name", ["revision", "objects", "status", "frame", "height"])
def test_what_follows_the_document_cannot_be_set(widget: VideoSegmenter, name: str) -> None:
    with pytest.raises(TraitError):
        setattr(widget, name, 5)


def test_a_snapshot_shows_a_frame_with_its_masks(widget: VideoSegmenter) -> None:
    widget.add_point(3, 30, 20)
    widget.wait(60)
    shot = widget.snapshot(3)
    assert isinstance(shot, PillowImage.Image)
    assert shot.size == (80, 60)
    changed = (np.asarray(shot) != video()[3]).any(axis=-1)
    assert changed[widget.masks[3][1]].all()
    data, _ = widget._repr_mimebundle_()  # type: ignore[misc]
    assert "image/png" in data


def test_a_closed_widget_keeps_its_masks_and_takes_no_edits() -> None:
    widget = VideoSegmenter(video(), predictor(), autosave=False)
    widget.add_point(0, 30, 20)
    widget.wait(60)
    job = widget.propagate()
    widget.close()
    assert job.has_ended
    assert 0 in widget.masks
    for act in (lambda: widget.add_point(0, 5, 5), widget.propagate, lambda: widget.go_to(1), widget.recover):
        with pytest.raises(Sam2NotebookError, match="this widget is closed"):
            act()


@pytest.mark.parametrize("format", ["png", "davis", "coco", "ytvis", "npz", "overlay", "cutout"])
def test_an_export_says_in_how_many_frames_masks_are_missing(
    widget: VideoSegmenter, tmp_path: Path, format: ExportFormat
) -> None:
    def words() -> str:
        job = widget.export(tmp_path / "out", format)
        job.wait(60)
        return job.view.text

    widget.add_point(0, 30, 20)
    widget.propagate(last=6).wait(60)
    assert words().endswith(f"; {FRAMES - 7} frames have no mask yet, as 1 object was not followed to the end")
    shutil.rmtree(tmp_path)
    tmp_path.mkdir()
    widget.propagate().wait(60)
    assert words().endswith((" files)", " kB)", " MB)"))
