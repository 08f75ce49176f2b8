"""Masks as polygons: outer outlines between pixels, thinned."""

from itertools import pairwise

import numpy as np

from sam2_notebook.labels.polygons import Ring, contours, signed_area
from sam2_notebook.values.masks import BoolMask, bounding_box, check_mask

TOLERANCE_PX = 0.25


def outlines(mask: BoolMask, tolerance_px: float = TOLERANCE_PX) -> list[Ring]:
    """The outer outlines of a mask's parts, largest first: rings (n, 2) of xy in image pixels, without their holes.

    Outlines run half-way between a pixel's centre and that of its outer neighbour, so a mask that fills the picture
    goes from -0.5 to width - 0.5. Vertices that move the line by less than `tolerance_px` are left out.

    >>> outlines(np.ones((2, 3), bool))[0].min(axis=0).tolist()
    [-0.5, -0.5]
    """
    box = bounding_box(check_mask(mask))
    if box is None:
        return []
    x, y = int(box.x0), int(box.y0)
    near, corner = mask[y : int(box.y1) + 1, x : int(box.x1) + 1], np.array([x, y])  # most of a picture is no mask
    loops = [line[:-1] + corner for line in contours(near)]
    loops = [loop for loop in loops if len(loop) >= 3]
    areas = np.array([signed_area(loop) for loop in loops])
    outward = np.sign(areas[np.argmax(np.abs(areas))])  # the largest loop is no hole
    outer = sorted(np.flatnonzero(np.sign(areas) == outward), key=lambda i: -abs(areas[i]))
    return [thinned(loops[i], tolerance_px) for i in outer]


def thinned(ring: Ring, tolerance_px: float) -> Ring:
    """A ring without the vertices that its line does not need (Douglas and Peucker); at least a triangle."""
    if len(ring) <= 4:
        return ring
    far = int(np.argmax(((ring - ring[0]) ** 2).sum(axis=1)))
    kept = np.zeros(len(ring) + 1, np.bool_)
    kept[[0, far, len(ring)]] = True
    closed = np.concatenate((ring, ring[:1]))
    waiting = list(pairwise((0, far, len(ring))))
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        inner = closed[first + 1 : last]
        chord = closed[last] - closed[first]
        length = np.hypot(*chord)
        away = inner - closed[first]
        distance = np.abs(chord[0] * away[:, 1] - chord[1] * away[:, 0]) / length if length else np.hypot(*away.T)
        worst = int(np.argmax(distance))
        if distance[worst] > tolerance_px:
            middle = first + 1 + worst
            kept[middle] = True
            waiting += [(first, middle), (middle, last)]
    thin = ring[kept[:-1]]
    return thin if len(thin) >= 3 else ring[:: max(1, len(ring) // 4)]
