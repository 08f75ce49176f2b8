"""What a database refuses, in words, with nothing lost."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sam2_notebook.errors import LabelError, StoreError
from sam2_notebook.labels.connection import _mounted_type, store_errors
from sam2_notebook.labels.schema import LabelClass
from sam2_notebook.labels.store import LabelStore

LABELLING = """
import json, resource, signal, sys
from sam2_notebook.errors import StoreError
from sam2_notebook.labels.edits import AddAnnotation
from sam2_notebook.labels.schema import Annotation, LabelClass, LabeledImage
from sam2_notebook.labels.store import LabelStore
from sam2_notebook.values.geometry import Size
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    store = LabelStore(sys.argv[1], author="ann")
    store.add_class(LabelClass(name="leaf"))
    store.add_image(LabeledImage(name="1.png", size=Size(height=6, width=8)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
    saved = 0
    while True:
        store.edit(1, AddAnnotation(annotation=Annotation(label="leaf", note="x" * 1000)), revision=saved)
        saved += 1
except StoreError as error:
    limited = [saved, str(error)] if "saved" in dir() else [None, str(error)]
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
if limited[0] is not None:  # the same store goes on as soon as there is room again
    store.edit(1, AddAnnotation(annotation=Annotation(label="leaf", note="after")), revision=saved)
print(json.dumps(limited))
"""


def label_until_it_fails(where: Path) -> tuple[int | None, str]:
    done = subprocess.run([sys.executable, "-c", LABELLING, str(where)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    saved, words = json.loads(done.stdout)
    return saved, words


def test_a_full_disk_is_told_and_everything_acknowledged_stays(tmp_path: Path) -> None:
    saved, words = label_until_it_fails(tmp_path / "labels.db")
    assert "disk" in words
    assert "was not saved" in words
    assert "Everything acknowledged before is still in it" in words
    with LabelStore(tmp_path / "labels.db") as store:
        notes = [a.note for a in store.image(1).labels.annotations]
    assert saved
    assert notes == ["x" * 1000] * saved + ["after"]


def test_a_database_at_its_size_limit_is_told_as_a_full_disk(tmp_path: Path) -> None:
    file = sqlite3.connect(tmp_path / "labels.db")
    file.execute("PRAGMA max_page_count=2")
    file.execute("CREATE TABLE t (x)")
    with pytest.raises(StoreError, match="the disk is full: the last edit was not saved"), store_errors("labels.db"):
        file.execute("INSERT INTO t VALUES (?)", (b"x" * 20_000,))
    file.close()


@contextmanager
def as_an_ordinary_user() -> Iterator[None]:
    """Files are opened as somebody who is not root: nothing is read-only to root."""
    me = os.geteuid()
    if not me:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(me)


@pytest.fixture
def read_only_store() -> Iterator[Path]:
    """A store with one class, file and folder without the right to write."""
    folder = Path(tempfile.mkdtemp(prefix="sam2nb-read-only-"))  # pytest's own folder is closed to other users
    path = folder / "labels.db"
    with LabelStore(path, author="ann") as store:
        store.add_class(LabelClass(name="leaf"))
    path.chmod(0o444)
    folder.chmod(0o555)
    yield path
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_read_only_store_is_told(read_only_store: Path) -> None:
    with (
        as_an_ordinary_user(),
        pytest.raises(StoreError, match=r"read-only: nothing was saved|cannot be opened or made"),
    ):
        LabelStore(read_only_store, author="ann").add_class(LabelClass(name="stem"))


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("missing/labels.db", "there is no folder"),
        (".", "it is a folder"),
        (":memory:", "a store is kept in a file"),
        ("mysql://user@host/labels", "SQLite file or a postgresql:// URL"),
        ("gopher://labels", "SQLite file or a postgresql:// URL"),
    ],
)
def test_places_that_are_no_store_are_refused(
    where: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match=words):
        LabelStore(where)


def test_another_file_is_not_taken_for_a_store(tmp_path: Path) -> None:
    path = tmp_path / "labels.db"
    path.write_bytes(b"these are my notes, not a database" * 40)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="no label store"):
        LabelStore(path)
    assert path.read_bytes() == before


def test_a_server_that_does_not_answer_is_told_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        LabelStore(f"postgresql://ann:secret@/labels?host={tmp_path}")
    assert "secret" not in str(caught.value)


def test_edits_are_synced_to_the_disk(tmp_path: Path) -> None:
    with LabelStore(tmp_path / "labels.db") as store, store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_the_file_system_of_a_path_is_that_of_its_deepest_mount(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda / ext4 rw\nserver:/home {tmp_path.resolve()} nfs4 rw\n")
    assert _mounted_type(tmp_path / "labels.db", mounts) == "nfs4"
    assert _mounted_type(Path("/labels.db"), mounts) == "ext4"


def test_an_author_has_a_name(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="an author has a name"):
        LabelStore(tmp_path / "labels.db", author="")
