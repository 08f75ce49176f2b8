"""What comes of masks when objects are merged, split, or cut where they overlap. Pure: masks in, a document out."""

from collections.abc import Callable

from sam2_notebook.errors import EditError
from sam2_notebook.values.document import Document
from sam2_notebook.values.edits import CutOverlap, MergeObjects, OfShapes, SplitObject
from sam2_notebook.values.masks import BoolMask, Rle, area, components

MAX_PARTS = 20

MaskOf = Callable[[int], BoolMask | None]


def reshape(document: Document, edit: OfShapes, mask_of: MaskOf) -> Document:
    """The document after an edit that takes all masks; EditError if one of them is not there yet, or none is left."""
    after = document.apply(edit)
    match edit:
        case MergeObjects():
            whole = _mask(edit.object, mask_of).copy()
            for other in edit.others:
                whole |= _mask(other, mask_of)
            return after.drawn(edit.object, _counts(whole))
        case SplitObject():
            return _split(after, edit.object, mask_of)
        case CutOverlap():
            return _cut(after, edit, mask_of)


def _split(document: Document, id: int, mask_of: MaskOf) -> Document:
    mask, name = _mask(id, mask_of), document.object(id).name
    parts = components(mask, MAX_PARTS)
    largest = next(parts, None)
    if largest is None or area(largest) == area(mask):
        raise EditError(f"the mask of object {id} is in one piece already; there is nothing to split")
    document = document.drawn(id, _counts(largest))
    for number, part in enumerate(parts, start=2):
        document = document.copied(id, f"{name} {number}")
        document = document.drawn(document.objects[-1].id, _counts(part))
    return document


def _cut(document: Document, edit: CutOverlap, mask_of: MaskOf) -> Document:
    own = _mask(edit.object, mask_of)
    others: dict[int, BoolMask] = {}
    for other in document.objects:
        can_lose = other.visible and not (other.locked and edit.loser == "others")
        mask = mask_of(other.id) if can_lose and other.id != edit.object else None
        if mask is not None and (mask & own).any():
            others[other.id] = mask
    if not others:
        raise EditError(f"no other visible object that is not locked overlaps object {edit.object}")
    if edit.loser == "object":
        left = own.copy()
        for mask in others.values():
            left &= ~mask
        return document.drawn(edit.object, _counts(left))
    for id, mask in others.items():
        document = document.drawn(id, _counts(mask & ~own))
    return document


def _mask(id: int, mask_of: MaskOf) -> BoolMask:
    mask = mask_of(id)
    if mask is None:
        raise EditError(f"object {id} has no mask yet; mark it first, and wait for the model")
    return mask


def _counts(mask: BoolMask) -> str:
    if not mask.any():
        raise EditError("nothing would be left of an object; remove it, if that is what you want")
    return Rle.from_mask(mask).to_coco()["counts"]
