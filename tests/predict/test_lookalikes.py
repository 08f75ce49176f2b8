"""Known again by their looks: things of the embedded model's own making, in other places, other light, or gone."""

from collections.abc import Callable

import numpy as np
import pytest

from sam2_notebook.evaluate.finders import ModelFinder
from sam2_notebook.evaluate.finding import find_in_others
from sam2_notebook.evaluate.sets import picture_set
from sam2_notebook.media import Image
from sam2_notebook.model import Sam2
from sam2_notebook.predict import DynamicSession
from sam2_notebook.predict.dynamic_pictures import Pictures
from sam2_notebook.predict.lookalikes import GRID
from sam2_notebook.predict.precision import Engine
from sam2_notebook.values.masks import iou
from sam2_notebook.weights import load_model
from tests.predict.video_clips import clip, video_model

HEIGHT, WIDTH = 150, 200
ROWS, COLUMNS = np.mgrid[:HEIGHT, :WIDTH]
RED, GREEN = (215, 45, 40), (40, 170, 60)


@pytest.fixture(scope="module")
def embedded() -> Sam2:
    return load_model(device="cpu")


def disc(x: int, y: int, radius: int = 28) -> np.ndarray:
    return np.hypot(COLUMNS - x, ROWS - y) < radius


def picture(*things: tuple[np.ndarray, tuple[int, int, int]], light: float = 1.0) -> np.ndarray:
    """Things before a grey slope."""
    made = np.stack([90 + COLUMNS / 5, 100 + ROWS / 5, 120 + 0 * ROWS], -1)
    for mask, color in things:
        made[mask] = color
    return np.clip(made * light, 0, 255).astype(np.uint8)


def test_a_thing_is_found_where_it_is_in_any_light_and_nowhere_else(embedded: Sam2) -> None:
    session = DynamicSession(embedded, device="cpu")
    assert session.lookalikes, "small networks look for looks"
    session.remember(picture((disc(50, 60), RED)), "red", mask=disc(50, 60))
    for x, y, radius, light in ((140, 90, 28, 1.0), (60, 100, 40, 0.75), (150, 50, 20, 1.15)):
        where = disc(x, y, radius)
        found = session.find(picture((where, RED), light=light))["red"]
        assert found.present
        assert iou(found.mask, where) > 0.75
    both = session.find(picture((disc(50, 60), GREEN), (disc(140, 90), RED)))["red"]
    assert iou(both.mask, disc(140, 90)) > 0.75, "not what stands where it stood"
    assert not session.find(picture((disc(120, 80), GREEN)))["red"].present
    assert not session.find(picture())["red"].present


def test_every_picture_it_was_shown_in_counts(embedded: Sam2) -> None:
    session = DynamicSession(embedded, device="cpu")
    session.remember(picture((disc(50, 60), RED)), 1, mask=disc(50, 60))
    query = picture((disc(120, 80), GREEN))
    assert not session.find(query)[1].present
    session.remember(picture((disc(60, 90), GREEN)), 1, mask=disc(60, 90))
    assert session.find(query)[1].present, "it has two sides"
    session.forget(1, picture((disc(60, 90), GREEN)))
    assert not session.find(query)[1].present
    session.remember_absent(picture((disc(50, 60), GREEN)), 1)
    assert session.find(picture((disc(140, 60), RED)))[1].present


def test_the_parts_of_a_picture_are_found_once_for_all_objects(embedded: Sam2, monkeypatch: pytest.MonkeyPatch) -> None:
    session = DynamicSession(embedded, device="cpu")
    network = session.pictures.network
    asked: list[int] = []
    segment: Callable = network.segment

    def counted(features: object, prompts: object, *, multimask: bool) -> object:
        asked.append(len(prompts.points))  # type: ignore[attr-defined]
        return segment(features, prompts, multimask=multimask)

    monkeypatch.setattr(network, "segment", counted)
    shown = picture((disc(50, 60), RED), (disc(150, 100), GREEN))
    session.remember(shown, 1, mask=disc(50, 60))
    session.remember(shown, 2, mask=disc(150, 100))
    asked.clear()
    for _ in range(2):
        found = session.find(picture((disc(60, 90), RED), (disc(140, 50), GREEN)))
        assert [one.present for one in found] == [True, True]
    assert sum(asked) == GRID**2


def test_where_there_are_no_parts_memory_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    model = video_model()
    by_looks, by_memory = (DynamicSession(model, device="cpu", lookalikes=looks) for looks in (True, False))
    monkeypatch.setattr("sam2_notebook.predict.lookalikes.LEAST_IOU", 2.0)
    assert not len(by_looks.pictures.parts(Image(clip()[5], "clip")).ious)
    for session in (by_looks, by_memory):
        session.remember(clip()[0], 1, box=[10, 10, 50, 40])
    assert np.array_equal(by_looks.find(clip()[5])[1].logits, by_memory.find(clip()[5])[1].logits)


def test_parts_are_kept_of_the_last_pictures_only(embedded: Sam2, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sam2_notebook.predict.dynamic_pictures.PARTED_PICTURES", 1)
    pictures = Pictures(network=Engine(embedded).current()[1])
    first, second = (Image(picture((disc(x, 70), RED)), "made") for x in (60, 130))
    kept = pictures.parts(first)
    assert pictures.parts(first) is kept
    pictures.parts(second)
    assert pictures.parts(first) is not kept


def test_on_generated_sets_looks_beat_the_memory(embedded: Sam2) -> None:
    sets = [picture_set(seed) for seed in (20, 21, 22)]
    by_looks, by_memory = (
        find_in_others(ModelFinder(DynamicSession(embedded, device="cpu", lookalikes=looks)), sets, 1)
        for looks in (True, False)
    )
    assert by_looks.iou > by_memory.iou + 0.1
    assert by_looks.presence > by_memory.presence
