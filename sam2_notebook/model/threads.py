"""How many threads torch computes on, for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def on_threads(count: int) -> Iterator[None]:
    """Within it torch computes on so many threads, when called from this thread.

    With `count` 1 the thread is given no helpers. That matters after it, too: OpenMP keeps the helpers that a thread
    was once given, and where all threads together have more of them than there are cores, it lets every helper sleep
    between two products, from which it takes longer to wake than most products take. With the network loaded in one
    thread and used in another on two cores, a followed frame took 8 to 16 % longer.

    >>> before = torch.get_num_threads()
    >>> with on_threads(1):
    ...     torch.get_num_threads()
    1
    >>> torch.get_num_threads() == before
    True
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
