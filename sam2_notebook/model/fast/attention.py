"""Attention as products of matrices and softmax, a few rows at a time: on CPUs faster than torch's fused kernel."""

import torch
from jaxtyping import Float
from torch import Tensor

from sam2_notebook.model.fast.linear import Table, linear

ROWS, FEWEST_ROWS = 256, 128  # queries at a time: enough for the matrix product, few enough for the cache
SCORES = 2**19  # numbers: memory for blocks of 2 MB is used again, for larger ones it is asked of the system each time


def attend(
    q: Float[Tensor, "queries dim"],
    k: Float[Tensor, "keys dim"],
    v: Float[Tensor, "keys dim_value"],
    scale: float,
    bias: Float[Tensor, "keys"] | None = None,
) -> Float[Tensor, "queries dim_value"]:
    """Softmax attention of one head over many tokens; `bias` is added to what every query makes of a key."""
    rows = min(ROWS, max(FEWEST_ROWS, SCORES // k.shape[0] // 16 * 16))
    keys, columns = Table(k, rows), v.T.contiguous()
    mixed = q.new_empty(q.shape[0], v.shape[1])
    for start in range(0, q.shape[0], rows):
        part = slice(start, start + rows)
        mixed[part] = linear(keys(q[part] * scale, bias).softmax(-1), columns, None)
    return mixed


def attend_in_windows(
    q: Float[Tensor, "windows queries dim"],
    k: Float[Tensor, "windows keys dim"],
    v: Float[Tensor, "windows keys dim"],
    scale: float,
) -> Float[Tensor, "windows queries dim"]:
    """Softmax attention of one head inside each of many small windows."""
    scores = torch.baddbmm(q.new_empty(()), q, k.transpose(1, 2), beta=0, alpha=scale)
    return torch.bmm(scores.softmax(-1), v)
