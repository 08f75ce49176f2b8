"""The classes that a cell gives a widget."""

from collections.abc import Iterable

from sam2_notebook.errors import EditError
from sam2_notebook.labels.colors import class_color
from sam2_notebook.protocol.palette import PALETTE
from sam2_notebook.values.classes import LabelClass


def as_classes(classes: Iterable[LabelClass | str]) -> tuple[LabelClass, ...]:
    """Classes as they are; a bare name gets the colour of its place. EditError for anything else.

    >>> [c.color for c in as_classes(["cat", LabelClass(name="dog", color="#000000")])]
    ['#56b4e9', '#000000']
    """
    if isinstance(classes, str):
        raise EditError(f"classes are a list of names or LabelClasses; got the text {classes!r:.60}")
    return tuple(_as_class(given, place) for place, given in enumerate(classes))


def _as_class(given: object, place: int) -> LabelClass:
    if isinstance(given, LabelClass):
        return given
    if not isinstance(given, str):
        raise EditError(f"a class is a name or a LabelClass; got {given!r:.60}")
    color = PALETTE[place].hex if place < len(PALETTE) else class_color(place)
    return LabelClass(name=given, color=color)
