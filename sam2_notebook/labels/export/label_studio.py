"""Label Studio: `tasks.json` to import, `labeling_config.xml` for the project, masks as its packed run lengths."""

from urllib.parse import quote
from xml.etree import ElementTree as ET

import numpy as np
import numpy.typing as npt

from sam2_notebook.labels.cutouts import edges_of_box
from sam2_notebook.labels.export.coco import EMPTY_MASK, WHOLE_IMAGE
from sam2_notebook.labels.export.folder import OutputFolder
from sam2_notebook.labels.export.text import Json, dump
from sam2_notebook.labels.schema import Annotation, Dataset, LabeledImage
from sam2_notebook.values.masks import BoolMask

_WORD_BITS = 8
_COUNT_BITS = (3, 4, 8, 16)


def export(dataset: Dataset, out: OutputFolder) -> None:
    """Accepted annotations as `annotations`; scores go into each result's `score`, notes into its `meta`.

    Pictures are addressed as Label Studio's local files: serve the export's folder as its document root.
    """
    out.path("labeling_config.xml").write_bytes(ET.tostring(_config(dataset), "utf-8"))
    with out.open("tasks.json") as file:
        file.write("[")
        for count, image in enumerate(dataset):
            name = out.name(image, flat=False)
            out.place(image, f"images/{name}")
            file.write(("," if count else "") + dump(_task(image, name, out)))
        file.write("]")


def _task(image: LabeledImage, name: str, out: OutputFolder) -> Json:
    results = []
    for number, annotation in enumerate(image.annotations):
        found = _value(annotation, image)
        if isinstance(found, str):
            out.left_out[found] += 1
            continue
        results.append(
            found
            | {
                "id": f"r{number}",
                "to_name": "image",
                "original_width": image.size.width,
                "original_height": image.size.height,
                "image_rotation": 0,
            }
            | ({"score": annotation.score} if annotation.score is not None else {})
            | ({"meta": {"text": [annotation.note]}} if annotation.note else {})
        )
    return {
        "data": {"image": f"/data/local-files/?d=images/{quote(name)}", "split": image.split},
        "annotations": [{"result": results, "was_cancelled": False}],
    }


def _value(annotation: Annotation, image: LabeledImage) -> dict[str, Json] | str:
    box = annotation.bounds
    if box is None:
        return WHOLE_IMAGE if annotation.mask is None else EMPTY_MASK
    if annotation.mask is not None:
        packed = pack_mask(annotation.mask.to_mask()).tolist()
        value: Json = {"format": "rle", "rle": packed, "brushlabels": [annotation.label]}
        return {"from_name": "brush", "type": "brushlabels", "value": value}
    x0, y0, x1, y1 = edges_of_box(box)
    across, down = 100 / image.size.width, 100 / image.size.height
    place = {"x": x0 * across, "y": y0 * down, "width": (x1 - x0) * across, "height": (y1 - y0) * down}
    value = {**place, "rotation": 0, "rectanglelabels": [annotation.label]}
    return {"from_name": "box", "type": "rectanglelabels", "value": value}


def pack_mask(mask: BoolMask) -> npt.NDArray[np.uint8]:
    """A mask as Label Studio's brush has it: the bytes of an RGBA picture, 0 or 255, as bit-packed runs.

    After the number of bytes (32 bits), the bits of a byte less 1 (5) and of four counters less 1 (4 each) follow runs:
    a 1, the number of the counter (2 bits), the length less 1 in that counter, and the byte.

    >>> pack_mask(np.ones((1, 2), dtype=bool)).tolist()
    [0, 0, 0, 8, 57, 27, 252, 255, 224]
    """
    flat = mask.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    starts = np.concatenate(([0], edges))
    lengths = np.diff(np.concatenate((starts, [flat.size]))) * 4
    values = np.where(flat[starts], 255, 0)
    longest = 1 << _COUNT_BITS[-1]
    pieces = -(-lengths // longest)
    values = np.repeat(values, pieces)
    last = np.cumsum(pieces) - 1
    counts = np.full(len(values), longest)
    counts[last] = lengths - (pieces - 1) * longest
    counter = np.searchsorted([1 << bits for bits in _COUNT_BITS], counts)
    bits = np.array(_COUNT_BITS)[counter]
    words = ((4 | counter) << bits | (counts - 1)) << _WORD_BITS | values
    head = _bits(np.array([flat.size * 4, _WORD_BITS - 1]), np.array([32, 5]))
    sizes = _bits(np.array(_COUNT_BITS) - 1, np.full(4, 4))
    return np.packbits(np.concatenate((head, sizes, _bits(words, 3 + bits + _WORD_BITS))))


def _bits(numbers: npt.NDArray[np.int64], widths: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """Numbers one after the other, each in so many bits, highest first."""
    owner = np.repeat(np.arange(len(numbers)), widths)
    from_right = np.cumsum(widths)[owner] - 1 - np.arange(len(owner))
    return (numbers[owner] >> from_right & 1).astype(np.uint8)


def _config(dataset: Dataset) -> ET.Element:
    view = ET.Element("View")
    ET.SubElement(view, "Image", name="image", value="$image", zoom="true")
    for tag, name in (("BrushLabels", "brush"), ("RectangleLabels", "box")):
        labels = ET.SubElement(view, tag, name=name, toName="image")
        for label in dataset.classes:
            shortcut = {"hotkey": label.hotkey} if label.hotkey and tag == "BrushLabels" else {}
            ET.SubElement(labels, "Label", {"value": label.name, "background": label.color, **shortcut})
    return view
