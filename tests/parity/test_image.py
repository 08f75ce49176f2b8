"""Our image half and transformers' give the same numbers for the same weights."""

from dataclasses import replace

import pytest
import torch
from transformers import Sam2Model

from sam2_notebook.model import Sam2, Sam2Config
from sam2_notebook.model.mask_decoder import STABILITY_THRESHOLD, stability
from sam2_notebook.weights import PRESETS
from tests.parity.compare import (
    CASES,
    MANY,
    encode_theirs,
    feature_errors,
    photo,
    prompt_errors,
    prompt_tensors,
    segment_ours,
)
from tests.parity.networks import ODD, SMALL, oracle, seeded, sharpened

TOLERANCE = 1e-5
CONFIGS: dict[str, Sam2Config] = {
    "small": SMALL,
    "odd": ODD,
    # transformers' image model has no memory half
    "tiny": replace(PRESETS["sam2.1_hiera_tiny"], memory_layers=0),
    "base_plus": replace(PRESETS["sam2.1_hiera_base_plus"], memory_layers=0),
}
Pair = tuple[Sam2, Sam2Model]


@pytest.fixture(
    scope="module",
    params=["small", "odd", *(pytest.param(name, marks=pytest.mark.slow) for name in ("tiny", "base_plus"))],
)
def pair(request: pytest.FixtureRequest) -> Pair:
    model = seeded(CONFIGS[request.param])
    return model, oracle(model)


def test_a_photo_gets_the_same_features(pair: Pair):
    model, twin = pair
    with torch.inference_mode():
        side = model.config.image_size
        pixels = photo(side)
        if side < PRESETS["sam2.1_hiera_tiny"].image_size:  # two at once; of the large networks one takes long enough
            pixels = torch.cat([pixels, photo(side, "nuclei_stained.jpg")])
        ours = model.recall(model.encode(pixels))
        theirs = encode_theirs(twin, model, pixels)
    assert min(float(feature.std()) for feature in theirs) > 0.1, "silent features would prove nothing"
    errors = feature_errors(ours, theirs)
    assert max(errors.values()) <= TOLERANCE, errors


@pytest.mark.parametrize("multimask", [True, False], ids=["three masks", "single mask"])
@pytest.mark.parametrize("case", CASES)
def test_prompts_get_the_same_masks(pair: Pair, case: str, multimask: bool):
    model, twin = pair
    errors = prompt_errors(model, twin, photo(model.config.image_size), CASES[case], multimask=multimask)
    assert max(errors.values()) <= TOLERANCE, errors


def test_the_prompts_of_the_cases_matter(pair: Pair):
    """Without this, masks that ignore their prompts would agree, too."""
    model, _ = pair
    prompts = [prompts[0] for prompts in CASES.values()]
    with torch.inference_mode():
        features = model.recall(model.encode(photo(model.config.image_size)))
        logits = [a.logits for a in segment_ours(model, features, prompts, multimask=True)]
    for i, one in enumerate(logits[:-1]):
        for other in logits[i + 1 : -1]:
            assert float((one - other).abs().max()) > 1000 * TOLERANCE


def test_both_branches_of_the_stability_fallback_agree():
    model = sharpened(seeded(ODD, gain=1.0), 0.6)
    pixels = photo(ODD.image_size)
    with torch.inference_mode():
        features = model.recall(model.encode(pixels))
        first = [model.decode(features, prompt_tensors(prompt, ODD.image_size)).logits[:, 0] for prompt in MANY]
    stable = stability(torch.cat(first)) >= STABILITY_THRESHOLD
    assert stable.any(), "no object keeps its single mask"
    assert not stable.all(), "no object falls back to a candidate"
    errors = prompt_errors(model, oracle(model), pixels, MANY, multimask=False)
    assert max(errors.values()) <= TOLERANCE, errors


def test_a_change_of_one_weight_would_be_seen():
    model = seeded(SMALL)
    twin = oracle(model)
    with torch.no_grad():
        twin.get_parameter("mask_decoder.transformer.layers.1.cross_attn_image_to_token.k_proj.weight")[3, 5] += 0.5
    errors = prompt_errors(model, twin, photo(SMALL.image_size), CASES["one point"], multimask=True)
    assert errors["logits"] > TOLERANCE
