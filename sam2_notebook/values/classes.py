"""Classes of things and the questions asked about each thing: what labels and documents have in common. Frozen."""

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sam2_notebook.errors import LabelError

AttributeValue: TypeAlias = str | int | float | bool
AttributeKind: TypeAlias = Literal["text", "number", "choice", "flag"]

MAX_NAME = 200
MAX_TEXT = 10_000
_COLOR = re.compile(r"#[0-9a-f]{6}")
_DIRECTION_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """A question asked about each thing of a class. `kind` says what answers it; one with `choices` is a `choice`.

    >>> Attribute(name="ripe", choices=("yes", "no")).kind
    'choice'
    """

    name: str
    choices: tuple[str, ...] = ()
    kind: AttributeKind = "text"

    def __post_init__(self) -> None:
        check_name(self.name, "an attribute")
        for choice in self.choices:
            check_name(choice, f"a choice of the attribute {self.name!r}")
        if self.choices and self.kind == "text":
            object.__setattr__(self, "kind", "choice")
        if (self.kind == "choice") != bool(self.choices):
            raise LabelError(
                f"attribute {self.name!r}: choices belong to the kind 'choice', and only to that; "
                f"got the kind {self.kind!r} with {len(self.choices)} choices"
            )

    def check(self, value: AttributeValue) -> None:
        """LabelError unless the value answers the question."""
        check_value(self.name, value)
        kind = kind_of(value)
        if self.kind == "choice" and value not in self.choices:
            raise LabelError(f"attribute {self.name!r} is one of {', '.join(self.choices)}; got {value!r:.60}")
        if self.kind not in ("choice", kind):
            raise LabelError(f"attribute {self.name!r} is a {self.kind}; got the {kind} {value!r:.60}")


@dataclass(frozen=True, kw_only=True)
class LabelClass:
    """A class of things. `color` is `#rrggbb`, `hotkey` one printable character or none.

    >>> LabelClass(name="leaf", color="#2ca02c", hotkey="l").name
    'leaf'
    """

    name: str
    color: str = "#1f77b4"
    hotkey: str | None = None
    attributes: tuple[Attribute, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.name, "a class")
        if not _COLOR.fullmatch(self.color):
            raise LabelError(f"class {self.name!r}: a colour is written #rrggbb in lower case; got {self.color!r}")
        if self.hotkey is not None and (len(self.hotkey) != 1 or not self.hotkey.isprintable() or self.hotkey == " "):
            raise LabelError(f"class {self.name!r}: a hotkey is one character, not a space; got {self.hotkey!r}")
        check_unique((a.name for a in self.attributes), f"attributes of class {self.name!r}")

    def attribute(self, name: str) -> Attribute | None:
        """The question of this name, if the class asks it."""
        return next((a for a in self.attributes if a.name == name), None)


def kind_of(value: AttributeValue) -> Literal["text", "number", "flag"]:
    """What a value is, as attributes name it.

    >>> kind_of(True), kind_of(3), kind_of("3")
    ('flag', 'number', 'text')
    """
    if isinstance(value, bool):
        return "flag"
    return "text" if isinstance(value, str) else "number"


def check_value(name: str, value: object) -> None:
    """LabelError unless a thing can have this value under this name."""
    check_name(name, "an attribute")
    if not isinstance(value, str | int | float) or (isinstance(value, float) and not math.isfinite(value)):
        raise LabelError(f"attribute {name!r} is a text, a finite number or yes/no; got {value!r:.60}")
    check_text(str(value), f"attribute {name!r}", MAX_TEXT)


def check_name(name: str, what: str) -> None:
    """Raise LabelError unless a name is one line of 1 to 200 characters, without invisible controls at its ends."""
    controls = any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} or c in _DIRECTION_CONTROLS for c in name)
    if not name or name != name.strip() or len(name) > MAX_NAME or controls:
        raise LabelError(
            f"{what} has a name of one line, 1 to {MAX_NAME} characters, without spaces around it and without control "
            f"characters; got {name[: MAX_NAME + 1]!r}"
        )


def check_text(text: str, what: str, limit: int) -> None:
    """Raise LabelError for a text that is too long, or that a database or a file would refuse."""
    if len(text) > limit:
        raise LabelError(f"{what} has at most {limit:,} characters; got {len(text):,}")
    if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise LabelError(f"{what} holds a null character or half a character: {text[:100]!r}; write it anew")


def check_unique(names: Iterable[str], what: str) -> None:
    """Raise LabelError if a name is there twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise LabelError(f"the {what} differ from one another; {name!r} is there twice")
        seen.add(name)
