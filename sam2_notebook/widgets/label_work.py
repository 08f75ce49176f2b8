"""What a labelling session does beside the canvas: suggestions for many images, files in and out, a look at all."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sam2_notebook.errors import ConflictError, LabelError, MediaError
from sam2_notebook.labels.agreement import Agreement, agreement
from sam2_notebook.labels.edits import AddAnnotation
from sam2_notebook.labels.export import ExportReport, export
from sam2_notebook.labels.export.folder import Existing
from sam2_notebook.labels.figures import class_histogram, contact_sheet, size_histogram
from sam2_notebook.labels.importers import read_labels
from sam2_notebook.labels.schema import LabeledImage, State
from sam2_notebook.labels.split import train_val_split
from sam2_notebook.labels.store import LabelStore
from sam2_notebook.labels.survey import Survey, survey
from sam2_notebook.values.words import counted
from sam2_notebook.widgets.label_desk import LabelDesk
from sam2_notebook.widgets.label_jobs import LabelJob
from sam2_notebook.widgets.label_suggest import Source, proposals, without_known

if TYPE_CHECKING:
    from sam2_notebook.labels.report_figure import ReportFigure

DONE: tuple[State, ...] = ("submitted", "reviewed")
ALIKE_BITS = 4
Figure = Literal["sheet", "classes", "sizes"]


def suggest_here(desk: LabelDesk, source: Source, job: LabelJob) -> str:
    """Propose masks for the image on the canvas, those that lie on nothing known."""
    shown = desk.shown
    if shown is None:
        raise LabelError("there is no image to suggest anything for")
    shown.check_open()
    job.step(0, None, f"asking for {source}")
    document = shown.session.document
    names = tuple(c.name for c in document.classes)
    found = proposals(source, desk.sources, shown.picture, desk.predictor, names, document.current)
    job.step(0, None, f"{len(found)} found")
    new = without_known(found, shown.image.labels.annotations)
    if desk.shown is not shown:
        return "another image is shown by now; nothing was added"
    if new:
        shown.add_proposals(new)
    desk.edited()
    return "1 suggestion" if len(new) == 1 else f"{len(new)} suggestions"


def suggest_everywhere(desk: LabelDesk, source: Source, job: LabelJob) -> str:
    """Propose masks for every image of the queue that has no labels yet and that nobody works on."""
    names = tuple(c.name for c in desk.store.classes())
    current = desk.shown.session.document.current if desk.shown is not None else names[0]
    count, added = 0, 0
    order = desk.queue.order
    for number, image_id in enumerate(order):
        job.step(number, len(order), f"{counted(added, 'suggestion')} in {counted(count, 'image')}")
        summary = desk.queue.summary(image_id)
        if summary is None or summary.annotations or summary.is_clip or summary.state != "new":
            continue
        if image_id == desk.image_id:
            continue
        added += _suggest_for(desk, image_id, source, names, current)
        count += 1
    if desk.shown is not None and desk.shown.is_empty and not desk.shown.problem:
        suggest_here(desk, source, job)
    did = f"{counted(added, 'suggestion')} in {counted(count, 'image')}"
    return f"{did}; order the queue by gain to see the doubtful ones first"


def _suggest_for(desk: LabelDesk, image_id: int, source: Source, names: tuple[str, ...], current: str) -> int:
    image = desk.store.image(image_id)
    if image.labels.path is None:
        return 0
    try:
        picture = desk.ahead.picture(image.labels.path)
    except MediaError:
        return 0
    found = proposals(source, desk.sources, picture, desk.predictor, names, current)
    try:
        if found:
            edits = [AddAnnotation(annotation=annotation) for annotation in found]
            desk.store.edit(image_id, *edits, revision=image.revision)
    except ConflictError:  # somebody has just begun with it
        return 0
    desk.queue.update(image_id)
    desk.changed()
    return len(found)


def export_labels(
    store: LabelStore, folder: str | Path, format: str, *, existing: Existing, val: float, done: bool
) -> ExportReport:
    """Write what is accepted; `done` takes submitted and reviewed images only, `val` other than 0 splits them anew."""
    dataset = store.dataset(states=DONE if done else None, name=Path(store.label).stem)
    if val != 0:
        dataset = train_val_split(dataset, val)
    return export(dataset, folder, format, existing=existing)


def import_into(store: LabelStore, folder: str | Path, format: str, job: LabelJob) -> str:
    """Add the labels in a folder to the images of the same name that have none; other images come new.

    Of a name with folders the last part will do, where no other image there has it.
    """
    found = read_labels(folder, format)
    known = {label.name for label in store.classes()}
    for label in found.classes:
        if label.name not in known:
            taken = {c.hotkey for c in store.classes()}
            store.add_class(replace(label, hotkey=None) if label.hotkey in taken else label)
    there = {summary.name: summary for summary in store.summaries()}
    bare = Counter(Path(image.name).name for image in found)
    count, left = 0, 0
    for number, image in enumerate(found):
        job.step(number, None, f"{counted(count, 'image')} read")
        name = Path(image.name).name
        mine = there.get(image.name) or (there.get(name) if bare[name] == 1 else None)
        if mine is None:
            store.add_image(image, "submitted")
            count += 1
        elif mine.annotations:
            left += 1
        else:
            stored = store.image(mine.id)
            if stored.labels.size != image.size:
                before = "1 image was" if count == 1 else f"{count} images were"
                raise LabelError(
                    f"{image.name}: its labels are for {image.size.width} x {image.size.height}, the picture is "
                    f"{stored.labels.size.width} x {stored.labels.size.height}; {before} read before it"
                )
            edits = [AddAnnotation(annotation=replace(a, id=None)) for a in image.annotations]
            store.edit(mine.id, *edits, revision=stored.revision)
            if image.split:
                store.set_split(mine.id, image.split)
            count += 1
    kept = "1 has labels already and was left as it is"
    if left > 1:
        kept = f"{left} have labels already and were left as they are"
    return f"{counted(count, 'image')} read" + (f"; {kept}" if left else "")


def look(store: LabelStore, *, alike: bool = True) -> Survey:
    """What may be wrong with the labels, proposals left out."""
    return survey(store.dataset(), alike_bits=ALIKE_BITS if alike else 0)


def figure_of(store: LabelStore, what: Figure) -> "ReportFigure":
    """A contact sheet, or a histogram of classes or sizes; LabelError for another word."""
    match what:
        case "sheet":
            return contact_sheet(store.dataset(proposed=True), columns=6, most=36)
        case "classes":
            return class_histogram(look(store, alike=False), store.classes())
        case "sizes":
            return size_histogram(look(store, alike=False))
    raise LabelError(f"there are the figures sheet, classes and sizes; got {what!r}")


def agreements(store: LabelStore, authors: Iterable[str] | None = None) -> list[tuple[str, str, Agreement]]:
    """How far every two annotators agree on images that both have marked something in."""
    names = sorted(authors or store.authors())
    found: list[tuple[str, str, Agreement]] = []
    for first, second in combinations(names, 2):
        one, two = (store.dataset(authors={name}).map(_if_labelled) for name in (first, second))
        result = agreement(one, two)
        if result.pairs or result.only_first or result.only_second:
            found.append((first, second, result))
    return found


def _if_labelled(image: LabeledImage) -> LabeledImage | None:
    return image if image.annotations else None
