"""How fast which part of a network learns, and when."""

import math
from dataclasses import dataclass

from sam2_notebook.model import Sam2


@dataclass(frozen=True, kw_only=True)
class Shares:
    """Learning rates of the three parts of a network, as shares of a phase's rate; 0 freezes a part."""

    encoder: float = 1.0
    decoder: float = 1.0
    memory: float = 1.0


def between(ends: tuple[float, float], done: float) -> float:
    """Cosine from the first to the second end as `done` goes from 0 to 1.

    >>> between((1.0, 0.0), 0.0), round(between((1.0, 0.0), 0.5), 3), between((1.0, 0.0), 1.0)
    (1.0, 0.5, 0.0)
    """
    return ends[1] + (ends[0] - ends[1]) * 0.5 * (1 + math.cos(math.pi * done))


def parameter_groups(model: Sam2, decay: float) -> list[dict[str, object]]:
    """Groups for an optimizer, by part of the network (see `Shares`), with weight decay for matrices only."""
    groups: list[dict[str, object]] = []
    named = dict(model.named_parameters())
    for part in ("encoder", "decoder", "memory"):
        own = [p for name, p in named.items() if part_of(name) == part]
        groups.append({"part": part, "params": [p for p in own if p.ndim > 1], "weight_decay": decay})
        groups.append({"part": part, "params": [p for p in own if p.ndim <= 1], "weight_decay": 0.0})
    return groups


def part_of(name: str) -> str:
    """The part of the network a parameter belongs to.

    >>> part_of("image_encoder.neck.laterals.0.weight"), part_of("no_memory"), part_of("memory.pointer.layers.0.bias")
    ('encoder', 'decoder', 'memory')
    """
    # the skips are projected once per picture, with the encoder
    if name.startswith(("image_encoder.", "mask_decoder.skip_")):
        return "encoder"
    return "memory" if name.startswith("memory.") else "decoder"
