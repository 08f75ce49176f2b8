"""Annotations and classes as rows of the store's tables, and back."""

import json
from collections.abc import Mapping

from sam2_notebook.labels.schema import Annotation
from sam2_notebook.values.classes import Attribute, LabelClass
from sam2_notebook.values.geometry import Box, Size
from sam2_notebook.values.masks import Rle

Row = dict[str, str | int | float | None]


def row_of_annotation(annotation: Annotation, class_id: int) -> Row:
    """The columns of an annotation, without `id` and `image_id`."""
    box = annotation.box.as_tuple() if annotation.box else (None, None, None, None)
    return {
        "class_id": class_id,
        "counts": annotation.mask.to_coco()["counts"] if annotation.mask else None,
        **dict(zip(("x0", "y0", "x1", "y1"), box, strict=True)),
        "area": annotation.area,
        "score": annotation.score,
        "stability": annotation.stability,
        "disagreement": annotation.disagreement,
        "attributes": json.dumps(dict(annotation.attributes), ensure_ascii=False),
        "note": annotation.note,
        "author": annotation.author,
        "crowd": int(annotation.crowd),
        "proposed": int(annotation.proposed),
        "made_with": annotation.made_with,
    }


def annotation_of_row(row: Mapping[str, object], label: str, size: Size) -> Annotation:
    """The annotation in a row of the store; `size` is that of its picture."""
    r: dict[str, object] = dict(row)
    mask = None
    if isinstance(counts := r["counts"], str):
        mask = Rle.from_coco({"size": [size.height, size.width], "counts": counts})
    edges = [v for v in (r["x0"], r["y0"], r["x1"], r["y1"]) if isinstance(v, int | float)]
    return Annotation(
        label=label,
        mask=mask,
        box=Box(*edges) if len(edges) == 4 else None,
        score=_number(r["score"]),
        stability=_number(r["stability"]),
        disagreement=_number(r["disagreement"]),
        attributes=json.loads(str(r["attributes"])),
        note=str(r["note"]),
        author=str(r["author"]),
        crowd=bool(r["crowd"]),
        proposed=bool(r["proposed"]),
        made_with=str(r["made_with"]),
        id=r["id"] if isinstance(r["id"], int) else None,
    )


def row_of_class(label: LabelClass, place: int) -> Row:
    """The columns of a class, without `id`."""
    attributes = [{"name": a.name, "choices": list(a.choices), "kind": a.kind} for a in label.attributes]
    return {
        "name": label.name,
        "color": label.color,
        "hotkey": label.hotkey,
        "attributes": json.dumps(attributes, ensure_ascii=False),
        "place": place,
        "retired": 0,
    }


def class_of_row(row: Mapping[str, object]) -> LabelClass:
    """The class in a row of the store."""
    hotkey = row["hotkey"]
    return LabelClass(
        name=str(row["name"]),
        color=str(row["color"]),
        hotkey=hotkey if isinstance(hotkey, str) else None,
        attributes=tuple(
            Attribute(name=a["name"], choices=tuple(a["choices"]), kind=a.get("kind", "text"))
            for a in json.loads(str(row["attributes"]))
        ),
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
