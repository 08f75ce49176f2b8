"""The way to a database: a file for SQLite, a URL for PostgreSQL; what it refuses, in words."""

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sam2_notebook.errors import StoreError

try:
    from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
    from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
except ImportError as error:
    raise ImportError("a label store needs SQLAlchemy: pip install 'sam2_notebook[labels]'") from error

BUSY_SECONDS = 30.0
_NETWORK_FILE_SYSTEMS = re.compile(r"nfs|cifs|smb|lustre|afs|ceph|gpfs|beegfs|9p|fuse\.(sshfs|glusterfs|rclone|s3)")
_WORDS = (
    ("disk is full", "the disk is full: the last edit was not saved. Free some space and repeat it"),
    ("disk I/O error", "the disk refuses to be written (full, over a quota or broken): the last edit was not saved"),
    ("No space left", "the database's disk is full: the last edit was not saved. Free some space and repeat it"),
    (
        "readonly",
        "it is read-only: nothing was saved. Make file and folder writable, or copy them to where you may write",
    ),
    ("read-only", "it is read-only: nothing was saved. Ask for the right to write, or use another store"),
    ("unable to open", "the file cannot be opened or made. Check that the folder exists and that you may write to it"),
    ("locked", f"another program has kept it locked for {BUSY_SECONDS:g} s: nothing was saved. Close that program"),
    ("not a database", "the file is no label store (not an SQLite database). Choose another name for the store"),
    ("malformed", "the file is damaged. Go back to a copy, or try `sqlite3 labels.db .recover`"),
    ("permission denied", "this user may not do that in this database. Ask for the right to, or use another store"),
    ("password", "the database refuses the user or the password in the URL"),
    ("connection", "the database cannot be reached or has gone away. Check the URL and that the server runs"),
)


def open_engine(where: str | os.PathLike[str]) -> tuple[Engine, str]:
    """An engine for a file or a URL, and what messages call it (without the password).

    SQLite runs in WAL mode with every commit synced to the disk (`synchronous=FULL`); on a network file system, where
    WAL does not work, with a rollback journal.
    """
    url = _url_of(where)
    if url.get_backend_name() == "postgresql":
        try:
            return create_engine(url, pool_pre_ping=True), url.render_as_string(hide_password=True)
        except ImportError as error:
            raise StoreError("PostgreSQL needs a driver: pip install 'sam2_notebook[postgres]'") from error
    if url.get_backend_name() != "sqlite":
        raise StoreError(f"{url.get_backend_name()}: a store is an SQLite file or a postgresql:// URL")
    if not url.database or url.database == ":memory:" or url.query:
        raise StoreError(f"{where}: a store is kept in a file; give its path, such as labels.db")
    path = Path(url.database)
    if not path.parent.is_dir():
        raise StoreError(f"{path}: there is no folder {path.parent}; make it first")
    if path.is_dir():
        raise StoreError(f"{path}: it is a folder; a store is a file, such as {path / 'labels.db'}")
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "isolation_level": None})
    _tune_sqlite(engine, _mounted_type(path))
    return engine, str(path)


def _url_of(where: str | os.PathLike[str]) -> URL:
    text = os.fspath(where)
    if "://" not in text:
        return URL.create("sqlite+pysqlite", database=os.path.expanduser(text))
    try:
        url = make_url(text)
        if url.drivername in {"postgres", "postgresql"}:
            url = url.set(drivername="postgresql+psycopg")
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError) as error:
        scheme = text.split("://", 1)[0]
        raise StoreError(f"{scheme}://...: a store is an SQLite file or a postgresql:// URL") from error
    return url


def _tune_sqlite(engine: Engine, file_system: str) -> None:
    network = _NETWORK_FILE_SYSTEMS.match(file_system) is not None
    journal, synchronous = ("DELETE", "EXTRA") if network else ("WAL", "FULL")

    @event.listens_for(engine, "connect")
    def prepare(raw: sqlite3.Connection, _record: object) -> None:
        raw.execute(f"PRAGMA journal_mode={journal}")
        raw.execute(f"PRAGMA synchronous={synchronous}")
        raw.execute("PRAGMA foreign_keys=ON")

    # A deferred transaction that first reads and then writes fails at once when another has written meanwhile.
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("reads_only", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _mounted_type(path: Path, mounts: Path = Path("/proc/mounts")) -> str:
    """Type of the file system that holds a path; an empty text where the system does not tell."""
    try:
        lines = [line.split() for line in mounts.read_text("utf-8").splitlines()]
    except OSError:
        return ""
    folder = path.parent.resolve()
    points = [(line[1], line[2]) for line in lines if len(line) > 2 and folder.is_relative_to(line[1])]
    return max(points, key=lambda point: len(point[0]), default=("", ""))[1]


@contextmanager
def store_errors(label: str) -> Iterator[None]:
    """Turn what the database refuses into a StoreError in words."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        cause = str(error.orig) if isinstance(error, DBAPIError) else str(error)
        words = next((words for sign, words in _WORDS if sign in cause), f"the database refuses: {cause[:300]}")
        raise StoreError(f"{label}: {words}. Everything acknowledged before is still in it.") from error
