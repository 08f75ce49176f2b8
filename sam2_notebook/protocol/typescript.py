"""Renders the protocol as TypeScript: types for the compiler, and a schema by which the page checks what it receives.

Only what JSON can carry is spelled: dataclasses, `Literal`, unions, tuples, str, int, float, bool and None. Anything
else is refused with a `TypeError` that names the field, so that a message cannot grow a part the page does not know.
"""

import dataclasses
import inspect
import json
import types
from typing import Literal, Union, cast, get_args, get_origin, get_type_hints

from sam2_notebook.protocol import (
    everything_views,
    label_messages,
    label_views,
    messages,
    video_messages,
    video_views,
)
from sam2_notebook.protocol.palette import PALETTE
from sam2_notebook.values import classes, document, edits, prompts, strokes, video_document

_PRIMITIVES: dict[object, str] = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}
_SCHEMAS: dict[object, str] = {str: "text", int: "int", float: "float", bool: "flag", type(None): "none"}
_WORDS = {"text": "string", "int": "int", "float": "float", "flag": "boolean", "none": "null"} | {
    word: word for word in ("literal", "either", "list", "tuple")
}
_UNIONS: dict[str, object] = {
    "Edit": edits.Edit,
    "Request": messages.Request,
    "Reply": messages.Reply,
    "Event": messages.Event,
    "VideoEdit": video_document.VideoEdit,
    "VideoRequest": video_messages.VideoRequest,
    "VideoReply": video_messages.VideoReply,
    "VideoEvent": video_messages.VideoEvent,
    "LabelRequest": label_messages.LabelRequest,
    "LabelReply": label_messages.LabelReply,
    "LabelEvent": label_messages.LabelEvent,
}
# Each widget receives its own messages, so that no bundle holds the schema of another's.
_WIRES = {
    "PICTURE_WIRE": ("Reply", "Event"),
    "VIDEO_WIRE": ("VideoReply", "VideoEvent"),
    "LABEL_WIRE": ("Reply", "Event", "LabelReply", "LabelEvent"),
}
_MODULES = (
    *(classes, edits, video_document, everything_views, messages),
    *(video_views, video_messages, label_views, label_messages),
)
_CONSTANTS = {
    "VERSION": messages.VERSION,
    "MAX_OBJECTS": document.MAX_OBJECTS,
    "MAX_NAME": classes.MAX_NAME,
    "MAX_POINTS": prompts.MAX_POINTS,
    "MAX_STROKES": prompts.MAX_STROKES,
    "MAX_THRESHOLD": document.MAX_THRESHOLD,
    "MAX_PATH": strokes.MAX_PATH,
    "MAX_WIDTH": strokes.MAX_WIDTH,
    "MAX_FRAMES_ASKED": video_messages.MAX_FRAMES_ASKED,
    "MAX_MASK_FRAMES_ASKED": video_messages.MAX_MASK_FRAMES_ASKED,
}


def render() -> str:
    """The whole of `messages.gen.ts`.

    >>> "export interface Hello {" in render()
    True
    """
    found = _dataclasses()
    received = _reachable([cls for unions in _WIRES.values() for cls in _members(unions)])
    parts = [
        "// Written by `python -m sam2_notebook.protocol`. Do not edit: change sam2_notebook/protocol/messages.py.",
        "\n".join(f"export const {name} = {value};" for name, value in _CONSTANTS.items()),
        _palette(),
        *(_interface(cls) for cls in found),
        *(_union(name, alias) for name, alias in _UNIONS.items()),
        _words(),
        *(_record(cls) for cls in _innermost_first(found) if cls in received),
        *(_wire(name, unions) for name, unions in _WIRES.items()),
    ]
    return "\n\n".join(parts) + "\n"


def spell(hint: object, where: str) -> str:
    """A type as TypeScript; TypeError for one that JSON does not carry.

    >>> spell(tuple[float, ...] | None, "Scores.iou")
    'ReadonlyArray<number> | null'
    """
    origin, args = get_origin(hint), get_args(hint)
    if hint in _PRIMITIVES:
        return _PRIMITIVES[hint]
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return hint.__name__
    if origin is Literal:
        return " | ".join(json.dumps(value) for value in args)
    if origin in (types.UnionType, Union):
        names = [name for name, alias in _UNIONS.items() if set(get_args(alias)) == set(args)]
        return names[0] if names else " | ".join(spell(arg, where) for arg in args)
    if origin is tuple and len(args) == 2 and args[1] is Ellipsis:
        return f"ReadonlyArray<{spell(args[0], where)}>"
    if origin is tuple and args and Ellipsis not in args:
        return f"readonly [{', '.join(spell(arg, where) for arg in args)}]"
    raise TypeError(f"{where} has the type {hint!r}, which the protocol cannot spell; use what JSON carries")


def schema(hint: object, where: str) -> str:
    """A type as a value that `js/src/protocol/codecs.ts` checks messages by: a word, a record, or a list with a word.

    >>> schema(tuple[float, ...] | None, "Scores.iou")
    '[either, [list, float], none]'
    """
    origin, args = get_origin(hint), get_args(hint)
    if hint in _SCHEMAS:
        return _SCHEMAS[hint]
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return f"{hint.__name__}Schema"
    if origin is Literal:
        return f"[literal, {', '.join(json.dumps(value) for value in args)}]"
    if origin in (types.UnionType, Union):
        return f"[either, {', '.join(schema(arg, where) for arg in args)}]"
    if origin is tuple and len(args) == 2 and args[1] is Ellipsis:
        return f"[list, {schema(args[0], where)}]"
    if origin is tuple and args and Ellipsis not in args:
        return f"[tuple, {', '.join(schema(arg, where) for arg in args)}]"
    raise TypeError(f"{where} has the type {hint!r}, which the protocol cannot check; use what JSON carries")


def _members(unions: tuple[str, ...]) -> list[type]:
    """The messages of some unions, each once."""
    return list(dict.fromkeys(cls for name in unions for cls in _joined(_UNIONS[name])))


def _innermost_first(found: list[type]) -> list[type]:
    """Records after those they hold: a constant is used after it is made."""
    done: dict[type, None] = {}

    def place(cls: type) -> None:
        for other in found:
            if other is not cls and other not in done and other in _reachable([cls]):
                place(other)
        done[cls] = None

    for cls in found:
        if cls not in done:
            place(cls)
    return list(done)


def _dataclasses() -> list[type]:
    """All dataclasses the messages reach, in the order in which they are defined."""
    roots = [arg for alias in _UNIONS.values() for arg in _joined(alias)]
    reached = _reachable(roots)
    found = [
        cls
        for module in _MODULES
        for cls in vars(module).values()
        if isinstance(cls, type) and cls.__module__ == module.__name__ and cls in reached
    ]
    return list(dict.fromkeys(found))


def _reachable(roots: list[type]) -> set[type]:
    reached: set[type] = set()
    waiting: list[object] = list(roots)
    while waiting:
        hint = waiting.pop()
        if isinstance(hint, type) and dataclasses.is_dataclass(hint):
            if hint not in reached:
                reached.add(hint)
                waiting.extend(get_type_hints(hint).values())
        elif get_origin(hint) is not Literal:
            waiting.extend(get_args(hint))
    return reached


def _interface(cls: type) -> str:
    hints = get_type_hints(cls)
    lines = [f"  readonly {name}: {spell(hint, f'{cls.__name__}.{name}')};" for name, hint in hints.items()]
    return "\n".join([_comment(cls), f"export interface {cls.__name__} {{", *lines, "}"])


def _comment(cls: type) -> str:
    lines = inspect.cleandoc(cls.__doc__ or "").splitlines()
    if len(lines) == 1:
        return f"/** {lines[0]} */"
    return "\n".join(["/**", *(f" * {line}".rstrip() for line in lines), " */"])


def _joined(alias: object) -> tuple[type, ...]:
    """What a union joins; a union of one is that one."""
    return get_args(alias) or (cast(type, alias),)


def _union(name: str, alias: object) -> str:
    return f"export type {name} =\n" + "\n".join(f"  | {cls.__name__}" for cls in _joined(alias)) + ";"


def _palette() -> str:
    rows = "\n".join(f'  {{ name: "{c.name}", rgb: [{", ".join(map(str, c.rgb))}] }},' for c in PALETTE)
    kind = "ReadonlyArray<{ readonly name: string; readonly rgb: readonly [number, number, number] }>"
    comment = "/** The colours of objects; an object's `color` is an index that wraps around. */"
    return f"{comment}\nexport const PALETTE: {kind} = [\n{rows}\n];"


def _words() -> str:
    """The words of schemas: constants, which the bundler calls by one letter, where text would stay as it is."""
    return "\n".join(
        [
            "/** A word, a record, or a list that begins with a word. */",
            "export type Schema = string | ReadonlyArray<Schema> | { readonly [field: string]: Schema };",
            "",
            "/** How each message must look that a widget receives, by its `type`. */",
            "export type Wire = Readonly<Record<string, Schema>>;",
            "",
            *(f'const {name} = "{word}";' for name, word in _WORDS.items()),
        ]
    )


def _record(cls: type) -> str:
    """How a record must look that a page receives."""
    hints = get_type_hints(cls).items()
    fields = [f"  {name}: {schema(hint, f'{cls.__name__}.{name}')}," for name, hint in hints]
    return "\n".join([f"const {cls.__name__}Schema: Schema = {{", *fields, "};"])


def _wire(name: str, unions: tuple[str, ...]) -> str:
    rows = [f"  {get_args(get_type_hints(cls)['type'])[0]}: {cls.__name__}Schema," for cls in _members(unions)]
    return "\n".join([f"export const {name}: Wire = {{", *rows, "};"])
