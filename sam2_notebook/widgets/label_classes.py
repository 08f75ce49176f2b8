"""Classes that were changed on the canvas of one image, brought to the store, where they are everybody's."""

from dataclasses import replace

from sam2_notebook.labels.store import LabelStore
from sam2_notebook.values.classes import LabelClass

Classes = tuple[LabelClass, ...]


def renames(before: Classes, after: Classes) -> dict[str, str]:
    """New names by old ones: a class that has another name at the same place was renamed.

    >>> leaf, pot = LabelClass(name="leaf", color="#1a7f37"), LabelClass(name="pot", color="#9a6700")
    >>> renames((leaf, pot), (replace(leaf, name="frond"), pot))
    {'leaf': 'frond'}
    """
    if len(before) != len(after):
        return {}
    known, wanted = ({label.name for label in classes} for classes in (before, after))
    return {
        old.name: new.name
        for old, new in zip(before, after, strict=True)
        if old.name not in wanted and new.name not in known
    }


def change_classes(store: LabelStore, before: Classes, after: Classes) -> None:
    """Do to the store's classes what leads from `before` to `after`; LabelError if the store cannot.

    The annotations of a class that is renamed follow in every image.
    """
    known, wanted = ({label.name: label for label in classes} for classes in (before, after))
    renamed = renames(before, after)
    for name, to in renamed.items():
        store.change_class(name, wanted[to])
    for label in after:
        if label.name not in known and label.name not in renamed.values():
            taken = {other.hotkey for other in store.classes()}
            store.add_class(replace(label, hotkey=None) if label.hotkey in taken else label)
        elif label.name in known and known[label.name] != label:
            store.change_class(label.name, label)
    for label in before:
        if label.name not in wanted and label.name not in renamed:
            store.retire_class(label.name)
