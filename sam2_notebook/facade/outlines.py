"""Masks as polygons: outer outlines between pixels, thinned, and several parts bridged into one ring."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from contourpy import contour_generator

from sam2_notebook.values.masks import BoolMask, check_mask

Ring = npt.NDArray[np.float64]
TOLERANCE_PX = 0.25


def outlines(mask: BoolMask, tolerance_px: float = TOLERANCE_PX) -> list[Ring]:
    """The outer outlines of a mask's parts, largest first: rings (n, 2) of xy in image pixels, without their holes.

    Outlines run half-way between a pixel's centre and that of its outer neighbour, so a mask that fills the picture
    goes from -0.5 to width - 0.5. Vertices that move the line by less than `tolerance_px` are left out.

    >>> outlines(np.ones((2, 3), bool))[0].min(axis=0).tolist()
    [-0.5, -0.5]
    """
    padded = np.pad(check_mask(mask), 1).astype(np.float64)
    loops = [np.asarray(line)[:-1] - 1 for line in contour_generator(z=padded).lines(0.5)]
    loops = [loop for loop in loops if len(loop) >= 3]
    if not loops:
        return []
    areas = np.array([signed_area(loop) for loop in loops])
    outward = np.sign(areas[np.argmax(np.abs(areas))])  # the largest loop is no hole
    outer = sorted(np.flatnonzero(np.sign(areas) == outward), key=lambda i: -abs(areas[i]))
    return [thinned(loops[i], tolerance_px) for i in outer]


def one_ring(parts: list[Ring]) -> Ring:
    """Several rings as one: each is joined to what is there by a bridge there and back, at the nearest vertices.

    >>> square = np.array([[0, 0], [2, 0], [2, 2], [0, 2.0]])
    >>> len(one_ring([square, square + [5, 0]]))
    10
    """
    if not parts:
        return np.zeros((0, 2))
    ring, left = parts[0], list(parts[1:])
    while left:
        gaps = [_nearest(ring, part) for part in left]
        chosen = min(range(len(left)), key=lambda k: gaps[k][2])
        at, start, _ = gaps[chosen]
        part = left.pop(chosen)
        around = np.concatenate((part[start:], part[: start + 1]))
        ring = np.concatenate((ring[: at + 1], around, ring[at:]))
    return ring


def signed_area(ring: Ring) -> float:
    """Area of a ring, its sign telling which way round it runs."""
    x, y = ring.T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


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


def _nearest(ring: Ring, part: Ring) -> tuple[int, int, float]:
    """Vertex of the ring, vertex of the part, and their squared distance."""
    squares = (ring**2).sum(1)[:, None] + (part**2).sum(1) - 2 * ring @ part.T
    at, start = np.unravel_index(int(np.argmin(squares)), squares.shape)
    return int(at), int(start), float(squares[at, start])
