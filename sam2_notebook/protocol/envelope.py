"""The JSON part of messages: strict reading of what the page sends, writing of what the kernel sends.

The dataclasses of `messages.py` are the schema. Reading takes nothing on trust: wrong types, unknown or missing
fields, numbers that are not finite, too much or too deep data all end in ProtocolError, and in nothing else.
"""

import dataclasses
import math
import types
from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal, TypeAlias, TypeGuard, Union, get_args, get_origin, get_type_hints

from sam2_notebook.errors import LabelError, ProtocolError
from sam2_notebook.protocol.label_messages import AnyLabelRequest, LabelEvent, LabelReply
from sam2_notebook.protocol.messages import Event, Reply, Request
from sam2_notebook.protocol.video_messages import VideoEvent, VideoReply, VideoRequest

MAX_CHARACTERS = 256 * 1024
MAX_DEPTH = 8
MAX_VIEW = 64
MAX_WHOLE = 2**53

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
Reader: TypeAlias = Callable[[object, str], object]


def decode_request(content: object) -> Request:
    """The request that a comm message's content holds; ProtocolError if it is not one.

    >>> decode_request({"type": "ping", "view": "a", "seq": 3})
    Ping(type='ping', view='a', seq=3)
    """
    check_bulk(content)
    request: Request = _reader(Request)(content, "message")  # type: ignore[assignment]
    _check_sender(request.view, request.seq)
    return request


def decode_video_request(content: object) -> VideoRequest:
    """As `decode_request`, what a page says to a video.

    >>> decode_video_request({"type": "look", "view": "a", "seq": 3, "frame": 7})
    LookRequest(type='look', view='a', seq=3, frame=7)
    """
    check_bulk(content)
    request: VideoRequest = _reader(VideoRequest)(content, "message")  # type: ignore[assignment]
    _check_sender(request.view, request.seq)
    return request


def decode_label_request(content: object) -> AnyLabelRequest:
    """As `decode_request`, what a page says to a labeler.

    >>> decode_label_request({"type": "label_hello", "view": "a", "seq": 3})
    LabelHello(type='label_hello', view='a', seq=3)
    """
    check_bulk(content)
    request: AnyLabelRequest = _reader(AnyLabelRequest)(content, "message")  # type: ignore[assignment]
    _check_sender(request.view, request.seq)
    return request


def _check_sender(view: str, seq: int) -> None:
    if not 0 < len(view) <= MAX_VIEW:
        raise ProtocolError(f"message.view has 1 to {MAX_VIEW} characters; got {len(view)}")
    if seq < 0:
        raise ProtocolError(f"message.seq counts up from 0; got {seq}")


def sender(content: object) -> tuple[str, int]:
    """View and seq of a message that could not be read, so that the refusal finds its way; ("", 0) if unknown."""
    if not _is_record(content):
        return "", 0
    view, seq = content.get("view"), content.get("seq")
    if type(view) is str and 0 < len(view) <= MAX_VIEW and type(seq) is int and 0 <= seq <= MAX_WHOLE:
        return (view, seq) if _is_text(view) else ("", 0)
    return "", 0


def check_bulk(content: object) -> None:
    """ProtocolError if the content is larger than 256 kB of JSON or deeper than 8; looks no further than that."""
    left = MAX_CHARACTERS
    level: list[object] = [content]
    for _ in range(MAX_DEPTH + 1):
        deeper: list[object] = []
        for value in level:
            if _is_record(value):
                left -= 2 + sum(len(k) + 4 if isinstance(k, str) else 8 for k in value)
                children: list[object] = list(value.values()) if left >= 0 else []
            elif _is_list(value):
                children = list(value) if len(value) <= left else []
                left -= 2 + len(value)
            else:
                children = []
                left -= len(value) + 2 if isinstance(value, str) else 4
            if left < 0:
                raise ProtocolError(f"a message has at most {MAX_CHARACTERS} characters; this one has more")
            deeper += children
        if not deeper:
            return
        level = deeper
    raise ProtocolError(f"a message is at most {MAX_DEPTH} levels deep; this one is deeper")


def encode_message(message: Reply | Event | VideoReply | VideoEvent | LabelReply | LabelEvent) -> dict[str, Json]:
    """The message as JSON values; ValueError if a number in it is not finite, which is a mistake of ours."""
    encoded = _plain(message)
    assert isinstance(encoded, dict)
    return encoded


def _plain(value: object) -> Json:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a message holds a number that is not finite; scores are finite or None")
        return value
    if _is_list(value):
        return [_plain(v) for v in value]
    if dataclasses.is_dataclass(value):
        return {name: _plain(getattr(value, name)) for name in _field_names(type(value))}
    raise ValueError(f"a message cannot hold a {type(value).__name__}")


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(kind))


def _refuse(where: str, wanted: str, value: object) -> ProtocolError:
    shown = repr(value) if isinstance(value, bool | int | float | None) else type(value).__name__
    if isinstance(value, str):
        shown = ascii(value[:40])
    return ProtocolError(f"{where} is {wanted}; got {shown[:60]}")


def _is_record(value: object) -> TypeGuard[dict[object, object]]:
    return isinstance(value, dict)


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple)


def _is_text(value: str) -> bool:
    """Whether the text can be sent at all: half a surrogate pair cannot."""
    return not any("\ud800" <= c <= "\udfff" for c in value)


def _whole(value: object, where: str) -> int:
    if type(value) is not int or abs(value) > MAX_WHOLE:
        raise _refuse(where, "a whole number", value if type(value) is not int else float("inf"))
    return value


def _number(value: object, where: str) -> float:
    if type(value) is int and abs(value) <= MAX_WHOLE:
        return float(value)
    if type(value) is not float or not math.isfinite(value):
        raise _refuse(where, "a finite number", value if type(value) is not int else float("inf"))
    return value


def _flag(value: object, where: str) -> bool:
    if type(value) is not bool:
        raise _refuse(where, "true or false", value)
    return value


def _text(value: object, where: str) -> str:
    if type(value) is not str or not _is_text(value):
        raise _refuse(where, "a text", value)
    return value


def _nothing(value: object, where: str) -> None:
    if value is not None:
        raise _refuse(where, "null", value)


_ATOMS: dict[object, Reader] = {int: _whole, float: _number, bool: _flag, str: _text, type(None): _nothing}


@cache
def _reader(kind: object) -> Reader:
    """What reads a value of this type; TypeError for a type that the protocol does not know."""
    if kind in _ATOMS:
        return _ATOMS[kind]
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _record_reader(kind)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return _literal_reader(arguments)
    if origin is tuple:
        return _tuple_reader(arguments)
    if origin in (Union, types.UnionType):
        some = [a for a in arguments if a is not type(None)]
        atoms = all(a in _ATOMS for a in some)
        inner = _reader(some[0]) if len(some) == 1 else _atoms_reader(some) if atoms else _union_reader(some)
        if len(some) == len(arguments):
            return inner
        return lambda value, where: None if value is None else inner(value, where)
    raise TypeError(f"the protocol has no values of type {kind}")


def _atoms_reader(kinds: list[object]) -> Reader:
    """Reads a value of one of several plain types, told apart by what JSON says it is."""
    wanted = {float: "a finite number", int: "a whole number", bool: "true or false", str: "a text"}

    def read(value: object, where: str) -> object:
        kind = float if type(value) is int and int not in kinds else type(value)
        if kind not in kinds:
            raise _refuse(where, " or ".join(wanted[k] for k in wanted if k in kinds), value)
        return _ATOMS[kind](value, where)

    return read


def _literal_reader(allowed: tuple[object, ...]) -> Reader:
    def read(value: object, where: str) -> object:
        if type(value) is not str or value not in allowed:
            raise _refuse(where, "one of " + ", ".join(map(str, allowed)), value)
        return value

    return read


def _tuple_reader(arguments: tuple[object, ...]) -> Reader:
    readers = [_reader(a) for a in arguments if a is not Ellipsis]
    is_open = Ellipsis in arguments

    def read(value: object, where: str) -> object:
        if not _is_list(value):
            raise _refuse(where, "a list", value)
        if not is_open and len(value) != len(readers):
            raise ProtocolError(f"{where} is a list of {len(readers)}; got {len(value)}")
        chosen = readers * len(value) if is_open else readers
        return tuple(r(v, f"{where}[{i}]") for i, (r, v) in enumerate(zip(chosen, value, strict=True)))

    return read


def _record_reader(kind: type) -> Reader:
    hints = get_type_hints(kind)
    readers = {name: _reader(hints[name]) for name in _field_names(kind)}

    def read(value: object, where: str) -> object:
        if not _is_record(value):
            raise _refuse(where, "an object with fields", value)
        if value.keys() != readers.keys():
            missing = [n for n in readers if n not in value]
            unknown = [n for n in value if n not in readers]
            raise ProtocolError(
                f"{where} has the fields {', '.join(readers)}; "
                + (f"{missing[0]} is missing" if missing else f"{ascii(unknown[0])[:60]} is unknown")
            )
        fields = {name: r(value[name], f"{where}.{name}") for name, r in readers.items()}
        try:
            return kind(**fields)
        except LabelError as error:
            raise ProtocolError(f"{where} makes no sense: {error}") from None

    return read


def _union_reader(kinds: list[object]) -> Reader:
    """Reads one of several records, told apart by the one field that is a different word in each."""
    tags: dict[object, Reader] = {}
    names: set[str] = set()
    for kind in kinds:
        if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
            raise TypeError(f"a union in the protocol joins records only; got {kind}")
        hints = get_type_hints(kind)
        name = _field_names(kind)[0]
        tags[get_args(hints[name])[0]] = _reader(kind)
        names.add(name)
    (tag,) = names

    def read(value: object, where: str) -> object:
        if not _is_record(value):
            raise _refuse(where, "an object with fields", value)
        word = value.get(tag)
        reader = tags.get(word) if type(word) is str else None
        if reader is None:
            raise _refuse(f"{where}.{tag}", "one of " + ", ".join(map(str, tags)), word)
        return reader(value, where)

    return read
