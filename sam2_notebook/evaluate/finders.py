"""Who is measured on sets of pictures: a SAM 2 model that remembers what it was shown, and a template with GrabCut."""

from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from sam2_notebook.evaluate.subjects import GrabCut
from sam2_notebook.predict import DynamicSession
from sam2_notebook.values.geometry import Box
from sam2_notebook.values.masks import bounding_box

Pixels = npt.NDArray[np.uint8]
BoolMask = npt.NDArray[np.bool_]
SCALES = (0.5, 0.7, 1.0, 1.4, 2.0)
SURE = 0.5  # a correlation above it counts as found


class Finder(Protocol):
    """Something that is shown objects in pictures and finds them in others."""

    @property
    def name(self) -> str:
        """What tables call it."""
        ...

    def begin(self) -> None:
        """Forget everything."""
        ...

    def show(self, pixels: Pixels, index: int, mask: BoolMask) -> None:
        """Where an object is in a picture; an empty mask says that it is not there."""
        ...

    def find(self, pixels: Pixels, index: int) -> BoolMask:
        """Where a shown object is in another picture; empty if it is not there."""
        ...


class ModelFinder:
    """A SAM 2 model with memory."""

    def __init__(self, session: DynamicSession, name: str = "model") -> None:
        self._session, self.name = session, name

    def begin(self) -> None:
        """Forget the objects, keep the features of the last pictures."""
        for name in self._session.objects:
            self._session.forget(name)

    def show(self, pixels: Pixels, index: int, mask: BoolMask) -> None:
        """Remember the mask, or that there is none."""
        if mask.any():
            self._session.remember(pixels, index, mask=mask)
        else:
            self._session.remember_absent(pixels, index)

    def find(self, pixels: Pixels, index: int) -> BoolMask:
        """What the model finds."""
        found = self._session.find(pixels, [index])[index]
        return found.mask if found.present else np.zeros(pixels.shape[:2], np.bool_)


class TemplateFinder:
    """The shown cut-outs at several sizes where they correlate best; GrabCut then cleans the box around that place.

    Works at half the picture's size.
    """

    name = "template + GrabCut"

    def __init__(self) -> None:
        self._cutouts: dict[int, list[tuple[Pixels, BoolMask]]] = {}

    def begin(self) -> None:
        """Forget everything."""
        self._cutouts = {}

    def show(self, pixels: Pixels, index: int, mask: BoolMask) -> None:
        """Keep the cut-out; there is nothing to learn from an absence."""
        small = cv2.resize(mask.astype(np.uint8), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) > 0
        box = bounding_box(small)
        if box is not None:
            window = np.s_[int(box.y0) : int(box.y1) + 1, int(box.x0) : int(box.x1) + 1]
            self._cutouts.setdefault(index, []).append((_halved(pixels)[window], small[window]))

    def find(self, pixels: Pixels, index: int) -> BoolMask:
        """The place of the highest correlation, if it is high."""
        picture = _halved(pixels)
        best, place = SURE, None
        for thing, mask in self._cutouts[index]:
            for scale in SCALES:
                sized = (max(4, round(thing.shape[1] * scale)), max(4, round(thing.shape[0] * scale)))
                if sized[0] > picture.shape[1] or sized[1] > picture.shape[0]:
                    continue
                template = cv2.resize(thing, sized, interpolation=cv2.INTER_AREA)
                alpha = cv2.resize(mask.astype(np.uint8), sized, interpolation=cv2.INTER_NEAREST)
                scores = cv2.matchTemplate(picture, template, cv2.TM_CCOEFF_NORMED, mask=cv2.merge([alpha] * 3))
                scores = np.where(np.isfinite(scores), scores, -1)
                y, x = np.unravel_index(int(scores.argmax()), scores.shape)
                if scores[y, x] > best:
                    best, place = float(scores[y, x]), Box(int(x), int(y), int(x) + sized[0] - 1, int(y) + sized[1] - 1)
        if place is None:
            return np.zeros(pixels.shape[:2], np.bool_)
        found = GrabCut().segment(picture, (), place).mask.astype(np.uint8)
        return cv2.resize(found, pixels.shape[1::-1], interpolation=cv2.INTER_NEAREST) > 0


def _halved(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
