"""`Labeler`: a folder of pictures becomes a dataset, in a cell."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sam2_notebook.facade.annotation.detectors import DetectorSource, Wishes, detector_of
from sam2_notebook.labels.store import LabelStore
from sam2_notebook.media import Image
from sam2_notebook.predict import ImagePredictor
from sam2_notebook.training.finetune import Epoch, Finetuned, FinetuneSettings, finetune
from sam2_notebook.values.classes import LabelClass
from sam2_notebook.widgets.label_jobs import LabelJob
from sam2_notebook.widgets.label_suggest import Segment, Sources
from sam2_notebook.widgets.label_training import Labelled
from sam2_notebook.widgets.labeler import FolderLabeler

SETTINGS = FinetuneSettings(epochs=8, images=2, patience=3)


class Labeler(FolderLabeler):
    """Label a folder of pictures in a cell: click on an image, submit it, and the next one is there.

    `images` is a folder or a list of files, None for those the store has already; `classes` are names or
    `LabelClass`es; `store` a file, made if it is not there, a `postgresql://` URL that a team shares, or a `LabelStore`
    with the name of its `author`. Every edit is in the store before it is shown, and can be undone after a restart.

    Suggestions come from segment everything, from a `detector` (a function from pixels to boxes, classes and scores,
    or what `auto_annotate` takes) or from a `proposer` (a function from pixels to masks, class names and scores).
    `height` is the most CSS pixels to take.

    >>> import tempfile, sam2_notebook as sn
    >>> from PIL import Image as PillowImage
    >>> folder = tempfile.mkdtemp()
    >>> PillowImage.fromarray(sn.make_scene(7, sn.Size(height=96, width=128)).render().pixels).save(folder + "/1.png")
    >>> labeler = Labeler(folder, ["leaf", "stem"], store=folder + "/labels.db")
    >>> labeler.add_point(64, 48), labeler.wait(timeout=60)
    (1, True)
    >>> labeler.submit()
    >>> [a.label for image in labeler.dataset() for a in image.annotations]
    ['leaf']
    >>> labeler.close()
    """

    def __init__(
        self,
        images: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | None = None,
        classes: Iterable[LabelClass | str] = (),
        store: str | os.PathLike[str] | LabelStore = "labels.db",
        model: ImagePredictor | str | Path | None = None,
        *,
        detector: DetectorSource | None = None,
        proposer: Segment | None = None,
        height: int | None = None,
    ) -> None:
        self.settings = SETTINGS
        detect = None if detector is None else _detect(detector)
        sources = Sources(detect=detect, segment=proposer)
        super().__init__(images, classes, store, model, sources=sources, trainer=self._train, height=height)

    def finetune(self, settings: FinetuneSettings | None = None) -> LabelJob:
        """Train on everything submitted or reviewed, in the background; `use_trained` has the result do the work.

        `settings` are remembered for the page's button. `.wait()` blocks until it is done, `.cancel()` ends it after
        the epoch it is at.
        """
        self.settings = settings or self.settings
        return super().finetune()

    def _train(self, labelled: Iterable[Labelled], out: Path, told: Callable[[Epoch], None]) -> Finetuned:
        return finetune(
            self._first.model, labelled, out, settings=self.settings, device=self._first.device, progress=told
        )


def _detect(source: DetectorSource) -> Callable[[npt.NDArray[np.uint8]], tuple[npt.ArrayLike, list[str], list[float]]]:
    """A detector in the widget's words: names for classes."""
    detector = detector_of(source, Wishes())

    def detect(pixels: npt.NDArray[np.uint8]) -> tuple[npt.ArrayLike, list[str], list[float]]:
        found = detector(Image(pixels))
        names = [str(found.names.get(int(number), number)) for number in found.classes]
        return found.boxes, names, [float(score) for score in found.scores]

    return detect
