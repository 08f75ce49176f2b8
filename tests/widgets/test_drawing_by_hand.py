"""Thresholds, scribbles, paint and given masks in a session."""

import numpy as np
import pytest

from sam2_notebook.errors import EditError
from sam2_notebook.values.edits import AddObject, AddStroke, KeepMask, PaintMask, SetMask, SetThreshold
from sam2_notebook.values.masks import Rle
from sam2_notebook.values.strokes import Stroke, painted, path_text
from tests.widgets.discs import DiscPredictor
from tests.widgets.test_session import AREA, LINE, SQUARE, Bench, point


def hand(path: str = LINE, width: float = 9, label: int = 1) -> PaintMask:
    return PaintMask(object=1, path=path, width=width, label=label)


def mask_of(bench: Bench) -> np.ndarray:
    bench.settle()
    return bench.session.state().shown[1].mask.decode()


def test_a_threshold_cuts_the_logits_there_and_goes_into_the_next_hint() -> None:
    bench = Bench()
    bench.session.apply(AddObject(object=1), point(60, 40))
    areas = []
    for threshold in (-3.0, 0.0, 3.0):
        bench.session.apply(SetThreshold(object=1, threshold=threshold))
        areas.append(mask_of(bench).sum())
    assert areas[0] > areas[1] > areas[2] > 0
    assert bench.predictor.calls == 1
    bench.session.apply(point(90, 70, label=0))
    tight = mask_of(bench).sum()
    bench.session.undo()
    bench.session.apply(SetThreshold(object=1, threshold=-3.0))
    bench.session.apply(point(90, 70, label=0))
    assert mask_of(bench).sum() > tight


def test_paint_goes_over_what_is_seen_and_stays() -> None:
    bench = Bench()
    bench.session.apply(AddObject(object=1), point(60, 60))
    seen = mask_of(bench)
    bench.session.apply(hand())
    drawn = mask_of(bench)
    line = Stroke(LINE, 9)
    assert (drawn == painted(seen, line)).all()
    assert (drawn & ~seen).any()
    bench.session.apply(hand(AREA, 0, 0))
    wiped = mask_of(bench)
    assert (wiped == painted(drawn, Stroke(AREA, 0, 0))).all()
    assert bench.predictor.calls == 1
    with pytest.raises(EditError, match="kept as it was drawn"):
        bench.session.apply(point(20, 20))
    bench.session.undo()
    assert (mask_of(bench) == drawn).all()
    bench.session.undo()
    assert (mask_of(bench) == seen).all()


def test_many_strokes_are_no_longer_to_draw_than_a_few() -> None:
    bench = Bench()
    bench.session.apply(AddObject(object=1), *(hand(path_text([(x, 20), (x, 30)]), 3) for x in range(10, 60)))
    bench.settle()
    for x in range(10, 110):
        bench.session.apply(hand(path_text([(x, 40), (x, 50)]), 3))
        bench.settle()
    drawing = bench.session.document.object(1).drawing
    assert drawing is not None
    assert len(drawing.strokes) <= 64
    assert mask_of(bench)[[25, 45], 15:105].sum() > 130


def test_the_model_goes_on_from_a_drawing_when_asked_and_the_drawing_comes_back() -> None:
    bench = Bench()
    bench.session.apply(AddObject(object=1), hand(AREA, 0))
    drawn = mask_of(bench)
    assert bench.predictor.calls == 0
    bench.session.apply(KeepMask(object=1, kept=False))
    assert len(bench.session.document.object(1).prompts.points) == 1
    refined = mask_of(bench)
    assert bench.predictor.calls == 1
    assert (refined != drawn).any()
    assert (refined & drawn).any()
    bench.session.apply(KeepMask(object=1, kept=True))
    assert (mask_of(bench) == drawn).all()
    bench.session.apply(KeepMask(object=1, kept=False))
    assert (mask_of(bench) == refined).all()
    bench.session.apply(hand())
    assert (mask_of(bench) == painted(refined, Stroke(LINE, 9))).all()


def test_a_given_mask_is_shown_as_it_is_until_something_is_said_of_it() -> None:
    bench = Bench()
    bench.session.apply(AddObject(object=1), SetMask(object=1, counts=SQUARE))
    given = mask_of(bench)
    assert (given == Rle.from_coco({"size": [96, 128], "counts": SQUARE}).to_mask()).all()
    assert bench.predictor.calls == 0
    bench.session.apply(point(34, 20))
    refined = mask_of(bench)
    assert (refined & given).sum() > given.sum() / 2
    bench.session.undo()
    assert (mask_of(bench) == given).all()


def test_a_scribble_is_painted_into_the_hint_and_sampled_for_the_model() -> None:
    asked = []

    class Asked(DiscPredictor):
        def segment(self, encoded, points=None, labels=None, box=None, mask=None, multimask=None):
            asked.append((points, labels, mask))
            return super().segment(encoded, points, labels, box, mask, multimask)

    bench = Bench()
    bench.inference._model = Asked()
    bench.session.apply(AddObject(object=1), AddStroke(object=1, path=LINE, width=8, label=1))
    bench.settle()
    points, labels, mask = asked[-1]
    assert labels.tolist() == [1, 1, 1, 1]
    assert points[[0, -1]].tolist() == [[10, 20], [60, 30]]
    assert mask.dtype == np.bool_
    assert 0.01 < mask.mean() < 0.08
    bench.session.apply(AddStroke(object=1, path=AREA, width=0, label=0))
    bench.settle()
    points, labels, mask = asked[-1]
    assert labels.tolist() == [1, 1, 1, 1, 0]
    assert mask.dtype == np.float32
    bench.session.apply(point(20, 22))
    bench.settle()
    assert asked[-1][2].dtype == np.float32
