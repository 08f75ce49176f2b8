"""The shortest bridges that join the rings of a mask into one tree (Prim 1957).

A mask may be speckled, with thousands of rings, or a large ring may have thousands of vertices; so rings are looked at
in short pieces, and pieces whose boxes are farther apart than what was found already are passed over.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_PIECE = 32  # vertices
_PIECES_AT_ONCE = 1024  # 8 MB of distances


@dataclass(frozen=True)
class Bridge:
    """From vertex `at` of the ring `here` to vertex `start` of the ring `there`."""

    here: int
    at: int
    there: int
    start: int


def bridges(rings: list[npt.NDArray[np.float64]]) -> list[Bridge]:
    """One bridge to each ring (n, 2) but the first, from a ring joined before it, between their nearest vertices.

    >>> square = np.array([[0, 0], [2, 0], [2, 2], [0, 2.0]])
    >>> bridges([square, square + [9, 0], square + [4, 0]])
    [Bridge(here=0, at=2, there=2, start=3), Bridge(here=2, at=2, there=1, start=3)]
    """
    search = _Search(rings)
    left = np.arange(1, len(rings))
    found: list[Bridge] = []
    joined = 0
    while len(left):
        search.join(joined)
        joined = int(left[np.argmin(search.gap[left])])
        left = left[left != joined]
        found.append(search.bridge_to(joined))
    return found


class _Search:
    """The squared `gap` between each ring and those joined so far, and the two vertices there; below 0 if joined."""

    def __init__(self, rings: list[npt.NDArray[np.float64]]) -> None:
        lengths = np.array([len(ring) for ring in rings])
        pieces = -(-lengths // _PIECE)
        self._points = np.concatenate(rings)
        self._first = np.cumsum(lengths) - lengths  # vertex of each ring
        self._ring = np.repeat(np.arange(len(rings)), pieces)  # of each piece, as what follows
        number = np.arange(len(self._ring)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        self._start = self._first[self._ring] + number * _PIECE
        self._length = np.minimum(lengths[self._ring] - number * _PIECE, _PIECE)
        self._low = np.minimum.reduceat(self._points, self._start).T.copy()  # (2, pieces)
        self._high = np.maximum.reduceat(self._points, self._start).T.copy()
        self.gap = np.full(len(rings), np.inf)
        self._ends = np.zeros((2, len(rings)), np.int64)  # vertices: of the rings joined, of the ring itself

    def join(self, ring: int) -> None:
        """See which rings are nearer to this one than to those before."""
        self.gap[ring] = -1
        first, behind = np.searchsorted(self._ring, (ring, ring + 1))
        for piece in range(int(first), int(behind)):
            near = np.flatnonzero(self._apart(piece) < self.gap[self._ring])
            for place in range(0, len(near), _PIECES_AT_ONCE):
                self._compare(piece, near[place : place + _PIECES_AT_ONCE])

    def bridge_to(self, ring: int) -> Bridge:
        """The bridge over the gap of a ring."""
        at, start = self._ends[:, ring].tolist()
        here = int(np.searchsorted(self._first, at, side="right")) - 1
        return Bridge(here, at - int(self._first[here]), ring, start - int(self._first[ring]))

    def _apart(self, piece: int) -> npt.NDArray[np.float64]:
        """The squared distance of every piece's box from that of one."""
        x, y = np.maximum(self._low - self._high[:, piece, None], self._low[:, piece, None] - self._high)
        x, y = np.maximum(x, 0), np.maximum(y, 0)
        return x * x + y * y

    def _compare(self, piece: int, others: npt.NDArray[np.int64]) -> None:
        """Every vertex of a piece with every vertex of others."""
        first, lengths = self._start[piece], self._length[others]
        vertices = np.repeat(self._start[others] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
        ring = np.repeat(self._ring[others], lengths)
        x, y = self._points[vertices].T[..., None] - self._points[first : first + self._length[piece]].T[:, None]
        squares = x * x + y * y
        place = squares.argmin(1)
        gap = squares[np.arange(len(place)), place]
        np.minimum.at(self.gap, ring, gap)
        best = gap == self.gap[ring]
        self._ends[:, ring[best]] = first + place[best], vertices[best]
