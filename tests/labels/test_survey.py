from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sam2_notebook.errors import LabelError
from sam2_notebook.labels.agreement import agreement
from sam2_notebook.labels.figures import class_histogram, contact_sheet, size_histogram
from sam2_notebook.labels.schema import Annotation, Dataset, LabelClass, LabeledImage
from sam2_notebook.labels.survey import Limits, most_suspicious, survey
from sam2_notebook.values.geometry import Box
from sam2_notebook.values.masks import Rle
from tests.labels.conftest import CLASSES, SIZE, disc


def leaf(x: float, y: float, radius: float, **more: float) -> Annotation:
    return Annotation(label="leaf", mask=Rle.from_mask(disc(SIZE, x, y, radius)), **more)  # pyright: ignore[reportArgumentType]


def one(*annotations: Annotation, name: str = "1.png") -> Dataset:
    return Dataset(classes=CLASSES, images=[LabeledImage(name=name, size=SIZE, annotations=annotations)])


@pytest.mark.parametrize(
    ("annotations", "found"),
    [
        ((leaf(40, 30, 10),), []),
        ((leaf(40, 30, 1),), [(0, "tiny", 5)]),
        ((leaf(0, 0, 10),), [(0, "touches the border", 2)]),
        ((leaf(40, 30, 200),), [(0, "touches the border", 4)]),
        ((leaf(40, 30, 10, score=0.3),), [(0, "low score", 0.3)]),
        ((leaf(40, 30, 10, stability=0.5),), [(0, "low stability", 0.5)]),
        ((leaf(30, 30, 10), leaf(30, 30, 5)), [(0, "overlaps", 1.0), (1, "overlaps", 1.0)]),
        ((leaf(30, 30, 10), leaf(49, 30, 10)), []),
        ((leaf(30, 30, 10), replace(leaf(30, 30, 5), crowd=True)), []),
        ((Annotation(label="leaf", mask=Rle.from_mask(np.zeros((60, 80), bool))),), [(0, "empty mask", 0.0)]),
        ((Annotation(label="leaf", box=Box(10, 10, 11, 12)),), [(0, "tiny", 6)]),
        ((Annotation(label="leaf"),), []),
    ],
)
def test_suspicious_annotations_are_listed_with_their_reason(annotations: tuple, found: list) -> None:
    assert [(f.place, f.kind, f.value) for f in survey(one(*annotations)).findings] == found


def test_limits_can_be_set_and_the_worst_images_come_first() -> None:
    images = [
        LabeledImage(name="a.png", size=SIZE, annotations=(leaf(40, 30, 10),)),
        LabeledImage(name="b.png", size=SIZE, annotations=(leaf(40, 30, 3), leaf(20, 30, 3))),
    ]
    found = survey(Dataset(classes=CLASSES, images=images), Limits(tiny_px=1000))
    assert most_suspicious(found.findings) == [("b.png", 2), ("a.png", 1)]
    assert len(found.of("tiny")) == 3
    assert found.per_class == {"leaf": 3, "stem": 0, "no one": 0}


def test_empty_and_duplicate_images_are_found(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    picture = np.kron(chance.integers(0, 255, (6, 8, 3), dtype=np.uint8), np.ones((10, 10, 1), np.uint8))
    other = np.kron(chance.integers(0, 255, (6, 8, 3), dtype=np.uint8), np.ones((10, 10, 1), np.uint8))
    Image.fromarray(picture).save(tmp_path / "a.png")
    (tmp_path / "copy.png").write_bytes((tmp_path / "a.png").read_bytes())
    Image.fromarray(picture).resize((40, 30)).save(tmp_path / "small.jpg", quality=80)
    Image.fromarray(other).save(tmp_path / "other.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    names = ["a.png", "copy.png", "small.jpg", "other.png", "broken.png", "gone.png"]
    images = [LabeledImage(name=n, size=SIZE, path=tmp_path / n) for n in names]
    dataset = Dataset(classes=CLASSES, images=images)
    assert survey(dataset).duplicates == (("a.png", "copy.png"),)
    assert survey(dataset, alike_bits=6).duplicates == (("a.png", "copy.png", "small.jpg"),)
    assert survey(dataset).empty == tuple(names)


def test_figures_go_into_a_report(dataset: Dataset, tmp_path: Path) -> None:
    odd = LabelClass(name="$\\frac{<b>")  # neither mathematics nor markup
    images = [*dataset.images, LabeledImage(name="$x_$gone.png", size=SIZE, path=tmp_path / "gone.png")]
    wide = Dataset(classes=(*dataset.classes, odd), images=images)
    found = survey(wide)
    for number, figure in enumerate(
        [contact_sheet(wide, columns=2), class_histogram(found, wide.classes), size_histogram(found)]
    ):
        figure.savefig(tmp_path / f"{number}.png")
        with Image.open(tmp_path / f"{number}.png") as picture:
            assert picture.size[0] > 300
    sheet = contact_sheet(wide, columns=2)
    assert [axes.get_title() for axes in sheet.axes] == [
        "one.png", "empty.png", "more/one.jpg", "$x_$gone.png (unreadable)",
    ]  # fmt: skip
    assert len(contact_sheet(wide, names=["one.png"]).axes) == 1
    with pytest.raises(LabelError, match="one column at least"):
        contact_sheet(wide, columns=0)


def test_figures_of_nothing_are_empty() -> None:
    found = survey(Dataset(classes=()))
    assert class_histogram(found).axes
    assert size_histogram(found).axes
    assert not contact_sheet(Dataset(classes=())).axes


def test_agreement_pairs_what_overlaps_most() -> None:
    ann = one(leaf(20, 20, 10), leaf(60, 40, 10), leaf(40, 30, 4))
    bob = one(leaf(61, 40, 10), leaf(20, 20, 10), replace(leaf(40, 30, 4), label="stem"))
    found = agreement(ann, bob)
    assert (found.pairs, found.only_first, found.only_second) == (2, 1, 1)
    assert found.mean_iou
    assert 0.9 < found.mean_iou < 1
    assert found.f1 == pytest.approx(4 / 6)
    assert agreement(ann, ann).f1 == 1
    assert agreement(ann, one(leaf(1, 1, 1), name="2.png")).mean_iou is None
    nothing = one()
    assert (agreement(nothing, nothing).f1, agreement(nothing, nothing).mean_iou) == (1.0, None)


def test_boxes_and_masks_agree_by_their_boxes() -> None:
    boxes = one(Annotation(label="leaf", box=Box(10, 10, 30, 30)), Annotation(label="stem"))
    masks = one(leaf(20, 20, 10), Annotation(label="stem"))
    assert agreement(boxes, masks).mean_iou == 1


def test_a_figure_shows_itself_in_a_notebook_that_knows_no_pyplot() -> None:
    figure = size_histogram(survey(one(leaf(40, 30, 10))))
    assert figure._repr_png_().startswith(b"\x89PNG")
