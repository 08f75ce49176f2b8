"""Where everything of one video meets: document, model, frames, pages, cells, the disk. It knows no ipywidgets."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sam2_notebook.errors import EditError, MediaError, Sam2NotebookError
from sam2_notebook.media.video import Video
from sam2_notebook.protocol.envelope import decode_video_request
from sam2_notebook.protocol.video_messages import GoTo
from sam2_notebook.protocol.video_views import Notice, VideoInfo
from sam2_notebook.values.classes import LabelClass
from sam2_notebook.values.edits import SetClasses
from sam2_notebook.values.frames import FrameSource
from sam2_notebook.values.video_document import VideoDocument, VideoEdit
from sam2_notebook.values.words import counted
from sam2_notebook.widgets.channel import Channel, Packet, Send
from sam2_notebook.widgets.classes import joined_classes
from sam2_notebook.widgets.jobs import SLICE_SECONDS, Job
from sam2_notebook.widgets.pace import Pace
from sam2_notebook.widgets.video_answers import VideoAnswers
from sam2_notebook.widgets.video_autosave import Autosave, Earlier
from sam2_notebook.widgets.video_exporting import Exporting
from sam2_notebook.widgets.video_file import SavedSession, VideoReference, load_session, pass_over, remove_session
from sam2_notebook.widgets.video_frames import FrameServer
from sam2_notebook.widgets.video_history import VideoHistory
from sam2_notebook.widgets.video_inference import Follower, VideoInference
from sam2_notebook.widgets.video_masks import MaskStore
from sam2_notebook.widgets.video_news import VideoNews
from sam2_notebook.widgets.video_plan import Order, check_frames
from sam2_notebook.widgets.video_previews import Previews
from sam2_notebook.widgets.video_source import MissingVideo
from sam2_notebook.widgets.video_tracking import Tracking
from sam2_notebook.widgets.worker import Worker, shared_worker


@dataclass(frozen=True, kw_only=True)
class VideoParts:
    """What a desk is made of: `source` is for pages, `open_session` and `reopen` give sources of their own."""

    source: FrameSource
    reference: VideoReference
    open_session: Callable[[], Follower]
    reopen: Callable[[], FrameSource]
    worker: Worker
    classes: tuple[LabelClass, ...] = ()


class VideoDesk:
    """One video being segmented: answers pages, obeys cells, and keeps both, and the disk, informed.

    `send` puts a message on the wire; `noticed` is called on the publisher's thread when something has changed.
    """

    def __init__(self, parts: VideoParts, folder: Path | None, send: Send, noticed: Callable[[], None]) -> None:
        source = self.source = parts.source
        self._reference = parts.reference
        self.epoch = uuid.uuid4().hex
        self.frame = 0
        self.history = VideoHistory(source.size, lambda frame: frame < len(source), parts.classes)
        self.store = MaskStore(lambda: self.history.document, lambda: len(source))
        self._reporter = VideoNews(self)
        self._answers = VideoAnswers(self, self._reporter)
        publisher, pictures = shared_worker("publisher"), shared_worker("pictures")
        self.channel = Channel(decode_video_request, self._answers.answer, send, self._report, publisher, pictures)
        self.pace = Pace(lambda: self.channel.run("news", self._spread))
        self.frames = FrameServer(source, parts.reference.key, self.channel.reply, self._pulled, self._previews(parts))
        self.inference = VideoInference(self.history, self.store, parts.open_session, parts.worker, self._news)
        self.tracking = Tracking(
            self.history, self.store, self.inference, self._step_news, self.frames.pull, self._unit
        )
        self.exporting = Exporting(
            self.store, self.history, parts.reopen, self._step_news, parts.reference.path, self._unit
        )
        self.autosave = Autosave(folder, lambda: self.reference, self.history.state, self.store.everything)
        self.notices: list[Notice] = []
        self._earlier: Earlier | None = None
        self._noticed = noticed
        self._closed = False

    def start(self) -> None:
        """Get the first frame ready, and look for earlier work on the video."""
        if self._is_missing:
            self.tell("warning", getattr(self.source, "note", ""))
        else:
            if self.source.is_complete:
                self.channel.run("earlier", self._look_for_earlier)
            if note := getattr(self.source, "note", ""):
                self.tell("warning", f"{self.source.name}: {note}")
        self._get_ready(0)

    @property
    def reference(self) -> VideoReference:
        """Which video it is, for files: a stream has as many frames as have come."""
        return replace(self._reference, frames=max(len(self.source), 1))

    @property
    def video(self) -> VideoInfo:
        """What the video is, as it stands."""
        source = self.source
        return VideoInfo(
            width=source.size.width,
            height=source.size.height,
            name=source.name,
            key=self.reference.key,
            frames=len(source),
            oldest=getattr(source, "oldest", 0),
            fps=source.fps,
            complete=source.is_complete,
            live=not source.is_complete or getattr(source, "oldest", 0) > 0,
            note=getattr(source, "note", ""),
            sizes=getattr(source, "sizes", ()),
        )

    @property
    def _unit(self) -> str:
        """What a frame is called in words to the user."""
        return getattr(self.source, "unit", "frame")

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The newest tracking and export, under way or ended."""
        return tuple(job for job in (self.tracking.job, self.exporting.job) if job is not None)

    @property
    def last_error(self) -> str | None:
        """The traceback of the last error."""
        return self.inference.last_error

    def tell(self, level: str, text: str, action: str = "none") -> None:
        """Show words to the user until they are read."""
        number = max((n.id for n in self.notices), default=0) + 1
        self.notices = [*self.notices, Notice(id=number, level=level, text=text, action=action)]  # type: ignore[arg-type]
        self._news()

    def edit(self, frame: int, *edits: VideoEdit) -> None:
        """Make edits in a frame from a cell, all or none; EditError or PromptError if one does not fit."""
        self._check_open()
        self.history.apply(frame, *edits)
        self.edited()

    def undo(self) -> None:
        """Take back the last step; EditError if there is none."""
        self._check_open()
        self.history.undo()
        self.edited()

    def redo(self) -> None:
        """Do again what was taken back; EditError if there is nothing."""
        self._check_open()
        self.history.redo()
        self.edited()

    def track(self, order: Order) -> Job:
        """Follow objects; EditError if that is under way, or there is nothing to follow, or no such frames."""
        self._check_open()
        check_frames(order, len(self.source) if self.source.is_complete else None, self._unit)
        job = self.tracking.start(order)
        self._news()
        return job

    def go_to(self, frame: int) -> None:
        """Ask all views to show a frame."""
        self._check_open()
        if not 0 <= frame < len(self.source):
            raise EditError(f"there is no {self._unit} {frame}; {self.source.name} has 0 to {len(self.source) - 1}")
        self.frame = frame
        self._get_ready(frame)
        self.channel.publish("go_to", lambda: [Packet(GoTo(epoch=self.epoch, frame=frame))])
        self._news()

    def look(self, frame: int) -> None:
        """A page rests at a frame, which is got ready for clicks."""
        if 0 <= frame < len(self.source):
            self.frame = frame
            self._get_ready(frame)
            self._news()

    def edited(self, *, whole: bool = False) -> None:
        """Write along, find out and tell what the edits made of the document."""
        self.autosave.write(whole=whole)
        self.inference.wake()
        self._news()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until every prompt is answered and told; False after `timeout` seconds. Raises what inference met."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.inference.is_busy or self.channel.is_busy:
            if deadline is not None and time.monotonic() >= deadline:
                return False
            self.inference.wait_idle(SLICE_SECONDS)
            self.channel.wait_idle(SLICE_SECONDS)
        if (error := self.inference.error) is not None:
            raise error
        return True

    def take_up(self, saved: SavedSession) -> None:
        """Put a saved session in the place of this one, as a step that can be undone; this one's classes stay."""
        before = {item.id: item.born for item in saved.document.objects}
        self.history.replace(self._with_classes(saved.document))
        items = {before[item.id]: item for item in self.history.document.objects}
        for mask in saved.masks:
            if mask.frame < len(self.source) or not self.source.is_complete:
                self.store.put(mask.frame, items[mask.born], mask.kept, mask.said)
        if saved.damaged:
            left = "is damaged and was left out" if saved.damaged == 1 else "are damaged and were left out"
            self.tell("warning", f"{counted(saved.damaged, 'mask')} of the saved session {left}")
        self.edited(whole=True)

    def _with_classes(self, document: VideoDocument) -> VideoDocument:
        """A document with this one's classes first, as they are here, and with its own others after them; told."""
        mine = self.history.document.classes
        classes = joined_classes(mine, document.classes, (item.label for item in document.objects))
        if mine and classes != mine:
            more = ", ".join(known.name for known in classes[len(mine) :])
            self.tell("info", f"the work taken up has classes of its own, which were added: {more}")
        return document.apply(0, SetClasses(classes=classes))

    def recover(self, *, accept: bool) -> None:
        """Take up the earlier work that was found, or leave it where it lies; EditError if there is none."""
        self._check_open()
        earlier, self._earlier = self._earlier, None
        if earlier is None:
            raise EditError("there is no earlier work to take up")
        self.notices = [n for n in self.notices if n.action != "recover"]
        try:
            if not accept:
                pass_over(earlier.path)
            else:
                self.take_up(load_session(earlier.path))
                if self.autosave.saved.state == "saved":  # with all its masks
                    remove_session(earlier.path)
        finally:
            self._news()
        if not accept:
            self.tell("info", f"The earlier work stays in {earlier.path}; VideoSegmenter.load(path) opens it.")

    def close(self, *, keep: bool = True) -> None:
        """Let go of everything but the masks; unless `keep`, of the file written along, too."""
        if self._closed:
            return
        self._closed = True
        self.pace.close()
        self.tracking.close()
        self.exporting.close()
        self.channel.close()
        self.inference.close()
        self.frames.close()
        self._reporter.collect()
        self.autosave.close(keep=keep)
        self.history.close()

    def _previews(self, parts: VideoParts) -> Previews | None:
        """Previews of a video that is slow to move about in, made while nothing else is to be done."""

        def is_free() -> bool:
            return not (self.inference.is_busy or self.frames.is_busy or any(not job.has_ended for job in self.jobs))

        if not isinstance(parts.source, Video) or not Previews.gain(parts.source):
            return None
        return Previews(parts.source, parts.reopen, is_free)

    @property
    def _is_missing(self) -> bool:
        """Whether the video is not where it was: there are masks, and no frames."""
        return isinstance(self.source, MissingVideo)

    def _get_ready(self, frame: int) -> None:
        """Prepare a frame for clicks, if there is one."""
        if self._is_missing:
            self.inference.rest()
        else:
            self.inference.look(frame)

    def _check_open(self) -> None:
        if self._closed:
            raise Sam2NotebookError("this widget is closed; make a new one")

    def _step_news(self, *_: object) -> None:
        """News of one more frame; often, they are told together."""
        if all(job.has_ended for job in self.jobs):
            self._news()
        else:
            self.pace.step()

    def _pulled(self, error: MediaError | None) -> None:
        """A page has waited for a stream's next frame."""
        if self._closed:
            return
        if error is not None and all(notice.text != str(error) for notice in self.notices):
            self.tell("warning", str(error))
        self.pace.step()

    def _news(self) -> None:
        self.pace.now()

    def _spread(self) -> None:
        """Write along, and only then tell: on the publisher's thread."""
        self._reporter.collect()
        self.channel.publish("told", self._reporter.tell)
        self.channel.run("noticed", lambda: self.channel.in_context(self._noticed))

    def _report(self, details: str) -> None:
        self.inference.last_error = details

    def _look_for_earlier(self) -> None:
        leftovers = self.autosave.leftovers()
        if leftovers is not None and leftovers.words:
            self.tell("info", leftovers.words)
        self._earlier = self.autosave.earlier()
        if self._earlier is not None:
            self.tell("info", self._earlier.words, "recover")
