"""The widget that labels a folder, but for who trains: that lies on a floor above it, see `facade.labeler`."""

import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PIL import Image as PillowImage

from sam2_notebook.errors import LabelError, Sam2NotebookError
from sam2_notebook.labels.agreement import Agreement
from sam2_notebook.labels.export import ExportReport
from sam2_notebook.labels.export.folder import Existing
from sam2_notebook.labels.schema import Dataset, State
from sam2_notebook.labels.store import LabelStore
from sam2_notebook.labels.survey import Survey
from sam2_notebook.predict import ImagePredictor
from sam2_notebook.protocol.label_views import ProgressView, QueueFilter
from sam2_notebook.values.classes import LabelClass
from sam2_notebook.widgets import label_work as work
from sam2_notebook.widgets.channel import Channel
from sam2_notebook.widgets.classes import as_classes
from sam2_notebook.widgets.desk import ImageDesk
from sam2_notebook.widgets.drawing import draw
from sam2_notebook.widgets.image import ImageSegmenter, shared_predictor
from sam2_notebook.widgets.label_answers import AnsweringDesk
from sam2_notebook.widgets.label_clips import open_clip
from sam2_notebook.widgets.label_desk import AskedBackError
from sam2_notebook.widgets.label_folder import FolderAdder
from sam2_notebook.widgets.label_jobs import LabelJob
from sam2_notebook.widgets.label_suggest import Source, Sources
from sam2_notebook.widgets.label_training import Trainer, Training
from sam2_notebook.widgets.page import asset
from sam2_notebook.widgets.video import VideoSegmenter
from sam2_notebook.widgets.wired import PREVIEW_SIDE, WiredWidget, as_number, as_text
from sam2_notebook.widgets.worker import shared_worker

if TYPE_CHECKING:
    from sam2_notebook.labels.report_figure import ReportFigure

NO_IMAGE = "there is no picture on the canvas; pass a folder of pictures, or choose another filter"
DEFAULT_CLASS = "object"
Folder = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
Order = Literal["added", "name", "gain"]


class FolderLabeler(ImageSegmenter):
    """See `sam2_notebook.Labeler`, which adds the training."""

    _esm = asset("labeler.js")
    _css = asset("labeler.css")

    def __init__(
        self,
        images: Folder | None,
        classes: Iterable[LabelClass | str],
        store: str | os.PathLike[str] | LabelStore,
        model: ImagePredictor | str | Path | None,
        *,
        sources: Sources,
        trainer: Trainer | None,
        height: int | None,
    ) -> None:
        given = as_classes(classes)
        self._first = shared_predictor(model)
        worker = shared_worker(str(self._first.device))
        self.store = store if isinstance(store, LabelStore) else LabelStore(store)
        self._own_store = self.store is not store
        _add_classes(self.store, given)
        self._model_title = self._first.model_name
        self._labels = AnsweringDesk(
            self.store, self._first, sources, Training(trainer), worker, self._post, self._notice
        )
        self._labels.trained = self._trained
        WiredWidget.__init__(self)
        self.set_trait("height", height)
        if images is not None:
            FolderAdder(self._labels, images).start()
        self._watch("revision", "objects", "status")
        self._labels.start()

    # --- where we are ---

    @property
    def image_name(self) -> str | None:
        """The name of the image on the canvas; None if there is none."""
        shown = self._labels.shown
        return None if shown is None else shown.image.labels.name

    @property
    def state(self) -> State | None:
        """How far the image on the canvas is."""
        shown = self._labels.shown
        return None if shown is None else shown.image.state

    @property
    def queue(self) -> tuple[str, ...]:
        """The names of the images in the queue, in its order."""
        found = (self._labels.queue.summary(id_) for id_ in self._labels.queue.order)
        return tuple(summary.name for summary in found if summary is not None)

    @property
    def progress(self) -> ProgressView:
        """How far the folder is: images, states, classes, time."""
        return self._labels.queue.progress

    @property
    def notices(self) -> tuple[str, ...]:
        """What should be read, as the page shows it."""
        return tuple(notice.text for notice in self._labels.notices.views)

    @property
    def jobs(self) -> tuple[str, ...]:
        """What runs beside the labelling, and what came of the last thing that did."""
        return tuple(f"{job.kind}: {job.state}, {job.text}" for job in self._labels.jobs.views)

    # --- moving ---

    def next(self) -> None:
        """Go to the next image of the queue."""
        self._labels.move("next", sure=True)

    def previous(self) -> None:
        """Go to the image before."""
        self._labels.move("previous", sure=True)

    def go_to(self, name: str) -> None:
        """Go to the image of this name, in the queue or not; LabelError if there is none."""
        found = self._labels.queue.named(name)
        if found is None:
            raise LabelError(f"the store has no image {name!r}; `labeler.queue` lists those of the queue")
        self._labels.move("open", found, sure=True)

    def submit(self, *, sure: bool = False) -> None:
        """The image is done: go on to the next one that is not. LabelError if it is empty and nobody is `sure`."""
        self._decide("submit", "", sure)

    def skip(self) -> None:
        """Leave the image aside, and go on."""
        self._decide("skip", "", sure=True)

    def accept(self, *, sure: bool = False) -> None:
        """Accept a submitted image as its reviewer, and go on to the next submitted one."""
        self._decide("accept", "", sure)

    def send_back(self, note: str = "") -> None:
        """Send a submitted image back to its annotator, with a word of why."""
        self._decide("return", note, sure=True)

    def filter(
        self,
        *,
        states: Iterable[State] = (),
        labels: Iterable[str] = (),
        area_px: tuple[float, float] | None = None,
        score: tuple[float, float] | None = None,
        order: Order = "added",
    ) -> int:
        """Make another queue, of images in these states with an annotation like this; how many that are.

        Ordered by "gain", those come first from whose correction most can be learnt: where the model is least sure.
        """
        wanted = QueueFilter(
            states=tuple(states),
            labels=tuple(labels),
            least_area=area_px[0] if area_px else None,
            most_area=area_px[1] if area_px else None,
            least_score=score[0] if score else None,
            most_score=score[1] if score else None,
            order=order,
        )
        self._labels.remake(wanted)
        return len(self._labels.queue)

    # --- suggestions, training ---

    def suggest(self, source: Source = "everything", *, everywhere: bool = False) -> LabelJob:
        """Propose masks for this image, or for every new one of the queue; `.wait()` blocks until that is done."""
        ask = work.suggest_everywhere if everywhere else work.suggest_here
        return self._labels.jobs.start("suggest", partial(ask, self._labels, source))

    def accept_suggestions(self) -> None:
        """Accept every suggestion of this image, as one step."""
        self._labels.judge(accepted=True)

    def reject_suggestions(self) -> None:
        """Remove every suggestion of this image, as one step."""
        self._labels.judge(accepted=False)

    def finetune(self) -> LabelJob:
        """Train on everything submitted or reviewed, in the background; `use_trained` has the result do the work."""
        return self._labels.train("start")

    @property
    def gain(self) -> float | None:
        """Mean IoU on held-out labels, after training minus before; None before the first epoch."""
        return self._labels.training.view.gain

    @property
    def trained(self) -> Path | None:
        """The file of the trained model."""
        return self._labels.training.path

    def use_trained(self, use: bool = True) -> None:
        """Have the trained model do the work from now on, or again the first one."""
        self._labels.train("use" if use else "unuse")

    # --- data ---

    def dataset(self, *, states: Iterable[State] | None = work.DONE) -> Dataset:
        """What is accepted in images of these states, read as it is iterated over; None is all states."""
        return self.store.dataset(states=states)

    def export(
        self,
        folder: str | os.PathLike[str],
        format: str = "coco",
        *,
        existing: Existing = "refuse",
        val: float = 0.0,
        done: bool = True,
    ) -> ExportReport:
        """Write what is accepted, as `sam2_notebook.export` does. `done` takes submitted and reviewed images only.

        `val` is the part to validate with; 0 leaves images in the splits that they were imported with.
        """
        part = as_number(val, "val", "the part of the images to validate with, from 0 to 1", LabelError)
        return work.export_labels(self.store, Path(folder), format, existing=existing, val=part, done=done)

    def import_labels(self, folder: str | os.PathLike[str], format: str = "coco") -> LabelJob:
        """Add labels from a folder to the images of the same name that have none."""
        return self._labels.begin_import(os.fspath(folder), format)

    def survey(self) -> Survey:
        """What may be wrong: empty and duplicate images, suspicious masks."""
        return work.look(self.store)

    def agreement(self) -> dict[tuple[str, str], Agreement]:
        """How far every two annotators agree on the images that both have marked something in."""
        return {(first, second): found for first, second, found in work.agreements(self.store)}

    def figure(self, what: work.Figure = "sheet") -> "ReportFigure":
        """A contact sheet, or a histogram of classes or sizes, for a report."""
        return work.figure_of(self.store, what)

    def rename_class(self, old: str, new: str) -> None:
        """Rename a class; its annotations follow. LabelError if the new name is taken."""
        self._labels.change_class("change", old, None, as_text(new, "the new name of a class", LabelError))

    def open_clip(self) -> VideoSegmenter:
        """The clip on the canvas in a `VideoSegmenter`, with what was saved of it; `save_clip` keeps the work."""
        self._clip = open_clip(self.store, self._labels.shown)
        return self._clip

    def save_clip(self) -> Path:
        """Save the work on the clip that `open_clip` has opened, where the store says."""
        clip: VideoSegmenter | None = getattr(self, "_clip", None)
        shown = self._labels.shown
        if clip is None or shown is None or shown.image.work is None:
            raise LabelError("no clip is open; go to one in the queue and call open_clip() first")
        return clip.save(shown.image.work)

    # --- the widget ---

    @property
    def _desk(self) -> ImageDesk:  # pyright: ignore[reportIncompatibleVariableOverride]
        if self._labels.shown is None:
            raise Sam2NotebookError(NO_IMAGE)
        return self._labels.shown

    @property
    def _predictor(self) -> ImagePredictor:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._labels.predictor

    def close(self) -> None:
        """Remove the widget from all pages, save what is under way, and give the image back to others."""
        labels: AnsweringDesk | None = getattr(self, "_labels", None)
        if labels is not None:
            labels.close()
            if self._own_store:
                self.store.close()
        WiredWidget.close(self)

    def _decide(self, how: Literal["submit", "skip", "accept", "return"], note: str, sure: bool) -> None:
        try:
            self._labels.move(how, note=note, sure=sure)
        except AskedBackError as question:
            raise LabelError(f"{question} If so: {how}(sure=True)") from None

    def _trained(self, use: bool) -> ImagePredictor:
        path = self._labels.training.path
        if not use:
            return self._first
        if path is None:
            raise LabelError("nothing is trained yet; call finetune() first")
        return shared_predictor(path)

    def _revision_now(self) -> int:
        return self.session.rev if self._labels.shown else 0

    def _objects_now(self) -> tuple:
        return super()._objects_now() if self._labels.shown else ()

    def _status_now(self) -> str:
        return super()._status_now() if self._labels.shown else "ready"

    def _channel(self) -> Channel:
        return self._labels.channel

    def _preview(self) -> PillowImage.Image:
        shown = self._labels.shown
        return (
            PillowImage.new("RGB", (4, 3))
            if shown is None
            else draw(shown.picture, shown.session.state(), PREVIEW_SIDE)
        )

    def __repr__(self) -> str:
        progress = self.progress
        name = Path(self.store.label).name
        return f"Labeler({name!r}, {progress.done} of {progress.images} images done, model={self._model_title!r})"


def _add_classes(store: LabelStore, given: tuple[LabelClass, ...]) -> None:
    """Make sure that the store has these classes, and one at least; what it knows of a class already stays."""
    known = {label.name for label in store.classes()}
    if not given and not known:
        given = as_classes([DEFAULT_CLASS])
    for label in given:
        if label.name not in known:
            store.add_class(label)
