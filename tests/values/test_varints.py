"""Numbers as groups of bits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sam2_notebook.values.varints import pack, unpack


@given(st.lists(st.integers(0, 2**34)))
def test_unsigned_numbers_come_back(values: list[int]) -> None:
    assert unpack(pack(np.array(values, dtype=np.int64), 7), 7).tolist() == values


@given(st.lists(st.integers(-(2**32), 2**32)))
def test_signed_numbers_come_back(values: list[int]) -> None:
    assert unpack(pack(np.array(values, dtype=np.int64), 5, signed=True), 5, signed=True).tolist() == values


@pytest.mark.parametrize(("value", "groups"), [(0, [0]), (127, [127]), (128, [128, 1]), (16384, [128, 128, 1])])
def test_seven_bits_are_leb128(value: int, groups: list[int]) -> None:
    assert pack(np.array([value]), 7).tolist() == groups


@pytest.mark.parametrize("broken", [[128], [3, 255], [255] * 5 + [1]])
def test_broken_numbers_are_refused(broken: list[int]) -> None:
    with pytest.raises(ValueError):
        unpack(np.array(broken, dtype=np.uint8), 7)
