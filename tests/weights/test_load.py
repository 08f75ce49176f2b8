"""Files of every layout come back as the network they were."""

import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from sam2_notebook.errors import ModelError
from sam2_notebook.model import Sam2
from sam2_notebook.weights import PRESETS, load_model, save_model
from tests.weights.layouts import huggingface_layout, meta_layout, same


def write_official(model: Sam2, path: Path) -> Path:
    torch.save({"model": meta_layout(model)}, path)
    return path


def write_ultralytics(model: Sam2, path: Path) -> Path:
    torch.save({"model": {name: tensor.half() for name, tensor in meta_layout(model).items()}}, path)
    return path


def write_bare(model: Sam2, path: Path) -> Path:
    torch.save(meta_layout(model), path)
    return path


def write_legacy(model: Sam2, path: Path) -> Path:
    torch.save({"model": meta_layout(model)}, path, _use_new_zipfile_serialization=False)
    return path


def write_huggingface(model: Sam2, path: Path) -> Path:
    save_file(huggingface_layout(model), path, metadata={"format": "pt"})
    return path


def write_ours(model: Sam2, path: Path) -> Path:
    return save_model(model, path, name="small", half=False)


WRITERS = [write_official, write_ultralytics, write_bare, write_legacy, write_huggingface, write_ours]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("name", ["weights.pt", "yolo11n.safetensors"])
def test_each_layout_is_told_from_its_content_whatever_the_file_is_called(variant: Sam2, tmp_path: Path, write, name):
    if write is write_ultralytics:
        variant = variant.half().float()
    loaded = load_model(write(variant, tmp_path / name), device="cpu")
    assert same(loaded, variant)
    assert not loaded.training
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}


def test_loading_leaves_the_random_numbers_of_the_user_alone(small: Sam2, tmp_path: Path):
    path = write_ours(small, tmp_path / "a.safetensors")
    torch.manual_seed(5)
    load_model(path, device="cpu")
    drawn = torch.rand(3)
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.rand(3))


def test_a_folder_of_hugging_face_is_a_source(small: Sam2, tmp_path: Path):
    write_huggingface(small, tmp_path / "model.safetensors")
    assert same(load_model(str(tmp_path), device="cpu"), small)


def test_an_empty_folder_is_told_what_it_lacks(tmp_path: Path):
    with pytest.raises(ModelError, match=r"holds no model\.safetensors"):
        load_model(tmp_path)


def test_half_precision_halves_a_file_and_rounds_the_numbers(variant: Sam2, tmp_path: Path):
    whole = save_model(variant, tmp_path / "whole.safetensors", name="small", half=False)
    half = save_model(variant, tmp_path / "half.safetensors", name="small")
    assert half.stat().st_size < 0.6 * whole.stat().st_size
    assert same(load_model(half, device="cpu"), variant.half().float())


def test_a_network_of_any_size_comes_back(tmp_path: Path):
    from sam2_notebook.model import Sam2Config

    config = Sam2Config(
        image_size=96, embed_dim=12, heads=2, stages=(1, 1, 3, 1), windows=(4, 2, 6, 3), global_blocks=(3,),
        position_grid=5, dim=64, decoder_mlp_dim=32, prompts="raster",
    )  # fmt: skip
    model = Sam2(config)
    path = save_model(model, tmp_path / "deep" / "er" / "own.safetensors", name="own", half=False)
    assert same(load_model(path, device="cpu"), model)


def test_a_failed_save_leaves_the_old_file_and_no_rubbish(small: Sam2, tmp_path: Path):
    path = save_model(small, tmp_path / "a.safetensors", name="small")
    before = path.read_bytes()
    with torch.no_grad():
        small.no_memory[3] = 1e6
    with pytest.raises(ModelError, match=r"'no_memory' is not finite in half precision.*half=False"):
        save_model(small, path, name="small")
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.safetensors"]


def test_a_place_that_cannot_be_written_is_an_error_in_words(small: Sam2, tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match="cannot be written"):
        save_model(small, tmp_path / "file" / "a.safetensors", name="small")


@pytest.mark.parametrize("source", ["nothing/here.pt", "here.safetensors", Path("sam2_hiera_tiny")])
def test_a_path_that_leads_nowhere_is_no_unknown_name(source: str | Path):
    with pytest.raises(ModelError, match="no weights file"):
        load_model(source)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ModelError, match=r"Known are embedded, sam2\.1_hiera_tiny"):
        load_model("sam3")


@pytest.mark.slow
def test_true_tiny_comes_back_from_half_precision(tmp_path: Path):
    model = Sam2(PRESETS["sam2.1_hiera_tiny"]).half().float().eval()
    assert same(load_model(write_ultralytics(model, tmp_path / "t.pt"), device="cpu"), model)
