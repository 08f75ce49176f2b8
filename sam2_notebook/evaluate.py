"""`python -m sam2_notebook.evaluate --data FOLDER`: IoU of a model and of GrabCut on labelled photos, as a table."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from sam2_notebook.metrics import Click, ObjectScore, Subject, Summary, score_object, summarize
from sam2_notebook.predict import EncodedImage, ImagePredictor
from sam2_notebook.training.sources import Photo, coco_folder, label_folder
from sam2_notebook.values.geometry import Box

BoolMask = npt.NDArray[np.bool_]
GRABCUT_ROUNDS = 5


class ModelSubject:
    """A SAM 2 model: one mask at a time, refined with the logits of the answer before."""

    def __init__(self, predictor: ImagePredictor) -> None:
        self.predictor = predictor
        self.name = predictor.model_name
        self._encoded: EncodedImage | None = None
        self._pixels: npt.NDArray[np.uint8] | None = None
        self._previous: tuple[Sequence[Click], npt.NDArray[np.float32]] = ((), np.zeros((0, 0), np.float32))

    def segment(self, pixels: npt.NDArray[np.uint8], clicks: Sequence[Click], box: Box | None) -> BoolMask:
        """The model's answer of highest predicted IoU."""
        encoded = self._encode(pixels)
        before, logits = self._previous
        refine = logits if len(before) and tuple(before) == tuple(clicks[: len(before)]) else None
        points = [(c.x, c.y) for c in clicks] or None
        labels = [c.label for c in clicks] or None
        answer = self.predictor.segment(encoded, points, labels, box, mask=refine if points else None).best
        self._previous = (tuple(clicks), answer.logits[0])
        return answer.masks[0]

    def best_of(self, pixels: npt.NDArray[np.uint8], click: Click) -> Sequence[BoolMask]:
        """The three candidates."""
        answer = self.predictor.segment(self._encode(pixels), [(click.x, click.y)], [click.label], multimask=True)
        return list(answer.masks)

    def _encode(self, pixels: npt.NDArray[np.uint8]) -> EncodedImage:
        if self._encoded is None or self._pixels is not pixels:
            self._encoded, self._pixels = self.predictor.encode(pixels), pixels
        return self._encoded


class GrabCut:
    """OpenCV's GrabCut, started from a box, or from discs around the clicks within a wide circle."""

    name = "GrabCut"

    def segment(self, pixels: npt.NDArray[np.uint8], clicks: Sequence[Click], box: Box | None) -> BoolMask:
        """Foreground after five rounds."""
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

    def best_of(self, pixels: npt.NDArray[np.uint8], click: Click) -> Sequence[BoolMask]:
        """The one answer it has."""
        return [self.segment(pixels, [click], None)]

    @staticmethod
    def _run(pixels: npt.NDArray[np.uint8], marks: npt.NDArray[np.uint8]) -> BoolMask:
        foreground = (marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD)
        if foreground.all() or not foreground.any():
            return foreground
        cv2.setRNGSeed(0)
        models = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.grabCut(pixels[..., ::-1].copy(), marks, (0, 0, 1, 1), *models, GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
        return (marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD)


def photos_of(folder: Path, split: str | None) -> Sequence[Photo]:
    """The photos of a COCO-style folder, or of one with an index of label maps."""
    return coco_folder(folder, split) if (folder / "annotations.json").exists() else label_folder(folder, split)


def choose(photos: Sequence[Photo], limit: int, smallest: float, seed: int = 0) -> list[tuple[Photo, int]]:
    """Up to `limit` objects that cover at least a share `smallest` of their photo, drawn over all photos alike."""
    rng = np.random.default_rng(seed)
    per_photo = []
    for photo in photos:
        fits = np.flatnonzero(photo.areas >= smallest * photo.pixels.shape[0] * photo.pixels.shape[1])
        per_photo.append([(photo, int(i)) for i in rng.permutation(fits)])
    rounds = max((len(p) for p in per_photo), default=0)
    order = [p[turn] for turn in range(rounds) for p in per_photo if turn < len(p)]
    return order[:limit]


def evaluate(subject: Subject, objects: Sequence[tuple[Photo, int]], clicks: int = 5) -> list[ObjectScore]:
    """Scores of every object, in order; objects of one photo one after another, so that it is encoded once."""
    order = sorted(range(len(objects)), key=lambda i: id(objects[i][0]))
    scores: dict[int, ObjectScore] = {}
    for i in order:
        photo, instance = objects[i]
        scores[i] = score_object(subject, photo.pixels, photo.mask(instance), clicks)
    return [scores[i] for i in range(len(objects))]


def row(name: str, data: str, summary: Summary) -> str:
    """One line of the Markdown table."""
    s = summary
    cells = [f"{v:.3f}" for v in (s.click, s.best, s.box, s.last, s.auc)]
    return f"| {data} | {name} | {s.objects} | " + " | ".join(cells) + f" | {s.noc85:.2f} |"


def main() -> None:
    """Print a table of mean IoU at one click, best of the candidates, with a box and after the last click."""
    parser = argparse.ArgumentParser(prog="python -m sam2_notebook.evaluate", description=main.__doc__)
    parser.add_argument(
        "--data", type=Path, nargs="+", required=True, help="folders with annotations.json or index.json"
    )
    parser.add_argument("--model", default=None, help="a name or a path; the embedded model if left out")
    parser.add_argument("--split", default="val")
    parser.add_argument("--limit", type=int, default=150, help="objects per folder")
    parser.add_argument("--smallest", type=float, default=0.01, help="least share of the photo an object covers")
    parser.add_argument("--clicks", type=int, default=5)
    parser.add_argument("--no-baseline", action="store_true", help="leave out GrabCut")
    arguments = parser.parse_args()
    subjects: list[Subject] = [ModelSubject(ImagePredictor(arguments.model))]
    if not arguments.no_baseline:
        subjects.append(GrabCut())
    out = sys.stdout.write
    out(f"| data | subject | objects | 1 click | best of 3 | box | {arguments.clicks} clicks | AUC | NoC@85 |\n")
    out("|---|---|---|---|---|---|---|---|---|\n")
    for folder in arguments.data:
        objects = choose(photos_of(folder, arguments.split), arguments.limit, arguments.smallest)
        for subject in subjects:
            scores = evaluate(subject, objects, arguments.clicks)
            out(row(subject.name, folder.name, summarize(scores)) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
