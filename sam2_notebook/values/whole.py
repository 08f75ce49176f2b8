"""Whole numbers as callers give them: Python's, numpy's, those of tensors."""

import operator
from typing import Any


def whole(value: Any) -> int | None:
    """The same as an int; None for what is no whole number, True and False among it.

    >>> whole(3), whole(True), whole(3.0), whole("3")
    (3, None, None, None)
    """
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)
    except (TypeError, ValueError):
        return None
