"""Writes files on a thread of their own, with progress, until done or stopped."""

import os
from collections.abc import Callable, Mapping

from sam2_notebook.errors import EditError, MediaError, Sam2NotebookError
from sam2_notebook.media.paths import given_path, is_one_file
from sam2_notebook.predict.video_export import UNCLASSED, Export, ExportedObject, ExportFormat, export_video, target_of
from sam2_notebook.protocol.palette import color_of
from sam2_notebook.values.frames import FrameSource
from sam2_notebook.values.masks import BoolMask
from sam2_notebook.values.words import counted
from sam2_notebook.widgets.failures import in_words
from sam2_notebook.widgets.jobs import Job
from sam2_notebook.widgets.video_history import VideoHistory
from sam2_notebook.widgets.video_masks import MaskStore, decoded
from sam2_notebook.widgets.worker import shared_worker

_ENDINGS: Mapping[str, ExportFormat] = {
    ".json": "ytvis",
    ".npz": "npz",
    ".mp4": "overlay",
    ".webm": "cutout",
    "": "davis",
}


def format_of(path: str | os.PathLike[str]) -> ExportFormat:
    """The format that a path's ending names; MediaError for one that names none.

    >>> format_of("masks.json"), format_of("masks")
    ('ytvis', 'davis')
    """
    target = given_path(path, "a file or a folder to write to")
    kind = _ENDINGS.get(target.suffix.lower())
    if kind is None:
        raise MediaError(f"the ending of {target.name!r} names no format; say format= as well")
    return kind


class _StoppedError(Exception):
    """The job was cancelled between two frames."""


class Exporting:
    """One export at a time. `reopen` gives frames of one's own, `news` hears of every frame; `video` is the file of
    the video, which is never written over; `unit` is what a frame is called in words to the user.
    """

    def __init__(
        self,
        store: MaskStore,
        history: VideoHistory,
        reopen: Callable[[], FrameSource],
        news: Callable[..., None],
        video: str | None,
        unit: str,
    ) -> None:
        self._store, self._history, self._reopen, self._news = store, history, reopen, news
        self._video, self._unit = video, unit
        self.job: Job | None = None

    def start(self, kind: ExportFormat, path: str | os.PathLike[str], objects: tuple[int, ...] | None) -> Job:
        """Begin to write; EditError if something is being written already, or there is nothing to write."""
        if self.job is not None and not self.job.has_ended:
            raise EditError("something is being exported already; wait for it, or stop it")
        target = target_of(path, kind)
        if self._video is not None and is_one_file(target, self._video):
            raise EditError(f"{target.name} is the video itself, which would be lost; give another name")
        document = self._history.document
        chosen = [document.object(i) for i in objects] if objects is not None else list(document.objects)
        items = [item for item in chosen if self._store.frames_of(item)]
        if not items:
            raise EditError("there is nothing to export: no object has a mask yet. Click on one and follow it first")
        named = [ExportedObject(id=o.id, name=o.name, label=o.label, color=color_of(o.color).rgb) for o in items]
        job = self.job = Job("export", tuple(o.id for o in items), lambda: None)
        classes = [known.name for known in document.classes] + [o.label or UNCLASSED for o in document.objects]
        shared_worker("exports").submit(self, job.id, lambda: self._run(job, kind, path, named, classes))
        return job

    def close(self) -> None:
        """Stop."""
        if self.job is not None:
            self.job.cancel()

    def _run(
        self,
        job: Job,
        kind: ExportFormat,
        path: str | os.PathLike[str],
        objects: list[ExportedObject],
        classes: list[str],
    ) -> None:
        source: FrameSource | None = None
        try:
            source = self._reopen()
            job.begin(len(source))
            wanted = {item.id for item in objects}
            gaps: dict[int, set[int]] = {}

            def masks(frame: int) -> Mapping[int, BoolMask]:
                found = decoded(seen for seen in self._store.at(frame) if seen.object in wanted)
                for missing in wanted - found.keys():
                    gaps.setdefault(missing, set()).add(frame)
                return found

            def tick(frame: int) -> None:
                job.step(frame)
                self._news()
                if job.is_cancelled:
                    raise _StoppedError

            export = Export(source=source, count=len(source), objects=objects, masks=masks, classes=classes, tick=tick)
            target = export_video(export, path, kind)
            job.end("done", f"wrote {target.name} ({_size_of(target)}){self._missing(gaps)}")
        except _StoppedError:
            job.end("cancelled", "stopped; nothing was written")
        except (Sam2NotebookError, MemoryError, ValueError, OSError) as error:
            told = error if isinstance(error, Sam2NotebookError) else MediaError(in_words(error))
            job.end("failed", in_words(told), told)
        finally:
            if not job.has_ended:
                job.end("failed", "it ended unexpectedly; nothing was written")
            if source is not None:
                source.close()
            self._news()

    def _missing(self, gaps: Mapping[int, set[int]]) -> str:
        """Which masks were not there, as frames by object, in words after those of what was written; empty without."""
        if not gaps:
            return ""
        frames = len(set[int]().union(*gaps.values()))
        where = f"{counted(frames, self._unit)} {'has' if frames == 1 else 'have'}"
        things = f"{counted(len(gaps), 'object')} {'was' if len(gaps) == 1 else 'were'}"
        how = "followed to the end" if self._unit == "frame" else f"looked for in every {self._unit}"
        return f"; {where} no mask yet, as {things} not {how}"


def _size_of(target: os.PathLike[str]) -> str:
    """How large a file is, or how many files a folder holds, in words."""
    if os.path.isdir(target):
        count = sum(len(files) for _, _, files in os.walk(target))
        return counted(count, "file")
    size = os.path.getsize(target)
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"
