"""Bulk data on the wire: masks as run lengths, logits as bytes. `js/src/protocol/codecs.ts` is the twin.

*Run lengths* (`rle`): LEB128 numbers x0, y0, w, h of the mask's bounding box, then the lengths of the runs of that
crop, row after row, beginning with a run of zeros (which may be 0 long) and adding up to w times h. An empty mask is
four zeros. The picture's size is not in the bytes but in the message's `Buffer.shape`.

*Logits* (`logits8`): int8, `round(logit * scale)`, where `scale` is 127 over the largest magnitude in the message,
that magnitude being taken as at least 1 and at most 32 (beyond, logits saturate; a pixel that sure is sure). A logit
other than 0 never becomes 0, so the sign, which is the mask, survives.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sam2_notebook.errors import ProtocolError
from sam2_notebook.values import varints
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import BoolMask, IntArray, bounding_box, check_mask

LOGIT_LIMIT = 32.0
Bytes: TypeAlias = bytes | bytearray | memoryview


def encode_rle(mask: BoolMask) -> bytes:
    """A bool mask (height, width) as run lengths of its bounding box.

    >>> encode_rle(np.array([[False, True, False]])).hex()
    '010001010001'
    """
    box = bounding_box(check_mask(mask))
    if box is None:
        return bytes(4)
    x0, y0, x1, y1 = (int(edge) for edge in box.as_tuple())
    crop = mask[y0 : y1 + 1, x0 : x1 + 1].ravel()
    edges = np.flatnonzero(crop[1:] != crop[:-1]) + 1
    bounds = np.concatenate(([0], [0] if crop[0] else [], edges, [crop.size])).astype(np.int64)
    header = np.array([x0, y0, x1 - x0 + 1, y1 - y0 + 1], dtype=np.int64)
    return varints.pack(np.concatenate((header, np.diff(bounds))), 7).tobytes()


def decode_rle(data: Bytes, size: Size) -> BoolMask:
    """The mask that `encode_rle` encoded; ProtocolError unless the bytes are a mask of exactly this size.

    >>> decode_rle(bytes.fromhex('010001010001'), Size(height=1, width=3))
    array([[False,  True, False]])
    """
    (x0, y0, w, h), runs = _runs(data, size)
    mask = np.zeros((size.height, size.width), dtype=np.bool_)
    if w:
        mask[y0 : y0 + h, x0 : x0 + w] = np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(h, w)
    return mask


def rle_area(data: Bytes, size: Size) -> int:
    """Number of pixels of an encoded mask, without decoding it; ProtocolError as `decode_rle`.

    >>> rle_area(bytes.fromhex('010001010001'), Size(height=1, width=3))
    1
    """
    return int(_runs(data, size)[1][1::2].sum())


def _runs(data: Bytes, size: Size) -> tuple[list[int], IntArray]:
    """The bounding box x0, y0, w, h and the runs in it; ProtocolError unless they are a mask of exactly this size."""
    try:
        numbers = varints.unpack(np.frombuffer(data, dtype=np.uint8), 7)
    except ValueError as error:
        raise ProtocolError(f"these are not the run lengths of a mask: {error}") from None
    if len(numbers) < 4:
        raise ProtocolError(f"a mask begins with the four numbers x0, y0, w, h; got {len(numbers)} numbers")
    x0, y0, w, h = numbers[:4].tolist()
    runs = numbers[4:]
    if x0 + w > size.width or y0 + h > size.height or (w == 0) != (h == 0):
        raise ProtocolError(
            f"a mask at {x0}, {y0}, {w} wide and {h} high, does not lie on {size.width} x {size.height}"
        )
    if int(runs.sum()) != w * h:
        raise ProtocolError(f"the runs of a mask {w} x {h} add up to {w * h}; these add up to {int(runs.sum())}")
    return [x0, y0, w, h], runs


def encode_logits8(logits: npt.NDArray[np.floating]) -> tuple[bytes, float]:
    """Logits (candidates, height, width) as int8, row-major, and the scale they were multiplied by.

    >>> encode_logits8(np.array([[[4.0, -2.0, 0.001]]]))
    (b'\\x7f\\xc0\\x01', 31.75)
    """
    if logits.ndim != 3 or not logits.size or not np.isfinite(logits).all():
        raise ValueError(f"logits are finite numbers (candidates, height, width); got {logits.dtype} {logits.shape}")
    peak = min(max(float(np.abs(logits).max()), 1.0), LOGIT_LIMIT)
    scale = 127.0 / peak
    scaled = np.clip(np.rint(logits * scale), -127, 127)
    signed = np.where(scaled == 0, np.sign(logits), scaled)
    return signed.astype(np.int8).tobytes(), scale


def decode_logits8(data: Bytes, shape: tuple[int, int, int], scale: float) -> npt.NDArray[np.float32]:
    """Logits (candidates, height, width) to within half a step of 1 / scale; ProtocolError if the bytes do not fit.

    >>> decode_logits8(b'\\x7f\\xc0', (1, 1, 2), 31.75)[0, 0, 0]
    np.float32(4.0)
    """
    codes = np.frombuffer(data, dtype=np.int8)
    if not (np.isfinite(scale) and scale > 0):
        raise ProtocolError(f"the scale of logits is a finite number above 0; got {scale}")
    if min(shape) < 1 or codes.size != int(np.prod(shape)):
        raise ProtocolError(f"logits {shape} take {int(np.prod(shape))} bytes; got {codes.size}")
    return (codes.reshape(shape) / np.float32(scale)).astype(np.float32)
