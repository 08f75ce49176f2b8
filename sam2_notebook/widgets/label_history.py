"""The history of a document that a store keeps: every step is in the database before it is shown.

Undo and redo are the store's, so they go on after a restart; as long as this session lasts, its own steps are
remembered with their clicks too, which the store gives back as masks only.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from sam2_notebook.errors import ConflictError as StoreConflict
from sam2_notebook.errors import EditError
from sam2_notebook.labels.edits import (
    AddAnnotation,
    ChangeAnnotation,
    LabelEdit,
    OrderAnnotations,
    RemoveAnnotation,
    SetState,
    StoredImage,
)
from sam2_notebook.labels.schema import Annotation, State
from sam2_notebook.labels.store import LabelStore
from sam2_notebook.values.document import Document, ObjectState
from sam2_notebook.widgets.history import ConflictError, History
from sam2_notebook.widgets.label_classes import change_classes
from sam2_notebook.widgets.label_objects import annotation_of, is_box, is_pending, state_of, with_mask
from sam2_notebook.widgets.recipe import Recipe
from sam2_notebook.widgets.session import Moment, SessionState, changed_objects

IDLE_SECONDS = 60.0  # a longer pause is no work on the image
CONFLICT_NOTE = "the version of {who}, who changed it at the same time"


@dataclass(frozen=True)
class _Step:
    """A moment, which annotation each object of it is, and whether the way to it from its neighbour is in the store."""

    moment: Moment
    ids: Mapping[int, int]
    is_stored: bool


class StoredHistory(History[Moment]):
    """Steps on one image of a store. What the store refuses has not happened.

    `told` is called with words when somebody else's version came between and ours was kept beside it.
    """

    def __init__(self, store: LabelStore, image: StoredImage, told: Callable[[str], None]) -> None:
        self._store, self.image, self._told = store, image, told
        self._lock = threading.RLock()
        self._objects: dict[int, int] = {}
        self._ids: Mapping[int, int] = {}
        self._back: list[_Step] = []
        self._forth: list[_Step] = []
        self._active = time.monotonic()
        super().__init__(self._read(None), changed_objects)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back, of this session or an earlier one."""
        return bool(self._back) or self.image.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to do again."""
        return bool(self._forth) or self.image.can_redo

    def go(self, moment: Moment, author: str, *, is_step: bool = True) -> int:
        """Save what has changed, then go there; StoreError if it cannot be saved, and then nothing has changed."""
        if not is_step:
            return self._set(moment, author)
        with self._lock:
            if moment.document.classes != self.now.document.classes:
                return self._go_with_classes(moment, author)
            edits, added = self._edits(moment)
            before = _Step(self.now, self._ids, bool(edits))
            if edits:
                self._save(edits, added)
            return self._step(before, moment, author)

    def undo(self, author: str) -> int:
        """Go back one step; EditError if there is none."""
        return self._travel(author, self._back, self._forth, "undo")

    def redo(self, author: str) -> int:
        """Do again what was undone; EditError if there is nothing."""
        return self._travel(author, self._forth, self._back, "redo")

    def forget(self) -> None:
        """Keep nothing but now; the store keeps its own."""
        self._back.clear()
        self._forth.clear()

    def set_state(self, state: State, note: str = "") -> int:
        """Say how far the image is, as one step: the store would undo that before anything else."""
        with self._lock:
            before = _Step(self.now, self._ids, is_stored=True)
            self._save([SetState(state=state)], [], note)
            return self._step(before, self.now, "")

    def complete(self, session: SessionState) -> None:
        """Save every mask that has come for an object since it was asked for."""
        with self._lock:
            if session.document is not self.now.document:
                return  # another edit came between: its own masks will be told again
            saved = {a.id: a for a in self.image.labels.annotations}
            for id_, shown in session.shown.items():
                annotation = saved.get(self._ids.get(id_, -1))
                state = session.document.object(id_)
                if annotation is None or shown.recipe != self.now.recipes.get(id_) or state.is_drawn:
                    continue
                if id_ in self.boxes:
                    continue  # a box stays one until somebody asks for a mask
                if id_ not in session.pending:
                    self._bring(annotation, with_mask(annotation, state, shown))

    def refresh(self) -> int:
        """Read the image again if somebody else, or a job, has changed it."""
        with self._lock:
            changed = self._store.image(self.image.id).revision != self.image.revision
            return self.reload() if changed else self.rev

    def reload(self) -> int:
        """Read the image and the classes again, whatever they are now."""
        with self._lock:
            self.image = self._store.image(self.image.id)
            self.forget()
            return self._set(self._read(self.now.document), "")

    def add(self, annotations: Sequence[Annotation]) -> int:
        """Put annotations on the image, as one step; what the objects there were told stays."""
        with self._lock:
            edits = [AddAnnotation(annotation=annotation) for annotation in annotations]
            known = {a.id for a in self.image.labels.annotations}
            before = _Step(self.now, self._ids, is_stored=True)
            self._write(lambda revision: self._store.edit(self.image.id, *edits, revision=revision))
            document, recipes, ids = self.now.document, dict(self.now.recipes), dict(self._ids)
            for annotation in self.image.labels.annotations:
                if annotation.id is None or annotation.id in known:
                    continue
                id_ = max(self._objects.values(), default=0) + 1
                state = state_of(annotation, id_, len(document.objects))
                self._objects[annotation.id] = id_
                if state is not None:
                    document = replace(document, objects=(*document.objects, state))
                    recipes[id_] = Recipe(state.prompts, (), state.drawing)
                    ids[id_] = annotation.id
            self._ids = ids
            return self._step(before, Moment(document, recipes), "")

    @property
    def boxes(self) -> tuple[int, ...]:
        """Objects that the store has as boxes, whose masks nobody has asked for."""
        boxes = {a.id for a in self.image.labels.annotations if is_box(a)}
        return tuple(id_ for id_, annotation in self._ids.items() if annotation in boxes)

    def ask_for_masks(self) -> int:
        """Have the masks of boxes kept in their place, as one step."""
        with self._lock:
            saved = {a.id: a for a in self.image.labels.annotations}
            edits: list[LabelEdit] = []
            for id_ in self.boxes:
                known = saved[self._ids[id_]]
                wanted = annotation_of(self.now.document.object(id_), known, self.now.document.size, is_pending=True)
                if wanted is not None:
                    edits.append(ChangeAnnotation(id=self._ids[id_], annotation=wanted))
            if not edits:
                return self.rev
            before = _Step(self.now, self._ids, is_stored=True)
            self._save(edits, [])
            return self._step(before, self.now, "")

    @property
    def unsaved(self) -> tuple[int, ...]:
        """Objects whose mask the store waits for."""
        pending = {a.id for a in self.image.labels.annotations if is_pending(a)}
        return tuple(id_ for id_, annotation in self._ids.items() if annotation in pending)

    @property
    def scores(self) -> Mapping[int, float]:
        """What the model thought of the masks that the store has, by object."""
        with self._lock:
            known = {a.id: a.score for a in self.image.labels.annotations if not is_pending(a)}
            found = {id_: known.get(annotation) for id_, annotation in self._ids.items()}
            return {id_: score for id_, score in found.items() if score is not None}

    def _step(self, before: _Step, moment: Moment, author: str) -> int:
        """Go there from `before`; what was undone cannot be done again any more."""
        self._back.append(before)
        self._forth.clear()
        return self._set(moment, author)

    def _bring(self, before: Annotation, after: Annotation) -> None:
        if after != before:
            self.image = self._store.complete(self.image.id, after, revision=self.image.revision)

    def _go_with_classes(self, moment: Moment, author: str) -> int:
        """Go where there are other classes. They are everybody's, so that no undo of one image takes them back."""
        change_classes(self._store, self.now.document.classes, moment.document.classes)
        self.image = self._store.image(self.image.id)
        edits, added = self._edits(moment)
        if edits:
            self._save(edits, added)
        self.forget()
        return self._set(moment, author)

    def _edits(self, moment: Moment) -> tuple[list[LabelEdit], list[int]]:
        """What leads from now to a moment in the store, and the objects whose annotation is new, in order."""
        saved = {a.id: a for a in self.image.labels.annotations}
        edits: list[LabelEdit] = []
        added: list[int] = []
        there = {state.id for state in moment.document.objects}
        old = {state.id: state for state in self.now.document.objects}
        edits += [RemoveAnnotation(id=n) for id_, n in self._ids.items() if id_ not in there]
        for state in moment.document.objects:
            before = old.get(state.id)
            mine = self._ids.get(state.id)
            if before is not None and _is_same(before, state) and mine is not None:
                continue
            known = saved.get(mine) if mine is not None else None
            pending = self._is_pending(moment, before, state)
            annotation = annotation_of(state, known, moment.document.size, is_pending=pending)
            if annotation is None:
                edits += [RemoveAnnotation(id=mine)] if mine is not None else []
            elif mine is None:
                edits.append(AddAnnotation(annotation=replace(annotation, id=None)))
                added.append(state.id)
            elif annotation != known:
                edits.append(ChangeAnnotation(id=mine, annotation=annotation))
        return edits + self._order(moment, edits, added), added

    def _order(self, moment: Moment, edits: list[LabelEdit], added: list[int]) -> list[LabelEdit]:
        """What has the store draw the objects of a moment in their order, after other edits."""
        gone = {e.id for e in edits if isinstance(e, RemoveAnnotation)}
        ids = {id_: n for id_, n in self._ids.items() if n not in gone}
        wanted = [ids.get(o.id) for o in moment.document.objects if o.id in ids or o.id in added]
        as_it_is = [a.id for a in self.image.labels.annotations if a.id in ids.values()] + [None] * len(added)
        return [] if wanted == as_it_is else [OrderAnnotations(ids=tuple(wanted))]

    def _is_pending(self, moment: Moment, before: ObjectState | None, state: ObjectState) -> bool:
        """Whether the mask that the store has, or will have, is older than what the object was told."""
        if state.is_drawn:
            return False
        if before is None or self.now.recipes.get(state.id) != moment.recipes.get(state.id):
            return True
        if (before.candidate, before.threshold) != (state.candidate, state.threshold):
            return True
        return state.id in self.unsaved

    def _save(self, edits: list[LabelEdit], added: list[int], note: str = "") -> None:
        known = {a.id for a in self.image.labels.annotations}
        seconds, id_ = self._seconds(), self.image.id
        self._write(
            lambda revision: self._store.edit(id_, *edits, revision=revision, seconds=seconds, note=note), edits
        )
        image = self.image
        new = [a.id for a in image.labels.annotations if a.id not in known]
        assert len(new) == len(added), "the store gives every new annotation an id"
        ids = {id_: n for id_, n in self._ids.items() if any(a.id == n for a in image.labels.annotations)}
        self._ids = {**ids, **{id_: n for id_, n in zip(added, new, strict=True) if n is not None}}
        self._objects.update({n: id_ for id_, n in self._ids.items()})

    def _write(self, write: Callable[[int], StoredImage], edits: Sequence[LabelEdit] = ()) -> None:
        """Change the store from the revision that we know. ConflictError if it has another: then we show that."""
        try:
            self.image = write(self.image.revision)
        except StoreConflict as error:
            self._keep_both(edits, error)

    def _keep_both(self, edits: Sequence[LabelEdit], error: StoreConflict) -> NoReturn:
        """Somebody else was faster: theirs stays, ours comes beside it as a proposal. Raises ConflictError."""
        image = self._store.image(self.image.id)
        if image.revision == self.image.revision:
            raise ConflictError(str(error)) from None  # claimed by another: nothing was made to keep
        note = CONFLICT_NOTE.format(who=self._store.author)
        ours = [
            replace(e.annotation, id=None, proposed=True, note=e.annotation.note or note, author=self._store.author)
            for e in edits
            if isinstance(e, AddAnnotation | ChangeAnnotation) and e.annotation.mask is not None
        ]
        if ours:
            kept = [AddAnnotation(annotation=annotation) for annotation in ours]
            image = self._store.edit(image.id, *kept, revision=image.revision)
        self.image = image
        self.forget()
        self._set(self._read(self.now.document), "")
        self._told(str(error))
        things = "your object is" if len(ours) == 1 else f"your {len(ours)} objects are"
        words = f"; {things} kept beside theirs as suggestions: accept or reject them" if ours else ""
        raise ConflictError(f"somebody else changed this image at the same time{words}")

    def _travel(self, author: str, steps: list[_Step], others: list[_Step], how: str) -> int:
        with self._lock:
            can = self.can_undo if how == "undo" else self.can_redo
            if not can:
                raise EditError(f"there is nothing to {how}")
            step = steps[-1] if steps else None
            if step is None or step.is_stored:
                travel = self._store.undo if how == "undo" else self._store.redo
                self._write(lambda revision: travel(self.image.id, revision=revision))
            if step is None:
                others.clear()
                moment = self._read(self.now.document)
            else:
                others.append(_Step(self.now, self._ids, step.is_stored))
                steps.pop()
                moment, self._ids = step.moment, step.ids
            return self._set(moment, author)

    def _read(self, before: Document | None) -> Moment:
        """The moment that the store's image is."""
        objects: list[ObjectState] = []
        ids: dict[int, int] = {}
        labels = self.image.labels
        highest = max(self._objects.values(), default=0)
        colors = {id_: color for color, id_ in enumerate(sorted(a.id for a in labels.annotations if a.id is not None))}
        for annotation in labels.annotations:
            assert annotation.id is not None, "a store's annotation has an id"
            id_ = self._objects.get(annotation.id)
            if id_ is None:
                highest += 1
                id_ = self._objects[annotation.id] = highest
            state = state_of(annotation, id_, colors[annotation.id])
            if state is not None:
                objects.append(state)
                ids[id_] = annotation.id
        self._ids = ids
        classes = self._store.classes()
        names = [c.name for c in classes]
        current = before.current if before and before.current in names else next(iter(names), "")
        selected = before.selected if before and before.selected in ids else None
        document = Document(
            size=labels.size, objects=tuple(objects), selected=selected, classes=classes, current=current
        )
        recipes = {o.id: Recipe(o.prompts, (), o.drawing) for o in objects if o.prompts or o.drawing is not None}
        return Moment(document, recipes)

    def _seconds(self) -> float:
        now = time.monotonic()
        spent, self._active = now - self._active, now
        return min(spent, IDLE_SECONDS)


def _is_same(a: ObjectState, b: ObjectState) -> bool:
    """Whether a store would keep the same of both: hiding an object is no change of its label."""
    return replace(a, visible=True, color=b.color) == replace(b, visible=True)
