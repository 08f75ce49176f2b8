"""A folder of small pictures, and labelling sessions on it with the predictor of discs."""

from pathlib import Path

import numpy as np
from PIL import Image as PillowImage

from sam2_notebook.labels.schema import Annotation
from sam2_notebook.labels.store import LabelStore
from sam2_notebook.values.edits import AddObject, AddPoint
from sam2_notebook.widgets.classes import as_classes
from sam2_notebook.widgets.label_answers import AnsweringDesk
from sam2_notebook.widgets.label_folder import FolderAdder
from sam2_notebook.widgets.label_suggest import Sources
from sam2_notebook.widgets.label_training import Training
from sam2_notebook.widgets.worker import Worker
from tests.widgets.discs import SIZE, DiscPredictor, Wire


def folder_of(root: Path, count: int) -> Path:
    """So many pictures, all different."""
    folder = root / "photos"
    folder.mkdir(exist_ok=True)
    for number in range(count):
        pixels = np.full((SIZE.height, SIZE.width, 3), 40 + 7 * number, np.uint8)
        pixels[:, : 3 + number] = (number, 90, 200)
        PillowImage.fromarray(pixels).save(folder / f"{number}.png")
    return folder


def session_on(
    root: Path,
    count: int = 4,
    *,
    author: str = "ann",
    wire: Wire | None = None,
    where: str | None = None,
    sources: Sources | None = None,
) -> AnsweringDesk:
    """A labelling session on a folder, everything added, the first image shown."""
    store = LabelStore(where or root / "labels.db", author=author)
    known = {c.name for c in store.classes()}
    for label in as_classes(["leaf", "stem"]):
        if label.name not in known:
            store.add_class(label)
    predictor = DiscPredictor()
    send = (wire or Wire()).send
    desk = AnsweringDesk(store, predictor, sources or Sources(), Training(None), Worker("test"), send, lambda: None)  # type: ignore[arg-type]
    FolderAdder(desk, folder_of(root, count)).start()
    desk.jobs.last("add").wait(30)
    desk.remake()
    desk.start()
    return desk


def saved(desk: AnsweringDesk, name: str = "0.png") -> tuple[Annotation, ...]:
    """What the store has of an image."""
    found = desk.queue.named(name)
    assert found is not None
    return desk.store.image(found).labels.annotations


def mask_of(desk: AnsweringDesk, id: int) -> np.ndarray:
    """What is shown of an object, (height, width)."""
    assert desk.shown is not None
    return desk.shown.session.state().shown[id].mask.decode()


def click(desk: AnsweringDesk, x: float, y: float, id: int | None = None) -> int:
    """Click at (x, y) on a new object, or on one that is there, and wait for the mask."""
    assert desk.shown is not None
    document = desk.shown.session.document
    new = document.next_id if id is None else id
    edits = [AddObject(object=new)] if id is None else []
    desk.shown.edit(*edits, AddPoint(object=new, x=x, y=y, label=1))
    assert desk.shown.wait(30)
    return new


def end(desk: AnsweringDesk) -> None:
    """Close a session and its store."""
    desk.close()
    desk.store.close()
