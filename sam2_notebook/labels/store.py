"""The store: labels in SQLite or PostgreSQL, saved edit by edit with their history, safe among several annotators."""

import getpass
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from sam2_notebook.errors import LabelError, StoreError
from sam2_notebook.labels.connection import open_engine, store_errors  # says what to install, so it comes first

from sqlalchemy import Connection, func, insert, select, update  # isort: skip

from sam2_notebook.labels import claims, files, journal, reading
from sam2_notebook.labels.edits import HistoryEntry, LabelEdit, StoredImage
from sam2_notebook.labels.migrations import prepare
from sam2_notebook.labels.queue import ImageSummary
from sam2_notebook.labels.rows import row_of_class
from sam2_notebook.labels.schema import Annotation, Dataset, LabeledImage, State, within
from sam2_notebook.labels.tables import annotations, classes, images
from sam2_notebook.values.classes import MAX_NAME, LabelClass, check_name
from sam2_notebook.values.words import counted

Answer = TypeVar("Answer")
CLAIM_SECONDS = 900.0


class LabelStore:
    """Labels of many images, in a file (SQLite) or behind a `postgresql://` URL. Threads may share one.

    An edit that has returned is on the disk: no crash of this program takes it away. Two annotators, told apart by
    `author`, never overwrite one another: an edit names the revision it was made on, and ConflictError says who was
    faster. A missing store is made, an older one is copied and brought up to date.

    >>> import tempfile
    >>> from sam2_notebook.labels.edits import AddAnnotation
    >>> from sam2_notebook.labels.schema import Annotation
    >>> from sam2_notebook.values.geometry import Size
    >>> store = LabelStore(tempfile.mkdtemp() + "/labels.db", author="ann")
    >>> store.add_class(LabelClass(name="leaf"))
    >>> image_id = store.add_image(LabeledImage(name="1.png", size=Size(height=4, width=6)))
    >>> image = store.edit(image_id, AddAnnotation(annotation=Annotation(label="leaf")), revision=0)
    >>> store.undo(image_id, revision=image.revision).labels.annotations
    ()
    >>> store.close()
    """

    def __init__(self, where: str | os.PathLike[str], *, author: str | None = None) -> None:
        self.author = author if author is not None else _user()
        check_name(self.author, "an author")
        self._engine, self.label = open_engine(where)
        try:
            with store_errors(self.label):
                prepare(self._engine, self.label)
        except StoreError:
            self._engine.dispose()
            raise

    def close(self) -> None:
        """Let go of the database; nothing is lost without it."""
        self._engine.dispose()

    def __enter__(self) -> "LabelStore":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # classes

    def classes(self) -> tuple[LabelClass, ...]:
        """The classes in their order."""
        return self._read(reading.known_classes)

    def add_class(self, label: LabelClass) -> None:
        """Add a class behind the others; LabelError if the name or the hotkey is taken."""
        with self._write() as connection:
            self._add_class(connection, label)

    def change_class(self, name: str, label: LabelClass) -> None:
        """Rename a class or change its colour, hotkey or attributes; its annotations follow."""
        with self._write() as connection:
            row = connection.execute(select(classes).where(classes.c.name == name)).one_or_none()
            if row is None:
                raise LabelError(f"the store has no class {name!r}; it has: {', '.join(_names(connection)) or 'none'}")
            _check_free(connection, label, except_name=name)
            connection.execute(update(classes).where(classes.c.id == row.id).values(**row_of_class(label, row.place)))
            what = f"renamed the class {name} to {label.name}" if name != label.name else f"changed the class {name}"
            journal.note(connection, None, self.author, what)

    def retire_class(self, name: str) -> None:
        """Take a class out of the list; LabelError while annotations are of it. Their history keeps it."""
        with self._write() as connection:
            c = classes.c
            used = select(func.count()).select_from(annotations).join(classes).where(c.name == name)
            count = connection.execute(used).scalar_one()
            if count:
                used_by = f"{counted(count, 'annotation')} {'is' if count == 1 else 'are'}"
                what = "it" if count == 1 else "them"
                raise LabelError(f"{used_by} of class {name!r}; change {what} first, or rename the class")
            if not connection.execute(update(classes).where(c.name == name).values(retired=1, hotkey=None)).rowcount:
                raise LabelError(f"the store has no class {name!r}")
            journal.note(connection, None, self.author, f"retired the class {name}")

    # images

    def add_images(self, source: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> files.AddedFiles:
        """Add pictures and clips under a folder, or listed; says what is new, moved, changed and unreadable."""
        return self.add_files(files.pictures_in(source))

    def add_files(self, named: Iterable[tuple[str, Path]]) -> files.AddedFiles:
        """The same for files whose names in the store are given."""
        return files.add_files(self._write, named, self.author)

    def add_image(self, image: LabeledImage, state: State = "new") -> int:
        """Add one image, with or without a file, and its annotations; the id it gets."""
        with self._write() as connection:
            return self._add(connection, image, state)

    def add(self, dataset: Dataset, state: State = "submitted") -> int:
        """Add a whole dataset, as an importer reads it: missing classes, then all images; how many those were.

        All or nothing: if one image cannot be added, nothing is. In an SQLite store nobody else can save meanwhile.
        """
        count = 0
        with self._write() as connection:
            known = reading.known_classes(connection)
            for label in dataset.classes:
                if label.name not in {other.name for other in known}:
                    self._add_class(connection, _with_free_hotkey(label, known))
                    known = reading.known_classes(connection)
            for image in dataset:
                self._add(connection, image, state)
                count += 1
        return count

    def summaries(self, image_ids: Collection[int] | None = None) -> list[ImageSummary]:
        """All images, or these, in short and in the order they were added: what `queue` filters, orders and counts."""
        return self._read(lambda connection: reading.summaries(connection, image_ids))

    def authors(self) -> tuple[str, ...]:
        """Everybody of whom there is an annotation."""
        return self._read(reading.authors)

    def image_path(self, image_id: int) -> Path | None:
        """Where the file of an image is; None if the store does not know."""
        return self._read(lambda connection: reading.image_path(connection, image_id))

    def image(self, image_id: int) -> StoredImage:
        """One image with its annotations, proposals included, and the revision that an edit must name."""
        return self._read(lambda connection: reading.stored_image(connection, image_id))

    def dataset(
        self,
        *,
        states: Iterable[State] | None = None,
        authors: Iterable[str] | None = None,
        proposed: bool = False,
        name: str = "labels",
    ) -> Dataset:
        """Everything, or what has these states and authors, read from the database as it is iterated over."""
        selection = reading.Selection(states=states, authors=authors, proposed=proposed)
        source = reading.StoredImages(self._engine, self.label, selection)
        return Dataset(classes=self.classes(), images=source, name=name)

    # edits

    def edit(
        self, image_id: int, *edits: LabelEdit, revision: int, seconds: float = 0.0, note: str = ""
    ) -> StoredImage:
        """Save edits made on a revision, all or none, as one step of the history.

        `seconds` were spent on them, and the history keeps the `note`.
        """
        made = journal.Made(who=self.author, seconds=seconds, note=note)
        with self._write() as connection:
            journal.apply(connection, image_id, edits, revision=revision, made=made)
            return reading.stored_image(connection, image_id)

    def complete(self, image_id: int, annotation: Annotation, *, revision: int) -> StoredImage:
        """Bring an annotation (by its id) the mask that its last step asked for; undone and redone with that step."""
        with self._write() as connection:
            journal.complete(connection, image_id, annotation, revision=revision, who=self.author)
            return reading.stored_image(connection, image_id)

    def undo(self, image_id: int, *, revision: int) -> StoredImage:
        """Take back the last step of an image, whoever made it and however long ago; no step, no change."""
        with self._write() as connection:
            journal.undo(connection, image_id, revision=revision, who=self.author)
            return reading.stored_image(connection, image_id)

    def redo(self, image_id: int, *, revision: int) -> StoredImage:
        """Do again what was undone last; no step, no change."""
        with self._write() as connection:
            journal.redo(connection, image_id, revision=revision, who=self.author)
            return reading.stored_image(connection, image_id)

    def history(self, image_id: int | None = None) -> list[HistoryEntry]:
        """Who did what and when, oldest first: of one image, or of the whole store."""
        return self._read(lambda connection: reading.history(connection, image_id))

    # claims

    def claim(self, image_id: int, seconds: float = CLAIM_SECONDS) -> claims.Claim:
        """Keep an image for this author for a while, or prolong that; ConflictError if another has it."""
        with self._write() as connection:
            return claims.claim(connection, image_id, self.author, seconds)

    def claim_first(self, image_ids: Sequence[int], seconds: float = CLAIM_SECONDS) -> claims.Claim | None:
        """Claim the first of these images that nobody else has; None if all are taken."""
        with self._write() as connection:
            return claims.claim_first(connection, image_ids, self.author, seconds)

    def release(self, image_id: int) -> None:
        """Give a claim back."""
        with self._write() as connection:
            claims.release(connection, image_id, self.author)

    def claims(self) -> list[claims.Claim]:
        """Who works on what at the moment."""
        return self._read(claims.current)

    # files

    def check_files(self) -> files.FileReport:
        """Which image files are gone, or have other content than when they were added."""
        return self._read(files.check_files)

    def relink(self, folder: str | os.PathLike[str]) -> tuple[str, ...]:
        """Find files that were moved under a folder, by their content; the names of the images found."""
        with self._write() as connection:
            return files.relink(connection, folder, self.author)

    def set_work(self, image_id: int, path: str | os.PathLike[str]) -> None:
        """Remember where the work on a clip is kept: what `VideoSegmenter.save` wrote."""
        with self._write() as connection:
            files.set_work(connection, image_id, path, self.author)

    def set_split(self, image_id: int, split: str) -> None:
        """Remember the part of a dataset that an image belongs to, `train`, `val` or another; empty for none."""
        with self._write() as connection:
            files.set_split(connection, image_id, split, self.author)

    def accept_file(self, image_id: int) -> None:
        """Take the changed content of an image's file as right; LabelError if its size no longer fits the labels."""
        with self._write() as connection:
            files.accept_file(connection, image_id, self.author)

    def _add_class(self, connection: Connection, label: LabelClass) -> None:
        _check_free(connection, label, except_name=None)
        place = connection.execute(select(func.count()).select_from(classes)).scalar_one()
        revived = update(classes).where(classes.c.name == label.name).values(**row_of_class(label, place))
        if not connection.execute(revived).rowcount:
            connection.execute(insert(classes).values(**row_of_class(label, place)))
        journal.note(connection, None, self.author, f"added the class {label.name}")

    def _add(self, connection: Connection, image: LabeledImage, state: State) -> int:
        if connection.execute(select(images.c.id).where(images.c.name == image.name)).first():
            raise LabelError(f"the store already has an image {image.name!r}; rename one of the two")
        image_id = files.add_image(connection, image, state)
        known = {row.name: row.id for row in connection.execute(select(classes.c.name, classes.c.id))}
        fitting = [within(annotation, image.size, image.name) for annotation in image.annotations]
        journal.add_all(connection, image_id, fitting, known, self.author)
        return image_id

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with store_errors(self.label), self._engine.begin() as connection:
            yield connection

    def _read(self, ask: Callable[[Connection], Answer]) -> Answer:
        with store_errors(self.label), reading.reading(self._engine) as connection:
            return ask(connection)


def _user() -> str:
    try:
        return getpass.getuser()[:MAX_NAME]
    except (OSError, KeyError, ImportError):  # a container without an entry for this user
        return f"user {os.getuid()}"


def _names(connection: Connection) -> list[str]:
    return list(connection.execute(select(classes.c.name).where(classes.c.retired == 0)).scalars())


def _check_free(connection: Connection, label: LabelClass, *, except_name: str | None) -> None:
    for row in connection.execute(select(classes)):
        if row.name == except_name:
            continue
        if row.name == label.name and (except_name is not None or not row.retired):
            raise LabelError(f"there already is a class {label.name!r}; choose another name")
        if label.hotkey and row.hotkey == label.hotkey and not row.retired:
            raise LabelError(f"the hotkey {label.hotkey!r} is that of class {row.name!r}; choose another one")


def _with_free_hotkey(label: LabelClass, others: Sequence[LabelClass]) -> LabelClass:
    taken = {other.hotkey for other in others}
    return replace(label, hotkey=None) if label.hotkey in taken else label
