"""The published networks, their names, and how one is told from its tensors."""

import pytest
import torch

from sam2_notebook.errors import ModelError
from sam2_notebook.model import Sam2
from sam2_notebook.weights import MODEL_NAMES, PRESETS
from sam2_notebook.weights.presets import file_names, published, recognise, unknown_name


def test_eight_networks_are_known_besides_the_embedded_one():
    assert len(PRESETS) == 8
    assert list(MODEL_NAMES) == ["embedded", *PRESETS]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("sam2.1_hiera_tiny", "sam2.1_hiera_tiny"),
        ("SAM2.1_Hiera_Large.pt", "sam2.1_hiera_large"),
        ("sam2_hiera_base_plus.pt", "sam2_hiera_base_plus"),
        ("facebook/sam2-hiera-small", "sam2_hiera_small"),
        ("facebook/sam2.1-hiera-base-plus", "sam2.1_hiera_base_plus"),
        ("sam2.1-hiera-tiny", "sam2.1_hiera_tiny"),
        ("sam2_b.pt", "sam2_hiera_base_plus"),
        ("sam2.1_l", "sam2.1_hiera_large"),
        ("sam_b.pt", None),
        ("sam2.2_hiera_tiny", None),
        ("", None),
    ],
)
def test_every_publisher_has_its_names(name: str, meant: str | None):
    assert published(name) == meant


def test_the_files_of_a_network_are_named_after_it():
    for name in PRESETS:
        assert all(published(file) == name for file in file_names(name))


@pytest.mark.parametrize(
    ("name", "near"),
    [("sam2.1_heira_tiny", "sam2.1_hiera_tiny"), ("embeded", "embedded"), ("sam2_hiera_baseplus", "base_plus")],
)
def test_an_unknown_name_hears_what_was_perhaps_meant(name: str, near: str):
    message = str(unknown_name(name))
    assert f"no model called '{name}'" in message
    assert near in message.partition("Did you mean")[2].partition("?")[0]
    assert all(known in message for known in MODEL_NAMES)


def test_a_name_far_from_all_gets_no_guess():
    assert "Did you mean" not in str(unknown_name("resnet50"))


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_network_is_told_from_its_tensors(name: str):
    with torch.device("meta"):
        state = Sam2(PRESETS[name]).state_dict()
    assert recognise(state) == PRESETS[name]


def test_other_sizes_are_told_with_their_numbers():
    state = {
        "image_encoder.trunk.patch_embed.weight": torch.zeros(20, 3, 7, 7),
        "image_encoder.trunk.blocks.0.norm1.weight": torch.zeros(20),
        "image_encoder.trunk.blocks.1.norm1.weight": torch.zeros(20),
    }
    with pytest.raises(ModelError, match="2 trunk blocks of width 20"):
        recognise(state)
