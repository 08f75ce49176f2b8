"""Suggestions in a labelling session: accepted, rejected, mended, and the doubtful ones first."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sam2_notebook.errors import LabelError, Sam2NotebookError
from sam2_notebook.labels.export import export
from sam2_notebook.widgets.label_desk import AskedBackError
from sam2_notebook.widgets.label_suggest import Sources
from sam2_notebook.widgets.label_work import suggest_everywhere, suggest_here
from tests.widgets.discs import Wire
from tests.widgets.labeling import click, end, saved, session_on


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


def test_a_page_imports_labels_and_leaves_those_that_are_there(tmp_path: Path) -> None:
    theirs = session_on(tmp_path, where=str(tmp_path / "theirs.db"))
    for x in (60, 90):
        click(theirs, x, 40)
        theirs.move("submit")
    export(theirs.store.dataset(states=("submitted",)), tmp_path / "coco", "coco")
    wanted = [saved(theirs, name)[0].mask for name in ("0.png", "1.png")]
    end(theirs)
    wire = Wire()
    desk = session_on(tmp_path, wire=wire)
    desk.move("next", sure=True)
    click(desk, 30, 30)
    (mine,) = saved(desk, "1.png")
    ask = {"type": "label_import", "folder": str(tmp_path / "coco"), "format": "coco"}
    desk.channel.receive({"view": "page", "seq": 1, **ask})
    assert wire.answer("page", 1)[0]["type"] == "label_done"
    job = desk.jobs.last("import")
    assert job.wait(30)
    assert job.view.text == "1 image read; 1 has labels already and was left as it is"
    assert [a.mask for a in saved(desk)] == wanted[:1]
    assert saved(desk, "1.png") == (mine,)
    desk.channel.receive({"view": "page", "seq": 2, **ask, "folder": str(tmp_path / "nowhere")})
    assert wire.answer("page", 2)[0]["type"] == "label_done"
    with pytest.raises(Sam2NotebookError, match="nowhere"):
        desk.jobs.last("import").wait(30)
    assert desk.jobs.last("import").view.state == "failed"
    end(desk)
