"""One message of every type that only a labeler has, for both sides to read."""

from sam2_notebook.protocol import label_messages as m
from sam2_notebook.protocol import label_views as v
from sam2_notebook.protocol.messages import Buffer
from sam2_notebook.values.classes import LabelClass


def label_messages() -> list[m.LabelRequest | m.LabelReply | m.LabelEvent]:
    """All of them."""
    wanted = v.QueueFilter(
        states=("new", "returned"), labels=("leaf",), least_area=16.0, most_area=None, least_score=None,
        most_score=0.5, order="gain",
    )  # fmt: skip
    current = v.CurrentImage(
        image=3,
        name="a/<b>3</b>.jpg",
        state="started",
        in_review=False,
        place=2,
        seconds=12.5,
        problem="",
        is_clip=False,
        work="",
    )
    progress = v.ProgressView(
        images=30, done=12, per_state=(v.Count(name="new", count=18),), per_class=(v.Count(name="leaf", count=40),),
        proposals=3, seconds=371.5, seconds_per_image=30.9,
    )  # fmt: skip
    job = v.LabelJobView(id=1, kind="suggest", state="running", text="4 found", done=2, total=30)
    notice = v.LabelNotice(id=4, level="warning", text="1.jpg cannot be read", choices=("Try again",))
    training = v.TrainingView(
        epochs=(v.EpochView(number=0, click=0.5, box=0.75),), gain=None, is_ready=False, in_use=False
    )
    state = v.LabelView(
        author="ann", store="labels.db", rows=7, length=18, filter=wanted, current=current, progress=progress,
        jobs=(job,), notices=(notice,), training=training, sources=("everything", "model"), exports=("coco",),
        imports=("coco", "yolo"),
    )  # fmt: skip
    row = v.QueueRow(
        image=3, name="3.jpg", state="submitted", objects=2, proposed=1, gain=0.25, is_clip=False, holder="bob"
    )
    finding = v.FindingView(image=3, name="3.jpg", label="leaf", kind="tiny", value=9.0, annotation=11)
    who = {"view": "v1", "seq": 3}
    jpeg = Buffer(what="jpeg", shape=(0, 0), scale=1.0, object=3)
    png = Buffer(what="png", shape=(40, 60), scale=1.0, object=None)
    return [
        m.LabelHello(**who),
        m.RowsRequest(**who, first=0, count=24),
        m.MoveRequest(**who, how="return", image=None, note="the stem is missing", sure=True),
        m.FilterRequest(**who, filter=wanted),
        m.SuggestRequest(**who, source="everything", everywhere=False),
        m.ClassRequest(**who, how="change", name="leaf", label=LabelClass(name="frond", color="#123456", hotkey="f")),
        m.LabelExportRequest(**who, format="coco", folder="out", existing="merge", val=0.2, done=True),
        m.LabelImportRequest(**who, format="yolo", folder="in"),
        m.SurveyRequest(**who),
        m.FigureRequest(**who, what="sheet"),
        m.TrainRequest(**who, how="start"),
        m.NoticeRequest(**who, id=4, choice="Try again"),
        m.LabelState(**who, state=state),
        m.RowsData(**who, rows_at=7, first=0, rows=(row,), buffers=(jpeg,)),
        m.LabelDone(**who, question="Nothing is marked in this picture."),
        m.SurveyData(
            **who, images=30, annotations=44, per_class=(v.Count(name="leaf", count=44),), findings=(finding,),
            agreement=(v.AgreementView(first="ann", second="bob", f1=0.9, mean_iou=None),),
        ),
        m.FigureData(**who, buffers=(png,)),
        m.LabelChanged(epoch="e", state=state),
    ]  # fmt: skip
