"""What the user does on one video, without any user interface: the document and its history. Safe to share."""

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from sam2_notebook.errors import EditError
from sam2_notebook.values.classes import LabelClass
from sam2_notebook.values.edits import SetClasses, is_step
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.video_document import VideoDocument, VideoEdit
from sam2_notebook.widgets.history import ConflictError, History
from sam2_notebook.widgets.session import numbered_objects


@dataclass(frozen=True)
class VideoMoment:
    """A consistent picture of the document and its history."""

    rev: int
    document: VideoDocument
    can_undo: bool
    can_redo: bool


class VideoHistory:
    """The document on one video with undo and redo; `has` says whether there is a frame of a number.

    >>> from sam2_notebook.values.edits import AddObject, AddPoint
    >>> history = VideoHistory(Size(height=10, width=10), has=lambda frame: frame < 5)
    >>> history.apply(3, AddObject(object=1), AddPoint(object=1, x=3, y=4, label=1))
    1
    >>> history.undo(), history.document.objects
    (2, ())
    """

    def __init__(self, size: Size, has: Callable[[int], bool], classes: tuple[LabelClass, ...] = ()) -> None:
        self._has = has
        self._lock = threading.RLock()
        self._births = itertools.count(1)
        self._history = History(VideoDocument(size=size).apply(0, SetClasses(classes=classes)), _changed)

    @property
    def rev(self) -> int:
        """Counts up with every change of the document."""
        return self._history.rev

    @property
    def document(self) -> VideoDocument:
        """The document as it is now."""
        return self._history.now

    def state(self) -> VideoMoment:
        """Everything at one moment."""
        with self._lock:
            return VideoMoment(self.rev, self.document, self._history.can_undo, self._history.can_redo)

    def changed_since(self, rev: int) -> frozenset[int]:
        """The objects that were touched after a revision, even if they are as before; of the last 256 steps."""
        with self._lock:
            return self._history.changed_since(rev)

    def apply(self, frame: int, *edits: VideoEdit, author: str = "", base: int | None = None) -> int:
        """Apply all edits in a frame or none, as one step of the history; returns the revision.

        Errors are those of `SegmentationSession.apply`, and EditError for a frame that there is not.
        """
        if frame < 0 or not self._has(frame):
            raise EditError(f"there is no frame {frame} to say something in")
        with self._lock:
            if base is not None:
                self._history.check_base(numbered_objects(edits), author, base)
            document, before = self.document, self.document
            try:
                for edit in edits:
                    document = document.apply(frame, edit, born=next(self._births))
            except EditError as error:
                if base not in (None, self.rev):
                    raise ConflictError(str(error)) from None
                raise
            if document == before:
                return self.rev
            return self._history.go(document, author, is_step=is_step(edits))

    def replace(self, document: VideoDocument, author: str = "") -> int:
        """Put another document in the place of this one, as a step; its objects count as new ones."""
        with self._lock:
            objects = tuple(replace(o, born=next(self._births)) for o in document.objects)
            return self._history.go(replace(document, objects=objects), author)

    def undo(self, author: str = "") -> int:
        """Go back one step; EditError if there is none."""
        with self._lock:
            return self._history.undo(author)

    def redo(self, author: str = "") -> int:
        """Do again what was undone; EditError if there is nothing."""
        with self._lock:
            return self._history.redo(author)

    def close(self) -> None:
        """Forget the history."""
        with self._lock:
            self._history.forget()


def _changed(before: VideoDocument, after: VideoDocument) -> frozenset[int]:
    old, new = {o.id: o for o in before.objects}, {o.id: o for o in after.objects}
    return frozenset(id for id in old.keys() | new.keys() if old.get(id) != new.get(id))
