"""PASCAL VOC: boxes as XML, classes and objects as indexed PNG, lists of names per split."""

from xml.sax.saxutils import escape

from sam2_notebook.errors import LabelError
from sam2_notebook.labels.cutouts import edges_of_box
from sam2_notebook.labels.export.coco import EMPTY_MASK, WHOLE_IMAGE
from sam2_notebook.labels.export.folder import OutputFolder
from sam2_notebook.labels.export.names import without_suffix
from sam2_notebook.labels.export.png import encode_indexed, index_images, object_colors
from sam2_notebook.labels.schema import Annotation, Dataset, LabeledImage
from sam2_notebook.values.geometry import Box

MAX_OBJECTS = 254
TOO_MANY = "masks of images with more than 254 objects"


def export(dataset: Dataset, out: OutputFolder) -> None:
    """`JPEGImages`, `Annotations`, `SegmentationClass`, `SegmentationObject` and `ImageSets` as in VOC2012.

    Boxes count pixels from 1, both ends included. A crowd is `difficult`. 255 is VOC's "void" and is never used.
    """
    if len(dataset.classes) > MAX_OBJECTS:
        raise LabelError(f"VOC has room for {MAX_OBJECTS} classes, and there are {len(dataset.classes)}; export COCO")
    numbers = {label.name: number for number, label in enumerate(dataset.classes, start=1)}
    stems: dict[str, list[str]] = {"": []}
    for image in dataset:
        name = out.name(image, flat=True)
        stem = without_suffix(name)
        out.place(image, f"JPEGImages/{name}")
        out.path(f"Annotations/{stem}.xml").write_text(_described(image, name, out), "utf-8")
        by_class, by_object, shown = index_images(image, numbers, out)
        if len(shown) > MAX_OBJECTS:
            out.left_out[TOO_MANY] += len(shown)
        else:
            out.path(f"SegmentationClass/{stem}.png").write_bytes(encode_indexed(by_class, object_colors()))
            out.path(f"SegmentationObject/{stem}.png").write_bytes(encode_indexed(by_object, object_colors()))
        stems[""].append(stem)
        if image.split:
            stems.setdefault(image.split, []).append(stem)
    for split, names in stems.items():
        with out.open(f"ImageSets/Segmentation/{split or 'all'}.txt") as file:
            file.writelines(f"{stem}\n" for stem in names)
    with out.open("classes.txt") as file:
        file.writelines(f"{label.name}\n" for label in dataset.classes)


def _described(image: LabeledImage, name: str, out: OutputFolder) -> str:
    size = image.size
    lines = [
        "<annotation><folder>JPEGImages</folder>",
        f"<filename>{_text(name)}</filename>",
        "<source><database>sam2_notebook</database></source>",
        f"<size><width>{size.width}</width><height>{size.height}</height><depth>3</depth></size>",
        f"<segmented>{int(any(a.mask is not None for a in image.annotations))}</segmented>",
    ]
    for annotation in image.annotations:
        box = annotation.bounds
        if box is None:
            out.left_out[WHOLE_IMAGE if annotation.mask is None else EMPTY_MASK] += 1
        else:
            lines.append(_object(annotation, box))
    return "\n".join([*lines, "</annotation>\n"])


def _object(annotation: Annotation, box: Box) -> str:
    x0, y0, x1, y1 = edges_of_box(box)
    return (
        f"<object><name>{_text(annotation.label)}</name><pose>Unspecified</pose><truncated>0</truncated>"
        f"<difficult>{int(annotation.crowd)}</difficult><bndbox><xmin>{round(x0 + 1)}</xmin>"
        f"<ymin>{round(y0 + 1)}</ymin><xmax>{round(x1)}</xmax><ymax>{round(y1)}</ymax></bndbox></object>"
    )


def _text(text: str) -> str:
    # XML 1.0 has no place for control characters, not even escaped
    return escape("".join(c if c >= " " or c in "\t\n" else "�" for c in text))
