"""What a training on accepted labels is given, and how much of it is held at once: counted in numpy's allocations."""

import tracemalloc
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage

from sam2_notebook.labels.schema import Annotation, LabeledImage
from sam2_notebook.labels.store import LabelStore
from sam2_notebook.training.own_data import photos_from
from sam2_notebook.values.classes import LabelClass
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import Rle
from sam2_notebook.widgets.label_jobs import LabelJob
from sam2_notebook.widgets.label_training import EpochLike, Labelled, Training

COUNT, OBJECTS, SIDE = 8, 10, 200
PICTURES_BYTES, MASKS_BYTES = COUNT * SIDE * SIDE * 3, COUNT * OBJECTS * SIDE * SIDE


@dataclass
class Epoch:
    """How good it was."""

    number: int
    click: float
    box: float


@dataclass
class Trained:
    """What came of it."""

    path: Path
    best: Epoch


def store_of(folder: Path) -> LabelStore:
    """Submitted pictures, each with ten squares; and one without a file."""
    store = LabelStore(folder / "labels.db", author="ann")
    store.add_class(LabelClass(name="leaf"))
    size = Size(height=SIDE, width=SIDE)
    found = tuple(Annotation(label="leaf", mask=Rle.from_mask(square(row))) for row in range(OBJECTS))
    for number in range(COUNT + 1):
        path = folder / f"{number}.png"
        if number < COUNT:
            PillowImage.fromarray(np.full((SIDE, SIDE, 3), number, np.uint8)).save(path)
        store.add_image(LabeledImage(name=path.name, size=size, annotations=found, path=path), "submitted")
    return store


def square(row: int) -> np.ndarray:
    """The mask of one of ten objects."""
    mask = np.zeros((SIDE, SIDE), np.bool_)
    mask[row * 10 : row * 10 + 30, 5:90] = True
    return mask


def test_a_training_holds_the_pictures_and_never_all_masks_decoded(tmp_path: Path) -> None:
    held: list[int] = []

    def trainer(labelled: Iterable[Labelled], out: Path, told: Callable[[EpochLike], None]) -> Trained:
        photos = photos_from(labelled)
        held.append(tracemalloc.get_traced_memory()[1] - before)
        assert len(photos) == COUNT
        assert all(np.array_equal(photos[2].mask(row), square(row)) for row in range(OBJECTS))
        told(Epoch(0, 0.5, 0.5))
        told(Epoch(1, 0.6, 0.7))
        return Trained(out / "model", Epoch(1, 0.6, 0.7))

    with store_of(tmp_path) as store:
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            training = Training(trainer)
            said = training.run(store, LabelJob("train", lambda: None))
        finally:
            tracemalloc.stop()
    assert said == f"trained on {COUNT} pictures: IoU on held-out labels +0.150"
    assert held[0] < PICTURES_BYTES + MASKS_BYTES / 4
