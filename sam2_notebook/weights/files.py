"""Read the tensors of a safetensors or PyTorch file, and nothing but tensors: no code in a file is ever run."""

import pickle
import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from sam2_notebook.errors import ModelError
from sam2_notebook.weights.foreign import describe_bytes, describe_zip


@dataclass(frozen=True, kw_only=True)
class Contents:
    """A file's tensors by name, on the CPU, and the strings of its header."""

    tensors: dict[str, Tensor]
    header: dict[str, str] = field(default_factory=dict)


def read(path: Path) -> Contents:
    """Read a file by what it is, whatever it is called; raises ModelError that says what it is instead."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise ModelError(f"It cannot be read: {error.strerror or error}.") from error
    if not size:
        raise ModelError("It is empty (0 bytes): a download or copy did not finish. Get it again.")
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= 100_000_000:
        return _read_safetensors(path, size)
    if head.startswith(b"PK\x03\x04"):
        reason = describe_zip(path)
        if reason:
            raise ModelError(reason)
        return _read_pickle(path)
    if head.startswith(b"\x80"):
        return _read_pickle(path)
    raise ModelError(describe_bytes(head))


def _read_safetensors(path: Path, size: int) -> Contents:
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 -- not a mapping
    except (SafetensorError, ValueError, OSError) as error:
        raise ModelError(
            f"It begins like a safetensors file, but is cut off or damaged ({size} bytes; {error}). Get it again."
        ) from error
    return Contents(tensors=_only_numbers(tensors), header=header)


def _read_pickle(path: Path) -> Contents:
    try:
        # Safe since torch 2.10, the oldest this package accepts: before, prepared files could still run code.
        # An open file, because torch reads a path that ends in .safetensors as such, whatever it is.
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about pickles of unusual protocols; what matters becomes an error
            loaded = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        found = re.search(r"GLOBAL ([\w.]+)", str(error))
        what = f"the object {found[1]}" if found else "objects"
        raise ModelError(
            f"It is a pickle that holds {what} besides tensors, and loading that could run code. It was not loaded. "
            "Use the official checkpoint, or a safetensors file."
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError, OSError, IndexError, AttributeError, TypeError) as error:
        first = str(error).partition("\n")[0][:120]
        raise ModelError(f"It begins like a PyTorch checkpoint, but is damaged ({first}). Get it again.") from error
    return Contents(tensors=_only_numbers(_model_of(loaded)))


def _model_of(loaded: object) -> dict[str, Tensor]:
    """The state dict in a checkpoint, which official files keep under the key "model"."""
    if isinstance(loaded, dict) and isinstance(loaded.get("model"), dict):
        loaded = loaded["model"]
    if not isinstance(loaded, dict):
        raise ModelError(f"It is a PyTorch file of a {type(loaded).__name__}, not of a network's named tensors.")
    strange = next((key for key, value in loaded.items() if not (isinstance(key, str) and _is_tensor(value))), None)
    if strange is not None or not loaded:
        what = f"{strange!r} is a {type(loaded[strange]).__name__}" if loaded else "it is empty"
        raise ModelError(f"It is a PyTorch file, but not of a network's named tensors: {what}.")
    return loaded


def _is_tensor(value: object) -> bool:
    return isinstance(value, Tensor)


def _only_numbers(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    for name, tensor in tensors.items():
        if not tensor.is_floating_point() or tensor.layout != torch.strided:
            raise ModelError(
                f"Its tensor {name!r} is {str(tensor.dtype).removeprefix('torch.')}; weights must be floating point "
                "numbers (quantised files are not supported)."
            )
    return tensors
