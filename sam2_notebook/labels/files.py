"""Picture files of a store: found, read, hashed, and recognised by their content after they were moved."""

import hashlib
import os
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Row, insert, select, update

from sam2_notebook.errors import EditError, LabelError, MediaError
from sam2_notebook.labels.journal import note
from sam2_notebook.labels.kinds import CLIP_SUFFIXES, PICTURE_SUFFIXES, is_clip
from sam2_notebook.labels.schema import STATES, LabeledImage
from sam2_notebook.labels.tables import annotations, images
from sam2_notebook.media import open_video, read_image
from sam2_notebook.values.classes import MAX_NAME, check_text
from sam2_notebook.values.geometry import Size

Begin = Callable[[], AbstractContextManager[Connection]]
_DIGEST_BYTES = 16
_BLOCK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class AddedFiles:
    """What became of files offered to a store, by name; `unreadable` says why, `moved` were found at a new place.

    `changed` are names the store has with other content: they were left alone, `accept_file` takes them.
    """

    new: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class FileReport:
    """Names of images whose file is gone, or has other content than when it was added."""

    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Fingerprint:
    digest: str
    bytes: int
    mtime_ns: int

    def columns(self) -> dict[str, str | int]:
        return {"digest": self.digest, "bytes": self.bytes, "mtime_ns": self.mtime_ns}


def pictures_in(source: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[tuple[str, Path]]:
    """Names and files: all pictures and clips under a folder, or the files listed, named from the folder they share.

    >>> pictures_in(["b/1.png", "b/c/2.png"])[1][0]
    'c/2.png'
    """
    if isinstance(source, str | os.PathLike):
        root = Path(source).expanduser()
        if root.is_file():
            return [(root.name, root.absolute())]
        if not root.is_dir():
            raise MediaError(f"{root}: there is no such folder. Check the name.")
        found = [p for p in root.rglob("*") if p.suffix.lower() in PICTURE_SUFFIXES | CLIP_SUFFIXES and p.is_file()]
        files = sorted(p for p in found if not any(part.startswith(".") for part in p.relative_to(root).parts))
    else:
        files = [Path(p).expanduser().absolute() for p in source]
        root = Path(os.path.commonpath([p.parent for p in files])) if files else Path()
    return [(p.relative_to(root).as_posix(), p.absolute()) for p in files]


def add_files(begin: Begin, files: Iterable[tuple[str, Path]], who: str) -> AddedFiles:
    """Register picture files, each in a transaction of its own; each is read once, so a damaged one is noticed now."""
    found: dict[str, list[str]] = {"new": [], "known": [], "moved": [], "changed": []}
    unreadable: list[tuple[str, str]] = []
    for name, path in files:
        with begin() as connection:
            kind, why = _tried(connection, name, path, who)
        if why:
            unreadable.append((name, why))
        else:
            found[kind].append(name)
    lists = {kind: tuple(names) for kind, names in found.items()}
    return AddedFiles(**lists, unreadable=tuple(unreadable))


def add_image(connection: Connection, image: LabeledImage, state: str) -> int:
    """Register an image that may have no file; the id it gets."""
    if state not in STATES:
        raise LabelError(f"the state of an image is one of {', '.join(STATES)}; got {state!r}")
    fingerprint = _fingerprint(image.path) if image.path and image.path.is_file() else None
    values = fingerprint.columns() if fingerprint else {"digest": image.digest}
    path = str(image.path.absolute()) if image.path else None
    size = {"height": image.size.height, "width": image.size.width}
    row = {"name": image.name, "path": path, "state": state, "revision": 0, "split": image.split} | size | values
    return connection.execute(insert(images).values(**row).returning(images.c.id)).scalar_one()


def check_files(connection: Connection) -> FileReport:
    """Look for every image's file; only those whose size or date differ are read and hashed."""
    missing, changed = [], []
    for row in connection.execute(select(images).where(images.c.path.is_not(None)).order_by(images.c.id)):
        match _state_of(row.path, row.digest, row.bytes, row.mtime_ns):
            case "missing":
                missing.append(row.name)
            case "changed":
                changed.append(row.name)
    return FileReport(missing=tuple(missing), changed=tuple(changed))


def relink(connection: Connection, folder: str | os.PathLike[str], who: str) -> tuple[str, ...]:
    """Find images whose file is gone among the pictures under a folder, by content; the names found again."""
    rows = connection.execute(select(images).where(images.c.path.is_not(None))).all()
    gone = [row for row in rows if not os.path.isfile(row.path)]
    sizes = {row.bytes for row in gone}
    places: dict[str, Path] = {}
    for _, path in pictures_in(folder):
        if path.stat().st_size in sizes:
            places.setdefault(_fingerprint(path).digest, path)
    found = [row for row in gone if row.digest in places]
    for row in found:
        _move(connection, row.id, places[row.digest], who)
    return tuple(row.name for row in found)


def accept_file(connection: Connection, image_id: int, who: str) -> None:
    """Take the present content of an image's file as right; LabelError if labels were made at another size."""
    row = _row(connection, image_id)
    if row.path is None:
        raise LabelError(f"{row.name}: the store knows no file of this image")
    size = _size(Path(row.path))
    labelled = connection.execute(select(annotations.c.id).where(annotations.c.image_id == image_id).limit(1)).first()
    if labelled and (size.height, size.width) != (row.height, row.width):
        raise LabelError(
            f"{row.name}: its labels were made at {row.width} x {row.height}, but the file is now "
            f"{size.width} x {size.height}. Put the old file back, or add the new one under another name."
        )
    values = _fingerprint(Path(row.path)).columns() | {"height": size.height, "width": size.width}
    connection.execute(update(images).where(images.c.id == image_id).values(**values))
    note(connection, image_id, who, "accepted the changed file")


def set_work(connection: Connection, image_id: int, path: str | os.PathLike[str], who: str) -> None:
    """Remember where the work on a clip is kept."""
    _row(connection, image_id)
    place = str(Path(path).absolute())
    connection.execute(update(images).where(images.c.id == image_id).values(work=place))
    note(connection, image_id, who, f"keeps its work in {Path(place).name}")


def set_split(connection: Connection, image_id: int, split: str, who: str) -> None:
    """Remember which part of a dataset an image belongs to."""
    row = _row(connection, image_id)
    if row.split == split:
        return
    check_text(split, "the split of an image", MAX_NAME)
    connection.execute(update(images).where(images.c.id == image_id).values(split=split))
    note(connection, image_id, who, f"is of the split {split}" if split else "is of no split")


def digest_of(path: Path) -> str:
    """Hash of a file's bytes, 32 hex digits; MediaError if it cannot be read."""
    return _fingerprint(path).digest


def _row(connection: Connection, image_id: int) -> Row:
    row = connection.execute(select(images).where(images.c.id == image_id)).one_or_none()
    if row is None:
        raise EditError(f"the store has no image {image_id}")
    return row


def _tried(connection: Connection, name: str, path: Path, who: str) -> tuple[str, str]:
    """What became of the file, or why it cannot be read."""
    try:
        return _add(connection, name, path, who), ""
    except (MediaError, LabelError) as error:
        return "", str(error)


def _add(connection: Connection, name: str, path: Path, who: str) -> str:
    known = connection.execute(select(images).where(images.c.name == name)).one_or_none()
    if known is not None and known.path == str(path) and _is_untouched(path, known.bytes, known.mtime_ns):
        return "known"
    fingerprint = _fingerprint(path)
    if known is not None:
        if known.digest != fingerprint.digest:
            return "changed"
        if known.path != str(path):
            _move(connection, known.id, path, who)
        return "known"
    for row in connection.execute(select(images).where(images.c.digest == fingerprint.digest)):
        if row.path is not None and not os.path.isfile(row.path):
            _move(connection, row.id, path, who)
            return "moved"
    add_image(connection, LabeledImage(name=name, size=_size(path), path=path), "new")
    return "new"


def _move(connection: Connection, image_id: int, path: Path, who: str) -> None:
    values = {"path": str(path.absolute()), "mtime_ns": path.stat().st_mtime_ns}
    connection.execute(update(images).where(images.c.id == image_id).values(**values))
    note(connection, image_id, who, f"found its file again at {path}")


def _size(path: Path) -> Size:
    if is_clip(path.name):
        with closing(open_video(path)) as video:
            return video.size
    height, width = read_image(path).size_hw
    return Size(height=height, width=width)


def _state_of(path: str, digest: str, size: int | None, mtime_ns: int | None) -> str:
    if not os.path.exists(path):
        return "missing"
    if _is_untouched(Path(path), size, mtime_ns):
        return "fine"
    return "fine" if digest == _fingerprint(Path(path)).digest else "changed"


def _is_untouched(path: Path, size: int | None, mtime_ns: int | None) -> bool:
    """Whether a file has the size and the date that it had."""
    try:
        found = path.stat()
    except OSError:
        return False
    return (found.st_size, found.st_mtime_ns) == (size, mtime_ns)


def _fingerprint(path: Path) -> _Fingerprint:
    content = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    try:
        with open(path, "rb") as file:
            stat = os.fstat(file.fileno())
            while block := file.read(_BLOCK):
                content.update(block)
    except OSError as error:
        raise MediaError(f"{path}: the file cannot be read ({error}). Check the path and its permissions.") from error
    return _Fingerprint(content.hexdigest(), stat.st_size, stat.st_mtime_ns)
