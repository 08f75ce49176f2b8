"""A network's tensors as Meta and Hugging Face would store them."""

import torch
from torch import Tensor

from sam2_notebook.model import Sam2
from sam2_notebook.weights.names import published_name

# Published as tables of one row, or with more axes, where ours are plain vectors.
SHAPES: dict[str, tuple[int, ...]] = {
    "prompt_encoder.points.not_a_point": (1, -1),
    "prompt_encoder.no_mask": (1, -1),
    "mask_decoder.object_token": (1, -1),
    "mask_decoder.iou_token": (1, -1),
    "no_memory": (1, 1, -1),
    "memory.no_memory_position": (1, 1, -1),
    "memory.no_pointer": (1, -1),
    "memory.encoder.absent": (1, -1),
    "memory.attention.time": (7, 1, 1, -1),
}


def meta_layout(model: Sam2) -> dict[str, Tensor]:
    """The state dict Meta's own code would save."""
    state: dict[str, Tensor] = {}
    for name, tensor in model.state_dict().items():
        if name == "prompt_encoder.points.label_embed":
            rows = tensor.clone().split(1)
            state |= {f"sam_prompt_encoder.point_embeddings.{i}.weight": row for i, row in enumerate(rows)}
        else:
            state[published_name(name, "meta")] = _with_axes(name, tensor)
    return state


def huggingface_layout(model: Sam2) -> dict[str, Tensor]:
    """The state dict transformers would save."""
    state = {published_name(name, "huggingface"): _with_axes(name, t) for name, t in model.state_dict().items()}
    gaussian = state["prompt_encoder.shared_embedding.positional_embedding"]
    return {**state, "shared_image_embedding.positional_embedding": gaussian.clone()}


def same(one: Sam2, other: Sam2) -> bool:
    """Whether two networks hold the same config and numbers."""
    mine, theirs = one.state_dict(), other.state_dict()
    return (
        one.config == other.config
        and mine.keys() == theirs.keys()
        and all(torch.equal(mine[name], theirs[name].cpu()) for name in mine)
    )


def _with_axes(name: str, tensor: Tensor) -> Tensor:
    return tensor.reshape(SHAPES.get(name, tuple(tensor.shape))).clone()
