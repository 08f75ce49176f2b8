"""What the whole network promises: values in, values out, objects apart."""

import os

import pytest
import torch
from jaxtyping import TypeCheckError

from sam2_notebook.model import ImageFeatures, PromptTensors, Sam2
from sam2_notebook.model.mask_decoder import MaskPrediction, stability

POINTS = torch.tensor([[[10.0, 12.0], [40.0, 33.0]], [[50.0, 8.0], [3.0, 60.0]], [[31.0, 31.0], [20.0, 50.0]]])
LABELS = torch.tensor([[1, 0], [1, 1], [2, 3]])

shapes_checked = pytest.mark.skipif(os.environ.get("SAM2NB_SHAPE_CHECKS") == "0", reason="shape checks are off")


def conditioned(model: Sam2, pixels: torch.Tensor) -> ImageFeatures:
    return model.recall(model.encode(pixels))


@torch.inference_mode()
@pytest.mark.parametrize("multimask", [True, False])
def test_an_object_alone_is_the_object_in_a_batch(small: Sam2, pixels: torch.Tensor, multimask: bool):
    features = conditioned(small, pixels[:1])
    together = small.segment(features, PromptTensors(points=POINTS, labels=LABELS), multimask=multimask)
    for i in range(3):
        one = slice(i, i + 1)
        alone = small.segment(features, PromptTensors(points=POINTS[one], labels=LABELS[one]), multimask=multimask)
        assert torch.allclose(alone.logits, together.logits[one], atol=1e-5)
        assert torch.allclose(alone.iou, together.iou[one], atol=1e-6)
        assert torch.allclose(alone.object_score, together.object_score[one], atol=1e-5)


@torch.inference_mode()
def test_a_picture_alone_is_the_picture_in_a_batch(small: Sam2, pixels: torch.Tensor):
    both, second = small.encode(pixels), small.encode(pixels[1:])
    for name in ("coarse", "middle", "fine"):
        assert torch.allclose(getattr(both[1:], name), getattr(second, name), atol=1e-5)


@torch.inference_mode()
def test_nothing_stays_from_one_call_to_the_next(small: Sam2, pixels: torch.Tensor):
    state = {name: tensor.clone() for name, tensor in small.state_dict().items()}
    prompts = PromptTensors(points=POINTS, labels=LABELS)
    features = conditioned(small, pixels[:1])
    kept = features.coarse.clone()
    first = small.segment(features, prompts, multimask=True)
    small.segment(conditioned(small, pixels[1:]), prompts, multimask=False)
    again = small.segment(features, prompts, multimask=True)
    assert torch.equal(first.logits, again.logits)
    assert torch.equal(features.coarse, kept)
    assert all(torch.equal(tensor, state[name]) for name, tensor in small.state_dict().items())


@torch.inference_mode()
def test_recalling_nothing_adds_the_learned_code_to_the_coarse_map_only(small: Sam2, pixels: torch.Tensor):
    features = small.encode(pixels)
    recalled = small.recall(features)
    assert torch.equal(recalled.coarse, features.coarse + small.no_memory.view(1, -1, 1, 1))
    assert recalled.middle is features.middle
    assert recalled.fine is features.fine


@torch.inference_mode()
def test_order_of_the_clicks_does_not_matter(small: Sam2, pixels: torch.Tensor):
    features = conditioned(small, pixels[:1])
    forth = small.segment(features, PromptTensors(points=POINTS[:1], labels=LABELS[:1]), multimask=True)
    back = small.segment(features, PromptTensors(points=POINTS[:1].flip(1), labels=LABELS[:1].flip(1)), multimask=True)
    assert torch.allclose(forth.logits, back.logits, atol=1e-5)


@shapes_checked
@pytest.mark.parametrize(
    ("points", "labels", "mask"),
    [
        (torch.zeros(1, 2, 3), torch.zeros(1, 2, dtype=torch.long), None),
        (torch.zeros(2, 2), torch.zeros(2, dtype=torch.long), None),
        (torch.zeros(1, 2, 2), torch.zeros(1, 3, dtype=torch.long), None),
        (torch.zeros(1, 2, 2), torch.zeros(1, 2), None),
        (torch.zeros(1, 2, 2, dtype=torch.long), torch.zeros(1, 2, dtype=torch.long), None),
        (torch.zeros(1, 1, 2), torch.zeros(1, 1, dtype=torch.long), torch.zeros(1, 2, 16, 16)),
        (torch.zeros(1, 1, 2), torch.zeros(1, 1, dtype=torch.long), torch.zeros(1, 1, 16, 12)),
    ],
    ids=[
        "three coordinates",
        "no batch",
        "too many labels",
        "float labels",
        "whole places",
        "two masks",
        "oblong mask",
    ],
)
def test_prompts_of_another_shape_are_refused(points: torch.Tensor, labels: torch.Tensor, mask: torch.Tensor | None):
    with pytest.raises(TypeCheckError):
        PromptTensors(points=points, labels=labels, mask=mask)


@shapes_checked
@pytest.mark.parametrize("shape", [(1, 4, 64, 64), (3, 64, 64), (1, 3, 64, 32)])
def test_pictures_of_another_shape_are_refused(small: Sam2, shape: tuple[int, ...]):
    with pytest.raises(TypeCheckError):
        small.encode(torch.zeros(shape))


def prediction(*logits: float, iou: tuple[float, float, float, float]) -> MaskPrediction:
    """One object whose four masks are flat, each of one logit."""
    maps = torch.tensor(logits).float().view(1, 4, 1, 1).expand(1, 4, 8, 8).clone()
    return MaskPrediction(
        logits=maps, iou=torch.tensor([iou]), object_score=torch.zeros(1), tokens=torch.arange(4.0).view(1, 4, 1)
    )


def test_a_stable_single_mask_is_kept_although_a_candidate_scores_higher():
    single = prediction(3, 1, 2, 1, iou=(0.1, 0.5, 0.9, 0.3)).single()
    assert (float(single.logits.max()), float(single.iou)) == (3, pytest.approx(0.1))


def test_an_unstable_single_mask_gives_way_to_the_best_candidate_but_its_token_stays():
    single = prediction(0.01, 1, 2, 1, iou=(0.95, 0.5, 0.9, 0.3)).single()
    assert (float(single.logits.max()), float(single.iou), float(single.tokens)) == (2, pytest.approx(0.9), 0)


def test_candidates_leave_the_single_mask_out():
    three = prediction(0, 1, 2, 3, iou=(0.1, 0.2, 0.3, 0.4)).candidates()
    assert three.logits[0, :, 0, 0].tolist() == [1, 2, 3]
    assert three.iou[0].tolist() == pytest.approx([0.2, 0.3, 0.4])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((-1.0, -1.0, -1.0, -1.0), 1.0),  # empty however it is cut
        ((1.0, 1.0, 1.0, 1.0), 1.0),
        ((0.04, -0.04, 1.0, -1.0), 1 / 3),
        ((0.05, -0.05, 1.0, 1.0), 2 / 3),  # both limits are exclusive
        ((0.0, 0.0, 0.0, 0.0), 0.0),
    ],
)
def test_stability_is_the_share_of_sure_pixels(values: tuple[float, ...], expected: float):
    assert float(stability(torch.tensor(values).view(1, 2, 2))) == pytest.approx(expected)
