import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sam2_notebook.labels.bridges import bridges
from sam2_notebook.labels.cutouts import Cutout
from sam2_notebook.labels.polygons import drawn, one_polygon_through_centres, one_ring, rings_along_edges
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import Rle

masks = hnp.arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))
Rings = list[np.ndarray]


def rings_of(mask: np.ndarray) -> Rings:
    cutout = Cutout.of(Rle.from_mask(mask))
    return rings_along_edges(cutout) if cutout else []


def squares(count: int, side: int = 8) -> np.ndarray:
    """A mask of so many squares in rows, as far apart as they are wide."""
    across = int(np.ceil(count**0.5))
    there = np.pad(np.ones(count, bool), (0, across**2 - count)).reshape(across, across)
    return np.kron(there, np.pad(np.ones((side, side), bool), (0, side)))


def least(rings: Rings) -> float:
    """The length of the shortest bridges that join all rings, by trying everything."""
    length, joined, left = 0.0, rings[:1], rings[1:]
    while left:
        tree = np.concatenate(joined)
        gaps = [np.linalg.norm(tree[:, None] - ring, axis=2).min() for ring in left]
        length += min(gaps)
        joined.append(left.pop(int(np.argmin(gaps))))
    return length


@given(masks)
def test_the_bridges_are_the_shortest_that_join_all_rings(mask: np.ndarray) -> None:
    rings = rings_of(mask)
    if rings:
        found = bridges(rings)
        ends = [(rings[b.here][b.at], rings[b.there][b.start]) for b in found]
        assert sum(float(np.linalg.norm(a - b)) for a, b in ends) == pytest.approx(least(rings))
        for number, bridge in enumerate(found):
            assert bridge.here in {0, *(b.there for b in found[:number])}


def test_long_rings_are_joined_as_short_ones_are() -> None:
    angles = np.linspace(0, 2 * np.pi, 500, endpoint=False)
    circle = np.stack((np.cos(angles), np.sin(angles)), axis=1)
    rings = [circle * 100, circle * 40 + [30, 5], circle * 30 + [140, 20], circle[::100] - [20, 60], circle * 120]
    assert sum(
        float(np.linalg.norm(rings[b.here][b.at] - rings[b.there][b.start])) for b in bridges(rings)
    ) == pytest.approx(least(rings))


@given(masks)
def test_one_ring_goes_along_every_ring_once_and_over_every_bridge_twice(mask: np.ndarray) -> None:
    rings = rings_of(mask)
    ring = one_ring(rings)
    steps = [(tuple(a), tuple(b)) for part in rings for a, b in zip(part, np.roll(part, -1, axis=0), strict=True)]
    walked = [(tuple(a), tuple(b)) for a, b in zip(ring, np.roll(ring, -1, axis=0), strict=True)]
    over = [(tuple(rings[b.here][b.at]), tuple(rings[b.there][b.start])) for b in bridges(rings)] if rings else []
    assert sorted(walked) == sorted([*steps, *over, *((b, a) for a, b in over)])


def test_hundreds_of_parts_are_joined_in_a_moment() -> None:
    mask = squares(700)
    cutout = Cutout.of(Rle.from_mask(mask))
    assert cutout
    began = time.process_time()
    ring = one_polygon_through_centres(cutout)
    assert time.process_time() - began < 10  # 0.2 s; looking at all pairs for every part took a minute
    again = drawn(ring, Size(height=mask.shape[0], width=mask.shape[1]))
    assert (again | ~mask).all()
