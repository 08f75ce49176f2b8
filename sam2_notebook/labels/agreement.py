"""How far two annotators agree: their annotations paired by overlap, image by image."""

from collections.abc import Sequence
from dataclasses import dataclass

from sam2_notebook.labels.cutouts import Cutout, edges_of_box
from sam2_notebook.labels.schema import Annotation, Dataset
from sam2_notebook.values.geometry import Box


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What two annotators have in common: pairs of one class, and what only one of them has.

    `mean_iou` is that of the pairs, None without any; `f1` the part of all annotations that are in a pair, 1 if there
    are none at all.
    """

    pairs: int
    only_first: int
    only_second: int
    mean_iou: float | None

    @property
    def f1(self) -> float:
        """2 pairs / all annotations of both."""
        both = 2 * self.pairs + self.only_first + self.only_second
        return 2 * self.pairs / both if both else 1.0


def agreement(first: Dataset, second: Dataset, *, least_iou: float = 0.5) -> Agreement:
    """Compare two datasets on the images both have, by name; the second one is held in memory.

    In one store, they are `store.dataset(authors={"ann"})` and `store.dataset(authors={"bob"})`.
    """
    theirs = {image.name: image.annotations for image in second}
    ious: list[float] = []
    alone = [0, 0]
    for image in first:
        if image.name in theirs:
            found = matched(image.annotations, theirs[image.name], least_iou=least_iou)
            ious += [iou for _, _, iou in found]
            alone[0] += len(image.annotations) - len(found)
            alone[1] += len(theirs[image.name]) - len(found)
    mean = sum(ious) / len(ious) if ious else None
    return Agreement(pairs=len(ious), only_first=alone[0], only_second=alone[1], mean_iou=mean)


def matched(
    first: Sequence[Annotation], second: Sequence[Annotation], *, least_iou: float = 0.5
) -> list[tuple[int, int, float]]:
    """Pairs of places in both lists with their IoU, best first; each annotation is in one pair at most.

    >>> matched([Annotation(label="leaf", box=Box(0, 0, 3, 3))], [Annotation(label="leaf", box=Box(0, 0, 3, 1))])
    [(0, 0, 0.5)]
    """
    shapes = [[shape_of(a) for a in annotations] for annotations in (first, second)]
    candidates = [
        (overlap(shapes[0][i], shapes[1][j]), i, j)
        for i, a in enumerate(first)
        for j, b in enumerate(second)
        if a.label == b.label
    ]
    taken: tuple[set[int], set[int]] = (set(), set())
    pairs = []
    for iou, i, j in sorted(candidates, key=lambda c: (-c[0], c[1], c[2])):
        if iou >= least_iou and i not in taken[0] and j not in taken[1]:
            taken[0].add(i)
            taken[1].add(j)
            pairs.append((i, j, iou))
    return pairs


def shape_of(annotation: Annotation) -> Cutout | Box | None:
    """The mask if there is one, else the box; None for an empty mask or the whole image."""
    return annotation.box if annotation.mask is None else Cutout.of(annotation.mask)


def overlap(a: Cutout | Box | None, b: Cutout | Box | None) -> float:
    """IoU of two masks; of two boxes, or of a mask's box and a box; two annotations of the whole image agree."""
    if a is None or b is None:
        return float(a is b)
    if isinstance(a, Cutout) and isinstance(b, Cutout):
        shared = a.shared_with(b)
        return shared / (int(a.pixels.sum()) + int(b.pixels.sum()) - shared)
    one, other = edges_of_box(_box(a)), edges_of_box(_box(b))
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(wide, 0) * max(high, 0)
    areas = [(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (one, other)]
    return shared / (sum(areas) - shared)


def _box(shape: Cutout | Box) -> Box:
    return Box(shape.x0, shape.y0, shape.x1, shape.y1)
