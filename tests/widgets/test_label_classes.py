"""Classes that are renamed or added while somebody labels."""

from dataclasses import replace
from pathlib import Path

import pytest

from sam2_notebook.errors import EditError, LabelError
from sam2_notebook.values.classes import LabelClass
from sam2_notebook.values.edits import (
    ChooseClass,
    ClassifyObject,
    SetClasses,
)
from sam2_notebook.widgets.label_answers import AnsweringDesk
from tests.widgets.labeling import click, end, saved, session_on


def test_a_class_renamed_half_way_takes_its_annotations_along(desk: AnsweringDesk) -> None:
    assert desk.shown is not None
    id = click(desk, 60, 40)
    desk.change_class("change", "leaf", None, "frond")
    assert [a.label for a in saved(desk)] == ["frond"]
    assert [o.label for o in desk.shown.session.document.objects] == ["frond"]
    click(desk, 90, 70, id)
    assert [a.label for a in saved(desk)] == ["frond"]
    with pytest.raises(LabelError, match="1 annotation is of class 'frond'"):
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


@pytest.mark.parametrize("on_the_page", [True, False])
def test_a_queue_of_one_class_stays_that_of_the_class_when_it_is_renamed(
    desk: AnsweringDesk, on_the_page: bool
) -> None:
    click(desk, 60, 40)
    desk.move("submit")
    desk.remake(replace(desk.queue.filter, labels=("leaf",)))
    desk.remake(replace(desk.queue.filter, labels=("leaf", "stem")))
    if on_the_page:
        rename_on_the_page(desk, "leaf", "frond")
    else:
        desk.change_class("change", "leaf", None, "frond")
    assert desk.queue.filter.labels == ("frond", "stem")
    assert len(desk.queue) == 1


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


def test_a_name_that_another_class_has_is_refused_in_plain_words(desk: AnsweringDesk) -> None:
    assert desk.shown is not None
    leaf, stem = desk.store.classes()
    with pytest.raises(EditError, match="there is already a class 'stem'"):
        desk.shown.edit(SetClasses(classes=(replace(leaf, name="stem"), stem)))
    assert [c.name for c in desk.store.classes()] == ["leaf", "stem"]
