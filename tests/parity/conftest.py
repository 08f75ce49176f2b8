"""Small networks run on one thread: they are no faster on two, and much slower where the second core is busy."""

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True)
def few_threads(request: pytest.FixtureRequest) -> Iterator[None]:
    """One thread, except for networks of true size."""
    before = torch.get_num_threads()
    if not request.node.get_closest_marker("slow"):
        torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
