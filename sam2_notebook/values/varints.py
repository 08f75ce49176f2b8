"""Whole numbers as little-endian groups of bits, many at a time: the base of both run-length codes.

A number is cut into groups of `bits` bits, lowest first; every group but a number's last has the bit above it set.
Seven bits unsigned is LEB128; five bits signed is what COCO writes as text.
"""

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
MAX_BITS = 35


def pack(values: IntArray, bits: int, *, signed: bool = False) -> npt.NDArray[np.uint8]:
    """Groups of all numbers one after the other; `signed` means two's complement, the top bit of the last group.

    >>> pack(np.array([3, 300]), 7).tolist()
    [3, 172, 2]
    """
    values = np.asarray(values, dtype=np.int64)
    magnitude = np.where(values < 0, ~values, values) << 1 if signed else values
    lengths = np.ones(len(values), dtype=np.int64)
    for group in range(1, -(-MAX_BITS // bits)):
        lengths += (magnitude >> (bits * group)) > 0
    ends = np.cumsum(lengths)
    packed = np.empty(int(ends[-1]) if len(ends) else 0, dtype=np.uint8)
    starts = ends - lengths
    low, more = (1 << bits) - 1, 1 << bits
    alive = np.arange(len(values))
    for group in range(int(lengths.max(initial=0))):
        alive = alive[lengths[alive] > group]
        piece = (values[alive] >> (bits * group)) & low
        packed[starts[alive] + group] = piece | np.where(lengths[alive] > group + 1, more, 0)
    return packed


def unpack(packed: npt.NDArray[np.uint8], bits: int, *, signed: bool = False) -> IntArray:
    """The numbers that `pack` packed; ValueError if the last one is cut off or one is longer than 35 bits.

    >>> unpack(pack(np.array([-1, 400]), 5, signed=True), 5, signed=True).tolist()
    [-1, 400]
    """
    if not len(packed):
        return np.zeros(0, dtype=np.int64)
    more = 1 << bits
    last = (packed & more) == 0
    if not last[-1]:
        raise ValueError("the last number is cut off")
    ends = np.flatnonzero(last)
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts + 1
    if int(lengths.max()) * bits > MAX_BITS:
        raise ValueError(f"a number has more than {MAX_BITS} bits")
    place = np.arange(len(packed)) - np.repeat(starts, lengths)
    groups = (packed & (more - 1)).astype(np.int64) << (place * bits)
    values = np.add.reduceat(groups, starts)
    if signed:
        width = lengths * bits
        values = np.where((values >> (width - 1)) & 1 == 1, values - (np.int64(1) << width), values)
    return values
