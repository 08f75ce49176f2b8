"""Arrays into pixels: which shapes and types are pictures, and why the others are not."""

import numpy as np

from ..errors import MediaError
from .levels import to_levels

_CHANNELS = (1, 3, 4)


def pixels_of_array(array: np.ndarray, label: str, like: np.ndarray | None = None) -> np.ndarray:
    """Copy an array of shape H x W, H x W x 1, H x W x 3 or H x W x 4 (RGB order, alpha last) to uint8 RGB.

    `like` holds frames whose range decides how numbers become levels, see `levels`; else the picture's own does.

    >>> pixels_of_array(np.zeros((2, 3), bool), "array").shape
    (2, 3, 3)
    """
    _check_shape(array.shape, label)
    planes = array[..., None] if array.ndim == 2 else array
    levels = to_levels(planes[..., :3], label, like)
    pixels = np.empty((*planes.shape[:2], 3), np.uint8)
    pixels[...] = levels
    if planes.shape[2] == 4:
        for row, alpha in enumerate(planes[..., 3]):
            pixels[row] = over_white(pixels[row], _alpha_levels(alpha))
    return pixels


def over_white(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Blend uint8 colours (..., 3) over white by uint8 alpha (...), rounded to nearest.

    >>> over_white(np.uint8([[0, 0, 0]]), np.uint8([51])).tolist()
    [[204, 204, 204]]
    """
    share = alpha[..., None].astype(np.uint16)
    return ((rgb * share + 255 * (255 - share) + 127) // 255).astype(np.uint8)


def _alpha_levels(alpha: np.ndarray) -> np.ndarray:
    """Alpha has a fixed scale, so it is never windowed: 0..1 for floats, 0..65535 for uint16, else 0..255."""
    if alpha.dtype == np.bool_:
        return alpha.astype(np.uint8) * np.uint8(255)
    if alpha.dtype == np.uint16:
        return ((alpha.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if alpha.dtype.kind == "f":
        opaque = np.nan_to_num(alpha.astype(np.float64), nan=0.0)
        return (np.clip(opaque, 0, 1) * 255 + 0.5).astype(np.uint8)
    return np.clip(alpha, 0, 255).astype(np.uint8)


def _check_shape(shape: tuple[int, ...], label: str) -> None:
    wanted = "Wanted height x width, or height x width x 1, 3 or 4 channels"
    got = f"{label}: an array of shape {' x '.join(map(str, shape)) or '(one number)'} is no picture"
    if 0 in shape:
        raise MediaError(f"{got}: it has no pixels. Check how it was cut or loaded.")
    if len(shape) == 2 or (len(shape) == 3 and shape[2] in _CHANNELS):
        return
    if len(shape) == 3 and shape[0] in _CHANNELS:
        raise MediaError(f"{got}. {wanted}; channels come first here: pass array.transpose(1, 2, 0).")
    if len(shape) == 4:
        raise MediaError(f"{got}. {wanted}; this looks like a batch: pass one picture of it, array[0].")
    raise MediaError(f"{got}. {wanted}.")
