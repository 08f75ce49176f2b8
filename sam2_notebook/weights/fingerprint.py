"""What a model's numbers are, in one word: the key under which results of it may be cached."""

import hashlib
import json
from dataclasses import asdict
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from sam2_notebook.model import Sam2

_Stamp = tuple[tuple[int, int], ...]
_KNOWN: WeakKeyDictionary[Sam2, tuple[_Stamp, str]] = WeakKeyDictionary()


def fingerprint(model: Sam2) -> str:
    """A digest of config, parameters and their precision, the same on every device and in every process.

    Computed once per model object, and again after its parameters have changed (training, `load_state_dict`, `half`).

    >>> from sam2_notebook.model import Sam2Config
    >>> small = Sam2(Sam2Config(image_size=64, embed_dim=8, stages=(1, 1, 2, 1), global_blocks=(3,), dim=32))
    >>> before = fingerprint(small)
    >>> with torch.no_grad():
    ...     _ = small.no_memory.add_(1)
    >>> before == fingerprint(small)
    False
    """
    stamp = _stamp(model)
    known = _KNOWN.get(model)
    if known is None or known[0] != stamp:
        known = (stamp, _digest(model, model.state_dict()))
        _KNOWN[model] = known
    return known[1]


def _stamp(model: Sam2) -> _Stamp:
    """Where the numbers lie and how often they changed: an in-place change counts up, a replaced tensor lies elsewhere.

    Asked at every click, so it walks the modules itself: `state_dict` takes a millisecond, a tenth of a click.
    """
    stamp: list[tuple[int, int]] = []
    waiting: list[nn.Module] = [model]
    while waiting:
        module = waiting.pop()
        own = (*module._parameters.values(), *module._buffers.values())
        stamp += [(t.data_ptr(), -1 if t.is_inference() else t._version) for t in own if t is not None]
        waiting += [child for child in module._modules.values() if child is not None]
    return tuple(stamp)


def _digest(model: Sam2, state: dict[str, Tensor]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.dumps(asdict(model.config), sort_keys=True).encode())
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
