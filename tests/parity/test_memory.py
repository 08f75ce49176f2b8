"""Our memory half and transformers' give the same numbers for the same weights."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from sam2_notebook.model import Recollection, Sam2, Sam2Config, Sighting
from sam2_notebook.model.positions import sine_map
from sam2_notebook.model.video_memory import VideoMemory
from sam2_notebook.weights import PRESETS
from tests.parity.networks import VIDEO, Original, seeded, seeded_video, video_oracle
from tests.parity.video import Ours, Step, Theirs, frames, sighting_errors, tell

TOLERANCE = 1e-4


@dataclass(frozen=True)
class Pair:
    """The same network twice."""

    model: Sam2
    twin: Original

    @property
    def memory(self) -> VideoMemory:
        """Our memory half."""
        assert self.model.memory is not None
        return self.model.memory


def twins(model: Sam2) -> Pair:
    """A network beside its copy in transformers."""
    return Pair(model, video_oracle(model))


CONFIGS: dict[str, Sam2Config] = {
    "small 2.0": replace(VIDEO, version="2.0"),
    "small 2.1": replace(VIDEO, version="2.1"),
    "sam2_hiera_tiny": PRESETS["sam2_hiera_tiny"],
    "sam2.1_hiera_tiny": PRESETS["sam2.1_hiera_tiny"],
}


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.slow if "tiny" in name else ()) for name in CONFIGS],
)
def pair(request: pytest.FixtureRequest) -> Pair:
    return twins(seeded(CONFIGS[request.param]))


@pytest.fixture(scope="module", params=["2.0", "2.1"])
def story(request: pytest.FixtureRequest) -> Pair:
    return twins(seeded_video(request.param))


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def encoder_error(pair: Pair, *, prompted: bool) -> float:
    """The greatest difference of two memory maps, of one object that is present and one that is absent."""
    config = pair.model.config
    coarse = noise(1, config.dim, config.grid, config.grid)
    logits = 5 * noise(2, 1, config.mask_size, config.mask_size, seed=1)
    scores = torch.tensor([0.7, -0.2])[:, None, None]
    full = torch.nn.functional.interpolate(logits, size=(config.image_size,) * 2, mode="bilinear")
    kept: list[Tensor] = []
    hook = pair.twin.memory_encoder.register_forward_hook(lambda *call: kept.append(call[2][0]))
    pair.twin._encode_new_memory(coarse.flatten(2).permute(2, 0, 1).expand(-1, 2, -1), full, scores, prompted)
    hook.remove()
    ours = pair.memory.encoder(coarse, logits, scores[:, 0, 0] > 0, prompted=prompted)
    assert float(kept[0].std()) > 0.1
    return float((ours - kept[0]).abs().max())


@torch.inference_mode()
@pytest.mark.parametrize("prompted", [True, False])
def test_masks_become_the_same_memories(pair: Pair, prompted: bool):
    assert encoder_error(pair, prompted=prompted) <= TOLERANCE


def attention_error(pair: Pair, pointers: int) -> float:
    """The greatest difference of features that recall four maps and some pointers of two objects."""
    config, attention = pair.model.config, pair.memory.attention
    coarse = noise(1, config.dim, config.grid, config.grid)
    maps = tuple(noise(2, config.memory_dim, config.grid, config.grid, seed=i) for i in range(4))
    tokens = tuple(noise(2, config.dim, seed=10 + i) for i in range(pointers))
    recollection = Recollection(maps=maps, slots=(6, 6, 0, 3), pointers=tokens, ages=(0, 9, 4)[:pointers], span=15)
    theirs = their_attention(pair, coarse, recollection)
    return float((attention(coarse, recollection) - theirs).abs().max())


def their_attention(pair: Pair, coarse: Tensor, recollection: Recollection) -> Tensor:
    """Transformers' features for a recollection: (batch, dim, grid, grid)."""
    twin, grid = pair.twin, coarse.shape[-1]

    def flat(maps: Tensor) -> Tensor:
        return maps.flatten(2).permute(2, 0, 1)

    place = flat(sine_map(grid, grid, pair.model.config.memory_dim)[None])
    # Their offset o takes row o - 1 of the time table, and 0 the last row: our slot s is their offset s + 1 or 0.
    stored = [
        ((slot + 1) % 7, {"maskmem_features": flat(m), "maskmem_pos_enc": place.expand(-1, 2, -1)})
        for slot, m in zip(recollection.slots, recollection.maps, strict=True)
    ]
    memory, positions = twin._build_memory_attention_inputs(stored, torch.device("cpu"))
    count = 0
    if recollection.pointers:
        pieces, codes = twin._process_object_pointers(
            list(recollection.ages), list(recollection.pointers), recollection.span + 1, 2, twin.hidden_dim,
            torch.device("cpu"),
        )  # fmt: skip
        memory, positions, count = [*memory, pieces], [*positions, codes], len(pieces)
    found = twin.memory_attention(
        current_vision_features=flat(coarse).expand(-1, 2, -1),
        current_vision_position_embeddings=flat(sine_map(grid, grid, twin.hidden_dim)[None]),
        memory=torch.cat(memory),
        memory_posision_embeddings=torch.cat(positions),
        num_object_pointer_tokens=count,
    )
    return found[0].transpose(1, 2).unflatten(2, (grid, grid))


@torch.inference_mode()
@pytest.mark.parametrize("pointers", [0, 3])
def test_features_recall_the_same(pair: Pair, pointers: int):
    assert attention_error(pair, pointers) <= TOLERANCE


def run_story(pair: Pair, *, briefly: bool = False) -> tuple[dict[Step, dict[str, float]], list[Sighting]]:
    """Every step's errors, and what our network saw."""
    pixels = frames(pair.model.config.image_size)
    errors: dict[Step, dict[str, float]] = {}
    sightings: list[Sighting] = []

    def compare(step: Step, seen: Sighting, stored: dict[str, Tensor]) -> None:
        errors[step] = sighting_errors(seen, stored)
        sightings.append(seen)

    tell(Ours(pair.model, pixels), Theirs(pair.twin, pair.model, pixels), compare, briefly=briefly)
    return errors, sightings


def worst(errors: dict[Step, dict[str, float]]) -> float:
    return max(value for step in errors.values() for value in step.values())


@torch.inference_mode()
def test_a_track_of_two_objects_with_all_kinds_of_prompts_agrees(story: Pair):
    errors, sightings = run_story(story)
    assert worst(errors) <= TOLERANCE, errors
    present = [float(seen.object_score) > 0 for seen in sightings]
    assert 4 <= sum(present) <= len(present) - 4, "occlusion should come and go"
    assert {step[0] for step in errors} == {"prompt", "forward", "again", "backward"}


BROKEN: dict[str, Callable[[Recollection], Recollection]] = {
    "slots": lambda r: replace(r, slots=tuple(max(slot - 1, 0) for slot in r.slots)),
    "no pointers": lambda r: replace(r, pointers=(), ages=()),
    "ages": lambda r: replace(r, ages=tuple(-age for age in r.ages)),
    "span": lambda r: replace(r, span=15),
    "one map": lambda r: replace(r, maps=r.maps[-1:], slots=r.slots[-1:]),
}


@torch.inference_mode()
@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_is_seen(rule: str, monkeypatch: pytest.MonkeyPatch):
    """The story would notice each of these mistakes, so that its silence means something."""
    pair = twins(seeded_video("2.1"))
    attend, change = pair.memory.attention.forward, BROKEN[rule]
    monkeypatch.setattr(
        pair.memory.attention, "forward", lambda coarse, recollected: attend(coarse, change(recollected))
    )
    errors, _ = run_story(pair, briefly=True)
    assert worst(errors) > 10 * TOLERANCE
