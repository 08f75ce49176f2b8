"""Many shards and their files of labels: which are to do, what they came to."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

from sam2_notebook.errors import MediaError
from sam2_notebook.facade.annotation.journal import folder_of, stamp
from sam2_notebook.facade.annotation.report import STATUSES, AnnotationReport, Drawn, evenly
from sam2_notebook.facade.annotation.shard_labels import (
    ShardAnswer,
    ShardSummary,
    ShardWork,
    first_labelled,
    labels_file,
    read_summary,
)
from sam2_notebook.facade.annotation.shards import pictures_of
from sam2_notebook.facade.annotation.team import Team
from sam2_notebook.facade.files import write_bytes
from sam2_notebook.media import read_image

LOST = "its workers died, each time; the next call tries again"
KEPT = "it was written or changed by somebody else and is kept; remove it to have it anew"

Key = TypeVar("Key")


@dataclass(kw_only=True)
class ShardRun:
    """One call at work on shards."""

    shards: list[Path]
    target: Path
    recipe: str
    annotated: set[Path] = field(default_factory=set)
    failures: dict[Path, str] = field(default_factory=dict)
    kept: set[Path] = field(default_factory=set)

    def waiting(self) -> list[Path]:
        """The shards that were not annotated with these settings yet; files of somebody else are noted as kept.

        MediaError if the labels of a shard of another folder would be written over.
        """
        left = []
        for shard in self.shards:
            file = labels_file(self.target, shard)
            found = read_summary(file)
            if found is None and file.exists():
                self.kept.add(shard)
            elif found is None or (found.recipe, found.stamp) != (self.recipe, stamp(shard)):
                _check_folder(shard, file, found)
                left.append(shard)
        return left

    def work(self, shards: Sequence[Path], team: Team) -> Iterator[int]:
        """Have shards annotated and note what came of them; gives how many, as they come."""
        self._check_target()
        work = ShardWork(build=team.build, target=self.target, recipe=self.recipe)
        for job, text in team.answers([str(shard) for shard in shards], work):
            lost = ShardAnswer(kind="unreadable", reason=LOST)
            self.note(Path(job), lost if text is None else ShardAnswer(**json.loads(text)))
            yield 1

    def note(self, shard: Path, answer: ShardAnswer) -> None:
        """Take what a worker said; MediaError if labels cannot be written, for then no further shard's can."""
        if answer.kind == "unwritable":
            raise MediaError(f"{answer.reason} What was done is kept; call again to go on.")
        if answer.kind == "annotated":
            self.annotated.add(shard)
        else:
            self.failures[shard] = answer.reason

    def report(self) -> AnnotationReport:
        """What all calls came to; it is written, too."""
        found = {s: summary for s in self.shards if (summary := read_summary(labels_file(self.target, s))) is not None}
        skipped = [s for s in found if s not in self.annotated and s not in self.failures]
        failures = {labels_file(self.target, s).name: KEPT for s in self.kept}
        failures |= {s.name: reason for s, reason in self.failures.items()}
        for shard, summary in found.items():
            failures |= {f"{shard.name}/{picture}": reason for picture, reason in summary.failures.items()}
            failures |= {shard.name: summary.broken} if summary.broken else {}
        names: dict[int, str] = {}
        for summary in found.values():
            names |= summary.names
        report = AnnotationReport(
            output_dir=str(self.target),
            pictures=sum(summary.pictures for summary in found.values()),
            skipped=sum(found[s].pictures for s in skipped),
            done={**dict.fromkeys(STATUSES, 0), **_added(found[s].done for s in self.annotated if s in found)},
            failures=failures,
            objects=dict(sorted(_added(summary.objects for summary in found.values()).items())),
            names=names,
            unusable_boxes=sum(summary.unusable for summary in found.values()),
            lost_objects=sum(summary.lost for summary in found.values()),
            shards={
                "done": len(self.annotated),
                "skipped": len(skipped),
                "kept": len(self.kept),
                "failed": len(self.failures),
            },
        )
        report.write(self._drawn(found))
        return report

    def _check_target(self) -> None:
        """Find out that nothing can be written before anything is done."""
        probe = self.target / ".auto_annotate"
        write_bytes(probe, b"")
        probe.unlink()

    def _drawn(self, found: dict[Path, ShardSummary]) -> Iterator[Drawn]:
        """The first labelled picture of some of the shards."""
        for shard in evenly([s for s, summary in found.items() if summary.objects]):
            labelled = first_labelled(labels_file(self.target, shard))
            if labelled is None:
                continue
            row, objects = labelled
            with suppress(MediaError):
                for picture in islice(pictures_of(shard), row, row + 1):
                    yield picture.name, read_image(picture.content).pixels, objects


def _check_folder(shard: Path, file: Path, found: ShardSummary | None) -> None:
    if found is None or not found.folder or found.stamp == stamp(shard) or found.folder == folder_of(shard):
        return
    raise MediaError(
        f"{file}: it holds the labels of a shard in {found.folder}, and those of {shard.name} in {folder_of(shard)} "
        "would take their place. Give each folder of shards an output_dir of its own."
    )


def _added(counts: Iterable[Mapping[Key, int]]) -> dict[Key, int]:
    total: Counter[Key] = Counter()
    for one in counts:
        total.update(one)
    return dict(total)
