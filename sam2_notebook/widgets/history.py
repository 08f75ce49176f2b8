"""Undo, redo and revisions of any document, and who changed what: one machinery for pictures and videos."""

from collections import deque
from collections.abc import Callable, Collection
from typing import Generic, TypeVar

from sam2_notebook.errors import EditError

HISTORY_STEPS = 1000
LOG_ENTRIES = 256

Moment = TypeVar("Moment")


class ConflictError(EditError):
    """An edit was made on an older state, and somebody else has changed what it is about."""


class History(Generic[Moment]):
    """A moment, the moments before it, and those taken back. The owner keeps threads apart.

    `changed` says which objects differ between two moments.

    >>> history = History("a", lambda old, new: frozenset())
    >>> history.go("b", "cell"), history.undo("cell"), history.now
    (1, 2, 'a')
    """

    def __init__(self, now: Moment, changed: Callable[[Moment, Moment], frozenset[int]]) -> None:
        self.now = now
        self.rev = 0
        self._changed = changed
        self._past: deque[Moment] = deque(maxlen=HISTORY_STEPS)
        self._future: list[Moment] = []
        self._log: deque[tuple[int, str, frozenset[int]]] = deque(maxlen=LOG_ENTRIES)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to do again."""
        return bool(self._future)

    def go(self, moment: Moment, author: str, *, is_step: bool = True) -> int:
        """Go to a moment, as a step of the history unless told otherwise; returns the revision."""
        if is_step:
            self._past.append(self.now)
            self._future.clear()
        return self._set(moment, author)

    def undo(self, author: str) -> int:
        """Go back one step; EditError if there is none."""
        if not self._past:
            raise EditError("there is nothing to undo")
        self._future.append(self.now)
        return self._set(self._past.pop(), author)

    def redo(self, author: str) -> int:
        """Do again what was undone; EditError if there is nothing."""
        if not self._future:
            raise EditError("there is nothing to redo")
        self._past.append(self.now)
        return self._set(self._future.pop(), author)

    def check_base(self, numbered: Collection[int], author: str, base: int) -> None:
        """ConflictError if somebody but `author` has changed one of the objects since revision `base`.

        `numbered` are the objects of which an edit names a part by its number, which means another part by then.
        """
        if base > self.rev:
            raise ConflictError(f"the edit was made on revision {base}; the document is at {self.rev}")
        if not numbered or base == self.rev:
            return
        if self._log[0][0] > base + 1:
            raise ConflictError(f"revision {base} is too long ago; the document is at {self.rev}")
        for rev, other, objects in self._log:
            touched = objects & set(numbered)
            if rev > base and other != author and touched:
                raise ConflictError(f"object {min(touched)} was changed elsewhere in the meantime")

    def changed_since(self, rev: int) -> frozenset[int]:
        """The objects that were touched after a revision, even if they are as before; of the last 256 steps."""
        return frozenset(id_ for at, _, objects in self._log if at > rev for id_ in objects)

    def forget(self) -> None:
        """Keep nothing but now."""
        self._past.clear()
        self._future.clear()

    def _set(self, moment: Moment, author: str) -> int:
        before, self.now = self.now, moment
        self.rev += 1
        self._log.append((self.rev, author, self._changed(before, moment)))
        return self.rev
