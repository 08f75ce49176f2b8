"""Where objects are in the frames of a video, as small frozen values: masks are kept as run lengths."""

from collections.abc import Iterator
from dataclasses import dataclass

from sam2_notebook.errors import PromptError
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import BoolMask, Rle


@dataclass(frozen=True, kw_only=True, slots=True)
class MemoryUse:
    """Which frames the model recalled to find an object in `frame`, nearest first. Kept by age: it repeats itself.

    `prompted` frames gave their memory maps; `recent_ages` and `pointer_ages` count frames back, ahead in `reverse`.

    >>> use = MemoryUse(frame=9, reverse=False, prompted=(0,), recent_ages=(1, 2), pointer_ages=(1, 2, 9))
    >>> use.recent, use.pointers
    ((8, 7), (8, 7, 0))
    """

    frame: int
    reverse: bool
    prompted: tuple[int, ...]
    recent_ages: tuple[int, ...]
    pointer_ages: tuple[int, ...]

    @property
    def recent(self) -> tuple[int, ...]:
        """The frames followed just before whose memory maps were recalled."""
        return tuple(self._back(age) for age in self.recent_ages)

    @property
    def pointers(self) -> tuple[int, ...]:
        """The frames whose object pointers were recalled."""
        return tuple(self._back(age) for age in self.pointer_ages)

    def _back(self, age: int) -> int:
        return self.frame + age if self.reverse else self.frame - age


@dataclass(frozen=True, kw_only=True)
class ObjectResult:
    """One object in one frame.

    `counts` are the mask's run lengths in COCO's text form, in image pixels of the frame; `score` is the predicted IoU,
    0..1; `object_score` is a logit, above 0 when the object is in the frame. `prompted` frames hold what the user asked
    for. A `stale` mask was made before the object's prompts changed; propagating makes it anew. `memory` is what was
    recalled for it, None where nothing was.
    """

    object: int
    counts: str
    size: Size
    score: float
    object_score: float
    prompted: bool
    stale: bool = False
    memory: MemoryUse | None = None

    @property
    def present(self) -> bool:
        """Whether the object is in the frame; it may be hidden or out of the picture."""
        return self.object_score > 0

    @property
    def rle(self) -> Rle:
        """The mask as run lengths."""
        return Rle.from_coco({"size": [self.size.height, self.size.width], "counts": self.counts})

    @property
    def mask(self) -> BoolMask:
        """The mask as a new bool array (height, width)."""
        return self.rle.to_mask()


@dataclass(frozen=True, kw_only=True)
class FrameResult:
    """All objects of one frame, in ascending order of their ids; `time_s` counts from the first frame."""

    frame: int
    time_s: float
    size: Size
    objects: tuple[ObjectResult, ...]

    def __len__(self) -> int:
        return len(self.objects)

    def __iter__(self) -> Iterator[ObjectResult]:
        return iter(self.objects)

    def __contains__(self, object_id: int) -> bool:
        return any(o.object == object_id for o in self.objects)

    def __getitem__(self, object_id: int) -> ObjectResult:
        """The result of one object, by its id."""
        for result in self.objects:
            if result.object == object_id:
                return result
        ids = [o.object for o in self.objects]
        raise PromptError(f"frame {self.frame} has no result for object {object_id!r}; it has those of {ids}")

    @property
    def masks(self) -> dict[int, BoolMask]:
        """The masks by object id, bool (height, width)."""
        return {o.object: o.mask for o in self.objects}
