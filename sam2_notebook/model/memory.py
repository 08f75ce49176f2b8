"""The memory bank as values: what frames leave behind, and which of it a frame recalls (paper, section 4).

Nothing here is learned: banks are frozen, and choosing memories is arithmetic on frame numbers.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor

RECENT_MAPS = 6
POINTERS = 16
NEWEST_SLOT, PROMPTED_SLOT = 0, RECENT_MAPS


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """Where a batch of objects is in one frame: one mask each, and a pointer that sums each object up.

    `logits` lie at stride 4 and are -1024 throughout where an object is absent (`object_score` of 0 or less).
    """

    logits: Float[Tensor, "batch 1 side side"]
    iou: Float[Tensor, "batch"]
    object_score: Float[Tensor, "batch"]
    pointer: Float[Tensor, "batch dim"]


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What a frame leaves behind of a batch of objects; the map goes first, as only near frames recall it."""

    map: Float[Tensor, "batch memory_dim grid grid"] | None
    pointer: Float[Tensor, "batch dim"]


@dataclass(frozen=True, kw_only=True)
class MemoryChoice:
    """Frames to recall. `maps` pair a frame with its slot: 0..5 for 1..6 frames ago, 6 for every prompted frame.

    `pointers` pair a frame with its age in frames; `span` is the age that counts as 1 in the pointers' code.
    """

    maps: tuple[tuple[int, int], ...]
    pointers: tuple[tuple[int, int], ...]
    span: int


def choose_memories(
    frame: int,
    *,
    prompted: Collection[int],
    tracked: Collection[int],
    reverse: bool = False,
    frames: int | None = None,
    most_prompted: int | None = None,
) -> MemoryChoice:
    """Which memories `frame` recalls, when `prompted` and `tracked` frames (disjoint) have left some.

    All prompted frames, later ones too, or the `most_prompted` nearest; the 6 frames before (after, when tracking in
    `reverse`); and pointers of up to 15 frames before, besides those of prompted frames that are not yet to come.
    `frames` is the length of the video, None for a stream. Raises ValueError for a `most_prompted` below 2.

    >>> choose_memories(9, prompted={0, 12}, tracked={5, 7, 8}, frames=20)
    MemoryChoice(maps=((0, 6), (12, 6), (5, 3), (7, 1), (8, 0)), pointers=((0, 9), (8, 1), (7, 2), (5, 4)), span=15)
    """
    back = 1 if reverse else -1
    nearest = _nearest(frame, prompted, most_prompted)
    # A prompted frame that was not among the nearest counts as an ordinary one.
    ordinary = {*tracked, *(set(prompted) - set(nearest))}
    recent = [frame + back * step for step in range(RECENT_MAPS, 0, -1)]
    maps = [(f, PROMPTED_SLOT) for f in nearest] + [(f, abs(frame - f) - 1) for f in recent if f in ordinary]
    count = POINTERS if frames is None else min(frames, POINTERS)
    pointers = [(f, age) for f in nearest if (age := (f - frame) * back) >= 0]
    pointers += [(f, step) for step in range(1, count) if (f := frame + back * step) in ordinary]
    return MemoryChoice(maps=tuple(maps), pointers=tuple(pointers), span=max(count - 1, 1))


def _nearest(frame: int, prompted: Collection[int], most: int | None) -> list[int]:
    """The prompted frames to recall, in order: the one before, the one at or after, then the nearest others."""
    if most is not None and most < 2:
        raise ValueError(f"most_prompted must be at least 2, one before and one after, got {most}")
    if most is None or len(prompted) <= most:
        return sorted(prompted)
    before = [f for f in sorted(prompted, reverse=True) if f < frame][:1]
    after = [f for f in sorted(prompted) if f >= frame][:1]
    rest = sorted(set(prompted) - {*before, *after}, key=lambda f: (abs(f - frame), f))
    return sorted([*before, *after, *rest][:most])


@dataclass(frozen=True, kw_only=True)
class Recollection:
    """The memories that one frame attends to, of a batch of objects that have equally many; see `MemoryChoice`."""

    maps: tuple[Float[Tensor, "batch memory_dim grid grid"], ...]
    slots: tuple[int, ...]
    pointers: tuple[Float[Tensor, "batch dim"], ...]
    ages: tuple[int, ...]
    span: int

    def __getitem__(self, rows: slice) -> "Recollection":
        """Those of some objects of the batch."""
        return replace(self, maps=tuple(m[rows] for m in self.maps), pointers=tuple(p[rows] for p in self.pointers))

    @property
    def shape(self) -> tuple[tuple[int, ...], tuple[int, ...], int]:
        """What must be equal for objects to be recalled in one batch."""
        return self.slots, self.ages, self.span

    @staticmethod
    def join(parts: Sequence["Recollection"]) -> "Recollection":
        """The recollections of several objects as one batch; ValueError when their shapes differ."""
        first = parts[0]
        if any(part.shape != first.shape for part in parts):
            raise ValueError(f"only recollections of one shape form a batch, got {[part.shape for part in parts]}")
        maps = tuple(torch.cat(column) for column in zip(*(part.maps for part in parts), strict=True))
        pointers = tuple(torch.cat(column) for column in zip(*(part.pointers for part in parts), strict=True))
        return replace(first, maps=maps, pointers=pointers)


@dataclass(frozen=True, kw_only=True)
class MemoryBank:
    """All memories of an object, or of objects always prompted together, by frame number; edits return new banks."""

    prompted: Mapping[int, Memory] = field(default_factory=dict)
    tracked: Mapping[int, Memory] = field(default_factory=dict)

    def with_memory(self, frame: int, memory: Memory, *, prompted: bool) -> "MemoryBank":
        """The bank that also knows `frame`; a prompted memory stays until it is forgotten or prompted anew."""
        if prompted:
            return MemoryBank(prompted={**self.prompted, frame: memory}, tracked=_without(self.tracked, {frame}))
        if frame in self.prompted:
            raise ValueError(f"frame {frame} is prompted, and what a user said is not overwritten by tracking")
        return replace(self, tracked={**self.tracked, frame: memory})

    def forget(self, frames: Collection[int]) -> "MemoryBank":
        """The bank without some frames."""
        return MemoryBank(prompted=_without(self.prompted, frames), tracked=_without(self.tracked, frames))

    def kept_for(self, frame: int, *, reverse: bool = False) -> "MemoryBank":
        """The bank without what neither `frame` nor any frame that follows it can recall; it stays small for ever."""
        sign = -1 if reverse else 1
        kept: dict[int, Memory] = {}
        for other, memory in self.tracked.items():
            age = (frame - other) * sign
            if age <= RECENT_MAPS:
                kept[other] = memory
            elif age < POINTERS:
                kept[other] = replace(memory, map=None)
        return replace(self, tracked=kept)

    def recollect(
        self, frame: int, *, reverse: bool = False, frames: int | None = None, most_prompted: int | None = None
    ) -> Recollection | None:
        """The memories that `frame` recalls (see `choose_memories`); None when nothing was prompted yet."""
        if not self.prompted:
            return None
        choice = choose_memories(
            frame,
            prompted=self.prompted,
            tracked=self.tracked,
            reverse=reverse,
            frames=frames,
            most_prompted=most_prompted,
        )
        known = {**self.tracked, **self.prompted}
        maps = [(found, slot) for f, slot in choice.maps if (found := known[f].map) is not None]
        return Recollection(
            maps=tuple(found for found, _ in maps),
            slots=tuple(slot for _, slot in maps),
            pointers=tuple(known[f].pointer for f, _ in choice.pointers),
            ages=tuple(age for _, age in choice.pointers),
            span=choice.span,
        )


def _without(memories: Mapping[int, Memory], frames: Collection[int]) -> dict[int, Memory]:
    return {f: memory for f, memory in memories.items() if f not in frames}
