"""The loop learns, resumes where it stood, and its averaged weights load."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from sam2_notebook.model import Sam2Config
from sam2_notebook.training.augment import Samples
from sam2_notebook.training.loop import Phase, Trainer, averaged_model
from sam2_notebook.training.losses import LossWeights, mask_losses, true_iou
from sam2_notebook.training.sources import generated
from sam2_notebook.values.geometry import Size

CONFIG = Sam2Config(
    image_size=64, embed_dim=8, stages=(1, 1, 1, 1), windows=(4, 4, 4, 2), global_blocks=(), dim=32,
    decoder_mlp_dim=32, prompts="raster",
)  # fmt: skip


def samples(side: int, objects: int, seed: int) -> Samples:
    photos = generated(range(4), Size(height=64, width=64))
    return Samples([(1.0, photos)], side=side, objects=objects, pasted=photos, seed=seed)


def log_of(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_it_learns(tmp_path: Path) -> None:
    torch.manual_seed(0)
    trainer = Trainer(config=CONFIG, folder=tmp_path, samples=samples, workers=0, report_every=20)
    trainer.run([Phase(side=64, images=4, objects=4, steps=100, rate=(5e-3, 2e-3), balance=(1.0, 1.0))])
    first, *_, last = log_of(tmp_path)  # measured: loss 5.38 to 4.55, best box 0.17 to 0.34
    assert last["loss"] < 0.92 * first["loss"]
    assert last["best_box_0"] > 1.4 * first["best_box_0"]


def test_it_resumes_at_the_step_where_it_was_saved(tmp_path: Path) -> None:
    phase = Phase(side=64, images=1, objects=2, steps=3, rate=(1e-3, 1e-3))
    first = Trainer(config=CONFIG, folder=tmp_path, samples=samples, workers=0)
    first.run([phase])
    again = Trainer(config=CONFIG, folder=tmp_path, samples=samples, workers=0)
    assert (again.phase, again.step) == (1, 0)
    for name, value in first.model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[name])
    again.run([phase])  # nothing is left to do
    again.run([phase, phase])
    assert again.phase == 2


def test_averaged_weights_make_a_model(tmp_path: Path) -> None:
    trainer = Trainer(config=CONFIG, folder=tmp_path, samples=samples, workers=0)
    trainer.run([Phase(side=64, images=1, objects=2, steps=2, rate=(1e-3, 1e-3))])
    model = averaged_model(tmp_path / "checkpoint.pt")
    assert model.config == CONFIG
    assert torch.equal(model.no_memory, trainer.averaged["no_memory"])


def test_samples_are_squares_with_soft_masks_of_objects_that_can_be_seen() -> None:
    stream = iter(samples(64, 3, 0))
    for _ in range(10):
        pixels, targets = next(stream)
        assert pixels.shape == (3, 64, 64)
        assert targets.shape == (3, 16, 16)
        assert (targets.flatten(1).sum(1) >= 2550).all()


@pytest.mark.parametrize("balance", [0.0, 1.0])
def test_a_perfect_mask_costs_nearly_nothing_and_a_wrong_one_much(balance: float) -> None:
    target = torch.zeros(1, 16, 16)
    target[:, 4:9, 4:9] = 1
    logits = torch.stack([(target * 2 - 1) * 12, (1 - target * 2) * 12], dim=1)
    right, wrong = mask_losses(logits, target, LossWeights(balance=balance))[0].tolist()
    assert right < 0.01
    assert wrong > 1
    assert np.allclose(true_iou(logits, target), [[1.0, 0.0]])
