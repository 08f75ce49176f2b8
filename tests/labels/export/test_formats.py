"""Every format read back by its own reader, not by ours."""

import json
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from sam2_notebook.errors import LabelError
from sam2_notebook.labels.export import FORMATS, export
from sam2_notebook.labels.importers import read_labels
from sam2_notebook.labels.schema import Annotation, Dataset, LabelClass, LabeledImage
from sam2_notebook.labels.split import train_val_split
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import Rle
from tests.labels.conftest import CLASSES, SIZE, annotations, disc

# pycocotools speaks to numpy in an older way, and forgets to close its file
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
]


def masks(*numbers: int) -> list[np.ndarray]:
    return [a.mask.to_mask() for n in numbers if (a := annotations()[n]).mask]


@pytest.mark.parametrize(
    ("format", "file", "pictures"),
    [
        ("coco", "annotations/instances.json", "images"),
        ("coco-polygons", "annotations/instances.json", "images"),
        ("fiftyone", "labels.json", "data"),
    ],
)
def test_pycocotools_reads_coco(dataset: Dataset, tmp_path: Path, format: str, file: str, pictures: str) -> None:
    from pycocotools.coco import COCO

    report = export(dataset, tmp_path / "out", format)
    assert (report.images, report.annotations, report.left_out) == (3, 7, {})
    coco = COCO(str(tmp_path / "out" / file))
    assert [c["name"] for c in coco.loadCats(coco.getCatIds())] == [c.name for c in CLASSES]
    images = coco.loadImgs(coco.getImgIds())
    assert [i["file_name"] for i in images] == ["one.png", "empty.png", "more/one.jpg"]
    for image in images:
        assert Image.open(tmp_path / "out" / pictures / image["file_name"]).size == (image["width"], image["height"])
    found = cast(list[dict[str, Any]], coco.loadAnns(coco.getAnnIds(imgIds=[1])))
    assert [a["category_id"] for a in found] == [1, 2, 1, 2, 1]
    assert [a["iscrowd"] for a in found] == [0, 0, 0, 1, 0]
    for row, mask in zip(found, masks(0, 1, 2, 3), strict=False):
        again = coco.annToMask(cast(Any, row)).astype(bool)
        assert (again == mask).all()
        assert row["area"] == mask.sum()
        ys, xs = np.nonzero(mask)
        assert row["bbox"] == [xs.min(), ys.min(), np.ptp(xs) + 1, np.ptp(ys) + 1]
    assert found[4]["bbox"] == [44, 40, 9, 16]
    assert (found[0]["score"], found[0]["note"]) == (0.75, "a <b>note</b>")
    assert found[1]["attributes"] == {"ripe": "yes", "n": 3}


def test_supervision_reads_yolo(dataset: Dataset, tmp_path: Path) -> None:
    import supervision

    report = export(dataset, tmp_path / "out", "yolo")
    assert report.left_out == {"crowds": 1, "boxes (written as outlines of four corners)": 1}
    read = supervision.DetectionDataset.from_yolo(
        str(tmp_path / "out/images/train"), str(tmp_path / "out/labels/train"), str(tmp_path / "out/data.yaml"),
        force_masks=True,
    )  # fmt: skip
    assert read.classes == [c.name for c in CLASSES]
    found: dict[str, Any] = {Path(path).name: detections for path, _, detections in read}
    assert sorted(found) == ["empty.png", "more__one.jpg", "one.png"]
    assert len(found["empty.png"]) == 0
    assert found["one.png"].class_id.tolist() == [0, 1, 0, 0]
    for again, mask, least in zip(found["one.png"].mask, masks(0, 1, 2), (1.0, 0.97, 0.9), strict=False):
        assert (again & mask).sum() / (again | mask).sum() >= least
    ys, xs = np.nonzero(found["one.png"].mask[3])
    assert (xs.min(), ys.min(), xs.max(), ys.max()) == (44, 40, 52, 55)


def test_supervision_reads_voc(dataset: Dataset, tmp_path: Path) -> None:
    import supervision

    export(dataset, tmp_path / "out", "voc")
    read = supervision.DetectionDataset.from_pascal_voc(
        str(tmp_path / "out/JPEGImages"), str(tmp_path / "out/Annotations")
    )
    found: dict[str, Any] = {Path(path).name: detections for path, _, detections in read}
    assert {read.classes[n] for n in found["one.png"].class_id} == {"leaf", "stem"}
    # of VOC's first and last pixel, from 1, supervision makes edges
    assert found["one.png"].xyxy[0].tolist() == [8, 8, 33, 33]
    assert found["one.png"].xyxy[4].tolist() == [44, 40, 53, 56]
    assert len(found["empty.png"]) == 0
    objects = np.array(Image.open(tmp_path / "out/SegmentationObject/one.png"))
    assert [(objects == n).sum() for n in (1, 2, 3, 4)] == [m.sum() for m in masks(0, 1, 2, 3)]
    classes = Image.open(tmp_path / "out/SegmentationClass/one.png")
    assert (classes.getpalette() or [])[3:6] == [128, 0, 0]
    assert set(np.unique(np.array(classes))) == {0, 1, 2}
    names = (tmp_path / "out/ImageSets/Segmentation/all.txt").read_text().split()
    assert names == ["one", "empty", "more__one"]
    assert ET.parse(tmp_path / "out/Annotations/one.xml").findtext("filename") == "one.png"


def test_pillow_reads_indexed_png(dataset: Dataset, tmp_path: Path) -> None:
    report = export(dataset, tmp_path / "out", "png")
    assert report.left_out == {"annotations without a mask": 1}
    picture = Image.open(tmp_path / "out/classes/one.png")
    assert picture.mode == "P"
    assert (picture.getpalette() or [])[3:9] == [0x1F, 0x77, 0xB4, 0xFF, 0x7F, 0x0E]
    assert (np.array(picture) == 1).sum() == masks(0)[0].sum() + masks(2)[0].sum()
    assert np.array(Image.open(tmp_path / "out/objects/empty.png")).max() == 0


def test_many_objects_make_a_16_bit_png(tmp_path: Path) -> None:
    size = Size(height=20, width=20)
    dots = tuple(
        Annotation(label="leaf", mask=Rle.from_mask(np.arange(400).reshape(20, 20) == number)) for number in range(300)
    )
    image = LabeledImage(name="dots.png", size=size, annotations=dots)
    dataset = Dataset(classes=(LabelClass(name="leaf"),), images=[image])
    export(dataset, tmp_path / "out", "png", pictures="leave")
    assert np.array(Image.open(tmp_path / "out/objects/dots.png")).ravel()[:300].tolist() == list(range(1, 301))
    assert export(dataset, tmp_path / "voc", "voc", pictures="leave").left_out == {
        "masks of images with more than 254 objects": 300
    }


def test_covered_masks_are_counted(tmp_path: Path) -> None:
    two = tuple(Annotation(label="leaf", mask=Rle.from_mask(disc(SIZE, x, 20, 10))) for x in (20, 25))
    image = LabeledImage(name="1.png", size=SIZE, annotations=two)
    dataset = Dataset(classes=CLASSES, images=[image])
    report = export(dataset, tmp_path / "out", "png", pictures="leave")
    assert report.left_out == {"masks that others cover in part": 1}


def unpack(packed: list[int]) -> np.ndarray:
    """Label Studio's run lengths as its front end and converter unpack them, bit by bit."""
    bits = "".join(f"{byte:08b}" for byte in packed)
    place = 0

    def number(width: int) -> int:
        nonlocal place
        place += width
        return int(bits[place - width : place], 2)

    length, word = number(32), number(5) + 1
    sizes = [number(4) + 1 for _ in range(4)]
    values: list[int] = []
    while len(values) < length:
        run = number(1)
        count = number(sizes[number(2)]) + 1
        values += [number(word)] * count if run else [number(word) for _ in range(count)]
    return np.array(values, np.uint8)


def test_label_studio_gets_masks_boxes_and_its_configuration(dataset: Dataset, tmp_path: Path) -> None:
    export(dataset, tmp_path / "out", "label-studio")
    tasks = json.loads((tmp_path / "out/tasks.json").read_text())
    assert unquote(tasks[0]["data"]["image"]) == "/data/local-files/?d=images/one.png"
    results = tasks[0]["annotations"][0]["result"]
    for result, mask in zip(results, masks(0, 1, 2, 3), strict=False):
        rgba = unpack(result["value"]["rle"]).reshape(SIZE.height, SIZE.width, 4)
        assert (rgba == mask[..., None] * 255).all()
        assert (result["original_width"], result["original_height"]) == (SIZE.width, SIZE.height)
    box = results[4]["value"]
    assert (box["x"], box["y"]) == pytest.approx((44 / 80 * 100, 40 / 60 * 100))
    assert (box["width"], box["height"]) == pytest.approx((9 / 80 * 100, 16 / 60 * 100))
    assert results[0]["score"] == 0.75
    config = ET.parse(tmp_path / "out/labeling_config.xml")
    assert [e.get("value") for e in config.findall("BrushLabels/Label")] == [c.name for c in CLASSES]


def test_a_large_mask_survives_label_studios_long_runs() -> None:
    from sam2_notebook.labels.export.label_studio import pack_mask

    mask = np.zeros((300, 200), np.bool_)
    mask[100:250, 3:] = True
    assert (unpack(pack_mask(mask).tolist()).reshape(300, 200, 4)[..., 3] == mask * 255).all()


@pytest.fixture
def offline_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_datasets_reads_parquet(dataset: Dataset, tmp_path: Path, offline_cache: Path) -> None:
    import datasets
    from pycocotools import mask as coco

    report = export(train_val_split(dataset, val=0.4), tmp_path / "out", "parquet")
    assert report.left_out == {}
    read = datasets.load_dataset(
        "parquet",
        data_files={split: str(tmp_path / f"out/data/{split}-*.parquet") for split in ("train", "val")},
        cache_dir=str(offline_cache),
    )
    assert {split: len(rows) for split, rows in read.items()} == {"train": 2, "val": 1}
    rows: dict[str, Any] = {row["name"]: row for split in read.values() for row in cast(Any, split)}
    row = rows["one.png"]
    assert np.array(row["image"]).shape == (60, 80, 3)
    feature = read["train"].features["objects"]["category"].feature
    assert [feature.int2str(n) for n in row["objects"]["category"]] == ["leaf", "stem", "leaf", "stem", "leaf"]
    for counts, mask in zip(row["objects"]["segmentation"], masks(0, 1, 2, 3), strict=False):
        assert (coco.decode({"size": [60, 80], "counts": counts.encode()}).astype(bool) == mask).all()
    assert row["objects"]["segmentation"][4] is None
    assert row["objects"]["bbox"][4] == [44, 40, 9, 16]
    assert row["objects"]["iscrowd"] == [False, False, False, True, False]
    assert row["objects"]["score"] == [0.75, None, None, None, 0.5]
    assert rows["empty.png"]["objects"]["category"] == []


@pytest.mark.parametrize("format", FORMATS)
def test_empty_masks_whole_images_and_empty_datasets_are_no_trouble(format: str, tmp_path: Path) -> None:
    empty = Rle.from_mask(np.zeros((6, 8), bool))
    odd = (Annotation(label="leaf", mask=empty), Annotation(label="leaf"))
    image = LabeledImage(name="1.png", size=Size(height=6, width=8), annotations=odd)
    dataset = Dataset(classes=(LabelClass(name="leaf"),), images=[image])
    report = export(dataset, tmp_path / "out", format, pictures="leave")
    assert report.images == 1
    assert sum(report.left_out.values()) >= 2
    assert export(Dataset(classes=()), tmp_path / "none", format).images == 0
    assert (tmp_path / "none/README.md").read_text().startswith("# labels")


@pytest.mark.parametrize(
    ("format", "plain", "of_train"),
    [
        ("coco", "annotations/instances.json", "annotations/instances_train.json"),
        ("coco-polygons", "annotations/instances.json", "annotations/instances_train.json"),
        ("fiftyone", "labels.json", "train/labels.json"),
    ],
)
def test_classes_without_pictures_and_pictures_without_classes_make_one_file_of_coco(
    format: str, plain: str, of_train: str, tmp_path: Path
) -> None:
    leaf, size = LabelClass(name="leaf"), Size(height=4, width=4)
    cases: dict[str, tuple[Dataset, str]] = {
        "nothing": (Dataset(classes=()), plain),
        "no pictures": (Dataset(classes=(leaf,)), plain),
        "no classes": (Dataset(classes=(), images=[LabeledImage(name="a.jpg", size=size)]), plain),
        "a split": (Dataset(classes=(), images=[LabeledImage(name="a.jpg", size=size, split="train")]), of_train),
    }
    for name, (dataset, file) in cases.items():
        export(dataset, tmp_path / name, format, pictures="leave")
        written = [p.relative_to(tmp_path / name).as_posix() for p in (tmp_path / name).rglob("*.json")]
        assert sorted(path for path in written if not path.startswith(".")) == [file]
        again = read_labels(tmp_path / name, "coco")
        assert [c.name for c in again.classes] == [c.name for c in dataset.classes]
        assert [i.name for i in again] == [i.name for i in dataset]


def test_classes_without_pictures_make_a_parquet_file_without_rows(tmp_path: Path) -> None:
    from pyarrow import parquet

    export(Dataset(classes=(LabelClass(name="leaf"),)), tmp_path / "out", "parquet")
    (file,) = (tmp_path / "out/data").iterdir()
    assert (file.name, parquet.read_metadata(file).num_rows) == ("train-00000-of-00001.parquet", 0)


def test_an_unknown_format_is_refused(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"no format 'gif'.*coco, coco-polygons, fiftyone"):
        export(dataset, tmp_path / "out", "gif")
    assert not (tmp_path / "out").exists()
