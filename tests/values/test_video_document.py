"""A video's document: the edits of pictures, each in its frame."""

import pytest

from sam2_notebook.errors import EditError, PromptError
from sam2_notebook.values.edits import (
    AddObject,
    AddPoint,
    ChooseCandidate,
    ChooseClass,
    ClassifyObject,
    ClearPrompts,
    LockObject,
    MovePoint,
    RecolorObject,
    RemoveObject,
    RemovePoint,
    RenameObject,
    SelectObject,
    SetAttribute,
    SetBox,
    SetMask,
    ShowObject,
)
from sam2_notebook.values.geometry import Box, Size
from sam2_notebook.values.video_document import VideoDocument, VideoEdit

SIZE = Size(height=2, width=2)
MASK = "13"  # all but the first pixel


def made(*edits: tuple[int, VideoEdit]) -> VideoDocument:
    document = VideoDocument(size=SIZE)
    for born, (frame, edit) in enumerate(edits, 1):
        document = document.apply(frame, edit, born=born)
    return document


ONE = ((0, AddObject(object=1)),)
CLICKED = (*ONE, (3, AddPoint(object=1, x=1, y=1, label=1)))


def test_prompts_belong_to_their_frame() -> None:
    document = made(*CLICKED, (7, AddPoint(object=1, x=0, y=0, label=0)), (3, MovePoint(object=1, index=0, x=0, y=1)))
    item = document.object(1)
    assert [said.frame for said in item.frames] == [3, 7]
    assert [(p.x, p.y, p.label) for p in item.at(3).prompts.points] == [(0, 1, 1)]
    assert document.at(7).object(1).prompts.points[0].label == 0
    assert not document.at(4).object(1).prompts


def test_a_lone_click_has_a_candidate_that_lasts_while_the_click_does() -> None:
    chosen = made(*CLICKED, (3, ChooseCandidate(object=1, candidate=2)))
    assert chosen.object(1).at(3).candidate == 2
    assert chosen.at(3).object(1).candidate == 2
    assert chosen.at(4).object(1).candidate is None
    more = chosen.apply(3, AddPoint(object=1, x=0, y=0, label=0))
    assert more.object(1).at(3).candidate == 2
    assert chosen.apply(3, MovePoint(object=1, index=0, x=0, y=1)).object(1).at(3).candidate is None
    for document, frame in ((more, 3), (chosen, 4), (made(*CLICKED, (3, SetMask(object=1, counts="13"))), 3)):
        with pytest.raises(EditError, match="lone click"):
            document.apply(frame, ChooseCandidate(object=1, candidate=0))


def test_a_frame_without_prompts_is_no_prompted_frame() -> None:
    assert made(*CLICKED, (3, RemovePoint(object=1, index=0))).object(1).frames == ()
    assert made(*CLICKED, (3, ClearPrompts(object=1))).object(1).frames == ()
    assert made(*CLICKED, (4, ClearPrompts(object=1))) == made(*CLICKED)


def test_what_is_not_of_a_frame_holds_in_all() -> None:
    document = made(
        *ONE,
        (5, RenameObject(object=1, name="cube")),
        (6, RecolorObject(object=1, color=4)),
        (7, ShowObject(object=1, visible=False)),
        (8, ClassifyObject(object=1, label="toy")),
        (9, AddObject(object=2)),
        (9, SelectObject(object=1)),
    )
    item = document.object(1)
    assert (item.name, item.color, item.visible, item.label, item.born) == ("cube", 4, False, "toy", 1)
    assert (document.selected, document.next_id, document.object(2).born) == (1, 3, 6)
    assert made(*ONE, (9, RemoveObject(object=1))).objects == ()


def test_a_mask_replaces_clicks_and_clicks_correct_it() -> None:
    document = made(*CLICKED, (3, SetMask(object=1, counts=MASK)), (3, AddPoint(object=1, x=0, y=0, label=0)))
    said = document.object(1).at(3)
    assert (said.mask, len(said.prompts.points)) == (MASK, 1)
    boxed = document.apply(3, SetBox(object=1, box=(0, 0, 1, 1))).object(1).at(3)
    assert (boxed.mask, boxed.prompts.box) == (None, Box(0, 0, 1, 1))
    assert document.apply(3, SetBox(object=1, box=None)).object(1).at(3).mask == MASK
    assert document.apply(3, ClearPrompts(object=1)).object(1).frames == ()
    assert document.apply(3, SetMask(object=1, counts=None)).object(1).at(3).mask is None


@pytest.mark.parametrize(
    "edit",
    [
        AddPoint(object=1, x=0, y=0, label=1),
        MovePoint(object=1, index=0, x=0, y=0),
        RemovePoint(object=1, index=0),
        SetBox(object=1, box=None),
        SetMask(object=1, counts=MASK),
        ClearPrompts(object=1),
        RemoveObject(object=1),
    ],
)
def test_a_locked_object_refuses_prompts_and_removal(edit: VideoEdit) -> None:
    document = made(*CLICKED, (0, LockObject(object=1, locked=True)))
    with pytest.raises(EditError, match="locked"):
        document.apply(3, edit)
    assert document.apply(3, RenameObject(object=1, name="x")).object(1).name == "x"
    document.apply(0, LockObject(object=1, locked=False)).apply(3, edit)


@pytest.mark.parametrize(
    ("edit", "error", "words"),
    [
        (ChooseCandidate(object=1, candidate=3), EditError, "candidate"),
        (LockObject(object=2, locked=True), EditError, "no object 2"),
        (ClassifyObject(object=1, label="x" * 201), EditError, "200 characters"),
        (ClassifyObject(object=1, label="\ud800"), EditError, "a class holds .* half a character"),
        (ChooseClass(label="\udfff"), EditError, "a class holds .* half a character"),
        (RenameObject(object=1, name="x" * 201), EditError, "a name has at most 200 characters"),
        (RenameObject(object=1, name="cat \ud83d"), EditError, "a name holds .* half a character"),
        (RenameObject(object=1, name="\0"), EditError, "a name holds a null character"),
        (SetAttribute(object=1, name="\ud800", value="x"), EditError, "an attribute has a name"),
        (SetAttribute(object=1, name="x", value="\ud800"), EditError, "half a character"),
        (SetMask(object=1, counts="1"), EditError, "not the run lengths"),
        (SetMask(object=1, counts="\x00"), EditError, "not the run lengths"),
        (SetMask(object=1, counts="é"), EditError, "not the run lengths"),
        (SetMask(object=1, counts="0" * 200_001), EditError, "at most 200000"),
        (AddPoint(object=1, x=9, y=0, label=1), PromptError, "outside"),
        (SetBox(object=1, box=(1, 1, 1, 1)), PromptError, "a box has a width and a height"),
        (SetBox(object=1, box=(0, 1, 2, 1)), PromptError, "a box has a width and a height"),
        (AddObject(object=1), EditError, "already"),
    ],
)
def test_what_makes_no_sense_is_refused(edit: VideoEdit, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        made(*CLICKED).apply(3, edit)
