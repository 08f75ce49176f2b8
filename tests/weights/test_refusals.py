"""Files that are not what they claim are refused in words that say what they are."""

import io
import json
import os
import pickle
import struct
import zipfile
from collections import OrderedDict
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from sam2_notebook.errors import ModelError
from sam2_notebook.model import Sam2
from sam2_notebook.weights import load_model, save_model
from tests.weights.layouts import huggingface_layout, meta_layout


class Hostile:
    """Unpickling this would create the file `marker`."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str, int]]:
        return os.open, (str(self.marker), os.O_CREAT)


def saved(value: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def zipped(**members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/"), text)
    return buffer.getvalue()


def picture(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, kind)
    return buffer.getvalue()


TENSOR = torch.zeros(2)
BYTES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", r"empty \(0 bytes\)"),
    "text": (b"sam2.1 hiera tiny goes here\n", "text that begins with 'sam2.1"),
    "json": (json.dumps({"error": "Not Found"}).encode(), "text that begins with '{\"error"),
    "html": (b"\n<!DOCTYPE html><html><body>404</body></html>", "web page"),
    "git lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n", "git lfs pull"),
    "png": (picture("PNG"), "PNG picture"),
    "jpeg": (picture("JPEG"), "JPEG picture"),
    "gzip": (b"\x1f\x8b\x08\x00" + bytes(20), "gzip archive"),
    "noise": (bytes(range(200, 256)) * 10, "bytes c8 c9 ca"),
    "zeros": (bytes(5000), "bytes 00 00 00"),
    "zip": (zipped(word__document_xml="<w/>"), "zip archive of other things"),
    "torchscript": (zipped(a__constants="", **{"a__constants.pkl": "", "a__data.pkl": ""}), "TorchScript"),
    "cut zip": (saved({"model": {"a": torch.zeros(500)}})[:900], "end is missing"),
    "cut legacy pickle": (b"\x80\x02}q", "damaged"),
    "safetensors cut in its header": (struct.pack("<Q", 500) + b'{"a":', "cut off or damaged"),
    "no dict": (saved([TENSOR]), "PyTorch file of a list"),
    "one tensor": (saved(TENSOR), "PyTorch file of a Tensor"),
    "empty dict": (saved({}), "it is empty"),
    "dict of numbers": (saved({"epoch": 3}), "'epoch' is a int"),
    "dict of numbered tensors": (saved({3: TENSOR}), "3 is a Tensor"),
    "integers": (saved({"a": torch.zeros(2, dtype=torch.int8)}), "'a' is int8"),
    "stable diffusion": (saved({"model.diffusion_model.in.0": TENSOR}), "Stable Diffusion"),
    "sam 1": (saved({"image_encoder.blocks.0.norm1.weight": TENSOR}), r"first Segment Anything"),
    "yolo": (saved({"model.0.conv.weight": TENSOR}), "YOLO"),
    "another network": (
        saved(OrderedDict(layer1=TENSOR, layer2=TENSOR)),
        "2 tensors are those of some other .* 'layer1'",
    ),
}


@pytest.mark.parametrize("case", BYTES)
def test_a_file_is_called_by_what_it_is(tmp_path: Path, case: str):
    data, words = BYTES[case]
    path = tmp_path / "sam2.1_hiera_tiny.pt"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=words) as caught:
        load_model(path)
    assert str(caught.value).startswith(f"{path} cannot be used as a SAM 2 network.")


@pytest.mark.parametrize("legacy", [False, True])
def test_a_pickle_with_code_is_not_run(tmp_path: Path, legacy: bool):
    path, marker = tmp_path / "sam2_b.pt", tmp_path / "it ran"
    value = {"model": {"weight": Hostile(marker)}}
    if legacy:
        path.write_bytes(pickle.dumps(value))
    else:
        torch.save(value, path)
    with pytest.raises(
        ModelError, match=r"holds (the object (posix|nt)\.open|objects) besides tensors.*was not loaded"
    ):
        load_model(path)
    assert not marker.exists()
    torch.load(path, weights_only=False) if not legacy else pickle.loads(path.read_bytes())
    assert marker.exists(), "the file was harmless, so the test proved nothing"


def test_a_network_cut_off_at_any_place_is_refused(small: Sam2, tmp_path: Path):
    whole = save_model(small, tmp_path / "whole.safetensors", name="small").read_bytes()
    torch.save(meta_layout(small), tmp_path / "whole.pt")
    for data in (whole, (tmp_path / "whole.pt").read_bytes()):
        for share in (0.001, 0.1, 0.5, 0.9, 0.999):
            path = tmp_path / "cut"
            path.write_bytes(data[: int(len(data) * share)])
            with pytest.raises(ModelError):
                load_model(path)


def test_missing_unexpected_and_misshapen_tensors_are_named_as_the_file_names_them(small: Sam2, tmp_path: Path):
    state = meta_layout(small)
    del state["sam_mask_decoder.conv_s0.bias"], state["sam_mask_decoder.conv_s1.bias"]
    state["image_encoder.trunk.blocks.0.proj.weight"] = torch.zeros(8, 8)
    state["no_mem_embed"] = torch.zeros(1, 1, 31)
    torch.save({"model": state}, tmp_path / "a.pt")
    with pytest.raises(ModelError) as caught:
        load_model(tmp_path / "a.pt")
    message = str(caught.value)
    assert "2 are missing, the first is 'sam_mask_decoder.conv_s0.bias'" in message
    assert "1 are unexpected, the first is 'image_encoder.trunk.blocks.0.proj.weight'" in message
    assert "'no_mem_embed' has the shape (31,) where (32,) is wanted" in message


def test_a_hugging_face_file_without_its_decoder_is_incomplete(small: Sam2, tmp_path: Path):
    state = {name: t for name, t in huggingface_layout(small).items() if name.startswith("vision_encoder.")}
    save_file(state, tmp_path / "a.safetensors")
    with pytest.raises(ModelError, match=r"are missing, the first is '"):
        load_model(tmp_path / "a.safetensors")


def test_numbers_that_are_not_finite_are_refused(small: Sam2, tmp_path: Path):
    state = huggingface_layout(small)
    state["mask_decoder.conv_s0.weight"][0, 0] = float("nan")
    save_file(state, tmp_path / "a.safetensors")
    with pytest.raises(ModelError, match=r"'mask_decoder\.conv_s0\.weight' holds numbers that are not finite"):
        load_model(tmp_path / "a.safetensors")


HEADERS: dict[str, tuple[object, str]] = {
    "no json": ("{", "no readable config"),
    "no object": ([1], "JSON object"),
    "a field of the future": ({"wings": 2}, "'wings' .* newer sam2_notebook"),
    "a word for a number": ({"dim": "32"}, "'dim' is '32'"),
    "a truth for a number": ({"dim": True}, "'dim' is True"),
    "a number in a list": ({"stages": [1, 1, "2", 1]}, "'stages' is"),
    "sizes that cannot be": ({"dim": 31}, "impossible: dim must be a positive multiple of 32"),
    "no heads": ({"heads": 0}, "impossible: embed_dim 8 must be a positive multiple of heads 0"),
    "a giant": ({"stages": [1, 1, 10**12, 1]}, "header promises"),
    "another width": ({"embed_dim": 16}, "header promises"),
    "giant features": ({"dim": 2**40}, "too big for this computer"),
    "another width of features": ({"dim": 64}, "has the shape"),
    "less memory": ({"memory_layers": 1}, "unexpected, the first is 'memory.attention.layers.1"),
    "the older version": ({"version": "2.0"}, "3 are unexpected"),
    "an unknown version": ({"version": "3"}, "config is impossible"),
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_header_that_lies_is_refused_before_anything_big_is_made(small: Sam2, tmp_path: Path, case: str):
    change, words = HEADERS[case]
    path = save_model(small, tmp_path / "a.safetensors", name="small")
    if isinstance(change, dict):
        change = json.dumps({**asdict(small.config), **change})
    text = change if isinstance(change, str) else json.dumps(change)
    save_file(load_file(path), path, metadata={"config": text})
    with pytest.raises(ModelError, match=words):
        load_model(path)


def test_a_file_of_ours_without_its_config_says_so(small: Sam2, tmp_path: Path):
    save_file(small.state_dict(), tmp_path / "a.safetensors")
    with pytest.raises(ModelError, match="lost the config in its header"):
        load_model(tmp_path / "a.safetensors")


@pytest.mark.parametrize("source", [5, b"sam2.1_hiera_tiny", ["sam2.1_hiera_tiny"]])
def test_what_names_no_model_is_told_what_may(source: object) -> None:
    with pytest.raises(ModelError, match="A model is a published name"):
        load_model(source)  # pyright: ignore[reportArgumentType]
