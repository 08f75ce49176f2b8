"""What a run's labels depend on, in names that stay from run to run: so a later call knows what is done."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import CodeType

from sam2_notebook.facade.annotation.detectors import DetectorSource
from sam2_notebook.facade.annotation.journal import digest, stamp
from sam2_notebook.model import Sam2
from sam2_notebook.predict import AutomaticMasker, ImagePredictor
from sam2_notebook.weights import fingerprint

# Values whose repr is the same in every process.
PLAIN = (bool, bytes, complex, float, int, str, type(None), type(...))


def recipe_of(settings: Mapping[str, object]) -> str:
    """A short name for the settings of a run."""
    return digest(json.dumps({k: str(v) for k, v in settings.items()}, sort_keys=True).encode())


def model_named(model: str | Path | Sam2 | ImagePredictor | None) -> str:
    """A network by its name, if it has one, and its weights, a file by its state."""
    if isinstance(model, Sam2):
        return fingerprint(model)
    if isinstance(model, ImagePredictor):
        return f"{model.model_name} {fingerprint(model.model)}"
    return "None" if model is None else _file(model)


def detector_named(det_model: DetectorSource | AutomaticMasker | None) -> str:
    """A detector by what its boxes depend on; one that does not tell this goes by its type alone."""
    if isinstance(det_model, str | Path):
        return _file(det_model)
    if isinstance(det_model, AutomaticMasker):
        return repr(det_model)
    name = getattr(det_model, "__qualname__", type(det_model).__name__)
    if isinstance(det_model, Mapping):
        return f"{name} {_content(det_model)}"
    code = getattr(det_model, "__code__", None)  # a method hands out its function's
    if isinstance(code, CodeType):
        defaults = getattr(det_model, "__defaults__", None) or ()
        keywords = getattr(det_model, "__kwdefaults__", None) or {}
        said = f"{_code(code)} {_plain(defaults)} {_plain(tuple(sorted(keywords.items())))}"
        return f"{getattr(det_model, '__module__', '')}.{name} {digest(said.encode())}"
    return f"{name} {_weights(det_model)}".strip()


def _file(path: str | Path) -> str:
    return f"{path} {stamp(Path(path))}"


def _content(coco: Mapping) -> str:
    """A digest of a dictionary, whose numbers may be NumPy's; "" where it is none that JSON can hold."""
    try:
        text = json.dumps(dict(coco), sort_keys=True, default=lambda value: value.tolist())
    except (AttributeError, RecursionError, TypeError, ValueError):
        return ""
    return digest(text.encode())


def _weights(detector: object) -> str:
    """What a YOLO or a pipeline of transformers says of its weights; "" if nothing."""
    said = [getattr(detector, name, None) for name in ("ckpt_path", "model_name")]
    said.append(getattr(getattr(detector, "model", None), "name_or_path", None))
    return next((_file(one) for one in said if one and isinstance(one, str | Path)), "")


def _code(code: CodeType) -> str:
    """Instructions, the names and the constants they use; not lines or files, which may move."""
    return f"{code.co_code.hex()} {code.co_names} {_plain(code.co_consts)}"


def _plain(value: object) -> str:
    """A value as text that is the same in every process; of what is not plain its type only."""
    if isinstance(value, CodeType):
        return _code(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(_plain, value))})"
    if isinstance(value, frozenset):  # in no order
        return f"{{{', '.join(sorted(map(_plain, value)))}}}"
    return repr(value) if isinstance(value, PLAIN) else type(value).__name__
