"""The widget that segments a video."""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import SupportsFloat

import numpy as np
import numpy.typing as npt
import traitlets
from PIL import Image as PillowImage

from sam2_notebook.errors import EditError, MediaError, PromptError
from sam2_notebook.media.video import VideoSource
from sam2_notebook.predict import MemoryUse, Segmentation, VideoPredictor
from sam2_notebook.predict.video_export import ExportFormat
from sam2_notebook.protocol.video_messages import Direction, VideoRequest
from sam2_notebook.values.classes import LabelClass
from sam2_notebook.values.edits import (
    AddObject,
    AddPoint,
    ChooseCandidate,
    ClassifyObject,
    ClearPrompts,
    LockObject,
    RemoveObject,
    RenameObject,
    SelectObject,
    SetBox,
    SetClasses,
    SetMask,
)
from sam2_notebook.values.frames import FrameSource
from sam2_notebook.values.masks import BoolMask, Rle, check_mask
from sam2_notebook.values.plain import whole_number
from sam2_notebook.values.video_document import VideoEdit
from sam2_notebook.widgets.channel import Channel
from sam2_notebook.widgets.classes import as_classes
from sam2_notebook.widgets.drawing import STILL_SIDE, Still, draw_objects
from sam2_notebook.widgets.jobs import Job
from sam2_notebook.widgets.live import Live
from sam2_notebook.widgets.page import asset
from sam2_notebook.widgets.video_autosave import folder_of
from sam2_notebook.widgets.video_desk import VideoDesk, VideoParts
from sam2_notebook.widgets.video_exporting import format_of
from sam2_notebook.widgets.video_file import load_session, save_session
from sam2_notebook.widgets.video_objects import TrackedObject, VideoMasks, scores_of, tracked_objects
from sam2_notebook.widgets.video_plan import Order
from sam2_notebook.widgets.video_predictors import title_of, video_parts
from sam2_notebook.widgets.video_source import found_again, open_sources
from sam2_notebook.widgets.wired import PREVIEW_SIDE, WiredWidget, as_number, as_text, as_whole, as_wholes


class VideoSegmenter(WiredWidget):
    """Click on an object in any frame of a video, follow it through all others, correct it where it went wrong.

    `video` is what `open_video` reads: a file, a folder or list of pictures, an array, or an iterator such as a camera,
    which is followed frame by frame. `model` is a published name, a path to weights, a predictor, or None for the
    embedded model; `classes` are names or `LabelClass`es to choose from. What is done is written along to a file of its
    own (`autosave`: a folder, or False for nowhere), so that a kernel that dies loses nothing; `save` makes a file to
    keep. MediaError and ModelError say what is wrong.

    Cells and pages work on the same document, and frames count from 0. `observe(react, names="revision")` (or
    `"objects"`, `"status"`, `"frame"`) calls back after changes, on a thread of the widget.

    >>> from sam2_notebook.model import Sam2, Sam2Config
    >>> small = dict(image_size=64, embed_dim=8, stages=(1, 1, 2, 1), global_blocks=(3,), dim=32, memory_layers=1)
    >>> predictor = VideoPredictor(Sam2(Sam2Config(**small, memory_dim=16)), device="cpu")
    >>> widget = VideoSegmenter(np.zeros((4, 60, 80, 3), np.uint8), predictor, autosave=False)
    >>> widget.add_point(0, 40, 30)
    1
    >>> widget.propagate().wait(timeout=60), len(widget.masks), widget.masks[3][1].shape
    (True, 4, (60, 80))
    >>> widget.close()
    """

    _esm = asset("video.js")
    _css = asset("video.css")

    height = traitlets.Int(None, allow_none=True, min=80, read_only=True).tag(sync=True)
    revision = Live("_revision_now", help="Counts up with every change of the document.")
    objects = Live("_objects_now", help="All objects, in drawing order: a tuple of TrackedObject.")
    status = Live("_status_now", help="loading, busy, ready or error.")
    frame = Live("_frame_now", help="The frame at which the view that was used last rests.")

    def __init__(
        self,
        video: VideoSource | FrameSource,
        model: VideoPredictor | str | Path | None = None,
        *,
        classes: Iterable[LabelClass | str] = (),
        height: int | None = None,
        fps: float | None = None,
        autosave: bool | str | os.PathLike[str] = True,
    ) -> None:
        given = as_classes(classes)
        parts = replace(video_parts(open_sources(video, fps), model), classes=given)
        self._begin(parts, title_of(model), height, autosave)

    def _begin(
        self, parts: VideoParts, title: str, height: int | None, autosave: bool | str | os.PathLike[str]
    ) -> None:
        with ExitStack() as undo:
            undo.callback(parts.source.close)
            folder = folder_of(autosave)
            undo.pop_all()
        self._model_title = title
        self._desk = VideoDesk(parts, folder, self._post, self._notice)
        super().__init__()
        self.set_trait("height", height)
        self._watch("revision", "objects", "status", "frame")
        self._desk.start()

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        video: VideoSource | FrameSource | None = None,
        model: VideoPredictor | str | Path | None = None,
        *,
        height: int | None = None,
        autosave: bool | str | os.PathLike[str] = True,
    ) -> "VideoSegmenter":
        """Open what `save` wrote, or what a kernel that died has left in the autosave folder.

        The video is looked for where it was and beside the file; `video` says where else. Without it the masks can be
        read and exported, and the widget says what is missing. MediaError for a file that cannot be read.
        """
        saved = load_session(path)
        was = saved.video
        sources = found_again(was, Path(path)) if video is None else open_sources(video, was.fps)
        now = sources.reference
        if (now.width, now.height) != (was.width, was.height):
            sources.page.close()
            raise MediaError(
                f"the session is on a video of {was.width} x {was.height} pixels; {now.name} is "
                f"{now.width} x {now.height}"
            )
        widget = cls.__new__(cls)
        widget._begin(video_parts(sources, model), title_of(model), height, autosave)
        widget._desk.take_up(saved)
        if now.key != was.key:
            widget._desk.tell("warning", f"{now.name} is not the very video the session was made on; look at the masks")
        return widget

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write prompts, objects and masks to one file, for `VideoSegmenter.load`; whole or not at all. MediaError."""
        desk, writes = self._desk, self._desk.autosave.writes
        saved = save_session(path, desk.reference, desk.history.document, desk.store.everything())
        desk.autosave.saved_as(saved, writes)
        return saved

    @property
    def autosave(self) -> Path | None:
        """The file that is written along, once there is something to write."""
        return self._desk.autosave.path

    @property
    def classes(self) -> tuple[LabelClass, ...]:
        """The classes to choose from; set names or `LabelClass`es. EditError if an object is of one left out."""
        return self._desk.history.document.classes

    @classes.setter
    def classes(self, classes: Iterable[LabelClass | str]) -> None:
        self._desk.edit(0, SetClasses(classes=as_classes(classes)))

    @property
    def masks(self) -> Mapping[int, Mapping[int, BoolMask]]:
        """`masks[frame][object]`, bool (height, width); only frames where there is one. Decoded when looked at."""
        return VideoMasks(self._desk.history.document, self._desk.store)

    @property
    def error(self) -> str | None:
        """What went wrong last, in words; None once something has gone well again."""
        error = self._desk.inference.error
        return None if error is None else str(error)

    @property
    def last_error(self) -> str | None:
        """The traceback of the last error."""
        return self._desk.last_error

    @property
    def notices(self) -> tuple[str, ...]:
        """What the widget has to tell: a damaged file, earlier work that can be taken up."""
        return tuple(notice.text for notice in self._desk.notices)

    def scores(self, object: int) -> npt.NDArray[np.float32]:
        """The IoU that the model expects of an object's mask in every frame, 0 to 1; NaN where there is none."""
        return scores_of(self._desk.history.document.object(as_whole(object, "object")), self._desk.store)

    def memory(self, frame: int) -> Mapping[int, MemoryUse]:
        """Which frames the model recalled to find the objects in a frame, by object; first prompts recall none."""
        seen = self._desk.store.at(as_whole(frame, "frame"))
        return {mask.object: mask.kept.memory for mask in seen if mask.kept.memory is not None}

    def snapshot(self, frame: int | None = None, max_side: int = STILL_SIDE) -> Still:
        """A frame (the one shown) with masks, clicks and boxes as a Pillow image, at most `max_side` wide and high."""
        most = whole_number(max_side, "max_side", 1)
        return Still.of(self._drawn(self._desk.frame if frame is None else as_whole(frame, "frame"), most))

    def wait(self, timeout: float | None = None) -> bool:
        """Block until every click is answered; False if that takes more than `timeout` seconds. Raises what it met."""
        return self._desk.wait(timeout)

    def propagate(
        self,
        direction: Direction = "both",
        objects: Sequence[int] | None = None,
        *,
        start: int | None = None,
        first: int | None = None,
        last: int | None = None,
    ) -> Job:
        """Follow objects (all) through frames `first` to `last` (all), beginning at `start` (the first prompted one).

        Returns at once; `wait()` on what it returns blocks, `cancel()` stops it and keeps what is done. Only what is
        missing or stale is computed. EditError when objects are being followed already, or nothing was said of any.
        """
        if direction not in ("forward", "backward", "both"):
            raise EditError(f'a direction is "forward", "backward" or "both"; got {direction!r:.40}')
        numbers = (start, first, last)
        begin, low, high = (None if n is None else as_whole(n, "a frame") for n in numbers)
        chosen = None if objects is None else as_wholes(objects, "objects", "an object")
        return self._desk.track(Order(direction=direction, objects=chosen, start=begin, first=low, last=high))

    def export(
        self, path: str | os.PathLike[str], format: ExportFormat | None = None, objects: Sequence[int] | None = None
    ) -> Job:
        """Write masks to a file or folder; `wait()` on what it returns blocks, and raises what went wrong.

        `format` is `png`, `davis` (folders), `coco`, `ytvis` (JSON), `npz`, `overlay` (mp4) or `cutout` (webm with
        alpha); None takes it from the ending: .json is `ytvis`, .npz, .mp4 and .webm are themselves, none is `davis`.
        """
        kind = format or format_of(path)
        chosen = None if objects is None else as_wholes(objects, "objects", "an object")
        return self._desk.exporting.start(kind, path, chosen)

    def go_to(self, frame: int) -> None:
        """Show a frame in all views."""
        self._desk.go_to(as_whole(frame, "frame"))

    def recover(self) -> None:
        """Take up the earlier work on this video that a notice speaks of; EditError if there is none."""
        self._desk.wait()
        self._desk.recover(accept=True)

    def add_object(self, name: str | None = None, label: str = "") -> int:
        """Add an object, select it, and return its id."""
        new = self._desk.history.document.next_id
        edits: list[VideoEdit] = [AddObject(object=new)]
        if name is not None:
            edits.append(RenameObject(object=new, name=as_text(name, "a name")))
        if label:
            edits.append(ClassifyObject(object=new, label=as_text(label, "a class")))
        self._desk.edit(0, *edits)
        return new

    def add_point(
        self, frame: int, x: SupportsFloat, y: SupportsFloat, label: int = 1, object: int | None = None
    ) -> int:
        """Click at (x, y) in image pixels, label 1 on the object or 0 beside it; returns the object's id.

        `object` None is the selected one, or a new one if there is none. PromptError if the click makes no sense.
        """
        id_, edits = self._target(object)
        point = AddPoint(
            object=id_, x=as_number(x, "x"), y=as_number(y, "y"), label=as_whole(label, "label", PromptError)
        )
        self._desk.edit(as_whole(frame, "frame"), *edits, point)
        return id_

    def add_box(self, frame: int, box: Sequence[SupportsFloat], object: int | None = None) -> int:
        """Set the object's box in a frame, (x0, y0, x1, y1) in image pixels; returns the object's id."""
        id_, edits = self._target(object)
        edges = [as_number(edge, "an edge of a box") for edge in box] if np.iterable(box) else []
        if len(edges) != 4:
            raise PromptError(f"a box is x0, y0, x1, y1; got {box!r:.60}")
        x0, y0, x1, y1 = edges
        self._desk.edit(as_whole(frame, "frame"), *edits, SetBox(object=id_, box=(x0, y0, x1, y1)))
        return id_

    def add_mask(self, frame: int, mask: npt.ArrayLike, object: int | None = None) -> int:
        """Say where the object is in a frame by a bool mask (height, width); returns the object's id."""
        try:
            rle = Rle.from_mask(check_mask(mask))
        except ValueError as error:
            raise PromptError(str(error)) from None
        size = self._desk.source.size
        if rle.size != size:
            was = f"{rle.size.width} x {rle.size.height}"
            raise PromptError(f"the mask is {was} pixels, the video {size.width} x {size.height}")
        id_, edits = self._target(object)
        self._desk.edit(as_whole(frame, "frame"), *edits, SetMask(object=id_, counts=rle.to_coco()["counts"]))
        return id_

    def choose(self, object: int, frame: int, candidate: int | None) -> None:
        """Say which of the masks that a lone click in a frame can mean is meant; None leaves it to the model."""
        chosen = None if candidate is None else as_whole(candidate, "candidate")
        edit = ChooseCandidate(object=as_whole(object, "object"), candidate=chosen)
        self._desk.edit(as_whole(frame, "frame"), edit)

    def candidates(self, object: int, frame: int) -> Segmentation | None:
        """The masks, with scores, that a lone click in a frame can mean; None for other prompts."""
        return self._desk.store.candidates(as_whole(frame, "frame"), as_whole(object, "object"))

    def clear(self, object: int, frame: int) -> None:
        """Take back all that was said of an object in a frame."""
        self._desk.edit(as_whole(frame, "frame"), ClearPrompts(object=as_whole(object, "object")))

    def rename(self, object: int, name: str) -> None:
        """Give an object another name."""
        self._desk.edit(0, RenameObject(object=as_whole(object, "object"), name=as_text(name, "a name")))

    def classify(self, object: int, label: str) -> None:
        """Say of what class an object is."""
        self._desk.edit(0, ClassifyObject(object=as_whole(object, "object"), label=as_text(label, "a class")))

    def lock(self, object: int, locked: bool = True) -> None:
        """Protect an object from changes of its prompts and from removal, or stop to."""
        self._desk.edit(0, LockObject(object=as_whole(object, "object"), locked=bool(locked)))

    def remove_object(self, object: int) -> None:
        """Remove an object with all it has."""
        self._desk.edit(0, RemoveObject(object=as_whole(object, "object")))

    def select(self, object: int) -> None:
        """Make an object the one that prompts go to."""
        self._desk.edit(0, SelectObject(object=as_whole(object, "object")))

    def undo(self) -> None:
        """Take back the last step, whoever made it; EditError if there is none."""
        self._desk.undo()

    def redo(self) -> None:
        """Do again what was taken back; EditError if there is nothing."""
        self._desk.redo()

    def close(self) -> None:
        """Remove the widget from all pages and stop its work; the masks stay readable, the autosave stays."""
        desk: VideoDesk | None = getattr(self, "_desk", None)
        if desk is not None:
            desk.close()
        super().close()

    def _target(self, id_: int | None) -> tuple[int, tuple[VideoEdit, ...]]:
        document = self._desk.history.document
        if id_ is not None:
            return as_whole(id_, "object"), ()
        if document.selected is not None:
            return document.selected, ()
        return document.next_id, (AddObject(object=document.next_id),)

    def _drawn(self, frame: int, max_side: int) -> PillowImage.Image:
        desk = self._desk
        pixels = desk.source.frame(frame)
        masks = self.masks.get(frame, {})
        document = desk.history.document
        return draw_objects(pixels, document.at(frame).objects, masks, max_side, document.classes)

    def _channel(self) -> Channel[VideoRequest]:
        return self._desk.channel

    def _preview(self) -> PillowImage.Image | None:
        try:
            return self._drawn(self._desk.frame, PREVIEW_SIDE)
        except MediaError:
            return None

    def _revision_now(self) -> int:
        return self._desk.history.rev

    def _objects_now(self) -> tuple[TrackedObject, ...]:
        return tracked_objects(self._desk.history.document, self._desk.store)

    def _status_now(self) -> str:
        return self._desk.inference.status.state

    def _frame_now(self) -> int:
        return self._desk.frame

    def __repr__(self) -> str:
        source, count = self._desk.source, len(self._desk.history.document.objects)
        things = "1 object" if count == 1 else f"{count} objects"
        frames = f"{len(source)} frames" if source.is_complete else "a stream"
        size = f"{source.size.width} x {source.size.height}"
        return f"VideoSegmenter({source.name!r}, {size}, {frames}, model={self._model_title!r}, {things})"
