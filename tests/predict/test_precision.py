"""Precision is chosen per device; what is not exact stays within half a percent of a mask on real photos."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sam2_notebook.errors import ModelError, PromptError
from sam2_notebook.media import read_image
from sam2_notebook.model import PromptTensors, Sam2, Sam2Config
from sam2_notebook.model.accelerated import AcceleratedSam2
from sam2_notebook.model.fast import FastSam2
from sam2_notebook.predict import ImagePredictor, VideoPredictor, precision
from sam2_notebook.predict.precision import Engine, choose_precision, cpu_has_bfloat16
from sam2_notebook.training.scenes import make_scene
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import iou
from sam2_notebook.weights import load_model
from tests.predict.conftest import random_model

LEAST = 0.005
LARGE = Sam2Config(image_size=64, embed_dim=96, dim=256)  # tiny's parameters


@pytest.fixture(scope="module")
def embedded() -> Sam2:
    return load_model(device="cpu")


def grid(size: int, side: int) -> torch.Tensor:
    place = (torch.arange(side) + 0.5) / side * size
    return torch.stack(torch.meshgrid(place, place, indexing="xy"), dim=-1).view(-1, 1, 2)


@pytest.mark.parametrize("name", ["shoes.jpg", "nuclei_stained.jpg"])
def test_the_default_precision_changes_no_mask_by_more_than_half_a_percent(
    data: Path, embedded: Sam2, name: str
) -> None:
    photo = read_image(data / name)
    height, width = photo.size_hw
    points = grid(1, 3).numpy() * [width, height]
    corners = np.clip(np.concatenate((points - 60, points + 60), axis=1), 0, [width - 1, height - 1]).reshape(-1, 4)
    found = []
    for chosen in ("auto", "fp32"):
        predictor = ImagePredictor(embedded, device="cpu", precision=chosen)
        encoded = predictor.encode(photo)
        found.append([predictor.segment(encoded, points=points).masks, predictor.segment(encoded, box=corners).masks])
    for auto, exact in zip(*found, strict=True):
        assert exact.any()
        assert (auto ^ exact).mean(axis=(1, 2)).max() <= LEAST


@pytest.mark.parametrize("name", ["shoes.jpg", "nuclei_stained.jpg"])
def test_bfloat16_changes_no_mask_by_more_than_half_a_percent(data: Path, embedded: Sam2, name: str) -> None:
    """All candidates on real photos; which of them is given is a choice that rounding may tip where two are equal."""
    photo = read_image(data / name)
    exact, rounded = (ImagePredictor(embedded, device="cpu", precision=p) for p in ("fp32", "bf16"))
    points = grid(512, 4)
    clicks = PromptTensors(points=points, labels=torch.ones(len(points), 1, dtype=torch.long))
    boxes = PromptTensors(
        points=torch.cat((points - 60, points + 60), dim=1).clamp(0, 511),
        labels=torch.tensor([[2, 3]]).expand(len(points), 2),
    )
    features = [p.encode(photo).features for p in (exact, rounded)]
    assert not torch.equal(features[0].coarse, features[1].coarse)
    for prompts in (clicks, boxes):
        one, other = (
            p.network.segment(f, prompts, multimask=True).logits > 0
            for p, f in zip((exact, rounded), features, strict=True)
        )
        assert one.any()
        assert float((one ^ other).float().mean(dim=(2, 3)).max()) <= LEAST


@pytest.mark.parametrize(("has", "expected"), [(True, torch.bfloat16), (False, torch.float32)])
def test_auto_is_bfloat16_only_where_the_cpu_has_it(monkeypatch, has: bool, expected: torch.dtype) -> None:
    monkeypatch.setattr(precision, "cpu_has_bfloat16", lambda: has)
    assert choose_precision("auto", Sam2(LARGE)) is expected


def test_auto_keeps_small_networks_exact(embedded: Sam2) -> None:
    assert choose_precision("auto", embedded) is torch.float32
    assert cpu_has_bfloat16() in (True, False)


def test_a_precision_that_is_unknown_or_of_no_use_is_refused(model: Sam2) -> None:
    with pytest.raises(ModelError, match="precision is one of auto, fp32, bf16, fp16; got 'int8'"):
        ImagePredictor(model, device="cpu", precision="int8")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ModelError, match="is for GPUs"):
        ImagePredictor(model, device="cpu", precision="fp16")


def test_a_picture_encoded_in_another_precision_is_refused(model: Sam2, photo: np.ndarray) -> None:
    exact, rounded = (ImagePredictor(model, device="cpu", precision=p) for p in ("fp32", "bf16"))
    assert (exact.precision, rounded.precision) == ("fp32", "bf16")
    with pytest.raises(PromptError, match="in another precision"):
        rounded.segment(exact.encode(photo), [[3, 3]])


def test_videos_take_a_precision_too() -> None:
    from tests.predict.video_clips import clip, video_model

    predictor = VideoPredictor(video_model(), device="cpu", precision="bf16")
    assert predictor.precision == "bf16"
    with predictor.open(clip(4)) as session:
        session.add(0, 1, points=[[30, 30]])
        assert len(list(session.propagate())) == 4


def test_a_pooled_memory_follows_as_well(embedded: Sam2) -> None:
    truth = [make_scene(11, Size(height=180, width=320)).render(i / 8) for i in range(9)]
    clip = np.stack([scene.pixels for scene in truth])
    largest = max(truth[0].masks, key=np.sum)
    followed = {}
    for how in (False, True):
        with VideoPredictor(embedded, device="cpu", pooled_memory=how).open(clip) as session:
            session.add(0, 1, mask=largest)
            followed[how] = np.stack([result[1].mask for result in session.propagate()])
    full, pooled = (np.concatenate(list(followed[how])) for how in (False, True))
    assert not np.array_equal(full, pooled)
    assert iou(full, pooled) > 0.9  # measured: 0.95


def test_the_network_follows_its_parameters(photo: np.ndarray) -> None:
    model = random_model(3)
    engine = Engine(model)
    before = engine.current()
    assert engine.current()[1] is before[1]
    with torch.no_grad():
        model.no_memory.add_(1)
    after = engine.current()
    assert after[0] != before[0]
    assert after[1] is not before[1]


def test_the_form_for_gpus_gives_the_same_numbers(model: Sam2) -> None:
    """It runs on CPUs as well, where its float32 is the plain network's."""
    pixels = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    clicks = PromptTensors(points=torch.tensor([[[20.0, 30.0]]]), labels=torch.tensor([[1]]))
    answers = []
    for network in (FastSam2(model), AcceleratedSam2(model), AcceleratedSam2(model, torch.bfloat16)):
        features = network.prepare(network.recall(network.encode(pixels)))
        assert features.coarse.dtype is torch.float32
        answers.append(network.segment(features, clicks, multimask=True).logits)
    torch.testing.assert_close(answers[0], answers[1], atol=1e-5, rtol=1e-4)
    assert 0 < float((answers[0] - answers[2]).norm() / answers[0].norm()) < 0.1


def test_the_form_for_gpus_remembers_and_recalls() -> None:
    from tests.predict.video_clips import video_model

    model = video_model()
    pixels = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    clicks = PromptTensors(points=torch.tensor([[[20.0, 30.0]]]), labels=torch.tensor([[1]]))
    found = []
    for network in (FastSam2(model), AcceleratedSam2(model)):
        raw = network.encode(pixels)
        sighting = network.locate(network.segment(network.recall(raw), clicks, multimask=True))
        memory = network.remember(raw, sighting, prompted=True)
        assert memory.map is not None
        found.append(memory.map)
    torch.testing.assert_close(*found, atol=1e-4, rtol=1e-3)
