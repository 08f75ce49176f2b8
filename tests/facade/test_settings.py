"""What a setting may be: numbers however they are spelled, yes and no in words, and a sentence for all else."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch

from sam2_notebook import auto_annotate
from sam2_notebook.errors import ModelError, PromptError
from sam2_notebook.facade import SAM
from sam2_notebook.facade.annotation.detectors import Wishes, class_numbers
from sam2_notebook.facade.settings import PageSettings
from sam2_notebook.media import encode_png
from sam2_notebook.predict import ImagePredictor
from tests.predict.conftest import random_model
from tests.predict.video_clips import clip

ODD = (
    5, -1, 1.5, True, "a", b"a", [], [[]], {}, {"a": 1}, object(), 1j, 10**400, float("nan"), float("inf"), np.zeros(0),
    np.zeros((2, 2)), torch.eye(2), torch.tensor(1.5),
)  # fmt: skip


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a.png").write_bytes(encode_png(clip()[0]))
    return folder


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"conf": "high"}, "conf is a score from 0 to 1; got 'high'"), ({"iou": True}, "iou is a share"),
        ({"conf": 10**400}, "conf is a score"), ({"conf": float("nan")}, "conf is a score"),
        ({"max_det": "five"}, "max_det is a whole"), ({"max_det": True}, "max_det is a whole"),
        ({"classes": 1.5}, "classes are whole"), ({"classes": [[1]]}, "classes are whole"),
        ({"classes": np.array([True, False])}, "classes are whole"), ({"classes": object()}, "classes are whole"),
        ({"imgsz": -5}, "imgsz is a side in pixels"), ({"imgsz": "a"}, "imgsz is a side"),
        ({"imgsz": 1024.5}, "imgsz is a side"), ({"imgsz": []}, "imgsz is a side"), ({"imgsz": [1, 2, 3]}, "imgsz"),
        ({"project": 5}, "project is text"), ({"name": b"x"}, "name is text"), ({"model": 5}, "model is a name"),
        ({"save": "maybe"}, "save is True or False, yes or no, on or off, 1 or 0; got 'maybe'"),
        ({"exist_ok": 2}, "exist_ok is True or False"), ({"show_conf": []}, "show_conf is True or False"),
        ({5: 1}, "there is no setting 5"), (5, "settings are a dictionary"),
    ],
)  # fmt: skip
def test_what_a_setting_cannot_be_is_refused_in_words(wrong: dict, words: str) -> None:
    with pytest.raises(PromptError, match=words):
        PageSettings().changed(wrong)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", [*(f.name for f in fields(PageSettings)), "half", "batch", "workers", "stream"])
def test_whatever_a_setting_is_given_is_taken_or_refused_in_words(name: str) -> None:
    for value in ODD:
        with suppress(PromptError, ModelError):
            PageSettings().changed({name: value})


def test_settings_may_be_numbers_of_numpy_and_torch(recwarn: pytest.WarningsRecorder) -> None:
    chosen = PageSettings().changed(
        {
            "classes": np.array([1, 2]), "max_det": np.int64(1), "vid_stride": torch.tensor(2), "imgsz": 1024.0,
            "conf": np.float32(0.5), "iou": torch.tensor(0.5), "line_width": np.uint8(3), "save": np.True_,
            "batch": np.int64(1),
        }
    )  # fmt: skip
    assert (chosen.max_det, chosen.vid_stride, chosen.imgsz, chosen.line_width) == (1, 2, 1024, 3)
    assert (chosen.wanted_classes, chosen.conf, chosen.iou, chosen.save) == ({1, 2}, 0.5, 0.5, True)
    assert PageSettings().changed({"classes": np.int64(1)}).wanted_classes == {1}
    assert PageSettings().changed({"imgsz": np.array([640, 480])}).imgsz == (640, 480)
    assert not recwarn.list


@pytest.mark.parametrize("word", ["no", "No", "off", "OFF", "false", "0", 0, np.False_])
def test_no_means_no(word: object, recwarn: pytest.WarningsRecorder) -> None:
    for name in ("save", "exist_ok", "show_labels", "show", "half", "stream"):
        assert not getattr(PageSettings().changed({name: word}), name, False)
    assert not recwarn.list


@pytest.mark.parametrize("word", ["yes", "Yes", "on", "ON", "true", "1", 1, np.True_])
def test_yes_means_yes(word: object) -> None:
    assert PageSettings().changed({"save": word, "retina_masks": word}).save is True


def test_a_call_takes_no_for_an_answer(pictures: Path) -> None:
    sam = SAM(random_model(0), device="cpu")
    assert isinstance(sam(pictures, points=[40, 30], stream=cast(bool, "no")), list)
    with pytest.raises(PromptError, match="stream is True or False"):
        sam(pictures, points=[40, 30], stream=cast(bool, "later"))


@pytest.mark.parametrize("model", [5, [], object()])
def test_what_is_no_network_is_told(model: object) -> None:
    with pytest.raises(ModelError, match="is no network"):
        SAM(cast(str, model))


@pytest.mark.parametrize("name", ["conf", "iou", "imgsz", "max_det"])
def test_whatever_is_asked_of_a_detector_is_taken_or_refused_in_words(name: str) -> None:
    for value in (*ODD, None, "0.5"):
        with suppress(PromptError):
            Wishes(**{name: value})  # type: ignore[arg-type] -- this is what is being found out
    for value in (None, "a", b"a", 1.5, object(), np.array("a")):
        with pytest.raises(PromptError, match=name):
            Wishes(**{name: value})  # type: ignore[arg-type] -- this is what is being found out


def test_wishes_may_be_numbers_of_numpy() -> None:
    odd = Wishes(
        conf=cast(float, np.float32(0.5)), iou=1, imgsz=cast(int, 320.0), max_det=cast(int, np.int64(2)),
        classes=class_numbers(cast(int, np.array([1, 2]))),
    )  # fmt: skip
    assert repr(odd) == repr(Wishes(conf=0.5, iou=1.0, imgsz=320, max_det=2, classes=(1, 2)))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda f, p: auto_annotate(cast(Path, 5), None, p), PromptError, "data is text"),
        (lambda f, p: auto_annotate(f, None, cast(str, 5)), ModelError, "a int is no network"),
        (lambda f, p: auto_annotate(f, None, p, output_dir=cast(str, 5)), PromptError, "output_dir is text"),
        (lambda f, p: auto_annotate(f, None, p, conf=cast(float, "abc")), PromptError, "conf is a share"),
        (lambda f, p: auto_annotate(f, None, p, workers=cast(int, "a")), PromptError, "workers is a whole number"),
        (lambda f, p: auto_annotate(f, None, p, progress=cast(bool, "maybe")), PromptError, "progress is True or"),
    ],
)
def test_annotating_refuses_in_words(pictures: Path, call: Callable, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call(pictures, ImagePredictor(random_model(0), device="cpu"))
    assert not (pictures.parent / "labels").exists()


def test_annotating_takes_a_loaded_network_and_no_for_an_answer(
    pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def boxes(_: np.ndarray) -> tuple[list[list[int]], list[int], list[float]]:
        return [[10, 10, 50, 40]], [1], [0.9]

    report = auto_annotate(pictures, boxes, random_model(0), "cpu", progress=cast(bool, "no"))
    assert report.done["failed"] == 0
    assert not capsys.readouterr().err
