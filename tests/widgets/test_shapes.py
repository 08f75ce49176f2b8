"""Merging, splitting and cutting: sets of pixels, checked as such, through a session and its undo."""

import numpy as np
import pytest

from sam2_notebook.errors import EditError
from sam2_notebook.values.edits import (
    AddObject,
    AddPoint,
    ClassifyObject,
    CutOverlap,
    Edit,
    LockObject,
    MergeObjects,
    MoveObject,
    RenameObject,
    SetMask,
    ShowObject,
    SplitObject,
)
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import BoolMask, Rle
from sam2_notebook.widgets.outcome import Outcome
from sam2_notebook.widgets.session import SegmentationSession
from sam2_notebook.widgets.views import Masks

LEFT = ["###.....", "###.....", "###....."]
RIGHT = ["..####..", "..####..", "........"]
APART = ["#...##..", "....##.#", "........"]


def mask(rows: list[str]) -> BoolMask:
    return np.array([[c == "#" for c in row] for row in rows])


def drawn(object_id: int, rows: list[str]) -> tuple[Edit, ...]:
    return AddObject(object=object_id), SetMask(object=object_id, counts=Rle.from_mask(mask(rows)).to_coco()["counts"])


def session_with(*objects: list[str]) -> SegmentationSession:
    session = SegmentationSession(Size(height=3, width=8))
    for object_id, rows in enumerate(objects, start=1):
        session.apply(*drawn(object_id, rows))
    settle(session)
    return session


def settle(session: SegmentationSession) -> None:
    """Bring the masks that were made by hand, as `Inference` does."""
    for id_ in session.pending:
        task = session.task(id_)
        assert task is not None
        drawing = task.recipe.drawing
        assert drawing is not None
        session.put(task.recipe, Outcome.drawn(drawing.mask(session.document.size)))


def seen(session: SegmentationSession) -> dict[int, list[str]]:
    settle(session)
    masks = Masks(session.state())
    return {id_: ["".join(".#"[int(v)] for v in row) for row in masks[id_]] for id_ in masks}


def test_merged_objects_are_the_union_and_the_others_are_gone() -> None:
    session = session_with(LEFT, RIGHT, APART)
    session.apply(MergeObjects(object=2, others=(1, 3)))
    assert seen(session) == {2: ["######..", "######.#", "###....."]}
    assert session.document.selected == 2
    session.undo()
    assert seen(session) == {1: LEFT, 2: RIGHT, 3: APART}


def test_a_split_mask_falls_into_its_parts_the_largest_first() -> None:
    session = session_with(APART)
    session.apply(RenameObject(object=1, name="cup"), ClassifyObject(object=1, label="dish"))
    session.apply(SplitObject(object=1))
    assert seen(session) == {
        1: ["....##..", "....##..", "........"],
        2: ["#.......", "........", "........"],
        3: ["........", ".......#", "........"],
    }
    assert [(o.name, o.label) for o in session.document.objects] == [
        ("cup", "dish"),
        ("cup 2", "dish"),
        ("cup 3", "dish"),
    ]
    assert session.document.selected == 1
    session.undo()
    assert seen(session) == {1: APART}


def test_a_mask_in_one_piece_is_not_split() -> None:
    with pytest.raises(EditError, match="in one piece already"):
        session_with(LEFT).apply(SplitObject(object=1))


def test_an_overlap_is_cut_out_of_the_loser() -> None:
    session = session_with(LEFT, RIGHT)
    session.apply(CutOverlap(object=1, loser="others"))
    assert seen(session) == {1: LEFT, 2: ["...###..", "...###..", "........"]}
    session.undo()
    session.apply(CutOverlap(object=1, loser="object"))
    assert seen(session) == {1: ["##......", "##......", "###....."], 2: RIGHT}


@pytest.mark.parametrize("protected", [LockObject(object=2, locked=True), ShowObject(object=2, visible=False)])
def test_locked_and_hidden_objects_lose_nothing(protected: Edit) -> None:
    session = session_with(LEFT, RIGHT)
    session.apply(protected)
    with pytest.raises(EditError, match="overlaps object 1"):
        session.apply(CutOverlap(object=1, loser="others"))
    assert seen(session) == {1: LEFT, 2: RIGHT}


def test_a_locked_object_may_be_cut_out_of_others_but_not_be_cut_merged_or_split() -> None:
    session = session_with(LEFT, RIGHT)
    session.apply(LockObject(object=1, locked=True))
    refused = (
        CutOverlap(object=1, loser="object"),
        SplitObject(object=1),
        MergeObjects(object=1, others=(2,)),
        MergeObjects(object=2, others=(1,)),
    )
    for edit in refused:
        with pytest.raises(EditError, match="object 1 is locked"):
            session.apply(edit)
    session.apply(CutOverlap(object=1, loser="others"))
    assert seen(session)[2] == ["...###..", "...###..", "........"]


def test_nothing_is_cut_away_whole() -> None:
    session = session_with(LEFT, ["##......", "........", "........"])
    with pytest.raises(EditError, match="nothing would be left"):
        session.apply(CutOverlap(object=1, loser="others"))


def test_objects_without_a_mask_are_not_merged() -> None:
    session = session_with(LEFT)
    session.apply(AddObject(object=2), AddPoint(object=2, x=1, y=1, label=1))
    with pytest.raises(EditError, match="object 2 has no mask yet"):
        session.apply(MergeObjects(object=1, others=(2,)))


def test_the_drawing_order_is_the_order_of_objects() -> None:
    session = session_with(LEFT, RIGHT, APART)
    session.apply(MoveObject(object=1, place=2))
    assert [o.id for o in session.document.objects] == [2, 3, 1]
    assert list(seen(session)) == [2, 3, 1]
    session.undo()
    assert [o.id for o in session.document.objects] == [1, 2, 3]
