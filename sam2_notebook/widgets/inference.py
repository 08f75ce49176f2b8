"""Runs the model for one session on the worker of its device, and says how that is going."""

import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from sam2_notebook.errors import ModelError, Sam2NotebookError
from sam2_notebook.predict import Segmentation
from sam2_notebook.protocol.messages import Status
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.prompts import Point, Prompts
from sam2_notebook.values.strokes import painted
from sam2_notebook.widgets.failures import in_words
from sam2_notebook.widgets.outcome import Outcome
from sam2_notebook.widgets.recipe import Choice, Recipe
from sam2_notebook.widgets.session import SegmentationSession
from sam2_notebook.widgets.worker import Priority, Worker

THINNEST_SCRIBBLE = 1 / 256  # of the picture's side: what the model can see
Encoded = TypeVar("Encoded")
Encoded_contra = TypeVar("Encoded_contra", contravariant=True)


class Model(Protocol[Encoded_contra]):
    """What is asked of a predictor; `predict.ImagePredictor` is one."""

    @property
    def model_name(self) -> str:
        """What to call the model."""
        ...

    def segment(
        self,
        encoded: Encoded_contra,
        points: np.ndarray | None = None,
        labels: np.ndarray | None = None,
        box: np.ndarray | None = None,
        mask: np.ndarray | None = None,
        multimask: bool | None = None,
    ) -> Segmentation:
        """Masks for the prompts of one object, in image pixels."""
        ...


class Inference:
    """Keeps a session's masks coming: `wake` after every edit, and `changed` is called when there is news.

    `encode` turns the picture into what `model.segment` wants; both run on the worker only. An error is shown as
    status, its traceback goes to `session.last_error`, and the next edit tries again.
    """

    def __init__(
        self,
        session: SegmentationSession,
        model: Model[Encoded],
        encode: Callable[[], Encoded],
        worker: Worker,
        changed: Callable[[], None],
    ) -> None:
        self._session, self._model, self._encode = session, model, encode
        self._worker, self._changed = worker, changed
        self._encoded: object | None = None
        self._error: Sam2NotebookError | None = None
        self._closed = False
        self._foreseen: tuple[Recipe, Outcome] | None = None

    def start(self) -> None:
        """Encode the picture ahead of the first click."""
        self._worker.submit(self, "encode", self._prepare, Priority.ENCODE)

    def wake(self) -> None:
        """See to every object whose mask is missing; the newest prompts of an object are all that count."""
        if self._closed:
            return
        if self._error is not None:
            self._error = None
            self._session.retry()
        for id_ in self._session.pending:
            self._worker.submit(self, id_, lambda id_=id_: self._segment(id_))

    @property
    def is_busy(self) -> bool:
        """Whether something waits or runs; False on the worker's own thread."""
        return not self._worker.is_current() and self._worker.is_busy(self)

    def wait_idle(self, seconds: float) -> None:
        """Block until there is news of that, at most so long."""
        if not self._worker.is_current():
            self._worker.wait_idle(self, seconds)

    @property
    def error(self) -> Sam2NotebookError | None:
        """What went wrong last, until something goes well; it holds words only, no frames with tensors in them."""
        return self._error

    @property
    def status(self) -> Status:
        """What to tell the user."""
        if self._error is not None:
            return Status(state="error", text=str(self._error))
        if self._encoded is None:
            return Status(state="loading", text="reading the picture")
        if self._session.pending:
            return Status(state="busy", text="segmenting")
        return Status(state="ready", text="")

    def foresee(self, point: Point) -> Outcome | str:
        """What a click on nothing else would make, or words why that is not known; on the worker only.

        The newest is kept, so that the click itself, if it comes, is answered at once. An error is none of the
        session's: nobody has asked for a mask yet.
        """
        recipe = Recipe(Prompts((point,)))
        if self._encoded is None or self._closed:
            return "the picture is not read yet"
        if self._foreseen is None or self._foreseen[0] != recipe:
            known = self._session.cached(recipe)
            try:
                self._foreseen = recipe, known or self._run(recipe, None)
            except Exception as error:  # noqa: BLE001 - the click will meet it too, and tell
                return in_words(error)
        return self._foreseen[1]

    def close(self) -> None:
        """Drop what waits, and let go of the embedding."""
        self._closed = True
        self._worker.cancel(self)
        self._encoded = None
        self._foreseen = None

    def _prepare(self) -> None:
        try:
            self._embedding()
        except Exception as error:  # noqa: BLE001 - shown as status, whatever it is
            self._fail(error)
        self._changed()

    def _segment(self, id_: int) -> None:
        task = self._session.task(id_)
        if task is None or self._closed:
            return
        try:
            outcome = task.outcome or self._cook(task.recipe)
            outcome.mask(outcome.chosen(task.choice))
        except Exception as error:  # noqa: BLE001 - shown as status, whatever it is
            self._session.fail(task.recipe)
            self._fail(error)
        else:
            self._session.put(task.recipe, outcome)
            self._error = None
        self._changed()

    def _fail(self, error: Exception) -> None:
        self._session.last_error = traceback.format_exc()
        kind = type(error) if isinstance(error, Sam2NotebookError) else ModelError
        self._error = kind(in_words(error))

    def _embedding(self) -> object:
        if self._encoded is None:
            self._encoded = self._encode()
        return self._encoded

    def _cook(self, recipe: Recipe) -> Outcome:
        """The outcome of a recipe, after those of the hints before it as far as they are not known any more."""
        missing = [recipe]
        outcome: Outcome | None = None
        while (hint := missing[-1].hint) is not None:
            outcome = self._session.cached(hint[0])
            if outcome is not None:
                break
            missing.append(hint[0])
        while missing:
            step = missing.pop()
            outcome = self._run(step, outcome)
            self._session.put(step, outcome)
        assert outcome is not None, "the recipe itself was missing"
        return outcome

    def _run(self, recipe: Recipe, before: Outcome | None) -> Outcome:
        if not recipe.prompts:
            return self._drawn(recipe)
        if self._foreseen is not None and self._foreseen[0] == recipe:
            return self._foreseen[1]
        prompts = recipe.prompts
        encoded = self._embedding()
        start = time.perf_counter()
        answer = self._model.segment(
            encoded,  # type: ignore[arg-type]
            points=prompts.points_px if prompts.points or prompts.strokes else None,
            labels=prompts.labels if prompts.points or prompts.strokes else None,
            box=None if prompts.box is None else np.array(prompts.box.as_tuple(), dtype=np.float32),
            mask=hint_of(recipe, before, self._session.document.size),
            multimask=prompts.is_ambiguous and recipe.drawing is None,
        )
        return outcome_of(answer, (time.perf_counter() - start) * 1000)

    def _drawn(self, recipe: Recipe) -> Outcome:
        drawing, size = recipe.drawing, self._session.document.size
        assert drawing is not None, "a recipe has prompts or a drawing"
        if drawing.strokes:
            before = self._session.cached(Recipe(drawing=replace(drawing, strokes=drawing.strokes[:-1])))
            if before is not None:
                return Outcome.drawn(painted(before.mask(Choice(0)).decode(), drawing.strokes[-1]))
        return Outcome.drawn(drawing.mask(size))


def hint_of(recipe: Recipe, before: Outcome | None, size: Size) -> npt.NDArray[np.generic] | None:
    """What a recipe's mask prompt is: the logits of what was chosen before, or a mask known by its pixels, or nothing.

    Scribbles are painted into a mask that is drawn by hand, or, at first, into an empty one: told of clicks along a
    first scribble alone, the embedded model finds less (mean IoU 0.52 against 0.56 on 120 objects). Painting them into
    logits gains nothing (0.59 both ways): `python -m sam2_notebook.evaluate --scribbles`.
    """
    if recipe.hint is not None and before is not None:
        if not before.is_hand_made:
            return before.hint(recipe.hint[1])
        mask = before.mask(Choice(0)).decode()
    elif any(stroke.label for stroke in recipe.fresh_strokes):
        mask = np.zeros((size.height, size.width), dtype=np.bool_)
    else:
        return None
    for stroke in recipe.fresh_strokes:
        mask = painted(mask, stroke.no_thinner_than(size.area**0.5 * THINNEST_SCRIBBLE))
    return mask


def outcome_of(answer: Segmentation, milliseconds: float) -> Outcome:
    """The answer for one object as an outcome; ModelError if its numbers are not finite."""
    score = float(answer.object_score[0])
    if not (np.isfinite(answer.logits).all() and np.isfinite(answer.scores).all() and np.isfinite(score)):
        raise ModelError("the model answered with numbers that are not finite; try other prompts or full precision")
    return Outcome(
        size=answer.size,
        logits=answer.logits,
        scores=tuple(float(s) for s in answer.scores),
        object_score=score,
        best=int(np.argmax(answer.scores)),
        milliseconds=milliseconds,
    )
