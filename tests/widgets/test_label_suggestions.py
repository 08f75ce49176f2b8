"""Suggestions in a labelling session: accepted, rejected, mended, and the doubtful ones first."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sam2_notebook.errors import LabelError
from sam2_notebook.widgets.label_desk import AskedBackError
from sam2_notebook.widgets.label_suggest import Sources
from sam2_notebook.widgets.label_work import suggest_everywhere, suggest_here
from tests.widgets.labeling import click, end, saved, session_on


def boxes(pixels: np.ndarray):
    return [[20, 20, 60, 60], [70, 30, 110, 80]], ["leaf", "stem"], [0.9, 0.4]


def halves(pixels: np.ndarray):
    left = np.zeros(pixels.shape[:2], bool)
    left[:, : pixels.shape[1] // 2] = True
    return [(left, "leaf", 0.7), (~left, "stem", 0.2)]


def test_suggestions_are_accepted_rejected_and_mended(tmp_path: Path) -> None:
    desk = session_on(tmp_path, sources=Sources(segment=halves))
    assert desk.shown is not None
    desk.jobs.start("suggest", lambda job: suggest_here(desk, "model", job)).wait(30)
    assert [(a.label, a.proposed, a.score) for a in saved(desk)] == [("leaf", True, 0.7), ("stem", True, 0.2)]
    assert list(next(iter(desk.store.dataset())).annotations) == []
    with pytest.raises(AskedBackError, match="2 suggestions are neither accepted nor rejected"):
        desk.move("submit")
    first, second = (o.id for o in desk.shown.session.document.objects)
    click(desk, 100, 80, second)
    assert [a.proposed for a in saved(desk)] == [True, False]
    desk.judge(accepted=True)
    assert [a.proposed for a in saved(desk)] == [False, False]
    desk.shown.undo()
    assert [a.proposed for a in saved(desk)] == [True, False]
    desk.judge(accepted=False)
    assert [a.label for a in saved(desk)] == ["stem"]
    desk.shown.undo()
    assert [o.id for o in desk.shown.session.document.objects] == [first, second]
    desk.jobs.start("suggest", lambda job: suggest_here(desk, "model", job)).wait(30)
    assert len(saved(desk)) == 2  # what is there is not proposed again
    end(desk)


def test_suggestions_for_all_put_the_doubtful_ones_first(tmp_path: Path) -> None:
    def propose(pixels: np.ndarray):
        number = int(pixels[0, 0, 0])
        mask = np.zeros(pixels.shape[:2], bool)
        mask[10:40, 10:40] = True
        return [(mask, "leaf", {0: 0.9, 1: 0.3, 2: 0.8, 3: 0.6}[number])]

    desk = session_on(tmp_path, sources=Sources(segment=propose))
    desk.jobs.start("suggest", lambda job: suggest_everywhere(desk, "model", job)).wait(30)
    assert desk.queue.progress.proposals == 4
    desk.remake(replace(desk.queue.filter, order="gain"))
    found = [desk.queue.summary(id) for id in desk.queue.order]
    assert [s.name for s in found if s] == ["1.png", "3.png", "2.png", "0.png"]
    end(desk)


def test_a_source_that_finds_what_is_no_class_is_told(tmp_path: Path) -> None:
    desk = session_on(tmp_path, sources=Sources(segment=lambda pixels: [(np.ones(pixels.shape[:2], bool), "cat", 1.0)]))
    with pytest.raises(LabelError, match="found a 'cat', which is no class here; there are: leaf, stem"):
        desk.jobs.start("suggest", lambda job: suggest_here(desk, "model", job)).wait(30)
    with pytest.raises(LabelError, match="there is no detector to ask"):
        desk.jobs.start("suggest", lambda job: suggest_here(desk, "detector", job)).wait(30)
    end(desk)
