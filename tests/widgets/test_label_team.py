"""Several people on one store: reviews, claims, versions, agreement."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from sam2_notebook.errors import Sam2NotebookError
from sam2_notebook.labels.edits import AddAnnotation
from sam2_notebook.labels.schema import Annotation
from sam2_notebook.labels.store import LabelStore
from sam2_notebook.values.edits import (
    AddPoint,
    ClassifyObject,
)
from sam2_notebook.values.masks import Rle
from sam2_notebook.widgets.history import ConflictError
from sam2_notebook.widgets.label_work import agreements
from tests.widgets.discs import SIZE
from tests.widgets.labeling import click, end, saved, session_on


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
    assert ann.shown.wait(30)
    shown = ann.shown.session.state()
    assert (set(shown.shown), shown.pending) == ({o.id for o in shown.document.objects}, ())
    assert ann.shown.inference.status.state == "ready"
    end(ann)


@pytest.mark.parametrize("what", ["submit", "undo"])
def test_whoever_submits_or_undoes_too_late_sees_what_another_has_made(tmp_path: Path, what: str) -> None:
    ann = session_on(tmp_path)
    shown = ann.shown
    assert shown is not None
    click(ann, 60, 40)
    ann.store.release(1)  # as if the claim had run out
    bob = session_on(tmp_path, author="bob")
    bob.open(1)
    click(bob, 90, 70)
    end(bob)
    act = partial(ann.move, "submit") if what == "submit" else shown.undo
    with pytest.raises(ConflictError, match=r"^somebody else changed this image at the same time$"):
        act()
    assert shown.wait(30)
    assert len(shown.session.state().shown) == 2
    assert (len(saved(ann)), shown.image.state) == (2, "started")
    act()
    assert ann.store.image(1).state == ("submitted" if what == "submit" else "started")
    end(ann)


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
