"""How many threads a network computes on, where others want the processor too."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from sam2_notebook.model.threads import on_threads


@contextmanager
def half_the_threads() -> Iterator[None]:
    """Within it torch computes on half of its threads, one at least, when called from this thread.

    Two threads decode a click little faster than one (on two cores 15-22 ms, and 22-24) and take twice the processor's
    time, which a page needs that draws the last answer meanwhile.
    """
    with on_threads(max(1, torch.get_num_threads() // 2)):
        yield
