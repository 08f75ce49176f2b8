"""Masks of a labelling session: saved with their clicks, or later, and never lost."""

import threading
from pathlib import Path

import numpy as np
import pytest

from sam2_notebook.labels.edits import AddAnnotation, ChangeAnnotation
from sam2_notebook.labels.schema import Annotation
from sam2_notebook.labels.store import LabelStore
from sam2_notebook.protocol.messages import VERSION
from sam2_notebook.values.classes import LabelClass
from sam2_notebook.values.edits import (
    AddObject,
    AddPoint,
    ClassifyObject,
    PaintMask,
)
from sam2_notebook.values.geometry import Box
from sam2_notebook.values.masks import Rle
from sam2_notebook.values.strokes import path_text
from sam2_notebook.widgets.label_answers import AnsweringDesk
from tests.widgets.discs import Wire
from tests.widgets.labeling import click, end, folder_of, mask_of, saved, session_on
from tests.widgets.videos import until


def a_click_that_waits(desk: AnsweringDesk) -> tuple[int, threading.Event]:
    """A new object with a click that is answered when the event is set."""
    may_answer = threading.Event()
    desk.predictor.before = lambda: may_answer.wait(30) and None  # type: ignore[attr-defined]
    assert desk.shown is not None
    new = desk.shown.session.document.next_id
    desk.shown.edit(AddObject(object=new), AddPoint(object=new, x=60, y=40, label=1))
    return new, may_answer


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
    _, may_answer = a_click_that_waits(desk)
    assert desk.shown is not None
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


def test_a_session_that_closes_gives_back_what_it_left_before_its_mask_was_there(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    desk = session_on(tmp_path)
    threads = {t for t in set(threading.enumerate()) - before if t.name == "sam2_notebook pictures ahead"}
    _, may_answer = a_click_that_waits(desk)
    desk.move("next", sure=True)
    assert {claim.image_id for claim in desk.store.claims()} == {1, 2}
    desk.close()
    may_answer.set()
    assert desk.store.claims() == []
    assert threads
    assert not any(thread.is_alive() for thread in threads)
    desk.store.close()


def test_whoever_comes_back_before_the_mask_sees_it_come(desk: AnsweringDesk) -> None:
    new, may_answer = a_click_that_waits(desk)
    assert desk.shown is not None
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


def told_object(desk: AnsweringDesk, wire: Wire, seq: int) -> dict:
    """The only object of the picture, as a page that greets is told of it."""
    desk.channel.receive({"type": "hello", "view": "page", "seq": seq, "version": VERSION})
    content, _ = wire.answer("page", seq)
    (told,) = content["document"]["objects"]
    return told


def test_the_score_that_the_store_has_is_told_when_an_image_is_shown_again(tmp_path: Path) -> None:
    wire = Wire()
    desk = session_on(tmp_path, 2, wire=wire)
    click(desk, 60, 40)
    (annotation,) = saved(desk)
    assert annotation.score is not None
    desk.open(2)
    desk.open(1)
    assert desk.shown is not None
    assert desk.shown.wait(30)
    told = told_object(desk, wire, 1)
    assert (told["scores"]["iou"], told["result_rev"] is None) == ([pytest.approx(annotation.score)], False)
    desk.shown.edit(PaintMask(object=told["id"], path=path_text([(10, 10), (20, 12)]), width=9.0, label=1))
    assert desk.shown.wait(30)
    assert told_object(desk, wire, 2)["scores"] is None
    end(desk)
