"""Training on what is accepted: the part that knows labels. Who trains is passed in, since training lies elsewhere."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import platformdirs

from sam2_notebook.errors import LabelError, MediaError
from sam2_notebook.labels.kinds import is_clip
from sam2_notebook.labels.store import LabelStore
from sam2_notebook.media import read_image
from sam2_notebook.protocol.label_views import EpochView, TrainingView
from sam2_notebook.values.masks import Rle
from sam2_notebook.values.words import counted
from sam2_notebook.widgets.label_jobs import LabelJob

LEAST_IMAGES = 2
NOTHING_YET = TrainingView(epochs=(), gain=None, is_ready=False, in_use=False)
Labelled = tuple[Path, list[Rle]]  # files and run lengths: all pictures are held at once


class EpochLike(Protocol):
    """What a trainer tells after each epoch: mean IoU on held-out labels, of a click and of a box."""

    @property
    def number(self) -> int: ...
    @property
    def click(self) -> float: ...
    @property
    def box(self) -> float: ...


class TrainedLike(Protocol):
    """What a trainer gives at the end: the file of the best model."""

    @property
    def path(self) -> Path: ...
    @property
    def best(self) -> EpochLike: ...


# labelled pictures, the folder to write to, and whom to tell; what telling raises ends the training
Trainer = Callable[[Iterable[Labelled], Path, Callable[[EpochLike], None]], TrainedLike]


@dataclass
class Training:
    """What was learnt so far."""

    trainer: Trainer | None
    view: TrainingView = NOTHING_YET
    path: Path | None = None

    def run(self, store: LabelStore, job: LabelJob) -> str:
        """Train on everything submitted or reviewed; what came of it in words. LabelError if there is too little."""
        if self.trainer is None:
            raise LabelError("this labeler was made without a trainer; use sam2_notebook.Labeler")
        labelled = list(accepted(store, job))
        if len(labelled) < LEAST_IMAGES:
            raise LabelError(
                f"{len(labelled)} of {LEAST_IMAGES} pictures with masks are submitted; label some more before training"
            )
        epochs: list[EpochView] = []
        self.view = NOTHING_YET

        def told(epoch: EpochLike) -> None:
            epochs.append(EpochView(number=epoch.number, click=round(epoch.click, 4), box=round(epoch.box, 4)))
            self.view = TrainingView(epochs=tuple(epochs), gain=_gain(epochs), is_ready=False, in_use=False)
            job.step(epoch.number, None, f"epoch {epoch.number}: IoU {_quality(epochs[-1]):.3f} on held-out labels")

        trained = self.trainer(labelled, next_folder(store.label), told)
        self.path = trained.path
        gain = _gain(epochs) or 0.0
        self.view = TrainingView(epochs=tuple(epochs), gain=gain, is_ready=True, in_use=False)
        return f"trained on {counted(len(labelled), 'picture')}: IoU on held-out labels {gain:+.3f}"


def accepted(store: LabelStore, job: LabelJob) -> Iterator[Labelled]:
    """Pictures with the masks accepted in them; those that cannot be read any more are left out."""
    images = store.dataset(states={"submitted", "reviewed"})
    for number, image in enumerate(images):
        job.step(number, None, "reading what was labelled")
        masks = [a.mask for a in image.annotations if a.mask is not None and a.mask.area]
        if not masks or image.path is None or is_clip(image.name):
            continue
        try:
            picture = read_image(image.path)
        except MediaError:
            continue
        if picture.size_hw == (image.size.height, image.size.width):
            yield image.path, masks


def next_folder(label: str) -> Path:
    """A new folder for a model, beside a store that is a file, else in the user's data folder."""
    beside = Path(f"{label}.models")
    if "://" in label:
        name = re.sub(r"[^A-Za-z0-9]+", "-", label.rsplit("://", maxsplit=1)[-1]).strip("-")
        beside = Path(platformdirs.user_data_dir("sam2_notebook", appauthor=False)) / "models" / name
    number = 1
    while (beside / f"{number}").exists():
        number += 1
    return beside / f"{number}"


def _quality(epoch: EpochView) -> float:
    return (epoch.click + epoch.box) / 2


def _gain(epochs: list[EpochView]) -> float | None:
    """Best quality of all epochs minus that before training."""
    if len(epochs) < 2:
        return None
    return round(max(_quality(e) for e in epochs) - _quality(epochs[0]), 4)
