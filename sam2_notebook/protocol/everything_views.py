"""What a page shows of masks that nobody asked for: parts of the messages in `messages.py`."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class EverythingView:
    """How it stands with segmenting everything: `done` of `total` clicks; then `count` masks, those of run `run`.

    `iou` and `stability` are where the page's filters begin: masks below them are there too, for whoever wants more.
    """

    state: Literal["none", "running", "done", "cancelled", "failed"]
    run: int
    done: int
    total: int
    count: int
    text: str
    iou: float
    stability: float


@dataclass(frozen=True, kw_only=True)
class ProposalView:
    """A mask nobody asked for: predicted IoU and stability, 0 to 1, and number of pixels."""

    score: float
    stability: float
    area: int
