"""Writes `edits.json`, by which the page's `apply` is held to ours: `python tests/protocol/golden_edits.py`.

Each case is a document made by `given`, one more edit, and what comes of it: the document, or null if it is refused.
"""

import dataclasses
import json
from pathlib import Path

from sam2_notebook.errors import Sam2NotebookError
from sam2_notebook.values import document as d
from sam2_notebook.values import edits as e
from sam2_notebook.values.classes import Attribute, LabelClass
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.strokes import path_text

FILE = Path(__file__).parent.parent / "fixtures" / "protocol" / "edits.json"
SIZE = Size(height=60, width=80)
ONE = (d.AddObject(object=1),)
CLICKED = (*ONE, d.AddPoint(object=1, x=10, y=20, label=1))
CHOSEN = (*CLICKED, d.ChooseCandidate(object=1, candidate=2))
BOXED = (*CHOSEN, d.SetBox(object=1, box=(5, 6, 30, 40)))
TWO = (*BOXED, d.AddObject(object=2), d.AddPoint(object=2, x=0, y=0, label=0))
THREE = (*TWO, d.RemoveObject(object=1), d.AddObject(object=7))
CAT = LabelClass(
    name="cat",
    color="#d55e00",
    attributes=(
        Attribute(name="age", kind="number"),
        Attribute(name="asleep", kind="flag"),
        Attribute(name="fur", choices=("long", "short")),
    ),
)
DOG = LabelClass(name="dog")
CLASSED = (d.SetClasses(classes=(CAT, DOG)), *ONE)
LOCKED = (*BOXED, d.LockObject(object=1, locked=True))
AGED = (*CLASSED, d.SetAttribute(object=1, name="age", value=3.0), d.SetAttribute(object=1, name="tag", value="x"))

LINE = path_text([(5, 5), (30.3, 20), (30, 40)])
BEYOND = path_text([(5, 5), (81, 20)])
SCRIBBLED = (*CLICKED, e.AddStroke(object=1, path=LINE, width=4, label=1))
PAINTED = (*CHOSEN, e.PaintMask(object=1, path=LINE, width=4.5, label=1))
REFINED = (*PAINTED, e.KeepMask(object=1, kept=False))
GIVEN = (*CHOSEN, e.SetMask(object=1, counts="o12oc4"))

CASES: tuple[tuple[str, tuple[d.Edit, ...], d.Edit], ...] = (
    ("the first object", (), d.AddObject(object=1)),
    ("an object with a free colour", THREE, d.AddObject(object=3)),
    ("an object with an id that is taken", ONE, d.AddObject(object=1)),
    ("an object with an id below 0", (), d.AddObject(object=-1)),
    ("an object with too large an id", (), d.AddObject(object=2**31)),
    ("a removed object that was selected", TWO, d.RemoveObject(object=2)),
    ("a removed object that was not selected", TWO, d.RemoveObject(object=1)),
    ("the last object removed", ONE, d.RemoveObject(object=1)),
    ("an unknown object removed", ONE, d.RemoveObject(object=2)),
    ("another name", ONE, d.RenameObject(object=1, name="Käse 🧀 <b>")),
    ("no name", ONE, d.RenameObject(object=1, name="")),
    ("the longest name", ONE, d.RenameObject(object=1, name="🧀" * d.MAX_NAME)),
    ("too long a name", ONE, d.RenameObject(object=1, name="x" * (d.MAX_NAME + 1))),
    ("another colour", ONE, d.RecolorObject(object=1, color=31)),
    ("a colour below 0", ONE, d.RecolorObject(object=1, color=-1)),
    ("a hidden object", TWO, d.ShowObject(object=1, visible=False)),
    ("an object locked", CLICKED, d.LockObject(object=1, locked=True)),
    ("an object unlocked", LOCKED, d.LockObject(object=1, locked=False)),
    ("an unknown object locked", ONE, d.LockObject(object=2, locked=True)),
    ("an object accepted", ONE, d.AcceptObject(object=1)),
    ("an unknown object accepted", ONE, d.AcceptObject(object=2)),
    ("a locked object clicked", LOCKED, d.AddPoint(object=1, x=3, y=4, label=1)),
    ("a locked object removed", LOCKED, d.RemoveObject(object=1)),
    ("a locked object's box taken", LOCKED, d.SetBox(object=1, box=None)),
    ("a locked object's prompts cleared", LOCKED, d.ClearPrompts(object=1)),
    (
        "a locked object's candidate chosen",
        (*CHOSEN, d.LockObject(object=1, locked=True)),
        d.ChooseCandidate(object=1, candidate=1),
    ),
    ("a locked object renamed", LOCKED, d.RenameObject(object=1, name="safe")),
    ("classes", (), d.SetClasses(classes=(CAT, DOG))),
    ("classes twice the same", (), d.SetClasses(classes=(DOG, DOG))),
    ("classes without the current one", CLASSED, d.SetClasses(classes=(DOG,))),
    ("the current class kept", (*CLASSED, d.ChooseClass(label="dog")), d.SetClasses(classes=(CAT, DOG))),
    (
        "classes without one that an object has",
        (*CLASSED, d.ClassifyObject(object=1, label="dog")),
        d.SetClasses(classes=(CAT,)),
    ),
    ("no classes any more", CLASSED, d.SetClasses(classes=())),
    ("a class for new objects", CLASSED, d.ChooseClass(label="dog")),
    ("no class for new objects", CLASSED, d.ChooseClass(label="")),
    ("an unknown class for new objects", CLASSED, d.ChooseClass(label="cow")),
    ("any class for new objects, without classes", (), d.ChooseClass(label="cow")),
    ("an object of the current class", (*CLASSED, d.ChooseClass(label="dog")), d.AddObject(object=2)),
    ("an object of another class", CLASSED, d.ClassifyObject(object=1, label="dog")),
    ("an object of no class", CLASSED, d.ClassifyObject(object=1, label="")),
    ("an object of an unknown class", CLASSED, d.ClassifyObject(object=1, label="cow")),
    ("an object of any class, without classes", ONE, d.ClassifyObject(object=1, label="cow")),
    ("too long a class", ONE, d.ClassifyObject(object=1, label="x" * 201)),
    ("a number noted", CLASSED, d.SetAttribute(object=1, name="age", value=3.5)),
    ("a text noted where a number is asked", CLASSED, d.SetAttribute(object=1, name="age", value="3")),
    ("a flag noted where a number is asked", CLASSED, d.SetAttribute(object=1, name="age", value=True)),
    ("a flag noted", CLASSED, d.SetAttribute(object=1, name="asleep", value=False)),
    ("a number noted where a flag is asked", CLASSED, d.SetAttribute(object=1, name="asleep", value=0.5)),
    ("a choice noted", CLASSED, d.SetAttribute(object=1, name="fur", value="long")),
    ("a choice noted that there is not", CLASSED, d.SetAttribute(object=1, name="fur", value="blue")),
    ("anything noted under a free name", CLASSED, d.SetAttribute(object=1, name="tag", value="42 🧀")),
    ("something noted under no name", CLASSED, d.SetAttribute(object=1, name="", value=1.0)),
    ("another value noted", AGED, d.SetAttribute(object=1, name="age", value=4.0)),
    ("a note taken back", AGED, d.SetAttribute(object=1, name="age", value=None)),
    ("a note that is not there taken back", ONE, d.SetAttribute(object=1, name="age", value=None)),
    ("an object drawn last", TWO, d.MoveObject(object=1, place=1)),
    ("an object drawn first", TWO, d.MoveObject(object=2, place=0)),
    ("an object at a place that is not there", TWO, d.MoveObject(object=1, place=2)),
    ("objects merged", TWO, d.MergeObjects(object=1, others=(2,))),
    ("an object merged with itself", TWO, d.MergeObjects(object=1, others=(1,))),
    ("an object merged with nothing", TWO, d.MergeObjects(object=1, others=())),
    ("an object merged with an unknown one", TWO, d.MergeObjects(object=1, others=(9,))),
    (
        "an object merged with a locked one",
        (*TWO, d.LockObject(object=2, locked=True)),
        d.MergeObjects(object=1, others=(2,)),
    ),
    ("an object split", CLICKED, d.SplitObject(object=1)),
    ("a locked object split", LOCKED, d.SplitObject(object=1)),
    ("an overlap cut out of others", LOCKED, d.CutOverlap(object=1, loser="others")),
    ("an overlap cut out of a locked object", LOCKED, d.CutOverlap(object=1, loser="object")),
    ("another object selected", TWO, d.SelectObject(object=1)),
    ("an unknown object selected", TWO, d.SelectObject(object=9)),
    ("the first click", ONE, d.AddPoint(object=1, x=79, y=59, label=0)),
    ("a second click, which forgets the choice", CHOSEN, d.AddPoint(object=1, x=12.25, y=20, label=0)),
    ("a click on the place of another", CHOSEN, d.AddPoint(object=1, x=10.4, y=19.6, label=0)),
    ("a click half a pixel away", CLICKED, d.AddPoint(object=1, x=10.5, y=20, label=1)),
    ("a click on the far edges", ONE, d.AddPoint(object=1, x=80, y=60, label=1)),
    ("a click beyond the right edge", ONE, d.AddPoint(object=1, x=80.5, y=0, label=1)),
    ("a click above the picture", ONE, d.AddPoint(object=1, x=0, y=-0.5, label=1)),
    ("a click with an unknown label", ONE, d.AddPoint(object=1, x=0, y=0, label=2)),
    ("a click on an unknown object", ONE, d.AddPoint(object=2, x=0, y=0, label=1)),
    ("a click moved", CHOSEN, d.MovePoint(object=1, index=0, x=3.5, y=4)),
    ("a click moved out of the picture", CLICKED, d.MovePoint(object=1, index=0, x=-3, y=4)),
    ("a click that is not there moved", CLICKED, d.MovePoint(object=1, index=1, x=3, y=4)),
    ("a click before the first one moved", CLICKED, d.MovePoint(object=1, index=-1, x=3, y=4)),
    ("a click removed", CHOSEN, d.RemovePoint(object=1, index=0)),
    ("a click that is not there removed", ONE, d.RemovePoint(object=1, index=0)),
    ("a box", CHOSEN, d.SetBox(object=1, box=(0, 0, 79, 59))),
    ("another box", BOXED, d.SetBox(object=1, box=(1, 2, 1.5, 3))),
    ("a box without a width", BOXED, d.SetBox(object=1, box=(1, 2, 1, 3))),
    ("a box without a height", ONE, d.SetBox(object=1, box=(1, 2, 3, 2))),
    ("no box", BOXED, d.SetBox(object=1, box=None)),
    ("a box with its sides swapped", ONE, d.SetBox(object=1, box=(9, 0, 3, 5))),
    ("a box beyond the lower edge", ONE, d.SetBox(object=1, box=(0, 0, 3, 61))),
    ("prompts cleared", BOXED, d.ClearPrompts(object=1)),
    ("a candidate chosen", CLICKED, d.ChooseCandidate(object=1, candidate=0)),
    ("the choice left to the model", CHOSEN, d.ChooseCandidate(object=1, candidate=None)),
    ("a candidate that there is never", CLICKED, d.ChooseCandidate(object=1, candidate=3)),
    ("a candidate below 0", CLICKED, d.ChooseCandidate(object=1, candidate=-1)),
    ("a threshold", CHOSEN, e.SetThreshold(object=1, threshold=2.5)),
    ("a threshold beyond all logits", CHOSEN, e.SetThreshold(object=1, threshold=-32.5)),
    ("a click after a threshold, which forgets it", (*CHOSEN, e.SetThreshold(object=1, threshold=1)), CLICKED[1]),
    ("a scribble", CHOSEN, e.AddStroke(object=1, path=LINE, width=4, label=0)),
    ("a scribbled area", ONE, e.AddStroke(object=1, path=LINE, width=0, label=1)),
    ("a scribble of one place", ONE, e.AddStroke(object=1, path="00", width=3, label=1)),
    ("a scribble without a place", ONE, e.AddStroke(object=1, path="", width=3, label=1)),
    ("a scribble cut off", ONE, e.AddStroke(object=1, path=LINE[:-1], width=3, label=1)),
    ("a scribble that is none", ONE, e.AddStroke(object=1, path="~~", width=3, label=1)),
    ("a scribble beyond the picture", ONE, e.AddStroke(object=1, path=BEYOND, width=3, label=1)),
    ("a scribble wider than any brush", ONE, e.AddStroke(object=1, path=LINE, width=10_001, label=1)),
    ("a scribble narrower than nothing", ONE, e.AddStroke(object=1, path=LINE, width=-1, label=1)),
    ("a scribble with an unknown label", ONE, e.AddStroke(object=1, path=LINE, width=3, label=2)),
    ("a scribble removed", SCRIBBLED, e.RemoveStroke(object=1, index=0)),
    ("a scribble that is not there removed", SCRIBBLED, e.RemoveStroke(object=1, index=1)),
    ("paint over the model's mask", CHOSEN, e.PaintMask(object=1, path=LINE, width=4.5, label=1)),
    ("paint over paint", PAINTED, e.PaintMask(object=1, path=LINE, width=0, label=0)),
    ("paint over what the model made of paint", REFINED, e.PaintMask(object=1, path=LINE, width=2, label=1)),
    ("paint on nothing", ONE, e.PaintMask(object=1, path=LINE, width=4, label=1)),
    ("paint beyond the picture", ONE, e.PaintMask(object=1, path=BEYOND, width=4, label=1)),
    ("a click on paint that is kept", PAINTED, d.AddPoint(object=1, x=1, y=1, label=1)),
    ("a click on paint to go on from", REFINED, d.AddPoint(object=1, x=1, y=1, label=1)),
    ("paint to go on from", PAINTED, e.KeepMask(object=1, kept=False)),
    ("paint kept again", REFINED, e.KeepMask(object=1, kept=True)),
    ("nothing to keep", CLICKED, e.KeepMask(object=1, kept=True)),
    ("paint cleared", PAINTED, d.ClearPrompts(object=1)),
    ("a click on a given mask", GIVEN, d.AddPoint(object=1, x=1, y=1, label=1)),
    ("a given mask kept", GIVEN, e.KeepMask(object=1, kept=True)),
    ("a given mask that is none", ONE, e.SetMask(object=1, counts="")),
    ("a given mask taken back", GIVEN, e.SetMask(object=1, counts=None)),
)


def text() -> str:
    """The file's text."""
    cases = [
        {"name": name, "given": list(map(dataclasses.asdict, given)), "edit": dataclasses.asdict(edit)}
        | {"after": _after(given, edit)}
        for name, given, edit in CASES
    ]
    size = {"height": SIZE.height, "width": SIZE.width}
    return json.dumps({"size": size, "cases": cases}, indent=1, ensure_ascii=False) + "\n"


def _after(given: tuple[d.Edit, ...], edit: d.Edit) -> dict[str, object] | None:
    document = d.Document(size=SIZE)
    for step in given:
        document = document.apply(step)
    try:
        document = document.apply(edit)
    except Sam2NotebookError:
        return None
    return {
        "selected": document.selected,
        "classes": [dataclasses.asdict(known) for known in document.classes],
        "current": document.current,
        "objects": [_object(state) for state in document.objects],
    }


def _object(state: d.ObjectState) -> dict[str, object]:
    return {
        "id": state.id,
        "name": state.name,
        "color": state.color,
        "visible": state.visible,
        "locked": state.locked,
        "label": state.label,
        "attributes": [{"name": name, "value": value} for name, value in state.attributes.items()],
        "points": [dataclasses.asdict(point) for point in state.prompts.points],
        "box": None if state.prompts.box is None else list(state.prompts.box.as_tuple()),
        "strokes": [dataclasses.asdict(stroke) for stroke in state.prompts.strokes],
        "drawn": 0 if state.drawing is None else 1 + len(state.drawing.strokes),
        "kept": state.kept,
        "proposed": state.proposed,
        "candidate": state.candidate,
        "threshold": state.threshold,
    }


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
