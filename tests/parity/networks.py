"""Networks of seeded random weights: the same for ours and for transformers, which is the oracle here."""

import copy
from dataclasses import replace
from typing import Any, Literal

import torch
import transformers
from torch import Tensor
from transformers.models.sam2 import configuration_sam2 as hf
from transformers.models.sam2_video import configuration_sam2_video as hf_video

from sam2_notebook.model import Sam2, Sam2Config
from sam2_notebook.weights.names import published_name

SMALL = Sam2Config(image_size=128, embed_dim=16, stages=(1, 2, 3, 2), global_blocks=(4,), dim=64, decoder_mlp_dim=128)
# Two heads, other windows, the big background grid, and maps that no window size divides.
ODD = replace(
    SMALL, image_size=160, heads=2, stages=(2, 3, 3, 1), windows=(8, 4, 16, 8), global_blocks=(6, 7), position_grid=14
)


# Two layers of memory, and pointers that are cut into two pieces.
VIDEO = replace(SMALL, dim=128, memory_layers=2)


def seeded(config: Sam2Config, seed: int = 0, gain: float = 0.8) -> Sam2:
    """A network whose every number is random, so that no part is silent: no zeros, no ones, and prompts that matter."""
    torch.manual_seed(seed)
    model = Sam2(config).eval()
    noise = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for parameter in model.parameters():
            drawn = torch.randn(parameter.shape, generator=noise)
            if parameter.ndim > 1:
                parameter.copy_(drawn * gain / parameter[0].numel() ** 0.5)
            else:
                parameter.add_(0.2 * drawn)
    return model


def seeded_video(version: Literal["2.0", "2.1"]) -> Sam2:
    """A network with memory that heeds what it recalls, and in some frames of the story finds its object absent."""
    seed, presence = {"2.0": (3, 0.187), "2.1": (9, 0.045)}[version]
    model = seeded(replace(VIDEO, version=version), seed, gain=1.0)
    with torch.no_grad():
        model.get_parameter("memory.attention.time").mul_(10)
        for layer in range(VIDEO.memory_layers):
            for name, factor in (("q", 3), ("k", 3), ("out", 5)):
                model.get_parameter(f"memory.attention.layers.{layer}.cross_attention.{name}.weight").mul_(factor)
        model.get_parameter("mask_decoder.object_head.layers.2.bias").add_(presence)
    return model


def oracle(model: Sam2) -> transformers.Sam2Model:
    """Transformers' image model with the very same weights, loaded strictly."""
    twin = transformers.Sam2Model(image_config(model.config)).eval()
    twin.load_state_dict(to_huggingface(model, twin.state_dict()), strict=True)
    return twin


def image_config(config: Sam2Config) -> hf.Sam2Config:
    """Our sizes in transformers' words."""
    dims, sides = list(config.stage_dims), [config.grid * 4, config.grid * 2, config.grid]
    backbone = hf.Sam2HieraDetConfig(
        hidden_size=config.embed_dim,
        num_attention_heads=config.heads,
        image_size=[config.image_size, config.image_size],
        blocks_per_stage=list(config.stages),
        embed_dim_per_stage=dims,
        num_attention_heads_per_stage=[config.heads * 2**stage for stage in range(4)],
        window_size_per_stage=list(config.windows),
        global_attention_blocks=list(config.global_blocks),
        window_positional_embedding_background_size=[config.position_grid] * 2,
    )
    vision = hf.Sam2VisionConfig(
        backbone_config=backbone,
        backbone_channel_list=dims[::-1],
        backbone_feature_sizes=[[side, side] for side in sides],
        fpn_hidden_size=config.dim,
    )
    prompts = hf.Sam2PromptEncoderConfig(hidden_size=config.dim, image_size=config.image_size)
    decoder = hf.Sam2MaskDecoderConfig(
        hidden_size=config.dim, mlp_dim=config.decoder_mlp_dim, iou_head_hidden_dim=config.dim
    )
    return hf.Sam2Config(vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=decoder)


class Original(transformers.Sam2VideoModel):
    """Transformers' video model without the points in which it leaves the original.

    The original takes the pointer of a mask prompt from the single mask, not from the best of three, and encodes every
    object's memory by itself, where transformers sharpens all masks of a frame as soon as one object is prompted there.
    Memories stay in float32, as both would do but for their size, so that a comparison can be strict.
    """

    _adopting = False

    def _use_mask_as_output(self, *args: Any, **named: Any) -> Any:
        self._adopting = True
        try:
            return super()._use_mask_as_output(*args, **named)
        finally:
            self._adopting = False

    def _single_frame_forward(self, *args: Any, **named: Any) -> Any:
        if self._adopting:
            named["multimask_output"] = False
        return super()._single_frame_forward(*args, **named)

    def _batch_encode_memories(self, *args: Any, **named: Any) -> None:
        assert not args
        lists = {name: value for name, value in named.items() if isinstance(value, list)}
        encoded: list[Tensor] = []  # the marks of absent objects are added to these very tensors afterwards
        hook = self.memory_encoder.register_forward_hook(lambda *call: encoded.append(call[2][0]))
        for i, index in enumerate(lists["objects_needing_memory_encoding"]):
            super()._batch_encode_memories(**{**named, **{name: value[i : i + 1] for name, value in lists.items()}})
            kinds, frame = named["inference_session"].output_dict_per_obj[index], named["frame_idx"]
            kind = "cond_frame_outputs" if frame in kinds["cond_frame_outputs"] else "non_cond_frame_outputs"
            kinds[kind][frame]["maskmem_features"] = encoded[-1].flatten(2).permute(2, 0, 1)
        hook.remove()


def video_oracle(model: Sam2) -> Original:
    """Transformers' video model with the very same weights, loaded strictly."""
    config, image = model.config, image_config(model.config)
    newer = config.version == "2.1"
    twin = Original(
        hf_video.Sam2VideoConfig(
            vision_config=image.vision_config,
            prompt_encoder_config=hf_video.Sam2VideoPromptEncoderConfig(
                hidden_size=config.dim, image_size=config.image_size
            ),
            mask_decoder_config=hf_video.Sam2VideoMaskDecoderConfig(
                hidden_size=config.dim, mlp_dim=config.decoder_mlp_dim, iou_head_hidden_dim=config.dim
            ),
            image_size=config.image_size,
            enable_occlusion_spatial_embedding=newer,
            enable_temporal_pos_encoding_for_object_pointers=newer,
            memory_attention_hidden_size=config.dim,
            memory_attention_num_layers=config.memory_layers,
            memory_attention_feed_forward_hidden_size=config.decoder_mlp_dim,
            memory_attention_rope_feat_sizes=[config.grid, config.grid],
            memory_encoder_hidden_size=config.dim,
            memory_encoder_output_channels=config.memory_dim,
            mask_downsampler_embed_dim=config.dim,
            memory_fuser_embed_dim=config.dim,
            memory_fuser_intermediate_dim=4 * config.dim,
        )
    ).eval()
    twin.load_state_dict(to_huggingface(model, twin.state_dict()), strict=True)
    return twin


def to_huggingface(model: Sam2, shapes: dict[str, Tensor]) -> dict[str, Tensor]:
    """Our parameters under transformers' names and in the shapes it has them in."""
    state: dict[str, Tensor] = {}
    for name, tensor in model.state_dict().items():
        theirs = published_name(name, "huggingface")
        state[theirs] = tensor.reshape(shapes[theirs].shape)
    gaussian = "prompt_encoder.shared_embedding.positional_embedding"
    state["shared_image_embedding.positional_embedding"] = state[gaussian].clone()
    return state


def sharpened(model: Sam2, scale: float) -> Sam2:
    """The same network with the single mask's logits scaled, so that stability falls on both sides of its threshold."""
    changed = copy.deepcopy(model)
    with torch.no_grad():
        for kind in ("weight", "bias"):
            changed.get_parameter(f"mask_decoder.mask_heads.0.layers.2.{kind}").mul_(scale)
    return changed
