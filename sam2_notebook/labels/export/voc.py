"""PASCAL VOC: boxes as XML, classes and objects as indexed PNG, lists of names per split."""

from xml.etree import ElementTree as ET

from sam2_notebook.errors import LabelError
from sam2_notebook.labels.cutouts import edges_of_box
from sam2_notebook.labels.export.coco import EMPTY_MASK, WHOLE_IMAGE
from sam2_notebook.labels.export.folder import OutputFolder
from sam2_notebook.labels.export.names import without_suffix
from sam2_notebook.labels.export.png import encode_indexed, index_images, object_colors
from sam2_notebook.labels.schema import Annotation, Dataset, LabeledImage

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
        out.path(f"Annotations/{stem}.xml").write_bytes(ET.tostring(_described(image, name, out), "utf-8"))
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


def _described(image: LabeledImage, name: str, out: OutputFolder) -> ET.Element:
    root = ET.Element("annotation")
    _add(root, "folder", "JPEGImages")
    _add(root, "filename", name)
    _add(ET.SubElement(root, "source"), "database", "sam2_notebook")
    size = ET.SubElement(root, "size")
    for side, value in (("width", image.size.width), ("height", image.size.height), ("depth", 3)):
        _add(size, side, str(value))
    _add(root, "segmented", str(int(any(a.mask is not None for a in image.annotations))))
    for annotation in image.annotations:
        if annotation.bounds is None:
            out.left_out[WHOLE_IMAGE if annotation.mask is None else EMPTY_MASK] += 1
        else:
            root.append(_object(annotation))
    return root


def _object(annotation: Annotation) -> ET.Element:
    assert annotation.bounds is not None
    element = ET.Element("object")
    _add(element, "name", annotation.label)
    _add(element, "pose", "Unspecified")
    _add(element, "truncated", "0")
    _add(element, "difficult", str(int(annotation.crowd)))
    box = ET.SubElement(element, "bndbox")
    x0, y0, x1, y1 = edges_of_box(annotation.bounds)
    for side, value in (("xmin", x0 + 1), ("ymin", y0 + 1), ("xmax", x1), ("ymax", y1)):
        _add(box, side, str(round(value)))
    return element


def _add(parent: ET.Element, tag: str, text: str) -> None:
    # XML 1.0 has no place for control characters, not even escaped
    ET.SubElement(parent, tag).text = "".join(c if c >= " " or c in "\t\n" else "�" for c in text)
