"""Parquet as Hugging Face's `datasets` loads it: pictures inside, classes as `ClassLabel`, masks as COCO's text."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from types import ModuleType
from typing import TYPE_CHECKING

from sam2_notebook.errors import LabelError
from sam2_notebook.labels.cutouts import edges_of_box
from sam2_notebook.labels.export.coco import EMPTY_MASK, WHOLE_IMAGE
from sam2_notebook.labels.export.folder import OutputFolder
from sam2_notebook.labels.schema import Dataset, LabeledImage

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_AT_ONCE = 256
_BYTES_AT_ONCE = 64 << 20
_LEAVES = {
    "bbox": {"feature": {"dtype": "float32", "_type": "Value"}, "length": 4, "_type": "Sequence"},
    "segmentation": {"dtype": "string", "_type": "Value"},
    "area": {"dtype": "float64", "_type": "Value"},
    "iscrowd": {"dtype": "bool", "_type": "Value"},
    "score": {"dtype": "float32", "_type": "Value"},
    "attributes": {"dtype": "string", "_type": "Value"},
    "note": {"dtype": "string", "_type": "Value"},
    "author": {"dtype": "string", "_type": "Value"},
}
Row = dict[str, object]


def export(dataset: Dataset, out: OutputFolder) -> None:
    """`data/<split>-00000-of-00001.parquet`: image, name, size, and lists of the annotations' columns.

    Boxes are COCO's left, top, width, height; a mask is the `counts` of COCO's run lengths at the picture's size, null
    for a box without one; attributes are JSON. With `pictures="leave"` the picture is a path only.
    """
    arrow = _pyarrow()
    numbers = {label.name: number for number, label in enumerate(dataset.classes)}
    schema = _schema(arrow, [label.name for label in dataset.classes])
    with ExitStack() as stack:
        writers: dict[str, _Writer] = {}
        for image in dataset:
            split = image.split or "train"
            if split not in writers:
                writers[split] = stack.enter_context(_Writer(arrow, _file(out, split), schema))
            writers[split].add(_row(image, numbers, out))
        if not writers:  # classes without pictures are a dataset too
            stack.enter_context(_Writer(arrow, _file(out, "train"), schema))


class _Writer:
    """A Parquet file, written in groups of rows so that memory stays small."""

    def __init__(self, arrow: ModuleType, path: str, schema: "pa.Schema") -> None:
        from pyarrow.parquet import ParquetWriter

        self._arrow = arrow
        self._schema = schema
        self._file = ParquetWriter(path, schema)
        self._rows: list[Row] = []
        self._bytes = 0

    def __enter__(self) -> "_Writer":
        return self

    def add(self, row: Row) -> None:
        """One image."""
        self._rows.append(row)
        image = row["image"]
        self._bytes += len(image["bytes"] or b"") if isinstance(image, dict) else 0
        if len(self._rows) == _ROWS_AT_ONCE or self._bytes > _BYTES_AT_ONCE:
            self._flush()

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._file.close()

    def _flush(self) -> None:
        if self._rows:
            self._file.write_table(self._arrow.Table.from_pylist(self._rows, schema=self._schema))
        self._rows, self._bytes = [], 0


def _file(out: OutputFolder, split: str) -> str:
    return str(out.path(f"data/{split}-00000-of-00001.parquet"))


def _row(image: LabeledImage, numbers: dict[str, int], out: OutputFolder) -> Row:
    name = out.name(image, flat=False)
    content = None
    if out.pictures != "leave":
        draft = f"picture/{name}"
        out.place(image, draft)
        content = out.path(draft).read_bytes()
        out.path(draft).unlink()
    objects: dict[str, list[object]] = {"category": [], **{leaf: [] for leaf in _LEAVES}}
    for values in _objects(image, numbers, out):
        for leaf, value in values.items():
            objects[leaf].append(value)
    return {
        "image": {"bytes": content, "path": name},
        "name": image.name,
        "width": image.size.width,
        "height": image.size.height,
        "objects": objects,
    }


def _objects(image: LabeledImage, numbers: dict[str, int], out: OutputFolder) -> Iterator[Row]:
    for annotation in image.annotations:
        if annotation.bounds is None:
            out.left_out[WHOLE_IMAGE if annotation.mask is None else EMPTY_MASK] += 1
            continue
        x0, y0, x1, y1 = edges_of_box(annotation.bounds)
        yield {
            "category": numbers[annotation.label],
            "bbox": [x0, y0, x1 - x0, y1 - y0],
            "segmentation": annotation.mask.to_coco()["counts"] if annotation.mask else None,
            "area": annotation.area,
            "iscrowd": annotation.crowd,
            "score": annotation.score,
            "attributes": json.dumps(dict(annotation.attributes), ensure_ascii=False),
            "note": annotation.note,
            "author": annotation.author,
        }


def _schema(arrow: ModuleType, names: list[str]) -> "pa.Schema":
    """Columns for Arrow, and the same in Hugging Face's words as metadata."""
    kinds = {"string": arrow.string(), "float64": arrow.float64(), "bool": arrow.bool_(), "float32": arrow.float32()}
    leaves = {leaf: kinds[said["dtype"]] for leaf, said in _LEAVES.items() if isinstance(said.get("dtype"), str)}
    columns = {"category": arrow.int64(), "bbox": arrow.list_(arrow.float32(), 4), **leaves}
    objects = arrow.struct([(leaf, arrow.list_(columns[leaf])) for leaf in ("category", *_LEAVES)])
    said = {"category": {"names": names, "_type": "ClassLabel"}, **_LEAVES}
    features = {
        "image": {"_type": "Image"},
        "name": {"dtype": "string", "_type": "Value"},
        "width": {"dtype": "int32", "_type": "Value"},
        "height": {"dtype": "int32", "_type": "Value"},
        "objects": {leaf: {"feature": feature, "_type": "Sequence"} for leaf, feature in said.items()},
    }
    fields = [
        ("image", arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])),
        ("name", arrow.string()),
        ("width", arrow.int32()),
        ("height", arrow.int32()),
        ("objects", objects),
    ]
    return arrow.schema(fields, metadata={"huggingface": json.dumps({"info": {"features": features}})})


def _pyarrow() -> ModuleType:
    try:
        import pyarrow as pa
    except ImportError as error:
        raise LabelError("Parquet needs pyarrow: pip install 'sam2_notebook[parquet]'") from error
    return pa
