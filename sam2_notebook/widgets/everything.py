"""All there is in a picture, found a few clicks at a time between the user's own, and picked from afterwards."""

import threading
import traceback
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace

import numpy as np

from sam2_notebook.errors import EditError, ModelError, Sam2NotebookError
from sam2_notebook.media import Image
from sam2_notebook.predict import AutomaticMasker, AutomaticSettings, ImagePredictor
from sam2_notebook.predict.automatic_results import AutomaticMasks
from sam2_notebook.protocol.codecs import encode_rle
from sam2_notebook.protocol.everything_views import EverythingView, ProposalView
from sam2_notebook.protocol.messages import (
    Buffer,
    EverythingData,
    EverythingRequest,
)
from sam2_notebook.values.edits import AddObject, Edit, SetMask
from sam2_notebook.values.masks import Rle
from sam2_notebook.values.words import counted
from sam2_notebook.widgets.channel import Packet
from sam2_notebook.widgets.failures import in_words
from sam2_notebook.widgets.jobs import Job
from sam2_notebook.widgets.worker import Priority, Worker

Steps = Generator[tuple[int, int], None, AutomaticMasks]


def generous_sweep(
    predictor: ImagePredictor, picture: Image, settings: AutomaticSettings | None
) -> tuple[Steps, tuple[float, float]]:
    """What segments a picture with half the bars of predicted IoU and stability, and the bars themselves."""
    wanted = AutomaticMasker(predictor, settings).settings
    iou, stability = wanted.predicted_iou or 0.0, wanted.stability or 0.0
    generous = AutomaticMasker(predictor, replace(wanted, predicted_iou=iou / 2, stability=stability / 2))

    def steps() -> Steps:
        return (yield from generous.steps(predictor.encode(picture)))

    return steps(), (iou, stability)


class Everything:
    """The masks nobody asked for of one picture. Safe to share between threads.

    `changed` hears of every step, `report` keeps the traceback of an error.
    """

    def __init__(self, worker: Worker, changed: Callable[[], None], report: Callable[[str], None]) -> None:
        self._worker, self._changed, self._report = worker, changed, report
        self._lock = threading.Lock()
        self._steps: Steps | None = None
        self._reached = (0, 0)
        self._bars = (0.0, 0.0)
        self._run = 0
        self.masks: AutomaticMasks | None = None
        self.job: Job | None = None

    def start(self, steps: Steps, bars: tuple[float, float]) -> Job:
        """Begin; EditError if that is under way. `bars` are the IoU and stability where the page's sliders begin."""
        with self._lock:
            if self.job is not None and not self.job.has_ended:
                raise EditError("everything is being segmented already; stop that first, or wait for it")
            self._steps, self._bars, self._reached = steps, bars, (0, 0)
            job = self.job = Job("everything", (), lambda: self._next(job))
        self._next(job)
        self._changed()
        return job

    def stop(self) -> None:
        """Stop after the clicks at hand; what an earlier run found stays."""
        if self.job is not None:
            self.job.cancel()

    def close(self) -> None:
        """Drop what is under way."""
        self._worker.cancel(self)
        if self.job is not None and not self.job.has_ended:
            self.job.end("cancelled", "the widget was closed")

    @property
    def view(self) -> EverythingView:
        """How it stands."""
        job, count = self.job, 0 if self.masks is None else len(self.masks)
        state = "none" if job is None else "running" if not job.has_ended else job.view.state
        done, total = self._reached
        iou, stability = self._bars
        return EverythingView(
            state=state,  # type: ignore[arg-type]
            run=self._run,
            done=done,
            total=total,
            count=count,
            text="" if job is None else job.view.text,
            iou=iou,
            stability=stability,
        )

    def answer(self, request: EverythingRequest) -> Packet:
        """How it stands, with all masks if they are looked for."""
        view = self.view
        masks = self.masks if request.action == "look" else None
        items = () if masks is None else masks.items
        who = {"view": request.view, "seq": request.seq}
        shape = () if masks is None else (masks.size.height, masks.size.width)
        message = EverythingData(
            **who,  # type: ignore[arg-type]
            everything=view,
            proposals=tuple(
                ProposalView(score=round(m.score, 4), stability=round(m.stability, 4), area=m.area) for m in items
            ),
            buffers=tuple(Buffer(what="rle", shape=shape, scale=1.0, object=None) for _ in items),
        )
        return Packet(message, tuple(encode_rle(m.mask) for m in items))

    def edits(self, chosen: Sequence[int], first_id: int, *, merged: bool, run: int | None = None) -> list[Edit]:
        """What makes objects of some masks, by their numbers, or one of all; EditError for numbers there are not."""
        masks = self.masks
        if masks is None:
            raise EditError("nothing was segmented yet: segment everything first")
        if run is not None and run != self._run:
            raise EditError("the masks have been made anew in the meantime; pick again")
        unknown = [number for number in chosen if not 0 <= number < len(masks)]
        if unknown or not chosen:
            raise EditError(f"there are the masks 0 to {len(masks) - 1}; got {unknown[0] if unknown else 'none'}")
        rles = [masks[number].rle for number in dict.fromkeys(chosen)]
        if merged:
            whole = np.zeros((masks.size.height, masks.size.width), np.bool_)
            for rle in rles:
                whole |= rle.to_mask()
            rles = [Rle.from_mask(whole)]
        made: list[Edit] = []
        for id_, rle in enumerate(rles, start=first_id):
            made += [AddObject(object=id_), SetMask(object=id_, counts=rle.to_coco()["counts"])]
        return made

    def _next(self, job: Job) -> None:
        self._worker.submit(self, "everything", lambda: self._turn(job), Priority.TRACK)

    def _turn(self, job: Job) -> None:
        """One batch of clicks, then others have their turn."""
        steps = self._steps
        if job.has_ended or steps is None:
            return
        try:
            if job.is_cancelled:
                steps.close()
                self._finish(job, "cancelled", "stopped")
                return
            if job.state == "waiting":
                job.begin(None)
            self._reached = next(steps)
            job.step(0)
            self._next(job)
        except StopIteration as end:
            self.masks = end.value
            self._run += 1
            self._finish(job, "done", counted(len(end.value), "mask"))
            return
        except Exception as error:  # noqa: BLE001 - shown as the job's end, whatever it is
            self._report(traceback.format_exc())
            kind = type(error) if isinstance(error, Sam2NotebookError) else ModelError
            self._finish(job, "failed", in_words(error), kind(in_words(error)))
            return
        self._changed()

    def _finish(self, job: Job, state: str, text: str, error: Sam2NotebookError | None = None) -> None:
        self._steps = None
        job.end(state, text, error)  # type: ignore[arg-type]
        self._changed()
