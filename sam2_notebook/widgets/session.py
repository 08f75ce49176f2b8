"""What the user does on one picture, without any user interface: the document, its history, and the masks.

Plain Python, safe to call from any thread. It never runs the model: it says which masks are missing (`task`), and
somebody brings them (`put`, `fail`).
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from sam2_notebook.errors import EditError
from sam2_notebook.values.classes import LabelClass
from sam2_notebook.values.document import Document, ObjectState
from sam2_notebook.values.edits import (
    OF_SHAPES,
    AddPoint,
    ChooseCandidate,
    Edit,
    KeepMask,
    MovePoint,
    PaintMask,
    RemovePoint,
    RemoveStroke,
    SetClasses,
    SetThreshold,
    is_step,
)
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import BoolMask, Rle, deepest_place
from sam2_notebook.widgets.history import ConflictError, History
from sam2_notebook.widgets.outcome import CodedMask, Outcome
from sam2_notebook.widgets.recipe import Choice, Recipe
from sam2_notebook.widgets.shapes import MaskOf, reshape

CACHE_BYTES = 64 * 1024 * 1024
MAX_PAINT = 64  # strokes of a drawing; with more, they become part of the mask they go over
MIDDLE_GRID = 128


@dataclass(frozen=True)
class Shown:
    """The mask of an object: what is `chosen` of `outcome`, right since revision `rev`."""

    recipe: Recipe
    outcome: Outcome
    chosen: Choice
    rev: int

    @property
    def mask(self) -> CodedMask:
        """The mask."""
        return self.outcome.mask(self.chosen)

    @property
    def candidate(self) -> int | None:
        """Which of the model's candidates it is; None if it was made by hand."""
        return None if self.outcome.is_hand_made else self.chosen.candidate

    @property
    def score(self) -> float | None:
        """The IoU that the model expects of it; None if it was made by hand."""
        return None if self.candidate is None else self.outcome.scores[self.candidate]


@dataclass(frozen=True)
class Task:
    """An object's mask is missing: make `recipe`'s outcome, or, if there is one, draw the `choice` of it."""

    recipe: Recipe
    outcome: Outcome | None
    choice: Choice


@dataclass(frozen=True)
class SessionState:
    """A consistent picture of a session. `shown` holds the objects with a mask; it may be one edit behind."""

    rev: int
    document: Document
    can_undo: bool
    can_redo: bool
    shown: Mapping[int, Shown]
    pending: tuple[int, ...]


@dataclass(frozen=True)
class Moment:
    """A document, and for every object with something to go by what its mask is made from."""

    document: Document
    recipes: Mapping[int, Recipe] = field(default_factory=dict)

    def after(self, edits: tuple[Edit, ...], shown: Mapping[int, Shown]) -> "Moment":
        """The moment after all edits: together they are one step, so no hint is taken from between them.

        `shown` is what the user sees: strokes of paint go over that.
        """
        document = self.document
        choices = {o.id: Choice(o.candidate, o.threshold) for o in document.objects}
        for edit in edits:
            if isinstance(edit, ChooseCandidate | SetThreshold):
                state = document.object(edit.object)
                if isinstance(edit, ChooseCandidate):
                    _check_candidate(edit, state.is_ambiguous)
                document = document.apply(edit)
                if state.prompts == self.recipes.get(edit.object, Recipe()).prompts:
                    state = document.object(edit.object)
                    choices[edit.object] = Choice(state.candidate, state.threshold)
                continue
            if isinstance(edit, OF_SHAPES):
                document = reshape(document, edit, self._mask_of(shown))
                continue
            if isinstance(edit, PaintMask):
                document = self._ready_for_paint(document, edit.object, shown)
            document = document.apply(edit)
            if isinstance(edit, KeepMask) and not edit.kept:
                document = _with_something_to_go_by(document, edit.object)
        recipes = {o.id: self._recipe(o, choices.get(o.id, Choice())) for o in document.objects}
        return Moment(document, {id: recipe for id, recipe in recipes.items() if recipe})

    def _mask_of(self, shown: Mapping[int, Shown]) -> MaskOf:
        """Gives what is seen of an object, unless that is not what was said of it last."""

        def mask_of(id: int) -> BoolMask | None:
            seen = shown.get(id)
            return None if seen is None or seen.recipe != self.recipes.get(id) else seen.mask.decode()

        return mask_of

    def _recipe(self, state: ObjectState, choice: Choice) -> Recipe:
        if state.is_drawn:
            return Recipe(drawing=state.drawing)
        before = self.recipes.get(state.id, Recipe())
        if before.drawing != state.drawing:
            before = Recipe(drawing=state.drawing)
        return before.with_prompts(state.prompts, choice)

    def _ready_for_paint(self, document: Document, id: int, shown: Mapping[int, Shown]) -> Document:
        """The document with what is seen of an object as its drawing, unless it is one with room for more."""
        state = document.object(id)
        if state.is_drawn and state.drawing and len(state.drawing.strokes) < MAX_PAINT:
            return document
        seen = shown.get(id)
        is_this = seen is not None and seen.recipe == self.recipes.get(id)
        if state.is_drawn and not is_this:
            return document
        return document.over(id, None if seen is None else Rle.from_mask(seen.mask.decode()).to_coco()["counts"])


def _with_something_to_go_by(document: Document, id: int) -> Document:
    """The document with a click in the middle of a drawn mask that nothing else was said of: models ask for one."""
    state = document.object(id)
    if state.prompts or state.drawing is None:
        return document
    mask = state.drawing.mask(document.size)
    step = max(1, max(mask.shape) // MIDDLE_GRID)
    place = deepest_place(mask[::step, ::step])
    if place is None:
        return document
    return document.apply(AddPoint(object=id, x=place[0] * step, y=place[1] * step, label=1))


class SegmentationSession:
    """The document on one picture, its undo history, and the masks of its objects.

    >>> from sam2_notebook.values.edits import AddObject, AddPoint
    >>> session = SegmentationSession(Size(height=10, width=10))
    >>> session.apply(AddObject(object=1), AddPoint(object=1, x=3, y=4, label=1))
    1
    >>> session.pending, session.undo(), session.pending
    ((1,), 2, ())
    """

    def __init__(
        self,
        size: Size,
        *,
        classes: tuple[LabelClass, ...] = (),
        history: History[Moment] | None = None,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        document = Document(size=size).apply(SetClasses(classes=classes))
        self._lock = threading.RLock()
        self._history = history or History(Moment(document), changed_objects)
        self._shown: dict[int, Shown] = {}
        self._failed: dict[int, Recipe] = {}
        self._cache = _OutcomeCache(cache_bytes)
        self.last_error: str | None = None

    def state(self) -> SessionState:
        """Everything at one moment."""
        with self._lock:
            history = self._history
            past, future = history.can_undo, history.can_redo
            return SessionState(history.rev, self._now.document, past, future, dict(self._shown), self.pending)

    @property
    def rev(self) -> int:
        """Counts up with every change of the document."""
        return self._history.rev

    @property
    def document(self) -> Document:
        """The document as it is now."""
        return self._now.document

    def apply(self, *edits: Edit, author: str = "", base: int | None = None) -> int:
        """Apply all edits or none, as one step of the history; returns the revision.

        EditError or PromptError if one does not fit; ConflictError if `author` made them on revision `base`, and
        somebody else has changed what they are about since. Selecting an object is no step of the history.
        """
        with self._lock:
            if base is not None:
                self._history.check_base(numbered_objects(edits), author, base)
            try:
                moment = self._now.after(edits, self._shown)
            except EditError as error:
                if base not in (None, self.rev):
                    raise ConflictError(str(error)) from None
                raise
            if moment.document == self._now.document:
                return self.rev
            return self.travel(lambda: self._history.go(moment, author, is_step=is_step(edits)))

    def undo(self, author: str = "") -> int:
        """Go back one step; EditError if there is none."""
        return self.travel(lambda: self._history.undo(author))

    def redo(self, author: str = "") -> int:
        """Do again what was undone; EditError if there is nothing."""
        return self.travel(lambda: self._history.redo(author))

    def travel(self, go: Callable[[], int]) -> int:
        """Have the history do something, and show where it then is: one that refuses may have gone elsewhere."""
        with self._lock:
            try:
                go()
            finally:
                self._went()
            return self.rev

    @property
    def pending(self) -> tuple[int, ...]:
        """The objects whose mask is missing or old, and may still come."""
        with self._lock:
            return tuple(self._tasks())

    def task(self, id: int) -> Task | None:
        """What to do for an object's mask; None if it is there, has failed, or there are no prompts."""
        with self._lock:
            return self._tasks(id).get(id)

    def cached(self, recipe: Recipe) -> Outcome | None:
        """The outcome of a recipe if it is still known."""
        with self._lock:
            return self._cache.get(recipe)

    def put(self, recipe: Recipe, outcome: Outcome) -> None:
        """Bring the outcome of a recipe, whether or not it is still wanted."""
        with self._lock:
            self._cache.put(recipe, outcome)
            self._settle()

    def fail(self, recipe: Recipe) -> None:
        """There will be no outcome for a recipe; the objects that want it keep the mask they had."""
        with self._lock:
            self._failed.update((id, recipe) for id, wanted in self._now.recipes.items() if wanted == recipe)

    def retry(self) -> None:
        """Want again what has failed."""
        with self._lock:
            self._failed.clear()

    def close(self) -> None:
        """Forget the history and all masks that are not on show."""
        with self._lock:
            self._history.forget()
            self._cache.clear()

    @property
    def _now(self) -> Moment:
        return self._history.now

    def _went(self) -> None:
        self._failed = {id: r for id, r in self._failed.items() if self._now.recipes.get(id) == r}
        self._settle()

    def _tasks(self, only: int | None = None) -> dict[int, Task]:
        tasks: dict[int, Task] = {}
        for state in self._now.document.objects:
            recipe = self._now.recipes.get(state.id)
            if recipe is None or only not in (None, state.id) or self._failed.get(state.id) == recipe:
                continue
            shown, choice = self._shown.get(state.id), Choice(state.candidate, state.threshold)
            if shown and shown.recipe == recipe:
                if shown.chosen != shown.outcome.chosen(choice):
                    tasks[state.id] = Task(recipe, shown.outcome, choice)
            else:
                tasks[state.id] = Task(recipe, self._cache.get(recipe), choice)
        return tasks

    def _settle(self) -> None:
        """Show every mask that is there."""
        self._shown = {id: shown for id, shown in self._shown.items() if id in self._now.recipes}
        for id, task in self._tasks().items():
            if task.outcome is None:
                continue
            chosen = task.outcome.chosen(task.choice)
            if task.outcome.is_ready(chosen):
                self._shown[id] = Shown(task.recipe, task.outcome, chosen, self.rev)


def numbered_objects(edits: Iterable[object]) -> frozenset[int]:
    """The objects of which edits name a click, a scribble or a candidate by its number."""
    return frozenset(e.object for e in edits if isinstance(e, MovePoint | RemovePoint | RemoveStroke | ChooseCandidate))


def changed_objects(before: Moment, after: Moment) -> frozenset[int]:
    """The objects that differ between two moments."""
    old, new = ({o.id: o for o in moment.document.objects} for moment in (before, after))
    return frozenset(id for id in old.keys() | new.keys() if old.get(id) is not new.get(id))


def _check_candidate(edit: ChooseCandidate, is_ambiguous: bool) -> None:
    if edit.candidate is not None and edit.candidate > 0 and not is_ambiguous:
        raise EditError(
            f"object {edit.object} has one candidate, number 0; got {edit.candidate}; a single click has three"
        )


class _OutcomeCache:
    """The newest outcomes up to a number of bytes."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._kept: OrderedDict[Recipe, Outcome] = OrderedDict()

    def get(self, recipe: Recipe) -> Outcome | None:
        outcome = self._kept.get(recipe)
        if outcome is not None:
            self._kept.move_to_end(recipe)
        return outcome

    def put(self, recipe: Recipe, outcome: Outcome) -> None:
        self._kept[recipe] = outcome
        self._kept.move_to_end(recipe)
        total = sum(kept.nbytes for kept in self._kept.values())
        while total > self._limit and len(self._kept) > 1:
            total -= self._kept.popitem(last=False)[1].nbytes

    def clear(self) -> None:
        self._kept.clear()
