"""COCO: one JSON file per split, masks as run lengths or polygons. FiftyOne reads the same with other file names."""

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from typing import IO

from sam2_notebook.labels.cutouts import Cutout, edges_of_box
from sam2_notebook.labels.export.folder import OutputFolder
from sam2_notebook.labels.export.text import Json, dump
from sam2_notebook.labels.polygons import polygons
from sam2_notebook.labels.schema import Annotation, Dataset, LabeledImage
from sam2_notebook.values.masks import Rle

WHOLE_IMAGE = "annotations of the whole image"
EMPTY_MASK = "annotations with an empty mask"
_COPY_CHARACTERS = 1 << 16
Segmentation = Callable[[Rle], Json]


def export_rle(dataset: Dataset, out: OutputFolder) -> None:
    """`annotations/instances_<split>.json` and `images/`, masks as compressed run lengths, exact."""
    _export(dataset, out, _run_lengths, lambda split: (f"annotations/instances{split and f'_{split}'}.json", "images"))


def export_polygons(dataset: Dataset, out: OutputFolder) -> None:
    """The same with polygons along pixel edges, holes joined by bridges; crowds stay run lengths, as COCO has them."""
    _export(dataset, out, _rings, lambda split: (f"annotations/instances{split and f'_{split}'}.json", "images"))


def export_fiftyone(dataset: Dataset, out: OutputFolder) -> None:
    """`labels.json` and `data/`, in a folder per split: what FiftyOne imports as COCODetectionDataset."""

    def layout(split: str) -> tuple[str, str]:
        folder = f"{split}/" if split else ""
        return f"{folder}labels.json", f"{folder}data"

    _export(dataset, out, _run_lengths, layout)


def _export(
    dataset: Dataset, out: OutputFolder, segmentation: Segmentation, layout: Callable[[str], tuple[str, str]]
) -> None:
    numbers = {label.name: number for number, label in enumerate(dataset.classes, start=1)}
    with ExitStack() as stack:
        writers: dict[str, _Writer] = {}
        for image in dataset:
            file, folder = layout(image.split)
            if image.split not in writers:
                writers[image.split] = stack.enter_context(_Writer(dataset, out, file))
            name = out.name(image, flat=False)
            out.place(image, f"{folder}/{name}")
            writers[image.split].write(image, name, numbers, segmentation)
        if not writers:  # classes without pictures are a dataset too
            stack.enter_context(_Writer(dataset, out, layout("")[0]))


class _Writer:
    """One JSON file, its two lists written side by side in drafts: no list is ever held whole."""

    def __init__(self, dataset: Dataset, out: OutputFolder, file: str) -> None:
        self._out = out
        self._file = file
        self._head = {
            "info": {"description": dataset.name, "version": "1.0", "contributor": "sam2_notebook"},
            "licenses": [],
            "categories": [
                {"id": number, "name": label.name, "supercategory": "", "color": label.color}
                for number, label in enumerate(dataset.classes, start=1)
            ],
        }
        self._images = 0
        self._annotations = 0

    def __enter__(self) -> "_Writer":
        self._image_list = self._out.open(f"{self._file}.images")
        self._annotation_list = self._out.open(f"{self._file}.annotations")
        return self

    def write(self, image: LabeledImage, name: str, numbers: dict[str, int], segmentation: Segmentation) -> None:
        """One image and its annotations."""
        self._images += 1
        row: Json = {
            "id": self._images,
            "file_name": name,
            "height": image.size.height,
            "width": image.size.width,
        }
        self._image_list.write(("," if self._images > 1 else "") + dump(row))
        for annotation in image.annotations:
            found = _annotation(annotation, segmentation)
            if isinstance(found, str):
                self._out.left_out[found] += 1
                continue
            self._annotations += 1
            ids = {"id": self._annotations, "image_id": self._images, "category_id": numbers[annotation.label]}
            self._annotation_list.write(("," if self._annotations > 1 else "") + dump(ids | found))

    def __exit__(self, *_: object) -> None:
        self._image_list.close()
        self._annotation_list.close()
        with self._out.open(self._file) as file:
            file.write(dump(self._head)[:-1] + ',"images":[')
            self._append(file, "images")
            file.write('],"annotations":[')
            self._append(file, "annotations")
            file.write("]}")

    def _append(self, file: IO[str], what: str) -> None:
        draft = self._out.path(f"{self._file}.{what}")
        with open(draft, encoding="utf-8", newline="\n") as lines:
            shutil.copyfileobj(lines, file, _COPY_CHARACTERS)
        draft.unlink()


def _annotation(annotation: Annotation, segmentation: Segmentation) -> dict[str, Json] | str:
    """What COCO says of an annotation, or why it cannot."""
    box = annotation.bounds
    if box is None:
        return WHOLE_IMAGE if annotation.mask is None else EMPTY_MASK
    x0, y0, x1, y1 = edges_of_box(box)
    found: dict[str, Json] = {
        "bbox": [x0, y0, x1 - x0, y1 - y0],
        "area": annotation.area,
        "iscrowd": int(annotation.crowd),
        "segmentation": [],
    }
    if annotation.mask is not None:
        found["segmentation"] = (_run_lengths if annotation.crowd else segmentation)(annotation.mask)
    if annotation.score is not None:
        found["score"] = annotation.score
    if annotation.attributes:
        found["attributes"] = dict(annotation.attributes)
    if annotation.note:
        found["note"] = annotation.note
    if annotation.author:
        found["author"] = annotation.author
    return found


def _run_lengths(mask: Rle) -> Json:
    coco = mask.to_coco()
    return {"size": coco["size"], "counts": coco["counts"]}


def _rings(mask: Rle) -> Json:
    cutout = Cutout.of(mask)
    assert cutout is not None
    return [ring.ravel().tolist() for ring in polygons(cutout)]
