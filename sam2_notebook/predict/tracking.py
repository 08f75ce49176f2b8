"""What is known of one tracked object: its prompts, its memories, how far it was followed. Frozen; edits return new."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from torch import Tensor

from sam2_notebook.model import Memory, MemoryBank, Recollection, Sighting
from sam2_notebook.model.memory import POINTERS, PROMPTED_SLOT, RECENT_MAPS
from sam2_notebook.predict.prompts import ObjectPrompt
from sam2_notebook.predict.segmentation import Segmentation
from sam2_notebook.predict.steadying import area_of
from sam2_notebook.predict.video_results import MemoryUse, ObjectResult


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A result, the version of the object's prompts it was made with, and whether it was tracked backward."""

    result: ObjectResult
    version: int
    reverse: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class PromptedFrame:
    """All a user said of an object in one frame, and what the model saw there.

    `candidates` are the masks that a lone click can mean. Where the frame had been tracked before, `before` and
    `before_logits` are what it was then.
    """

    prompt: ObjectPrompt
    sighting: Sighting
    candidates: Segmentation | None = None
    before: Kept | None = None
    before_logits: Tensor | None = None


@dataclass(frozen=True, kw_only=True)
class Run:
    """Frames that were followed one after the other, from `first` to `last`, backward if `last` is before `first`.

    `area` is the share of the picture that the object has had lately, None where nobody needs to know.
    """

    first: int
    last: int
    area: float | None = None

    def covers(self, frame: int) -> bool:
        """Whether the frame was done in this run."""
        return min(self.first, self.last) <= frame <= max(self.first, self.last)

    def continues_at(self, frame: int, *, reverse: bool) -> bool:
        """Whether starting at a frame means going on with this run."""
        return self.covers(frame) or frame == self.last + (-1 if reverse else 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Track:
    """One object. `version` counts the changes of its prompts, each of which makes all it was followed to stale."""

    prompted: Mapping[int, PromptedFrame] = field(default_factory=dict)
    bank: MemoryBank = MemoryBank()
    forward: Run | None = None
    backward: Run | None = None
    version: int = 0

    def expected_area(self, frame: int, *, reverse: bool) -> float | None:
        """The share of the picture that it is expected to have when it is followed to a frame: that of its run, else of
        the nearest prompt; None if it has not been seen anywhere."""
        run = self.run(reverse=reverse)
        if run is not None and run.area is not None:
            return run.area
        seen = {f: said.sighting for f, said in self.prompted.items() if float(said.sighting.object_score) > 0}
        return float(area_of(seen[min(seen, key=lambda f: abs(f - frame))].logits)) if seen else None

    def memory_use(self, frame: int, recalled: Recollection, *, reverse: bool) -> MemoryUse:
        """Which frames what a frame recalled was of."""
        return MemoryUse(
            frame=frame,
            reverse=reverse,
            prompted=tuple(sorted(self.bank.prompted.keys() - {frame}, key=lambda f: (abs(f - frame), f))),
            recent_ages=tuple(sorted(slot + 1 for slot in recalled.slots if slot != PROMPTED_SLOT)),
            pointer_ages=tuple(sorted(recalled.ages)),
        )

    def run(self, *, reverse: bool) -> Run | None:
        """How far it was followed with its present prompts."""
        return self.backward if reverse else self.forward

    def with_prompt(self, frame: int, prompted: PromptedFrame) -> "Track":
        """The object after something new was said of it in a frame."""
        return self._edited({**self.prompted, frame: prompted}, self.bank.forget({frame}))

    def without_prompt(self, frame: int) -> "Track":
        """The object after all that was said of it in a frame was taken back; without any prompt it is forgotten."""
        left = {f: p for f, p in self.prompted.items() if f != frame}
        return self._edited(left, self.bank.forget({frame}) if left else MemoryBank())

    def without_memory_around(self, frame: int) -> "Track":
        """The object without what it remembers by tracking of the frames that could recall this one, either way."""
        near = {f for f in self.bank.tracked if abs(f - frame) <= RECENT_MAPS + 1}
        return replace(self, bank=self.bank.forget(near - {frame}))

    def with_prompt_memory(self, frame: int, memory: Memory) -> "Track":
        """The object with the memory of a prompted frame, which all other frames recall."""
        return replace(self, bank=self.bank.with_memory(frame, memory, prompted=True))

    def starting(self, frame: int, *, reverse: bool) -> "Track":
        """The object about to be followed from a frame: going on with its run where the frame adjoins it, else anew."""
        if self.goes_on_at(frame, reverse=reverse):
            return self
        begun = replace(self, backward=None) if reverse else replace(self, forward=None)
        return begun._pruned(begun.bank.tracked, frame)

    def followed(self, frame: int, memory: Memory | None, *, reverse: bool, area: float | None = None) -> "Track":
        """The object after one more frame, where it is expected to have that `area`.

        A prompted frame leaves no new memory. Memories out of reach are dropped.
        """
        run, other = self.run(reverse=reverse), self.run(reverse=not reverse)
        run = Run(first=run.first if run else frame, last=frame, area=area)
        if memory is not None and other is not None and other.covers(frame):
            other = None  # its results and memories there are no longer those of one run
        bank = self.bank if memory is None else self.bank.with_memory(frame, memory, prompted=False)
        runs = {"backward": run, "forward": other} if reverse else {"forward": run, "backward": other}
        track = replace(self, bank=bank, **runs)
        ahead = -1 if reverse else 1
        leaving = {frame - ahead * age for age in (RECENT_MAPS + 1, POINTERS)} & set(bank.tracked)
        return track._pruned(leaving, frame) if leaving else track

    def goes_on_at(self, frame: int, *, reverse: bool) -> bool:
        """Whether following it from a frame on means going on with what it was followed through."""
        run = self.run(reverse=reverse)
        return run is not None and run.continues_at(frame, reverse=reverse)

    def reminded(self, memories: Mapping[int, Memory], area: float | None, *, reverse: bool) -> "Track":
        """The object as if it had just been followed through these frames, adjoining ones in the order given."""
        bank = self.bank
        for frame, memory in memories.items():
            bank = bank.with_memory(frame, memory, prompted=False)
        frames = list(memories)
        run = Run(first=frames[0], last=frames[-1], area=area)
        return replace(self, bank=bank, **{"backward" if reverse else "forward": run})

    def _edited(self, prompted: Mapping[int, PromptedFrame], bank: MemoryBank) -> "Track":
        return Track(prompted=prompted, bank=bank, version=self.version + 1)

    def _pruned(self, candidates: Collection[int], frame: int) -> "Track":
        """Without those candidates that nothing can ask for which starts, or goes on, from a place it may."""
        places = {frame, *self.prompted}
        for run in (self.forward, self.backward):
            places |= {run.first, run.last} if run else set()
        tracked = dict(self.bank.tracked)
        for candidate in candidates:
            distance = min(abs(candidate - place) for place in places)
            if distance >= POINTERS:
                del tracked[candidate]
            elif distance > RECENT_MAPS:
                tracked[candidate] = replace(tracked[candidate], map=None)
        return replace(self, bank=replace(self.bank, tracked=tracked))
