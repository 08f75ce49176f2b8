"""Indexed PNG: one picture of classes and one of objects per image, and `labels.json` to say what the numbers are."""

import io
import zlib
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from sam2_notebook.errors import LabelError
from sam2_notebook.labels.cutouts import Cutout
from sam2_notebook.labels.export.folder import OutputFolder
from sam2_notebook.labels.export.names import without_suffix
from sam2_notebook.labels.export.text import Json, dump
from sam2_notebook.labels.schema import Annotation, Dataset, LabeledImage

COVERED = "masks that others cover in part"
NO_MASK = "annotations without a mask"
IndexImage = npt.NDArray[np.uint16]
# long runs of one number: run lengths are smaller than matches, and quicker found
_RUNS = {"compress_level": 1, "compress_type": zlib.Z_RLE}


def export(dataset: Dataset, out: OutputFolder) -> None:
    """`classes/`, `objects/`, `images/` and `labels.json`. 0 is background; classes and objects count from 1.

    Where masks overlap, the later one is seen. More than 255 objects make a 16-bit grey PNG without colours.
    """
    if len(dataset.classes) > 254:
        raise LabelError(f"indexed PNG has room for 254 classes, and there are {len(dataset.classes)}; export COCO")
    numbers = {label.name: number for number, label in enumerate(dataset.classes, start=1)}
    colors = bytes(3) + b"".join(bytes.fromhex(label.color[1:]) for label in dataset.classes)
    with out.open("labels.json") as file:
        classes: Json = [{"number": numbers[c.name], "name": c.name, "color": c.color} for c in dataset.classes]
        file.write(f'{{"classes":{dump(classes)},"images":[')
        for count, image in enumerate(dataset):
            name = out.name(image, flat=True)
            prefix = f"{image.split}/" if image.split else ""
            out.place(image, f"images/{prefix}{name}")
            mask_name = f"{prefix}{without_suffix(name)}.png"
            by_class, by_object, shown = index_images(image, numbers, out)
            out.path(f"classes/{mask_name}").write_bytes(encode_indexed(by_class, colors))
            out.path(f"objects/{mask_name}").write_bytes(encode_indexed(by_object, object_colors()))
            row: Json = {
                "image": f"images/{prefix}{name}",
                "masks": mask_name,
                "height": image.size.height,
                "width": image.size.width,
                "split": image.split,
                "objects": [_words(number, annotation) for number, annotation in enumerate(shown, start=1)],
            }
            file.write(("," if count else "") + dump(row))
        file.write("]}")


def index_images(
    image: LabeledImage, numbers: dict[str, int], out: OutputFolder
) -> tuple[IndexImage, IndexImage, list[Annotation]]:
    """Class number and object number of every pixel, and the annotations that the objects are, from 1."""
    by_class = np.zeros((image.size.height, image.size.width), np.uint16)
    by_object = np.zeros_like(by_class)
    shown: list[Annotation] = []
    covered: set[int] = set()
    for annotation in image.annotations:
        cutout = Cutout.of(annotation.mask) if annotation.mask is not None else None
        if cutout is None:
            out.left_out[NO_MASK] += 1
            continue
        shown.append(annotation)
        place = (slice(cutout.y0, cutout.y1 + 1), slice(cutout.x0, cutout.x1 + 1))
        covered |= set(np.unique(by_object[place][cutout.pixels]).tolist()) - {0}
        by_class[place][cutout.pixels] = numbers[annotation.label]
        by_object[place][cutout.pixels] = len(shown)
    if covered:
        out.left_out[COVERED] += len(covered)
    return by_class, by_object, shown


def encode_indexed(indices: IndexImage, colors: bytes) -> bytes:
    """A PNG with a palette; 16-bit grey if there are more than 255 numbers.

    >>> encode_indexed(np.ones((1, 1), np.uint16), bytes(6))[1:4]
    b'PNG'
    """
    buffer = io.BytesIO()
    if int(indices.max()) > 255:
        Image.fromarray(indices).save(buffer, "PNG", **_RUNS)
    else:
        picture = Image.fromarray(indices.astype(np.uint8))
        picture.putpalette(colors)
        picture.save(buffer, "PNG", **_RUNS)
    return buffer.getvalue()


@cache
def object_colors() -> bytes:
    """256 colours, as PASCAL VOC and DAVIS number them: each number's bits spread over red, green and blue.

    >>> object_colors()[3:6].hex()
    '800000'
    """
    numbers = np.arange(256)
    colors = np.zeros((256, 3), np.uint8)
    for bit in range(8):
        for channel in range(3):
            colors[:, channel] |= ((numbers >> channel & 1) << (7 - bit)).astype(np.uint8)
        numbers = numbers >> 3
    return colors.tobytes()


def _words(number: int, annotation: Annotation) -> Json:
    words: dict[str, Json] = {"number": number, "class": annotation.label}
    if annotation.score is not None:
        words["score"] = annotation.score
    if annotation.attributes:
        words["attributes"] = dict(annotation.attributes)
    extra: dict[str, Json] = {"note": annotation.note, "author": annotation.author, "crowd": annotation.crowd}
    return words | {name: value for name, value in extra.items() if value}
