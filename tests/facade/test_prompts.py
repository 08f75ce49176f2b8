"""Nothing said, nothing asked for, and a network that moves: what a loop over a detector's boxes meets."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sam2_notebook.errors import MediaError
from sam2_notebook.facade import SAM, SAM2VideoPredictor
from sam2_notebook.facade.annotation.detectors import Wishes
from sam2_notebook.facade.annotation.picture import Build
from sam2_notebook.facade.prompts import Said, page_prompts
from sam2_notebook.facade.settings import PageSettings
from sam2_notebook.media import encode_png, write_video
from sam2_notebook.predict import ImagePredictor
from sam2_notebook.predict.tidy import EMBEDDED_TIDY
from sam2_notebook.weights import save_model
from tests.predict.conftest import random_model
from tests.predict.video_clips import clip, video_model


@pytest.mark.parametrize(
    "empty",
    [
        {"bboxes": []},
        {"points": []},
        {"points": [], "labels": []},
        {"masks": []},
        {"bboxes": np.zeros((0, 4))},
        {"masks": np.zeros((0, 60, 80), bool)},
    ],
)
def test_an_empty_list_asks_for_nothing(empty: dict) -> None:
    (result,) = SAM(random_model(0), device="cpu")(clip()[0], **empty)
    assert len(result) == 0
    assert result.boxes.xyxy.shape == (0, 4)


def test_an_empty_list_beside_others_says_nothing() -> None:
    said = page_prompts([], None, [[1, 2, 3, 4]], None)
    assert said is not None
    assert [one.box.tolist() for one in said if one.box is not None] == [[1, 2, 3, 4]]


def listed(value: object) -> object:
    return (
        value.tolist()
        if isinstance(value, torch.Tensor)
        else [listed(v) for v in value]
        if isinstance(value, list)
        else value
    )


@pytest.mark.parametrize(
    ("points", "labels"),
    [
        (torch.tensor([[5.0, 5.0], [9.0, 9.0]]), torch.tensor([1, 1])),
        (torch.tensor([[[5.0, 5.0], [9.0, 9.0]]]), torch.tensor([[1, 0]])),
        (torch.tensor([[[5, 5], [9, 9]]]), torch.tensor([1, 0])),
        (torch.tensor([5.0, 5.0], dtype=torch.bfloat16), torch.tensor(0)),
        (torch.tensor([[5.0, 5.0]], requires_grad=True), torch.tensor([1.0], requires_grad=True)),
        ([torch.tensor([5.0, 5.0], requires_grad=True), [9, 9]], [torch.tensor(1), 0]),
        ([torch.tensor([[5, 5], [9, 9]]), torch.tensor([[1, 2]])], [torch.tensor([1, 0]), torch.tensor([1])]),
    ],
)
def test_prompts_in_torch_mean_what_lists_mean(points: object, labels: object) -> None:
    def values(said: list[Said] | None) -> list[tuple[list, list]]:
        return [
            (s.points.tolist(), s.labels.tolist()) for s in said or () if s.points is not None and s.labels is not None
        ]

    found = values(page_prompts(points, labels, None, None))
    assert found
    assert found == values(page_prompts(listed(points), listed(labels), None, None))


def test_boxes_and_masks_may_be_part_of_a_training() -> None:
    box = torch.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    mask = torch.eye(3, requires_grad=True)
    (said,) = page_prompts(None, None, box, [mask]) or []
    assert said.box is not None
    assert said.box.tolist() == [1, 2, 3, 4]
    assert said.mask is not None
    assert said.mask.tolist() == np.eye(3, dtype=bool).tolist()


def test_a_video_of_which_nothing_is_asked_comes_frame_by_frame(tmp_path: Path) -> None:
    source = write_video(tmp_path / "clip.mp4", clip(3))
    found = SAM(video_model(), device="cpu")(source, bboxes=[])
    assert [(one.frame, len(one)) for one in found] == [(0, 0), (1, 0), (2, 0)]


def test_a_pattern_of_pictures_is_a_video(tmp_path: Path) -> None:
    weights = save_model(video_model(), tmp_path / "small.safetensors", name="random", half=False)
    predictor = SAM2VideoPredictor({"model": str(weights)})
    for number, frame in enumerate(clip(3)):
        (tmp_path / f"{number}.png").write_bytes(encode_png(frame))
    found = predictor(str(tmp_path / "*.png"), points=[40, 30])
    assert [one.frame for one in found] == [0, 1, 2]
    (tmp_path / "3.mp4").write_bytes(write_video(tmp_path / "clip.mp4", clip(3)).read_bytes())
    with pytest.raises(MediaError, match="one video at a time"):
        predictor(str(tmp_path / "[0-9].*"), points=[40, 30])


def test_the_embedded_model_keeps_tidying_its_masks_when_it_is_moved() -> None:
    model = SAM(None, device="cpu")
    assert model.predictor.tidy == EMBEDDED_TIDY
    assert model.to("cpu").predictor.tidy == EMBEDDED_TIDY


def test_settings_of_the_page_that_do_nothing_here_are_told_and_none_is_the_default() -> None:
    for name in ("compile", "dnn", "rect"):
        assert PageSettings().changed({name: False}) == PageSettings()
    with pytest.warns(UserWarning, match="tracker='botsort.yaml' has no effect here"):
        PageSettings().changed({"tracker": "botsort.yaml"})
    assert PageSettings().changed({"imgsz": None, "name": None, "conf": None}) == PageSettings()
    assert PageSettings().changed({"conf": np.float32(0.5)}).conf == 0.5


def test_what_travels_to_other_machines_makes_the_same_masks() -> None:
    here = Build(model=None, det_model=None, wishes=Wishes(device="cpu"))
    assert here.to_travel().predictor().tidy == EMBEDDED_TIDY
    mine = ImagePredictor(random_model(0), device="cpu", tidy=7, precision="fp32")
    there = Build(model=mine, det_model=None, wishes=Wishes(device="cpu")).to_travel().predictor()
    assert (there is mine, there.tidy, there.precision) == (False, 7, "fp32")
