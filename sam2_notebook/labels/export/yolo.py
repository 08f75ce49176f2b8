"""YOLO segmentation as Ultralytics reads it: `images/<split>`, `labels/<split>`, one line per annotation, data.yaml."""

import numpy as np

from sam2_notebook.labels.cutouts import Cutout
from sam2_notebook.labels.export.coco import EMPTY_MASK, WHOLE_IMAGE
from sam2_notebook.labels.export.folder import OutputFolder
from sam2_notebook.labels.export.names import without_suffix
from sam2_notebook.labels.export.text import dump
from sam2_notebook.labels.polygons import Ring, one_polygon_through_centres
from sam2_notebook.labels.schema import Annotation, Dataset
from sam2_notebook.values.geometry import Size

CROWD = "crowds"
BOX = "boxes (written as outlines of four corners)"
_UNIT = 10.0**6  # places have six digits


def export(dataset: Dataset, out: OutputFolder) -> None:
    """Class numbers from 0 and one polygon per annotation, 0 to 1; several parts and holes are joined by bridges.

    Scores, attributes and notes have no place in it, nor have crowds. A box without a mask becomes the outline of its
    four corners, since a file with an outline in it has no place for boxes, and is counted.
    """
    numbers = {label.name: number for number, label in enumerate(dataset.classes)}
    splits: set[str] = set()
    for image in dataset:
        split = image.split or "train"
        splits.add(split)
        name = out.name(image, flat=True)
        out.place(image, f"images/{split}/{name}")
        with out.open(f"labels/{split}/{without_suffix(name)}.txt") as file:
            for annotation in image.annotations:
                ring = _ring(annotation)
                if isinstance(ring, str):
                    out.left_out[ring] += 1
                else:
                    if annotation.mask is None:
                        out.left_out[BOX] += 1
                    file.write(f"{numbers[annotation.label]} {_coordinates(ring, image.size)}\n")
    train = "train" if "train" in splits or not splits else min(splits)
    with out.open("data.yaml") as file:
        file.write(f"path: .\ntrain: images/{train}\nval: images/{'val' if 'val' in splits else train}\n")
        file.writelines(f"{split}: images/{split}\n" for split in sorted(splits - {"train", "val"}))
        file.write("names:\n" if numbers else "names: {}\n")
        file.writelines(f"  {number}: {dump(name)}\n" for name, number in numbers.items())


def _ring(annotation: Annotation) -> Ring | str:
    """The outline, or why it is left out."""
    if annotation.crowd:
        return CROWD
    if annotation.mask is not None:
        cutout = Cutout.of(annotation.mask)
        return EMPTY_MASK if cutout is None else one_polygon_through_centres(cutout)
    box = annotation.box
    return (
        WHOLE_IMAGE
        if box is None
        else np.array([(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)])
    )


def _coordinates(ring: Ring, size: Size) -> str:
    """Places as parts of width and height, rounded up: readers cut off what is behind the point, not below it."""
    places = np.ceil(ring * (_UNIT / np.array([size.width, size.height]))) / _UNIT
    places = np.minimum(np.maximum(places, 0), 1).ravel().tolist()
    return ("%.6f " * len(places) % tuple(places))[:-1]
