"""Masks as polygons that fill to the very same mask again, and polygons as masks.

There are two customs. *Along edges*: vertices are corners of pixels, (0, 0) the top left corner of the picture; so COCO
fills them. *Through centres*: vertices are whole pixels that belong to the mask; so OpenCV and with it YOLO's readers
fill and outline them. Rings run so that the mask is on the side of (-dy, dx); holes therefore run the other way round.
"""

import numpy as np
import numpy.typing as npt
from contourpy import FillType, LineType, SerialContourGenerator, ZInterp
from PIL import Image, ImageDraw

from sam2_notebook.labels.bridges import bridges
from sam2_notebook.labels.cutouts import Cutout
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import BoolMask

Ring = npt.NDArray[np.float64]


def rings_along_edges(cutout: Cutout) -> list[Ring]:
    """All outlines of a mask, those of holes too, as (n, 2) corners xy of pixels in the picture.

    >>> rings_along_edges(Cutout(4, 0, np.ones((1, 2), dtype=bool)))[0].tolist()
    [[4.0, 0.0], [6.0, 0.0], [6.0, 1.0], [4.0, 1.0]]
    """
    # each vertex is the middle of a pixel's side; where two that follow lie on sides of other directions is a corner
    origin = np.array([cutout.x0 + 0.5, cutout.y0 + 0.5])
    rings = [_corners(line) + origin for line in contours(cutout.pixels)]
    if not rings:
        return []
    areas = [signed_area(ring) for ring in rings]
    if areas[int(np.argmax(np.abs(areas)))] < 0:  # the largest one is no hole
        return [ring[::-1] for ring in rings]
    return rings


def through_centres(ring: Ring) -> Ring:
    """A ring along edges, moved half a pixel into the mask: its vertices are pixels of the mask.

    >>> through_centres(np.array([[6.0, 0], [6, 1], [4, 1], [4, 0]])).tolist()
    [[5.0, 0.0], [5.0, 0.0], [4.0, 0.0], [4.0, 0.0]]
    """
    step = np.sign(_next(ring) - ring) / 2
    into = np.stack((-step[:, 1], step[:, 0]), axis=1)
    return ring + into + np.concatenate((into[-1:], into[:-1])) - 0.5


def polygons(cutout: Cutout) -> list[Ring]:
    """A mask along edges as one ring per part, largest first; a bridge of no width leads to each hole and back.

    >>> ring = np.pad(np.zeros((1, 1), dtype=bool), 1, constant_values=True)
    >>> [len(polygon) for polygon in polygons(Cutout(0, 0, ring))]
    [10]
    """
    rings = rings_along_edges(cutout)
    outer = sorted((ring for ring in rings if signed_area(ring) > 0), key=signed_area, reverse=True)
    parts = [[ring] for ring in outer]
    low, high = (np.array([limit(ring, axis=0) for ring in outer]) for limit in (np.min, np.max))
    for hole in (ring for ring in rings if signed_area(ring) <= 0):
        around = np.flatnonzero(((low <= hole.min(axis=0)) & (hole.max(axis=0) <= high)).all(axis=1))
        owner = next((k for k in around[::-1].tolist() if _surrounds(outer[k], hole)), None)  # the smallest one
        if owner is not None:
            parts[owner].append(hole)
    return [one_ring(part) for part in parts]


def one_polygon_through_centres(cutout: Cutout) -> Ring:
    """A mask of any number of parts and holes as one ring through centres, joined by bridges there and back."""
    ring = one_ring([through_centres(ring) for ring in rings_along_edges(cutout)])
    moved = (ring != _next(ring)).any(axis=1)
    return ring[moved] if moved.sum() >= 3 else ring


def one_ring(parts: list[Ring]) -> Ring:
    """Several rings as one, from the first one: each is joined by a bridge there and back, between nearest vertices.

    >>> square = np.array([[0, 0], [2, 0], [2, 2], [0, 2.0]])
    >>> len(one_ring([square, square + [5, 0]]))
    10
    """
    if not parts:
        return np.zeros((0, 2))
    closed = [parts[0]] * len(parts)  # the others from where a bridge comes, around, to there again
    leading: list[list[tuple[int, int]]] = [[] for _ in parts]  # bridges from each part: vertex, part
    starts = [0] * len(parts)
    for bridge in bridges(parts):
        part, start = parts[bridge.there], bridge.start
        closed[bridge.there], starts[bridge.there] = np.concatenate((part[start:], part[: start + 1])), start
        leading[bridge.here].append(((bridge.at - starts[bridge.here]) % len(parts[bridge.here]), bridge.there))
    found: list[Ring] = []
    walk: list[Ring | int] = [0]  # what comes next is at the end: a stretch of a ring, or a whole part
    while walk:
        step = walk.pop()
        if isinstance(step, int):
            walk += reversed(_stretches(closed[step], sorted(leading[step])))
        else:
            found.append(step)
    return np.concatenate(found)


def filled(ring: Ring, size: Size) -> BoolMask:
    """The pixels whose centre lies in a ring along edges; where it overlaps itself, evenly covered is outside.

    >>> filled(np.array([[0.0, 0], [2, 0], [2, 1], [0, 1]]), Size(height=2, width=3)).astype(int).tolist()
    [[1, 1, 0], [0, 0, 0]]
    """
    a, b = ring, _next(ring)
    low, high = np.minimum(a[:, 1], b[:, 1]), np.maximum(a[:, 1], b[:, 1])
    first = np.clip(np.ceil(low - 0.5), 0, size.height).astype(np.int64)
    behind = np.clip(np.ceil(high - 0.5), 0, size.height).astype(np.int64)
    rows_each = np.maximum(behind - first, 0)
    edge = np.repeat(np.arange(len(ring)), rows_each)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(rows_each) - rows_each, rows_each) + first[edge]
    slope = (b[edge, 0] - a[edge, 0]) / (b[edge, 1] - a[edge, 1])
    x = a[edge, 0] + (row + 0.5 - a[edge, 1]) * slope
    column = np.clip(np.ceil(x - 0.5), 0, size.width).astype(np.int64)
    crossed = np.zeros((size.height, size.width + 1), np.int64)
    np.add.at(crossed, (row, column), 1)
    return np.cumsum(crossed, axis=1)[:, : size.width] % 2 == 1


def drawn(ring: Ring, size: Size) -> BoolMask:
    """The pixels inside or on a ring through centres.

    >>> drawn(np.array([[0.0, 0], [2, 0], [2, 1]]), Size(height=2, width=3)).astype(int).tolist()
    [[1, 1, 1], [0, 0, 1]]
    """
    picture = Image.new("1", (size.width, size.height))
    points = [(float(x), float(y)) for x, y in np.round(ring)]
    pen = ImageDraw.Draw(picture)
    pen.polygon(points, fill=1)
    pen.line([*points, points[0]], fill=1)
    return np.array(picture)


def signed_area(ring: Ring) -> float:
    """Area of a ring, positive around a part and negative around a hole."""
    x, y = ring.T
    return float((np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1]) + x[-1] * y[0] - x[0] * y[-1]) / 2)


def contours(pixels: BoolMask) -> list[Ring]:
    """Lines half-way between pixels in and out of the mask, closed: the last point is the first.

    >>> contours(np.ones((1, 1), dtype=bool))[0].min(axis=0).tolist()
    [-0.5, -0.5]
    """
    height, width = pixels.shape
    padded = np.zeros((height + 2, width + 2))
    padded[1:-1, 1:-1] = pixels
    x = np.broadcast_to(np.arange(-1.0, width + 1), padded.shape)
    y = np.broadcast_to(np.arange(-1.0, height + 1)[:, None], padded.shape)
    # contour_generator() would spend more time on its arguments than on the mask
    generator = SerialContourGenerator(
        x,
        y,
        padded,
        None,  # pyright: ignore[reportArgumentType]  # no point is masked out
        corner_mask=True,
        line_type=LineType.Separate,
        fill_type=FillType.OuterCode,
        quad_as_tri=False,
        z_interp=ZInterp.Linear,
    )
    return [np.asarray(line) for line in generator.lines(0.5)]


def _corners(line: Ring) -> Ring:
    """Corners of pixels, from the middles of the sides that a closed line passes."""
    here, following = line[:-1], line[1:]
    upright = line[:, 0] % 1 != 0  # a side between left and right neighbour
    turns = np.flatnonzero(upright[:-1] != upright[1:])
    from_upright = upright[turns]
    x = np.where(from_upright, here[turns, 0], following[turns, 0])
    y = np.where(from_upright, following[turns, 1], here[turns, 1])
    return np.stack((x, y), axis=1)


def _next(ring: Ring) -> Ring:
    """The vertex after each one."""
    return np.concatenate((ring[1:], ring[:1]))


def _surrounds(ring: Ring, hole: Ring) -> bool:
    """Whether a ring goes around the first pixel beside a corner of a hole."""
    x, y = through_centres(hole)[0] + 0.5
    a, b = ring, _next(ring)
    crosses = (a[:, 1] > y) != (b[:, 1] > y)  # upright sides only: the ring runs along edges
    return bool(np.count_nonzero(crosses & (a[:, 0] > x)) % 2)


def _stretches(ring: Ring, leading: list[tuple[int, int]]) -> list[Ring | int]:
    """A ring from bridge to bridge, and the parts that they lead to between."""
    found: list[Ring | int] = []
    last = 0
    for at, part in leading:
        found += ring[last : at + 1], part
        last = at
    return [*found, ring[last:]]
