"""A labelling session without a page: what is done is in the store, and nothing of it is lost."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sam2_notebook.errors import EditError, LabelError, Sam2NotebookError
from sam2_notebook.labels.store import LabelStore
from sam2_notebook.media import write_video
from sam2_notebook.values.edits import (
    AddObject,
    AddPoint,
    ClassifyObject,
    MoveObject,
    RemoveObject,
    SetAttribute,
    ShowObject,
)
from sam2_notebook.widgets.label_answers import AnsweringDesk
from sam2_notebook.widgets.label_desk import AskedBackError
from tests.widgets.labeling import click, end, folder_of, mask_of, saved, session_on


def test_undo_goes_on_after_a_restart_and_so_does_redo(tmp_path: Path) -> None:
    desk = session_on(tmp_path)
    id = click(desk, 60, 40)
    first = mask_of(desk, id)
    click(desk, 90, 70, id)
    second = mask_of(desk, id)
    assert not np.array_equal(first, second)
    end(desk)
    desk = session_on(tmp_path)
    assert desk.shown is not None
    assert desk.shown.wait(30)
    (state,) = desk.shown.session.document.objects
    assert np.array_equal(mask_of(desk, state.id), second)
    desk.shown.undo()
    assert desk.shown.wait(30)
    assert np.array_equal(mask_of(desk, state.id), first)
    desk.shown.undo()
    assert desk.shown.session.document.objects == ()
    with pytest.raises(EditError, match="nothing to undo"):
        desk.shown.undo()
    desk.shown.redo()
    desk.shown.redo()
    assert desk.shown.wait(30)
    assert np.array_equal(mask_of(desk, state.id), second)
    assert not desk.shown.session.state().can_redo
    end(desk)


def test_undo_brings_back_clicks_of_this_session(desk: AnsweringDesk) -> None:
    assert desk.shown is not None
    id = click(desk, 60, 40)
    click(desk, 90, 70, id)
    desk.shown.edit(ClassifyObject(object=id, label="stem"))
    desk.shown.edit(ShowObject(object=id, visible=False))
    desk.shown.edit(RemoveObject(object=id))
    assert saved(desk) == ()
    desk.shown.undo()
    assert [a.label for a in saved(desk)] == ["stem"]
    desk.shown.undo()
    desk.shown.undo()
    assert [a.label for a in saved(desk)] == ["leaf"]
    assert len(desk.shown.session.document.object(id).prompts.points) == 2
    desk.shown.undo()
    assert desk.shown.wait(30)
    assert len(desk.shown.session.document.object(id).prompts.points) == 1
    (annotation,) = saved(desk)
    assert annotation.mask is not None
    assert np.array_equal(annotation.mask.to_mask(), mask_of(desk, id))


def test_notes_and_attributes_are_kept(tmp_path: Path) -> None:
    desk = session_on(tmp_path)
    assert desk.shown is not None
    id = click(desk, 60, 40)
    desk.shown.edit(SetAttribute(object=id, name="note", value="a <b>torn</b> one"))
    desk.shown.edit(SetAttribute(object=id, name="height", value=3.5))
    (annotation,) = saved(desk)
    assert (annotation.note, dict(annotation.attributes)) == ("a <b>torn</b> one", {"height": 3.5})
    end(desk)
    desk = session_on(tmp_path)
    assert desk.shown is not None
    (state,) = desk.shown.session.document.objects
    assert dict(state.attributes) == {"note": "a <b>torn</b> one", "height": 3.5}
    end(desk)


def test_submitting_goes_on_and_an_empty_picture_is_asked_about(desk: AnsweringDesk) -> None:
    assert desk.shown is not None
    with pytest.raises(AskedBackError, match="Nothing is marked in this picture"):
        desk.move("submit")
    with pytest.raises(AskedBackError, match="Leave it for later"):
        desk.move("next")
    assert desk.shown.image.state == "new"
    click(desk, 60, 40)
    desk.move("submit")
    assert desk.shown.image.labels.name == "1.png"
    desk.move("skip")
    desk.move("submit", sure=True)
    desk.move("previous")
    assert desk.shown.image.labels.name == "2.png"
    states = {s.name: s.state for s in desk.store.summaries()}
    assert states == {"0.png": "submitted", "1.png": "skipped", "2.png": "submitted", "3.png": "new"}
    desk.move("open", desk.queue.named("3.png"))
    desk.move("submit", sure=True)
    assert desk.notices.views[-1].text.startswith("Every image of this queue is done")
    with pytest.raises(Sam2NotebookError, match="last image"):
        desk.move("next", sure=True)


@pytest.mark.parametrize("is_outside", [False, True])
def test_submitting_goes_on_in_a_queue_of_skipped_images_until_none_is_left(
    desk: AnsweringDesk, is_outside: bool
) -> None:
    for _ in range(3):
        desk.move("skip")
    desk.remake(replace(desk.queue.filter, states=("skipped",)))
    assert desk.shown is not None
    if not is_outside:
        desk.open(1)
    wanted = ["0.png", "1.png", "2.png"] if is_outside else ["1.png", "2.png"]
    for name in wanted:
        desk.move("submit", sure=True)
        assert desk.shown.image.labels.name == name
        assert not desk.notices.views
    desk.move("submit", sure=True)
    assert desk.notices.views[-1].text.startswith("Every image of this queue is done")


def test_finished_images_are_gone_to_only_where_a_filter_takes_nothing_else(desk: AnsweringDesk) -> None:
    desk.move("submit", sure=True)
    desk.remake(replace(desk.queue.filter, states=("submitted", "new")))
    assert desk.queue.unfinished_after(4) == 2
    desk.remake(replace(desk.queue.filter, states=("submitted",)))
    assert desk.queue.unfinished_after(4) == 1


def test_what_was_submitted_here_waits_for_a_reviewer_only_when_it_is_shown_anew(tmp_path: Path) -> None:
    desk = session_on(tmp_path, 1)
    click(desk, 30, 30)
    desk.move("submit")
    current = desk.view().current
    assert current is not None
    assert (current.state, current.in_review) == ("submitted", False)
    desk.open(1)
    current = desk.view().current
    assert current is not None
    assert current.in_review
    desk.move("accept")
    assert desk.shown is not None
    assert desk.shown.image.state == "reviewed"
    end(desk)


def test_undo_after_the_last_image_is_submitted_takes_that_back_first(tmp_path: Path) -> None:
    desk = session_on(tmp_path, 1)
    assert desk.shown is not None
    click(desk, 30, 30)
    click(desk, 90, 70)
    desk.move("submit")
    desk.shown.undo()
    assert (len(desk.shown.session.document.objects), len(saved(desk)), desk.shown.image.state) == (2, 2, "started")
    desk.shown.redo()
    assert desk.shown.image.state == "submitted"
    desk.shown.undo()
    desk.shown.undo()
    assert (len(desk.shown.session.document.objects), len(saved(desk))) == (1, 1)
    end(desk)


def test_what_was_undone_cannot_be_done_again_after_submitting(tmp_path: Path) -> None:
    desk = session_on(tmp_path, 1)
    assert desk.shown is not None
    id = click(desk, 30, 30)
    click(desk, 90, 70)
    desk.shown.undo()
    desk.move("submit")
    assert not desk.shown.session.state().can_redo
    with pytest.raises(EditError, match="nothing to redo"):
        desk.shown.redo()
    desk.shown.edit(ClassifyObject(object=id, label="stem"))
    assert [a.label for a in saved(desk)] == ["stem"]
    end(desk)


def test_the_drawing_order_is_in_the_store(tmp_path: Path) -> None:
    desk = session_on(tmp_path, 1)
    assert desk.shown is not None
    low, high = click(desk, 30, 30), click(desk, 40, 30)
    desk.shown.edit(ClassifyObject(object=high, label="stem"))
    desk.shown.edit(MoveObject(object=high, place=0))
    assert [a.label for a in saved(desk)] == ["stem", "leaf"]
    desk.shown.undo()
    assert [a.label for a in saved(desk)] == ["leaf", "stem"]
    desk.shown.redo()
    desk.shown.edit(AddObject(object=7), MoveObject(object=7, place=1))
    desk.shown.edit(AddPoint(object=7, x=90, y=70, label=1), ClassifyObject(object=7, label="leaf"))
    desk.shown.edit(RemoveObject(object=low))
    desk.shown.undo()
    assert desk.shown.wait(30)
    order = [mask_of(desk, id) for id in (high, 7, low)]
    end(desk)
    desk = session_on(tmp_path, 1)
    assert desk.shown is not None
    assert desk.shown.wait(30)
    objects = desk.shown.session.document.objects
    assert [o.label for o in objects] == ["stem", "leaf", "leaf"]
    assert all(np.array_equal(mask_of(desk, o.id), mask) for o, mask in zip(objects, order, strict=True))
    end(desk)


def test_what_cannot_be_read_is_left_out_and_said(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, 2)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    (folder / "empty.png").write_bytes(b"")
    desk = session_on(tmp_path, 2)
    assert len(desk.queue) == 2
    (notice,) = desk.notices.views
    assert notice.text.startswith("Cannot be read and are left out: broken.jpg and 1 more (")
    assert notice.choices == ("Try again",)
    (folder / "broken.jpg").write_bytes((folder / "0.png").read_bytes())
    (folder / "empty.png").unlink()
    desk.notices.answer(notice.id, "Try again")
    assert len(desk.queue) == 3
    end(desk)


def test_labels_of_a_file_that_is_gone_or_changed_stay(tmp_path: Path) -> None:
    desk = session_on(tmp_path, 2)
    click(desk, 60, 40)
    end(desk)
    photo = tmp_path / "photos" / "0.png"
    photo.rename(tmp_path / "elsewhere.png")
    store = LabelStore(tmp_path / "labels.db", author="ann")
    desk = session_on(tmp_path, 0)
    desk.open(1)
    assert desk.shown is not None
    assert "Its labels are kept" in desk.shown.problem
    with pytest.raises(Sam2NotebookError, match="Its labels are kept"):
        click(desk, 10, 10)
    assert len(store.image(1).labels.annotations) == 1
    store.relink(tmp_path)
    desk.open(1)
    assert desk.shown.problem == ""
    click(desk, 10, 10)
    end(desk)
    store.close()


def test_a_disk_that_refuses_refuses_the_edit_and_takes_it_later(desk: AnsweringDesk, monkeypatch) -> None:
    from sam2_notebook.errors import StoreError

    assert desk.shown is not None
    id = click(desk, 60, 40)
    before = desk.shown.session.document
    write = desk.store._write

    def full():
        raise StoreError("labels.db: the disk is full: the last edit was not saved.")

    monkeypatch.setattr(desk.store, "_write", full)
    with pytest.raises(StoreError, match="the disk is full"):
        desk.shown.edit(AddPoint(object=id, x=90, y=70, label=1))
    assert desk.shown.session.document == before
    monkeypatch.setattr(desk.store, "_write", write)
    click(desk, 90, 70, id)
    assert len(desk.shown.session.document.object(id).prompts.points) == 2


def test_a_clip_is_in_the_queue_and_kept_in_a_file_of_its_own(tmp_path: Path) -> None:
    from sam2_notebook.widgets.label_clips import open_clip

    folder = folder_of(tmp_path, 1)
    write_video(folder / "clip.mp4", [np.full((48, 64, 3), 9 * n, np.uint8) for n in range(5)], fps=5)
    desk = session_on(tmp_path, 1)
    with pytest.raises(LabelError, match="is no clip"):
        open_clip(desk.store, desk.shown)
    desk.open(desk.queue.named("clip.mp4") or 0)
    assert desk.shown is not None
    assert "a clip: run" in desk.shown.problem
    assert desk.shown.picture.size_hw == (48, 64)
    end(desk)
