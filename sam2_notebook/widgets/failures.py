"""Errors in words that a page may show."""

import re
import sys
from pathlib import Path

from sam2_notebook.errors import Sam2NotebookError

MAX_WORDS = 600
# A root (with a drive, perhaps), at least one folder, and what is left when they are gone.
_PATH = re.compile(r"(?:[A-Za-z]:)?[\\/](?:[^\\/\s'\"]+[\\/])+(?=[^\\/\s'\"])")


def in_words(error: BaseException) -> str:
    """What to tell the user: our own errors speak for themselves, others are named. No folders, no traceback.

    >>> in_words(Sam2NotebookError("cannot read /home/ann/cat.jpg"))
    'cannot read cat.jpg'
    """
    if isinstance(error, Sam2NotebookError):
        return without_folders(str(error))[:MAX_WORDS]
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return "there is not enough memory for this; close other widgets, or use a smaller picture or model"
    return f"something went wrong in the kernel ({type(error).__name__}); last_error has the details"


def without_folders(text: str) -> str:
    """The text with every absolute path cut down to its last part.

    >>> without_folders("at C:\\\\Users\\\\ann\\\\a.png or /tmp/x/b.png, 3/4 of it")
    'at a.png or b.png, 3/4 of it'
    """
    for folder in (Path.cwd(), Path.home(), Path(sys.prefix)):
        if len(folder.parts) > 1:
            text = text.replace(f"{folder}/", "").replace(f"{folder}\\", "")
    return _PATH.sub("", text)
