"""Edits of one image inside one transaction: checked against revision and claim, applied, written to the history.

Each edit is kept with what it replaced, so that it can be undone after a restart. Nothing is ever deleted from the
history: undoing marks an edit `undone`, redoing `done` again, and a new edit after an undo marks those left `dropped`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from sam2_notebook.errors import ConflictError, EditError
from sam2_notebook.labels.claims import check_claim
from sam2_notebook.labels.edits import (
    AddAnnotation,
    ChangeAnnotation,
    LabelEdit,
    OrderAnnotations,
    RemoveAnnotation,
    SetState,
)
from sam2_notebook.labels.rows import Row as Values
from sam2_notebook.labels.rows import row_of_annotation
from sam2_notebook.labels.schema import MAX_NOTE, STATES, Annotation, LabeledImage, within
from sam2_notebook.labels.tables import annotations, classes, edits, images
from sam2_notebook.values.classes import check_text
from sam2_notebook.values.geometry import Size

Change = tuple[int, Values | None, Values | None]  # id, before, after
Placed = tuple[int, int, int]  # id, place before, place after
_STEPS_BACK = 50


@dataclass(frozen=True, kw_only=True)
class Made:
    """Who made a step, in how many seconds, and a word about it."""

    who: str
    seconds: float = 0.0
    note: str = ""

    def __post_init__(self) -> None:
        check_text(self.note, "a note", MAX_NOTE)


def apply(connection: Connection, image_id: int, wanted: Sequence[LabelEdit], *, revision: int, made: Made) -> None:
    """Apply edits as one step of the history; ConflictError if the image has changed since `revision` or is claimed."""
    image = _locked(connection, image_id, revision, made.who)
    if not wanted:
        return
    known = _class_ids(connection)
    state = image.state
    changes: list[Change] = []
    places: list[Placed] = []
    for edit in wanted:
        if isinstance(edit, SetState):
            if edit.state not in STATES:
                raise EditError(f"the state of an image is one of {', '.join(STATES)}; got {edit.state!r}")
            state = edit.state
        elif isinstance(edit, OrderAnnotations):
            added = iter([id for id, before, _ in changes if before is None])
            places += _ordered(connection, image, [next(added, 0) if id is None else id for id in edit.ids])
        else:
            changes.append(_changed(connection, image, edit, known, made.who))
    if state == "new" and (changes or places):
        state = "started"
    record = {"annotations": changes, "state": [image.state, state], "places": places}
    connection.execute(
        update(edits).where(edits.c.image_id == image_id, edits.c.status == "undone").values(status="dropped")
    )
    _advance(connection, image, state)
    words = _words(wanted) + (f": {made.note}" if made.note else "")
    note(connection, image_id, made.who, words, record=record, status="done", seconds=made.seconds)


def undo(connection: Connection, image_id: int, *, revision: int, who: str) -> bool:
    """Take the last step of an image back; False if there is none."""
    return _travel(connection, image_id, revision, who, back=True)


def redo(connection: Connection, image_id: int, *, revision: int, who: str) -> bool:
    """Do the step undone last again; False if there is none."""
    return _travel(connection, image_id, revision, who, back=False)


def note(
    connection: Connection,
    image_id: int | None,
    who: str,
    what: str,
    *,
    record: object = None,
    status: str = "note",
    seconds: float = 0.0,
) -> None:
    """Write a line of the history."""
    at = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    changes = json.dumps(record, ensure_ascii=False)
    values = {"image_id": image_id, "who": who, "at": at, "what": what, "changes": changes, "status": status}
    connection.execute(insert(edits).values(**values, seconds=seconds))


def complete(connection: Connection, image_id: int, completed: Annotation, *, revision: int, who: str) -> None:
    """Bring the mask that an earlier step asked for: it becomes part of that step, and is none of its own."""
    image = _locked(connection, image_id, revision, who)
    id = completed.id
    assert id is not None, "an annotation of the store is completed"
    after = _row(_fitting(image, completed), _class_ids(connection), who)
    if not connection.execute(update(annotations).where(annotations.c.id == id).values(**after)).rowcount:
        raise EditError(f"{image.name} has no annotation {id}; read the image again")
    _advance(connection, image, image.state)
    done = select(edits).where(edits.c.image_id == image_id, edits.c.status == "done").order_by(edits.c.id.desc())
    for step in connection.execute(done.limit(_STEPS_BACK)):
        record = json.loads(step.changes)
        mine = [change for change in record["annotations"] if change[0] == id]
        if mine:
            mine[-1][2] = (mine[-1][2] or {}) | after
            changes = json.dumps(record, ensure_ascii=False)
            connection.execute(update(edits).where(edits.c.id == step.id).values(changes=changes))
            return


def add_all(
    connection: Connection, image_id: int, added: Sequence[Annotation], known: dict[str, int], who: str
) -> None:
    """Give a new image its first annotations as one step of the history, many at a time."""
    rows = [_row(annotation, known, who) | {"image_id": image_id} for annotation in added]
    if not rows:
        return
    ids = connection.execute(insert(annotations).returning(annotations.c.id, sort_by_parameter_order=True), rows)
    changes = [(id, None, _plain(row)) for id, row in zip(ids.scalars(), rows, strict=True)]
    note(
        connection,
        image_id,
        who,
        f"imported {len(rows)} annotations",
        record={"annotations": changes, "state": None},
        status="done",
    )


def _locked(connection: Connection, image_id: int, revision: int, who: str) -> Row:
    image = connection.execute(select(images).where(images.c.id == image_id).with_for_update()).one_or_none()
    if image is None:
        raise EditError(f"the store has no image {image_id}")
    if image.revision != revision:
        last = connection.execute(
            select(edits.c.who, edits.c.at, edits.c.what)
            .where(edits.c.image_id == image_id)
            .order_by(edits.c.id.desc())
            .limit(1)
        ).one_or_none()
        by = f"{last.who} at {last.at} ({last.what})" if last else "somebody"
        raise ConflictError(
            f"{image.name}: this edit was made on revision {revision}, but the store has revision {image.revision}, by "
            f"{by}. Nothing was overwritten: read the image again and repeat the edit."
        )
    check_claim(connection, image_id, image.name, who)
    return image


def _changed(
    connection: Connection,
    image: Row,
    edit: AddAnnotation | ChangeAnnotation | RemoveAnnotation,
    known: dict[str, int],
    who: str,
) -> Change:
    after = None
    if not isinstance(edit, RemoveAnnotation):
        after = _row(_fitting(image, edit.annotation), known, who)
    if isinstance(edit, AddAnnotation):
        assert after is not None
        top = select(func.max(annotations.c.place)).where(annotations.c.image_id == image.id)
        after["place"] = connection.execute(top).scalar_one() or 0
        row = connection.execute(insert(annotations).values(image_id=image.id, **after).returning(annotations.c.id))
        return row.scalar_one(), None, after
    found = connection.execute(
        select(annotations).where(annotations.c.id == edit.id, annotations.c.image_id == image.id)
    ).one_or_none()
    if found is None:
        raise EditError(f"{image.name} has no annotation {edit.id}; read the image again")
    if after is not None:
        after["place"] = found.place
    _put(connection, image.id, edit.id, after)
    return edit.id, _plain(dict(found._mapping)), after


def _ordered(connection: Connection, image: Row, ids: Sequence[int]) -> list[Placed]:
    c = annotations.c
    found = connection.execute(select(c.id, c.place).where(c.image_id == image.id).order_by(c.place, c.id)).all()
    named, moved = set(ids), iter(ids)
    if unknown := named - {row.id for row in found}:
        raise EditError(f"{image.name} has no annotation {min(unknown)}; read the image again")
    if len(named) != len(ids):
        raise EditError(f"the drawing order names an annotation twice: {', '.join(map(str, ids))}")
    order = [next(moved) if row.id in named else row.id for row in found]
    before = {row.id: row.place for row in found}
    places = [(id, before[id], place) for place, id in enumerate(order) if before[id] != place]
    for id, _, place in places:
        connection.execute(update(annotations).where(c.id == id).values(place=place))
    return places


def _fitting(image: Row, annotation: Annotation) -> Annotation:
    """The annotation, its box cut to the image; LabelError for a mask of another size, or a box outside."""
    size = Size(height=image.height, width=image.width)
    LabeledImage(name=image.name, size=size, annotations=(annotation,))
    return within(annotation, size, image.name)


def _travel(connection: Connection, image_id: int, revision: int, who: str, *, back: bool) -> bool:
    image = _locked(connection, image_id, revision, who)
    status, order = ("done", edits.c.id.desc()) if back else ("undone", edits.c.id)
    step = connection.execute(
        select(edits).where(edits.c.image_id == image_id, edits.c.status == status).order_by(order).limit(1)
    ).one_or_none()
    if step is None:
        return False
    record = json.loads(step.changes)
    changes = reversed(record["annotations"]) if back else record["annotations"]
    for id, before, after in changes:
        _put(connection, image_id, id, before if back else after)
    for id, before, after in record.get("places", []):  # not there before version 4
        placed = update(annotations).where(annotations.c.id == id, annotations.c.image_id == image_id)
        connection.execute(placed.values(place=before if back else after))
    state = record["state"][0 if back else 1] if record["state"] else image.state
    _advance(connection, image, state)
    connection.execute(update(edits).where(edits.c.id == step.id).values(status="undone" if back else "done"))
    note(connection, image_id, who, f"{'undid' if back else 'redid'} step {step.id}: {step.what}")
    return True


def _put(connection: Connection, image_id: int, id: int, row: Values | None) -> None:
    """Make an annotation what the row says: there with these values, or gone."""
    mine = annotations.c.id == id
    if row is None:
        connection.execute(delete(annotations).where(mine))
        return
    values = {"made_with": ""} | row  # what was written by version 2 does not say
    if not connection.execute(update(annotations).where(mine).values(**values)).rowcount:
        connection.execute(insert(annotations).values(id=id, image_id=image_id, **values))


def _advance(connection: Connection, image: Row, state: str) -> None:
    connection.execute(update(images).where(images.c.id == image.id).values(revision=image.revision + 1, state=state))


def _class_ids(connection: Connection) -> dict[str, int]:
    return {row.name: row.id for row in connection.execute(select(classes).order_by(classes.c.place))}


def _row(annotation: Annotation, known: dict[str, int], who: str) -> Values:
    class_id = known.get(annotation.label)
    if class_id is None:
        raise EditError(f"the store has no class {annotation.label!r}; it has: {', '.join(known) or 'none'}")
    row = row_of_annotation(annotation, class_id)
    return row if row["author"] else row | {"author": who}


def _plain(row: Values) -> Values:
    return {name: value for name, value in row.items() if name not in {"id", "image_id"}}


def _words(wanted: Sequence[LabelEdit]) -> str:
    said = [_said(edit) for edit in wanted[:5]]
    return ", ".join(said) + (f" and {len(wanted) - 5} more" if len(wanted) > 5 else "")


def _said(edit: LabelEdit) -> str:
    match edit:
        case AddAnnotation():
            return f"added {edit.annotation.label}"
        case ChangeAnnotation():
            return f"changed {edit.id} ({edit.annotation.label})"
        case RemoveAnnotation():
            return f"removed {edit.id}"
        case OrderAnnotations():
            return "changed the drawing order"
        case SetState():
            return f"set {edit.state}"


def steps(connection: Connection, image_id: int) -> tuple[bool, bool]:
    """Whether there is a step to undo, and one to redo."""
    counted = connection.execute(
        select(edits.c.status, func.count()).where(edits.c.image_id == image_id).group_by(edits.c.status)
    )
    found = {status for status, _ in counted}
    return "done" in found, "undone" in found
