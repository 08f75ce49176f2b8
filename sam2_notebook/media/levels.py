"""Numbers of any type into 8-bit levels, by one stated rule.

* bool: False is 0, True is 255.
* Integers that all lie in 0..255, and every uint8, are taken as they are.
* Floats that all lie in 0..1 are multiplied by 255.
* Everything else is windowed: the 0.1 and 99.9 percentile become 0 and 255, what lies outside is clipped. Where the two
  percentiles coincide, minimum and maximum take their place; a picture of one single value becomes mid grey.
* NaN is black, minus infinity black, plus infinity white; none of them takes part in the rule above.

The percentiles are those of every n-th row and column, with n chosen so that about four million values are looked at.
"""

import math
from collections.abc import Iterator

import numpy as np

from ..errors import MediaError

PERCENTILES = (0.1, 99.9)
MID_GREY = 128
_SAMPLED_VALUES = 4_000_000
_BAND_VALUES = 1 << 20


def to_levels(values: np.ndarray, label: str, like: np.ndarray | None = None) -> np.ndarray:
    """Map an array of shape (H, W) or (H, W, channels) to uint8 of the same shape, one rule for all channels.

    With `like`, the range of that array decides instead of the picture's own: frames of one video must not flicker.

    >>> to_levels(np.array([[0.0, 0.5, 1.0]]), "array").tolist()
    [[0, 128, 255]]
    """
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype.kind not in "iuf":
        raise MediaError(
            f"{label}: pixels of type {values.dtype} are no picture. "
            "Wanted uint8, uint16, bool or float; convert them first."
        )
    window = _window(values if like is None else like, label)
    levels = np.full(values.shape, MID_GREY, np.uint8)
    for rows in _bands(values):
        band = values[rows]
        if window is not None:
            levels[rows] = _scaled(band, *window)
        if values.dtype.kind == "f":
            levels[rows][np.isnan(band) | np.isneginf(band)] = 0
            levels[rows][np.isposinf(band)] = 255
    return levels


def _window(values: np.ndarray, label: str) -> tuple[float, float] | None:
    """The two values that become 0 and 255; None for a picture of one single value."""
    low, high = _extremes(values, label)
    whole = 1.0 if values.dtype.kind == "f" else 255.0
    if low >= 0 and high <= whole:
        return 0.0, whole
    step = max(1, math.ceil(math.sqrt(values.size / _SAMPLED_VALUES)))
    sample = _finite(values[::step, ::step]).astype(np.float64)
    if sample.size:
        # "nearest" does no arithmetic, so even the largest floats cannot overflow
        lower, upper = (float(value) for value in np.percentile(sample, PERCENTILES, method="nearest"))
        if upper > lower:
            low, high = lower, upper
    return (low, high) if high / 2 - low / 2 > 0 else None


def _extremes(values: np.ndarray, label: str) -> tuple[float, float]:
    low, high = math.inf, -math.inf
    for rows in _bands(values):
        finite = _finite(values[rows])
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    if low > high:
        raise MediaError(f"{label}: not one pixel is a finite number (all are NaN or infinite). Check how it was made.")
    return low, high


def _finite(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)] if values.dtype.kind == "f" else values


def _scaled(band: np.ndarray, low: float, high: float) -> np.ndarray:
    with np.errstate(invalid="ignore", over="ignore"):
        # halved before subtracting: the span of two large floats may be infinite
        share = (np.clip(band.astype(np.float64), low, high) / 2 - low / 2) / (high / 2 - low / 2)
        return (np.nan_to_num(share) * 255 + 0.5).astype(np.uint8)


def _bands(values: np.ndarray) -> Iterator[slice]:
    """Rows in portions, so that the float64 copies stay small beside a large picture."""
    per_band = max(1, _BAND_VALUES // max(1, values[:1].size))
    return (slice(top, top + per_band) for top in range(0, len(values), per_band))
