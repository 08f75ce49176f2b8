"""The queue of a labelling session: which images there are, in which order, and where to go next. Thread-safe.

The order is made when the filter is set: an image that no longer matches, because it was just submitted, stays in its
place until the queue is made anew. Otherwise it would run away under the eyes of whoever goes back to it.
"""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sam2_notebook.labels.claims import Claim
from sam2_notebook.labels.queue import ImageSummary, Progress, QueueFilter, ordered, progress
from sam2_notebook.protocol.label_views import Count, ProgressView, QueueRow
from sam2_notebook.protocol.label_views import QueueFilter as FilterView

UNFINISHED = frozenset({"new", "started", "returned"})
FINISHED = frozenset({"submitted", "reviewed"})
EVERYTHING = FilterView(
    states=(), labels=(), least_area=None, most_area=None, least_score=None, most_score=None, order="added"
)


@dataclass(frozen=True)
class _Kept:
    order: tuple[int, ...]
    places: dict[int, int]
    images: dict[int, ImageSummary]
    holders: dict[int, str]


class LabelQueue:
    """Images in an order, each with what is known of it.

    `read` gives all summaries or those of some images, `claims` who works on what; `author` is us.

    >>> images = [ImageSummary(id=1, name="a"), ImageSummary(id=2, name="b", state="submitted")]
    >>> queue = LabelQueue(lambda ids: images, lambda: [], "ann")
    >>> queue.order, queue.unfinished_after(2)
    ((1, 2), 1)
    """

    def __init__(
        self,
        read: Callable[[Collection[int] | None], list[ImageSummary]],
        claims: Callable[[], Sequence[Claim]],
        author: str,
    ) -> None:
        self._read, self._claims, self._author = read, claims, author
        self._lock = threading.RLock()
        self.filter = EVERYTHING
        self.rows_at = 0
        self._kept = _Kept((), {}, {}, {})
        self.remake()

    @property
    def order(self) -> tuple[int, ...]:
        """The images of the queue, by their ids."""
        return self._kept.order

    def __len__(self) -> int:
        return len(self._kept.order)

    def remake(self, wanted: FilterView | None = None) -> None:
        """Read everything and make the queue anew, perhaps by another filter; LabelError if that makes no sense."""
        chosen = wanted or self.filter
        matches = filter_of(chosen).matches
        everything = self._read(None)
        order = tuple(i.id for i in ordered((i for i in everything if matches(i)), chosen.order))
        with self._lock:
            self.filter = chosen
            places = {id_: place for place, id_ in enumerate(order)}
            self._kept = _Kept(order, places, {i.id: i for i in everything}, self._held())
            self.rows_at += 1

    def rename(self, names: Mapping[str, str]) -> None:
        """Classes have other names now (new by old): the filter means the same ones. The queue is to be made anew."""
        with self._lock:
            self.filter = replace(self.filter, labels=tuple(names.get(label, label) for label in self.filter.labels))

    def update(self, *image_ids: int) -> None:
        """Read these images again, and who works on what; new ones come at the end."""
        found = self._read(image_ids)
        with self._lock:
            kept = self._kept
            images = {**kept.images, **{i.id: i for i in found}}
            self._kept = replace(kept, images=images, holders=self._held())
            self.rows_at += 1

    def place(self, image_id: int) -> int | None:
        """The image's place in the queue, from 0; None if it is not in it."""
        return self._kept.places.get(image_id)

    def summary(self, image_id: int) -> ImageSummary | None:
        """What is known of an image, in the queue or not."""
        return self._kept.images.get(image_id)

    def named(self, name: str) -> int | None:
        """The id of the image of this name."""
        return next((i.id for i in self._kept.images.values() if i.name == name), None)

    def beside(self, image_id: int | None, by: int) -> int | None:
        """The image so many places on, or back; None at the end. From outside the queue one comes to its start."""
        kept = self._kept
        place = kept.places.get(image_id, -1 if by > 0 else len(kept.order)) if image_id is not None else -1
        place += by
        return kept.order[place] if 0 <= place < len(kept.order) else None

    def unfinished_after(self, image_id: int | None) -> int | None:
        """The next image that is still to be done and that nobody else works on, past the end from the start again.

        A filter of states says what is to be done: all it takes, finished images only if it takes nothing else.
        """
        chosen = frozenset(self.filter.states)
        return self.after(image_id, (chosen - FINISHED or chosen) if chosen else UNFINISHED)

    def after(self, image_id: int | None, states: Collection[str]) -> int | None:
        """The next image in one of these states that nobody else works on, past the end from the start again."""
        kept = self._kept
        start = kept.places.get(image_id, -1) + 1 if image_id is not None else 0
        for place in range(len(kept.order)):
            id_ = kept.order[(start + place) % len(kept.order)]
            if id_ != image_id and kept.images[id_].state in states and id_ not in kept.holders:
                return id_
        return None

    def rows(self, first: int, count: int) -> tuple[QueueRow, ...]:
        """Rows from place `first` on."""
        kept = self._kept
        first = max(first, 0)
        return tuple(self._row(kept.images[id_], kept.holders) for id_ in kept.order[first : first + max(count, 0)])

    @property
    def progress(self) -> ProgressView:
        """How far everything is, in the queue or not."""
        found: Progress = progress(list(self._kept.images.values()))
        return ProgressView(
            images=found.images,
            done=found.done,
            per_state=tuple(Count(name=name, count=count) for name, count in found.per_state.items()),
            per_class=tuple(Count(name=name, count=count) for name, count in found.per_class.items()),
            proposals=found.proposals,
            seconds=round(found.seconds, 1),
            seconds_per_image=None if found.seconds_per_image is None else round(found.seconds_per_image, 1),
        )

    def _held(self) -> dict[int, str]:
        return {claim.image_id: claim.who for claim in self._claims() if claim.who != self._author}

    def _row(self, image: ImageSummary, holders: dict[int, str]) -> QueueRow:
        return QueueRow(
            image=image.id,
            name=image.name,
            state=image.state,
            objects=sum(not a.proposed for a in image.annotations),
            proposed=sum(a.proposed for a in image.annotations),
            gain=round(image.gain, 3),
            is_clip=image.is_clip,
            holder=holders.get(image.id, ""),
        )


def filter_of(view: FilterView) -> QueueFilter:
    """A page's filter as the labels' one."""
    return QueueFilter(
        states=view.states or None,
        labels=view.labels or None,
        area_px=_span(view.least_area, view.most_area),
        score=_span(view.least_score, view.most_score),
    )


def _span(least: float | None, most: float | None) -> tuple[float, float] | None:
    if least is None and most is None:
        return None
    return (0.0 if least is None else least, float("inf") if most is None else most)
