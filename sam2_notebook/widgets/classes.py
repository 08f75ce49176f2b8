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
    try:
        listed = None if isinstance(classes, str) else list(classes)
    except TypeError:
        listed = None
    if listed is None:
        raise EditError(f"classes are a list of names or LabelClasses; got {classes!r:.60}")
    return tuple(_as_class(given, place) for place, given in enumerate(listed))


def joined_classes(
    mine: Iterable[LabelClass], others: Iterable[LabelClass], labels: Iterable[str]
) -> tuple[LabelClass, ...]:
    """One's own classes as they are, then those of others that go by other names, then names that objects have.

    Where nobody has classes there are none: the names are free then.

    >>> mine, others = as_classes(["cat"]), as_classes(["dog", LabelClass(name="cat", color="#000000")])
    >>> [(c.name, c.color) for c in joined_classes(mine, others, ["cow", "dog", ""])]
    [('cat', '#56b4e9'), ('dog', '#56b4e9'), ('cow', '#009e73')]
    """
    known = {given.name: given for given in mine}
    for given in others:
        known.setdefault(given.name, given)
    return (
        as_classes([known.get(name, name) for name in dict.fromkeys([*known, *filter(None, labels)])]) if known else ()
    )


def _as_class(given: object, place: int) -> LabelClass:
    if isinstance(given, LabelClass):
        return given
    if not isinstance(given, str):
        raise EditError(f"a class is a name or a LabelClass; got {given!r:.60}")
    color = PALETTE[place].hex if place < len(PALETTE) else class_color(place)
    return LabelClass(name=given, color=color)
