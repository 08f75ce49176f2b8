"""A labelling session without a page: what is done is in the store, and nothing of it is lost."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sam2_notebook.errors import EditError, LabelError, Sam2NotebookError
from sam2_notebook.labels.edits import AddAnnotation, ChangeAnnotation
from sam2_notebook.labels.schema import Annotation
from sam2_notebook.labels.store import LabelStore
from sam2_notebook.media import write_video
from sam2_notebook.values.classes import LabelClass
from sam2_notebook.values.edits import (
    AddObject,
    AddPoint,
    ChooseClass,
    ClassifyObject,
    RemoveObject,
    SetAttribute,
    SetClasses,
    ShowObject,
)
from sam2_notebook.values.geometry import Box
from sam2_notebook.values.masks import Rle
from sam2_notebook.widgets.history import ConflictError
from sam2_notebook.widgets.label_answers import AnsweringDesk
from sam2_notebook.widgets.label_desk import AskedBackError
from sam2_notebook.widgets.label_work import agreements
from tests.widgets.discs import SIZE
from tests.widgets.labeling import click, end, folder_of, saved, session_on
from tests.widgets.videos import until


@pytest.fixture
def desk(tmp_path: Path):
    made = session_on(tmp_path)
    yield made
    made.close()


def mask_of(desk: AnsweringDesk, id: int) -> np.ndarray:
    assert desk.shown is not None
    return desk.shown.session.state().shown[id].mask.decode()


def test_a_click_is_in_the_store_with_its_mask(desk: AnsweringDesk) -> None:
    id = click(desk, 60, 40)
    (annotation,) = saved(desk)
    assert annotation.mask is not None
    assert np.array_equal(annotation.mask.to_mask(), mask_of(desk, id))
    assert (annotation.label, annotation.author, annotation.score) == ("leaf", "ann", pytest.approx(0.9))
    assert annotation.disagreement is not None
    assert 0 < annotation.disagreement < 1
    assert "pending" not in annotation.made_with


def test_a_click_is_in_the_store_before_its_mask_is_made(tmp_path: Path) -> None:
    desk = session_on(tmp_path)
    assert desk.shown is not None
    seen: list[tuple[Annotation, ...]] = []
    predictor = desk.predictor
    predictor.before = lambda: seen.append(saved(desk))  # type: ignore[attr-defined]
    click(desk, 60, 40)
    ((waiting,), *_) = seen
    assert '"points": [[60, 40, 1]]' in waiting.made_with
    assert '"pending": true' in waiting.made_with
    assert waiting.area == 0
    end(desk)


def test_what_waited_for_its_mask_when_all_ended_gets_it_when_opened(tmp_path: Path) -> None:
    desk = session_on(tmp_path)
    id = click(desk, 60, 40)
    wanted = mask_of(desk, id)
    (annotation,) = saved(desk)
    made_with = '{"points": [[60, 40, 1]], "pending": true}'
    nothing = Rle.from_mask(np.zeros_like(wanted))
    assert desk.shown is not None
    waiting = ChangeAnnotation(
        id=annotation.id or 0, annotation=Annotation(label="leaf", mask=nothing, made_with=made_with)
    )
    end(desk)
    with LabelStore(tmp_path / "labels.db", author="ann") as store:
        store.edit(1, waiting, revision=store.image(1).revision)
    again = session_on(tmp_path)
    assert again.shown is not None
    assert again.shown.wait(30)
    (annotation,) = saved(again)
    assert annotation.mask is not None
    assert np.array_equal(annotation.mask.to_mask(), wanted)
    end(again)


def test_a_picture_that_is_left_before_its_mask_is_there_gets_it_all_the_same(desk: AnsweringDesk) -> None:
    may_answer = threading.Event()
    desk.predictor.before = lambda: may_answer.wait(30) and None  # type: ignore[attr-defined]
    assert desk.shown is not None
    new = desk.shown.session.document.next_id
    desk.shown.edit(AddObject(object=new), AddPoint(object=new, x=60, y=40, label=1))
    desk.move("submit")
    assert desk.shown.image.labels.name == "1.png"
    assert desk.behind.is_busy
    assert {claim.image_id for claim in desk.store.claims()} == {1, 2}
    may_answer.set()
    until(lambda: not desk.behind.is_busy and [c.image_id for c in desk.store.claims()] == [2])
    (annotation,) = saved(desk)
    assert annotation.area > 0
    assert "pending" not in annotation.made_with
    assert desk.store.image(1).state == "submitted"


def test_whoever_comes_back_before_the_mask_sees_it_come(desk: AnsweringDesk) -> None:
    may_answer = threading.Event()
    desk.predictor.before = lambda: may_answer.wait(30) and None  # type: ignore[attr-defined]
    assert desk.shown is not None
    new = desk.shown.session.document.next_id
    desk.shown.edit(AddObject(object=new), AddPoint(object=new, x=60, y=40, label=1))
    desk.move("next", sure=True)
    desk.move("previous", sure=True)
    assert not desk.behind.is_busy
    may_answer.set()
    assert desk.shown.wait(30)
    assert saved(desk)[0].area == mask_of(desk, new).sum() > 0


def test_a_mask_that_fails_after_its_picture_was_left_is_told(desk: AnsweringDesk) -> None:
    may_answer = threading.Event()

    def fail() -> None:
        may_answer.wait(30)
        raise RuntimeError("out of memory")

    desk.predictor.before = fail  # type: ignore[attr-defined]
    assert desk.shown is not None
    new = desk.shown.session.document.next_id
    desk.shown.edit(AddObject(object=new), AddPoint(object=new, x=60, y=40, label=1))
    desk.move("submit")
    may_answer.set()
    until(lambda: bool(desk.notices.views))
    (notice,) = desk.notices.views
    assert notice.text.startswith("0.png: a mask could not be made, its clicks are kept")
    desk.predictor.before = lambda: None  # type: ignore[attr-defined]
    desk.notices.answer(notice.id, "Open it")
    assert desk.shown.image.labels.name == "0.png"
    assert desk.shown.wait(30)
    assert saved(desk)[0].area > 0


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


def test_a_mask_from_the_store_can_be_clicked_on(tmp_path: Path) -> None:
    desk = session_on(tmp_path)
    click(desk, 60, 40)
    end(desk)
    desk = session_on(tmp_path)
    assert desk.shown is not None
    assert desk.shown.wait(30)
    (state,) = desk.shown.session.document.objects
    before = mask_of(desk, state.id)
    click(desk, 100, 80, state.id)
    (annotation,) = saved(desk)
    assert annotation.mask is not None
    assert not np.array_equal(annotation.mask.to_mask(), before)
    assert np.array_equal(annotation.mask.to_mask(), mask_of(desk, state.id))
    end(desk)


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


def test_a_reviewer_accepts_or_sends_back(tmp_path: Path) -> None:
    desk = session_on(tmp_path, 2)
    for _ in range(2):
        click(desk, 60, 40)
        desk.move("submit")
    end(desk)
    bob = session_on(tmp_path, 2, author="bob")
    bob.remake(replace(bob.queue.filter, states=("submitted",)))
    bob.open(bob.queue.order[0])
    bob.move("accept")
    assert bob.shown is not None
    assert bob.shown.image.labels.name == "1.png"
    bob.move("return", note="the stem is missing")
    assert {s.name: s.state for s in bob.store.summaries()} == {"0.png": "reviewed", "1.png": "returned"}
    assert bob.store.history(2)[-1].what == "set returned: the stem is missing"
    bob.remake(replace(bob.queue.filter, states=()))
    assert bob.queue.unfinished_after(1) == 2
    end(bob)


def test_another_annotator_gets_another_image(tmp_path: Path) -> None:
    ann = session_on(tmp_path)
    bob = session_on(tmp_path, author="bob")
    assert ann.shown is not None
    assert bob.shown is not None
    assert (ann.shown.image.labels.name, bob.shown.image.labels.name) == ("0.png", "1.png")
    bob.move("open", ann.image_id)
    assert "ann works on this image" in bob.shown.problem
    with pytest.raises(Sam2NotebookError, match="ann works on this image"):
        click(bob, 60, 40)
    ann.move("open", ann.queue.named("3.png"), sure=True)
    bob.open(bob.shown.image.id)
    click(bob, 60, 40)
    assert [a.author for a in saved(bob)] == ["bob"]
    end(ann)
    end(bob)


def test_two_versions_of_one_image_are_both_kept(tmp_path: Path) -> None:
    ann = session_on(tmp_path)
    assert ann.shown is not None
    id = click(ann, 60, 40)
    ann.store.release(1)  # as if the claim had run out
    bob = session_on(tmp_path, author="bob")
    bob.open(1)
    assert bob.shown is not None
    (state,) = bob.shown.session.document.objects
    bob.shown.edit(ClassifyObject(object=state.id, label="stem"))
    end(bob)
    with pytest.raises(ConflictError, match=r"your object is kept beside theirs as suggestions"):
        ann.shown.edit(AddPoint(object=id, x=100, y=80, label=1))
    assert [(a.label, a.proposed, a.author) for a in saved(ann)] == [("stem", False, "ann"), ("leaf", True, "ann")]
    assert "the version of ann" in saved(ann)[1].note
    assert [o.proposed for o in ann.shown.session.document.objects] == [False, True]
    assert any("Nothing was overwritten" in notice.text for notice in ann.notices.views)
    end(ann)


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


def test_a_class_renamed_half_way_takes_its_annotations_along(desk: AnsweringDesk) -> None:
    assert desk.shown is not None
    id = click(desk, 60, 40)
    desk.change_class("change", "leaf", None, "frond")
    assert [a.label for a in saved(desk)] == ["frond"]
    assert [o.label for o in desk.shown.session.document.objects] == ["frond"]
    click(desk, 90, 70, id)
    assert [a.label for a in saved(desk)] == ["frond"]
    with pytest.raises(LabelError, match="1 annotations are of class 'frond'"):
        desk.change_class("retire", "frond", None)
    desk.change_class("add", "", LabelClass(name="root", color="#123456"))
    desk.shown.edit(ClassifyObject(object=id, label="root"))
    desk.change_class("retire", "frond", None)
    assert [c.name for c in desk.shown.session.document.classes] == ["stem", "root"]


def rename_on_the_page(desk: AnsweringDesk, old: str, new: str) -> None:
    """The edits that a page makes of a rename, see js/src/state/class_edits.ts."""
    assert desk.shown is not None
    document = desk.shown.session.document
    renamed = tuple(replace(c, name=new) if c.name == old else c for c in document.classes)
    both = (*document.classes, *(replace(c, hotkey=None) for c in renamed if c.name == new))
    objects = [ClassifyObject(object=o.id, label=new) for o in document.objects if o.label == old]
    current = ChooseClass(label=new if document.current == old else document.current)
    desk.shown.edit(SetClasses(classes=both), *objects, current, SetClasses(classes=renamed))


def test_a_class_renamed_on_the_page_is_renamed_in_every_picture(desk: AnsweringDesk) -> None:
    click(desk, 60, 40)
    desk.move("submit")
    id = click(desk, 50, 50)
    rename_on_the_page(desk, "leaf", "frond")
    assert [c.name for c in desk.store.classes()] == ["frond", "stem"]
    assert [a.label for name in ("0.png", "1.png") for a in saved(desk, name)] == ["frond", "frond"]
    assert [c.name for c in desk.queue.progress.per_class] == ["frond"]
    assert desk.shown is not None
    assert desk.shown.session.document.current == "frond"
    click(desk, 90, 70, id)  # its clicks are still there
    assert len(desk.shown.session.document.object(id).prompts.points) == 2
    desk.shown.undo()
    desk.shown.undo()
    assert saved(desk, "1.png") == ()
    assert [c.name for c in desk.shown.session.document.classes] == ["frond", "stem"]
    with pytest.raises(LabelError, match="already is a class 'stem'"):
        desk.change_class("change", "frond", None, "stem")


def test_a_class_added_on_the_page_is_there_for_everybody(tmp_path: Path) -> None:
    desk = session_on(tmp_path)
    assert desk.shown is not None
    id = click(desk, 60, 40)
    classes = (*desk.shown.session.document.classes, LabelClass(name="root", color="#123456"))
    desk.shown.edit(SetClasses(classes=classes), ChooseClass(label="root"), ClassifyObject(object=id, label="root"))
    assert [a.label for a in saved(desk)] == ["root"]
    desk.move("submit")
    assert desk.shown.session.document.classes == classes
    bob = session_on(tmp_path, author="bob")
    assert bob.store.classes() == classes
    end(bob)
    end(desk)


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


def test_a_mask_that_could_not_be_saved_is_saved_later(desk: AnsweringDesk, monkeypatch) -> None:
    from sam2_notebook.errors import StoreError

    assert desk.shown is not None
    complete = desk.store.complete

    def full(*_: object, **__: object):
        raise StoreError("labels.db: the disk is full.")

    monkeypatch.setattr(desk.store, "complete", full)
    id = click(desk, 60, 40)
    assert desk.shown.unsaved_because == "labels.db: the disk is full."
    assert saved(desk)[0].area == 0
    monkeypatch.setattr(desk.store, "complete", complete)
    desk.shown.edit(ClassifyObject(object=id, label="stem"))
    assert desk.shown.unsaved_because is None
    assert saved(desk)[0].area == mask_of(desk, id).sum()


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


def test_annotators_are_compared(tmp_path: Path) -> None:
    mask = np.zeros((SIZE.height, SIZE.width), bool)
    mask[10:50, 10:50] = True
    for author, label in (("ann", "leaf"), ("bob", "leaf")):
        desk = session_on(tmp_path, 1, author=author)
        image = desk.store.image(1)
        desk.close()
        desk.store.edit(
            1, AddAnnotation(annotation=Annotation(label=label, mask=Rle.from_mask(mask))), revision=image.revision
        )
        desk.store.close()
    with LabelStore(tmp_path / "labels.db") as store:
        ((first, second, found),) = agreements(store)
    assert (first, second, found.f1, found.mean_iou) == ("ann", "bob", 1.0, 1.0)


def test_an_imported_box_stays_a_box_until_somebody_asks_for_a_mask(tmp_path: Path) -> None:
    box = Box(20, 15, 60, 55)
    folder_of(tmp_path, 2)
    with LabelStore(tmp_path / "labels.db", author="ann") as store:
        store.add_class(LabelClass(name="leaf"))
        store.add_images(tmp_path / "photos")
        for image_id in (1, 2):
            boxes = [AddAnnotation(annotation=Annotation(label="leaf", box=at)) for at in (box, Box(70, 20, 100, 60))]
            store.edit(image_id, *boxes, revision=0)
    desk = session_on(tmp_path, 2)
    assert desk.shown is not None
    assert desk.shown.wait(30)
    first, second = (o.id for o in desk.shown.session.document.objects)
    desk.shown.edit(ClassifyObject(object=first, label="stem"))
    assert next((a.label, a.mask, a.box) for a in saved(desk)) == ("stem", None, box)
    (notice,) = desk.notices.views
    assert notice.text.startswith("2 objects of this picture are boxes and will stay so")
    click(desk, 90, 40, second)
    assert [a.mask is None for a in saved(desk)] == [True, False]
    desk.notices.answer(notice.id, "Keep masks")
    assert desk.shown.wait(30)
    (kept, _) = saved(desk)
    assert kept.mask is not None
    assert np.array_equal(kept.mask.to_mask(), mask_of(desk, first))
    desk.shown.undo()
    assert saved(desk)[0].mask is None
    desk.move("submit")
    assert len(desk.notices.views) == 1  # of the next picture's boxes
    desk.move("submit")
    assert [a.mask for a in saved(desk, "1.png")] == [None, None]
    assert not any("boxes" in notice.text for notice in desk.notices.views[1:])
    end(desk)
