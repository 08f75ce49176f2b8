"""A fingerprint follows the numbers, not the object."""

import copy
from dataclasses import replace

import torch

from sam2_notebook.model import Sam2
from sam2_notebook.weights import fingerprint


def test_equal_networks_share_it(small: Sam2):
    assert fingerprint(small) == fingerprint(copy.deepcopy(small))


def test_one_changed_number_changes_it_although_it_was_asked_before(small: Sam2):
    before = fingerprint(small)
    with torch.no_grad():
        small.get_parameter("mask_decoder.iou_head.layers.2.bias")[1] += 1e-3
    assert fingerprint(small) != before


def test_a_replaced_parameter_changes_it(small: Sam2):
    before = fingerprint(small)
    small.no_memory = torch.nn.Parameter(small.no_memory.detach() + 1)
    assert fingerprint(small) != before


def test_an_optimiser_step_changes_it(small: Sam2):
    before = fingerprint(small)
    optimiser = torch.optim.SGD(small.parameters(), lr=0.1)
    small.no_memory.square().sum().add(small.no_memory.sum()).backward()
    optimiser.step()
    assert fingerprint(small) != before


def test_sizes_that_leave_no_trace_in_the_tensors_count(small: Sam2):
    other = Sam2(replace(small.config, image_size=96)).eval()
    other.load_state_dict(small.state_dict())
    assert fingerprint(other) != fingerprint(small)


def test_precision_counts(small: Sam2):
    before = fingerprint(small)
    assert fingerprint(small.half()) != before
