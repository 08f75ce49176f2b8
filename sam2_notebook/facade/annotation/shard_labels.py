"""The labels of a shard: one Parquet file, written whole or not at all, that says itself what it is made of.

So it is its own journal. Whoever annotates the shard again, after a crash or on another machine at the same time,
writes the same file in its place: every picture is labelled exactly once.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Literal

from sam2_notebook.errors import MediaError
from sam2_notebook.facade.annotation.journal import folder_of, stamp
from sam2_notebook.facade.annotation.picture import Annotate, Labels, Polygon, answer_of
from sam2_notebook.facade.annotation.shards import ShardPicture, pictures_of, pyarrow, shard_stem
from sam2_notebook.facade.files import write_bytes

SUMMARY_KEY = "sam2_notebook"
ROWS_AT_ONCE = 256
FAILURES_TOLD = 20


@dataclass(frozen=True, eq=False, kw_only=True)
class ShardSummary:
    """What a shard came to. `stamp` tells whether it is still the same, `recipe` the settings, `folder` where it lies.

    `failures` say why, of the first pictures that failed; `broken` why the shard could not be read to its end.
    """

    recipe: str
    stamp: str
    done: dict[str, int]
    objects: dict[int, int]
    names: dict[int, str]
    unusable: int
    lost: int
    failures: dict[str, str]
    broken: str = ""
    folder: str = ""

    @property
    def pictures(self) -> int:
        """How many pictures were read."""
        return sum(self.done.values())


@dataclass(frozen=True, eq=False, kw_only=True)
class ShardAnswer:
    """What a worker says of a shard: that it was annotated, or that it cannot be read, or its labels not written."""

    kind: Literal["annotated", "unreadable", "unwritable"]
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ShardWork:
    """What a worker does: the path of a shard becomes a file of labels, and an answer in JSON."""

    build: Callable[[], Annotate]
    target: Path
    recipe: str

    def __call__(self) -> Callable[[str], str]:
        """Load the models; the function that does one job."""
        annotate = self.build()

        def work(job: str) -> str:
            return json.dumps(asdict(annotate_shard(Path(job), self.target, self.recipe, annotate)))

        return work


def labels_file(target: Path, shard: Path) -> Path:
    """Where the labels of a shard go."""
    return target / f"{shard_stem(shard)}.parquet"


def annotate_shard(shard: Path, target: Path, recipe: str, annotate: Annotate) -> ShardAnswer:
    """Label every picture of a shard, then write the labels of all."""
    mark, folder = stamp(shard), folder_of(shard)
    rows, broken = _Rows(pyarrow()), ""
    try:
        for picture in pictures_of(shard):
            rows.add(picture, answer_of(picture.content, picture.name, annotate))
    except MediaError as error:
        broken = str(error)
    if broken and not rows.count:
        return ShardAnswer(kind="unreadable", reason=broken)
    summary = replace(rows.summary(recipe, mark, broken), folder=folder)
    try:
        write_bytes(labels_file(target, shard), rows.as_parquet(summary), durable=True)
    except MediaError as error:
        return ShardAnswer(kind="unwritable", reason=str(error))
    return ShardAnswer(kind="annotated")


def read_summary(path: Path) -> ShardSummary | None:
    """What a file of labels says of itself; None where there is none of ours."""
    arrow = pyarrow()
    try:
        said = arrow.parquet.read_metadata(path).metadata or {}
        found = json.loads(said[SUMMARY_KEY.encode()])
        numbered = {name: {int(k): v for k, v in found[name].items()} for name in ("objects", "names")}
        return ShardSummary(**{**found, **numbered})
    except (OSError, arrow.ArrowException, KeyError, TypeError, ValueError, AttributeError):
        return None


def first_labelled(path: Path) -> tuple[int, list[tuple[int, Polygon]]] | None:
    """Row number and objects of the first picture with labels in a file of labels."""
    arrow = pyarrow()
    try:
        with arrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, columns=["row", "objects"]):
                for found in batch.to_pylist():
                    if found["objects"]:
                        return found["row"], [(o["class"], tuple(o["polygon"])) for o in found["objects"]]
    except (OSError, arrow.ArrowException, KeyError):
        pass
    return None


class _Rows:
    """Rows of labels as they come, packed in groups so that memory stays small, and what they add up to."""

    def __init__(self, arrow: ModuleType) -> None:
        self._arrow = arrow
        one = arrow.struct([("class", arrow.int32()), ("polygon", arrow.list_(arrow.float32()))])
        fields = {
            "row": arrow.int64(), "picture": arrow.string(), "width": arrow.int32(), "height": arrow.int32(),
            "status": arrow.string(), "reason": arrow.string(), "objects": arrow.list_(one),
        }  # fmt: skip
        self._sink = arrow.BufferOutputStream()
        self._file = arrow.parquet.ParquetWriter(self._sink, arrow.schema(list(fields.items())), compression="zstd")
        self._waiting: list[Mapping[str, object]] = []
        self.count = 0
        self._done: Counter[str] = Counter()
        self._objects: Counter[int] = Counter()
        self._names: dict[int, str] = {}
        self._failures: dict[str, str] = {}
        self._unusable = self._lost = 0

    def add(self, picture: ShardPicture, answer: Labels | str) -> None:
        """One picture, labelled or not."""
        labels = Labels(objects=()) if isinstance(answer, str) else answer
        status = "failed" if isinstance(answer, str) else "labelled" if answer.objects else "empty"
        reason = answer if isinstance(answer, str) else ""
        if reason and len(self._failures) < FAILURES_TOLD:
            self._failures[picture.name] = reason
        self.count += 1
        self._done[status] += 1
        self._objects.update(number for number, _ in labels.objects)
        self._names |= labels.names
        self._unusable += labels.unusable
        self._lost += labels.lost
        height, width = labels.size_hw
        objects = [{"class": number, "polygon": polygon} for number, polygon in labels.objects]
        row = {"row": picture.row, "picture": picture.name, "width": width, "height": height}
        self._waiting.append({**row, "status": status, "reason": reason, "objects": objects})
        if len(self._waiting) == ROWS_AT_ONCE:
            self._pack()

    def summary(self, recipe: str, mark: str, broken: str) -> ShardSummary:
        """What all rows add up to."""
        return ShardSummary(
            recipe=recipe, stamp=mark, done=dict(self._done), objects=dict(self._objects), names=self._names,
            unusable=self._unusable, lost=self._lost, failures=self._failures, broken=broken,
        )  # fmt: skip

    def as_parquet(self, summary: ShardSummary) -> bytes:
        """The file with all rows and the summary."""
        self._pack()
        self._file.add_key_value_metadata({SUMMARY_KEY: json.dumps(asdict(summary))})
        self._file.close()
        return self._sink.getvalue().to_pybytes()

    def _pack(self) -> None:
        if self._waiting:
            self._file.write_table(self._arrow.Table.from_pylist(self._waiting, schema=self._file.schema))
        self._waiting = []
