"""From what a caller passes to one checked prompt per object."""

import numpy as np
import pytest
import torch

from sam2_notebook.errors import PromptError
from sam2_notebook.predict.prompts import object_prompts
from sam2_notebook.values.geometry import Box, Size

SIZE = Size(height=100, width=200)
BOX = (10, 20, 30, 40)


@pytest.mark.parametrize(
    ("points", "labels", "box", "clicks", "boxes"),
    [
        ([5, 6], None, None, [1], [False]),  # one bare point
        ([5, 6], 1, None, [1], [False]),
        ([[5, 6]], [0], None, [1], [False]),
        ([[5, 6], [7, 8]], [1, 0], None, [2], [False]),  # two clicks on one object
        ([[[5, 6]], [[7, 8]]], [[1], [1]], None, [1, 1], [False, False]),  # two objects
        ([[[5, 6]], [[7, 8], [1, 2]]], [[1], [1, 0]], None, [1, 2], [False, False]),  # ragged
        (np.zeros((3, 2, 2)), None, None, [2, 2, 2], [False] * 3),
        (None, None, BOX, [0], [True]),
        (None, None, Box(*BOX), [0], [True]),
        (None, None, [BOX, BOX], [0, 0], [True, True]),
        (None, None, [Box(*BOX), Box(*BOX)], [0, 0], [True, True]),
        ([[5, 6]], [1], BOX, [1], [True]),
        ([[[5, 6]], [[7, 8]]], None, [BOX, BOX], [1, 1], [True, True]),
        (torch.tensor([[5.0, 6.0]], requires_grad=True), torch.tensor([1]), None, [1], [False]),
        ([200, 100], None, None, [1], [False]),  # the far corner is still the picture's
    ],
)
def test_every_form_becomes_one_prompt_per_object(points, labels, box, clicks, boxes) -> None:
    prompts = object_prompts(points, labels, box, None, SIZE, 32)
    assert [len(p.points) for p in prompts] == clicks
    assert [p.box is not None for p in prompts] == boxes
    assert [p.labels.shape for p in prompts] == [(n,) for n in clicks]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "nothing to segment"),
        ({"points": []}, "no object"),
        ({"points": [[1, 2, 3]]}, r"\(n, 2\)"),
        ({"points": [[201, 5]]}, "outside the picture, which is 200 wide and 100 high"),
        ({"points": [[5, -1]]}, "outside"),
        ({"points": [[np.nan, 5]]}, "not finite"),
        ({"points": [[np.inf, 5]]}, "not finite"),
        ({"points": "here"}, "must be numbers"),
        ({"points": [[5, 6]], "labels": [1, 1]}, "one label"),
        ({"points": [[5, 6]], "labels": [7]}, "1 .on the object. or 0"),
        ({"points": [[5, 6]], "labels": [np.nan]}, "1 .on the object. or 0"),
        ({"labels": [1], "box": BOX}, "labels but no points"),
        ({"box": (30, 20, 10, 40)}, "left, top, right, bottom"),
        ({"box": (1, 2, 3)}, "x0, y0, x1, y1"),
        ({"box": (1, 2, 3, np.nan)}, "finite"),
        ({"box": (1, 2, 300, 4)}, "box corner"),
        ({"points": [[5, 6]], "box": [BOX, BOX]}, "different numbers of objects"),
        ({"points": np.zeros((1001, 2))}, "at most 1000"),
        ({"mask": np.zeros((10, 10), np.uint8)}, "> 127"),
        ({"mask": np.zeros((10, 10), np.float32)}, "32 x 32"),
        ({"mask": np.full((32, 32), np.nan, np.float32)}, "not finite"),
        ({"mask": np.zeros((2, 0, 5), bool)}, "shape"),
        ({"points": np.zeros((0, 2, 2))}, "no object"),
        ({"points": 5}, "points have the shape"),
        ({"points": np.zeros((1, 1, 1, 2))}, "points have the shape"),
        ({"points": [[[5, 6]], []]}, "no point, no box"),
    ],
)
def test_bad_prompts_are_refused_in_words(given, words) -> None:
    points, labels, box, mask = (given.get(name) for name in ("points", "labels", "box", "mask"))
    with pytest.raises(PromptError, match=words):
        object_prompts(points, labels, box, mask, SIZE, 32)
