"""Paths as users give them: what they may mean, and what goes wrong with them, in words."""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import MediaError

_LABEL_CHARACTERS = 300
# pathlib folds the two slashes of a URL into one; a single letter before the colon is a Windows drive
_URL = re.compile(r"(?:[a-z][a-z0-9+.-]+:/|data:)", re.IGNORECASE)


def local_path(path: str | bytes) -> tuple[str, str]:
    """A path with `~` expanded, and what messages call it; MediaError if it is a web address.

    >>> local_path("frames/0001.png")
    ('frames/0001.png', 'frames/0001.png')
    """
    text = os.path.expanduser(os.fsdecode(path))
    if _URL.match(text):
        raise MediaError(
            f"{text[:200]}: this is a web address, and files are read from this machine only. Download it first, "
            "for instance with urllib.request.urlretrieve(url, 'file.jpg'), and pass the file."
        )
    return text, text if len(text) <= _LABEL_CHARACTERS else f"{text[: _LABEL_CHARACTERS - 3]}..."


def given_path(path: object, wanted: str) -> Path:
    """A path with `~` expanded; MediaError for what is none: `wanted` says what should have come.

    >>> given_path("masks.npz", "a file to write to").name
    'masks.npz'
    """
    if not isinstance(path, str | os.PathLike):
        raise MediaError(f"{path!r:.80} is no path; give {wanted}")
    return Path(os.fsdecode(path)).expanduser()


def is_one_file(one: str | os.PathLike[str], other: str | os.PathLike[str]) -> bool:
    """Whether two paths lead to one file that is there, by whatever links and spelling.

    >>> is_one_file("/nowhere/a.png", "/nowhere/a.png")
    False
    """
    try:
        return os.path.samefile(one, other)
    except OSError:  # one of them is not there
        return False


def is_folder(text: str, label: str) -> bool:
    """Whether a path is a folder, and not a file; MediaError if it is neither, OSError if there is nothing."""
    if not text:
        raise FileNotFoundError
    mode = os.stat(text).st_mode
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise MediaError(f"{label}: it is a device or a pipe, not a file. Read it yourself and pass the bytes.")
    return stat.S_ISDIR(mode)


@contextmanager
def path_errors(label: str) -> Iterator[None]:
    """Turn what the operating system says of a path into a MediaError."""
    try:
        yield
    except FileNotFoundError as error:
        raise MediaError(
            f"{label or repr(label)}: there is no such file{_working_folder()}. Check the name."
        ) from error
    except IsADirectoryError as error:
        raise MediaError(f"{label}: it is a folder. Pass one picture file in it.") from error
    except PermissionError as error:
        raise MediaError(f"{label}: reading it is not permitted. Change its permissions, or copy it.") from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise MediaError(f"{label}: the file cannot be opened ({error}). Check the path.") from error


def _working_folder() -> str:
    try:
        return f" (the current folder is {os.getcwd()})"
    except OSError:  # the folder itself was removed
        return ""
