"""Write a network into one safetensors file that carries its sizes."""

import os
import tempfile
from pathlib import Path

import torch
from safetensors.torch import save

from sam2_notebook.errors import ModelError
from sam2_notebook.model import Sam2
from sam2_notebook.weights.metadata import Metadata


def save_model(model: Sam2, path: str | Path, *, name: str, license: str = "", half: bool = True) -> Path:
    """Write `model` so that `load_model(path)` brings it back; half precision halves the file.

    The file appears whole or not at all. Raises ModelError when half precision cannot hold the numbers.

    >>> from sam2_notebook.model import Sam2Config
    >>> small = Sam2(Sam2Config(image_size=64, embed_dim=8, stages=(1, 1, 2, 1), global_blocks=(3,), dim=32))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(small, Path(folder) / "small.safetensors", name="small").name
    'small.safetensors'
    """
    path = Path(path)
    dtype = torch.float16 if half else torch.float32
    tensors = {key: value.detach().cpu().to(dtype).contiguous() for key, value in model.state_dict().items()}
    for key, value in tensors.items():
        if not value.isfinite().all():
            raise ModelError(
                f"Parameter {key!r} is not finite in {'half' if half else 'single'} precision, so {path} was not "
                f"written.{' Try half=False.' if half else ''}"
            )
    data = save(tensors, metadata=Metadata(config=model.config, name=name, license=license).pack())
    _write_atomically(path, data)
    return path


def _write_atomically(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise ModelError(f"{path} cannot be written: {error.strerror or error}.") from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(partial).chmod(0o644)
        Path(partial).replace(path)
    except OSError as error:
        raise ModelError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        Path(partial).unlink(missing_ok=True)
