"""A predictor whose masks are discs: no weights, no randomness, and every input can be seen in what comes out."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sam2_notebook.media import Image
from sam2_notebook.predict import Segmentation
from sam2_notebook.values.geometry import Size
from sam2_notebook.widgets.desk import ImageDesk
from sam2_notebook.widgets.worker import Worker

GRID = 32
SIZE = Size(height=96, width=128)


@dataclass(frozen=True)
class EncodedDiscs:
    """A picture's size is all there is to know."""

    size: Size


class DiscPredictor:
    """Discs around the first click, of three sizes for a single one; each further click adds or cuts one.

    A box is filled with its ellipse. A hint counts half, so that a mask shows which mask was fed back. `before` runs
    ahead of every answer and may wait or raise.
    """

    model_name = "discs"
    device = "discs"

    def __init__(self, before: Callable[[], None] = lambda: None) -> None:
        self.before = before
        self.calls = 0

    def encode(self, image: Image) -> EncodedDiscs:
        """Keep the size."""
        height, width = image.size_hw
        return EncodedDiscs(Size(height=height, width=width))

    def segment(self, encoded, points=None, labels=None, box=None, mask=None, multimask=None) -> Segmentation:
        """Discs for one object."""
        self.before()
        self.calls += 1
        radii = (4.0, 8.0, 12.0) if multimask else (8.0,)
        planes = np.stack([self._plane(encoded.size, points, labels, box, r) for r in radii])
        if mask is not None:
            hint = mask if mask.dtype != np.bool_ else np.where(coarse(mask), 10.0, -10.0)
            planes = 0.5 * planes + 0.5 * hint
        return Segmentation(
            logits=planes.astype(np.float32),
            scores=np.array([0.5, 0.9, 0.7] if multimask else [0.8], dtype=np.float32),
            object_index=np.zeros(len(radii), dtype=np.int64),
            object_score=np.array([3.0], dtype=np.float32),
            size=encoded.size,
        )

    def _plane(self, size, points, labels, box, radius) -> np.ndarray:
        y, x = np.mgrid[:GRID, :GRID] + 0.5
        scale = np.array([GRID / size.width, GRID / size.height])
        plane = np.full((GRID, GRID), -6.0)
        if box is not None:
            (x0, y0), (x1, y1) = box[:2] * scale, box[2:] * scale
            rx, ry = max((x1 - x0) / 2, 0.5), max((y1 - y0) / 2, 0.5)
            plane = 6 - 6 * np.hypot((x - (x0 + x1) / 2) / rx, (y - (y0 + y1) / 2) / ry)
        for point, label in zip([] if points is None else points, [] if labels is None else labels, strict=True):
            cx, cy = (point + 0.5) * scale
            disc = radius - np.hypot(x - cx, y - cy)
            plane = np.maximum(plane, disc) if label == 1 else np.minimum(plane, -disc / 2)
        return plane


def coarse(mask: np.ndarray) -> np.ndarray:
    """Every so many pixels of a mask, on the grid of the discs."""
    rows, columns = (((np.arange(GRID) + 0.5) * side / GRID).astype(int) for side in mask.shape)
    return mask[np.ix_(rows, columns)]


class Wire:
    """The page's end: collects what the kernel sends, and by which thread."""

    def __init__(self) -> None:
        self.sent: list[tuple[dict, list[bytes]]] = []
        self.threads: set[str] = set()
        self._changed = threading.Condition()

    def send(self, content: dict, buffers: list[bytes]) -> None:
        """What the kernel calls."""
        with self._changed:
            self.sent.append((content, buffers))
            self.threads.add(threading.current_thread().name)
            self._changed.notify_all()

    def of(self, type_: str) -> list[dict]:
        """All messages of a type so far."""
        return [content for content, _ in list(self.sent) if content["type"] == type_]

    def answers(self, view: str, seq: int) -> list[tuple[dict, list[bytes]]]:
        """All answers to one request so far."""
        return [m for m in list(self.sent) if m[0].get("view") == view and m[0].get("seq") == seq]

    def answer(self, view: str, seq: int, seconds: float = 20) -> tuple[dict, list[bytes]]:
        """The answer to a request, waited for."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not (found := self.answers(view, seq)):
                left = deadline - time.monotonic()
                assert left > 0, f"no answer to {view} {seq} within {seconds} s"
                self._changed.wait(left)
            return found[0]


def picture(size: Size = SIZE) -> Image:
    """A grey picture."""
    return Image(np.full((size.height, size.width, 3), 128, np.uint8), "grey.png")


def desk(predictor: DiscPredictor, wire: Wire, noticed: Callable[[], None] = lambda: None) -> ImageDesk:
    """A desk with a worker of its own."""
    image = picture()
    made = ImageDesk(image, predictor, lambda: predictor.encode(image), Worker("test"), wire.send, noticed)
    made.start()
    return made
