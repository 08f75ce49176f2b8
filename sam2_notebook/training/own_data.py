"""A user's own labels as photos to train on: a folder, or any iterable of pictures with masks."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sam2_notebook.errors import LabelError
from sam2_notebook.media import Image, read_image
from sam2_notebook.media.images import ImageSource
from sam2_notebook.training.shelf import PictureFile
from sam2_notebook.training.sources import SPECK, BoolMask, Photo, RlePhoto, annotation_files, coco_folder, label_folder
from sam2_notebook.values.masks import Rle

# a bool mask (height, width), several (objects, height, width) or their run lengths, or a label map of integers
Masks = npt.NDArray[np.bool_] | npt.NDArray[np.integer] | Sequence[npt.NDArray[np.bool_]] | Sequence[Rle]
Labelled = tuple[ImageSource | Image, Masks]


def photos_from(dataset: str | Path | Iterable[Labelled]) -> list[Photo]:
    """Every picture with at least one object of 16 pixels; LabelError says what cannot be used.

    A folder is COCO-style (annotations.json or annotations/*.json beside images/) or has an index.json of label maps
    (image, mask) beside images/ and masks/. Pictures in files are read as they are needed, at most 1 GiB is kept.

    >>> picture, labels = np.zeros((20, 20, 3), np.uint8), np.zeros((20, 20), np.uint8)
    >>> labels[2:9, 2:9] = 1
    >>> [photo.areas.tolist() for photo in photos_from([(picture, labels)])]
    [[49.0]]
    """
    photos: list[Photo]
    if isinstance(dataset, str | Path):
        photos = _from_folder(Path(dataset))
    else:
        photos = [*filter(None, (_from_item(number, item) for number, item in enumerate(dataset)))]
    if not photos:
        raise LabelError(
            f"there is nothing to learn from: none of the pictures has an object of at least {SPECK} pixels."
        )
    return photos


def _from_folder(folder: Path) -> list[Photo]:
    if annotation_files(folder):
        return [*coco_folder(folder, None)]
    if (folder / "index.json").exists():
        return [*label_folder(folder, None)]
    raise LabelError(
        f"{folder} holds no labels. Wanted: COCO's annotations.json, or annotations/*.json, beside images/; or an "
        "index.json that lists image and mask beside images/ and masks/. Export your labels as COCO first."
    )


def _from_item(number: int, item: Labelled) -> RlePhoto | None:
    if not isinstance(item, tuple) or len(item) != 2:
        raise LabelError(f"item {number} of the dataset should be a tuple (image, masks), got {type(item).__name__}")
    source, masks = item
    picture = PictureFile.of(Path(source)) if isinstance(source, str | Path) else read_image(source).pixels
    rles = tuple(rle for rle in _run_lengths(number, masks, picture.shape[:2]) if rle.area >= SPECK)
    if not rles:
        return None
    return RlePhoto(picture, rles, np.array([r.area for r in rles], dtype=np.float64), f"item {number}")


def _run_lengths(number: int, masks: Masks, shape: tuple[int, ...]) -> Iterator[Rle]:
    if not isinstance(masks, list | tuple) or not any(isinstance(mask, Rle) for mask in masks):
        yield from map(Rle.from_mask, _each_mask(number, masks, shape))
        return
    for mask in masks:
        if not isinstance(mask, Rle) or (mask.size.height, mask.size.width) != shape:
            got = mask.size if isinstance(mask, Rle) else type(mask).__name__
            raise LabelError(
                f"the masks of item {number} should all be run lengths (Rle) of its picture's size {shape}; got {got}"
            )
        yield mask


def _each_mask(number: int, masks: Masks, shape: tuple[int, ...]) -> list[BoolMask]:
    array = np.asarray(masks)
    if array.shape[-2:] != shape or array.ndim not in (2, 3):
        raise LabelError(
            f"the masks of item {number} have the shape {array.shape}; wanted (height, width) or (objects, height, "
            f"width) of its picture, which is {shape}"
        )
    if array.dtype == np.bool_:
        return [np.asarray(mask, np.bool_) for mask in (array if array.ndim == 3 else array[None])]
    if array.ndim == 2 and np.issubdtype(array.dtype, np.integer):
        return [array == label for label in np.unique(array) if label != 0]
    raise LabelError(
        f"the masks of item {number} are {array.dtype} of {array.ndim} dimensions; wanted bool masks, or a label map "
        "(height, width) of integers, 0 for the background. Compare a picture of 0 and 255 with `> 127` first."
    )
