"""The history of a video's document: who changed what, and what that means for edits made on an older state."""

import pytest

from sam2_notebook.values.edits import (
    AddObject,
    AddPoint,
    ClearPrompts,
    Edit,
    RemovePoint,
    RenameObject,
    SelectObject,
    SetClasses,
)
from sam2_notebook.values.geometry import Size
from sam2_notebook.widgets.history import ConflictError
from sam2_notebook.widgets.video_history import VideoHistory


@pytest.fixture
def history() -> VideoHistory:
    made = VideoHistory(Size(height=10, width=10), has=lambda frame: frame < 5)
    made.apply(0, AddObject(object=1), AddPoint(object=1, x=3, y=4, label=1), author="page")
    made.apply(0, AddObject(object=2), author="page")
    return made


@pytest.mark.parametrize(
    "other",
    [AddObject(object=3), RenameObject(object=2, name="leaf"), SelectObject(object=1), SetClasses(classes=())],
    ids=lambda edit: type(edit).__name__,
)
def test_what_others_do_to_other_objects_is_no_conflict(history: VideoHistory, other: Edit) -> None:
    base = history.rev
    history.apply(3, other, author="cell")
    history.apply(0, RemovePoint(object=1, index=0), author="page", base=base)
    assert not history.document.object(1).frames


@pytest.mark.parametrize("frame", [0, 3])
def test_what_others_do_to_the_same_object_is_a_conflict(history: VideoHistory, frame: int) -> None:
    base = history.rev
    history.apply(frame, AddPoint(object=1, x=5, y=5, label=0), author="cell")
    with pytest.raises(ConflictError, match="object 1 was changed elsewhere"):
        history.apply(0, RemovePoint(object=1, index=0), author="page", base=base)


def test_prompts_taken_back_and_given_again_elsewhere_are_a_conflict(history: VideoHistory) -> None:
    base = history.rev
    history.apply(0, ClearPrompts(object=1), author="cell")
    history.apply(0, AddPoint(object=1, x=3, y=4, label=1), author="cell")
    with pytest.raises(ConflictError, match="object 1 was changed elsewhere"):
        history.apply(0, RemovePoint(object=1, index=0), author="page", base=base)
