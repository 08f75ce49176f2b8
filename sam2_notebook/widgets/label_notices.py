"""What whoever labels should read, until they have."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from sam2_notebook.protocol.label_views import LabelNotice

MOST_NOTICES = 20


@dataclass
class Notices:
    """What people should read, newest last, until they have."""

    changed: Callable[[], None]
    _all: list[tuple[LabelNotice, dict[str, Callable[[], object]]]] = field(default_factory=list)
    _count: int = 0

    def add(
        self,
        level: Literal["info", "warning", "error"],
        text: str,
        choices: dict[str, Callable[[], object]] | None = None,
    ) -> None:
        """Say something, once; a choice does what it says."""
        if any(notice.text == text for notice, _ in self._all):
            return
        self._count += 1
        notice = LabelNotice(id=self._count, level=level, text=text, choices=tuple(choices or ()))
        self._all = [*self._all[-MOST_NOTICES + 1 :], (notice, choices or {})]
        self.changed()

    def withdraw(self, text: str) -> None:
        """It needs no reading any more."""
        left = [entry for entry in self._all if entry[0].text != text]
        if len(left) < len(self._all):
            self._all = left
            self.changed()

    def answer(self, id: int, choice: str) -> None:
        """Somebody has read it, and chosen."""
        for notice, choices in self._all:
            if notice.id == id:
                self._all = [entry for entry in self._all if entry[0].id != id]
                if choice in choices:
                    choices[choice]()
                self.changed()
                return

    @property
    def views(self) -> tuple[LabelNotice, ...]:
        """All that nobody has read yet."""
        return tuple(notice for notice, _ in self._all)
