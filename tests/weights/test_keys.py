"""The eight published networks have exactly the tensors that their key lists say."""

from math import prod

import pytest
import torch

from sam2_notebook.model import Sam2
from sam2_notebook.weights import PRESETS
from sam2_notebook.weights.names import from_huggingface, from_meta
from sam2_notebook.weights.presets import recognise
from tests.weights.keys import NAMES, huggingface_shapes, meta_shapes, read

# Parameters and tensors as counted in Meta's own networks.
COUNTS = {
    "sam2_hiera_tiny": (38_945_986, 468),
    "sam2_hiera_small": (46_043_842, 516),
    "sam2_hiera_base_plus": (80_833_666, 612),
    "sam2_hiera_large": (224_430_130, 900),
    "sam2.1_hiera_tiny": (38_962_498, 471),
    "sam2.1_hiera_small": (46_060_354, 519),
    "sam2.1_hiera_base_plus": (80_850_178, 615),
    "sam2.1_hiera_large": (224_446_642, 903),
}
GAUSSIAN = "sam_prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"
# Names as Meta spells them, from all parts of the network.
SPELLED = (
    "image_encoder.trunk.pos_embed_window",
    "image_encoder.trunk.blocks.11.attn.qkv.bias",
    "image_encoder.trunk.blocks.0.norm1.weight",
    "image_encoder.neck.convs.3.conv.weight",
    "memory_attention.layers.3.cross_attn_image.out_proj.weight",
    "memory_encoder.fuser.layers.1.gamma",
    "memory_encoder.mask_downsampler.encoder.12.bias",
    "memory_encoder.pix_feat_proj.weight",
    "sam_mask_decoder.output_hypernetworks_mlps.3.layers.2.bias",
    "sam_mask_decoder.pred_obj_score_head.layers.1.weight",
    "sam_mask_decoder.transformer.norm_final_attn.weight",
    "obj_ptr_proj.layers.2.weight",
    "maskmem_tpos_enc",
    "no_mem_embed",
    "no_mem_pos_enc",
    "no_obj_ptr",
    GAUSSIAN,
)
ONLY_IN_21 = {"no_obj_embed_spatial", "obj_ptr_tpos_proj.weight", "obj_ptr_tpos_proj.bias"}


def tensors(shapes: dict[str, tuple[int, ...]]) -> dict[str, torch.Tensor]:
    """Tensors of those shapes that take no memory."""
    return {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}


@pytest.mark.parametrize("name", NAMES)
def test_a_key_list_has_as_many_tensors_and_parameters_as_metas_network(name: str):
    keys = read(name)
    parameters = sum(prod(shape) for key, shape in keys.items() if key != GAUSSIAN)
    assert (parameters, len(keys)) == COUNTS[name]
    assert set(SPELLED) <= set(keys)
    assert keys.keys() & ONLY_IN_21 == (ONLY_IN_21 if "2.1" in name else set())


@pytest.mark.parametrize("name", NAMES)
def test_a_key_list_is_fresh(name: str):
    assert read(name) == meta_shapes(name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("layout", ["meta", "huggingface"])
def test_our_network_holds_exactly_the_published_tensors(name: str, layout: str):
    if layout == "meta":
        state = from_meta(tensors(read(name)))
    else:
        shapes = huggingface_shapes(name)
        del shapes["shared_image_embedding.positional_embedding"]  # a copy, which tensors without numbers cannot prove
        state = from_huggingface(tensors(shapes))
    assert recognise(state) == PRESETS[name]
    with torch.device("meta"):
        ours = Sam2(PRESETS[name]).state_dict()
    assert {key: tuple(t.shape) for key, t in state.items()} == {key: tuple(t.shape) for key, t in ours.items()}
