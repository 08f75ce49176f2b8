"""Where a labelling session meets: store, queue, the image on the canvas, pages and cells. It knows no ipywidgets."""

import threading
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

from sam2_notebook.errors import ConflictError, LabelError, Sam2NotebookError
from sam2_notebook.labels.export import FORMATS as EXPORTS
from sam2_notebook.labels.importers import FORMATS as IMPORTS
from sam2_notebook.labels.kinds import is_clip
from sam2_notebook.labels.schema import State
from sam2_notebook.labels.store import LabelStore
from sam2_notebook.predict import ImagePredictor
from sam2_notebook.protocol.envelope import decode_label_request
from sam2_notebook.protocol.label_messages import AnyLabelRequest, LabelChanged
from sam2_notebook.protocol.label_views import CurrentImage, LabelView
from sam2_notebook.protocol.label_views import QueueFilter as FilterView
from sam2_notebook.values.classes import LabelClass
from sam2_notebook.values.edits import AcceptObject, RemoveObject
from sam2_notebook.widgets.channel import Channel, Packet, Send
from sam2_notebook.widgets.failures import in_words
from sam2_notebook.widgets.label_ahead import Ahead
from sam2_notebook.widgets.label_behind import Behind
from sam2_notebook.widgets.label_classes import renames
from sam2_notebook.widgets.label_history import StoredHistory
from sam2_notebook.widgets.label_image import LabelImageDesk
from sam2_notebook.widgets.label_jobs import Jobs, LabelJob
from sam2_notebook.widgets.label_notices import Notices
from sam2_notebook.widgets.label_queue import LabelQueue
from sam2_notebook.widgets.label_suggest import Sources
from sam2_notebook.widgets.label_training import Training
from sam2_notebook.widgets.worker import Worker, shared_worker

Move = Literal["next", "previous", "skip", "submit", "accept", "return", "open"]
AHEAD = 3
CLAIM_AGAIN_SECONDS = 240.0


class AskedBackError(Sam2NotebookError):
    """Nothing was done: whoever asked has to be sure first."""


class LabelDesk(ABC):
    """A folder being labelled: one image at a time is on the canvas (`shown`), the next ones are made ready.

    `label_answers.AnsweringDesk` is the one that speaks with pages. `send` puts a message on the wire; `noticed` is
    called on the publisher's thread when something has changed.
    """

    def __init__(
        self,
        store: LabelStore,
        predictor: ImagePredictor,
        sources: Sources,
        training: Training,
        worker: Worker,
        send: Send,
        noticed: Callable[[], None],
    ) -> None:
        self.store, self.sources, self.training = store, sources, training
        self.predictor = predictor
        self.last_error: str | None = None
        self.trained: Callable[[bool], ImagePredictor] = lambda use: predictor  # noqa: ARG005 - nothing is trained yet
        self._worker, self._noticed = worker, noticed
        self._lock = threading.RLock()
        self._claimed_at = 0.0
        self._told: LabelView | None = None
        self._classes = store.classes()
        self._of_boxes = ""
        self._closed = False
        self._slow = Worker("labels")
        publisher, pictures = shared_worker("publisher"), shared_worker("pictures")
        self.channel: Channel[AnyLabelRequest] = Channel(
            decode_label_request, self._answer, send, self._report, publisher, pictures
        )
        self.notices = Notices(self.changed)
        self.jobs = Jobs(self.changed)
        self.queue = LabelQueue(store.summaries, store.claims, store.author)
        self.ahead = Ahead(predictor.encode, worker)
        self.behind = Behind(self._left)
        self.shown: LabelImageDesk | None = None
        self._nothing = uuid.uuid4().hex

    # --- where we are ---

    @property
    def epoch(self) -> str:
        """Names the image on the canvas, for pages."""
        return self.shown.epoch if self.shown is not None else self._nothing

    @property
    def image_id(self) -> int | None:
        """The image on the canvas."""
        return self.shown.image.id if self.shown is not None else None

    def start(self) -> None:
        """Show the first image that is still to be done, or else the first one."""
        first = self.queue.unfinished_after(None)
        if first is None and self.queue.order:
            first = self.queue.order[0]
        if first is not None:
            self.open(first)

    def open(self, image_id: int) -> None:
        """Show an image; what cannot be read is shown as a grey picture, and its labels stay as they are."""
        with self._lock:
            self._check_open()
            self.behind.take_back(image_id)
            problem = self._claim(image_id)
            image = self.store.image(image_id)
            picture, trouble = self.ahead.picture_of(image)
            before = self.shown
            history = StoredHistory(self.store, image, lambda words: self.notices.add("warning", words))
            desk = LabelImageDesk(
                picture, self.predictor, self._worker, history, self.channel, self._noticed, self.edited
            )
            desk.problem = problem or trouble
            self.shown = desk
            if before is not None and before.image.id != image_id:
                self.behind.leave(before)
            elif before is not None:
                before.close()
            self.queue.update(image_id)
            desk.start()
            self.tell_of_boxes(desk)
        self._prepare_next()
        self.changed()

    def move(self, how: Move, image_id: int | None = None, *, note: str = "", sure: bool = False) -> None:
        """Leave the image in some way, and go on. AskedBackError if something should be thought of first."""
        with self._lock:
            self._check_open()
            here, shown = self.image_id, self.shown
            if not sure:
                self._ask(how)
            match how:
                case "submit" | "skip" | "accept" | "return":
                    target = self._decide(how, note)
                case "open":
                    target = image_id
                case "next" | "previous":
                    target = self.queue.beside(here, 1 if how == "next" else -1)
            if target is None and how in {"next", "previous"}:
                raise Sam2NotebookError(f"this is the {'last' if how == 'next' else 'first'} image of the queue")
            if target is None:
                self._all_done(how)
            elif target != here or shown is None:
                self.open(target)

    def remake(self, wanted: FilterView | None = None) -> None:
        """Make the queue anew, perhaps by another filter; the image on the canvas stays."""
        self.queue.remake(wanted)
        self._prepare_next()
        self.changed()

    def judge(self, *, accepted: bool) -> None:
        """Accept all suggestions of the image, or remove them, as one step."""
        shown = self.shown
        if shown is None:
            return
        ids = [state.id for state in shown.session.document.objects if state.proposed]
        shown.edit(*((AcceptObject if accepted else RemoveObject)(object=id_) for id_ in ids))

    def change_class(
        self, how: Literal["add", "change", "retire"], name: str, label: LabelClass | None, to: str | None = None
    ) -> None:
        """Add a class, change the one called `name` (to `label`, or only its name), or take it out of the list."""
        self._check_open()
        known = {c.name: c for c in self.store.classes()}
        if how == "retire":
            self.store.retire_class(name)
        elif how == "add" and label is not None:
            self.store.add_class(label)
        elif name in known:
            new = label or replace(known[name], name=name if to is None else to)
            self.store.change_class(name, new)
            self.queue.rename({name: new.name})
        else:
            raise LabelError(f"there is no class {name!r}; there are: {', '.join(known)}")
        if self.shown is not None:
            self.shown.reload()
        self.remake()

    def train(self, how: Literal["start", "stop", "use", "unuse"]) -> LabelJob:
        """Train on what is accepted, stop that, or choose who does the work; the job of the training."""
        self._check_open()
        match how:
            case "start":
                return self.jobs.start("train", partial(self.training.run, self.store))
            case "stop":
                self.jobs.stop("train")
            case "use" | "unuse":
                self._use(self.trained(how == "use"))
                self.training.view = replace(self.training.view, in_use=how == "use")
                self.changed()
        return self.jobs.last("train")

    def _use(self, predictor: ImagePredictor) -> None:
        with self._lock:
            self.predictor = predictor
            self.ahead.forget_embeddings(predictor.encode)
            if self.image_id is not None:
                self.open(self.image_id)

    def edited(self) -> None:
        """The image on the canvas has changed: keep its claim, and tell the queue."""
        shown = self.shown
        if shown is None or self._closed:
            return
        if time.monotonic() - self._claimed_at > CLAIM_AGAIN_SECONDS and not shown.problem:
            self._claim(shown.image.id)
        if shown.session.document.classes == self._classes:
            self.queue.update(shown.image.id)
        else:  # other images may have another name for their objects now
            before, self._classes = self._classes, shown.session.document.classes
            self.queue.rename(renames(before, self._classes))
            self.queue.remake()
        self.changed()

    # --- telling ---

    def changed(self) -> None:
        """Something has changed: pages and cells hear of it soon."""
        if not self._closed:
            self.channel.publish("labels", self._tell)
            self.channel.run("labels noticed", lambda: self.channel.in_context(self._noticed))

    def tell_of_boxes(self, desk: LabelImageDesk) -> None:
        """The masks that are shown for boxes are the model's idea: say so, and offer to keep them."""
        self.notices.withdraw(self._of_boxes)
        count = len(desk.history.boxes)
        if not count or desk.problem:
            return
        things = "1 object of this picture is a box" if count == 1 else f"{count} objects of this picture are boxes"
        self._of_boxes = f"{things} and will stay so: a mask shown for a box is saved when you click in it, or keep it."
        self.notices.add("info", self._of_boxes, {"Keep masks": desk.keep_masks_of_boxes})

    def later(self, request: AnyLabelRequest, make: Callable[[], Packet]) -> None:
        """Answer a request that takes long, on a thread that nothing else waits for."""
        key = ("later", request.view, request.seq)
        self._slow.submit(self, key, lambda: self.channel.finish(request, make))

    def view(self) -> LabelView:
        """How the labelling stands."""
        return LabelView(
            author=self.store.author,
            store=Path(self.store.label).name,
            rows=self.queue.rows_at,
            length=len(self.queue),
            filter=self.queue.filter,
            current=self._current(),
            progress=self.queue.progress,
            jobs=self.jobs.views,
            notices=self.notices.views,
            training=self.training.view,
            sources=self.sources.names,
            exports=tuple(EXPORTS),
            imports=tuple(IMPORTS),
        )

    def close(self) -> None:
        """Save what is under way, give the claims back, and let go of everything."""
        with self._lock:
            self._closed = True
            self.jobs.close()
            self.ahead.close()
            ours = list(self.behind.close())
            self._slow.stop()
            self.channel.close()
            if self.shown is not None:
                self.shown.close()
                ours.append(self.shown.image.id)
            try:
                for image_id in ours:
                    self.store.release(image_id)
            except Sam2NotebookError:
                self.last_error = "a claim could not be given back; it runs out by itself"

    # --- inside ---

    def _check_open(self) -> None:
        if self._closed:
            raise Sam2NotebookError("this widget is closed; make a new one for the store")

    def _left(self, desk: LabelImageDesk) -> None:
        """An image that was left is saved: others may have it."""
        image = desk.image
        if desk.history.unsaved:
            text = f"{image.labels.name}: a mask could not be made, its clicks are kept. Open the image to try again."
            self.notices.add("warning", text, {"Open it": lambda: self.open(image.id)})
        self.store.release(image.id)
        self.queue.update(image.id)
        self.changed()

    def _claim(self, image_id: int) -> str:
        """Keep the image for us; why we cannot, or an empty text."""
        try:
            self.store.claim(image_id)
        except ConflictError as error:
            return in_words(error)
        self._claimed_at = time.monotonic()
        return ""

    def _ask(self, how: Move) -> None:
        shown = self.shown
        if shown is None or shown.problem:
            return
        if how in {"submit", "accept"} and shown.undecided:
            things = "1 suggestion is" if shown.undecided == 1 else f"{shown.undecided} suggestions are"
            raise AskedBackError(f"{things} neither accepted nor rejected. Go on without?")
        if how in {"submit", "accept"} and shown.is_empty:
            raise AskedBackError("Nothing is marked in this picture. Is there nothing of any class?")
        if how == "next" and shown.is_empty and not shown.undecided and shown.image.state in {"new", "started"}:
            raise AskedBackError("Nothing is marked in this picture yet. Leave it for later?")

    def _decide(self, how: Move, note: str) -> int | None:
        shown = self.shown
        if shown is None:
            raise Sam2NotebookError("there is no image to decide about")
        if shown.problem and not shown.image.labels.path and how != "skip":
            raise Sam2NotebookError(shown.problem)
        here = shown.image.id
        states: dict[str, State] = {
            "submit": "submitted",
            "skip": "skipped",
            "accept": "reviewed",
            "return": "returned",
        }
        shown.save_masks()
        shown.set_state(states[how], note)
        if how in {"accept", "return"}:
            return self.queue.after(here, frozenset({"submitted"}))
        return self.queue.unfinished_after(here)

    def _all_done(self, how: Move) -> None:
        if self.shown is not None:
            self.shown.refresh()
        words = (
            "Every submitted image of this queue is reviewed."
            if how in {"accept", "return"}
            else ("Every image of this queue is done. Export the labels, train on them, or choose another filter.")
        )
        self.notices.add("info", words)
        self.changed()

    def _prepare_next(self) -> None:
        paths: list[Path] = []
        at = self.image_id
        for _ in range(AHEAD):
            at = self.queue.unfinished_after(at) if at is not None else None
            path = self.path_of(at) if at is not None and at != self.image_id else None
            if path is not None and path not in paths:
                paths.append(path)
        beside = self.queue.beside(self.image_id, 1) if self.image_id is not None else None
        path = self.path_of(beside) if beside is not None else None
        if path is not None and path not in paths:
            paths.insert(1, path)
        self.ahead.prepare(paths)

    def path_of(self, image_id: int) -> Path | None:
        """The file of an image."""
        return self.store.image_path(image_id)

    def _current(self) -> CurrentImage | None:
        shown = self.shown
        if shown is None:
            return None
        image = shown.image
        summary = self.queue.summary(image.id)
        return CurrentImage(
            image=image.id,
            name=image.labels.name,
            state=image.state,
            in_review=shown.in_review,
            place=self.queue.place(image.id),
            seconds=round(summary.seconds, 1) if summary else 0.0,
            problem=shown.problem or shown.unsaved_because or "",
            is_clip=is_clip(image.labels.name),
            work=image.work.name if image.work else "",
        )

    def _tell(self) -> Iterator[Packet]:
        view = self.view()
        if view != self._told:
            self._told = view
            yield Packet(LabelChanged(epoch=self.epoch, state=view))

    @abstractmethod
    def _answer(self, request: AnyLabelRequest) -> Packet | None:
        """The reply to a page, or None if somebody replies later."""

    def _report(self, details: str) -> None:
        self.last_error = details
