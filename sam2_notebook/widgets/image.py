"""The widget that segments one picture."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, SupportsFloat
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt
import traitlets
from PIL import Image as PillowImage

from sam2_notebook.errors import EditError, PromptError
from sam2_notebook.media import Image, read_image
from sam2_notebook.media.images import ImageSource
from sam2_notebook.predict import AutomaticSettings, ImagePredictor
from sam2_notebook.predict.automatic_results import AutomaticMasks
from sam2_notebook.protocol.messages import Request
from sam2_notebook.values.classes import AttributeValue, LabelClass
from sam2_notebook.values.edits import (
    AddObject,
    AddPoint,
    AddStroke,
    ChooseCandidate,
    ChooseClass,
    ClassifyObject,
    ClearPrompts,
    CutOverlap,
    Edit,
    KeepMask,
    LockObject,
    MergeObjects,
    MoveObject,
    PaintMask,
    RemoveObject,
    RenameObject,
    SelectObject,
    SetAttribute,
    SetBox,
    SetClasses,
    SetMask,
    SetThreshold,
    SplitObject,
)
from sam2_notebook.values.masks import BoolMask, Rle
from sam2_notebook.values.plain import whole_number
from sam2_notebook.values.strokes import Stroke
from sam2_notebook.widgets.channel import Channel
from sam2_notebook.widgets.classes import as_classes
from sam2_notebook.widgets.desk import ImageDesk
from sam2_notebook.widgets.drawing import STILL_SIDE, Still, draw, still
from sam2_notebook.widgets.everything import generous_sweep
from sam2_notebook.widgets.jobs import Job
from sam2_notebook.widgets.live import Live
from sam2_notebook.widgets.page import asset
from sam2_notebook.widgets.session import SegmentationSession
from sam2_notebook.widgets.views import Masks, SegmentedObject, segmented_objects
from sam2_notebook.widgets.wired import PREVIEW_SIDE, WiredWidget, as_number, as_text, as_whole, as_wholes
from sam2_notebook.widgets.worker import shared_worker

Points = npt.NDArray[np.floating] | Sequence[Sequence[float]]
_predictors: WeakValueDictionary[str, ImagePredictor] = WeakValueDictionary()


class ImageSegmenter(WiredWidget):
    """Click on a picture, get masks.

    `image` is a path, bytes, a Pillow image or an array; `model` a published name, a path to weights, a predictor, or
    None for the embedded model; `classes` are names or `LabelClass`es to choose from; `height` the most CSS pixels to
    take. MediaError, ModelError and LabelError say what is wrong with them. Returns at once: the picture is encoded in
    the background.

    Cells and pages work on the same document. `observe(react, names="revision")` (or `"objects"`, `"status"`) calls
    back after changes, on a thread of the widget. While a click is being answered, `masks` and `objects` still have
    the mask before it: `wait()` first to be sure.

    >>> widget = ImageSegmenter(np.zeros((60, 80, 3), np.uint8))
    >>> widget.add_point(40, 30)
    1
    >>> widget.wait(timeout=60), widget.masks[1].shape
    (True, (60, 80))
    >>> widget.close()
    """

    _esm = asset("image.js")
    _css = asset("image.css")

    height = traitlets.Int(None, allow_none=True, min=80, read_only=True).tag(sync=True)
    revision = Live("_revision_now", help="Counts up with every change of the document.")
    objects = Live("_objects_now", help="All objects, in drawing order: a tuple of SegmentedObject.")
    status = Live("_status_now", help="loading, busy, ready or error.")

    def __init__(
        self,
        image: ImageSource | Image,
        model: ImagePredictor | str | Path | None = None,
        *,
        classes: Iterable[LabelClass | str] = (),
        height: int | None = None,
    ) -> None:
        given = as_classes(classes)
        picture = read_image(image)
        predictor = shared_predictor(model)
        worker = shared_worker(str(predictor.device))
        self._model_title = predictor.model_name
        encode = lambda: predictor.encode(picture)  # noqa: E731
        self._desk = ImageDesk(picture, predictor, encode, worker, self._post, self._notice, given)
        self._predictor = predictor
        self._desk.sweep = self.segment_everything
        super().__init__()
        self.set_trait("height", height)
        self._watch("revision", "objects", "status")
        self._desk.start()

    @property
    def session(self) -> SegmentationSession:
        """The document with its history; `session.last_error` has the traceback of the last error."""
        return self._desk.session

    @property
    def masks(self) -> Mapping[int, BoolMask]:
        """Object id to mask, bool (height, width) in the picture's pixels, in drawing order; decoded when looked at."""
        return Masks(self.session.state())

    @property
    def labels(self) -> npt.NDArray[np.uint16]:
        """Per pixel the id of the topmost object, 0 where there is none: uint16 (height, width).

        EditError if an id does not fit into 16 bits.
        """
        masks = self.masks
        size = self.session.document.size
        labels = np.zeros((size.height, size.width), dtype=np.uint16)
        for id_, mask in masks.items():
            if not 0 < id_ < 2**16:
                raise EditError(f"a label map has the ids 1 to 65535; the document has object {id_}; use masks instead")
            labels[mask] = id_
        return labels

    def segment_everything(self, settings: AutomaticSettings | None = None) -> Job:
        """Look for all there is in the picture, in the background and between clicks; then pick from `proposals`.

        Returns at once; `wait()` on what it returns blocks, `cancel()` stops it. Masks down to half the settings' bars
        of IoU and stability are kept too, for the page's filters. EditError when it is under way already.
        """
        self._desk.check_open()
        return self._desk.everything.start(*generous_sweep(self._predictor, self._desk.picture, settings))

    @property
    def proposals(self) -> AutomaticMasks:
        """What segmenting everything has found, best first; empty before."""
        found = self._desk.everything.masks
        return AutomaticMasks((), self.session.document.size) if found is None else found

    def keep_proposals(self, chosen: Sequence[int], merged: bool = False) -> tuple[int, ...]:
        """Make objects of some proposals, by their numbers, or one of all, as one step; returns the objects' ids."""
        return self._desk.keep(as_wholes(chosen, "proposals", "a proposal"), merged=merged)

    @property
    def error(self) -> str | None:
        """What went wrong last, in words; None once something has gone well again."""
        error = self._desk.inference.error
        return None if error is None else str(error)

    def snapshot(self, max_side: int = STILL_SIDE) -> Still:
        """The picture with masks, clicks and boxes as a Pillow image, at most `max_side` pixels wide and high."""
        most = whole_number(max_side, "max_side", 1)
        return still(self._desk.picture, self.session.state(), most)

    def wait(self, timeout: float | None = None) -> bool:
        """Block until every click is answered; False if that takes more than `timeout` seconds.

        Raises what the model or the picture met. The notebook's stop button interrupts the waiting, not the work.
        """
        return self._desk.wait(timeout)

    @property
    def classes(self) -> tuple[LabelClass, ...]:
        """The classes to choose from; set names or `LabelClass`es. EditError if an object is of one left out."""
        return self.session.document.classes

    @classes.setter
    def classes(self, classes: Iterable[LabelClass | str]) -> None:
        self._desk.edit(SetClasses(classes=as_classes(classes)))

    @property
    def current_class(self) -> str:
        """The class that new objects take, empty for none; set it, or choose it in the page."""
        return self.session.document.current

    @current_class.setter
    def current_class(self, label: str) -> None:
        self._desk.edit(ChooseClass(label=as_text(label, "a class")))

    def add_object(self, name: str | None = None, label: str | None = None) -> int:
        """Add an object, select it, and return its id; `label` None is `current_class`."""
        new = self.session.document.next_id
        edits: list[Edit] = [AddObject(object=new)]
        if label is not None:
            edits.append(ClassifyObject(object=new, label=as_text(label, "a class")))
        if name is not None:
            edits.append(RenameObject(object=new, name=as_text(name, "a name")))
        self._desk.edit(*edits)
        return new

    def add_point(self, x: SupportsFloat, y: SupportsFloat, label: int = 1, object: int | None = None) -> int:
        """Click at (x, y) in image pixels, label 1 on the object or 0 beside it; returns the object's id.

        `object` None is the selected one, or a new one if there is none. PromptError if the click makes no sense.
        """
        id_, edits = self._target(object)
        side = as_whole(label, "label", PromptError)
        self._desk.edit(*edits, AddPoint(object=id_, x=as_number(x, "x"), y=as_number(y, "y"), label=side))
        return id_

    def add_box(
        self,
        x0: SupportsFloat,
        y0: SupportsFloat,
        x1: SupportsFloat,
        y1: SupportsFloat,
        object: int | None = None,
    ) -> int:
        """Set the object's box, left, top, right, bottom in image pixels; returns the object's id, as `add_point`."""
        id_, edits = self._target(object)
        box = (as_number(x0, "x0"), as_number(y0, "y0"), as_number(x1, "x1"), as_number(y1, "y1"))
        self._desk.edit(*edits, SetBox(object=id_, box=box))
        return id_

    def add_scribble(
        self, points: Points, label: int = 1, object: int | None = None, width: SupportsFloat | None = None
    ) -> int:
        """Scribble along points (n, 2) in image pixels, label 1 on the object or 0 beside it, for the model to go by.

        `width` is that of the line, about a fiftieth of the picture unless you say otherwise; 0 means the area that the
        points go around. Returns the object's id, as `add_point`.
        """
        id_, edits = self._target(object)
        size = self.session.document.size
        wide = max(size.width, size.height) / 50 if width is None else as_number(width, "width")
        stroke = Stroke.along(points, wide, as_whole(label, "label", PromptError))
        self._desk.edit(*edits, AddStroke(object=id_, path=stroke.path, width=stroke.width, label=stroke.label))
        return id_

    def paint(self, points: Points, width: SupportsFloat, label: int = 1, object: int | None = None) -> int:
        """Paint along points (n, 2) on the mask of an object, or wipe with label 0; what comes of it is kept.

        `width` is that of the brush in image pixels; 0 means the area that the points go around. `refine` has the
        model go on from it. Returns the object's id, as `add_point`.
        """
        id_, edits = self._target(object)
        stroke = Stroke.along(points, as_number(width, "width"), as_whole(label, "label", PromptError))
        self._desk.edit(*edits, PaintMask(object=id_, path=stroke.path, width=stroke.width, label=stroke.label))
        return id_

    def add_mask(self, mask: BoolMask, object: int | None = None, keep: bool = False) -> int:
        """Give an object a mask, bool (height, width) of the picture, instead of its prompts; returns the object's id.

        `object` None is a new one. Clicks and scribbles then have the model go on from the mask, unless it is to be
        kept. EditError if the mask does not fit the picture.
        """
        size = self.session.document.size
        given = np.asarray(mask)
        if given.dtype != np.bool_ or given.shape != (size.height, size.width):
            raise EditError(
                f"a mask of this picture is a bool array ({size.height}, {size.width}); got {given.dtype} "
                f"{given.shape}; compare a picture of 0 and 255 with `> 127`"
            )
        new = object is None
        id_ = self.session.document.next_id if object is None else as_whole(object, "object")
        edits: list[Edit] = [AddObject(object=id_)] if new else []
        edits.append(SetMask(object=id_, counts=Rle.from_mask(given).to_coco()["counts"]))
        self._desk.edit(*edits, *([KeepMask(object=id_, kept=True)] if keep else []))
        return id_

    def keep(self, object: int) -> None:
        """Keep the mask of an object as it was drawn; EditError if it was not drawn by hand."""
        self._desk.edit(KeepMask(object=as_whole(object, "object"), kept=True))

    def refine(self, object: int) -> None:
        """Have the model go on from a mask that was drawn by hand, by the clicks there are or one in its middle."""
        self._desk.edit(KeepMask(object=as_whole(object, "object"), kept=False))

    def set_threshold(self, object: int, threshold: SupportsFloat) -> None:
        """Set the logit above which a pixel is in the mask: 0 is the model's edge, more makes the mask smaller."""
        logit = as_number(threshold, "a threshold", "a logit from -32 to 32")
        self._desk.edit(SetThreshold(object=as_whole(object, "object"), threshold=logit))

    def clear(self, object: int) -> None:
        """Remove all prompts of an object, and what was drawn."""
        self._desk.edit(ClearPrompts(object=as_whole(object, "object")))

    def choose(self, object: int, candidate: int | None) -> None:
        """Choose one of the candidates of a single click; None leaves it to the model."""
        chosen = None if candidate is None else as_whole(candidate, "candidate")
        self._desk.edit(ChooseCandidate(object=as_whole(object, "object"), candidate=chosen))

    def rename(self, object: int, name: str) -> None:
        """Give an object another name."""
        self._desk.edit(RenameObject(object=as_whole(object, "object"), name=as_text(name, "a name")))

    def classify(self, object: int, label: str) -> None:
        """Say of what class an object is; an empty text is none. EditError if it is not one of `classes`."""
        self._desk.edit(ClassifyObject(object=as_whole(object, "object"), label=as_text(label, "a class")))

    def lock(self, object: int, locked: bool = True) -> None:
        """Protect an object from changes of its mask and from removal, or stop to."""
        self._desk.edit(LockObject(object=as_whole(object, "object"), locked=bool(locked)))

    def note(self, object: int, name: str, value: AttributeValue | None) -> None:
        """Note an attribute of an object, a text, a number or yes/no; None takes it back.

        EditError if the object's class asks for something else under that name.
        """
        self._desk.edit(
            SetAttribute(object=as_whole(object, "object"), name=as_text(name, "the name of an attribute"), value=value)
        )

    def merge(self, object: int, *others: int) -> None:
        """Give an object the masks of others, too, which go. EditError if one of them has no mask yet."""
        self._desk.edit(MergeObjects(object=as_whole(object, "object"), others=as_wholes(others, "others", "others")))

    def split(self, object: int) -> tuple[int, ...]:
        """Make an object of each connected part of a mask, of 20 at most; returns their ids, the largest part first."""
        before = {o.id for o in self.session.document.objects}
        self._desk.edit(SplitObject(object=as_whole(object, "object")))
        return (object, *(o.id for o in self.session.document.objects if o.id not in before))

    def cut_overlap(self, object: int, loser: Literal["object", "others"] = "others") -> None:
        """Let no pixel belong to this object and to another visible one; `loser` gives them up."""
        if loser not in ("object", "others"):
            raise EditError(f"loser is 'object' or 'others'; got {loser!r:.60}")
        self._desk.edit(CutOverlap(object=as_whole(object, "object"), loser=loser))

    def move(self, object: int, place: int) -> None:
        """Put an object at another place of the drawing order: 0 is below all others, which lie over it."""
        self._desk.edit(MoveObject(object=as_whole(object, "object"), place=as_whole(place, "place")))

    def remove_object(self, object: int) -> None:
        """Remove an object with all it has."""
        self._desk.edit(RemoveObject(object=as_whole(object, "object")))

    def select(self, object: int) -> None:
        """Make an object the one that prompts go to."""
        self._desk.edit(SelectObject(object=as_whole(object, "object")))

    def undo(self) -> None:
        """Take back the last step, whoever made it; EditError if there is none."""
        self._desk.undo()

    def redo(self) -> None:
        """Do again what was taken back; EditError if there is nothing."""
        self._desk.redo()

    def close(self) -> None:
        """Remove the widget from all pages and stop its work; the masks stay readable."""
        desk: ImageDesk | None = getattr(self, "_desk", None)
        if desk is not None:
            desk.close()
        super().close()

    def _target(self, id_: int | None) -> tuple[int, tuple[Edit, ...]]:
        document = self.session.document
        if id_ is not None:
            return as_whole(id_, "object"), ()
        if document.selected is not None:
            return document.selected, ()
        return document.next_id, (AddObject(object=document.next_id),)

    def _revision_now(self) -> int:
        return self.session.rev

    def _objects_now(self) -> tuple[SegmentedObject, ...]:
        return segmented_objects(self.session.state())

    def _status_now(self) -> str:
        return self._desk.inference.status.state

    def _channel(self) -> Channel[Request]:
        return self._desk.channel

    def _preview(self) -> PillowImage.Image:
        return draw(self._desk.picture, self.session.state(), PREVIEW_SIDE)

    def __repr__(self) -> str:
        size, count = self.session.document.size, len(self.session.document.objects)
        things = "1 object" if count == 1 else f"{count} objects"
        name = self._desk.picture.name
        return f"ImageSegmenter({name!r}, {size.width} x {size.height}, model={self._model_title!r}, {things})"


def shared_predictor(model: ImagePredictor | str | Path | None) -> ImagePredictor:
    """The predictor for a model; widgets that name the same one share it."""
    if model is None or isinstance(model, str | Path):
        shared = _predictors.get(str(model))
        if shared is None:
            shared = _predictors[str(model)] = ImagePredictor(model)
        return shared
    return model if isinstance(model, ImagePredictor) else ImagePredictor(model)
