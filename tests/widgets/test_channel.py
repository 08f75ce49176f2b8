"""The wire, from raw messages to answers, with a desk behind it: nothing but messages goes in and comes out."""

import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sam2_notebook.errors import MediaError
from sam2_notebook.protocol.codecs import decode_rle
from sam2_notebook.protocol.messages import VERSION
from sam2_notebook.widgets.channel import MAX_RUNNING, REMEMBERED_ANSWERS
from sam2_notebook.widgets.desk import ImageDesk
from tests.protocol.test_envelope import JSON
from tests.widgets.discs import SIZE, DiscPredictor, Wire, desk

NEW = {"kind": "add_object", "object": 1}
CLICK = {"kind": "add_point", "object": 1, "x": 60, "y": 40, "label": 1}


class Page:
    """A page that speaks to a desk."""

    def __init__(self, view: str = "page", predictor: DiscPredictor | None = None) -> None:
        self.view, self.seq, self.wire = view, 0, Wire()
        self.predictor = predictor or DiscPredictor()
        self.desk: ImageDesk = desk(self.predictor, self.wire)
        self.ask(type="hello", version=VERSION)

    def post(self, **body: object) -> int:
        """Send a request and return its seq."""
        self.seq += 1
        self.desk.channel.receive({"view": self.view, "seq": self.seq, **body})
        return self.seq

    def ask(self, **body: object) -> tuple[dict, list[bytes]]:
        """Send a request and wait for the answer."""
        return self.wire.answer(self.view, self.post(**body))

    def edit(self, *edits: dict) -> dict:
        """Make edits on the newest revision."""
        return self.ask(type="edit", rev=self.desk.session.rev, edits=list(edits))[0]

    def settle(self) -> None:
        """Wait until all is quiet."""
        assert self.desk.wait(20)


@pytest.fixture
def page():
    made = Page()
    yield made
    made.desk.close()


def test_a_click_is_acknowledged_and_answered_with_a_mask(page: Page) -> None:
    assert page.edit(NEW, CLICK) == {"type": "ack", "view": "page", "seq": 2, "rev": 1}
    page.settle()
    (content, buffers) = next(m for m in page.wire.sent if m[0]["type"] == "result")
    assert (content["object"], content["rev"], content["scores"]["best"]) == (1, 1, 1)
    assert [b["what"] for b in content["buffers"]] == ["logits8", "rle"]
    assert content["buffers"][0]["shape"] == [3, 32, 32]
    mask = decode_rle(buffers[1], SIZE)
    assert mask[40, 60]
    assert int(mask.sum()) == content["area"]


def test_the_acknowledgement_comes_before_the_document_and_that_before_the_result(page: Page) -> None:
    page.edit(NEW, CLICK)
    page.settle()
    types = [content["type"] for content, _ in page.wire.sent]
    order = types[types.index("ack") :]
    assert order[1] == "document"
    assert "result" in order[2:]


def test_a_snapshot_holds_every_mask(page: Page) -> None:
    page.edit(NEW, CLICK)
    page.edit({**NEW, "object": 7}, {**CLICK, "object": 7, "x": 20})
    page.settle()
    content, buffers = page.ask(type="hello", version=VERSION)
    assert [b["object"] for b in content["buffers"]] == [1, 7]
    assert content["document"]["selected"] == 7
    assert content["picture"] == {"width": 128, "height": 96, "name": "grey.png", "key": page.desk.picture.digest}
    for (x, y), data in zip([(60, 40), (20, 40)], buffers, strict=True):
        assert decode_rle(data, SIZE)[y, x]


def test_undo_brings_the_document_and_the_mask_of_before(page: Page) -> None:
    page.edit(NEW, CLICK)
    page.settle()
    page.edit({**CLICK, "x": 90})
    page.settle()
    content, _ = page.ask(type="history", direction="undo")
    page.settle()
    assert content["type"] == "ack"
    last = page.wire.of("result")[-1]
    assert (last["rev"], len(last["scores"]["iou"])) == (content["rev"], 3)
    assert page.wire.of("document")[-1]["document"]["can_redo"]


def test_prompts_that_are_gone_take_the_mask_along(page: Page) -> None:
    page.edit(NEW, CLICK)
    page.settle()
    page.edit({"kind": "clear_prompts", "object": 1})
    page.settle()
    last = page.wire.of("result")[-1]
    assert (last["scores"], last["buffers"]) == (None, [])


@pytest.mark.parametrize(
    ("edits", "code", "words"),
    [
        ([CLICK], "invalid", "there is no object 1"),
        ([NEW, {**CLICK, "x": 900}], "invalid", "outside the picture"),
        ([NEW, {**CLICK, "label": 7}], "invalid", "label"),
        ([NEW, {**CLICK, "x": None}], "malformed", "finite"),
        ([NEW, {"kind": "set_box", "object": 1, "box": [9, 9, 1, 1]}], "invalid", "xyxy"),
        ([NEW, {**CLICK, "path": "/etc/passwd"}], "malformed", "unknown"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_changes(page: Page, edits: list, code: str, words: str) -> None:
    before = page.desk.session.state()
    answer = page.edit(*edits)
    assert (answer["type"], answer["code"]) == ("failure", code)
    assert words in answer["message"]
    assert page.desk.session.state() == before


def test_an_edit_on_a_revision_of_another_life_is_a_conflict(page: Page) -> None:
    assert page.ask(type="edit", rev=99, edits=[NEW])[0]["code"] == "conflict"


def test_an_edit_that_no_longer_fits_because_of_another_page_is_a_conflict(page: Page) -> None:
    page.edit(NEW, CLICK)
    rev = page.desk.session.rev
    page.desk.channel.receive(
        {"type": "edit", "view": "two", "seq": 0, "rev": rev, "edits": [{"kind": "remove_object", "object": 1}]}
    )
    page.wire.answer("two", 0)
    assert page.ask(type="edit", rev=rev, edits=[CLICK])[0]["code"] == "conflict"


def test_a_repeated_edit_is_answered_again_but_not_applied_again(page: Page) -> None:
    request = {"type": "edit", "view": "page", "seq": 50, "rev": 0, "edits": [NEW]}
    for _ in range(5):
        page.desk.channel.receive(request)
    first = page.wire.answer("page", 50)
    page.settle()
    page.desk.channel.receive(request)
    page.settle()
    answers = page.wire.answers("page", 50)
    assert len(answers) >= 2
    assert all(answer == first for answer in answers)
    assert page.desk.session.rev == 1


def test_an_edit_too_old_to_remember_is_refused_rather_than_applied(page: Page) -> None:
    page.edit(NEW)
    for i in range(REMEMBERED_ANSWERS + 10):
        page.post(type="edit", rev=1, edits=[{"kind": "rename_object", "object": 1, "name": str(i)}])
    page.settle()
    rev = page.desk.session.rev
    page.desk.channel.receive({"type": "edit", "view": "page", "seq": 2, "rev": 0, "edits": [NEW]})
    page.settle()
    assert page.wire.answers("page", 2)[-1][0]["code"] == "conflict"
    assert page.desk.session.rev == rev


def test_a_thousand_edits_and_a_click_are_all_answered_and_the_model_runs_a_few_times() -> None:
    page = Page(predictor=DiscPredictor(before=lambda: time.sleep(0.02)))
    page.edit(NEW, CLICK)
    start = time.monotonic()
    move = {"kind": "move_point", "object": 1, "index": 0}
    seqs = [page.post(type="edit", rev=1, edits=[{**move, "x": i % 128, "y": i % 96}]) for i in range(1000)]
    posted = time.monotonic() - start
    click = page.post(type="edit", rev=1, edits=[{**CLICK, "x": 100, "y": 80}])
    page.wire.answer("page", click)
    page.settle()
    assert posted < 2, "a handler took more than 2 ms"
    assert all(len(page.wire.answers("page", seq)) == 1 for seq in seqs)
    assert page.predictor.calls < 200
    last = page.wire.of("result")[-1]
    assert last["rev"] >= page.wire.answers("page", click)[0][0]["rev"]
    assert len(page.wire.of("document")) < 300
    page.desk.close()


def test_more_requests_than_can_wait_are_refused_not_lost() -> None:
    wait = threading.Event()
    page = Page()

    def hold() -> None:
        wait.wait(20)

    page.desk.channel.run("hold", hold)
    seqs = [page.post(type="edit", rev=0, edits=[NEW]) for _ in range(MAX_RUNNING + 5)]
    wait.set()
    page.settle()
    codes = [page.wire.answers("page", seq)[0][0].get("code") for seq in seqs]
    assert codes[0] is None
    assert codes[-5:] == ["conflict"] * 5
    page.desk.close()


def test_everything_is_sent_by_one_thread(page: Page) -> None:
    page.edit(NEW, CLICK)
    page.ask(type="picture", width=64)
    page.settle()
    page.desk.edit()
    assert page.wire.threads == {"sam2_notebook publisher"}


def test_nothing_is_sent_before_a_page_says_hello() -> None:
    wire = Wire()
    quiet = desk(DiscPredictor(), wire)
    quiet.session.apply()
    quiet.wait(20)
    assert wire.sent == []
    quiet.close()


@pytest.mark.parametrize(("width", "shape"), [(64, [48, 64]), (4096, [96, 128]), (-3, [1, 1])])
def test_the_picture_comes_as_wide_as_asked_but_no_wider_than_it_is(page: Page, width: int, shape: list) -> None:
    content, buffers = page.ask(type="picture", width=width)
    assert content["buffers"][0]["shape"] == shape
    assert buffers[0][:2] in (b"\x89P", b"\xff\xd8")


def test_candidates_can_be_asked_for_again(page: Page) -> None:
    page.edit(NEW, CLICK)
    page.settle()
    content, buffers = page.ask(type="candidates", object=1)
    assert len(buffers[0]) == 3 * 32 * 32
    assert content["rev"] == 1
    assert page.ask(type="candidates", object=9)[0]["code"] == "invalid"


def test_an_error_of_the_model_is_told_in_words_without_folders_and_the_session_goes_on() -> None:
    broken = [True]

    def fail() -> None:
        if broken[0]:
            raise MediaError("cannot read /home/ann/secret/cat.jpg: no such file")

    page = Page(predictor=DiscPredictor(before=fail))
    assert page.edit(NEW, CLICK)["type"] == "ack"
    with pytest.raises(MediaError):
        page.settle()
    status = page.wire.of("status")[-1]["status"]
    assert status == {"state": "error", "text": "cannot read cat.jpg: no such file"}
    assert "Traceback" in (page.desk.session.last_error or "")
    broken[0] = False
    page.edit({**CLICK, "x": 90})
    page.settle()
    assert page.wire.of("status")[-1]["status"]["state"] == "ready"
    page.desk.close()


def test_an_error_of_ours_is_told_without_its_text() -> None:
    def fail() -> None:
        raise KeyError("/home/ann")

    page = Page(predictor=DiscPredictor(before=fail))
    page.edit(NEW, CLICK)
    with pytest.raises(Exception, match="KeyError"):
        page.settle()
    assert "ann" not in page.wire.of("status")[-1]["status"]["text"]
    page.desk.close()


def test_buffers_from_a_page_are_refused(page: Page) -> None:
    page.desk.channel.receive({"type": "ping", "view": "page", "seq": 90}, [b"x"])
    assert page.wire.answer("page", 90)[0]["code"] == "malformed"


def test_a_message_that_says_not_who_sent_it_is_refused_to_all(page: Page) -> None:
    page.desk.channel.receive("hello")
    assert page.wire.answer("", 0)[0]["code"] == "malformed"


def test_messages_from_eight_threads_are_all_answered(page: Page) -> None:
    def work(view: str) -> None:
        for seq in range(100):
            page.desk.channel.receive({"type": "ping", "view": view, "seq": seq})

    threads = [threading.Thread(target=work, args=(f"t{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    page.settle()
    for i in range(8):
        assert all(len(page.wire.answers(f"t{i}", seq)) == 1 for seq in range(100))


@pytest.fixture(scope="module")
def fuzzed():
    made = Page()
    yield made
    made.desk.close()


REQUEST = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["hello", "edit", "history", "picture", "candidates", "ping", "eval"]) | JSON,
        "view": st.sampled_from(["a", "b"]) | JSON,
        "seq": st.integers(0, 2**60) | JSON,
    },
    optional={
        "rev": st.integers(0, 40) | JSON,
        "version": st.just(1) | JSON,
        "direction": st.sampled_from(["undo", "redo"]) | JSON,
        "width": st.integers(-5, 500) | JSON,
        "object": st.integers(0, 3) | JSON,
        "edits": st.lists(st.sampled_from([NEW, CLICK, {"kind": "remove_object", "object": 1}]) | JSON) | JSON,
    },
)


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(REQUEST | JSON, max_size=4))
def test_no_message_goes_unanswered_or_does_harm(fuzzed: Page, contents: list) -> None:
    fuzzed.wire.sent.clear()
    before = fuzzed.desk.session.rev
    for content in contents:
        fuzzed.desk.channel.receive(content)
    fuzzed.settle()
    assert fuzzed.desk.session.last_error is None
    for content in contents:
        if not isinstance(content, dict):
            continue
        view, seq = content.get("view"), content.get("seq")
        is_named = isinstance(view, str) and 0 < len(view) <= 64 and view.isprintable()
        if is_named and isinstance(seq, int) and not isinstance(seq, bool) and 0 <= seq <= 2**53:
            assert fuzzed.wire.answers(str(view), seq)
    refused = all(content.get("type") == "failure" for content, _ in fuzzed.wire.sent)
    assert not refused or fuzzed.desk.session.rev == before
