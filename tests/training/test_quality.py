"""The head that predicts IoUs learns what is true of a network as it is used, and nothing else moves."""

import numpy as np
import torch

from sam2_notebook.model import Sam2, Sam2Config
from sam2_notebook.training.clip_samples import ClipSamples, generated_clips
from sam2_notebook.training.quality import Judgements, fit_quality, judge_clips, judge_pictures
from sam2_notebook.training.sources import generated
from sam2_notebook.training.validation import views
from sam2_notebook.values.geometry import Size

CONFIG = Sam2Config(
    image_size=64, embed_dim=8, stages=(1, 1, 1, 1), windows=(4, 4, 4, 2), global_blocks=(), dim=32,
    decoder_mlp_dim=32, prompts="raster", memory_layers=1, memory_dim=16,
)  # fmt: skip


def network() -> Sam2:
    torch.manual_seed(0)
    return Sam2(CONFIG).eval()


def test_pictures_are_judged_for_three_beginnings_and_three_clicks_each() -> None:
    model = network()
    pictures = views(generated(range(2), Size(height=64, width=64)), 64, 2)
    judged = judge_pictures(model, pictures)
    objects = sum(len(soft) for _, soft in pictures)
    assert judged.tokens.shape == (objects * 9, 32)
    assert judged.ious.shape == (objects * 9, 4)
    assert 0 <= float(judged.ious.min()) <= float(judged.ious.max()) <= 1


def test_a_hidden_object_of_a_clip_is_not_judged() -> None:
    model = network()
    pixels = torch.randint(0, 255, (4, 3, 64, 64), dtype=torch.uint8)
    soft = torch.zeros(4, 2, 16, 16, dtype=torch.uint8)
    soft[:, :, 4:9, 4:9] = 255
    soft[2, 0] = 0
    assert len(judge_clips(model, [(pixels, soft)]).tokens) == 2 * 3 - 1


def test_clips_of_the_training_stream_can_be_judged() -> None:
    stream = ClipSamples([(1.0, generated_clips)], side=64, frames=3, objects=2, seed=0)
    assert len(judge_clips(network(), [next(iter(stream))]).tokens)


def test_fitting_brings_the_predicted_iou_near_the_true_one_and_moves_the_head_only() -> None:
    model = network()
    rng = np.random.default_rng(0)
    tokens = torch.from_numpy(rng.normal(size=(2000, 32)).astype(np.float32))
    ious = (tokens[:, :4] * 0.8).sigmoid()
    others = {k: v.clone() for k, v in model.state_dict().items() if "iou_head" not in k}
    before, after = fit_quality(model, [Judgements(tokens, ious)])
    assert after < before / 4
    for key, value in model.state_dict().items():
        assert "iou_head" in key or torch.equal(value, others[key]), key


def test_a_head_that_fitting_cannot_better_stays_as_it_was() -> None:
    model = network()
    tokens = torch.randn(400, 32)
    with torch.no_grad():
        ious = model.mask_decoder.iou_head(tokens).sigmoid()
    kept = {k: v.clone() for k, v in model.mask_decoder.iou_head.state_dict().items()}
    before, after = fit_quality(model, [Judgements(tokens, ious)])
    assert before == after == 0
    assert all(torch.equal(v, kept[k]) for k, v in model.mask_decoder.iou_head.state_dict().items())
