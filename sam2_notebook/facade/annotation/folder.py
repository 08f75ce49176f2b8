"""A folder of pictures and its label files: what is to do, what is done, and nobody else's work touched."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from sam2_notebook.errors import MediaError
from sam2_notebook.facade.annotation.journal import Entry, Journal, digest, folder_of, stamp
from sam2_notebook.facade.annotation.picture import Annotate, Labels, Polygon, answer_of
from sam2_notebook.facade.annotation.report import REPORT, STATUSES, AnnotationReport, Drawn, evenly
from sam2_notebook.facade.annotation.team import Team
from sam2_notebook.facade.files import write_bytes
from sam2_notebook.media import read_image

LABEL_LINE = re.compile(r"\d+( -?\d+(\.\d+)?( -?\d+(\.\d+)?))+")
# Several pictures travel together, so that a cluster is not asked once for each; not so many that the end of a run
# waits for one worker, or that a lost worker takes much with it.
MOST_TOGETHER, LEAST_TOGETHER, TURNS = 16, 4, 8
LOST = "its worker died of it, each time; the next call tries again"


@dataclass(kw_only=True)
class FolderRun:
    """One call at work on a folder."""

    files: list[Path]
    target: Path
    journal: Journal
    recipe: str
    done: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATUSES, 0))
    names: dict[int, str] = field(default_factory=dict)

    def waiting(self) -> list[Path]:
        """The pictures that were not annotated with these settings yet; labels of somebody else are noted as kept.

        MediaError if the labels of another folder of pictures would be written over.
        """
        for file in self.files:
            self.journal.check_folder(file, self._label(file))
        left = [f for f in self.files if not self.journal.is_done(f, self._label(f), self.recipe)]
        foreign = [f for f in left if not self.journal.owns(f, self._label(f))]
        self.note([(file, Labels(objects=())) for file in foreign])
        return [f for f in left if f not in set(foreign)]

    def note(self, answers: Sequence[tuple[Path, Labels | str]]) -> None:
        """Note the labels of some pictures, or the reason why there are none, then write them."""
        if not answers:
            return
        noted = [self._entry(file, answer) for file, answer in answers]
        self.journal.add([entry for entry, _ in noted])
        for (file, _), (entry, data) in zip(answers, noted, strict=True):
            self.done[entry.status] += 1
            if data:
                write_bytes(self._label(file), data)
            elif data is not None:
                self._label(file).unlink(missing_ok=True)  # ours, from other settings

    def work(self, files: Sequence[Path], team: Team) -> Iterator[int]:
        """Have pictures annotated and note what came of them; gives how many, as they come.

        Pictures that went down together with a worker are tried once more, each alone.
        """
        lost: list[Path] = []
        for job, text in team.answers(jobs_of(files, team.size), FolderWork(build=team.build)):
            done = files_of_job(job)
            if text is None and len(done) > 1:
                lost += done
                continue
            self.note(list(zip(done, [LOST] if text is None else answers_of_job(text), strict=True)))
            yield len(done)
        if lost:
            yield from self.work(lost, replace(team, size=1))

    def report(self) -> AnnotationReport:
        """What all calls came to; it is written, too."""
        entries = [e for f in self.files if (e := self.journal.entries.get(f.name)) is not None]
        classes: Counter[int] = Counter()
        for file in self.files:
            classes.update(number for number, _ in read_labels(self._label(file)))
        report = AnnotationReport(
            output_dir=str(self.target),
            pictures=len(self.files),
            skipped=len(self.files) - sum(self.done.values()),
            done=dict(self.done),
            failures={e.file: e.reason for e in entries if e.status in ("failed", "kept")},
            objects=dict(sorted(classes.items())),
            names={**_names_before(self.target / REPORT), **self.names},
            unusable_boxes=sum(e.unusable for e in entries),
            lost_objects=sum(e.lost for e in entries),
        )
        report.write(self._drawn())
        return report

    def _entry(self, file: Path, answer: Labels | str) -> tuple[Entry, bytes | None]:
        """What the journal says of a picture, and its label file: empty to have none, None to leave it as it is."""
        target = self._label(file)
        told = Entry(file=file.name, status="failed", stamp=stamp(file), recipe=self.recipe, folder=folder_of(file))
        if isinstance(answer, str):
            return replace(told, reason=answer), None
        if not self.journal.owns(file, target):
            reason = f"{target.name} was written or changed by somebody else and is kept; remove it to have it anew"
            return replace(told, status="kept", reason=reason), None
        self.names |= answer.names
        data = "".join(f"{line}\n" for line in answer.lines).encode()
        entry = replace(
            told,
            status="labelled" if data else "empty",
            objects=len(answer.objects),
            unusable=answer.unusable,
            lost=answer.lost,
            label=digest(data) if data else "",
        )
        return entry, data

    def _drawn(self) -> Iterator[Drawn]:
        for file in evenly([file for file in self.files if self._label(file).is_file()]):
            with suppress(MediaError):
                yield file.name, read_image(file).pixels, read_labels(self._label(file))

    def _label(self, file: Path) -> Path:
        return self.target / f"{file.stem}.txt"


@dataclass(frozen=True, kw_only=True)
class FolderWork:
    """What a worker does: a list of pictures in JSON becomes the list of their answers."""

    build: Callable[[], Annotate]

    def __call__(self) -> Callable[[str], str]:
        """Load the models; the function that does one job."""
        annotate = self.build()

        def work(job: str) -> str:
            answers = (answer_of(Path(file), file, annotate) for file in json.loads(job))
            return json.dumps([a if isinstance(a, str) else asdict(a) for a in answers])

        return work


def jobs_of(files: Sequence[Path], workers: int) -> list[str]:
    """Lists of pictures for some workers; one each for a single worker."""
    size = 1 if workers == 1 else max(LEAST_TOGETHER, min(MOST_TOGETHER, len(files) // (TURNS * workers)))
    return [json.dumps([str(file) for file in files[at : at + size]]) for at in range(0, len(files), size)]


def files_of_job(job: str) -> list[Path]:
    """The pictures of a job."""
    return [Path(file) for file in json.loads(job)]


def answers_of_job(text: str) -> list[Labels | str]:
    """What a worker said of the pictures of a job."""
    return [found if isinstance(found, str) else _labels(found) for found in json.loads(text)]


def read_labels(path: Path) -> list[tuple[int, Polygon]]:
    """The objects of a label file as class and polygon, x and y by turns, 0..1; lines that are none are passed over."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    objects: list[tuple[int, Polygon]] = []
    for line in text.splitlines():
        if LABEL_LINE.fullmatch(line):
            number, *numbers = line.split()
            objects.append((int(number), tuple(map(float, numbers))))
    return objects


def _labels(found: dict) -> Labels:
    return Labels(
        objects=tuple((number, tuple(polygon)) for number, polygon in found["objects"]),
        size_hw=tuple(found["size_hw"]),
        unusable=found["unusable"],
        lost=found["lost"],
        names={int(number): name for number, name in found["names"].items()},
    )


def _names_before(path: Path) -> dict[int, str]:
    try:
        return {int(k): str(v) for k, v in json.loads(path.read_text("utf-8"))["names"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
