"""Writes a session along while somebody works, and finds the work that an earlier session on the same video left."""

import os
import re
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import platformdirs

from sam2_notebook.errors import MediaError
from sam2_notebook.protocol.video_views import SavedView
from sam2_notebook.widgets.failures import in_words
from sam2_notebook.widgets.video_file import SUFFIX, SessionFile, VideoReference, load_session
from sam2_notebook.widgets.video_history import VideoMoment
from sam2_notebook.widgets.video_leftovers import Leftovers, mark_of, prune
from sam2_notebook.widgets.video_masks import StoredMask

FOLDER_VARIABLE = "SAM2_NOTEBOOK_SESSIONS"
MOST_LOOKED_AT = 20


@dataclass(frozen=True)
class Earlier:
    """Work on the same video that nobody has saved or taken up yet."""

    path: Path
    when: float
    objects: int
    name: str

    @property
    def words(self) -> str:
        """What to tell the user."""
        things = "1 object" if self.objects == 1 else f"{self.objects} objects"
        when = time.strftime("%d %B, %H:%M", time.localtime(self.when))
        return f"There is earlier work on {self.name}: {things}, of {when}."


def folder_of(autosave: object) -> Path | None:
    """Where a session is written along: True is the usual folder, False nowhere; MediaError for what is neither.

    >>> folder_of(False) is None, folder_of("~/sessions").name
    (True, 'sessions')
    """
    if isinstance(autosave, bool):
        return sessions_folder() if autosave else None
    if isinstance(autosave, str | os.PathLike) and os.fspath(autosave):
        return Path(os.fsdecode(autosave)).expanduser()
    raise MediaError(
        f"autosave is True (the usual folder), False (nowhere) or the path of a folder; got {autosave!r:.60}"
    )


def sessions_folder() -> Path:
    """Where sessions are written along: the user's data folder, or what SAM2_NOTEBOOK_SESSIONS says."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("sam2_notebook", appauthor=False)) / "sessions"


class Autosave:
    """One session's file, made at the first edit. A disk that fails is told (`saved`), and tried again.

    `video` says what is known of the video by now, `state` what the document is and its revision, and `everything`
    gives all masks, for the first write and after a failure.
    """

    def __init__(
        self,
        folder: Path | None,
        video: Callable[[], VideoReference],
        state: Callable[[], VideoMoment],
        everything: Callable[[], Iterable[StoredMask]],
    ) -> None:
        self._folder, self._video, self._state, self._everything = folder, video, state, everything
        self._lock = threading.Lock()
        self._file: SessionFile | None = None
        self._known: VideoReference | None = None
        self._name: str | None = None
        self._is_behind = True
        self._rev = 0
        self._is_empty = True
        self._writes = 0
        words = "" if folder else "this session is not written along; widget.save(path) saves it"
        self._saved = SavedView(state="saved" if folder else "off", rev=0, text=words)

    @property
    def saved(self) -> SavedView:
        """What is on the disk."""
        return self._saved

    @property
    def path(self) -> Path | None:
        """The file, once there is one."""
        return None if self._file is None else self._file.path

    def write(self, masks: Iterable[StoredMask] = (), *, whole: bool = False) -> None:
        """Write the document as it is now, and new masks or, if `whole`, all; `saved` says how that went."""
        if self._folder is None:
            return
        with self._lock:
            try:
                video, state = self._video(), self._state()
                if self._file is None:
                    self._name = self._name or _file_name(video)
                    self._file = SessionFile(self._folder / self._name, video)
                    self._known = video
                is_behind = self._is_behind or whole
                document = state.document if is_behind or state.rev != self._rev else None
                self._file.write(
                    document, self._everything() if is_behind else masks, video if video != self._known else None
                )
            except MediaError as error:
                self._is_behind = True
                text = f"Not written along: {in_words(error)}"
                self._saved = SavedView(state="failed", rev=self._rev, text=text)
                return
            self._is_empty = not state.document.objects
            self._known = video
            self._writes += 1
            self._is_behind = False
            self._rev = state.rev
            self._saved = SavedView(state="saved", rev=self._rev, text="")

    @property
    def writes(self) -> int:
        """Counts up with everything that is written."""
        return self._writes

    def saved_as(self, target: Path, writes: int) -> None:
        """All that had been written when `writes` was what it is now is in another file too."""
        with self._lock, suppress(MediaError):
            if self._file is not None and not self._is_behind and self._writes == writes:
                self._file.mark(mark_of(target))

    def leftovers(self) -> Leftovers | None:
        """Tidy the folder, and say what is left there."""
        return None if self._folder is None else prune(self._folder)

    def earlier(self) -> Earlier | None:
        """The newest work on the same video that no running session has, and that was not passed over."""
        if self._folder is None:
            return None
        try:
            found = [(p.stat().st_mtime, p) for p in self._folder.glob(f"*-{self._video().key[:12]}-*{SUFFIX}")]
        except OSError:
            return None
        for when, path in sorted(found, reverse=True)[:MOST_LOOKED_AT]:
            if path == self.path:
                continue
            try:
                session = load_session(path, masks=False)
            except MediaError:
                continue  # in use, or damaged: nothing to offer
            if session.document.objects and not session.passed_over:
                return Earlier(path, when, len(session.document.objects), session.video.name)
        return None

    def close(self, *, keep: bool) -> None:
        """Let go of the file; one that holds nothing, or need not be kept, is removed."""
        with self._lock:
            file, self._file = self._file, None
            self._folder = None
            if file is None:
                return
            if keep and not self._is_empty:
                file.close()
            else:
                file.remove()


def _file_name(video: VideoReference) -> str:
    stem = re.sub(r"[^\w.-]+", "_", Path(video.name).stem)[:40] or "video"
    return f"{stem}-{video.key[:12]}-{uuid4().hex[:8]}{SUFFIX}"
