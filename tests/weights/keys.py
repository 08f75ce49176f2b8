"""The tensors of the eight published networks, in Meta's names: `python -m tests.weights.keys` writes the fixtures.

The lists are made from transformers' video model at the published sizes and renamed; our network and its configs have
no say in them.
"""

import re
from pathlib import Path

import torch
from transformers import Sam2VideoConfig, Sam2VideoModel
from transformers.models.sam2 import Sam2HieraDetConfig, Sam2VisionConfig

from sam2_notebook.weights.names import TABLE

KEYS = Path(__file__).resolve().parent.parent / "fixtures" / "keys"
Shapes = dict[str, tuple[int, ...]]
# First width, heads, blocks per stage, window per stage, global blocks, side of the background grid.
SIZES: dict[str, tuple[int, int, list[int], list[int], list[int], int]] = {
    "tiny": (96, 1, [1, 2, 7, 2], [8, 4, 14, 7], [5, 7, 9], 7),
    "small": (96, 1, [1, 2, 11, 2], [8, 4, 14, 7], [7, 10, 13], 7),
    "base_plus": (112, 2, [2, 3, 16, 3], [8, 4, 14, 7], [12, 16, 20], 14),
    "large": (144, 2, [2, 6, 36, 4], [8, 4, 16, 8], [23, 33, 43], 7),
}
NAMES = [f"{family}_hiera_{size}" for family in ("sam2", "sam2.1") for size in SIZES]


def huggingface_shapes(name: str) -> Shapes:
    """What transformers' video model of a published network holds."""
    family, _, size = name.partition("_hiera_")
    width, heads, blocks, windows, global_blocks, grid = SIZES[size]
    dims = [width * 2**stage for stage in range(4)]
    backbone = Sam2HieraDetConfig(
        hidden_size=width,
        num_attention_heads=heads,
        blocks_per_stage=blocks,
        embed_dim_per_stage=dims,
        num_attention_heads_per_stage=[heads * 2**stage for stage in range(4)],
        window_size_per_stage=windows,
        global_attention_blocks=global_blocks,
        window_positional_embedding_background_size=[grid, grid],
    )
    newer = family == "sam2.1"
    config = Sam2VideoConfig(
        vision_config=Sam2VisionConfig(backbone_config=backbone, backbone_channel_list=dims[::-1]),
        enable_occlusion_spatial_embedding=newer,
        enable_temporal_pos_encoding_for_object_pointers=newer,
    )
    with torch.device("meta"):
        state = Sam2VideoModel(config).state_dict()
    return {key: tuple(tensor.shape) for key, tensor in state.items()}


def meta_shapes(name: str) -> Shapes:
    """The same under Meta's names: the labels' table is four there, and the Gaussian matrix is stored once."""
    shapes = huggingface_shapes(name)
    del shapes["shared_image_embedding.positional_embedding"]
    count, dim = shapes.pop("prompt_encoder.point_embed.weight")
    renamed = {_meta_name(key): shape for key, shape in shapes.items()}
    return renamed | {f"sam_prompt_encoder.point_embeddings.{i}.weight": (1, dim) for i in range(count)}


def read(name: str) -> Shapes:
    """The fixture of a published network."""
    lines = (KEYS / f"{name}.txt").read_text().splitlines()
    return {key: tuple(map(int, sides.split("x"))) for key, sides in (line.split() for line in lines)}


def _meta_name(key: str) -> str:
    for row in TABLE:
        found = re.fullmatch(re.escape(row.huggingface).replace(r"\*", r"(\d+)") + r"(\.weight|\.bias)?", key)
        if found:
            *numbers, tail = found.groups()
            parts = row.meta.split("*")
            return "".join(part + number for part, number in zip(parts, [*numbers, tail or ""], strict=True))
    raise KeyError(key)


if __name__ == "__main__":
    KEYS.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        lines = [f"{key} {'x'.join(map(str, shape))}\n" for key, shape in sorted(meta_shapes(name).items())]
        (KEYS / f"{name}.txt").write_text("".join(lines))
