"""Numbers and switches, however they are spelled."""

import numpy as np
import pytest
import torch

from sam2_notebook.errors import PromptError
from sam2_notebook.values.plain import number, switch, whole_number, whole_numbers, yes_or_no


@pytest.mark.parametrize("value", [3, 3.0, np.int8(3), np.uint64(3), np.float16(3), np.array(3), torch.tensor(3)])
def test_a_whole_number_may_be_anybodys(value: object) -> None:
    assert (whole_number(value, "n", 3), type(whole_number(value, "n", 3))) == (3, int)
    assert whole_numbers(value, "n") == whole_numbers([value], "n") == (3,)
    assert number(value, "n", 0, 3) == 3.0


@pytest.mark.parametrize(
    "value",
    [None, True, np.True_, torch.tensor(True), "3", b"3", 3.5, float("inf"), float("nan"), 1j, [3], {}, object()],
)
def test_all_else_is_no_whole_number(value: object) -> None:
    with pytest.raises(PromptError, match=r"n is a whole number of at least 1; got"):
        whole_number(value, "n", 1)


def test_lists_of_numbers_have_many_forms() -> None:
    for value in ([1, 2], (1, 2), {1, 2}, range(1, 3), np.array([1, 2]), np.array([1.0, 2.0]), torch.tensor([1, 2])):
        assert whole_numbers(value, "n") == (1, 2)
    assert whole_numbers([], "n") == ()
    for value in ("12", b"12", [1, 1.5], [[1, 2]], np.eye(2), ["1"], [None], [-1]):
        with pytest.raises(PromptError, match=r"^n are numbers; got"):
            whole_numbers(value, "n are numbers", 0)


@pytest.mark.parametrize("value", ["maybe", "", 2, 0.5, float("nan"), None, [], [1], np.zeros(2), object()])
def test_what_is_neither_yes_nor_no_is_refused(value: object) -> None:
    assert switch(value) is None
    with pytest.raises(PromptError, match="save is True or False, yes or no, on or off, 1 or 0; got"):
        yes_or_no(value, "save")
