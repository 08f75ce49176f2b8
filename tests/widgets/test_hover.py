"""What a click would find, asked over the wire ahead of the click."""

import threading

import numpy as np
import pytest

from sam2_notebook.protocol.codecs import decode_logits8
from sam2_notebook.widgets.hover import smaller
from tests.widgets.discs import DiscPredictor
from tests.widgets.test_channel import CLICK, NEW, Page


class Gate:
    """Holds the model back until it is opened."""

    def __init__(self) -> None:
        self.opened, self.entered = threading.Event(), threading.Event()
        self.opened.set()

    def __call__(self) -> None:
        """What the model does before every answer."""
        self.entered.set()
        assert self.opened.wait(20)


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def page(gate: Gate):
    made = Page(predictor=DiscPredictor(before=gate))
    made.settle()
    yield made
    gate.opened.set()
    made.desk.close()


def hover(page: Page, x: float, side: int = 256) -> int:
    return page.post(type="hover", x=x, y=40, side=side)


def test_the_answer_is_the_likeliest_candidate_and_nothing_else_changes(page: Page) -> None:
    content, buffers = page.ask(type="hover", x=60, y=40, side=256)
    assert (content["type"], content["score"]) == ("hover_data", pytest.approx(0.9))
    (buffer,) = content["buffers"]
    assert buffer["shape"] == [1, 32, 32]
    logits = decode_logits8(buffers[0], (1, 32, 32), buffer["scale"])[0]
    assert logits[13, 15] > 0
    assert logits[2, 2] < 0
    assert page.desk.session.rev == 0
    assert page.desk.inference.status.state == "ready"


def test_a_slow_page_gets_less(page: Page) -> None:
    content, buffers = page.ask(type="hover", x=60, y=40, side=16)
    assert content["buffers"][0]["shape"] == [1, 16, 16]
    assert len(buffers[0]) == 256


def test_of_many_questions_the_newest_is_answered_and_the_others_are_cancelled(page: Page, gate: Gate) -> None:
    gate.opened.clear()
    gate.entered.clear()
    first = hover(page, 10)
    assert gate.entered.wait(20)
    seqs = [hover(page, 20 + i) for i in range(30)]
    cancelled = [page.wire.answer("page", seq)[0]["code"] for seq in seqs[:-1]]
    assert set(cancelled) == {"cancelled"}
    before = page.predictor.calls
    gate.opened.set()
    assert page.wire.answer("page", first)[0]["type"] == "hover_data"
    assert page.wire.answer("page", seqs[-1])[0]["type"] == "hover_data"
    assert page.predictor.calls == before + 2


def test_a_click_goes_before_what_is_only_looked_at(page: Page, gate: Gate) -> None:
    gate.opened.clear()
    gate.entered.clear()
    hover(page, 10)
    assert gate.entered.wait(20)
    waiting = hover(page, 30)
    page.edit(NEW, CLICK)
    assert page.desk.inference.status.state == "busy"
    gate.opened.set()
    page.wire.answer("page", waiting)
    page.settle()
    kinds = [m[0]["type"] for m in page.wire.sent if m[0]["type"] in ("result", "hover_data")]
    assert kinds == ["hover_data", "result", "hover_data"]


def test_a_click_where_the_pointer_was_needs_no_second_answer_of_the_model(page: Page) -> None:
    page.ask(type="hover", x=60, y=40, side=64)
    calls = page.predictor.calls
    page.edit(NEW, CLICK)
    page.settle()
    assert page.predictor.calls == calls
    shown = page.desk.session.state().shown[1]
    assert shown.mask.decode()[40, 60]
    page.ask(type="hover", x=61, y=40, side=64)
    assert page.predictor.calls == calls + 1


def test_a_place_beside_the_picture_is_refused_and_before_the_picture_is_read_nothing_is_known(page: Page) -> None:
    assert page.ask(type="hover", x=600, y=40, side=64)[0]["code"] == "invalid"
    page.desk.inference.close()
    assert page.ask(type="hover", x=60, y=40, side=64)[0]["code"] == "cancelled"


def test_what_the_model_meets_is_no_error_of_the_widget(page: Page) -> None:
    def fail() -> None:
        raise RuntimeError("out of memory")

    page.predictor.before = fail
    content, _ = page.ask(type="hover", x=60, y=40, side=64)
    assert (content["code"], bool(content["message"])) == ("cancelled", True)
    assert page.desk.inference.status.state == "ready"


@pytest.mark.parametrize(("side", "wanted"), [(300, 256), (256, 256), (64, 64), (100, 64), (16, 16)])
def test_logits_shrink_by_whole_blocks(side: int, wanted: int) -> None:
    logits = np.linspace(-4, 4, 256 * 256, dtype=np.float32).reshape(1, 256, 256)
    small = smaller(logits, side)
    assert small.shape == (1, wanted, wanted)
    assert small.mean() == pytest.approx(logits.mean(), abs=1e-4)
