"""Annotation of shards: every picture once, whatever is broken, changed, interrupted or somebody else's."""

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from sam2_notebook import auto_annotate
from sam2_notebook.errors import MediaError
from sam2_notebook.facade.annotation.shards import pictures_of
from sam2_notebook.media import encode_jpeg, encode_png, read_image
from sam2_notebook.predict import ImagePredictor
from tests.facade.test_annotate import by_colour, coco, picture


def write_tar(path: Path, members: Mapping[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def write_parquet(path: Path, rows: list[dict]) -> Path:
    parquet.write_table(pa.Table.from_pylist(rows), path)
    return path


def rows_of(path: Path) -> dict[str, dict]:
    return {row["picture"]: row for row in parquet.read_table(path).to_pylist()}


def classes(row: dict) -> list[int]:
    return sorted(found["class"] for found in row["objects"])


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """A tar as WebDataset has them, with captions, something hidden and a broken picture, and a Parquet file."""
    folder = tmp_path / "shards"
    folder.mkdir()
    members = {
        "000.jpg": encode_jpeg(picture(0, 1)), "000.txt": b"a caption", "sub/001.png": encode_png(picture(0)),
        "002.png": b"not a picture", "._003.png": b"a Mac's", "004.png": encode_png(picture()),
    }  # fmt: skip
    write_tar(folder / "a.tar", members)
    content = [{"bytes": encode_png(picture(n)), "path": f"{n}.png"} for n in (0, 1)]
    write_parquet(folder / "b.parquet", [{"id": i, "image": image} for i, image in enumerate(content)])
    return folder


def test_every_picture_has_a_row_with_its_own_classes(shards: Path, quick: ImagePredictor) -> None:
    report = auto_annotate(shards, by_colour, quick, progress=False)
    labels = shards.parent / "labels"
    rows = rows_of(labels / "a.parquet")
    assert {name: (row["status"], classes(row)) for name, row in rows.items()} == {
        "000.jpg": ("labelled", [10, 11]),
        "sub/001.png": ("labelled", [10]),
        "002.png": ("failed", []),
        "004.png": ("empty", []),
    }
    assert "002.png: it is a text file" in rows["002.png"]["reason"]
    for found in rows["000.jpg"]["objects"]:
        assert len(found["polygon"]) >= 6
        assert 0 <= min(found["polygon"]) <= max(found["polygon"]) <= 1
    assert (rows["000.jpg"]["width"], rows["000.jpg"]["height"]) == (160, 120)
    assert {name: classes(row) for name, row in rows_of(labels / "b.parquet").items()} == {"0.png": [10], "1.png": [11]}
    assert (report.pictures, report.done) == (6, {"labelled": 4, "empty": 1, "kept": 0, "failed": 1})
    assert report.shards == {"done": 2, "skipped": 0, "kept": 0, "failed": 0}
    assert report.objects == {10: 3, 11: 2}
    assert list(report.failures) == ["a.tar/002.png"]
    assert "6 pictures in 2 shards (2 done)" in str(report)
    assert json.loads((labels / "auto_annotate.json").read_text())["pictures"] == 6
    assert read_image(labels / "auto_annotate.jpg").size_hw[1] == 1000


def test_a_row_holds_what_a_label_file_says(shards: Path, quick: ImagePredictor, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "p.png").write_bytes(encode_png(picture(0)))
    auto_annotate(tmp_path / "one", by_colour, quick, output_dir=tmp_path / "one", progress=False)
    auto_annotate(shards / "b.parquet", by_colour, quick, progress=False)
    line = (tmp_path / "one" / "p.txt").read_text().split()
    (found,) = rows_of(tmp_path / "shards" / "labels" / "b.parquet")["0.png"]["objects"]
    assert found["class"] == int(line[0])
    assert found["polygon"] == pytest.approx([float(x) for x in line[1:]], abs=1e-6)


def test_a_second_call_does_only_what_is_left(shards: Path, quick: ImagePredictor) -> None:
    seen: list[int] = []

    def spying(pixels: np.ndarray) -> tuple:
        seen.append(0)
        if len(seen) == 5:
            raise KeyboardInterrupt
        return by_colour(pixels)

    with pytest.raises(KeyboardInterrupt):
        auto_annotate(shards, spying, quick, progress=False)
    assert [p.name for p in (shards.parent / "labels").glob("*.parquet")] == ["a.parquet"]
    report = auto_annotate(shards, spying, quick, progress=False)
    assert (report.shards["skipped"], report.skipped, len(seen)) == (1, 4, 7), "the second shard was begun anew"
    report = auto_annotate(shards, spying, quick, device="cpu", progress=False)
    assert (report.shards["skipped"], len(seen)) == (2, 7), "another device makes the same labels"
    write_tar(shards / "a.tar", {"9.png": encode_png(picture(1))})
    assert auto_annotate(shards, spying, quick, progress=False).shards["done"] == 1
    assert list(rows_of(shards.parent / "labels" / "a.parquet")) == ["9.png"]
    assert auto_annotate(shards, spying, quick, conf=0.5, progress=False).shards["done"] == 2


def test_files_of_somebody_else_are_never_written_over(shards: Path, quick: ImagePredictor) -> None:
    labels = shards.parent / "labels"
    labels.mkdir()
    write_parquet(labels / "a.parquet", [{"mine": 1}])
    report = auto_annotate(shards, by_colour, quick, progress=False)
    assert report.shards == {"done": 1, "skipped": 0, "kept": 1, "failed": 0}
    assert "somebody else" in report.failures["a.parquet"]
    assert parquet.read_table(labels / "a.parquet").to_pylist() == [{"mine": 1}]


def test_a_shard_cut_off_keeps_what_could_be_read(shards: Path, quick: ImagePredictor) -> None:
    whole = (shards / "a.tar").read_bytes()
    (shards / "a.tar").write_bytes(whole[: len(encode_jpeg(picture(0, 1))) + 3000])
    (shards / "c.tar").write_bytes(b"no tar at all")
    (shards / "d.parquet").write_bytes(b"PAR1 and then nothing")
    report = auto_annotate(shards, by_colour, quick, progress=False)
    assert list(rows_of(shards.parent / "labels" / "a.parquet")) == ["000.jpg"]
    assert "cannot be read after 1 pictures" in report.failures["a.tar"]
    assert report.shards == {"done": 2, "skipped": 0, "kept": 0, "failed": 2}
    assert "cannot be read" in report.failures["c.tar"]
    assert "cannot be read" in report.failures["d.parquet"]
    again = auto_annotate(shards, by_colour, quick, progress=False)
    assert again.shards == {"done": 0, "skipped": 2, "kept": 0, "failed": 2}, "what cannot be read is tried again"
    assert "a.tar" in again.failures


def test_boxes_of_a_coco_file_are_found_by_name(tmp_path: Path, quick: ImagePredictor) -> None:
    write_tar(tmp_path / "x.tgz", {"deep/two.jpg": encode_jpeg(picture(0, 1))}, "w:gz")
    report = auto_annotate(tmp_path / "x.tgz", coco(), quick, progress=False)
    assert (report.objects, report.names) == ({3: 1, 4: 1}, {3: "disc", 4: "green"})


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ([{"image": encode_png(picture(0)), "mask": b"x", "key": "k1"}], ["k1"]),
        ([{"whatever": encode_png(picture(0))}], ["0"]),
        ([{"jpg": encode_png(picture(0)), "__key__": "s7"}], ["s7"]),
        ([{"image": {"bytes": None, "path": "beside.png"}}], ["beside.png"]),
    ],
)
def test_pictures_are_found_in_columns_of_any_name(tmp_path: Path, rows: list[dict], names: list[str]) -> None:
    (tmp_path / "beside.png").write_bytes(encode_png(picture(0)))
    found = list(pictures_of(write_parquet(tmp_path / "x.parquet", rows)))
    assert [f.name for f in found] == names
    assert all(read_image(f.content).size_hw == (120, 160) for f in found)


def test_patterns_name_some_of_what_there_is(shards: Path, quick: ImagePredictor) -> None:
    (shards / "loose.png").write_bytes(encode_png(picture(0)))
    with pytest.raises(MediaError, match=r"1 pictures and 2 shards .*\*\.tar"):
        auto_annotate(shards, by_colour, quick)
    report = auto_annotate(shards / "*.tar", by_colour, quick, output_dir=shards / "out", progress=False)
    assert (report.shards["done"], report.pictures) == (1, 4)
    assert auto_annotate(shards / "*.png", by_colour, quick, progress=False).pictures == 1
    with pytest.raises(MediaError, match="no pictures and no shards"):
        auto_annotate(shards / "*.gif", by_colour, quick)


@pytest.mark.parametrize("rows", [[{"text": "a"}], [{"left": b"1", "right": b"2"}]])
def test_a_file_without_pictures_says_what_it_has(tmp_path: Path, quick: ImagePredictor, rows: list[dict]) -> None:
    write_parquet(tmp_path / "x.parquet", rows)
    report = auto_annotate(tmp_path / "x.parquet", by_colour, quick, progress=False)
    assert "which column holds pictures" in report.failures["x.parquet"]


def test_labels_that_cannot_be_written_end_the_call(shards: Path, quick: ImagePredictor) -> None:
    (shards / "out").write_text("a file, not a folder")
    with pytest.raises(MediaError, match="cannot be written"):
        auto_annotate(shards, by_colour, quick, output_dir=shards / "out", progress=False)
    seen: list[int] = []

    def filling(pixels: np.ndarray) -> tuple:
        """The folder becomes a file while the first shard is at work."""
        if not seen:
            for path in (shards / "labels").iterdir():
                path.unlink()
            (shards / "labels").rmdir()
            (shards / "labels").write_text("in the way")
        seen.append(0)
        return by_colour(pixels)

    with pytest.raises(MediaError, match=r"cannot be written.*call again"):
        auto_annotate(shards, filling, quick, output_dir=shards / "labels", progress=False)
    assert len(seen) == 3, "the second shard was not begun"
    (shards / "labels").unlink()
    assert auto_annotate(shards, filling, quick, output_dir=shards / "labels", progress=False).shards["done"] == 2


def test_two_shards_of_one_name_are_refused(shards: Path, quick: ImagePredictor) -> None:
    write_tar(shards / "b.tar", {"9.png": encode_png(picture(1))})
    with pytest.raises(MediaError, match="would share a file"):
        auto_annotate(shards, by_colour, quick)
