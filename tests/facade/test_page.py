"""Every snippet of the page, with the import changed, on small weights saved under the page's file names."""

from pathlib import Path

import numpy as np
import pytest

from sam2_notebook import SAM, SAM2VideoPredictor
from sam2_notebook.facade import Results
from tests.facade.conftest import PAGE_NAMES


@pytest.fixture
def here(weights: Path, media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the page's files in it."""
    monkeypatch.chdir(tmp_path)
    for file in (*weights.glob("*.pt"), *media.iterdir()):
        (tmp_path / file.name).symlink_to(file)
    return tmp_path


@pytest.fixture
def here_with_memory(memory_weights: Path, media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, with weights that can follow objects."""
    monkeypatch.chdir(tmp_path)
    for file in (*memory_weights.glob("*.pt"), *media.iterdir()):
        (tmp_path / file.name).symlink_to(file)
    return tmp_path


def masks(results: object) -> np.ndarray:
    assert isinstance(results, list)
    assert all(isinstance(r, Results) for r in results)
    return np.asarray(results[0].masks)


def test_segment_with_prompts(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = SAM("sam2.1_b.pt")
    model.info()
    assert "parameters" in capsys.readouterr().out
    results = model("image.jpg", bboxes=[100, 100, 200, 200])
    assert masks(results).shape == (1, 540, 960)
    results = model(points=[900, 370], labels=[1])
    assert masks(results).shape == (1, 540, 960)
    results = model(points=[[400, 370], [900, 370]], labels=[1, 1])
    two = masks(results)
    assert len(two) == 2
    assert np.array_equal(two[1], masks(model(points=[900, 370], labels=[1]))[0])
    results = model(points=[[[400, 370], [900, 370]]], labels=[[1, 1]])
    assert len(masks(results)) == 1
    positive = masks(results)
    results = model(points=[[[400, 370], [900, 370]]], labels=[[1, 0]])
    assert len(masks(results)) == 1
    assert not np.array_equal(masks(results), positive)


def test_segment_everything(here_with_memory: Path) -> None:
    model = SAM("sam2.1_b.pt")
    results = model("small.mp4")
    assert [r.frame for r in results] == [0, 1, 2, 3, 4]


def test_segment_a_video_and_track(here_with_memory: Path) -> None:
    overrides: dict[str, object] = dict(conf=0.25, task="segment", mode="predict", imgsz=1024, model="sam2_b.pt")  # noqa: C408 -- as on the page
    predictor = SAM2VideoPredictor(overrides=overrides)
    results = predictor(source="test.mp4", points=[920, 470], labels=[1])
    assert [list(r.ids or ()) for r in results] == [[0]] * 4
    results = predictor(source="test.mp4", points=[[920, 470], [909, 138]], labels=[1, 1])
    assert [list(r.ids or ()) for r in results] == [[0, 1]] * 4
    results = predictor(source="test.mp4", points=[[[920, 470], [909, 138]]], labels=[[1, 1]])
    assert [list(r.ids or ()) for r in results] == [[0]] * 4
    results = predictor(source="test.mp4", points=[[[920, 470], [909, 138]]], labels=[[1, 0]])
    assert len(masks(results)) == 1


def test_the_questions_and_answers(here: Path) -> None:
    model = SAM("sam2_b.pt")
    model.info()
    assert len(masks(model("image.jpg", bboxes=[100, 100, 200, 200]))) == 1
    assert len(masks(model("image.jpg", points=[150, 150], labels=[1]))) == 1


def test_the_comparison_runs_over_a_folder(here_with_memory: Path) -> None:
    for file in ["sam2_b.pt", "sam2_t.pt"]:
        model = SAM(file)
        model.info()
        results = model("pictures", stream=True)
        assert all(isinstance(r, Results) for r in [next(results)])


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_all_eight_names_load(here_with_memory: Path, name: str) -> None:
    assert SAM(name).model_name == name
