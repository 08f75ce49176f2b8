"""Plain values from whatever spells them: Python's numbers, NumPy's or torch's, and words for yes and no.

What else comes is refused with a PromptError that says what was wanted.
"""

import math
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Protocol, cast, runtime_checkable

from sam2_notebook.errors import PromptError

SWITCHES = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


@runtime_checkable
class Scalar(Protocol):
    """What NumPy and torch make of a number: without axes, it is one."""

    @property
    def ndim(self) -> int: ...

    def item(self) -> object: ...


def plain(value: object) -> object:
    """A scalar of NumPy or torch as Python's; all else as it is."""
    return value.item() if isinstance(value, Scalar) and value.ndim == 0 else value


def whole(value: object) -> int | None:
    """A whole number that counts or names something, of Python, NumPy or torch; None for all else, 1.0 and True too.

    >>> whole(3), whole(3.0), whole(True), whole("3")
    (3, None, None, None)
    """
    one = plain(value)
    return None if isinstance(one, bool) or not isinstance(one, Integral) else int(one)


def whole_number(value: object, name: str, least: int) -> int:
    """A whole number of at least `least`, which may be written as 1024.0.

    >>> whole_number(1024.0, "imgsz", 1)
    1024
    """
    found = _whole(value)
    if found is None or found < least:
        raise PromptError(f"{name} is a whole number of at least {least}; got {value!r:.80}")
    return found


def whole_numbers(value: object, wanted: str, least: int | None = None) -> tuple[int, ...]:
    """Whole numbers, one or several; `wanted` is a sentence.

    >>> whole_numbers(3, "obj_ids are whole numbers"), whole_numbers([0, 2], "obj_ids are whole numbers")
    ((3,), (0, 2))
    """
    numbers = [_whole(item) for item in _items(value)]
    found = tuple(n for n in numbers if n is not None and (least is None or n >= least))
    if len(found) < len(numbers):
        raise PromptError(f"{wanted}; got {value!r:.80}")
    return found


def number(value: object, wanted: str, least: float = -math.inf, most: float = math.inf) -> float:
    """A finite number between two others; `wanted` is a sentence.

    >>> number(1, "conf is a score from 0 to 1", 0, 1)
    1.0
    """
    found = _real(value)
    if found is None or not least <= found <= most:
        raise PromptError(f"{wanted}; got {value!r:.80}")
    return found


def yes_or_no(value: object, name: str) -> bool:
    """A switch, also as the words of a command line.

    >>> yes_or_no("no", "save"), yes_or_no(1, "save")
    (False, True)
    """
    found = switch(value)
    if found is None:
        raise PromptError(f"{name} is True or False, yes or no, on or off, 1 or 0; got {value!r:.80}")
    return found


def switch(value: object) -> bool | None:
    """What a value says of a switch, None if nothing."""
    one = plain(value)
    if isinstance(one, str):
        return SWITCHES.get(one.strip().lower())
    return bool(one) if isinstance(one, Real) and one in (0, 1) else None


def _real(value: object) -> float | None:
    one = plain(value)
    if isinstance(one, bool) or not isinstance(one, Real):
        return None
    try:
        found = float(one)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def _whole(value: object) -> int | None:
    one = whole(value)
    if one is not None:
        return one
    found = _real(value)
    return int(found) if found is not None and found.is_integer() else None


def _items(value: object) -> list[object]:
    """What a list, an array or a tensor holds; of all else the value itself."""
    one = plain(value)
    if isinstance(one, Iterable) and not isinstance(one, str | bytes):
        return list(cast("Iterable[object]", one))
    return [one]
