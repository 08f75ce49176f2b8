"""Files of foreign datasets: read with bounds, and never from outside their folder."""

import json
from pathlib import Path

from sam2_notebook.errors import LabelError, MediaError
from sam2_notebook.labels.kinds import is_clip
from sam2_notebook.media.images import picture_size_hw
from sam2_notebook.values.geometry import Size

MAX_TEXT_BYTES = 2 << 30


def inside(folder: Path, name: str) -> Path:
    """The file that a name from data means; LabelError if that would be outside the folder, links included.

    >>> inside(Path("."), "../../etc/passwd")
    Traceback (most recent call last):
    sam2_notebook.errors.LabelError: '../../etc/passwd' leads out of the folder .; such a dataset is not read
    """
    path = folder / name.replace("\\", "/")
    try:
        if "\0" not in name and path.resolve().is_relative_to(folder.resolve()):
            return path
    except (OSError, RuntimeError):  # a name too long, or a circle of links
        pass
    raise LabelError(f"{name[:200]!r} leads out of the folder {folder}; such a dataset is not read")


def read_text(path: Path) -> str:
    """A text file; LabelError if it is missing, no text or absurdly long."""
    try:
        if path.stat().st_size > MAX_TEXT_BYTES:
            raise LabelError(f"{path}: it is longer than {MAX_TEXT_BYTES >> 30} GB; split it first")
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise LabelError(f"{path}: it cannot be read ({error.strerror or error}). Check the path.") from error
    except UnicodeDecodeError as error:
        raise LabelError(f"{path}: it is no UTF-8 text; is it the right file?") from error


def read_json(path: Path) -> dict[str, object]:
    """A JSON file that holds an object."""
    try:
        found = json.loads(read_text(path))
    except (json.JSONDecodeError, RecursionError) as error:
        raise LabelError(f"{path}: it is no whole JSON file ({error}). Copy it again.") from error
    if not isinstance(found, dict):
        raise LabelError(f"{path}: a JSON object was wanted, {type(found).__name__} came; is it of this format?")
    return found


def size_of(path: Path) -> Size:
    """Height and width of a picture, upright, mostly from its header alone."""
    try:
        height, width = picture_size_hw(path)
    except MediaError as error:
        raise LabelError(f"the picture of some labels cannot be read: {error}") from error
    return Size(height=height, width=width)


def fitting(path: Path, said: Size, by: Path) -> Path:
    """The picture, if it has the size that its labels are for; LabelError if it has another one."""
    if is_clip(path.name):
        return path
    found = size_of(path)
    if found != said:
        turned = (found.height, found.width) == (said.width, said.height)
        raise LabelError(
            f"{by}: the labels of {path.name} are for a picture of {said.width} x {said.height}, but {path} is "
            f"{found.width} x {found.height}{' (read upright, by its EXIF)' if turned else ''}. Put the picture that "
            "was labelled there, or bring the labels to this size."
        )
    return path
