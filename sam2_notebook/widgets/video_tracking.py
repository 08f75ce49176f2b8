"""Follows objects through a video, one frame per turn of the worker, so that clicks come in between."""

from collections.abc import Callable, Generator, Hashable
from dataclasses import replace

import numpy as np

from sam2_notebook.errors import EditError, MediaError
from sam2_notebook.predict import FrameResult
from sam2_notebook.predict.video_session import REMINDED
from sam2_notebook.values.masks import BoolMask
from sam2_notebook.values.video_document import VideoObject
from sam2_notebook.values.words import counted
from sam2_notebook.widgets.jobs import Job
from sam2_notebook.widgets.video_history import VideoHistory
from sam2_notebook.widgets.video_inference import VideoInference
from sam2_notebook.widgets.video_masks import STALE_BY, UNKNOWN, MaskStore, coded, version
from sam2_notebook.widgets.video_plan import Order, Walk, plan
from sam2_notebook.widgets.worker import Priority

LIVE_FRAMES_KEPT = 2000

Pull = Callable[[Hashable, int, Callable[[MediaError | None], None]], None]


class Tracking:
    """One order at a time. `news` hears of every frame and object done; `pull` gets a stream's next frame elsewhere;
    `unit` is what a frame is called in words to the user.

    Edits may come at any time: what they change is planned anew, the rest goes on.
    """

    def __init__(
        self,
        history: VideoHistory,
        store: MaskStore,
        inference: VideoInference,
        news: Callable[[int, tuple[int, ...]], None],
        pull: Pull,
        unit: str,
    ) -> None:
        self._history, self._store, self._inference = history, store, inference
        self._news, self._pull = news, pull
        self._unit = unit
        self._order = Order(direction="both")
        self._walks: tuple[Walk, ...] = ()
        self._walk: Generator[FrameResult, None, None] | None = None
        self._planned_rev = -1
        self._reached = -1  # the frame that was done last
        self._items: dict[int, VideoObject] = {}
        self._followed: set[int] = set()  # for this order
        self.job: Job | None = None

    def start(self, order: Order) -> Job:
        """Begin; EditError if something is being followed already, or nothing was said of any object."""
        if self.job is not None and not self.job.has_ended:
            raise EditError("that is under way already; stop it first, or wait for it")
        objects = self._objects(order)
        if not objects:
            raise EditError(f"no object has a prompt yet: click on one in some {self._unit} first")
        self._order = order
        self._walks, self._walk, self._planned_rev = (), None, -1
        self._followed = set()
        self.job = Job("track", tuple(item.id for item in objects), self._interrupt)
        self._next(self.job)
        return self.job

    def close(self) -> None:
        """Stop, whatever it is at."""
        job = self.job
        if job is not None and not job.has_ended:
            job.cancel()
            self._inference.worker.cancel(self)
            job.end("cancelled", "the widget was closed; all that was done is kept")

    def _objects(self, order: Order) -> list[VideoObject]:
        document = self._history.document
        if order.objects is not None:
            items = [document.object(id_) for id_ in dict.fromkeys(order.objects)]
            silent = [item.id for item in items if not item.frames]
            if silent:
                raise EditError(f"object {silent[0]} has no prompt in any {self._unit}: click on it first")
            return items
        return [item for item in document.objects if item.frames]

    def _interrupt(self) -> None:
        self._inference.interrupt()
        job = self.job
        if job is not None:
            self._next(job)  # a job that waits for a stream's next frame ends too

    def _next(self, job: Job) -> None:
        self._inference.worker.submit(self, "track", lambda: self._turn(job), Priority.TRACK)

    def _turn(self, job: Job) -> None:
        if job.has_ended:
            return
        try:
            if job.is_cancelled:
                job.end("cancelled", f"stopped after {counted(job.view.done, self._unit)}; all that was done is kept")
            elif self._step(job):
                self._go_on(job)
                return
            else:
                self._finish(job)
        except Exception as error:  # noqa: BLE001 - shown as the job's end, whatever it is
            self._fail(job, error)
        self._walk = None
        self._news(-1, ())

    def _fail(self, job: Job, error: Exception) -> None:
        self._inference.fail(error)
        job.end("failed", str(self._inference.error), self._inference.error)

    def _go_on(self, job: Job) -> None:
        """Have the next turn, once a stream has brought the next frame."""
        source = self._inference.session().source
        is_there = source.is_complete or self._reached + 1 < len(source)
        if self._walk is None or self._walks[0].reverse or is_there:
            self._next(job)
        else:
            self._pull(self, self._reached + 1, lambda error: self._came(job, error))

    def _came(self, job: Job, error: MediaError | None) -> None:
        if job.has_ended:
            return  # and another may have begun since
        if error is None:
            self._next(job)
        else:
            self._fail(job, error)
            self._news(-1, ())

    def _step(self, job: Job) -> bool:
        """Do one frame; False when there is nothing left to do."""
        if self._history.rev != self._planned_rev:
            self._replan(job)
        if self._walk is None:
            if not self._walks:
                return False
            self._walk = self._begun(self._walks[0])
            if self._walk is None:
                return True
        result = next(self._walk, None)
        if result is None:
            self._walk, self._walks = None, self._walks[1:]
            return True
        self._keep(job, result)
        return True

    def _replan(self, job: Job) -> None:
        """Look again at what is missing or stale, as the document is now."""
        self._planned_rev = self._history.rev
        document = self._history.document
        alive = {item.id for item in document.objects if item.frames}
        order = self._order
        if order.objects is not None:
            order = replace(order, objects=tuple(i for i in order.objects if i in alive))
        objects = self._objects(order)
        self._inference.tell([item.id for item in objects])
        source = self._inference.session().source
        if (oldest := getattr(source, "oldest", 0)) > (order.first or 0):
            order = replace(order, first=oldest)  # what a stream has let go of cannot be followed any more
        needs = {item.id: self._needs(item) for item in objects}
        prompted = {item.id: [said.frame for said in item.frames] for item in objects}
        self._walk = None
        self._walks = plan(order, needs, prompted, goes_on=not source.is_complete)
        lengths = [walk.length for walk in self._walks]
        total = None if None in lengths else sum(n for n in lengths if n is not None)
        if job.state == "waiting":
            job.begin(total)
        else:
            job.replan(total)

    def _needs(self, item: VideoObject) -> np.ndarray:
        states = self._store.lane(item).states
        return (states == UNKNOWN) | (states > STALE_BY)

    def _begun(self, walk: Walk) -> Generator[FrameResult, None, None] | None:
        """The walk on its way; None if the document has changed meanwhile, and all has to be planned anew."""
        self._items = self._inference.tell(walk.objects)
        if self._history.rev != self._planned_rev:
            return None
        for id_, item in self._items.items():
            self._inference.session().remind(id_, self._just_before(walk, item), reverse=walk.reverse)
        return self._inference.session().propagate(
            start=walk.start,
            direction="backward" if walk.reverse else "forward",
            frames=walk.length,
            objects=walk.objects,
        )

    def _just_before(self, walk: Walk, item: VideoObject) -> dict[int, BoolMask]:
        """The tracked masks of an object that lead up to a walk, as far as they are those of its present prompts."""
        ahead = -1 if walk.reverse else 1
        source = self._inference.session().source
        oldest = getattr(source, "oldest", 0)
        found: dict[int, BoolMask] = {}
        for back in range(1, REMINDED + 1):
            frame = walk.start - ahead * back
            seen = self._store.mask(frame, item.id) if oldest <= frame < len(source) else None
            if seen is None or seen.stale:
                break
            if seen.kept.source != "prompt":
                found[frame] = seen.kept.mask.decode()
        return found

    def _keep(self, job: Job, result: FrameResult) -> None:
        self._reached = result.frame
        done: list[int] = []
        for found in result:
            item = self._items.get(found.object)
            if item is not None and not found.prompted:
                self._store.put(result.frame, item, coded(found, version(item), self._history.rev))
                done.append(item.born)
                self._followed.add(item.id)
        source = self._inference.session().source
        if not source.is_complete and result.frame % LIVE_FRAMES_KEPT == 0:
            oldest = result.frame - LIVE_FRAMES_KEPT
            self._inference.session().forget_before(oldest)
            self._store.forget_before(oldest)
        job.step(result.frame)
        self._news(result.frame, tuple(done))

    def _finish(self, job: Job) -> None:
        count, done = len(self._followed or job.objects), job.view.done
        things = counted(count, "object")
        did = f"{counted(done, self._unit)} done" if done else "nothing was missing"
        job.end("done", f"{things}: {did}")
