"""The measures, on subjects whose answers are known."""

from collections.abc import Sequence

import numpy as np
import pytest

from sam2_notebook.evaluate import GrabCut
from sam2_notebook.metrics import Click, ObjectScore, score_object, summarize
from sam2_notebook.values.geometry import Box

PIXELS = np.full((60, 80, 3), 30, np.uint8)
WANTED = np.zeros((60, 80), bool)
WANTED[10:50, 20:60] = True
PIXELS[WANTED] = (200, 60, 40)


class Grower:
    """Answers with half of the object first, and all of it from the second click on."""

    name = "grower"

    def __init__(self) -> None:
        self.clicks: list[Sequence[Click]] = []

    def segment(self, pixels: np.ndarray, clicks: Sequence[Click], box: Box | None) -> np.ndarray:
        self.clicks.append(clicks)
        half = WANTED.copy()
        half[:, 40:] = False
        return WANTED if box is not None or len(clicks) > 1 else half

    def best_of(self, pixels: np.ndarray, click: Click) -> list[np.ndarray]:
        return [np.zeros_like(WANTED), WANTED]


def test_the_user_clicks_the_middle_then_what_is_missing() -> None:
    subject = Grower()
    score = score_object(subject, PIXELS, WANTED, clicks=4)
    assert score == ObjectScore(box=1.0, clicks=(0.5, 1.0, 1.0, 1.0), best=1.0)
    first, second = subject.clicks[-1]
    assert abs(first.x - 39.5) <= 1
    assert abs(first.y - 29.5) <= 1
    assert second.label == 1
    assert 45 <= second.x <= 55


def test_summary_means_and_clicks_to_quality() -> None:
    summary = summarize(
        [ObjectScore(box=1.0, clicks=(0.5, 0.9), best=0.8), ObjectScore(box=0.5, clicks=(0.7, 0.8), best=0.7)]
    )
    assert summary.objects == 2
    assert (summary.click, summary.last, summary.box, summary.best) == pytest.approx((0.6, 0.85, 0.75, 0.75))
    assert summary.noc80 == 2
    assert summary.noc90 == 2
    assert summary.auc == pytest.approx((0.5 + 0.9 + 0.7 + 0.8) / 4)


def test_nothing_to_score_is_refused() -> None:
    with pytest.raises(ValueError, match="no objects"):
        summarize([])
    with pytest.raises(ValueError, match="empty"):
        score_object(Grower(), PIXELS, np.zeros_like(WANTED))


def test_grabcut_finds_a_red_square_from_a_click_and_from_a_box() -> None:
    score = score_object(GrabCut(), PIXELS, WANTED, clicks=2)
    assert score.box > 0.95
    assert score.clicks[1] > 0.9
