"""A second front end in about a hundred lines: Python only, on an ipycanvas, over the same session and inference.

Every pointer event goes to the kernel and every picture comes from there, so it is slower than `ImageSegmenter` and
has no zoom; it shows how little a front end needs, and runs where the page may load ipycanvas but no module of ours.
"""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import ipywidgets
import numpy as np

from sam2_notebook.errors import EditError, PromptError, Sam2NotebookError
from sam2_notebook.media import Image, read_image
from sam2_notebook.media.images import ImageSource
from sam2_notebook.predict import ImagePredictor
from sam2_notebook.values.classes import LabelClass
from sam2_notebook.values.edits import AddObject, AddPoint, ChooseCandidate, ChooseClass, ClassifyObject, Edit, SetBox
from sam2_notebook.values.geometry import Size
from sam2_notebook.widgets.classes import as_classes
from sam2_notebook.widgets.drawing import draw
from sam2_notebook.widgets.image import shared_predictor
from sam2_notebook.widgets.inference import Inference
from sam2_notebook.widgets.session import SegmentationSession
from sam2_notebook.widgets.views import Masks
from sam2_notebook.widgets.worker import shared_worker

DRAG_PX = 6.0
MAX_SIDE = 800


class SimpleSegmenter(ipywidgets.VBox):
    """Click on a picture, get masks: one canvas, a row of buttons, nothing else. Needs `pip install ipycanvas`.

    `image`, `model` and `classes` are those of `ImageSegmenter`; so are `session` and `masks`. A click is a point of
    the kind that the buttons say, a drag is a box; coordinates reach the session in image pixels. `max_side` is in CSS
    pixels.

    >>> segmenter = SimpleSegmenter(np.zeros((60, 80, 3), np.uint8))
    >>> segmenter.press(40, 30), segmenter.release(40, 30), segmenter.wait(60)
    (None, None, True)
    >>> segmenter.masks[1].shape
    (60, 80)
    """

    def __init__(
        self,
        image: ImageSource | Image,
        model: ImagePredictor | str | Path | None = None,
        *,
        classes: Iterable[LabelClass | str] = (),
        max_side: int = MAX_SIDE,
    ) -> None:
        try:
            from ipycanvas import Canvas
        except ImportError as error:
            raise Sam2NotebookError(
                "SimpleSegmenter draws on an ipycanvas, which is not installed: pip install ipycanvas"
            ) from error
        self._picture, predictor = read_image(image), shared_predictor(model)
        height, width = self._picture.size_hw
        self._scale = min(1.0, max_side / max(height, width))
        known = as_classes(classes)
        self.session = SegmentationSession(Size(height=height, width=width), classes=known)
        worker = shared_worker(str(predictor.device))
        encode = lambda: predictor.encode(self._picture)  # noqa: E731
        self._inference = Inference(self.session, predictor, encode, worker, self._changed)
        self._down: tuple[float, float] | None = None
        wide, high = max(1, round(width * self._scale)), max(1, round(height * self._scale))
        # As wide as its pixels, or as there is room: a box of widgets would stretch it.
        shape = {"width": f"{wide}px", "max_width": "100%", "align_self": "flex-start"}
        self.canvas = Canvas(width=wide, height=high, layout=shape)
        self.canvas.on_mouse_down(self.press)
        self.canvas.on_mouse_up(self.release)
        kinds = [("on the object", 1), ("beside it", 0)]
        self.kind = ipywidgets.ToggleButtons(options=kinds, style={"button_width": "auto"}, layout={"flex": "0 0 auto"})
        self.label = ipywidgets.Dropdown(options=[c.name for c in known], layout={"width": "120px"})
        self.label.observe(lambda change: self.classify(change["new"]), names="value")
        self.status = ipywidgets.Label()
        buttons = [
            _button("New object", self.new_object),
            _button("Other candidate", self.other_candidate),
            _button("Undo", self.undo),
            _button("Redo", self.redo),
        ]
        chooser = [self.label] if known else []
        bar = ipywidgets.HBox([self.kind, *chooser, *buttons], layout={"flex_flow": "row wrap"})
        super().__init__([bar, self.canvas, self.status])
        self._inference.start()
        self._draw()

    @property
    def masks(self) -> Masks:
        """Object id to mask, bool (height, width) in image pixels."""
        return Masks(self.session.state())

    def press(self, x: float, y: float) -> None:
        """The pointer goes down at (x, y) in canvas pixels."""
        self._down = (x, y)

    def release(self, x: float, y: float) -> None:
        """The pointer goes up: a click, or a box from where it went down."""
        (x0, y0), self._down = self._down or (x, y), None
        object_id, edits = self._target()
        (left, top), (right, bottom) = self._to_image(min(x0, x), min(y0, y)), self._to_image(max(x0, x), max(y0, y))
        if max(abs(x - x0), abs(y - y0)) > DRAG_PX:
            self.edit(*edits, SetBox(object=object_id, box=(left, top, right, bottom)))
        else:
            x_px, y_px = self._to_image(x, y)
            self.edit(*edits, AddPoint(object=object_id, x=x_px, y=y_px, label=int(self.kind.value or 0)))

    def other_candidate(self) -> None:
        """Show the next of the three candidates of a single click."""
        document, state = self.session.document, self.session.state()
        shown = state.shown.get(document.selected or 0)
        if shown is not None and shown.candidate is not None and document.selected is not None:
            following = (shown.candidate + 1) % len(shown.outcome.scores)
            self.edit(ChooseCandidate(object=document.selected, candidate=following))

    def new_object(self) -> None:
        """Begin another object."""
        self.edit(AddObject(object=self.session.document.next_id))

    def classify(self, label: str) -> None:
        """Give the selected object a class, which new ones take, too."""
        selected = self.session.document.selected
        chosen = ChooseClass(label=label)
        self.edit(chosen if selected is None else ClassifyObject(object=selected, label=label))

    def undo(self) -> None:
        """Take back the last step."""
        self._do(self.session.undo)

    def redo(self) -> None:
        """Do again what was taken back."""
        self._do(self.session.redo)

    def edit(self, *edits: Edit) -> None:
        """Make edits, all or none; what does not fit is said below the picture."""
        self._do(lambda: self.session.apply(*edits))

    def wait(self, seconds: float = 60.0) -> bool:
        """Block until every click is answered; False after `seconds`."""
        deadline = time.monotonic() + seconds
        while self._inference.is_busy and (left := deadline - time.monotonic()) > 0:
            self._inference.wait_idle(left)
        return not self._inference.is_busy

    def _do(self, step: Callable[[], object]) -> None:
        try:
            step()
        except (EditError, PromptError) as error:
            self.status.value = str(error)
            return
        self._inference.wake()
        self._changed()

    def _target(self) -> tuple[int, tuple[Edit, ...]]:
        document = self.session.document
        new = document.next_id
        return (new, (AddObject(object=new),)) if document.selected is None else (document.selected, ())

    def _to_image(self, x: float, y: float) -> tuple[float, float]:
        size = self.session.document.size
        x_px, y_px = x / self._scale - 0.5, y / self._scale - 0.5
        return min(max(x_px, 0.0), size.width - 1.0), min(max(y_px, 0.0), size.height - 1.0)

    def _changed(self) -> None:
        shared_worker("publisher").submit(self, "draw", self._draw)

    def _draw(self) -> None:
        picture = draw(self._picture, self.session.state(), max(self.canvas.width, self.canvas.height))
        self.canvas.put_image_data(np.asarray(picture.convert("RGB")))
        self.status.value = self._inference.status.text


def _button(text: str, act: Callable[[], None]) -> ipywidgets.Button:
    button = ipywidgets.Button(description=text, layout={"width": "auto"})
    button.on_click(lambda _: act())
    return button
