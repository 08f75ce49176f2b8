"""What a model's numbers are, in one word: the key under which results of it may be cached."""

import hashlib
import json
from dataclasses import asdict
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

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
    state = model.state_dict()
    # An in-place change counts up a tensor's version; a replaced one lies elsewhere.
    stamp = tuple((t.data_ptr(), -1 if t.is_inference() else t._version) for t in state.values())
    known = _KNOWN.get(model)
    if known is None or known[0] != stamp:
        known = (stamp, _digest(model, state))
        _KNOWN[model] = known
    return known[1]


def _digest(model: Sam2, state: dict[str, Tensor]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.dumps(asdict(model.config), sort_keys=True).encode())
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
