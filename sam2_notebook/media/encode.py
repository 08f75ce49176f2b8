"""Pixels out again: mask files, bytes for the wire, smaller copies for a preview."""

import io
import os
from pathlib import Path
from uuid import uuid4

import numpy as np
from PIL import Image as PillowImage

from ..errors import MediaError

_JPEG_MAX_SIDE = 65_535


def write_mask_png(mask: np.ndarray, path: str | os.PathLike[str]) -> Path:
    """Write a mask (H, W), bool or uint8 with object where it is not 0, as a one-channel PNG of 0 and 255.

    The file appears whole or not at all: an older one of that name stays until the new one is complete.

    >>> import tempfile
    >>> write_mask_png(np.eye(3, dtype=bool), Path(tempfile.mkdtemp()) / "mask.png").name
    'mask.png'
    """
    target = Path(path)
    if mask.ndim != 2 or 0 in mask.shape or mask.dtype not in (np.bool_, np.uint8):
        raise MediaError(
            f"{target}: the mask is {mask.dtype} of shape {mask.shape}. Wanted one mask (H, W), bool or uint8; "
            "of several pass masks[0], of logits pass logits > 0."
        )
    if target.suffix.lower() != ".png":
        raise MediaError(f"{target}: masks are written as PNG. Give the file a name that ends in .png.")
    _replace(target, encode_png(np.where(mask, np.uint8(255), np.uint8(0))))
    return target


def encode_jpeg(pixels: np.ndarray, quality: int = 85) -> bytes:
    """Encode uint8 pixels, (H, W) grey or (H, W, 3) RGB, as JPEG; `quality` from 1 to 95.

    >>> encode_jpeg(np.zeros((8, 8, 3), np.uint8))[:2]
    b'\\xff\\xd8'
    """
    _check_pixels(pixels, channels=(3,))
    if not 1 <= quality <= 95:
        raise MediaError(f"a JPEG quality of {quality} was asked for. Wanted 1 to 95.")
    if max(pixels.shape) > _JPEG_MAX_SIDE:
        raise MediaError(
            f"{pixels.shape[1]} x {pixels.shape[0]} pixels: a JPEG side has at most 65,535. Shrink it first."
        )
    buffer = io.BytesIO()
    PillowImage.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def encode_png(pixels: np.ndarray, compress_level: int = 1) -> bytes:
    """Encode uint8 pixels, (H, W) grey, (H, W, 3) RGB or (H, W, 4) RGBA, as PNG without loss.

    `compress_level` goes from 0 (none) over 1 (fast) to 9 (smallest).

    >>> encode_png(np.zeros((8, 8), np.uint8))[1:4]
    b'PNG'
    """
    _check_pixels(pixels, channels=(3, 4))
    if not 0 <= compress_level <= 9:
        raise MediaError(f"a PNG compression level of {compress_level} was asked for. Wanted 0 to 9.")
    buffer = io.BytesIO()
    PillowImage.fromarray(pixels).save(buffer, "PNG", compress_level=compress_level)
    return buffer.getvalue()


def resize_area(pixels: np.ndarray, size_hw: tuple[int, int]) -> np.ndarray:
    """Shrink uint8 pixels, (H, W) or (H, W, 3), to `size_hw` free of aliasing and ringing.

    >>> resize_area(np.uint8([[0, 100], [100, 200]]), (1, 1)).tolist()
    [[100]]
    """
    _check_pixels(pixels, channels=(3,))
    height, width = size_hw
    if min(height, width) < 1:
        raise MediaError(f"a size of {width} x {height} was asked for. Wanted at least 1 x 1 pixel.")
    # whole-number steps by box averages first (fast), the rest by a filter at least three times finer
    small = PillowImage.fromarray(pixels).resize((width, height), PillowImage.Resampling.HAMMING, reducing_gap=3.0)
    return np.array(small)


def _check_pixels(pixels: np.ndarray, channels: tuple[int, ...]) -> None:
    grey = pixels.ndim == 2
    colour = pixels.ndim == 3 and pixels.shape[2] in channels
    if pixels.dtype != np.uint8 or not (grey or colour) or 0 in pixels.shape:
        wanted = " or ".join(map(str, channels))
        raise MediaError(f"pixels are {pixels.dtype} of shape {pixels.shape}. Wanted uint8 (H, W) or (H, W, {wanted}).")


def _replace(target: Path, data: bytes) -> None:
    draft = target.with_name(f".{uuid4().hex}.tmp")
    try:
        try:
            with open(draft, "xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, target)
        finally:
            draft.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise MediaError(
            f"{target}: it cannot be written ({error}). Check that the folder exists and is writable."
        ) from error
