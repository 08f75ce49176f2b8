"""Folders: hostile names stay inside, full folders are a choice, a failed export leaves nothing."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sam2_notebook.errors import LabelError, MediaError
from sam2_notebook.labels.card import data_card
from sam2_notebook.labels.export import FORMATS, export
from sam2_notebook.labels.export.names import MAX_PART_BYTES, UniqueNames, safe_path
from sam2_notebook.labels.schema import Annotation, Dataset, LabelClass, LabeledImage
from sam2_notebook.values.geometry import Box, Size

SIZE = Size(height=6, width=8)
HOSTILE = [
    "../../escape.png", "/etc/passwd", "C:\\Windows\\win.ini", "\\\\server\\share\\x.png", "a/../../b.png", "..", ".",
    "con", "aux.png", "NUL.txt", "x" * 300 + ".png", "ü" * 200, "a\u202egnp.exe", "a\nb.png", ".htaccess", " .. /x.png",
    "a/b/c/d/e/f/g/h/i.png", "trailing. ", "<img src=x onerror=alert(1)>.png", "a:b*c?.png", "%2e%2e%2fx.png",
    "~/x.png", "....//x.png", "README.md", "labels.json", "-rf", "a\u0001b",
]  # fmt: skip


def named(*names: str, label: str = "leaf") -> Dataset:
    box = (Annotation(label=label, box=Box(1, 1, 4, 3), note="</script><script>alert(1)</script>"),)
    images = [LabeledImage(name=name, size=SIZE, annotations=box) for name in names]
    return Dataset(classes=(LabelClass(name=label),), images=images, name="<script>alert(1)</script>")


@pytest.mark.parametrize("format", FORMATS)
def test_names_from_data_never_leave_the_folder(format: str, tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    Image.fromarray(np.zeros((6, 8, 3), np.uint8)).save(picture)
    dataset = named(*HOSTILE).map(lambda image: replace(image, path=picture))
    before = set(tmp_path.rglob("*"))
    export(dataset, tmp_path / "deep" / "out", format)
    new = set(tmp_path.rglob("*")) - before
    assert all(p.is_relative_to(tmp_path / "deep") for p in new)
    assert not any(p.is_symlink() for p in new)
    if format != "parquet":
        pictures = [p for p in new if p.suffix == ".png" and p.read_bytes() == picture.read_bytes()]
        others = [p for p in new if p.is_file() and p.read_bytes() == picture.read_bytes() and p.suffix != ".png"]
        assert len(pictures) + len(others) == len(HOSTILE)


@given(st.text(min_size=1, max_size=400))
def test_any_text_becomes_a_harmless_path(name: str) -> None:
    path = safe_path(name)
    assert path == safe_path(path)
    for part in path.split("/"):
        assert part not in {"", ".", ".."}
        assert len(part.encode()) <= MAX_PART_BYTES + 1
        assert not re.search(r'[\x00-\x1f<>:"|?*\\]', part)
        assert not part.endswith((".", " "))


@given(st.lists(st.text(alphabet="aA./bß ", min_size=1, max_size=6), max_size=20))
def test_no_name_is_given_twice(names: list[str]) -> None:
    for flat in (False, True):
        unique = UniqueNames()
        taken = [unique.take(name, flat=flat).casefold() for name in names]
        assert len(set(taken)) == len(taken)


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_written_cannot_run_as_html(format: str, tmp_path: Path) -> None:
    export(
        named("<img src=x onerror=alert(1)>.png", label="<b onclick='x'>&"), tmp_path / "out", format, pictures="leave"
    )
    for file in (tmp_path / "out").rglob("*"):
        if file.suffix in {".md", ".json", ".xml"}:
            assert not re.search(r"<(script|img|b )", file.read_text()), file


def test_a_data_card_shows_names_and_runs_nothing() -> None:
    text = data_card(named("1.png", label="<b>[x](javascript:alert(1))|"))
    assert "<" not in text
    assert "\\[x\\](javascript" in text
    assert "\\|" in text
    assert "1 images, 0 of them without annotations" in text


def test_a_full_folder_is_a_choice(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(LabelError, match=r"not empty \(thesis.txt\).*existing='overwrite'.*existing='merge'"):
        export(named("1.png"), out, "yolo", pictures="leave")
    assert [p.name for p in out.iterdir()] == ["thesis.txt"]
    export(named("1.png", "2.png"), out, "yolo", pictures="leave", existing="overwrite")
    export(named("2.png"), out, "yolo", pictures="leave", existing="overwrite")
    assert sorted(p.name for p in (out / "labels/train").iterdir()) == ["2.txt"]
    assert (out / "thesis.txt").read_text() == "mine"


def test_pictures_that_no_export_wrote_are_neither_replaced_nor_removed(tmp_path: Path) -> None:
    out = tmp_path / "dataset"
    dataset = named("1.png", "2.png").map(lambda image: replace(image, path=out / "images" / image.name))
    (out / "images").mkdir(parents=True)
    for number, name in enumerate(("1.png", "2.png")):
        Image.fromarray(np.full((6, 8, 3), number, np.uint8)).save(out / "images" / name)
    originals = {path: path.read_bytes() for path in (out / "images").iterdir()}
    for existing in ("overwrite", "merge"):
        export(dataset, out, "coco", existing=existing)
    export(replace(dataset, images=list(dataset.images)[:1]), out, "coco", existing="overwrite")
    assert {path: path.read_bytes() for path in (out / "images").iterdir()} == originals
    other = tmp_path / "other.png"
    Image.fromarray(np.full((6, 8, 3), 9, np.uint8)).save(other)
    with pytest.raises(LabelError, match=r"images/1\.png.*may be your originals, so nothing was written"):
        export(dataset.map(lambda image: replace(image, path=other)), out, "coco", existing="overwrite")
    assert {path: path.read_bytes() for path in (out / "images").iterdir()} == originals


def test_merging_adds_and_never_replaces(tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(named("1.png"), out, "yolo", pictures="leave")
    export(named("2.png", "4.png"), out, "yolo", pictures="leave", existing="merge")
    assert sorted(p.name for p in (out / "labels/train").iterdir()) == ["1.txt", "2.txt", "4.txt"]
    assert ["1 images" in (out / name).read_text() for name in ("README.md", "README-2.md")] == [True, False]
    (out / "labels/train/1.txt").write_text("0 0.5 0.5 1 1\n")
    with pytest.raises(LabelError, match=r"with other content, such as .*nothing was written"):
        export(named("1.png", "3.png"), out, "yolo", pictures="leave", existing="merge")
    assert sorted(p.name for p in (out / "labels/train").iterdir()) == ["1.txt", "2.txt", "4.txt"]
    assert sorted(p.name for p in out.glob("*.md")) == ["README-2.md", "README.md"]
    with pytest.raises(LabelError, match="'refuse', 'overwrite' or 'merge'"):
        export(named("1.png"), out, "yolo", existing="replace")  # pyright: ignore[reportArgumentType]


def test_a_link_in_the_folder_does_not_lead_out(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.mkdir()
    out.mkdir()
    (out / "labels").symlink_to(elsewhere)
    with pytest.raises(LabelError, match="a link in it leads elsewhere"):
        export(named("1.png"), out, "yolo", pictures="leave", existing="overwrite")
    (out / ".sam2_notebook-export.json").write_text(json.dumps(["../elsewhere/keep.txt", 3]))
    (elsewhere / "keep.txt").write_text("mine")
    (out / "labels").unlink()
    export(named("1.png"), out, "yolo", pictures="leave", existing="overwrite")
    assert (elsewhere / "keep.txt").read_text() == "mine"


@pytest.mark.parametrize("format", FORMATS)
def test_a_failed_export_leaves_everything_as_it_was(format: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(MediaError, match=r"1\.png: its file is not known.*pictures='leave'"):
        export(named("1.png"), out, format)
    assert not out.exists()
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    with pytest.raises(MediaError):
        export(named("1.png"), out, format, existing="overwrite")
    assert [p.name for p in out.iterdir()] == ["mine.txt"]


def test_a_disk_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    with pytest.raises(LabelError, match="it is a file; an export goes into a folder"):
        export(named("1.png"), tmp_path / "file", "yolo", pictures="leave")
    with pytest.raises(LabelError, match="the export cannot be written"):
        export(named("1.png"), "/proc/no-such-place/out", "yolo", pictures="leave")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_a_picture_turned_by_its_exif_is_written_upright(tmp_path: Path, orientation: int, suffix: str) -> None:
    from sam2_notebook.media import read_image

    stored = np.zeros((40, 64, 3), np.uint8)
    stored[:16, :16] = 255
    path = tmp_path / f"turned.{suffix}"
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(stored).save(path, exif=exif)
    upright = read_image(path)
    size = Size(height=upright.size_hw[0], width=upright.size_hw[1])
    image = LabeledImage(name=path.name, size=size, path=path)
    export(Dataset(classes=(), images=[image]), tmp_path / "out", "yolo")
    with Image.open(tmp_path / "out/images/train" / path.name) as plain:  # a reader that ignores EXIF
        assert abs(np.asarray(plain.convert("RGB")).astype(int) - upright.pixels).max() < 30


def test_what_becomes_of_the_pictures_is_one_of_three_words(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="pictures= is 'copy', 'link' or 'leave'; got 'move'"):
        export(named("1.png"), tmp_path / "out", "yolo", pictures="move")  # pyright: ignore[reportArgumentType]
    assert not (tmp_path / "out").exists()


def test_pictures_can_be_linked(tmp_path: Path) -> None:
    path = tmp_path / "1.png"
    Image.fromarray(np.zeros((6, 8, 3), np.uint8)).save(path)
    dataset = named("1.png").map(lambda image: replace(image, path=path))
    export(dataset, tmp_path / "out", "yolo", pictures="link")
    assert (tmp_path / "out/images/train/1.png").stat().st_ino == path.stat().st_ino
