"""Print how far our numbers are from transformers'.

`python -m tests.parity.table [small odd tiny base_plus story]` prints some networks, without arguments all. "story" is
the six-frame track of two objects, for SAM 2 and 2.1.
"""

import sys

import torch

from tests.parity.compare import CASES, MANY, encode_theirs, feature_errors, photo, prompt_errors, segment_ours
from tests.parity.networks import oracle, seeded, seeded_video
from tests.parity.test_image import CONFIGS
from tests.parity.test_memory import run_story, twins


def rows(name: str) -> list[str]:
    """One line per case: the greatest absolute differences, over three masks and the single one."""
    model = seeded(CONFIGS[name])
    twin = oracle(model)
    pixels = photo(model.config.image_size)
    with torch.inference_mode():
        features = model.recall(model.encode(pixels))
        errors = feature_errors(features, encode_theirs(twin, model, pixels))
        logits = torch.cat([a.logits for a in segment_ours(model, features, MANY, multimask=True)])
    spread = f"features {float(features.coarse.std()):.2f}, logits {float(logits.std()):.2f}"
    lines = [f"| {name} (standard deviation: {spread}) | features | {max(errors.values()):.1e} | - | - |"]
    for case, prompts in CASES.items():
        both = [prompt_errors(model, twin, pixels, prompts, multimask=several) for several in (True, False)]
        worst = {key: max(error[key] for error in both) for key in both[0]}
        cells = " | ".join(f"{value:.1e}" for value in worst.values())
        lines.append(f"| {name} | {case} | {cells} |")
    return lines


def story() -> list[str]:
    """One line per kind of step: the greatest absolute differences of logits, pointers and object scores."""
    lines = ["", "| version | step | logits | pointer | object score |", "|---|---|---|---|---|"]
    for version in ("2.0", "2.1"):
        with torch.inference_mode():
            errors, _ = run_story(twins(seeded_video(version)))
        for kind in dict.fromkeys(kind for kind, *_ in errors):
            steps = [error for (other, *_), error in errors.items() if other == kind]
            cells = " | ".join(f"{max(e[key] for e in steps):.1e}" for key in ("logits", "pointer", "object score"))
            lines.append(f"| {version} | {kind} ({len(steps)} answers) | {cells} |")
    return lines


if __name__ == "__main__":
    print("| network | case | features or logits | IoU | object score |\n|---|---|---|---|---|")
    for name in sys.argv[1:] or [*CONFIGS, "story"]:
        print("\n".join(story() if name == "story" else rows(name)), flush=True)
