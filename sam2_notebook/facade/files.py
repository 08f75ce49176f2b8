"""Files that appear whole or not at all, and a line of the labels in them."""

import os
from pathlib import Path
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from sam2_notebook.errors import MediaError


def label_line(number: int, ring: npt.NDArray[np.floating]) -> str:
    """A line of YOLO's segmentation labels: the class, then x and y of every vertex, 0..1.

    >>> label_line(3, np.array([[0, 0], [1, 0], [0.5, 0.25]]))
    '3 0.000000 0.000000 1.000000 0.000000 0.500000 0.250000'
    """
    return " ".join([str(int(number)), *(f"{value:.6f}" for value in ring.ravel())])


def write_bytes(target: Path, data: bytes, *, durable: bool = False) -> None:
    """Write a file whole or not at all; MediaError if the place cannot be written.

    Others may write the same file at the same time: the last one counts. A `durable` file outlives a power cut.
    """
    draft = target.with_name(f".{target.name}.{uuid4().hex[:8]}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(target)
    except OSError as error:
        draft.unlink(missing_ok=True) if draft.parent.is_dir() else None
        raise MediaError(
            f"{target}: it cannot be written ({error.strerror or error}). Check that the folder may be written to and "
            "has room, or name another."
        ) from error


def free_name(path: Path) -> Path:
    """The path, or with the next free number behind its name: nothing that is there is written over."""
    number = 2
    free = path
    while free.exists():
        free = path.with_stem(f"{path.stem}_{number}")
        number += 1
    return free
