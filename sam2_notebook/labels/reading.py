"""Images out of a store: one with its revision, summaries for the queue, and all of them as a lazy dataset."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Column, Connection, Engine, Row, Select, func, select

from sam2_notebook.errors import EditError, LabelError
from sam2_notebook.labels import journal
from sam2_notebook.labels.connection import store_errors
from sam2_notebook.labels.edits import HistoryEntry, StoredImage
from sam2_notebook.labels.kinds import is_clip
from sam2_notebook.labels.queue import AnnotationSummary, ImageSummary
from sam2_notebook.labels.rows import annotation_of_row, class_of_row
from sam2_notebook.labels.schema import STATES, Annotation, LabelClass, LabeledImage, State
from sam2_notebook.labels.tables import annotations, classes, edits, images
from sam2_notebook.values.geometry import Size

_PAGE = 64


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which images and annotations of a store make a dataset. Proposals of a model are left out unless asked for."""

    states: Iterable[State] | None = None
    authors: Iterable[str] | None = None
    proposed: bool = False

    def __post_init__(self) -> None:
        for what, chosen in (("states", self.states), ("authors", self.authors)):
            if isinstance(chosen, str):  # a text is a collection too, of its letters
                raise LabelError(f"{what}= is a list or a set of texts, such as [{chosen!r}]; got the text {chosen!r}")
            if chosen is not None:
                object.__setattr__(self, what, frozenset(chosen))
        unknown = frozenset(self.states or ()) - frozenset(STATES)
        if unknown:
            raise LabelError(f"images are {', '.join(STATES)}; got {', '.join(sorted(map(repr, unknown)))}")


@dataclass(frozen=True)
class StoredImages:
    """The images of a store, read a page at a time, each as it is when its page is read."""

    engine: Engine
    label: str
    selection: Selection

    def __iter__(self) -> Iterator[LabeledImage]:
        last = 0
        while True:
            with store_errors(self.label), reading(self.engine) as connection:
                page = self._page(connection, last)
            yield from (image for _, image in page if not is_clip(image.name))
            if len(page) < _PAGE:
                return
            last = page[-1][0]

    def _page(self, connection: Connection, after: int) -> list[tuple[int, LabeledImage]]:
        query = select(images).where(images.c.id > after).order_by(images.c.id).limit(_PAGE)
        if self.selection.states is not None:
            query = query.where(images.c.state.in_(list(self.selection.states)))
        rows = connection.execute(query).all()
        wanted = select(annotations).where(annotations.c.image_id.in_([row.id for row in rows]))
        if self.selection.authors is not None:
            wanted = wanted.where(annotations.c.author.in_(list(self.selection.authors)))
        if not self.selection.proposed:
            wanted = wanted.where(annotations.c.proposed == 0)
        return _labeled(connection, rows, wanted)


def reading(engine: Engine) -> Connection:
    """A connection that takes no write lock."""
    return engine.connect().execution_options(reads_only=True)


def stored_image(connection: Connection, image_id: int) -> StoredImage:
    """One image with all its annotations; EditError if there is none."""
    row = connection.execute(select(images).where(images.c.id == image_id)).one_or_none()
    if row is None:
        raise EditError(f"the store has no image {image_id}")
    ((_, labels),) = _labeled(connection, [row], select(annotations).where(annotations.c.image_id == image_id))
    can_undo, can_redo = journal.steps(connection, image_id)
    return StoredImage(
        id=row.id,
        revision=row.revision,
        state=row.state,
        labels=labels,
        can_undo=can_undo,
        can_redo=can_redo,
        work=Path(row.work) if row.work else None,
    )


def summaries(connection: Connection, only: Collection[int] | None = None) -> list[ImageSummary]:
    """Every image, or only some, in short: for filters, order and progress."""

    def chosen(query: Select, column: Column[int]) -> Select:
        return query if only is None else query.where(column.in_(list(only)))

    names = _class_names(connection)
    spent = select(edits.c.image_id, func.sum(edits.c.seconds).label("seconds")).group_by(edits.c.image_id)
    spent = chosen(spent, edits.c.image_id)
    seconds = {row.image_id: row.seconds for row in connection.execute(spent)}
    found: dict[int, list[AnnotationSummary]] = defaultdict(list)
    c = annotations.c
    columns = (c.image_id, c.class_id, c.area, c.score, c.stability, c.disagreement, c.proposed)
    for image_id, class_id, area, score, stability, disagreement, proposed in connection.execute(
        chosen(select(*columns).order_by(c.id), c.image_id)
    ):
        found[image_id].append(AnnotationSummary(names[class_id], area, score, stability, disagreement, bool(proposed)))
    return [
        ImageSummary(
            id=row.id,
            name=row.name,
            state=row.state,
            annotations=tuple(found.get(row.id, ())),
            seconds=float(seconds.get(row.id) or 0.0),
        )
        for row in connection.execute(
            chosen(select(images.c.id, images.c.name, images.c.state).order_by(images.c.id), images.c.id)
        )
    ]


def authors(connection: Connection) -> tuple[str, ...]:
    """Everybody of whom there is an annotation, by name."""
    return tuple(connection.execute(select(annotations.c.author).distinct().order_by(annotations.c.author)).scalars())


def image_path(connection: Connection, image_id: int) -> Path | None:
    """Where the file of an image is."""
    found = connection.execute(select(images.c.path).where(images.c.id == image_id)).scalar_one_or_none()
    return Path(found) if found else None


def known_classes(connection: Connection, *, retired: bool = False) -> tuple[LabelClass, ...]:
    """The classes in their order; retired ones only if asked for, or if an annotation still is of one."""
    used = select(annotations.c.class_id)
    query = select(classes).order_by(classes.c.place, classes.c.id)
    if not retired:
        query = query.where((classes.c.retired == 0) | classes.c.id.in_(used))
    return tuple(class_of_row(row._asdict()) for row in connection.execute(query))


def history(connection: Connection, image_id: int | None) -> list[HistoryEntry]:
    """The history of one image, or of everything, oldest first."""
    c = edits.c
    query = select(c.id, c.image_id, c.who, c.at, c.what, c.status, c.seconds).order_by(c.id)
    if image_id is not None:
        query = query.where(c.image_id == image_id)
    return [HistoryEntry(**row) for row in connection.execute(query).mappings()]


def _labeled(connection: Connection, rows: Sequence[Row], wanted: Select) -> list[tuple[int, LabeledImage]]:
    names = _class_names(connection)
    sizes = {row.id: Size(height=row.height, width=row.width) for row in rows}
    found: dict[int, list[Annotation]] = defaultdict(list)
    for row in connection.execute(wanted.order_by(annotations.c.place, annotations.c.id)):
        values = row._asdict()
        image_id = values["image_id"]
        found[image_id].append(annotation_of_row(values, names[values["class_id"]], sizes[image_id]))
    return [
        (
            row.id,
            LabeledImage(
                name=row.name,
                size=sizes[row.id],
                annotations=tuple(found.get(row.id, ())),
                path=Path(row.path) if row.path else None,
                digest=row.digest,
                split=row.split,
            ),
        )
        for row in rows
    ]


def _class_names(connection: Connection) -> dict[int, str]:
    return {row.id: row.name for row in connection.execute(select(classes.c.id, classes.c.name))}
