"""Which frames to follow objects through, and from where: only those whose masks are missing or stale. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sam2_notebook.errors import EditError
from sam2_notebook.protocol.video_messages import Direction


@dataclass(frozen=True, kw_only=True)
class Order:
    """What was asked for: objects (None: all with prompts) in frames `first` to `last` (None: the ends)."""

    direction: Direction
    objects: tuple[int, ...] | None = None
    start: int | None = None
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True)
class Walk:
    """Follow these objects from `start` to `end`, both included; `end` None goes on as long as a stream does."""

    objects: tuple[int, ...]
    start: int
    end: int | None
    reverse: bool

    @property
    def length(self) -> int | None:
        """How many frames that is."""
        return None if self.end is None else abs(self.end - self.start) + 1


def check_frames(order: Order, count: int | None, unit: str) -> None:
    """EditError unless an order is for frames there are and begins among them; `count` None: a stream brings more.

    `unit` is what a frame is called in words to the user.

    >>> check_frames(Order(direction="both", start=3, first=2, last=3), 4, "frame")
    """
    given = {"start": order.start, "first": order.first, "last": order.last}
    for name, frame in given.items():
        if frame is not None and (frame < 0 or (count is not None and frame >= count)):
            there = "they count from 0" if count is None else f"there are 0 to {count - 1}"
            raise EditError(f"{name}={frame}: there is no such {unit}; {there}")
    low, high = order.first, order.last
    if low is not None and high is not None and low > high:
        raise EditError(f"first={low} comes after last={high}; the first {unit} is the one with the lower number")
    start = order.start
    if start is not None and ((low is not None and start < low) or (high is not None and start > high)):
        raise EditError(f"start={start} lies outside the {unit}s to follow; first and last are {low} and {high}")


def plan(
    order: Order,
    needs: Mapping[int, npt.NDArray[np.bool_]],
    prompted: Mapping[int, Sequence[int]],
    *,
    goes_on: bool,
) -> tuple[Walk, ...]:
    """The walks an order means.

    `needs` says per object and frame whether its mask is missing or stale, `prompted` in which frames something was
    said of it. A stream that `goes_on` is followed to its end, whenever that comes.

    >>> needs = {1: np.array([True, True, False, True, True])}
    >>> plan(Order(direction="both"), needs, {1: [2]}, goes_on=False)
    (Walk(objects=(1,), start=3, end=4, reverse=False), Walk(objects=(1,), start=1, end=0, reverse=True))
    """
    frames = len(next(iter(needs.values()), ()))
    first = max(0, order.first or 0)
    last = frames - 1 if order.last is None else min(order.last, frames - 1)
    if frames == 0 or first > last:
        return ()
    endless = goes_on and order.last is None and order.direction != "backward"
    objects = tuple(sorted(i for i in needs if endless or needs[i][first : last + 1].any()))
    if not objects:
        return ()
    wanted = np.flatnonzero(np.logical_or.reduce([needs[i] for i in objects]))
    wanted = wanted[(wanted >= first) & (wanted <= last)]
    anchor = _anchor(order, sorted({f for i in objects for f in prompted[i]}), first, last)
    walks: list[Walk] = []
    if order.direction != "backward":
        ahead = wanted[wanted >= anchor].tolist()
        if endless:
            walks.append(Walk(objects, ahead[0] if ahead else frames, None, reverse=False))
        elif ahead:
            walks.append(Walk(objects, ahead[0], ahead[-1], reverse=False))
    if order.direction != "forward":
        behind = wanted[wanted < anchor + (order.direction == "backward")].tolist()
        if behind:
            # a predictor goes back from frame 1 or later
            walks.append(Walk(objects, max(behind[-1], min(1, last)), behind[0], reverse=True))
    return tuple(walks)


def _anchor(order: Order, prompted: Sequence[int], first: int, last: int) -> int:
    """The frame from which to go."""
    if order.start is not None:
        return min(max(order.start, first), last)
    inside = [f for f in prompted if first <= f <= last]
    if inside:
        return inside[-1] if order.direction == "backward" else inside[0]
    if order.direction == "both":
        return first if any(f < first for f in prompted) else last + 1
    return last if order.direction == "backward" else first
