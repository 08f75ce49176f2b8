"""A video's document and what was recalled for a mask as JSON text, for files that outlive versions. Pure.

Reading takes what it knows and passes over what it does not; what is missing gets its default.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from sam2_notebook.errors import MediaError, Sam2NotebookError
from sam2_notebook.predict import MemoryUse
from sam2_notebook.values.classes import Attribute, AttributeValue, LabelClass, check_value
from sam2_notebook.values.edits import SetClasses
from sam2_notebook.values.geometry import Box, Size
from sam2_notebook.values.prompts import Point, Prompts
from sam2_notebook.values.video_document import FramePrompts, VideoDocument, VideoObject


def document_to_json(document: VideoDocument) -> str:
    """The document as text."""
    objects = [
        {
            "id": item.id,
            "name": item.name,
            "color": item.color,
            "visible": item.visible,
            "locked": item.locked,
            "label": item.label,
            "attributes": dict(item.attributes),
            "born": item.born,
            "frames": [_frame_to_json(said) for said in item.frames],
        }
        for item in document.objects
    ]
    classes = [asdict(known) for known in document.classes]
    told = {"selected": document.selected, "objects": objects, "classes": classes, "current": document.current}
    return json.dumps(told, ensure_ascii=False)


def document_from_json(text: str, size: Size) -> VideoDocument:
    """The document that the text holds; MediaError if it makes no sense.

    >>> document_from_json('{"objects": [{"id": 3, "shape": "new"}]}', Size(height=4, width=4)).objects[0].name
    'object 3'
    """
    try:
        data = json.loads(text)
        objects = tuple(_object_from_json(entry, size) for entry in data["objects"])
        ids = [item.id for item in objects]
        if len(set(ids)) < len(ids):
            raise ValueError("two objects have one id")
        selected = data.get("selected")
        classes = tuple(_class_from_json(entry) for entry in data.get("classes", ()))
        empty = VideoDocument(size=size).apply(0, SetClasses(classes=classes))
        names = [known.name for known in classes]
        current = data.get("current", "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, Sam2NotebookError) as error:
        raise MediaError(
            f"the session file's objects cannot be read ({str(error)[:200]}): the file is damaged"
        ) from None
    document = replace(empty, objects=objects, selected=selected if selected in ids else None)
    return replace(document, current=current) if current in names else document


def memory_to_json(use: MemoryUse | None) -> str | None:
    """What was recalled, as text."""
    if use is None:
        return None
    return json.dumps([use.frame, use.reverse, use.prompted, use.recent_ages, use.pointer_ages])


def memory_from_json(text: str | None) -> MemoryUse | None:
    """What was recalled; None where the text does not say."""
    if text is None:
        return None
    try:
        frame, reverse, prompted, recent, pointers = json.loads(text)
        return MemoryUse(
            frame=int(frame),
            reverse=bool(reverse),
            prompted=tuple(map(int, prompted)),
            recent_ages=tuple(map(int, recent)),
            pointer_ages=tuple(map(int, pointers)),
        )
    except (ValueError, TypeError, RecursionError):
        return None


def _frame_to_json(said: FramePrompts) -> dict[str, Any]:
    return {
        "frame": said.frame,
        "points": [[p.x, p.y, p.label] for p in said.prompts.points],
        "box": None if said.prompts.box is None else said.prompts.box.as_tuple(),
        "mask": said.mask,
        "candidate": said.candidate,
    }


def _object_from_json(entry: Mapping[str, Any], size: Size) -> VideoObject:
    id_ = int(entry["id"])
    frames = tuple(_frame_from_json(f, size) for f in entry.get("frames", ()))
    return VideoObject(
        id=id_,
        name=str(entry.get("name", f"object {id_}")),
        color=max(0, int(entry.get("color", 0))),
        visible=bool(entry.get("visible", True)),
        locked=bool(entry.get("locked", False)),
        label=str(entry.get("label", "")),
        attributes=_attributes_from_json(entry.get("attributes", {})),
        born=int(entry.get("born", 0)),
        frames=tuple(sorted((f for f in frames if f), key=lambda f: f.frame)),
    )


def _class_from_json(entry: Mapping[str, Any]) -> LabelClass:
    asked = tuple(
        Attribute(name=str(one["name"]), choices=tuple(map(str, one.get("choices", ()))), kind=one.get("kind", "text"))
        for one in entry.get("attributes", ())
    )
    return LabelClass(name=str(entry["name"]), color=str(entry["color"]), hotkey=entry.get("hotkey"), attributes=asked)


def _attributes_from_json(entry: Mapping[str, Any]) -> dict[str, AttributeValue]:
    for name, value in entry.items():
        check_value(name, value)
    return dict(entry)


def _frame_from_json(entry: Mapping[str, Any], size: Size) -> FramePrompts:
    points = tuple(Point(float(x), float(y), int(label)) for x, y, label in entry.get("points", ()))
    box, mask, candidate = entry.get("box"), entry.get("mask"), entry.get("candidate")
    prompts = Prompts(points, None if box is None else Box(*(float(edge) for edge in box)))
    prompts.check(size)
    frame = int(entry["frame"])
    if frame < 0 or not (mask is None or isinstance(mask, str)):
        raise ValueError(f"prompts of frame {frame}")
    return FramePrompts(
        frame=frame, prompts=prompts, mask=mask, candidate=candidate if candidate in (0, 1, 2) else None
    )
