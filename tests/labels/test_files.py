import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sam2_notebook.errors import LabelError, MediaError
from sam2_notebook.labels.edits import AddAnnotation
from sam2_notebook.labels.files import FileReport
from sam2_notebook.labels.schema import Annotation
from sam2_notebook.labels.store import LabelStore
from sam2_notebook.values.geometry import Box


def picture(path: Path, seed: int, width: int = 8) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (6, width, 3), dtype=np.uint8)).save(path)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two pictures, a damaged one, an unreadable one and a text."""
    folder = tmp_path / "photos"
    picture(folder / "a.png", 1)
    picture(folder / "deep" / "b.png", 2)
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:60])
    (folder / "page.jpg").write_text("<html>not found</html>")
    (folder / "notes.txt").write_text("notes")
    return folder


def test_a_folder_is_added_and_what_cannot_be_read_is_listed(store: LabelStore, photos: Path) -> None:
    added = store.add_images(photos)
    assert added.new == ("a.png", "deep/b.png")
    assert [name for name, _ in added.unreadable] == ["cut.png", "page.jpg"]
    assert "web page" in added.unreadable[1][1]
    again = store.add_images(photos)
    assert (again.new, again.known) == ((), ("a.png", "deep/b.png"))
    assert store.check_files() == FileReport()


def test_a_list_of_files_is_named_from_the_folder_they_share(store: LabelStore, photos: Path) -> None:
    assert store.add_images([photos / "deep" / "b.png", photos / "a.png"]).new == ("deep/b.png", "a.png")
    with pytest.raises(MediaError, match="no such folder"):
        store.add_images(photos / "nowhere")


def test_moved_files_are_found_again_by_content(store: LabelStore, photos: Path, tmp_path: Path) -> None:
    store.add_images(photos)
    shutil.move(photos / "deep" / "b.png", tmp_path / "elsewhere.png")
    assert store.check_files() == FileReport(missing=("deep/b.png",))
    assert store.relink(tmp_path) == ("deep/b.png",)
    assert store.check_files() == FileReport()
    assert store.image(3).labels.path == tmp_path / "elsewhere.png"


def test_a_moved_file_is_recognised_when_its_new_folder_is_added(
    store: LabelStore, photos: Path, tmp_path: Path
) -> None:
    store.add_images(photos)
    shutil.move(photos, tmp_path / "renamed")
    (tmp_path / "renamed" / "deep" / "b.png").rename(tmp_path / "renamed" / "c.png")
    added = store.add_images(tmp_path / "renamed")
    assert (added.known, added.moved, added.new) == (("a.png",), ("c.png",), ())
    assert store.check_files() == FileReport()


def test_a_file_with_other_content_is_noticed_and_taken_only_when_it_fits(store: LabelStore, photos: Path) -> None:
    store.add_images(photos)
    store.edit(2, AddAnnotation(annotation=Annotation(label="leaf", box=Box(0, 0, 3, 3))), revision=0)
    picture(photos / "a.png", 9)
    assert store.check_files().changed == ("a.png",)
    assert store.add_images(photos).changed == ("a.png",)
    store.accept_file(2)
    assert store.check_files() == FileReport()
    picture(photos / "a.png", 9, width=9)
    with pytest.raises(LabelError, match=r"made at 8 x 6, but the file is now 9 x 6"):
        store.accept_file(2)
    assert len(store.image(2).labels.annotations) == 1


def test_a_file_that_was_only_touched_is_fine(store: LabelStore, photos: Path) -> None:
    store.add_images(photos)
    (photos / "a.png").touch()
    assert store.check_files() == FileReport()
