"""The numbers as Markdown tables and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sam2_notebook.evaluate.covering import CoverSummary
from sam2_notebook.evaluate.finding import FindSummary
from sam2_notebook.metrics import Summary, TrackSummary

PICTURE_HEAD = (
    "| data | subject | objects | 1 click | best of 3 | box | last click | AUC | NoC@80 | NoC@85 | NoC@90 "
    "| F box | F last | rank |\n|" + "---|" * 14
)
SET_HEAD = "| sets | subject | objects | IoU | presence | absent | corrections |\n|" + "---|" * 7
COVER_HEAD = (
    "| everything in | subject | photos | objects | IoU | average recall | recall@50 | large IoU | masks | s |\n|"
    + "---|" * 10
)
CLIP_HEAD = "| clips | subject | objects | J | F | J&F | hidden frames | absent |\n|" + "---|" * 8


@dataclass(frozen=True, kw_only=True)
class Row:
    """One subject on one set of data."""

    data: str
    subject: str
    summary: Summary | TrackSummary | FindSummary | CoverSummary

    def __str__(self) -> str:
        s = self.summary
        if isinstance(s, Summary):
            clicks = (s.click, s.best, s.box, s.last, s.auc, s.noc80, s.noc85, s.noc90)
            cells = (s.objects, *clicks, s.edge_box, s.edge_last, s.quality_rank)
        elif isinstance(s, FindSummary):
            cells = (s.objects, s.iou, s.presence, s.absent, s.corrections)
        elif isinstance(s, CoverSummary):
            cells = (s.photos, s.objects, s.iou, s.average_recall, s.recall50, s.large_iou, s.masks, s.seconds)
        else:
            cells = (s.objects, s.j, s.f, s.jf, s.hidden_frames, s.absent)
        return f"| {self.data} | {self.subject} | " + " | ".join(_cell(c) for c in cells) + " |"


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def write_results(folder: Path, rows: Sequence[Row]) -> None:
    """Write `results.md` and `results.json` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for head, kind in (
        (PICTURE_HEAD, Summary),
        (COVER_HEAD, CoverSummary),
        (CLIP_HEAD, TrackSummary),
        (SET_HEAD, FindSummary),
    ):
        of_kind = [str(row) for row in rows if isinstance(row.summary, kind)]
        if of_kind:
            parts.append("\n".join([head, *of_kind]))
    (folder / "results.md").write_text("\n\n".join(parts) + "\n")
    entries = [{"data": row.data, "subject": row.subject, **asdict(row.summary)} for row in rows]
    (folder / "results.json").write_text(json.dumps(entries, indent=1) + "\n")
