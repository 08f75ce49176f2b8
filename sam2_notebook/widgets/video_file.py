"""A video session in one file: prompts, objects, masks. For saving, and for writing along while somebody works.

The file is a SQLite database with two tables, `meta` (keys and texts) and `masks` (run lengths). What `write` has
returned from is on the disk, whatever becomes of the process; a half-written step is undone when the file is opened.
While a session writes along, it holds the file's lock: by that, abandoned files are told from those in use.
"""

import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

from sam2_notebook.errors import MediaError, ProtocolError
from sam2_notebook.media.paths import given_path
from sam2_notebook.protocol.codecs import rle_area
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.video_document import VideoDocument
from sam2_notebook.widgets.outcome import CodedMask
from sam2_notebook.widgets.video_json import document_from_json, document_to_json, memory_from_json, memory_to_json
from sam2_notebook.widgets.video_masks import FrameMask, StoredMask, said_key

SUFFIX = ".sam2video"
FORMAT = 1
APPLICATION = 0x53324E42  # "S2NB", by which the file is known
_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE masks (
  born INTEGER NOT NULL, frame INTEGER NOT NULL, said INTEGER NOT NULL, rle BLOB NOT NULL, area INTEGER NOT NULL,
  score REAL NOT NULL, object_score REAL NOT NULL, source TEXT NOT NULL, made_with INTEGER NOT NULL, memory TEXT,
  is_answer INTEGER NOT NULL, PRIMARY KEY (born, frame, is_answer)) WITHOUT ROWID;
"""
_COLUMNS = "born, frame, said, rle, area, score, object_score, source, made_with, memory, is_answer"


@dataclass(frozen=True, kw_only=True)
class VideoReference:
    """Which video a session is on; `path` is None where it came from memory."""

    name: str
    path: str | None
    key: str
    width: int
    height: int
    frames: int
    fps: float

    @property
    def size(self) -> Size:
        """Height and width in pixels."""
        return Size(height=self.height, width=self.width)


@dataclass(frozen=True, kw_only=True)
class SavedSession:
    """What a file holds; `masks` are those of the document's objects, by their `born`.

    `saved_as` says in which other file all of it is as well (`video_leftovers`); empty if in none. `passed_over` says
    that the user has chosen not to go on with it.
    """

    video: VideoReference
    document: VideoDocument
    masks: tuple[StoredMask, ...]
    damaged: int
    saved_as: str = ""
    passed_over: bool = False


class SessionFile:
    """A file that a session writes along to. Safe to share between threads. MediaError says why it cannot be."""

    def __init__(self, path: Path, video: VideoReference, *, along: bool = True) -> None:
        self.path = path
        self._lock = threading.Lock()
        with _told(path), ExitStack() as undo:
            path.parent.mkdir(parents=True, exist_ok=True)
            undo.callback(remove_session, path)  # half made, it is no use to anybody
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            undo.callback(self._database.close)
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode = TRUNCATE")
            self._database.execute("PRAGMA synchronous = FULL" if along else "PRAGMA synchronous = OFF")
            self._database.execute("BEGIN EXCLUSIVE")
            for statement in _TABLES.split(";")[:-1]:
                self._database.execute(statement)
            self._database.execute(f"PRAGMA application_id = {APPLICATION}")
            self._database.execute(f"PRAGMA user_version = {FORMAT}")
            self._put("video", json.dumps(asdict(video)))
            self._database.execute("COMMIT")
            undo.pop_all()

    def write(
        self,
        document: VideoDocument | None,
        masks: Iterable[StoredMask] = (),
        video: VideoReference | None = None,
    ) -> None:
        """Write a document, masks, what is new of the video, all or nothing; on the disk when this returns."""
        rows = [_row(mask) for mask in masks]
        with self._lock, _told(self.path):
            self._database.execute("BEGIN IMMEDIATE")
            with ExitStack() as undo:
                undo.callback(self._roll_back)
                self._database.execute("DELETE FROM meta WHERE key = 'saved_as'")
                if video is not None:
                    self._put("video", json.dumps(asdict(video)))
                if document is not None:
                    self._put("document", document_to_json(document))
                places = ", ".join("?" * (_COLUMNS.count(",") + 1))
                self._database.executemany(f"INSERT OR REPLACE INTO masks ({_COLUMNS}) VALUES ({places})", rows)  # noqa: S608 - our own names
                self._database.execute("COMMIT")
                undo.pop_all()

    def mark(self, saved_as: str) -> None:
        """Note that another file has all of this, until something more is written."""
        with self._lock, _told(self.path):
            self._put("saved_as", saved_as)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._database.close()
            _journal(self.path).unlink(missing_ok=True)  # empty by now

    def remove(self) -> None:
        """Close it and take it away."""
        self.close()
        remove_session(self.path)

    def _roll_back(self) -> None:
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")

    def _put(self, key: str, value: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def remove_session(path: Path) -> None:
    """Take a session's file away, with what a kill may have left beside it."""
    path.unlink(missing_ok=True)
    _journal(path).unlink(missing_ok=True)


def pass_over(path: Path) -> None:
    """Note in a file that nobody writes that it is not to be offered again; MediaError if that cannot be."""
    with _told(path), closing(_opened(path)) as database:
        _check(database, path)
        database.execute("INSERT OR REPLACE INTO meta VALUES ('passed_over', 'yes')")


def save_session(
    path: str | os.PathLike[str], video: VideoReference, document: VideoDocument, masks: Iterable[StoredMask]
) -> Path:
    """Write a whole session as one file, which appears complete or not at all; MediaError says why not.

    An older session of that name is replaced, any other file is not.
    """
    target = given_path(path, f"a file to save to, such as work{SUFFIX}")
    if not target.name or "\0" in target.name:
        raise MediaError(f"{str(path)!r} names no file; give one to save to, such as work{SUFFIX}")
    draft = target.with_name(f".{uuid4().hex}{SUFFIX}")
    with _told(target):
        if not target.parent.is_dir():
            raise MediaError(f"{target}: there is no folder {target.parent.name!r}. Make it first, or save elsewhere.")
        if not _may_be_replaced(target):
            raise MediaError(f"{target}: it is no saved session, and would be lost. Give another name, or remove it.")
        try:
            file = SessionFile(draft, video, along=False)
            try:
                file.write(document, masks)
            finally:
                file.close()
            with open(draft, "rb+") as written:
                os.fsync(written.fileno())
            os.replace(draft, target)
        finally:
            remove_session(draft)
    return target


def load_session(path: str | os.PathLike[str], *, masks: bool = True) -> SavedSession:
    """Read a file that `save_session` or a killed session has left, with or without its masks; MediaError if broken."""
    target = given_path(path, f"a file that widget.save(path) wrote, such as work{SUFFIX}")
    if not target.is_file():
        raise MediaError(f"{target}: there is no such file. Wanted a session saved with widget.save(path).")
    with _told(target), closing(_opened(target)) as database:
        _check(database, target)
        meta = dict(database.execute("SELECT key, value FROM meta").fetchall())
        video = _reference(meta.get("video"), target)
        document = document_from_json(meta.get("document", '{"objects": []}'), video.size)
        known = {item.born for item in document.objects}
        frames = max(video.frames, 1, *(said.frame + 1 for item in document.objects for said in item.frames))
        found: list[StoredMask] = []
        damaged = 0
        said = {(item.born, said.frame): said for item in document.objects for said in item.frames}
        every = f"SELECT {_COLUMNS} FROM masks ORDER BY born, frame"  # noqa: S608 - our own names
        for row in database.execute(every) if masks else ():
            if row[0] not in known or not 0 <= row[1] < frames:
                continue
            try:
                mask = _mask(row, video.size)
            except (ProtocolError, ValueError, TypeError, OverflowError):
                damaged += 1
                continue
            if not row[10]:
                found.append(mask)
            elif (answer := said.get((row[0], row[1]))) and said_key(answer) == row[2]:
                found.append(StoredMask(mask.born, mask.frame, mask.kept, answer))
    return SavedSession(
        video=video,
        document=document,
        masks=tuple(found),
        damaged=damaged,
        saved_as=meta.get("saved_as", ""),
        passed_over="passed_over" in meta,
    )


def _journal(path: Path) -> Path:
    return path.with_name(f"{path.name}-journal")


def _opened(path: Path) -> sqlite3.Connection:
    """The database, rolled back to its last whole step where somebody was killed; also from a read-only disk."""
    mode = "mode=rw" if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK) else "mode=ro&immutable=1"
    database = sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True, isolation_level=None, timeout=0.2)
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA cell_size_check = ON")
    return database


def _may_be_replaced(path: Path) -> bool:
    """Whether nothing but a session is there: SQLite says at byte 68 whose file it is."""
    if not path.exists():
        return True
    with open(path, "rb") as file:
        head = file.read(72)
    return not head or (head.startswith(b"SQLite format 3\0") and head[68:] == APPLICATION.to_bytes(4, "big"))


def _check(database: sqlite3.Connection, path: Path) -> None:
    if database.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
        raise MediaError(f"{path}: this is no session of sam2_notebook. Wanted a file saved with widget.save(path).")
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version > FORMAT:
        raise MediaError(
            f"{path}: a newer sam2_notebook has written this (format {version}, known is {FORMAT}). Update."
        )
    strange = database.execute("SELECT name FROM sqlite_master WHERE type IN ('view', 'trigger')").fetchone()
    if strange:
        raise MediaError(f"{path}: it holds code ({strange[0]!r}), which sessions never do; it is not read")


def _reference(text: str | None, path: Path) -> VideoReference:
    try:
        data = json.loads(text or "{}")
        reference = VideoReference(
            name=str(data["name"]),
            path=None if data.get("path") is None else str(data["path"]),
            key=str(data["key"]),
            width=int(data["width"]),
            height=int(data["height"]),
            frames=int(data["frames"]),
            fps=float(data["fps"]),
        )
        if min(reference.width, reference.height, reference.frames) < 1 or not reference.fps > 0:
            raise ValueError("a video has a size, frames and a rate")
    except (ValueError, KeyError, TypeError) as error:
        raise MediaError(f"{path}: it does not say on which video it is ({error}): the file is damaged") from None
    return reference


def _row(mask: StoredMask) -> tuple[object, ...]:
    kept = mask.kept
    return (
        mask.born,
        mask.frame,
        0 if mask.said is None else said_key(mask.said),
        kept.mask.rle,
        kept.mask.area,
        kept.score,
        kept.object_score,
        kept.source,
        kept.made_with,
        memory_to_json(kept.memory),
        int(mask.said is not None),
    )


def _mask(row: tuple, size: Size) -> StoredMask:
    born, frame, _, rle, area, score, object_score, source, made_with, memory, _ = row
    if source not in ("prompt", "forward", "backward"):
        raise ValueError(f"a mask of source {source!r}")
    if rle_area(rle, size) != area:
        raise ValueError("a mask whose area is wrong")
    coded = CodedMask(size, bytes(rle), int(area))
    kept = FrameMask(coded, float(score), float(object_score), source, memory_from_json(memory), int(made_with))
    return StoredMask(int(born), int(frame), kept)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Errors of the disk and of SQLite as MediaError, in words."""
    try:
        yield
    except sqlite3.Error as error:
        words = str(error)
        if "locked" in words or "busy" in words:
            advice = "another session is using it: close that widget, or restart its kernel"
        elif "full" in words:
            advice = "the disk is full: make room, or save elsewhere"
        elif "not a database" in words or "malformed" in words:
            advice = "it is no session file, or damaged"
        else:
            advice = f"{words}: check that the folder is writable and has room"
        raise MediaError(f"{path}: {advice}") from error
    except OSError as error:
        raise MediaError(
            f"{path}: {error.strerror or error}. Check that the folder is writable and has room."
        ) from error
