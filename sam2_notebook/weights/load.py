"""Turn a name or a file into a network."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import platformdirs
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from sam2_notebook.errors import ModelError
from sam2_notebook.model import Sam2, Sam2Config
from sam2_notebook.model.threads import on_threads
from sam2_notebook.weights.devices import device_here
from sam2_notebook.weights.files import Contents, read
from sam2_notebook.weights.foreign import describe_tensors
from sam2_notebook.weights.metadata import Metadata
from sam2_notebook.weights.names import Layout, from_huggingface, from_meta, published_name
from sam2_notebook.weights.presets import (
    EMBEDDED,
    blocks_and_width,
    file_names,
    published,
    recognise,
    unknown_name,
)

EMBEDDED_PATH = Path(__file__).with_name("embedded.safetensors")
_ENDINGS = (".pt", ".pth", ".safetensors")


def load_model(source: str | Path | None = None, *, device: torch.device | str | None = None) -> Sam2:
    """Load a network: the small one inside the package, a published one by name, or a file.

    `source` may be a name such as "sam2.1_hiera_tiny", whose file is looked for in `models_folder()` and in Hugging
    Face's cache, and else downloaded and checked; or a path: of a file that `save_model` wrote, of Meta's or
    Ultralytics' .pt, or of Hugging Face's safetensors (or the folder around it). What a file holds is told from its
    tensors, never from its name. The network comes in float32, ready for inference, on
    `device`: by default CUDA, else Apple's GPU, else the CPU. Raises ModelError when the source is unknown or unusable,
    or the device is not there.

    >>> load_model(device="cpu").config.image_size
    512
    """
    where = device_here(device)
    path = locate(source)
    with on_threads(1):  # copies, which many threads make little faster
        try:
            model = _interpret(read(path))
        except ModelError as error:
            raise ModelError(f"{path} cannot be used as a SAM 2 network. {error}") from error
        return model.eval().to(where)


def loaded(model: Sam2 | str | Path | None, device: torch.device | str | None) -> Sam2:
    """A network that is loaded already, moved to where it is wanted, if that is said; else what `load_model` loads."""
    if not isinstance(model, Sam2):
        return load_model(model, device=device)
    return (model if device is None else model.to(device_here(device))).eval()


def models_folder() -> Path:
    """Where files of published networks are looked for, and where downloads go.

    >>> models_folder().name
    'models'
    """
    return Path(platformdirs.user_cache_dir("sam2_notebook", appauthor=False)) / "models"


def cached(name: str) -> Path | None:
    """The file of a published network, if it is there already."""
    return next((path for file in file_names(name) if (path := models_folder() / file).is_file()), None)


def locate(source: str | Path | None) -> Path:
    """The file a source means; raises ModelError with what to do when there is none."""
    if source is None or source == EMBEDDED:
        return EMBEDDED_PATH
    if not isinstance(source, str | Path):
        raise ModelError(
            'A model is a published name such as "sam2.1_hiera_tiny", a path to weights, a network or predictor that '
            f"is loaded already, or None for the embedded one; got {source!r:.60}."
        )
    path = Path(source).expanduser()
    if path.is_dir():
        path = path / "model.safetensors"
        if not path.is_file():
            raise ModelError(f"The folder {path.parent} holds no model.safetensors. Give the weights file itself.")
    if path.is_file():
        return path
    name = published(source) if isinstance(source, str) else None
    if name:
        from sam2_notebook.weights.download import download, find  # needed for published networks only

        return find(name) or download(name)
    if isinstance(source, Path) or path.suffix in _ENDINGS or path.parent != Path():
        raise ModelError(f"There is no weights file {path} (looked in {Path.cwd()}).")
    raise unknown_name(source)


def _interpret(contents: Contents) -> Sam2:
    """Build the network a file's tensors belong to."""
    tensors = contents.tensors
    if "config" in contents.header:
        config = Metadata.unpack(contents.header).config
        claimed, found = (sum(config.stages), config.embed_dim), blocks_and_width(tensors)
        if claimed != found:
            raise ModelError(f"Its header promises {claimed} trunk blocks and channels, its tensors are {found}.")
        return _build(config, tensors, None)
    if any(name.startswith("sam_mask_decoder.") for name in tensors):
        state, layout = from_meta(tensors), "meta"
    elif any(name.startswith("vision_encoder.backbone.blocks.") for name in tensors):
        state, layout = from_huggingface(tensors), "huggingface"
    elif "mask_decoder.object_token" in tensors:
        raise ModelError("It holds a network of ours, but lost the config in its header; write it with `save_model`.")
    else:
        raise ModelError(f"{describe_tensors(tensors)} SAM 2's begin with 'image_encoder.trunk.'.")
    return _build(recognise(state), state, layout)


def _build(config: Sam2Config, state: Mapping[str, Tensor], layout: Layout | None) -> Sam2:
    """A network of `config` that holds exactly `state`."""
    # Memory that nobody has written to costs nothing, so a large network may be made before the file is known to fit.
    # The "meta" device would do the same, but its first use imports hundreds of modules of torch and of sympy.
    try:
        with _Unfilled(), torch.random.fork_rng(devices=[]):
            model = Sam2(config)
    except (RuntimeError, MemoryError) as error:
        raise ModelError("The network it describes is too big for this computer's memory.") from error
    _compare({name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}, state, layout)
    model.load_state_dict(dict(state), strict=True)
    for name, tensor in model.state_dict().items():
        if not tensor.isfinite().all():
            raise ModelError(f"Its tensor {_spelled(name, layout)!r} holds numbers that are not finite.")
    return model


def _compare(wanted: Mapping[str, tuple[int, ...]], state: Mapping[str, Tensor], layout: Layout | None) -> None:
    """Raise ModelError that names the first missing, unexpected and misshapen tensor, as the file spells them."""
    missing = [name for name in wanted if name not in state]
    unexpected = [name for name in state if name not in wanted]
    faults = [
        f"{len(names)} are {fault}, the first is {_spelled(names[0], layout)!r}"
        for names, fault in ((missing, "missing"), (unexpected, "unexpected"))
        if names
    ]
    for name, shape in wanted.items():
        if name in state and tuple(state[name].shape) != shape:
            came = tuple(state[name].shape)
            faults.append(f"{_spelled(name, layout)!r} has the shape {came} where {shape} is wanted")
            break
    if faults:
        raise ModelError(f"Its tensors do not fit the network of {len(wanted)} tensors: {'; '.join(faults)}.")


def _spelled(name: str, layout: Layout | None) -> str:
    """A parameter as the file names it."""
    return name if layout is None else published_name(name, layout)


class _Unfilled(TorchFunctionMode):
    """Leave new parameters as they lie in memory: they are overwritten at once, and drawing them takes seconds."""

    def __torch_function__(
        self,
        func: Callable[..., object],
        types: Iterable[type],
        args: tuple[object, ...] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        kwargs = kwargs or {}
        if getattr(func, "__module__", None) == "torch.nn.init":
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        return func(*args, **kwargs)
