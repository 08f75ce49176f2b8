"""Training and validation: who goes where is decided by content, so that copies of a picture stay together."""

import hashlib
from dataclasses import replace

from sam2_notebook.errors import LabelError
from sam2_notebook.labels.schema import Dataset, LabeledImage


def train_val_split(dataset: Dataset, val: float = 0.2, seed: int = 0) -> Dataset:
    """The dataset with each image's `split` set to `train` or `val`; `val` is a part from 0 to 1 of the images.

    The same seed sends a picture the same way whatever else is in the dataset and wherever it lies, save the few at the
    border; equal files go the same way. With two pictures or more, each side gets one at least. Reads the images once.

    >>> from sam2_notebook.values.geometry import Size
    >>> images = [LabeledImage(name=f"{n}.png", size=Size(height=1, width=1)) for n in range(10)]
    >>> [image.split for image in train_val_split(Dataset(classes=(), images=images), val=0.3)].count("val")
    3
    """
    if not 0 <= val <= 1:
        raise LabelError(f"val is the part of the images to validate with, from 0 to 1; got {val!r}")
    keys = sorted(_key(image, seed) for image in dataset)
    different = sorted(set(keys))
    wanted = round(len(keys) * val)
    if 0 < val < 1 and len(different) > 1:
        wanted = min(max(wanted, 1), len(keys) - 1)
    border = keys[wanted - 1] if wanted else ""
    if 0 < val < 1 and len(different) > 1 and border == different[-1]:
        border = different[-2]
    return dataset.map(lambda image: replace(image, split="val" if _key(image, seed) <= border else "train"))


def _key(image: LabeledImage, seed: int) -> str:
    return hashlib.sha256(f"{seed}/{image.digest or image.name}".encode()).hexdigest()
