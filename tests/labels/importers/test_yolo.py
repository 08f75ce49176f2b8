"""Where a data.yaml says that its pictures are, in the ways of Ultralytics, Roboflow and others."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sam2_notebook.errors import LabelError
from sam2_notebook.labels.importers import read_labels
from sam2_notebook.labels.store import LabelStore


def dataset(folder: Path, yaml: str, *pictures: str) -> Path:
    """A folder with a data.yaml and pictures, each with a box over its left half."""
    for number, name in enumerate(pictures):
        picture = folder / name
        labels = Path(str(picture).replace("images", "labels")).with_suffix(".txt")
        for path in (picture, labels):
            path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((6, 8, 3), number, np.uint8)).save(picture)
        labels.write_text("0 0.25 0.5 0.5 1\n")
    (folder / "data.yaml").write_text(f"{yaml}\nnames: [leaf]\n")
    return folder


def found(folder: Path) -> list[tuple[str, str, int]]:
    return sorted((image.split, image.name, len(image.annotations)) for image in read_labels(folder, "yolo"))


OURS = ("images/train/a.png", "images/val/b.png")
ROBOFLOWS = ("train/images/a.png", "valid/images/b.png")


@pytest.mark.parametrize(
    ("yaml", "pictures"),
    [
        ("train: images/train\nval: images/val", OURS),
        ("path: .\ntrain: ./images/train\nval: images/val/", OURS),
        ("path: {here}\ntrain: images/train\nval: images/val", OURS),
        ("path: {here}/images\ntrain: train\nval: val", OURS),
        ("path: images\ntrain: train\nval: val", OURS),
        ("train: {here}/images/train\nval: {here}/images/val", OURS),
        ("path: ../datasets/garden\ntrain: images/train\nval: images/val", OURS),
        ("path: ../garden\ntrain: images/train\nval: images/val", OURS),
        ("path: garden\ntrain: images/train\nval: images/val", OURS),
        ("path: /content/datasets/garden\ntrain: images/train\nval: images/val\ntest:", OURS),
        ("path: C:\\Users\\ann\\garden\ntrain: images\\train\nval: images\\val", OURS),
        ("train: [images/train]\nval:\n- images/val", OURS),
        ("train: ../train/images\nval: ../valid/images\ntest: ../test/images", ROBOFLOWS),
        ("path: ../x\ntrain: train/images\nval: valid/images\ntest: test/images", ROBOFLOWS),
    ],
)
def test_usual_ways_to_say_where_pictures_are_mean_those_beside_data_yaml(
    yaml: str, pictures: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = dataset(tmp_path / "garden", yaml.replace("{here}", str(tmp_path / "garden")), *pictures)
    wanted = [("train", "a.png", 1), ("val", "b.png", 1)]
    assert found(folder) == wanted
    monkeypatch.chdir(tmp_path)
    assert found(Path("garden")) == wanted
    assert found(Path("garden/../garden")) == wanted
    os.symlink("garden", "link")
    assert found(Path("link")) == wanted


def test_a_split_of_several_folders_has_the_pictures_of_all(tmp_path: Path) -> None:
    folder = dataset(tmp_path, "train: [one/images, two/images]", "one/images/a.png", "two/images/b.png")
    assert found(folder) == [("train", "a.png", 1), ("train", "b.png", 1)]


@pytest.mark.parametrize(
    ("lists", "yaml"),
    [
        ({"train.txt": "./images/train/a.png\n\n", "val.txt": "images/val/b.png"}, "train: train.txt\nval: val.txt"),
        ({"sub/train.txt": "../images/train/a.png\r\n"}, "train: sub/train.txt\nval: images/val"),
        ({"sub/train.txt": "images/train/a.png"}, "train: [sub/train.txt]\nval: images/val"),
        ({"train.txt": "{here}/images/train/a.png"}, "path: ../x\ntrain: train.txt\nval: images/val"),
        ({"train.txt": "images\\train\\a.png"}, "train: train.txt\nval: images/val"),
    ],
)
def test_a_text_file_may_list_the_pictures_of_a_split(
    lists: dict[str, str], yaml: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = dataset(tmp_path / "garden", yaml, *OURS, "images/train/unlisted.png")
    for name, lines in lists.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(lines.replace("{here}", str(folder)), newline="")
    wanted = [("train", "a.png", 1), ("val", "b.png", 1)]
    assert found(folder) == wanted
    monkeypatch.chdir(tmp_path)
    assert found(Path("garden/../garden")) == wanted


@pytest.mark.parametrize(
    ("yaml", "pictures", "names"),
    [
        (
            "train: images/train\nval: images/val",
            ("images/train/1.png", "images/val/1.png"),
            ["train/1.png", "val/1.png"],
        ),
        (
            "train: [a/images, b/images]\nval: c/images",
            ("a/images/1.png", "b/images/1.png", "c/images/2.png"),
            ["2.png", "a/images/1.png", "b/images/1.png"],
        ),
        ("train: images\nval: images/val", ("images/1.png", "images/val/1.png"), ["1.png", "val/1.png"]),
    ],
)
def test_pictures_of_one_name_are_told_apart_by_their_folders(
    yaml: str, pictures: tuple[str, ...], names: list[str], tmp_path: Path
) -> None:
    folder = dataset(tmp_path / "garden", yaml, *pictures)
    assert sorted(name for _, name, _ in found(folder)) == names
    with LabelStore(tmp_path / "labels.db", author="bob") as store:
        assert store.add(read_labels(folder, "yolo")) == len(names)


@pytest.mark.parametrize(
    ("yaml", "words"),
    [
        ("train: images\nval: ../elsewhere", r"elsewhere in data\.yaml leads out .* put a copy of data\.yaml"),
        ("train: images\nval: {elsewhere}", "leads out of the folder"),
        ("path: {elsewhere}\ntrain: deep", "leads out of the folder"),
        ("path: ..\ntrain: elsewhere", "leads out of the folder"),
        ("train: link", "leads out of the folder"),
        ("train: images\nval: ../elsewhere/list.txt", "leads out of the folder"),
        ('train: "a\\0b"', "leads out of the folder"),
        ("train: round", "names no folder or list of pictures"),
        ("train: images\nval: images/a.png", r"names the file 'images/a\.png' for val; name a folder"),
        ("train: images\nval: list.txt", r"list\.txt, line 2: '\.\./elsewhere/b\.png' leads out of"),
        ("train: missing.txt", "names no folder or list of pictures"),
        ("train: gone.txt", r"gone\.txt, line 1: there is no picture '\./images/z\.png'"),
        ("train: images\nval: {{a: b}}", "val is a folder, a .txt file that lists pictures, or several"),
        ("train: [images, 3]", "train is a folder, a .txt file that lists pictures, or several"),
    ],
)
def test_places_outside_and_what_is_no_folder_are_refused_with_a_way_out(yaml: str, words: str, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "deep").mkdir(parents=True)
    (elsewhere / "list.txt").touch()
    folder = dataset(tmp_path / "garden", yaml.format(elsewhere=elsewhere), "images/a.png")
    (folder / "link").symlink_to(elsewhere)
    (folder / "round").symlink_to(folder / "round")
    (folder / "list.txt").write_text("images/a.png\n../elsewhere/b.png\n")
    (folder / "gone.txt").write_text("./images/z.png\n")
    with pytest.raises(LabelError, match=words):
        list(read_labels(folder, "yolo"))


def test_labels_without_their_pictures_say_what_is_missing(tmp_path: Path) -> None:
    folder = dataset(tmp_path, "train: images/train", "images/train/a.png")
    for file in (folder / "images/train").iterdir():
        file.unlink()
    (folder / "images/train").rmdir()
    with pytest.raises(LabelError, match="There are labels: put their pictures beside them"):
        list(read_labels(folder, "yolo"))
