"""`Labeler` from a cell's point of view, with the embedded model and no training."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sam2_notebook.errors import LabelError, Sam2NotebookError
from sam2_notebook.labels.edits import AddAnnotation
from sam2_notebook.labels.export import export
from sam2_notebook.labels.importers import read_labels
from sam2_notebook.labels.schema import Annotation, Dataset, LabelClass, LabeledImage
from sam2_notebook.labels.store import LabelStore
from sam2_notebook.values.geometry import Box
from sam2_notebook.widgets.label_suggest import Sources
from sam2_notebook.widgets.labeler import FolderLabeler
from tests.widgets.labeling import folder_of


@pytest.fixture
def labeler(tmp_path: Path) -> Iterator[FolderLabeler]:
    """A labeler on two pictures, in a store that stays open when it is closed."""
    with LabelStore(tmp_path / "labels.db", author="ann") as store:
        made = FolderLabeler(
            folder_of(tmp_path, 2), ["leaf", "stem"], store, None, sources=Sources(), trainer=None, height=None
        )
        made._labels.jobs.last("add").wait(30)
        yield made
        made.close()


@pytest.mark.parametrize(
    "act",
    [
        lambda labeler: labeler.next(),
        lambda labeler: labeler.add_point(5, 5),
        lambda labeler: labeler.segment_everything(),
        lambda labeler: labeler.suggest(),
        lambda labeler: labeler.finetune(),
        lambda labeler: labeler.use_trained(False),
        lambda labeler: labeler.import_labels("labels"),
        lambda labeler: labeler.rename_class("leaf", "frond"),
        lambda labeler: labeler.accept_suggestions(),
    ],
)
def test_a_closed_labeler_takes_no_more_orders(labeler: FolderLabeler, act) -> None:
    labeler.close()
    with pytest.raises(Sam2NotebookError, match="this widget is closed"):
        act(labeler)
    assert [label.name for label in labeler.store.classes()] == ["leaf", "stem"]


@pytest.mark.parametrize("new", ["", " leaf", None, "stem"])
def test_a_class_gets_no_name_that_is_none(labeler: FolderLabeler, new: str) -> None:
    with pytest.raises(LabelError, match=r"name|stem"):
        labeler.rename_class("leaf", new)
    assert [label.name for label in labeler.store.classes()] == ["leaf", "stem"]


@pytest.mark.parametrize("val", [-1, 2, float("nan"), "some", None])
def test_a_part_that_is_none_is_refused(labeler: FolderLabeler, tmp_path: Path, val: float) -> None:
    with pytest.raises(LabelError, match="val is the part of the images to validate with, from 0 to 1"):
        labeler.export(tmp_path / "out", val=val)
    assert not (tmp_path / "out").exists()


def test_states_of_a_dataset_are_a_list(labeler: FolderLabeler) -> None:
    with pytest.raises(LabelError, match=r"such as \['new'\]; got the text 'new'"):
        labeler.dataset(states="new")  # pyright: ignore[reportArgumentType]
    assert len(list(labeler.dataset(states=iter(("new",))))) == 2


@pytest.mark.parametrize(
    ("names", "labelled"), [(("set/0.png",), ["0.png"]), (("a/0.png", "b/0.png"), ["a/0.png", "b/0.png"])]
)
def test_labels_are_taken_for_a_picture_of_the_bare_name_where_only_one_can_be_meant(
    labeler: FolderLabeler, tmp_path: Path, names: tuple[str, ...], labelled: list[str]
) -> None:
    stored = labeler.store.image(1).labels
    assert stored.name == "0.png"
    box = (Annotation(label="leaf", box=Box(1, 1, 6, 5)),)
    images = [LabeledImage(name=name, size=stored.size, annotations=box) for name in names]
    export(Dataset(classes=(LabelClass(name="leaf"),), images=images), tmp_path / "out", "coco", pictures="leave")
    labeler.import_labels(tmp_path / "out").wait(30)
    found = {summary.name: summary.annotations for summary in labeler.store.summaries()}
    assert [name for name, count in found.items() if count] == labelled
    assert {len(annotations) for annotations in found.values()} <= {0, 1}


def test_pictures_labelled_by_an_import_are_exported_in_its_splits(labeler: FolderLabeler, tmp_path: Path) -> None:
    size = labeler.store.image(1).labels.size
    box = (Annotation(label="leaf", box=Box(1, 1, 6, 5)),)
    images = [LabeledImage(name=f"{n}.png", size=size, annotations=box, split=("train", "val")[n]) for n in range(2)]
    export(Dataset(classes=(LabelClass(name="leaf"),), images=images), tmp_path / "out", "coco", pictures="leave")
    labeler.import_labels(tmp_path / "out").wait(30)
    labeler.export(tmp_path / "again", done=False)
    assert {i.name: i.split for i in read_labels(tmp_path / "again", "coco")} == {"0.png": "train", "1.png": "val"}
    labeler.export(tmp_path / "anew", done=False, val=1)
    assert {i.split for i in read_labels(tmp_path / "anew", "coco")} == {"val"}


def test_an_export_says_what_becomes_of_boxes(labeler: FolderLabeler, tmp_path: Path) -> None:
    boxes = [AddAnnotation(annotation=Annotation(label="leaf", box=Box(n, n, n + 4, n + 5))) for n in range(2)]
    labeler.store.edit(1, *boxes, revision=labeler.store.image(1).revision)
    for format, end in (("coco", "are in coco"), ("yolo", ": 2 boxes (written as outlines of four corners)")):
        job = labeler._labels.begin_export(str(tmp_path / format), format, existing="refuse", val=0, done=False)
        job.wait(30)
        assert job.view.text.endswith(end)
