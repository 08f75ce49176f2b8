"""Classes that were changed on the canvas of one image, brought to the store, where they are everybody's."""

from dataclasses import replace

from sam2_notebook.labels.store import LabelStore
from sam2_notebook.values.classes import LabelClass

Classes = tuple[LabelClass, ...]


def change_classes(store: LabelStore, before: Classes, after: Classes) -> None:
    """Do to the store's classes what leads from `before` to `after`; LabelError if the store cannot.

    A class that has another name at the same place is renamed, and its annotations follow in every image.
    """
    known, wanted = ({label.name: label for label in classes} for classes in (before, after))
    renamed = {
        old.name: new
        for old, new in zip(before, after, strict=False)
        if len(before) == len(after) and old.name not in wanted and new.name not in known
    }
    for name, label in renamed.items():
        store.change_class(name, label)
    fresh = {label.name for label in renamed.values()}
    for label in after:
        if label.name not in known and label.name not in fresh:
            taken = {other.hotkey for other in store.classes()}
            store.add_class(replace(label, hotkey=None) if label.hotkey in taken else label)
        elif label.name in known and known[label.name] != label:
            store.change_class(label.name, label)
    for label in before:
        if label.name not in wanted and label.name not in renamed:
            store.retire_class(label.name)
