"""Keeps the folder of sessions that were written along from growing for ever. Unsaved work is never deleted.

A session whose every step is in a file made by `save` too is a copy: of copies the newest few stay, for a while. What
is in no other file stays until somebody takes it up or deletes it, and is told of when it takes much room.
"""

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sam2_notebook.errors import MediaError
from sam2_notebook.widgets.video_file import SUFFIX, load_session, remove_session

COPIES_DAYS = 14.0
COPIES_MOST = 20
COPIES_BYTES = 1 << 30
UNSAVED_MOST = 50
UNSAVED_BYTES = 4 << 30
_DAY = 86_400.0


@dataclass(frozen=True)
class Leftovers:
    """What is left in a folder after `prune`: sessions that are in no other file."""

    folder: Path
    count: int
    size: int

    @property
    def words(self) -> str:
        """What to tell the user; empty while it is not much."""
        if self.count <= UNSAVED_MOST and self.size <= UNSAVED_BYTES:
            return ""
        return (
            f"Unsaved sessions in {self.folder}: {self.count}, {self.size / 1e9:.1f} GB. "
            "VideoSegmenter.load(path) opens one; delete those you do not need."
        )


def prune(folder: Path) -> Leftovers:
    """Delete copies that are old or many, oldest first; sessions in use, damaged or unsaved stay."""
    copies: list[tuple[float, int, Path]] = []
    unsaved = size = 0
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            status = path.stat()
            session = load_session(path, masks=False)
        except (MediaError, OSError):
            continue  # in use, gone, or damaged: not for us to delete
        if _is_copy(session.saved_as, session.video.key):
            copies.append((status.st_mtime, status.st_size, path))
        elif session.document.objects:
            unsaved, size = unsaved + 1, size + status.st_size
    kept = 0
    for place, (when, bytes_, path) in enumerate(sorted(copies, reverse=True)):
        kept += bytes_
        if place >= COPIES_MOST or kept > COPIES_BYTES or when < time.time() - COPIES_DAYS * _DAY:
            with suppress(OSError):
                remove_session(path)
    return Leftovers(folder, unsaved, size)


def mark_of(target: Path) -> str:
    """What a session written along notes of the file that holds all of it."""
    return json.dumps({"path": str(target.resolve())})


def _is_copy(mark: str, key: str) -> bool:
    """Whether the file that a mark speaks of is still there, and on the same video."""
    try:
        path = Path(json.loads(mark)["path"])
        return load_session(path, masks=False).video.key == key
    except (ValueError, KeyError, TypeError, MediaError, OSError):
        return False
