"""Files into the queue: a few at once, so that work can begin, the others in the background; and what was odd."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from sam2_notebook.errors import LabelError
from sam2_notebook.labels.files import AddedFiles, pictures_in
from sam2_notebook.widgets.label_desk import LabelDesk
from sam2_notebook.widgets.label_jobs import LabelJob

AT_ONCE = 6
CHUNK = 12
MOST_NAMED = 4


@dataclass
class FolderAdder:
    """Adds a folder, or a list of files, to the store of a labelling session."""

    desk: LabelDesk
    images: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
    changed: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    files: list[tuple[str, Path]] = field(default_factory=list)

    def start(self) -> None:
        """Add the first files now, and begin with the others; MediaError if there is no such folder."""
        self.files = pictures_in(self.images)
        self._take(self.files[:AT_ONCE])
        self.desk.queue.remake()
        self.desk.jobs.start("add", self._add_others)

    def _add_others(self, job: LabelJob) -> str:
        total = len(self.files)
        for first in range(AT_ONCE, total, CHUNK):
            job.step(first, total, "reading the folder")
            if self._take(self.files[first : first + CHUNK]):
                self.desk.remake()
        self._report()
        return "1 file" if total == 1 else f"{total:,} files"

    def _take(self, files: list[tuple[str, Path]]) -> bool:
        added: AddedFiles = self.desk.store.add_files(files)
        self.changed += added.changed
        self.unreadable += added.unreadable
        return bool(added.new or added.moved)

    def _report(self) -> None:
        tell = self.desk.notices.add
        if self.unreadable:
            name, why = self.unreadable[0]
            more = f" and {len(self.unreadable) - 1} more" if len(self.unreadable) > 1 else ""
            text = f"Cannot be read and are left out: {name}{more} ({why.split(': ', 1)[-1]})"
            tell("warning", text, {"Try again": self._again})
        if self.changed:
            text = f"These files are not what they were when they were labelled: {_named(self.changed)}."
            tell("warning", text, {"Take them as they are": self._accept})
        gone = self.desk.store.check_files().missing
        if gone:
            tell("warning", f"The files of these images are gone: {_named(gone)}. Their labels are kept.")

    def _again(self) -> None:
        names = {name for name, _ in self.unreadable}
        self.unreadable.clear()
        self._take([file for file in self.files if file[0] in names])
        self.desk.remake()
        self._report()

    def _accept(self) -> None:
        names, self.changed = self.changed, []
        for name in names:
            image_id = self.desk.queue.named(name)
            try:
                if image_id is not None:
                    self.desk.store.accept_file(image_id)
            except LabelError as error:
                self.desk.notices.add("error", str(error))
        if self.desk.image_id is not None:
            self.desk.open(self.desk.image_id)


def _named(names: Iterable[str]) -> str:
    some = list(names)
    more = f" and {len(some) - MOST_NAMED} more" if len(some) > MOST_NAMED else ""
    return ", ".join(some[:MOST_NAMED]) + more
