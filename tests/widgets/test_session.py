"""The session: edits, history and masks against a plain list of what was."""

import threading

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sam2_notebook.errors import EditError, PromptError
from sam2_notebook.values.document import Document
from sam2_notebook.values.edits import (
    AddObject,
    AddPoint,
    AddStroke,
    ChooseCandidate,
    ClearPrompts,
    Edit,
    KeepMask,
    MovePoint,
    PaintMask,
    RemoveObject,
    RemovePoint,
    RemoveStroke,
    RenameObject,
    SelectObject,
    SetBox,
    SetMask,
    SetThreshold,
    ShowObject,
)
from sam2_notebook.values.masks import Rle
from sam2_notebook.values.strokes import path_text
from sam2_notebook.widgets.history import ConflictError
from sam2_notebook.widgets.inference import Inference
from sam2_notebook.widgets.session import SegmentationSession
from sam2_notebook.widgets.worker import Worker
from tests.widgets.discs import SIZE, DiscPredictor, EncodedDiscs

IDS = st.integers(1, 3)
LINE, AREA = path_text([(10, 20), (60, 30)]), path_text([(20, 20), (70, 20), (40, 60)])
SQUARE = Rle.from_mask(np.pad(np.ones((20, 30), bool), ((10, 66), (20, 78)))).to_coco()["counts"]
X, Y = st.integers(0, 127).map(float), st.integers(0, 95).map(float)
EDITS = st.one_of(
    st.builds(AddObject, object=IDS),
    st.builds(RemoveObject, object=IDS),
    st.builds(SelectObject, object=IDS),
    st.builds(RenameObject, object=IDS, name=st.sampled_from(["cat", "dog"])),
    st.builds(ShowObject, object=IDS, visible=st.booleans()),
    *[st.builds(AddPoint, object=IDS, x=X, y=Y, label=st.integers(0, 1)) for _ in range(4)],
    st.builds(AddPoint, object=IDS, x=st.just(900.0), y=Y, label=st.just(1)),
    st.builds(MovePoint, object=IDS, index=st.integers(0, 3), x=X, y=Y),
    st.builds(RemovePoint, object=IDS, index=st.integers(0, 3)),
    st.builds(SetBox, object=IDS, box=st.sampled_from([None, (10.0, 10.0, 60.0, 50.0)])),
    st.builds(ClearPrompts, object=IDS),
    st.builds(ChooseCandidate, object=IDS, candidate=st.sampled_from([None, 0, 1, 2])),
    st.builds(SetThreshold, object=IDS, threshold=st.sampled_from([0.0, 1.5, -2.0])),
    st.builds(AddStroke, object=IDS, path=st.sampled_from([LINE, AREA]), width=st.just(6.0), label=st.integers(0, 1)),
    st.builds(RemoveStroke, object=IDS, index=st.integers(0, 1)),
    st.builds(PaintMask, object=IDS, path=st.sampled_from([LINE, AREA]), width=st.just(9.0), label=st.integers(0, 1)),
    st.builds(SetMask, object=IDS, counts=st.sampled_from([None, SQUARE])),
    st.builds(KeepMask, object=IDS, kept=st.booleans()),
)


def point(x: float, y: float, label: int = 1, id_: int = 1) -> AddPoint:
    return AddPoint(object=id_, x=x, y=y, label=label)


class Bench:
    """A session and its inference, run by hand on this thread."""

    def __init__(self, cache_bytes: int = 1 << 20) -> None:
        self.session = SegmentationSession(SIZE, cache_bytes=cache_bytes)
        self.predictor = DiscPredictor()
        self.inference = Inference(
            self.session, self.predictor, lambda: EncodedDiscs(SIZE), Worker("unused"), lambda: None
        )

    def settle(self) -> dict[int, bytes]:
        """Bring all masks; object id to run lengths."""
        for id_ in self.session.pending:
            self.inference._segment(id_)
        shown = self.session.state().shown
        return {id_: s.mask.rle for id_, s in shown.items()}


class SessionMachine(RuleBasedStateMachine):
    """The oracle is a list of documents and masks as they were first seen, and a place in it."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(cache_bytes=20_000)  # four outcomes: masks are thrown away and made again all the time
        self.session = self.bench.session
        self.documents = [Document(size=SIZE)]
        self.masks: list[dict[int, bytes]] = [{}]
        self.at = 0
        self.rev = 0

    @rule(edits=st.lists(EDITS, min_size=1, max_size=3))
    def edit(self, edits: list[Edit]) -> None:
        before = self.session.state()
        # What is seen goes under paint, and a mask to go on from gets a click: more than the edits alone say.
        is_by_hand = any(isinstance(e, PaintMask | KeepMask) for e in edits)
        try:
            expected = self.expected(edits)
        except (EditError, PromptError) as error:
            if not is_by_hand:
                with pytest.raises(type(error)):
                    self.session.apply(*edits)
                assert self.session.state() == before
                return
            expected = None
        try:
            rev = self.session.apply(*edits)
        except (EditError, PromptError):
            assert is_by_hand
            assert self.session.state() == before
            return
        expected = self.session.document if is_by_hand or expected is None else expected
        if expected == self.documents[self.at]:
            assert rev == self.rev
            return
        self.rev += 1
        if any(not isinstance(e, SelectObject) for e in edits):
            self.at += 1
            del self.documents[self.at :], self.masks[self.at :]
            self.documents.append(expected)
            self.masks.append(self.bench.settle())
        else:
            self.documents[self.at] = expected

    def expected(self, edits: list[Edit]) -> Document:
        document = self.documents[self.at]
        for e in edits:
            if isinstance(e, ChooseCandidate) and e.candidate and not document.object(e.object).is_ambiguous:
                raise EditError("one candidate")
            document = document.apply(e)
        return document

    @precondition(lambda self: self.at > 0)
    @rule()
    def undo(self) -> None:
        self.session.undo()
        self.at, self.rev = self.at - 1, self.rev + 1

    @precondition(lambda self: self.at < len(self.documents) - 1)
    @rule()
    def redo(self) -> None:
        self.session.redo()
        self.at, self.rev = self.at + 1, self.rev + 1

    @precondition(lambda self: self.at == 0)
    @rule()
    def undo_nothing(self) -> None:
        with pytest.raises(EditError, match="nothing to undo"):
            self.session.undo()

    @invariant()
    def documents_and_masks_are_as_they_were(self) -> None:
        state = self.session.state()
        assert state.document == self.documents[self.at]
        assert state.rev == self.rev
        assert (state.can_undo, state.can_redo) == (self.at > 0, self.at < len(self.documents) - 1)
        assert self.bench.settle() == self.masks[self.at]
        prompted = {o.id for o in state.document.objects if o.prompts or o.drawing}
        assert set(self.session.state().shown) == prompted
        assert self.session.pending == ()


SessionMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
test_the_session_is_what_the_oracle_says = SessionMachine.TestCase


def test_a_second_click_refines_the_candidate_that_was_chosen() -> None:
    areas = []
    for choice in (0, 2):
        bench = Bench()
        bench.session.apply(AddObject(object=1), point(60, 40))
        bench.settle()
        bench.session.apply(ChooseCandidate(object=1, candidate=choice))
        bench.settle()
        bench.session.apply(point(80, 40))
        bench.settle()
        areas.append(bench.session.state().shown[1].mask.area)
    assert areas[0] < areas[1]


def test_undo_shows_the_earlier_mask_without_running_the_model() -> None:
    bench = Bench()
    bench.session.apply(AddObject(object=1), point(60, 40))
    first = bench.settle()
    bench.session.apply(point(80, 60))
    second = bench.settle()
    calls = bench.predictor.calls
    bench.session.undo()
    assert (bench.session.pending, bench.settle()) == ((), first)
    bench.session.redo()
    assert (bench.session.pending, bench.settle()) == ((), second)
    assert bench.predictor.calls == calls


def test_another_candidate_is_drawn_without_running_the_model() -> None:
    bench = Bench()
    bench.session.apply(AddObject(object=1), point(60, 40))
    bench.settle()
    rev = bench.session.apply(ChooseCandidate(object=1, candidate=2))
    bench.settle()
    shown = bench.session.state().shown[1]
    assert (shown.candidate, shown.rev, bench.predictor.calls) == (2, rev, 1)


def test_masks_that_are_on_show_are_kept_whatever_the_cache_holds() -> None:
    bench = Bench(cache_bytes=1)
    for id_ in range(1, 30):
        bench.session.apply(AddObject(object=id_), point(4.0 * id_, 40, id_=id_))
    bench.settle()
    assert (bench.session.pending, len(bench.session.state().shown), bench.predictor.calls) == ((), 29, 29)


def test_a_step_with_several_clicks_is_answered_once() -> None:
    bench = Bench()
    bench.session.apply(AddObject(object=1), point(60, 40), point(80, 40), point(90, 80, 0))
    bench.settle()
    assert bench.predictor.calls == 1


def test_an_old_mask_stays_until_the_new_one_is_there() -> None:
    bench = Bench()
    bench.session.apply(AddObject(object=1), point(60, 40))
    bench.settle()
    before = bench.session.state().shown[1]
    bench.session.apply(point(80, 60))
    assert bench.session.pending == (1,)
    assert bench.session.state().shown[1] is before


def test_only_an_ambiguous_click_has_three_candidates() -> None:
    session = SegmentationSession(SIZE)
    session.apply(AddObject(object=1), point(1, 1), point(50, 50))
    with pytest.raises(EditError, match="has one candidate"):
        session.apply(ChooseCandidate(object=1, candidate=2))


@pytest.mark.parametrize(
    ("other", "conflict"), [("page two", True), ("page one", False)], ids=["by another page", "by this page"]
)
def test_a_numbered_click_conflicts_with_changes_made_elsewhere(other: str, conflict: bool) -> None:
    session = SegmentationSession(SIZE)
    base = session.apply(AddObject(object=1), point(1, 1), point(50, 50), author="page one")
    session.apply(RemovePoint(object=1, index=0), author=other)
    if conflict:
        with pytest.raises(ConflictError, match="changed elsewhere"):
            session.apply(RemovePoint(object=1, index=0), author="page one", base=base)
    else:
        session.apply(RemovePoint(object=1, index=0), author="page one", base=base)
        assert not session.document.object(1).prompts


def test_a_click_fits_whatever_happened_elsewhere() -> None:
    session = SegmentationSession(SIZE)
    base = session.apply(AddObject(object=1), author="page one")
    session.apply(point(9, 9), author="page two")
    session.apply(point(50, 50), author="page one", base=base)
    assert len(session.document.object(1).prompts.points) == 2


def test_a_revision_from_the_future_or_long_ago_conflicts() -> None:
    session = SegmentationSession(SIZE)
    base = session.apply(AddObject(object=1), point(1, 1))
    with pytest.raises(ConflictError, match="revision 99"):
        session.apply(point(2, 2), base=99)
    for i in range(300):
        session.apply(RenameObject(object=1, name=str(i)))
    with pytest.raises(ConflictError, match="too long ago"):
        session.apply(RemovePoint(object=1, index=0), base=base)


def test_a_failed_mask_is_not_tried_again_until_the_prompts_change() -> None:
    session = SegmentationSession(SIZE)
    session.apply(AddObject(object=1), point(1, 1))
    task = session.task(1)
    assert task is not None
    session.fail(task.recipe)
    assert session.pending == ()
    session.apply(RenameObject(object=1, name="cat"))
    assert session.pending == ()
    session.apply(point(50, 50))
    session.undo()
    assert session.pending == (1,)


def test_threads_may_edit_at_once() -> None:
    session = SegmentationSession(SIZE)

    def work(id_: int) -> None:
        session.apply(AddObject(object=id_))
        for i in range(50):
            session.apply(point(i, id_, id_=id_))

    threads = [threading.Thread(target=work, args=(id_,)) for id_ in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert session.rev == 8 * 51
    counts = [len(o.prompts.points) for o in session.document.objects]
    assert counts == [50] * 8
    for _ in range(8 * 51):
        session.undo()
    assert session.document == Document(size=SIZE)


def test_masks_are_at_the_size_of_the_picture() -> None:
    bench = Bench()
    bench.session.apply(AddObject(object=1), point(64, 48))
    bench.settle()
    mask = bench.session.state().shown[1].mask.decode()
    assert mask.shape == (96, 128)
    y, x = np.nonzero(mask)
    assert (round(x.mean()), round(y.mean())) == (64, 48)
