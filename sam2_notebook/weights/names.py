"""One table of names: ours, Meta's and Hugging Face's for every parameter of SAM 2.

A `*` stands for a block number, the same in all three columns. A row names a module, whose `weight` and `bias` follow,
or one parameter. Published vectors that are stored as tables of one row become plain vectors.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from sam2_notebook.errors import ModelError

Layout = Literal["meta", "huggingface"]
State = dict[str, Tensor]


class Row(NamedTuple):
    """The names of one module or parameter."""

    ours: str
    meta: str
    huggingface: str

    def under(self, ours: str, meta: str, huggingface: str) -> "Row":
        """The same row inside a bigger module."""
        return Row(f"{ours}.{self.ours}", f"{meta}.{self.meta}", f"{huggingface}.{self.huggingface}")


def _inside(ours: str, meta: str, huggingface: str, rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(row.under(ours, meta, huggingface) for row in rows)


def _attention(ours: str, published: str) -> tuple[Row, ...]:
    outer = _inside(ours, published, published, (Row(x, f"{x}_proj", f"{x}_proj") for x in "qkv"))
    return (*outer, Row(f"{ours}.out", f"{published}.out_proj", f"{published}.o_proj"))


def _norms(*numbers: int) -> tuple[Row, ...]:
    return tuple(Row(f"norm{n}", f"norm{n}", f"layer_norm{n}") for n in numbers)


_TWO_LAYERS = (
    Row("layers.0", "layers.0", "proj_in"),
    Row("layers.1", "layers.1", "proj_out"),
)
_THREE_LAYERS = (
    Row("layers.0", "layers.0", "proj_in"),
    Row("layers.1", "layers.1", "layers.0"),
    Row("layers.2", "layers.2", "proj_out"),
)

_TRUNK = (
    Row("patch_embed", "patch_embed.proj", "patch_embed.projection"),
    Row("position", "pos_embed", "pos_embed"),
    Row("window_position", "pos_embed_window", "pos_embed_window"),
    *_inside("blocks.*", "blocks.*", "blocks.*", _norms(1, 2)),
    Row("blocks.*.attention.qkv", "blocks.*.attn.qkv", "blocks.*.attn.qkv"),
    Row("blocks.*.attention.proj", "blocks.*.attn.proj", "blocks.*.attn.proj"),
    Row("blocks.*.shortcut", "blocks.*.proj", "blocks.*.proj"),
    *_inside("blocks.*.mlp", "blocks.*.mlp", "blocks.*.mlp", _TWO_LAYERS),
)

# The published necks store their convolutions deepest stage first, ours shallowest first.
_NECK = tuple(Row(f"laterals.{i}", f"convs.{3 - i}.conv", f"convs.{3 - i}") for i in range(4))

_PROMPTS = (
    Row(
        "points.positions.gaussian",
        "pe_layer.positional_encoding_gaussian_matrix",
        "shared_embedding.positional_embedding",
    ),
    Row("points.label_embed", "point_embeddings.weight", "point_embed.weight"),
    Row("points.not_a_point", "not_a_point_embed.weight", "not_a_point_embed.weight"),
    Row("no_mask", "no_mask_embed.weight", "no_mask_embed.weight"),
    Row("mask_downscaling.0", "mask_downscaling.0", "mask_embed.conv1"),
    Row("mask_downscaling.1", "mask_downscaling.1", "mask_embed.layer_norm1"),
    Row("mask_downscaling.3", "mask_downscaling.3", "mask_embed.conv2"),
    Row("mask_downscaling.4", "mask_downscaling.4", "mask_embed.layer_norm2"),
    Row("mask_downscaling.6", "mask_downscaling.6", "mask_embed.conv3"),
)

_TWO_WAY = (
    *_inside("blocks.*", "layers.*", "layers.*", _norms(1, 2, 3, 4)),
    *_inside("blocks.*.mlp", "layers.*.mlp", "layers.*.mlp", _TWO_LAYERS),
    *_inside("blocks.*", "layers.*", "layers.*", _attention("self_attention", "self_attn")),
    *_inside("blocks.*", "layers.*", "layers.*", _attention("token_to_image", "cross_attn_token_to_image")),
    *_inside("blocks.*", "layers.*", "layers.*", _attention("image_to_token", "cross_attn_image_to_token")),
    *_attention("last", "final_attn_token_to_image"),
    Row("norm", "norm_final_attn", "layer_norm_final_attn"),
)

_DECODER = (
    Row("object_token", "obj_score_token.weight", "obj_score_token.weight"),
    Row("iou_token", "iou_token.weight", "iou_token.weight"),
    Row("mask_tokens", "mask_tokens.weight", "mask_tokens.weight"),
    Row("skip_fine", "conv_s0", "conv_s0"),
    Row("skip_middle", "conv_s1", "conv_s1"),
    Row("upscale1", "output_upscaling.0", "upscale_conv1"),
    Row("upscale_norm", "output_upscaling.1", "upscale_layer_norm"),
    Row("upscale2", "output_upscaling.3", "upscale_conv2"),
    *_inside("transformer", "transformer", "transformer", _TWO_WAY),
    *_inside("mask_heads.*", "output_hypernetworks_mlps.*", "output_hypernetworks_mlps.*", _THREE_LAYERS),
    *_inside("iou_head", "iou_prediction_head", "iou_prediction_head", _THREE_LAYERS),
    *_inside("object_head", "pred_obj_score_head", "pred_obj_score_head", _THREE_LAYERS),
)

_MEMORY_ATTENTION = (
    *_inside("layers.*", "layers.*", "layers.*", _attention("self_attention", "self_attn")),
    *_inside("layers.*", "layers.*", "layers.*", _attention("cross_attention", "cross_attn_image")),
    *_inside("layers.*", "layers.*", "layers.*", _norms(1, 2, 3)),
    Row("layers.*.mlp.layers.0", "layers.*.linear1", "layers.*.linear1"),
    Row("layers.*.mlp.layers.1", "layers.*.linear2", "layers.*.linear2"),
    Row("norm", "norm", "layer_norm"),
)

_FUSER = (
    Row("depthwise", "dwconv", "depthwise_conv"),
    Row("norm", "norm", "layer_norm"),
    Row("mlp.layers.0", "pwconv1", "pointwise_conv1"),
    Row("mlp.layers.1", "pwconv2", "pointwise_conv2"),
    Row("scale", "gamma", "scale"),
)

_MEMORY_ENCODER = (
    *(Row(f"mask_downscaling.{3 * i}", f"mask_downsampler.encoder.{3 * i}", f"mask_downsampler.layers.{i}.conv")
      for i in range(4)),
    *(Row(f"mask_downscaling.{3 * i + 1}", f"mask_downsampler.encoder.{3 * i + 1}",
          f"mask_downsampler.layers.{i}.layer_norm") for i in range(4)),
    Row("mask_downscaling.12", "mask_downsampler.encoder.12", "mask_downsampler.final_conv"),
    Row("feature_projection", "pix_feat_proj", "feature_projection"),
    *_inside("fuser.*", "fuser.layers.*", "memory_fuser.layers.*", _FUSER),
    Row("projection", "out_proj", "projection"),
)  # fmt: skip

_MEMORY = (
    *_inside("memory.attention", "memory_attention", "memory_attention", _MEMORY_ATTENTION),
    *_inside("memory.encoder", "memory_encoder", "memory_encoder", _MEMORY_ENCODER),
    *_inside("memory.pointer", "obj_ptr_proj", "object_pointer_proj", _THREE_LAYERS),
    Row("memory.attention.time", "maskmem_tpos_enc", "memory_temporal_positional_encoding"),
    Row("memory.attention.pointer_time", "obj_ptr_tpos_proj", "temporal_positional_encoding_projection_layer"),
    Row("memory.encoder.absent", "no_obj_embed_spatial", "occlusion_spatial_embedding_parameter"),
    Row("memory.no_pointer", "no_obj_ptr", "no_object_pointer"),
    Row("memory.mask_scaling", "mask_downsample", "mask_downsample"),
    Row("memory.no_memory_position", "no_mem_pos_enc", "no_memory_positional_encoding"),
)

TABLE: tuple[Row, ...] = (
    *_inside("image_encoder.trunk", "image_encoder.trunk", "vision_encoder.backbone", _TRUNK),
    *_inside("image_encoder.neck", "image_encoder.neck", "vision_encoder.neck", _NECK),
    *_inside("prompt_encoder", "sam_prompt_encoder", "prompt_encoder", _PROMPTS),
    *_inside("mask_decoder", "sam_mask_decoder", "mask_decoder", _DECODER),
    Row("no_memory", "no_mem_embed", "no_memory_embedding"),
    *_MEMORY,
)

# Meta keeps one table of one row for each label; ours and Hugging Face's is one table.
_META_LABELS = tuple(f"sam_prompt_encoder.point_embeddings.{label}.weight" for label in range(4))
_META_LABEL_TABLE = "sam_prompt_encoder.point_embeddings.weight"
# Hugging Face stores the Gaussian matrix twice.
_TWIN = "shared_image_embedding.positional_embedding"
_GAUSSIAN = "prompt_encoder.shared_embedding.positional_embedding"
# Published with axes of length 1 that ours do without: how many axes are left.
_AXES = {
    "prompt_encoder.points.not_a_point": 1,
    "prompt_encoder.no_mask": 1,
    "mask_decoder.object_token": 1,
    "mask_decoder.iou_token": 1,
    "no_memory": 1,
    "memory.attention.time": 2,
    "memory.encoder.absent": 1,
    "memory.no_pointer": 1,
    "memory.no_memory_position": 1,
}


def from_meta(state: Mapping[str, Tensor]) -> State:
    """Rename the tensors of one of Meta's checkpoints (Ultralytics' have the same names) to ours.

    Raises ModelError that names the first tensors SAM 2 does not have, or lacks in part.
    """
    merged = dict(state)
    labels = [merged.pop(name) for name in _META_LABELS if name in merged]
    if labels:
        lacking = next((name for name in _META_LABELS if name not in state), None)
        if lacking:
            raise ModelError(f"These weights hold {len(labels)} of the four label codes; {lacking!r} is missing.")
        sizes = [tuple(row.shape) for row in labels]
        if len(set(sizes)) > 1 or len(sizes[0]) != 2:
            raise ModelError(f"The four label codes {_META_LABELS[0]!r}, … must each be 1 x dim, but are {sizes}.")
        merged[_META_LABEL_TABLE] = torch.cat(labels)
    return _rename(merged, "meta")


def from_huggingface(state: Mapping[str, Tensor]) -> State:
    """Rename the tensors of one of transformers' SAM 2 checkpoints, image or video model, to ours.

    Raises ModelError that names the first tensors SAM 2 does not have, or two copies that disagree.
    """
    merged = dict(state)
    twin = merged.pop(_TWIN, None)
    if twin is not None and not merged.setdefault(_GAUSSIAN, twin).equal(twin):
        raise ModelError(f"{_TWIN!r} and {_GAUSSIAN!r} should hold the same numbers in these weights, but differ.")
    return _rename(merged, "huggingface")


def published_name(ours: str, layout: Layout) -> str:
    """What one of our parameters is called in a published layout.

    >>> published_name("image_encoder.trunk.blocks.3.shortcut.weight", "meta")
    'image_encoder.trunk.blocks.3.proj.weight'
    """
    for row in TABLE:
        found = _pattern(row.ours).fullmatch(ours)
        if found:
            name = _fill(getattr(row, layout), found)
            return _META_LABELS[0] if name == _META_LABEL_TABLE else name
    raise KeyError(ours)


def _rename(state: Mapping[str, Tensor], layout: Layout) -> State:
    patterns = [(_pattern(getattr(row, layout)), row.ours) for row in TABLE]
    renamed: State = {}
    unknown: list[str] = []
    for name, tensor in state.items():
        hits = (_fill(ours, found) for pattern, ours in patterns if (found := pattern.fullmatch(name)))
        ours = next(hits, None)
        if ours is None:
            unknown.append(name)
            continue
        axes = _AXES.get(ours, tensor.ndim)
        renamed[ours] = tensor if tensor.ndim <= axes else tensor.flatten(axes - 1)
    if unknown:
        raise ModelError(
            f"{len(unknown)} of the {len(state)} tensors are none of SAM 2's; the first is {unknown[0]!r}. "
            "Files with extra parts (optimiser state, other networks) must be reduced to the model first."
        )
    return renamed


def _pattern(path: str) -> re.Pattern[str]:
    """Match a row's path, with its numbers, and what follows a module."""
    return re.compile(re.escape(path).replace(r"\*", r"(\d+)") + r"(\.weight|\.bias)?")


def _fill(path: str, found: re.Match[str]) -> str:
    *numbers, tail = found.groups()
    for number in numbers:
        path = path.replace("*", number, 1)
    return path + (tail or "")
