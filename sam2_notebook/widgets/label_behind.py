"""Images that were left before all their masks had come: those still come, and are saved, while others are labelled."""

import threading
from collections.abc import Callable

from sam2_notebook.widgets.label_image import LabelImageDesk


class Behind:
    """Desks of images that nobody looks at any more. `gone` is called with each that is closed, on any thread."""

    def __init__(self, gone: Callable[[LabelImageDesk], None]) -> None:
        self._gone = gone
        self._lock = threading.Lock()
        self._desks: dict[int, LabelImageDesk] = {}

    def leave(self, desk: LabelImageDesk) -> None:
        """Let go of an image as soon as the masks that the store waits for have come."""
        image_id = desk.image.id
        with self._lock:
            self._desks[image_id] = desk
        desk.leave(lambda: self._let_go(image_id, desk))

    def take_back(self, image_id: int) -> None:
        """Somebody looks at the image again, and sees to its masks."""
        with self._lock:
            desk = self._desks.pop(image_id, None)
        if desk is not None:
            desk.close()

    @property
    def is_busy(self) -> bool:
        """Whether masks of such images are still to come."""
        return bool(self._desks)

    def close(self) -> tuple[int, ...]:
        """Give up; whoever opens such an image has its masks made. Returns the images that were still waited for."""
        given_up = tuple(self._desks)
        for image_id in given_up:
            self.take_back(image_id)
        return given_up

    def _let_go(self, image_id: int, desk: LabelImageDesk) -> None:
        with self._lock:
            if self._desks.get(image_id) is not desk:
                return
            del self._desks[image_id]
        self._gone(desk)
