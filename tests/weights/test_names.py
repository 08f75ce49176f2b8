"""One table names every parameter in every layout."""

import pytest
import torch

from sam2_notebook.errors import ModelError
from sam2_notebook.model import Sam2
from sam2_notebook.weights.names import TABLE, from_huggingface, from_meta, published_name
from tests.weights.layouts import huggingface_layout, meta_layout


@pytest.mark.parametrize("layout", ["meta", "huggingface"])
def test_published_tensors_come_back_under_our_names(variant: Sam2, layout: str):
    state = from_meta(meta_layout(variant)) if layout == "meta" else from_huggingface(huggingface_layout(variant))
    ours = variant.state_dict()
    assert state.keys() == ours.keys()
    assert all(torch.equal(state[name], ours[name]) for name in ours)


@pytest.mark.parametrize("column", ["ours", "meta", "huggingface"])
def test_no_two_rows_share_a_name(column: str):
    names = [getattr(row, column) for row in TABLE]
    assert len(set(names)) == len(names)


def test_no_row_is_idle(small: Sam2):
    """Every row of the table names something that a network has."""
    used = {published_name(name, "meta") for name in small.state_dict()}
    for row in TABLE:
        path = row.meta.replace("point_embeddings.weight", "point_embeddings.0.weight")
        stems = {path, f"{path}.weight"}
        numbered = {stem.replace("*", str(i), 1).replace("*", str(i)) for stem in stems for i in range(4)}
        assert numbered & used, f"nothing is called {row.meta}"


def test_a_foreign_tensor_is_named():
    with pytest.raises(ModelError, match=r"'image_encoder\.trunk\.blocks\.x\.proj\.weight'"):
        from_meta({"image_encoder.trunk.blocks.x.proj.weight": torch.zeros(1)})


def test_a_lost_label_code_is_named(small: Sam2):
    state = meta_layout(small)
    del state["sam_prompt_encoder.point_embeddings.2.weight"]
    with pytest.raises(ModelError, match=r"3 of the four .* 'sam_prompt_encoder\.point_embeddings\.2\.weight'"):
        from_meta(state)


def test_label_codes_of_unequal_size_are_refused(small: Sam2):
    state = meta_layout(small)
    state["sam_prompt_encoder.point_embeddings.1.weight"] = torch.zeros(1, 7)
    with pytest.raises(ModelError, match=r"must each be 1 x dim"):
        from_meta(state)


def test_one_of_the_two_gaussian_matrices_is_enough_but_they_must_agree(small: Sam2):
    twin, gaussian = "shared_image_embedding.positional_embedding", "prompt_encoder.points.positions.gaussian"
    state = huggingface_layout(small)
    alone = {name: t for name, t in state.items() if name != "prompt_encoder.shared_embedding.positional_embedding"}
    assert torch.equal(from_huggingface(alone)[gaussian], small.state_dict()[gaussian])
    state[twin] += 1
    with pytest.raises(ModelError, match="differ"):
        from_huggingface(state)


def test_a_name_of_ours_that_nobody_published_is_an_error():
    with pytest.raises(KeyError):
        published_name("prompt_encoder.drawing.weight", "meta")
