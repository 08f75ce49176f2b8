"""Reading requests strictly, writing messages."""

import dataclasses
import json
import math
import typing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sam2_notebook.errors import ProtocolError
from sam2_notebook.protocol import messages
from sam2_notebook.protocol.envelope import decode_request, encode_message, sender
from sam2_notebook.protocol.messages import EditRequest, Pong, Request
from sam2_notebook.values.edits import AddPoint, RenameObject, SetBox

POINT = {"kind": "add_point", "object": 1, "x": 3, "y": 4.5, "label": 1}
EDIT = {"type": "edit", "view": "v", "seq": 0, "rev": 2, "edits": [POINT]}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


def edit(**changes: object) -> dict[str, object]:
    return {**EDIT, **changes}


def test_an_edit_is_read_into_values() -> None:
    point = AddPoint(object=1, x=3.0, y=4.5, label=1)
    assert decode_request(EDIT) == EditRequest(view="v", seq=0, rev=2, edits=(point,))


def test_whole_coordinates_become_floats() -> None:
    request = decode_request(EDIT)
    assert isinstance(request, EditRequest)
    point = request.edits[0]
    assert isinstance(point, AddPoint)
    assert type(point.x) is float


@pytest.mark.parametrize("box", [[1, 2, 3, 4], None])
def test_a_box_is_four_numbers_or_null(box: list[float] | None) -> None:
    request = decode_request(edit(edits=[{"kind": "set_box", "object": 1, "box": box}]))
    assert isinstance(request, EditRequest)
    assert request.edits == (SetBox(object=1, box=tuple(map(float, box)) if box else None),)  # type: ignore[arg-type]


REFUSED = {
    "nothing": (None, "message is an object"),
    "a list": ([], "message is an object"),
    "no type": ({"view": "v", "seq": 1}, "message.type is one of"),
    "an unknown type": ({"type": "eval", "view": "v", "seq": 1}, "got 'eval'"),
    "a type that is a list": ({"type": ["ping"], "view": "v", "seq": 1}, "message.type"),
    "a reply": ({"type": "pong", "view": "v", "seq": 1, "epoch": "e", "rev": 1}, "message.type"),
    "a missing field": ({"type": "ping", "view": "v"}, "seq is missing"),
    "an unknown field": ({"type": "ping", "view": "v", "seq": 1, "path": "/etc"}, "'path' is unknown"),
    "an empty view": ({"type": "ping", "view": "", "seq": 1}, "1 to 64"),
    "a long view": ({"type": "ping", "view": "v" * 65, "seq": 1}, "1 to 64"),
    "half a surrogate": ({"type": "ping", "view": "\ud800", "seq": 1}, "message.view is a text"),
    "a seq below 0": ({"type": "ping", "view": "v", "seq": -1}, "counts up"),
    "true for a number": ({"type": "ping", "view": "v", "seq": True}, "whole number; got True"),
    "a float for a whole number": ({"type": "ping", "view": "v", "seq": 1.0}, "whole number"),
    "a number beyond 2**53": ({"type": "ping", "view": "v", "seq": 2**70}, "whole number"),
    "a text for edits": (edit(edits="add"), "message.edits is a list"),
    "an unknown edit": (edit(edits=[{"kind": "rm"}]), r"edits\[0\].kind"),
    "NaN": (edit(edits=[{**POINT, "x": math.nan}]), r"edits\[0\].x is a finite number; got nan"),
    "infinity": (edit(edits=[{**POINT, "y": math.inf}]), "finite"),
    "a huge coordinate": (edit(edits=[{**POINT, "y": 10**400}]), "finite"),
    "a text for a number": (edit(edits=[{**POINT, "x": "3"}]), "finite number; got '3'"),
    "a box of three": (edit(edits=[{"kind": "set_box", "object": 1, "box": [1, 2, 3]}]), "list of 4; got 3"),
    "too much": (edit(edits=[{**POINT, "kind": "x" * 300_000}]), "at most 262144"),
    "too many": (edit(edits=[POINT] * 20_000), "at most 262144"),
    "a very long list": (edit(edits=list(range(3_000_000))), "at most 262144"),
    "too deep": (edit(edits=[[[[[[[[[[1]]]]]]]]]]), "at most 8"),
}


@pytest.mark.parametrize(("content", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_request_is_refused(content: object, words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        decode_request(content)


def test_a_hundred_thousand_levels_are_refused_without_recursion() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ProtocolError, match="at most 8"):
        decode_request(edit(edits=deep))


@settings(max_examples=500)
@given(JSON)
def test_any_json_is_a_request_or_a_protocol_error(content: object) -> None:
    try:
        decode_request(content)
    except ProtocolError as error:
        json.dumps(str(error)).encode()


@settings(max_examples=500)
@given(st.data())
def test_any_field_may_be_anything(data: st.DataObject) -> None:
    target = data.draw(st.sampled_from(["message", "edit"]))
    change = {data.draw(st.sampled_from([*EDIT, *POINT, "other"])): data.draw(JSON)}
    content = edit(**change) if target == "message" else edit(edits=[{**POINT, **change}])
    try:
        request = decode_request(content)
    except ProtocolError:
        return
    assert isinstance(request, Request)


@pytest.mark.parametrize(
    ("content", "who"),
    [
        ({"view": "v", "seq": 3, "type": 9}, ("v", 3)),
        ({"view": "v", "seq": True}, ("", 0)),
        ({"view": "\udfff", "seq": 1}, ("", 0)),
        ({"view": ["v"], "seq": 1}, ("", 0)),
        (None, ("", 0)),
    ],
)
def test_the_sender_of_a_broken_message_is_known_if_it_says_so(content: object, who: tuple[str, int]) -> None:
    assert sender(content) == who


def test_a_message_is_written_as_json() -> None:
    assert encode_message(Pong(view="v", seq=1, epoch="e", rev=2)) == {
        "type": "pong",
        "view": "v",
        "seq": 1,
        "epoch": "e",
        "rev": 2,
    }


def test_a_score_that_is_no_number_cannot_be_written() -> None:
    scores = messages.Scores(iou=(math.nan,), object_score=None, best=0, milliseconds=1.0)
    result = messages.ObjectResult(epoch="e", object=1, rev=1, scores=scores, area=0, buffers=())
    with pytest.raises(ValueError, match="not finite"):
        encode_message(result)


@given(st.builds(RenameObject, object=st.integers(0, 9), name=st.text(max_size=20)))
def test_what_the_kernel_writes_of_an_edit_it_can_read(rename: RenameObject) -> None:
    request = EditRequest(view="v", seq=1, rev=1, edits=(rename,))
    assert decode_request(json.loads(json.dumps(encode_message(request)))) == request  # type: ignore[arg-type]


def test_no_request_takes_a_path_an_address_or_code() -> None:
    names = {field.name for kind in typing.get_args(Request) for field in dataclasses.fields(kind)}
    said = {"type", "view", "seq", "version", "rev", "edits", "direction", "width", "object", "x", "y", "side"}
    assert names == said | {"action", "run", "proposals", "merged"}
