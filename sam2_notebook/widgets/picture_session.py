"""A `DynamicSession` as the video widget's machinery wants it: pictures for frames, recall for following."""

import itertools
import threading
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from sam2_notebook.errors import PromptError
from sam2_notebook.predict import DynamicSession, FrameResult, MemoryUse
from sam2_notebook.predict.dynamic_results import FoundObject
from sam2_notebook.predict.prompt_edits import joined, one_prompt
from sam2_notebook.predict.prompts import ObjectPrompt
from sam2_notebook.predict.video_results import ObjectResult
from sam2_notebook.values.geometry import Box
from sam2_notebook.values.masks import BoolMask, Rle
from sam2_notebook.widgets.picture_set import PictureSet


@dataclass(frozen=True)
class _Shown:
    """What was said of an object in a picture, and what the model made of it."""

    prompt: ObjectPrompt
    found: FoundObject


class PictureSession:
    """Objects shown in some pictures of a set and found in the others. `widgets.video_inference.Follower` says how.

    Scores are probabilities that the object is in the picture.
    """

    def __init__(self, session: DynamicSession, source: PictureSet) -> None:
        self.source = source
        self._session = session
        self._lock = threading.RLock()
        self._shown: dict[tuple[int, int], _Shown] = {}
        self._epochs = itertools.count()
        self._epoch = next(self._epochs)

    @property
    def objects(self) -> tuple[int, ...]:
        """The objects shown in some picture."""
        return tuple(dict.fromkeys(obj for _, obj in self._shown))

    def prepare(self, frame: int) -> None:
        """Encode a picture."""
        self._session.pictures.features(self.source.image(frame))

    def add(
        self,
        frame: int,
        obj: int,
        *,
        points: npt.NDArray[np.float32] | None = None,
        labels: npt.NDArray[np.int64] | None = None,
        box: Box | None = None,
        mask: BoolMask | None = None,
        candidate: int | None = None,
    ) -> FrameResult:
        """Show an object, or say more of it: clicks add up and correct the answer before them; memory helps."""
        if candidate is not None:
            raise PromptError("over a set of pictures a click means what the model thinks most of; add another click")
        image, size = self.source.image(frame), self.source.size_of(frame)
        own = None if mask is None else self.source.cropped(mask, frame)
        new = one_prompt(points, labels, box, own, size)
        with self._lock:
            old = self._shown.get((frame, obj))
            said = joined(old.prompt if old else None, new)
            clicks, tags = (said.points, said.labels) if len(said.points) else (None, None)
            if said.mask is not None:
                found = self._session.remember(image, obj, mask=said.mask)
            elif old is not None:
                found = self._session.correct(image, old.found, points=clicks, labels=tags, box=said.box)
            else:
                knows = any(other == obj for _, other in self._shown)
                found = self._session.remember(image, obj, points=clicks, labels=tags, box=said.box, with_memory=knows)
            self._shown[frame, obj] = _Shown(said, found)
            return self.result(frame)

    def candidates(self, frame: int, obj: int) -> None:
        """There is nothing to choose from."""

    def clear(self, frame: int, obj: int) -> FrameResult:
        """Forget what a picture said of an object."""
        with self._lock:
            if self._shown.pop((frame, obj), None) is not None and self._remembers(obj):
                image = self.source.image(frame)
                if not any(other == obj and self.source.image(f).digest == image.digest for f, other in self._shown):
                    self._session.forget(obj, image)
            return self.result(frame)

    def remove_object(self, obj: int) -> None:
        """Forget an object."""
        with self._lock:
            if self._remembers(obj):
                self._session.forget(obj)
            self._shown = {key: shown for key, shown in self._shown.items() if key[1] != obj}

    def result(self, frame: int) -> FrameResult:
        """What was shown in a picture."""
        # of copies, since what is found keeps its mask once decoded, and what was shown is kept for long
        objects = {obj: replace(shown.found) for (at, obj), shown in self._shown.items() if at == frame}
        return self._result(frame, objects, prompted=True)

    def propagate(
        self,
        *,
        start: int | None = None,
        direction: Literal["forward", "backward"] = "forward",
        frames: int | None = None,
        objects: Iterable[int] | None = None,
    ) -> Generator[FrameResult, None, None]:
        """Look for objects in picture after picture, where they were not shown."""
        self._epoch = epoch = next(self._epochs)
        step, first = (1, 0) if direction == "forward" else (-1, len(self.source) - 1)
        first = first if start is None else start
        wanted = self.objects if objects is None else tuple(objects)
        for count, frame in enumerate(range(first, len(self.source) if step == 1 else -1, step)):
            if (frames is not None and count >= frames) or epoch != self._epoch:
                return
            sought = [obj for obj in wanted if (frame, obj) not in self._shown and self._remembers(obj)]
            found = self._session.find(self.source.image(frame), sought) if sought else ()
            yield self._result(frame, {int(one.object): one for one in found}, prompted=False)

    def remind(self, obj: int, masks: Mapping[int, BoolMask], *, reverse: bool = False) -> None:
        """Pictures are not followed one after the other: only what was shown is recalled."""

    def forget_before(self, frame: int) -> None:
        """Nothing is kept but what was shown."""

    def cancel(self) -> None:
        """Look no further than the picture at hand."""
        self._epoch = next(self._epochs)

    def close(self) -> None:
        """Let go of memories and features."""
        self.cancel()
        self._session.clear()

    def _remembers(self, obj: int) -> bool:
        return obj in self._session.objects

    def _result(self, frame: int, objects: dict[int, FoundObject], *, prompted: bool) -> FrameResult:
        results = [self._object(frame, obj, found, prompted=prompted) for obj, found in sorted(objects.items())]
        return FrameResult(frame=frame, time_s=float(frame), size=self.source.size, objects=tuple(results))

    def _object(self, frame: int, obj: int, found: FoundObject, *, prompted: bool) -> ObjectResult:
        shown = tuple(sorted(at for at, other in self._shown if other == obj and at != frame))
        use = MemoryUse(frame=frame, reverse=False, prompted=shown, recent_ages=(), pointer_ages=())
        return ObjectResult(
            object=obj,
            counts=Rle.from_mask(self.source.padded(found.mask)).to_coco()["counts"],
            size=self.source.size,
            score=found.presence,
            object_score=found.object_score,
            prompted=prompted,
            memory=use if shown else None,
        )
