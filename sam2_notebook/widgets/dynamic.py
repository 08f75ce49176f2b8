"""The widget that shows objects in some pictures and finds them in others."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy.typing as npt

from sam2_notebook.errors import EditError, MediaError, PromptError
from sam2_notebook.predict import DynamicSession, VideoPredictor
from sam2_notebook.values.classes import LabelClass
from sam2_notebook.values.masks import BoolMask, check_mask
from sam2_notebook.widgets.jobs import Job
from sam2_notebook.widgets.page import asset
from sam2_notebook.widgets.picture_session import PictureSession
from sam2_notebook.widgets.picture_set import PictureSet, PictureSources
from sam2_notebook.widgets.video import VideoSegmenter
from sam2_notebook.widgets.video_desk import VideoParts
from sam2_notebook.widgets.video_file import load_session
from sam2_notebook.widgets.video_objects import VideoMasks
from sam2_notebook.widgets.video_predictors import shared_video_predictor, title_of
from sam2_notebook.widgets.wired import as_whole
from sam2_notebook.widgets.worker import shared_worker


@dataclass(frozen=True, kw_only=True, eq=False)
class FoundIn:
    """An object in a picture: how likely it is there, 0 to 1, whether somebody showed it there, and its mask.

    `stale` masks were found before the object was shown as it is now; finding it again makes them anew.
    """

    presence: float
    shown: bool
    stale: bool
    mask: BoolMask


class DynamicSegmenter(VideoSegmenter):
    """Show objects in some pictures of a set, find them in the others, correct them wherever they are wrong.

    `pictures` are a folder or a list of paths, arrays or images, of any sizes and in no order; they count from 0.
    `model` is a published name, a path to weights, a `VideoPredictor`, or None for the embedded model; of an object
    the last `most_memories` pictures it was shown in are remembered (None: all); `lookalikes` is how it is known again,
    as in `DynamicSession`. It works and keeps work as `VideoSegmenter` does, whose frames are the pictures here: every
    picture in which an object was shown counts for all others, and nothing else does.

    >>> import numpy as np
    >>> pictures = np.full((2, 96, 96, 3), 60, np.uint8)
    >>> pictures[0, 20:60, 20:60] = pictures[1, 40:80, 30:70] = 250, 40, 40
    >>> widget = DynamicSegmenter(list(pictures), autosave=False)
    >>> widget.add_box(0, (20, 20, 60, 60))
    1
    >>> widget.find().wait(timeout=60), bool(widget.found(1)[1].mask[60, 50])
    (True, True)
    >>> widget.close()
    """

    _esm = asset("dynamic.js")
    _css = asset("dynamic.css")

    def __init__(
        self,
        pictures: PictureSources,
        model: VideoPredictor | str | Path | None = None,
        *,
        most_memories: int | None = None,
        lookalikes: bool | None = None,
        height: int | None = None,
        autosave: bool | str | os.PathLike[str] = True,
    ) -> None:
        self._open(PictureSet(pictures), model, most_memories, lookalikes, height, autosave)

    def _open(
        self,
        pictures: PictureSet,
        model: VideoPredictor | str | Path | None,
        most_memories: int | None,
        lookalikes: bool | None,
        height: int | None,
        autosave: bool | str | os.PathLike[str],
    ) -> None:
        predictor = shared_video_predictor(model)
        self._pictures = pictures
        session = DynamicSession(
            predictor.model, device=predictor.device, most_memories=most_memories, lookalikes=lookalikes
        )
        sources = pictures.sources()
        parts = VideoParts(
            source=sources.page,
            reference=sources.reference,
            open_session=lambda: PictureSession(session, pictures),
            reopen=sources.another,
            worker=shared_worker(str(predictor.device)),
        )
        self._begin(parts, title_of(model), height, autosave)

    @classmethod
    def load(  # type: ignore[override] - pictures take the video's place
        cls,
        path: str | os.PathLike[str],
        video: PictureSources | None = None,
        model: VideoPredictor | str | Path | None = None,
        *,
        height: int | None = None,
        autosave: bool | str | os.PathLike[str] = True,
    ) -> "DynamicSegmenter":
        """Open what `save` wrote on the same pictures, which are given again; MediaError if they are others."""
        saved = load_session(path)
        if video is None:
            raise MediaError(f"the session is on {saved.video.name}; pass the pictures again: load(path, pictures)")
        pictures = PictureSet(video)
        if pictures.key != saved.video.key:
            raise MediaError(f"the session is on {saved.video.name}, other ones than these {len(pictures)}")
        widget = cls.__new__(cls)
        widget._open(pictures, model, None, None, height, autosave)
        widget._desk.take_up(saved)
        return widget

    def find(self, objects: Sequence[int] | None = None) -> Job:
        """Look for objects (all) in every picture where they were not shown, as far as that is missing or stale.

        Returns at once; `wait()` on what it returns blocks, `cancel()` stops it and keeps what is found. EditError when
        that is under way, or nothing was shown yet.
        """
        return self.propagate("both", objects)

    def found(self, picture: int, confidence: float = 0.5) -> Mapping[int, FoundIn]:
        """The objects in a picture, by id: those shown there, and those found with at least this presence, 0 to 1."""
        index = as_whole(picture, "picture")
        if not self._pictures.has(index):
            raise PromptError(f"there is no picture {index}; there are 0 to {len(self._pictures) - 1}")
        seen = self._desk.store.at(index)
        return {
            one.object: FoundIn(
                presence=1.0 if one.kept.source == "prompt" else one.kept.score,
                shown=one.kept.source == "prompt",
                stale=one.stale,
                mask=self._pictures.cropped(one.kept.mask.decode(), index),
            )
            for one in seen
            if one.kept.source == "prompt" or (one.kept.present and one.kept.score >= confidence)
        }

    @property
    def classes(self) -> tuple[LabelClass, ...]:
        """None: a set of pictures has no classes to choose from. Setting some is an EditError."""
        return self._desk.history.document.classes

    @classes.setter
    def classes(self, classes: Iterable[LabelClass | str]) -> None:
        raise EditError(
            "a set of pictures has no classes to choose from; name the objects (rename), or say of each what it is "
            f"(classify); got {classes!r:.60}"
        )

    @property
    def masks(self) -> Mapping[int, Mapping[int, BoolMask]]:
        """`masks[picture][object]`, bool (height, width) of the picture; only pictures where there is one."""
        return VideoMasks(self._desk.history.document, self._desk.store, self._pictures.cropped)

    def add_mask(self, frame: int, mask: npt.ArrayLike, object: int | None = None) -> int:
        """Say where the object is in a picture by a bool mask of the picture's size; returns the object's id."""
        index = as_whole(frame, "picture")
        try:
            own = check_mask(mask)
        except ValueError as error:
            raise PromptError(str(error)) from None
        if self._pictures.has(index) and own.shape != (wanted := self._pictures.frame(index).shape[:2]):
            raise PromptError(f"the mask is {own.shape[1]} x {own.shape[0]}, picture {index} {wanted[1]} x {wanted[0]}")
        return super().add_mask(index, self._pictures.padded(own), object)

    def __repr__(self) -> str:
        count = len(self._desk.history.document.objects)
        things = "1 object" if count == 1 else f"{count} objects"
        return f"DynamicSegmenter({self._pictures.name}, model={self._model_title!r}, {things})"
