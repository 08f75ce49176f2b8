"""Stores of version 1, kept as SQL text, become stores of this version with everything in them."""

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, inspect

from sam2_notebook.errors import StoreError
from sam2_notebook.labels.edits import OrderAnnotations
from sam2_notebook.labels.store import LabelStore
from sam2_notebook.labels.tables import VERSION
from sam2_notebook.values.geometry import Box
from tests.labels.conftest import empty

SCHEMAS = Path(__file__).parent / "schemas"


@pytest.fixture
def old(where: str) -> str:
    """A store as version 1 left it."""
    if "://" in where:
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute((SCHEMAS / "v1_postgresql.sql").read_bytes())
    else:
        connection = sqlite3.connect(where)
        connection.executescript((SCHEMAS / "v1_sqlite.sql").read_text("utf-8"))
        connection.close()
    return where


def columns(where: str) -> dict[str, set[tuple[str, str, bool]]]:
    """Name, type and nullability of every column."""
    engine = create_engine(
        where.replace("postgresql://", "postgresql+psycopg://") if "://" in where else f"sqlite:///{where}"
    )
    look = inspect(engine)
    found = {
        table: {(c["name"], _kind(c["type"]), c["nullable"]) for c in look.get_columns(table)}
        for table in look.get_table_names()
        if table.startswith("label_")
    }
    engine.dispose()
    return found


def _kind(column_type: object) -> str:
    """A type without its length; SQLite takes both spellings of a double for the same."""
    return (
        str(column_type).split("(")[0].replace(" ", "_").replace("DOUBLE_PRECISION", "DOUBLE").replace("REAL", "DOUBLE")
    )


def test_a_store_of_version_1_keeps_everything(old: str) -> None:
    with LabelStore(old, author="eve") as store:
        image = store.image(1)
        assert [
            (a.label, a.note, a.score, a.author, a.crowd, a.proposed, dict(a.attributes))
            for a in image.labels.annotations
        ] == [
            ("leaf", "it's old", 0.5, "ann", False, False, {"ripe": "yes"}),
            ("stem", "", None, "bob", True, False, {}),
        ]
        assert image.labels.annotations[1].box == Box(0, 0, 1, 0.5)
        assert [c.name for c in store.classes()] == ["leaf", "stem"]
        assert [e.what for e in store.history()] == ["added the class leaf", "added leaf", "added stem, set submitted"]
        assert store.claim(1).who == "eve"


def test_what_was_done_in_version_1_can_be_undone_and_redone(old: str) -> None:
    with LabelStore(old, author="eve") as store:
        before = store.image(1).labels
        image = store.undo(1, revision=2)
        assert ([a.label for a in image.labels.annotations], image.state) == (["leaf"], "started")
        image = store.undo(1, revision=image.revision)
        assert (image.labels.annotations, image.state) == ((), "new")
        store.redo(1, revision=image.revision)
        assert store.redo(1, revision=image.revision + 1).labels == before


def test_a_migrated_store_has_the_tables_of_a_new_one(old: str, tmp_path: Path) -> None:
    LabelStore(old, author="eve").close()
    migrated = columns(old)
    new = old if "://" in old else str(tmp_path / "new.db")
    if new == old:
        empty(old)
    LabelStore(new, author="eve").close()
    assert migrated == columns(new)


def test_an_sqlite_store_is_copied_before_it_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "labels.db"
    connection = sqlite3.connect(path)
    connection.executescript((SCHEMAS / "v1_sqlite.sql").read_text("utf-8"))
    before = list(connection.iterdump())
    connection.close()
    LabelStore(path, author="eve").close()
    copy = sqlite3.connect(tmp_path / "labels.db.v1.bak")
    assert list(copy.iterdump()) == before
    copy.close()


def test_a_store_from_a_newer_version_is_refused_and_left_alone(where: str) -> None:
    LabelStore(where, author="eve").close()
    statement = f"UPDATE label_meta SET value = '{VERSION + 1}' WHERE key = 'version'"
    if "://" in where:
        with psycopg.connect(where, autocommit=True) as server:
            server.execute(statement.encode())
    else:
        file = sqlite3.connect(where)
        file.execute(statement)
        file.commit()
        file.close()
    with pytest.raises(
        StoreError, match=rf"newer sam2_notebook \(schema {VERSION + 1}; this one knows up to {VERSION}"
    ):
        LabelStore(where, author="eve")
    if "://" not in where:
        assert not list(Path(where).parent.glob("*.bak"))


def store_of_version(version: int, folder: Path) -> Path:
    """A store as an earlier sam2_notebook has left it."""
    where = folder / "labels.db"
    with closing(sqlite3.connect(where)) as connection:
        connection.executescript((SCHEMAS / f"v{version}_sqlite.sql").read_text("utf-8"))
    return where


def test_a_store_of_version_2_keeps_everything_and_can_be_undone(tmp_path: Path) -> None:
    where = store_of_version(2, tmp_path)
    with LabelStore(where, author="eve") as store:
        image = store.undo(1, revision=2)
        (leaf,) = image.labels.annotations
        assert (leaf.area, leaf.score, leaf.author, leaf.made_with, image.work) == (6, 0.5, "ann", "", None)
        assert store.summaries()[0].seconds == 3
    assert (tmp_path / "labels.db.v2.bak").is_file()
    LabelStore(tmp_path / "new.db", author="eve").close()
    assert columns(str(where)) == columns(str(tmp_path / "new.db"))


def test_a_store_of_version_3_keeps_its_order_and_gets_another(tmp_path: Path) -> None:
    where = store_of_version(3, tmp_path)
    with LabelStore(where, author="eve") as store:
        image = store.undo(1, revision=3)
        assert [a.label for a in image.labels.annotations] == ["leaf", "stem"]
        image = store.edit(1, OrderAnnotations(ids=(2, 1)), revision=image.revision)
        assert [a.label for a in image.labels.annotations] == ["stem", "leaf"]
        image = store.undo(1, revision=image.revision)
        assert [a.label for a in image.labels.annotations] == ["leaf", "stem"]
    assert (tmp_path / "labels.db.v3.bak").is_file()
    LabelStore(tmp_path / "new.db", author="eve").close()
    assert columns(str(where)) == columns(str(tmp_path / "new.db"))


def test_a_store_of_version_4_gets_splits(tmp_path: Path) -> None:
    where = store_of_version(4, tmp_path)
    with LabelStore(where, author="eve") as store:
        assert [a.label for a in store.image(1).labels.annotations] == ["stem", "leaf"]
        assert [image.split for image in store.dataset()] == [""]
        store.set_split(1, "val")
        assert [image.split for image in store.dataset()] == ["val"]
    assert (tmp_path / "labels.db.v4.bak").is_file()
    LabelStore(tmp_path / "new.db", author="eve").close()
    assert columns(str(where)) == columns(str(tmp_path / "new.db"))
