"""The measures, on subjects whose answers are known."""

from collections.abc import Sequence

import numpy as np
import pytest

from sam2_notebook.metrics import (
    Answer,
    Click,
    ObjectScore,
    boundary_f,
    score_object,
    score_track,
    spearman,
    summarize,
    summarize_tracks,
)
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

    def segment(self, pixels: np.ndarray, clicks: Sequence[Click], box: Box | None) -> Answer:
        self.clicks.append(clicks)
        half = WANTED.copy()
        half[:, 40:] = False
        return Answer(WANTED, 0.9) if box is not None or len(clicks) > 1 else Answer(half, 0.4)

    def best_of(self, pixels: np.ndarray, click: Click) -> list[Answer]:
        return [Answer(np.zeros_like(WANTED), 0.1), Answer(WANTED, 0.8)]


def test_the_user_clicks_the_middle_then_what_is_missing() -> None:
    subject = Grower()
    score = score_object(subject, PIXELS, WANTED, clicks=4)
    assert (score.box, score.clicks, score.best) == (1.0, (0.5, 1.0, 1.0, 1.0), 1.0)
    assert (score.edge_box, score.edge_last, score.candidates_differ) == (1.0, 1.0, 1.0)
    first, second = subject.clicks[-1]
    assert abs(first.x - 39.5) <= 1
    assert abs(first.y - 29.5) <= 1
    assert second.label == 1
    assert 45 <= second.x <= 55


def test_predicted_qualities_are_held_against_the_true_ones() -> None:
    score = score_object(Grower(), PIXELS, WANTED, clicks=2)
    assert set(score.guesses) == {(0.9, 1.0), (0.4, 0.5), (0.1, 0.0), (0.8, 1.0)}
    rank = summarize([score]).quality_rank
    assert rank is not None
    assert rank > 0.9


def test_summary_means_and_clicks_to_quality() -> None:
    summary = summarize(
        [ObjectScore(box=1.0, clicks=(0.5, 0.9), best=0.8), ObjectScore(box=0.5, clicks=(0.7, 0.8), best=0.7)]
    )
    assert summary.objects == 2
    assert (summary.click, summary.last, summary.box, summary.best) == pytest.approx((0.6, 0.85, 0.75, 0.75))
    assert summary.noc80 == 2
    assert summary.noc90 == 2
    assert summary.auc == pytest.approx((0.5 + 0.9 + 0.7 + 0.8) / 4)
    assert summary.quality_rank is None


def test_nothing_to_score_is_refused() -> None:
    with pytest.raises(ValueError, match="no objects"):
        summarize([])
    with pytest.raises(ValueError, match="no tracks"):
        summarize_tracks([])
    with pytest.raises(ValueError, match="empty"):
        score_object(Grower(), PIXELS, np.zeros_like(WANTED))


def shifted(by: int) -> np.ndarray:
    return np.roll(WANTED, by, axis=1)


@pytest.mark.parametrize(
    ("got", "value"),
    [
        (WANTED, 1.0),
        (shifted(1), 1.0),  # 0.8 % of the diagonal of 100 pixels is one pixel
        (~WANTED, 1.0),  # the same outline from the other side
        (np.zeros_like(WANTED), 0.0),
    ],
)
def test_boundaries_agree_within_a_share_of_the_diagonal(got: np.ndarray, value: float) -> None:
    assert boundary_f(got, WANTED) == value


def test_a_shifted_boundary_agrees_along_the_shift_only() -> None:
    # the two long sides still lie on one another, the two others are five pixels off
    assert 0.4 < boundary_f(shifted(5), WANTED) < 0.6
    assert boundary_f(np.zeros_like(WANTED), np.zeros_like(WANTED)) == 1.0


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ([1, 2, 3], [10, 20, 30], 1.0),
        ([1, 2, 3], [3, 2, 1], -1.0),
        ([1, 1, 2, 3], [1, 2, 3, 4], 0.9487),  # scipy.stats.spearmanr gives the same
        ([1, 1, 1], [1, 2, 3], 0.0),
    ],
)
def test_rank_correlation(first: list[float], second: list[float], wanted: float) -> None:
    assert spearman(first, second) == pytest.approx(wanted, abs=1e-4)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="one size"):
        boundary_f(np.ones((9, 9), bool), np.ones((5, 5), bool))
    with pytest.raises(ValueError, match="one shape"):
        score_track(np.ones((4, 5, 5), bool), np.ones((5, 5, 5), bool))
    with pytest.raises(ValueError, match="a clip of 1 frames has none from frame 1"):
        score_track(np.ones((1, 5, 5), bool), np.ones((1, 5, 5), bool))
    assert len(score_track(np.ones((2, 5, 5), bool), np.ones((2, 5, 5), bool)).j) == 1


def test_tracks_count_neither_the_given_nor_the_last_frame_and_notice_absence() -> None:
    gone = np.zeros_like(WANTED)
    wanted = np.stack([WANTED, WANTED, gone, gone, WANTED])
    got = np.stack([gone, WANTED, gone, WANTED, gone])
    score = score_track(got, wanted)
    assert (score.j, score.f, score.absent) == ((1.0, 1.0, 0.0), (1.0, 1.0, 0.0), (True, False))
    summary = summarize_tracks([score])
    assert (summary.j, summary.hidden_frames, summary.absent) == (pytest.approx(2 / 3), 2, 0.5)
    assert summary.jf == pytest.approx(2 / 3)
