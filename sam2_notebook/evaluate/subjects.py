"""Who is measured on pictures: a SAM 2 model, and OpenCV's GrabCut."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from sam2_notebook.metrics import Answer, Click
from sam2_notebook.predict import EncodedImage, ImagePredictor, Segmentation
from sam2_notebook.values.geometry import Box

GRABCUT_ROUNDS = 5


class ModelSubject:
    """A SAM 2 model: one mask at a time, refined with the logits of the answer before."""

    def __init__(self, predictor: ImagePredictor) -> None:
        self.predictor = predictor
        self.name = predictor.model_name
        self._encoded: EncodedImage | None = None
        self._pixels: npt.NDArray[np.uint8] | None = None
        self._previous: tuple[Sequence[Click], npt.NDArray[np.float32]] = ((), np.zeros((0, 0), np.float32))

    def segment(self, pixels: npt.NDArray[np.uint8], clicks: Sequence[Click], box: Box | None) -> Answer:
        """The model's answer of highest predicted IoU."""
        encoded = self._encode(pixels)
        before, logits = self._previous
        refine = logits if len(before) and tuple(before) == tuple(clicks[: len(before)]) else None
        points = [(c.x, c.y) for c in clicks] or None
        labels = [c.label for c in clicks] or None
        answer = self.predictor.segment(encoded, points, labels, box, mask=refine if points else None).best
        self._previous = (tuple(clicks), answer.logits[0])
        return _answers(answer)[0]

    def best_of(self, pixels: npt.NDArray[np.uint8], click: Click) -> Sequence[Answer]:
        """The three candidates."""
        return _answers(
            self.predictor.segment(self._encode(pixels), [(click.x, click.y)], [click.label], multimask=True)
        )

    def _encode(self, pixels: npt.NDArray[np.uint8]) -> EncodedImage:
        if self._encoded is None or self._pixels is not pixels:
            self._encoded, self._pixels = self.predictor.encode(pixels), pixels
        return self._encoded


def _answers(segmentation: Segmentation) -> list[Answer]:
    return [Answer(m, float(s)) for m, s in zip(segmentation.masks, segmentation.scores, strict=True)]


class GrabCut:
    """OpenCV's GrabCut, started from a box, or from discs around the clicks within a wide circle."""

    name = "GrabCut"

    def __init__(self) -> None:
        self._first: tuple[npt.NDArray[np.uint8], Click, Answer] | None = None

    def segment(self, pixels: npt.NDArray[np.uint8], clicks: Sequence[Click], box: Box | None) -> Answer:
        """Foreground after five rounds."""
        if self._first and box is None and self._first[0] is pixels and list(clicks) == [self._first[1]]:
            return self._first[2]
        height, width = pixels.shape[:2]
        marks = np.full((height, width), cv2.GC_BGD if box is not None else cv2.GC_PR_BGD, np.uint8)
        if box is not None:
            x0, y0, x1, y1 = (round(v) for v in box.as_tuple())
            marks[y0 : y1 + 1, x0 : x1 + 1] = cv2.GC_PR_FGD
        else:
            short = min(height, width)
            marks[0], marks[-1], marks[:, 0], marks[:, -1] = (cv2.GC_BGD,) * 4
            for click in clicks:
                if click.label:
                    cv2.circle(marks, (round(click.x), round(click.y)), short // 6, cv2.GC_PR_FGD, -1)
            for click in clicks:
                sure = cv2.GC_FGD if click.label else cv2.GC_BGD
                cv2.circle(marks, (round(click.x), round(click.y)), max(2, short // 60), sure, -1)
        return self._run(pixels, marks)

    def best_of(self, pixels: npt.NDArray[np.uint8], click: Click) -> Sequence[Answer]:
        """The one answer it has; kept, as the same click is asked for next."""
        answer = self.segment(pixels, [click], None)
        self._first = (pixels, click, answer)
        return [answer]

    @staticmethod
    def _run(pixels: npt.NDArray[np.uint8], marks: npt.NDArray[np.uint8]) -> Answer:
        foreground = (marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD)
        if foreground.all() or not foreground.any():
            return Answer(foreground)
        cv2.setRNGSeed(0)
        models = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.grabCut(pixels[..., ::-1].copy(), marks, (0, 0, 1, 1), *models, GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
        return Answer((marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD))
