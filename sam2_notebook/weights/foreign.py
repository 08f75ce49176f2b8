"""Words for files and tensors that are something else than a SAM 2 network."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

_BEGINNINGS = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive: unpack it first"),
    (b"\x89HDF", "an HDF5 file (Keras weights?)"),
    (b"GGUF", "a GGUF file"),
    (b"version https://git-lfs", "a Git LFS pointer, which only says where the weights are: run `git lfs pull`"),
)

_PREFIXES = (
    ("model.diffusion_model.", "a Stable Diffusion checkpoint"),
    ("first_stage_model.", "a Stable Diffusion checkpoint"),
    ("image_encoder.trunk.body.", "EdgeTAM, whose encoder is another one"),
    ("image_encoder.blocks.", "the first Segment Anything (SAM 1)"),
    ("vision_encoder.layers.", "the first Segment Anything (SAM 1), in Hugging Face's layout"),
    ("image_encoder.layers.", "MobileSAM"),
    ("model.0.conv.", "a YOLO detector"),
)


def describe_bytes(head: bytes) -> str:
    """Say what a file that is no weights file seems to be, from how it begins."""
    for beginning, kind in _BEGINNINGS:
        if head.startswith(beginning):
            return f"It is {kind}."
    text = head.decode("utf-8", "ignore")
    if "\0" in text or len(text.encode()) < len(head) - 3:  # the last character may be cut in two
        return f"It begins with the bytes {head[:8].hex(' ')}, as no safetensors or PyTorch file does."
    text = text.lstrip("\ufeff \t\r\n")
    if text[:200].lower().startswith(("<!doctype html", "<html", "<head", "<?xml")):
        return "It is a web page, probably an error or log-in page that was saved under the name of the weights."
    return f"It is text that begins with {text[:40]!r}."


def describe_zip(path: Path) -> str | None:
    """Say what a zip archive holds if that is no checkpoint; None when it may be one."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return (
            f"It begins like a PyTorch checkpoint, but its end is missing or damaged ({path.stat().st_size} bytes): "
            "get it again."
        )
    if any(member.endswith("constants.pkl") for member in members):
        return "It is a TorchScript program, which holds code: give the checkpoint it was made from."
    if not any(member.endswith("data.pkl") for member in members):
        return f"It is a zip archive of other things ({', '.join(members[:3]) or 'nothing'})."
    return None


def describe_tensors(state: Mapping[str, Tensor]) -> str:
    """Say whose tensors these seem to be."""
    for prefix, kind in _PREFIXES:
        if any(name.startswith(prefix) for name in state):
            return f"Its tensors look like those of {kind}."
    first = ", ".join(repr(name) for name in list(state)[:3])
    return f"Its {len(state)} tensors are those of some other network; the first are {first}."
