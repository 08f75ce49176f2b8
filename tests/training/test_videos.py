"""Memory training: it learns, it leaves the image encoder alone, it starts from a network of pictures."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from sam2_notebook.model import Sam2, Sam2Config
from sam2_notebook.training.augment import Samples
from sam2_notebook.training.clip_samples import ClipSamples
from sam2_notebook.training.clips import Clip
from sam2_notebook.training.first_memory import begin_memory
from sam2_notebook.training.loop import Trainer, at_side, take_over
from sam2_notebook.training.losses import LossWeights, tracking_loss
from sam2_notebook.training.schedule import Shares
from sam2_notebook.training.sources import generated
from sam2_notebook.training.videos import VideoPhase
from sam2_notebook.values.geometry import Size

PICTURES = Sam2Config(
    image_size=64, embed_dim=8, stages=(1, 1, 1, 1), windows=(4, 4, 4, 2), global_blocks=(), dim=32,
    decoder_mlp_dim=32, prompts="raster",
)  # fmt: skip
CONFIG = replace(PICTURES, memory_layers=1, memory_dim=16)


def square_clip(rng: np.random.Generator, size: Size, frames: int) -> Clip:
    """A bright square that jumps about a dark picture, and is away for one frame."""
    pixels = rng.integers(0, 60, (frames, size.height, size.width, 3)).astype(np.uint8)
    masks = np.zeros((frames, 1, size.height, size.width), np.bool_)
    for frame in range(frames):
        if frame != 2:
            x, y = rng.integers(0, size.width - 24, 2)
            masks[frame, 0, y : y + 24, x : x + 24] = True
    pixels[masks[:, 0]] = (250, 220, 30)
    return Clip(pixels=pixels, masks=masks)


def clips(side: int, frames: int, objects: int, seed: int) -> tuple[ClipSamples, Samples]:
    stream = ClipSamples([(1.0, square_clip)], side=side, frames=frames, objects=objects, seed=seed)
    return stream, pictures(side, objects, seed)


def pictures(side: int, objects: int, seed: int) -> Samples:
    photos = generated(range(3), Size(height=64, width=64))
    return Samples([(1.0, photos)], side=side, objects=objects, pasted=photos, seed=seed)


PHASE = VideoPhase(
    side=64, frames=4, clips=4, objects=1, steps=20, rate=(4e-3, 2e-3), balance=(1.0, 1.0), told=(0.8, 0.4),
    images=1, shares=Shares(encoder=1.0, decoder=1.0),
)  # fmt: skip


def test_it_learns_to_follow(tmp_path: Path) -> None:
    torch.manual_seed(0)
    trainer = Trainer(config=CONFIG, folder=tmp_path, samples=pictures, clips=clips, workers=0, report_every=5)
    trainer.run([PHASE])
    first, *rest = (json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines())
    last = rest[-1]
    # Measured with three seeds: 6.2 to 6.8 at first, 4.9 at the lowest; best candidate .18 to .40, at last .73 to .85.
    assert min(line["loss"] for line in rest) < 0.9 * first["loss"]
    assert last["best_track"] > first["best_track"] + 0.15
    assert last["best_track"] > 3 * last["copy_track"]


def test_a_frozen_encoder_stays_as_it_was(tmp_path: Path) -> None:
    start = Sam2(PICTURES)
    trainer = Trainer(config=CONFIG, folder=tmp_path, samples=pictures, clips=clips, start=start, workers=0)
    trainer.run([replace(PHASE, steps=2, shares=Shares(encoder=0.0, decoder=0.5), corrections=1.0)])
    learned, before = trainer.model.state_dict(), start.state_dict()
    changed = {name for name in before if not torch.equal(learned[name], before[name])}
    assert changed
    assert not [name for name in changed if name.startswith(("image_encoder.", "mask_decoder.skip_"))]


def test_a_network_of_pictures_can_grow_a_memory_but_not_change_its_sizes() -> None:
    start, grown = Sam2(PICTURES), Sam2(CONFIG)
    take_over(grown, start)
    assert torch.equal(grown.mask_decoder.mask_tokens, start.mask_decoder.mask_tokens)
    with pytest.raises(ValueError, match="does not fit"):
        take_over(Sam2(replace(CONFIG, embed_dim=16)), start)


def test_small_pictures_turn_with_the_place_in_the_picture() -> None:
    large = Sam2(replace(CONFIG, image_size=128))
    small = at_side(large, 64)
    assert large.memory is not None
    assert small.memory is not None
    assert small.memory.attention.layers is large.memory.attention.layers or all(
        a is b for a, b in zip(small.memory.attention.parameters(), large.memory.attention.parameters(), strict=True)
    )
    full = large.memory.attention.rotation.cos.unflatten(0, (8, 8))
    assert torch.equal(small.memory.attention.rotation.cos.unflatten(0, (4, 4)), full[::2, ::2])


def test_a_memory_begins_by_comparing_features_and_the_decoder_at_home() -> None:
    torch.manual_seed(1)
    model = Sam2(CONFIG).eval()
    pixels = torch.rand(4, 3, 64, 64)
    begin_memory(model, pixels)
    assert model.memory is not None
    with torch.no_grad():
        coarse = model.encode(pixels).coarse
        tokens = coarse.flatten(2).transpose(1, 2)
        normed = model.memory.attention.norm(tokens + model.memory.attention.frame_place)
        wanted = tokens + model.no_memory
    assert float((normed - wanted).square().mean()) < 0.5 * float(wanted.var())
    with pytest.raises(ValueError, match="no memory"):
        begin_memory(Sam2(PICTURES), pixels)


def test_hidden_objects_teach_presence_only() -> None:
    torch.manual_seed(0)
    model = Sam2(CONFIG)
    features = model.recall(model.encode(torch.rand(1, 3, 64, 64)))
    from sam2_notebook.model import unprompted

    prediction = model.decode(features, unprompted(2))
    hidden = tracking_loss(prediction, torch.zeros(2, 16, 16), LossWeights(presence=1.0))
    hidden.backward()
    heads = [p.grad for p in model.mask_decoder.mask_heads.parameters()]
    assert all(g is None or not g.any() for g in heads)
    assert any(p.grad is not None and p.grad.any() for p in model.mask_decoder.object_head.parameters())
