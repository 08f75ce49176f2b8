"""What a labelling session answers its pages."""

from functools import partial
from pathlib import Path

from sam2_notebook.errors import MediaError, Sam2NotebookError
from sam2_notebook.labels.export.folder import Existing
from sam2_notebook.labels.survey import Survey
from sam2_notebook.protocol.label_messages import (
    MAX_ROWS_ASKED,
    AnyLabelRequest,
    ClassRequest,
    FigureData,
    FigureRequest,
    FilterRequest,
    LabelDone,
    LabelExportRequest,
    LabelHello,
    LabelImportRequest,
    LabelState,
    MoveRequest,
    NoticeRequest,
    RowsData,
    RowsRequest,
    SuggestRequest,
    SurveyData,
    SurveyRequest,
    TrainRequest,
)
from sam2_notebook.protocol.label_views import AgreementView, Count, FindingView
from sam2_notebook.protocol.messages import (
    VERSION,
    Buffer,
    DocumentView,
    Hello,
    PictureInfo,
    Ping,
    Pong,
    Request,
    Snapshot,
    Status,
)
from sam2_notebook.values.words import counted
from sam2_notebook.widgets import label_work as work
from sam2_notebook.widgets.channel import Packet
from sam2_notebook.widgets.label_desk import AskedBackError, LabelDesk
from sam2_notebook.widgets.label_jobs import LabelJob

MOST_FINDINGS = 500
NO_IMAGE = "There is no picture to label. Pass a folder of pictures to Labeler."


class AnsweringDesk(LabelDesk):
    """A labelling session that pages speak with."""

    def _answer(self, request: AnyLabelRequest) -> Packet | None:
        match request:
            case LabelHello():
                return Packet(LabelState(view=request.view, seq=request.seq, state=self.view()))
            case RowsRequest():
                self.later(request, partial(self._rows, request))
            case SurveyRequest():
                self.later(request, partial(self._survey, request))
            case FigureRequest():
                self.later(request, partial(self._figure, request))
            case MoveRequest() | FilterRequest() | SuggestRequest() | ClassRequest() | TrainRequest() | NoticeRequest():
                return self._do(request, partial(self._change, request))
            case LabelExportRequest() | LabelImportRequest():
                return self._do(request, partial(self._file, request))
            case _:
                return self._of_image(request)
        return None

    def _do(self, request: AnyLabelRequest, act: partial[None]) -> Packet:
        """Do what is asked; a question goes back with nothing done."""
        question = ""
        try:
            act()
        except AskedBackError as asked:
            question = str(asked)
        return Packet(LabelDone(view=request.view, seq=request.seq, question=question))

    def _change(self, request: AnyLabelRequest) -> None:
        match request:
            case MoveRequest():
                self.move(request.how, request.image, note=request.note, sure=request.sure)
            case FilterRequest():
                self.remake(request.filter)
            case SuggestRequest():
                suggest = work.suggest_everywhere if request.everywhere else work.suggest_here
                self.jobs.start("suggest", partial(suggest, self, request.source))
            case ClassRequest():
                self.change_class(request.how, request.name, request.label)
            case TrainRequest():
                if request.how == "stop":
                    self.jobs.stop("train")
                else:
                    self.train(request.how)
            case NoticeRequest():
                self.notices.answer(request.id, request.choice)
            case _:
                raise AssertionError("`_answer` knows what changes something")

    def _file(self, request: LabelExportRequest | LabelImportRequest) -> None:
        if isinstance(request, LabelImportRequest):
            self.begin_import(request.folder, request.format)
            return
        folder = Path(request.folder).expanduser()
        if request.existing == "refuse" and folder.is_dir() and any(folder.iterdir()):
            raise AskedBackError(f"The folder {folder.name} is not empty.")
        self.begin_export(request.folder, request.format, existing=request.existing, val=request.val, done=request.done)

    def _of_image(self, request: Request) -> Packet | None:
        if self.shown is not None:
            return self.shown.answer(request)
        who = {"view": request.view, "seq": request.seq}
        match request:
            case Hello():
                document = DocumentView(
                    rev=0, objects=(), selected=None, classes=(), current="", can_undo=False, can_redo=False
                )
                return Packet(
                    Snapshot(
                        **who,
                        version=VERSION,
                        epoch=self.epoch,
                        picture=PictureInfo(width=4, height=3, name="", key="nothing"),
                        document=document,
                        status=Status(state="ready", text=NO_IMAGE),
                        buffers=(),
                    )
                )
            case Ping():
                return Packet(Pong(**who, epoch=self.epoch, rev=0))
            case _:
                raise Sam2NotebookError(NO_IMAGE)

    def begin_export(self, folder: str, format: str, *, existing: Existing, val: float, done: bool) -> LabelJob:
        """Export in the background."""

        def write(job: LabelJob) -> str:
            job.step(0, None, f"{format} to {Path(folder).name}")
            report = work.export_labels(self.store, folder, format, existing=existing, val=val, done=done)
            left = ", ".join(f"{count:,} {what}" for what, count in report.left_out.items())
            rest = f"; not as they are, or not at all: {left}" if left else ""
            many = f"{counted(report.annotations, 'annotation')} of {counted(report.images, 'image')}"
            return f"{many} {'is' if report.annotations == 1 else 'are'} in {Path(folder).name}{rest}"

        return self.jobs.start("export", write)

    def begin_import(self, folder: str, format: str) -> LabelJob:
        """Read labels in the background."""

        def read(job: LabelJob) -> str:
            words = work.import_into(self.store, folder, format, job)
            self.remake()
            if self.shown is not None:
                self.shown.reload()
                self.tell_of_boxes(self.shown)
            return words

        return self.jobs.start("import", read)

    def _rows(self, request: RowsRequest) -> Packet:
        rows_at = self.queue.rows_at
        rows = self.queue.rows(request.first, min(request.count, MAX_ROWS_ASKED))
        buffers: list[Buffer] = []
        payload: list[bytes] = []
        for row in rows:
            path = self.path_of(row.image)
            try:
                data = self.ahead.small(path) if path is not None else b""
            except MediaError:
                data = b""
            if data:
                buffers.append(Buffer(what="jpeg", shape=(0, 0), scale=1.0, object=row.image))
                payload.append(data)
        message = RowsData(
            view=request.view,
            seq=request.seq,
            rows_at=rows_at,
            first=max(request.first, 0),
            rows=rows,
            buffers=tuple(buffers),
        )
        return Packet(message, tuple(payload))

    def _survey(self, request: SurveyRequest) -> Packet:
        found = work.look(self.store)
        agreement = tuple(
            AgreementView(
                first=first,
                second=second,
                f1=round(result.f1, 4),
                mean_iou=None if result.mean_iou is None else round(result.mean_iou, 4),
            )
            for first, second, result in work.agreements(self.store)
        )
        return Packet(
            SurveyData(
                view=request.view,
                seq=request.seq,
                images=found.images,
                annotations=found.annotations,
                per_class=tuple(Count(name=name, count=count) for name, count in found.per_class.items()),
                findings=tuple(self._findings(found)[:MOST_FINDINGS]),
                agreement=agreement,
            )
        )

    def _findings(self, found: Survey) -> list[FindingView]:
        ids = {summary.name: summary.id for summary in self.store.summaries()}
        lists: list[FindingView] = []

        def add(name: str, kind: str, value: float, label: str = "", annotation: int | None = None) -> None:
            image = ids.get(name)
            if image is not None:
                lists.append(
                    FindingView(image=image, name=name, label=label, kind=kind, value=value, annotation=annotation)
                )

        for group in found.duplicates:
            for name in group:
                add(name, f"same picture as {next(n for n in group if n != name)}", float(len(group)))
        for finding in found.findings:
            add(finding.image, finding.kind, float(finding.value), finding.label, finding.id)
        done = {s.name for s in self.store.summaries() if s.state in work.DONE}
        for name in found.empty:
            if name in done:
                add(name, "nothing marked", 0.0)
        return lists

    def _figure(self, request: FigureRequest) -> Packet:
        buffer = Buffer(what="png", shape=(0, 0), scale=1.0, object=None)
        figure = work.figure_of(self.store, request.what)
        return Packet(FigureData(view=request.view, seq=request.seq, buffers=(buffer,)), (figure.png(),))
