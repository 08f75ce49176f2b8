"""The eight published networks as data, their many names, and how to tell one from its tensors."""

import difflib
from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor

from sam2_notebook.errors import ModelError
from sam2_notebook.model import Sam2Config

_TINY = Sam2Config(memory_layers=4)
_SIZES = {
    "tiny": _TINY,
    "small": replace(_TINY, stages=(1, 2, 11, 2), global_blocks=(7, 10, 13)),
    "base_plus": replace(
        _TINY, embed_dim=112, heads=2, stages=(2, 3, 16, 3), global_blocks=(12, 16, 20), position_grid=14
    ),
    "large": replace(
        _TINY, embed_dim=144, heads=2, stages=(2, 6, 36, 4), windows=(8, 4, 16, 8), global_blocks=(23, 33, 43)
    ),
}

PRESETS: dict[str, Sam2Config] = {
    **{f"sam2.1_hiera_{size}": replace(config, version="2.1") for size, config in _SIZES.items()},
    **{f"sam2_hiera_{size}": replace(config, version="2.0") for size, config in _SIZES.items()},
}

EMBEDDED = "embedded"
MODEL_NAMES = (EMBEDDED, *PRESETS)
_ONLY_IN_21 = ("memory.attention.pointer_time.", "memory.encoder.absent")
_ULTRALYTICS = {"t": "tiny", "s": "small", "b": "base_plus", "l": "large"}


def _aliases() -> dict[str, str]:
    names = {name: name for name in PRESETS}
    for name in PRESETS:
        names["facebook/" + name.replace("_", "-")] = name
        names[name.replace("_", "-")] = name
    for family in ("sam2.1", "sam2"):
        for letter, size in _ULTRALYTICS.items():
            names[f"{family}_{letter}"] = f"{family}_hiera_{size}"
    return names


_ALIASES = _aliases()


def published(name: str) -> str | None:
    """The published network a name means, or None; case and a file's ending do not matter.

    Meta's names, Hugging Face's repositories and Ultralytics' file names are known.

    >>> published("facebook/sam2.1-hiera-base-plus"), published("sam2_t.pt"), published("yolo11n.pt")
    ('sam2.1_hiera_base_plus', 'sam2_hiera_tiny', None)
    """
    plain = name.strip().lower()
    for ending in (".pt", ".pth", ".safetensors"):
        plain = plain.removesuffix(ending)
    return _ALIASES.get(plain)


def file_names(name: str) -> tuple[str, ...]:
    """What a published network's file may be called in a cache: Meta's, Ultralytics' and a safetensors name.

    >>> file_names("sam2.1_hiera_tiny")
    ('sam2.1_hiera_tiny.safetensors', 'sam2.1_hiera_tiny.pt', 'sam2.1_t.pt')
    """
    family, _, size = name.partition("_hiera_")
    letter = next(letter for letter, long in _ULTRALYTICS.items() if long == size)
    return (f"{name}.safetensors", f"{name}.pt", f"{family}_{letter}.pt")


def unknown_name(name: str) -> ModelError:
    """The error for a name nobody knows: what is known, and what was perhaps meant."""
    near = difflib.get_close_matches(name.strip().lower(), [EMBEDDED, *_ALIASES], n=3, cutoff=0.6)
    meant = f" Did you mean {' or '.join(map(repr, dict.fromkeys(_ALIASES.get(n, n) for n in near)))}?" if near else ""
    known = ", ".join(MODEL_NAMES)
    return ModelError(f"There is no model called {name!r}.{meant} Known are {known}, or the path of a file.")


def recognise(state: Mapping[str, Tensor]) -> Sam2Config:
    """The config of a published network, told from its tensors (named as ours), never from a file's name.

    The blocks' number and width tell the size, three further tensors tell 2.1 from 2.0; a file without memory's tensors
    is a network of pictures only. Raises ModelError when no published network has so many blocks of that width.
    """
    blocks, width = blocks_and_width(state)
    version = "2.1" if any(name.startswith(_ONLY_IN_21) for name in state) else "2.0"
    memory = any(name.startswith("memory.") for name in state)
    for config in PRESETS.values():
        if (sum(config.stages), config.embed_dim) == (blocks, width) and (config.version == version or not memory):
            return config if memory else replace(config, memory_layers=0)
    known = ", ".join(f"{size} {sum(c.stages)} of {c.embed_dim}" for size, c in _SIZES.items())
    raise ModelError(
        f"These weights have {blocks} trunk blocks of width {width}, like none of the published networks ({known}). "
        "A network of other sizes is loaded from a file that `save_model` wrote: that one carries its sizes."
    )


def blocks_and_width(state: Mapping[str, Tensor]) -> tuple[int, int]:
    """How many blocks the trunk has, and how many channels its patches; 0 where the tensors are missing."""
    prefix, patch = "image_encoder.trunk.blocks.", state.get("image_encoder.trunk.patch_embed.weight")
    numbers = {name.removeprefix(prefix).partition(".")[0] for name in state if name.startswith(prefix)}
    return len(numbers), 0 if patch is None or patch.ndim == 0 else patch.shape[0]
