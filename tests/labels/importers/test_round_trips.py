"""What we export comes back, and what others wrote is read or refused in words."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from sam2_notebook.errors import LabelError
from sam2_notebook.labels.export import export
from sam2_notebook.labels.importers import read_labels
from sam2_notebook.labels.schema import Annotation, Dataset, LabeledImage
from sam2_notebook.labels.split import train_val_split
from sam2_notebook.labels.store import LabelStore
from sam2_notebook.media import read_image
from sam2_notebook.media.images import picture_size_hw
from sam2_notebook.values.geometry import Box, Size
from sam2_notebook.values.masks import iou
from tests.labels.conftest import CLASSES, annotations


@pytest.mark.parametrize("format", ["coco", "coco-polygons", "fiftyone"])
def test_coco_comes_back_whole(dataset: Dataset, tmp_path: Path, format: str) -> None:
    export(dataset, tmp_path / "out", format)
    again = read_labels(tmp_path / "out", "coco")
    assert [(c.name, c.color) for c in again.classes] == [(c.name, c.color) for c in CLASSES]
    for image, back in zip(dataset, again, strict=True):
        assert (back.name, back.size, back.annotations) == (image.name, image.size, image.annotations)
        assert back.path
        assert back.path.is_file()
    assert len(list(again)) == 3  # a dataset can be read again


def test_splits_come_back(dataset: Dataset, tmp_path: Path) -> None:
    split = train_val_split(dataset, val=0.4)
    wanted = {image.name: image.split for image in split}
    assert sorted(wanted.values()) == ["train", "train", "val"]
    for format, reader in (("coco", "coco"), ("fiftyone", "coco"), ("png", "png")):
        export(split, tmp_path / format, format)
        found = {image.name.replace("__", "/"): image.split for image in read_labels(tmp_path / format, reader)}
        assert found == wanted
    export(split, tmp_path / "yolo", "yolo")
    assert sorted(image.split for image in read_labels(tmp_path / "yolo", "yolo")) == ["train", "train", "val"]


@pytest.mark.parametrize("format", ["coco", "coco-polygons", "fiftyone"])
def test_images_in_no_split_come_back_beside_those_in_splits(format: str, tmp_path: Path) -> None:
    size = Size(height=4, width=4)
    images = [LabeledImage(name=f"{split or 'none'}.jpg", size=size, split=split) for split in ("", "train", "val")]
    export(Dataset(classes=CLASSES, images=images), tmp_path / "out", format, pictures="leave")
    found = {image.name: image.split for image in read_labels(tmp_path / "out", "coco")}
    assert found == {"none.jpg": "", "train.jpg": "train", "val.jpg": "val"}


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        (("train/labels.json", "val/labels.json"), ["train/a.jpg", "val/a.jpg"]),
        (("labels.json", "one/labels.json"), ["one/a.jpg", "out/a.jpg"]),
        (("annotations/instances_train.json", "annotations/instances_val.json"), ["train/a.jpg", "val/a.jpg"]),
        (("annotations/garden.json", "annotations/wood.json"), ["garden/a.jpg", "wood/a.jpg"]),
    ],
)
def test_coco_pictures_of_one_name_in_two_files_are_told_apart(
    files: tuple[str, ...], wanted: list[str], tmp_path: Path
) -> None:
    for number, file in enumerate(files):
        path = tmp_path / "out" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        images = [IMAGE, IMAGE | {"id": 2, "file_name": f"{number}.jpg"}]
        path.write_text(json.dumps({"images": images, "categories": [], "annotations": []}))
    assert sorted(image.name for image in read_labels(tmp_path / "out", "coco")) == ["0.jpg", "1.jpg", *wanted]
    with LabelStore(tmp_path / "labels.db", author="bob") as store:
        assert store.add(read_labels(tmp_path / "out", "coco")) == 4


def test_a_store_keeps_the_splits_of_an_import(dataset: Dataset, store: LabelStore, tmp_path: Path) -> None:
    split = train_val_split(dataset, val=0.4)
    wanted = {image.name: image.split for image in split}
    export(split, tmp_path / "out", "coco")
    store.add(read_labels(tmp_path / "out", "coco"))
    assert {image.name: image.split for image in store.dataset()} == wanted | {"1.png": ""}
    export(store.dataset().map(lambda image: image if image.path else None), tmp_path / "again", "coco")
    assert {image.name: image.split for image in read_labels(tmp_path / "again", "coco")} == wanted
    assert {image.split for image in train_val_split(store.dataset(), val=0)} == {"train"}


def test_yolo_comes_back_but_for_bridges(dataset: Dataset, tmp_path: Path) -> None:
    export(dataset, tmp_path / "out", "yolo")
    again = {image.name: image for image in read_labels(tmp_path / "out", "yolo")}
    assert sorted(again) == ["empty.png", "more__one.jpg", "one.png"]
    back = again["one.png"].annotations
    assert [a.label for a in back] == ["leaf", "stem", "leaf", "leaf"]
    for a, b, least in zip(annotations(), back, (1.0, 0.97, 0.9), strict=False):
        assert a.mask
        assert b.mask
        assert iou(a.mask.to_mask(), b.mask.to_mask()) >= least
    assert back[3].bounds == Box(44, 40, 52, 55)


def test_indexed_png_comes_back_with_its_words(dataset: Dataset, tmp_path: Path) -> None:
    export(dataset, tmp_path / "out", "png")
    back = next(iter(read_labels(tmp_path / "out", "png")))
    assert (back.name, back.annotations) == ("one.png", annotations()[:4])


def test_foreign_indexed_png_is_read(tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    indices = np.zeros((6, 8), np.uint8)
    indices[1:3, 2:5], indices[4, 4], indices[5] = 7, 3, 255
    picture = Image.fromarray(indices)
    picture.putpalette(bytes(range(256)) * 3)
    picture.save(tmp_path / "masks" / "a.png")
    dataset = read_labels(tmp_path, "png")
    assert [c.name for c in dataset.classes] == ["class 3", "class 7"]
    (image,) = dataset
    assert [(a.label, a.area) for a in image.annotations] == [("class 3", 1), ("class 7", 6)]


def test_an_import_goes_on_in_the_store_and_out_again(dataset: Dataset, tmp_path: Path) -> None:
    export(dataset, tmp_path / "out", "coco")
    with LabelStore(tmp_path / "labels.db", author="bob") as store:
        assert store.add(read_labels(tmp_path / "out", "coco")) == 3
        export(store.dataset(), tmp_path / "again", "coco")
        with pytest.raises(LabelError, match=r"already has an image 'one\.png'"):
            store.add(read_labels(tmp_path / "out", "coco"))
    first, second = (
        json.loads((tmp_path / folder / "annotations/instances.json").read_text())["annotations"]
        for folder in ("out", "again")
    )
    assert [a | {"author": "bob"} | ({"author": "ann"} if a.get("author") else {}) for a in first] == second


def test_pycocotools_and_we_agree_on_foreign_polygons(tmp_path: Path) -> None:
    from pycocotools import mask as coco

    chance = np.random.default_rng(3)
    for _ in range(20):
        angles = np.sort(chance.uniform(0, 2 * np.pi, 12))
        radii = chance.uniform(10, 28, 12)
        ring = np.stack((40 + radii * np.cos(angles), 30 + radii * np.sin(angles)), 1).round(2)
        document = {
            "images": [{"id": 5, "file_name": "a.jpg", "height": 60, "width": 80}],
            "categories": [{"id": 9, "name": "x"}],
            "annotations": [{"id": 1, "image_id": 5, "category_id": 9, "segmentation": [ring.ravel().tolist()]}],
        }
        (tmp_path / "a.json").write_text(json.dumps(document))
        (image,) = read_labels(tmp_path / "a.json", "coco")
        mask = image.annotations[0].mask
        assert mask
        counts = cast(Any, coco.merge(coco.frPyObjects(cast(Any, [ring.ravel().tolist()]), 60, 80)))["counts"]
        theirs = replace(mask).from_coco({"size": [60, 80], "counts": counts.decode()}).to_mask()
        assert iou(mask.to_mask(), theirs) >= 0.97


IMAGE = {"id": 1, "file_name": "a.jpg", "height": 6, "width": 8}
THING = {"id": 1, "image_id": 1, "category_id": 1}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"annotations": None}, "list of objects under 'annotations'"),
        ({"images": [IMAGE | {"file_name": "../../etc/passwd"}]}, "leads out of the folder"),
        ({"images": [IMAGE | {"file_name": "/etc/passwd"}]}, "leads out of the folder"),
        ({"images": [IMAGE | {"height": "6"}]}, "int 'height' is missing"),
        ({"images": [IMAGE | {"height": 0}]}, r"image 'a\.jpg' makes no sense: .*got 0 x 8"),
        ({"images": [IMAGE | {"width": -8}]}, r"image 'a\.jpg' makes no sense: .*got 6 x -8"),
        ({"annotations": [THING | {"score": 10**400}]}, "annotation 1 makes no sense"),
        ({"annotations": [THING | {"category_id": 7}]}, "category 7, which is not listed"),
        ({"annotations": [THING | {"segmentation": [[1, 2, 3, 4]]}]}, "three corners at least"),
        ({"annotations": [THING | {"segmentation": {"size": [6, 8], "counts": "~~"}}]}, "annotation 1 makes no sense"),
        ({"annotations": [THING | {"segmentation": {"size": [3, 3], "counts": "9"}}]}, "its mask is"),
        ({"annotations": [THING | {"bbox": [1, 2, float("nan"), 4]}]}, "annotation 1 makes no sense"),
        ({"annotations": [THING | {"bbox": [1, 2, 3]}]}, "annotation 1 makes no sense"),
        ({"annotations": [THING | {"bbox": [8, 2, 3, 3]}]}, r"annotation 1: the box .*outside the picture.* 8 x 6"),
        ({"annotations": [THING | {"bbox": [2, -9, 3, 9]}]}, "2, -9, 4, -1, lies outside the picture"),
        ({"categories": [{"id": 1, "name": "a\nb"}]}, "a class has a name of one line"),
    ],
)
def test_bad_coco_is_refused_in_words(change: dict, words: str, tmp_path: Path) -> None:
    good = {"images": [IMAGE], "categories": [{"id": 1, "name": "leaf"}], "annotations": [THING]}
    (tmp_path / "a.json").write_text(json.dumps(good | change))
    with pytest.raises(LabelError, match=words):
        list(read_labels(tmp_path / "a.json", "coco"))


@pytest.mark.parametrize(
    ("bbox", "wanted"),
    [
        ([-5, 2, 10, 3], Box(0, 2, 4, 4)),
        ([2, 1, 900, 900], Box(2, 1, 7, 5)),
        ([-0.5, -0.25, 1, 1], Box(0, 0, 0, 0)),
        ([0, 0, 8, 6], Box(0, 0, 7, 5)),
    ],
)
def test_a_box_beyond_the_picture_is_cut_to_it(bbox: list[float], wanted: Box, tmp_path: Path) -> None:
    names = {"images": [IMAGE], "categories": [{"id": 1, "name": "leaf"}]}
    (tmp_path / "a.json").write_text(json.dumps(names | {"annotations": [THING | {"bbox": bbox}]}))
    (image,) = read_labels(tmp_path / "a.json", "coco")
    assert image.annotations[0].box == wanted
    export(Dataset(classes=CLASSES, images=[image]), tmp_path / "out", "coco", pictures="leave")
    (row,) = json.loads((tmp_path / "out/annotations/instances.json").read_text())["annotations"]
    assert row["area"] == (wanted.width + 1) * (wanted.height + 1)


@pytest.mark.parametrize(
    ("line", "wanted"), [("0 1.0 0.5 0.5 1", Box(6, 0, 7, 5)), ("0 1.125 0.5 0.5 1e300", Box(7, 0, 7, 5))]
)
def test_a_yolo_box_beyond_the_picture_is_cut_to_it(line: str, wanted: Box, tmp_path: Path) -> None:
    Image.new("RGB", (8, 6)).save(tmp_path / "a.png")
    (tmp_path / "a.txt").write_text(line)
    (tmp_path / "data.yaml").write_text("names: [leaf]\ntrain: .")
    (image,) = read_labels(tmp_path, "yolo")
    assert image.annotations[0].box == wanted


@pytest.mark.parametrize("format", ["coco", "fiftyone", "png"])
def test_a_picture_of_another_size_than_its_labels_is_refused(format: str, dataset: Dataset, tmp_path: Path) -> None:
    export(dataset, tmp_path / "out", format)
    reader = "png" if format == "png" else "coco"
    assert len(list(read_labels(tmp_path / "out", reader))) == 3
    picture = next(path for path in (tmp_path / "out").rglob("empty.png") if path.parent.name in {"images", "data"})
    Image.new("RGB", (120, 100)).save(picture)
    with pytest.raises(LabelError, match=r"labels of empty\.png are for a picture of 80 x 60, but .* is 120 x 100\."):
        list(read_labels(tmp_path / "out", reader))


def test_a_mask_of_another_size_than_its_picture_is_refused(tmp_path: Path) -> None:
    for folder, size in (("images", (12, 10)), ("masks", (8, 6))):
        (tmp_path / folder).mkdir()
        Image.new("L", size).save(tmp_path / folder / "a.png")
    with pytest.raises(LabelError, match=r"picture of 8 x 6, but .* is 12 x 10\."):
        list(read_labels(tmp_path, "png"))


def test_a_turned_picture_has_its_upright_size(tmp_path: Path) -> None:
    picture = Image.new("RGB", (6, 8))
    exif = picture.getexif()
    exif[0x0112] = 6  # orientation: turned by a quarter
    document = {"categories": [], "annotations": []}
    for name in ("a.jpg", "a.png", "a.tif", "a.webp"):
        picture.save(tmp_path / name, exif=exif)
        assert picture_size_hw(tmp_path / name) == read_image(tmp_path / name).size_hw == (6, 8)
        (tmp_path / "a.json").write_text(json.dumps(document | {"images": [IMAGE | {"file_name": name}]}))
        assert [image.path for image in read_labels(tmp_path / "a.json", "coco")] == [tmp_path / name]
        stored = IMAGE | {"file_name": name, "height": 8, "width": 6}
        (tmp_path / "a.json").write_text(json.dumps(document | {"images": [stored]}))
        with pytest.raises(LabelError, match=r"picture of 6 x 8, but .* is 8 x 6 \(read upright, by its EXIF\)"):
            list(read_labels(tmp_path / "a.json", "coco"))


@pytest.mark.parametrize(
    ("yaml", "line", "words"),
    [
        ("names: [leaf]\ntrain: images", "0 0.1 0.2", "line 1: wanted a known class"),
        ("names: [leaf]\ntrain: images", "1 0.5 0.5 1 1", "line 1: wanted a known class"),
        ("names: [leaf]\ntrain: images", "0 a b c d", "a class number and places were wanted"),
        ("names: [leaf]\ntrain: images", "0 nan 0.5 1 1", "line 1: wanted a known class"),
        ("names: [leaf]\ntrain: images", "0 1.5 0.5 0.5 1", "line 1: the box .* outside the picture, which is 8 x 6"),
        ("names: [leaf]\ntrain: ../elsewhere", "", "leads out of the folder"),
        ("names: [leaf]\npath: /etc\ntrain: x", "", "leads out of the folder"),
        ("names: [leaf]\ntrain: missing", "", "names no folder or list of pictures"),
        ("train: images", "", "classes under `names`"),
        ("names: !!python/object/apply:os.getcwd []", "", "no YAML"),
        ("names: [leaf", "", "no YAML"),
    ],
)
def test_bad_yolo_is_refused_in_words(yaml: str, line: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    Image.fromarray(np.zeros((6, 8, 3), np.uint8)).save(tmp_path / "images/a.png")
    (tmp_path / "labels/a.txt").write_text(line)
    (tmp_path / "data.yaml").write_text(yaml)
    with pytest.raises(LabelError, match=words):
        list(read_labels(tmp_path, "yolo"))


def test_missing_and_foreign_folders_are_refused_in_words(tmp_path: Path) -> None:
    for format, words in (
        ("coco", "no COCO file"),
        ("yolo", "data.yaml: it cannot be read"),
        ("png", "neither labels"),
    ):
        with pytest.raises(LabelError, match=words):
            read_labels(tmp_path, format)
    (tmp_path / "labels.json").write_text('{"images": 3}')
    with pytest.raises(LabelError, match=r"not what export\.png writes"):
        read_labels(tmp_path, "png")
    (tmp_path / "labels.json").write_text("[1, 2")
    with pytest.raises(LabelError, match="no whole JSON file"):
        read_labels(tmp_path, "coco")


def test_equal_pictures_go_the_same_way_and_new_ones_move_few() -> None:
    size = Size(height=1, width=1)
    images = [LabeledImage(name=f"{n}.png", size=size, digest=str(n // 2)) for n in range(100)]
    ways = {i.name: i.split for i in train_val_split(Dataset(classes=(), images=images), val=0.2)}
    assert all(ways[f"{n}.png"] == ways[f"{n + 1}.png"] for n in range(0, 100, 2))
    assert 18 <= list(ways.values()).count("val") <= 22
    more = [*images, LabeledImage(name="new.png", size=size)]
    again = {i.name: i.split for i in train_val_split(Dataset(classes=(), images=more), val=0.2)}
    assert sum(ways[name] != again[name] for name in ways) <= 2
    with pytest.raises(LabelError, match="from 0 to 1"):
        train_val_split(Dataset(classes=()), val=20)


def test_an_annotation_needs_sense() -> None:
    for bad in ({"score": 1.5}, {"note": "a\0b"}, {"attributes": {"x": float("nan")}}, {"attributes": {"x": [1]}}):
        with pytest.raises(LabelError):
            Annotation(label="leaf", **bad)  # pyright: ignore[reportArgumentType]
    with pytest.raises(LabelError, match="no class 'root'"):
        list(
            Dataset(
                classes=CLASSES,
                images=[LabeledImage(name="a", size=Size(height=1, width=1), annotations=(Annotation(label="root"),))],
            )
        )
    with pytest.raises(LabelError, match="only gives its images once"):
        Dataset(classes=(), images=iter([]))
