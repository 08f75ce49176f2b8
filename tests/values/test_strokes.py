"""Strokes: their text, what they cover, and what a model is told of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from sam2_notebook.errors import PromptError
from sam2_notebook.values.strokes import Stroke, painted, path_text

PLACES = st.lists(st.tuples(st.floats(0, 5000), st.floats(0, 5000)), min_size=1, max_size=40)


@given(PLACES)
def test_a_path_survives_its_text_to_an_eighth_of_a_pixel(places: list[tuple[float, float]]) -> None:
    stroke = Stroke.along(places, 3)
    assert np.abs(stroke.points_px - places).max() <= 1 / 16
    assert Stroke(stroke.path, 3).points_px.tolist() == stroke.points_px.tolist()


@pytest.mark.parametrize(
    ("make", "words"),
    {
        "no place": (lambda: Stroke("", 1), "at least one place"),
        "half a place": (lambda: Stroke("8", 1), "the last y is missing"),
        "cut off": (lambda: Stroke("8`", 1), "not a path"),
        "other characters": (lambda: Stroke("~~", 1), "characters 0 to o"),
        "no ASCII": (lambda: Stroke("é0", 1), "characters 0 to o"),
        "too long": (lambda: Stroke("0" * 16_002, 1), "at most 16000"),
        "a wide brush": (lambda: Stroke("00", 10_001), "wide"),
        "a brush that is no number": (lambda: Stroke("00", float("nan")), "wide"),
        "another label": (lambda: Stroke("00", 1, 2), "label"),
        "points that are none": (lambda: Stroke.along(np.array([["a", "b"]], dtype=object)), "points"),
        "three numbers": (lambda: path_text([(1, 2, 3)]), "points"),
        "infinite": (lambda: path_text([(1, float("inf"))]), "finite"),
        "far out": (lambda: path_text([(1, 1e9)]), "too far out"),
    }.values(),
)
def test_what_is_no_stroke_is_refused_in_words(make, words: str) -> None:
    with pytest.raises(PromptError, match=words):
        make()


@given(PLACES, st.floats(1, 40))
def test_a_brush_covers_the_pixels_within_half_its_width(places: list[tuple[float, float]], width: float) -> None:
    stroke = Stroke.along(np.array(places) / 100, width)
    got = painted(np.zeros((60, 70), bool), stroke)
    y, x = np.mgrid[:60, :70].astype(float)
    points = stroke.points_px
    near = np.full((60, 70), np.inf)
    for a, b in zip(points, points[1:] if len(points) > 1 else points, strict=False):
        way = b - a
        part = np.clip(((x - a[0]) * way[0] + (y - a[1]) * way[1]) / max(way @ way, 1e-12), 0, 1)
        near = np.minimum(near, np.hypot(x - a[0] - part * way[0], y - a[1] - part * way[1]))
    unsure = np.abs(near - width / 2) < 1e-6
    assert (got == (near <= width / 2))[~unsure].all()


@given(st.lists(st.tuples(st.integers(-10, 80), st.integers(-10, 70)), min_size=3, max_size=12))
def test_an_outline_covers_its_inside_by_the_even_odd_rule(corners: list[tuple[int, int]]) -> None:
    points = np.array(corners) + 0.375  # no pixel's centre lies on an edge that is level or upright
    got = painted(np.zeros((60, 70), bool), Stroke.along(points))
    y, x = np.mgrid[:60, :70]
    crossings = np.zeros((60, 70), int)
    unsure = np.zeros((60, 70), bool)
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        at = x0 + (y - y0) * (x1 - x0) / (y1 - y0)
        spans = (y >= min(y0, y1)) & (y < max(y0, y1))
        crossings += spans & (at <= x)
        unsure |= spans & (np.abs(at - x) < 1e-9)
    assert (got == (crossings % 2 == 1))[~unsure].all()


def test_an_outline_is_what_pillow_fills_but_for_its_edge() -> None:
    corners = [(5, 5), (60, 8), (40, 50), (12, 45)]
    picture = Image.new("1", (70, 60))
    ImageDraw.Draw(picture).polygon(corners, fill=1)
    got = painted(np.zeros((60, 70), bool), Stroke.along(corners))
    assert (got ^ np.array(picture)).sum() < 130


def test_wiping_takes_away_and_leaves_the_rest() -> None:
    full = np.ones((20, 20), bool)
    wiped = painted(full, Stroke.along([(0, 10), (19, 10)], 4, label=0))
    assert full.all()
    assert not wiped[8:13].any()
    assert wiped[:8].all()
    assert wiped[13:].all()


@pytest.mark.parametrize(
    ("stroke", "wanted"),
    [
        (Stroke.along([(3, 4)], 5), [[3, 4]]),
        (Stroke.along([(0, 0), (6, 0), (9, 0)], 5), [[0, 0], [3, 0], [6, 0], [9, 0]]),
        (Stroke.along([(0, 0), (40, 0), (40, 40), (0, 40)]), [[20, 20]]),
        (Stroke.along([(3, 4), (9, 4)]), [[3, 4]]),
    ],
)
def test_a_model_that_takes_clicks_is_told_a_few_places(stroke: Stroke, wanted: list[list[float]]) -> None:
    assert stroke.samples_px == pytest.approx(np.array(wanted), abs=0.7)
