"""The numbers as Markdown tables and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sam2_notebook.evaluate.covering import CoverSummary
from sam2_notebook.evaluate.finding import FindSummary
from sam2_notebook.metrics import Summary, TrackSummary

Columns = dict[str, str]
# Of every kind of table the titles, and what of a summary stands below each.
PICTURES: Columns = {
    "objects": "objects", "1 click": "click", "best of 3": "best", "box": "box", "last click": "last", "AUC": "auc",
    "NoC@80": "noc80", "NoC@85": "noc85", "NoC@90": "noc90", "F box": "edge_box", "F last": "edge_last",
    "rank": "quality_rank",
}  # fmt: skip
COVERS: Columns = {
    "photos": "photos", "objects": "objects", "IoU": "iou", "average recall": "average_recall", "recall@50": "recall50",
    "large IoU": "large_iou", "masks": "masks", "s": "seconds",
}  # fmt: skip
CLIPS: Columns = {
    "objects": "objects", "J": "j", "F": "f", "J&F": "jf", "hidden frames": "hidden_frames", "absent": "absent",
}  # fmt: skip
SETS: Columns = {
    "objects": "objects", "IoU": "iou", "presence": "presence", "absent": "absent", "corrections": "corrections",
}  # fmt: skip
COLUMNS = {Summary: PICTURES, CoverSummary: COVERS, TrackSummary: CLIPS, FindSummary: SETS}
FIRST = {Summary: "data", CoverSummary: "everything in", TrackSummary: "clips", FindSummary: "sets"}


def head(kind: type) -> str:
    """The first two lines of a table of one kind of summary.

    >>> print(head(FindSummary))
    | sets | subject | objects | IoU | presence | absent | corrections |
    |---|---|---|---|---|---|---|
    """
    titles = [FIRST[kind], "subject", *COLUMNS[kind]]
    return "| " + " | ".join(titles) + " |\n|" + "---|" * len(titles)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One subject on one set of data."""

    data: str
    subject: str
    summary: Summary | TrackSummary | FindSummary | CoverSummary

    def __str__(self) -> str:
        cells = [_cell(getattr(self.summary, name)) for name in COLUMNS[type(self.summary)].values()]
        return f"| {self.data} | {self.subject} | " + " | ".join(cells) + " |"


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def write_results(folder: Path, rows: Sequence[Row]) -> None:
    """Write `results.md` and `results.json` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for kind in COLUMNS:
        of_kind = [str(row) for row in rows if isinstance(row.summary, kind)]
        if of_kind:
            parts.append("\n".join([head(kind), *of_kind]))
    (folder / "results.md").write_text("\n\n".join(parts) + "\n")
    entries = [{"data": row.data, "subject": row.subject, **asdict(row.summary)} for row in rows]
    (folder / "results.json").write_text(json.dumps(entries, indent=1) + "\n")
