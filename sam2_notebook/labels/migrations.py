"""From the schema a store was made with to the one of this version; older stores are copied before they are changed."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, inspect, select, text, update

from sam2_notebook.errors import StoreError
from sam2_notebook.labels.tables import VERSION, meta, metadata

_LOCK = 0x5A32_1ABE  # any number; PostgreSQL lets one session at a time hold it

# version -> statements that lead from it to the next, the same for both databases
STEPS: dict[int, Sequence[str]] = {
    # version 1 knew neither claims, nor time spent, nor what a model thinks of its own masks
    1: (
        "ALTER TABLE label_annotations ADD COLUMN stability DOUBLE PRECISION",
        "ALTER TABLE label_annotations ADD COLUMN disagreement DOUBLE PRECISION",
        "ALTER TABLE label_annotations ADD COLUMN proposed SMALLINT DEFAULT '0' NOT NULL",
        "ALTER TABLE label_edits ADD COLUMN seconds DOUBLE PRECISION DEFAULT '0' NOT NULL",
        "CREATE TABLE label_claims (image_id INTEGER NOT NULL PRIMARY KEY REFERENCES label_images (id), "
        "who VARCHAR(200) NOT NULL, until DOUBLE PRECISION NOT NULL)",
    ),
    # version 2 kept masks without the clicks they were made with, and knew no clips
    2: (
        "ALTER TABLE label_annotations ADD COLUMN made_with TEXT DEFAULT '' NOT NULL",
        "ALTER TABLE label_images ADD COLUMN work TEXT",
    ),
    # version 3 had annotations one over the other as they were added
    3: ("ALTER TABLE label_annotations ADD COLUMN place INTEGER DEFAULT '0' NOT NULL",),
    # version 4 forgot which images an imported dataset trains and validates with
    4: ("ALTER TABLE label_images ADD COLUMN split TEXT DEFAULT '' NOT NULL",),
}


def prepare(engine: Engine, label: str) -> None:
    """Make the tables of a new store or bring an older one up to date; StoreError for one from a newer version."""
    with engine.connect().execution_options(reads_only=True) as connection:
        found = version_of(connection)
    _refuse_newer(found, label)
    if found == VERSION:
        return
    if found and engine.dialect.name == "sqlite":
        _copy(Path(label), found)
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        found = version_of(connection)  # another process may have been faster
        _refuse_newer(found, label)
        if not found:
            metadata.create_all(connection)
            connection.execute(insert(meta).values(key="version", value=str(VERSION)))
            return
        for step in range(found, VERSION):
            for statement in STEPS[step]:
                connection.execute(text(statement))
        connection.execute(update(meta).where(meta.c.key == "version").values(value=str(VERSION)))


def version_of(connection: Connection) -> int:
    """Schema version of the store behind a connection; 0 if there is none yet."""
    if not inspect(connection).has_table(meta.name):
        return 0
    found = connection.execute(select(meta.c.value).where(meta.c.key == "version")).scalar()
    return int(found) if found is not None else 0


def _refuse_newer(found: int, label: str) -> None:
    if found > VERSION:
        raise StoreError(
            f"{label}: this store was written by a newer sam2_notebook (schema {found}; this one knows up to "
            f"{VERSION}). Nothing was changed. Upgrade with pip install -U sam2_notebook."
        )


def _copy(path: Path, version: int) -> None:
    """Keep the store as it was beside it, `labels.db.v1.bak`; an earlier copy stays."""
    target = path.with_name(f"{path.name}.v{version}.bak")
    if target.exists():
        return
    source, copy = sqlite3.connect(path), sqlite3.connect(target)
    try:
        source.backup(copy)
    finally:
        source.close()
        copy.close()
