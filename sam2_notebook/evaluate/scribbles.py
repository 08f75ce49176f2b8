"""How best to tell a model of a scribble: `python -m sam2_notebook.evaluate --scribbles --data FOLDER`.

A made user draws a line inside an object, or, after one click, inside the larger error of its mask. A line can be told
as clicks along it, or as those and a mask prompt it is painted into. The picture widget does what comes out best.
"""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from sam2_notebook.predict import EncodedImage, ImagePredictor
from sam2_notebook.training.sources import Photo
from sam2_notebook.values.masks import BoolMask, area, boundary, iou
from sam2_notebook.values.strokes import Stroke, painted

WIDTH = 1 / 50  # of a line, in longer sides of the picture
PLACES = 3
TRIES = 40


def scribble(region: BoolMask, label: int, random: np.random.Generator) -> Stroke | None:
    """A line between places in the inner half of a region that stays in it; None if there is no room for one."""
    inner = region
    while area(thinner := inner & ~boundary(inner)) > area(region) / 2:
        inner = thinner
    y, x = np.nonzero(inner)
    if len(x) < 2 * PLACES:
        return None
    for _ in range(TRIES):
        chosen = random.choice(len(x), PLACES, replace=False)
        points = np.stack((x[chosen], y[chosen]), axis=1).astype(np.float64)
        points = points[np.argsort(points[:, 0])]
        covered = painted(np.zeros_like(region), Stroke.along(points, 2))
        if not (covered & ~region).any():
            return Stroke.along(points, max(region.shape) * WIDTH, label)
    return None


def scores_of(
    predictor: ImagePredictor, encoded: EncodedImage, wanted: BoolMask, random: np.random.Generator
) -> dict[str, float]:
    """IoU with an object by what the model was told of it; empty if the object has no room for a line."""
    line = scribble(wanted, 1, random)
    if line is None:
        return {}
    places = line.samples_px
    click = predictor.segment(encoded, places[1:2], [1]).best
    seen = click.masks[0]

    def score(points: np.ndarray, labels: list[int], hint: np.ndarray | None) -> float:
        return iou(predictor.segment(encoded, points, labels, mask=hint, multimask=False).masks[0], wanted)

    labels = [1] * len(places)
    found = {
        "one click": iou(seen, wanted),
        "a line: clicks along it": score(places, labels, None),
        "a line: clicks and a mask": score(places, labels, painted(np.zeros_like(wanted), line)),
    }
    missing, extra = wanted & ~seen, seen & ~wanted
    label = int(area(missing) >= area(extra))
    fix = scribble(missing if label else extra, label, random)
    if fix is not None:
        points = np.concatenate((places[1:2], fix.samples_px))
        labels = [1] + [label] * len(fix.samples_px)
        found["a click and a line: clicks, logits"] = score(points, labels, click.logits[0])
        found["a click and a line: clicks, painted mask"] = score(points, labels, painted(seen, fix))
    return found


def measure_scribbles(
    predictor: ImagePredictor, objects: Iterable[tuple[Photo, int]], seed: int = 0
) -> dict[str, list[float]]:
    """The scores of all objects, by what the model was told."""
    random = np.random.default_rng(seed)
    table: dict[str, list[float]] = defaultdict(list)
    for photo, instance in sorted(objects, key=lambda item: id(item[0])):
        encoded = predictor.encode(photo.pixels)
        for told, score in scores_of(predictor, encoded, photo.mask(instance), random).items():
            table[told].append(score)
    return dict(table)
