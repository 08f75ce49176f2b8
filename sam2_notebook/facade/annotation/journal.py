"""What an annotation run has done, line by line in a file beside the labels, so that it can go on after a stop."""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from sam2_notebook.errors import MediaError

JOURNAL = "auto_annotate.jsonl"
Status = Literal["labelled", "empty", "failed", "kept"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What became of one picture. `label` is the digest of the label file as it was written, "" if there is none.

    `stamp` tells whether the picture is still the same, `recipe` the settings it was annotated with, `folder` where the
    picture lies; older journals do not say.
    """

    file: str
    status: Status
    objects: int = 0
    unusable: int = 0
    lost: int = 0
    reason: str = ""
    label: str = ""
    stamp: str = ""
    recipe: str = ""
    folder: str = ""


class Journal:
    """Entries by file name, the newest counts; new ones are on disk before `add` returns.

    An entry is added before its label file is written: a crash between the two leaves no label file that nobody knows,
    and an entry whose label file is missing or from earlier settings, which does not count as done.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / JOURNAL
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.path.touch()
            text = self.path.read_text("utf-8")
        except OSError as error:
            raise MediaError(
                f"{folder}: labels cannot be written there ({error.strerror or error}). Name another output_dir."
            ) from error
        self.entries: dict[str, Entry] = {}
        self._written: dict[str, set[str]] = {}
        self._labels: dict[str, Entry] = {}  # by the name that pictures share with their label file
        for line in text.splitlines():
            entry = _entry(line)
            if entry is not None:
                self._take(entry)
        self._ends_whole = not text or text.endswith("\n")

    def add(self, entries: Sequence[Entry]) -> None:
        """Note what became of some pictures."""
        lines = "".join(f"{json.dumps(asdict(entry))}\n" for entry in entries)
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(lines if self._ends_whole else f"\n{lines}")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise MediaError(
                f"{self.path}: it cannot be written ({error.strerror or error}). What was done is kept; make room and "
                "call again to go on."
            ) from error
        self._ends_whole = True
        for entry in entries:
            self._take(entry)

    def is_done(self, picture: Path, target: Path, recipe: str) -> bool:
        """Whether a picture, as it is now, was annotated with these settings and its label file came of that.

        A label file corrected by hand since then counts; one of ours from earlier settings does not.
        """
        entry = self.entries.get(picture.name)
        if entry is None or entry.recipe != recipe or entry.stamp != stamp(picture):
            return False
        if entry.status not in ("labelled", "empty"):
            return False
        if not target.is_file():
            return entry.status == "empty"
        there = digest(target.read_bytes())
        return there == entry.label or there not in self._written.get(picture.name, ())

    def check_folder(self, picture: Path, target: Path) -> None:
        """MediaError if the label file belongs to a picture of another folder; one that was only moved is the same."""
        entry = self._labels.get(picture.stem)
        if entry is None or not entry.folder or entry.stamp == stamp(picture):
            return
        folder = folder_of(picture)
        if entry.folder != folder:
            raise MediaError(
                f"{target}: it is for the labels of {entry.file} in {entry.folder}, and those of {picture.name} in "
                f"{folder} would take their place. Give each folder of pictures an output_dir of its own."
            )

    def owns(self, picture: Path, target: Path) -> bool:
        """Whether a label file is ours to write anew: absent, or just as we once wrote it."""
        return not target.exists() or digest(target.read_bytes()) in self._written.get(picture.name, ())

    def _take(self, entry: Entry) -> None:
        self.entries[entry.file] = entry
        self._labels[Path(entry.file).stem] = entry
        if entry.label:
            self._written.setdefault(entry.file, set()).add(entry.label)


def stamp(path: Path) -> str:
    """Size and time of change of a file."""
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_size}-{found.st_mtime_ns}"


def folder_of(path: Path) -> str:
    """Where a file lies, by one name however it was reached."""
    return os.path.realpath(path.parent)


def digest(data: bytes) -> str:
    """A short name for a file's content.

    >>> digest(b"")
    'e3b0c44298fc1c14'
    """
    return hashlib.sha256(data).hexdigest()[:16]


def _entry(line: str) -> Entry | None:
    """A line of the journal; None for one that a crash cut off or somebody changed."""
    try:
        return Entry(**json.loads(line))
    except (TypeError, ValueError):
        return None
