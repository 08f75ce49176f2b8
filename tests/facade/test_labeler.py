"""`Labeler` trains on what was labelled, on a tiny network: what it brings, how it stops, what goes on meanwhile."""

import _thread
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from sam2_notebook import ImagePredictor, Labeler
from sam2_notebook.errors import LabelError, Sam2NotebookError
from sam2_notebook.facade.annotation.detectors import Detections
from sam2_notebook.labels.edits import AddAnnotation, SetState
from sam2_notebook.labels.schema import Annotation
from sam2_notebook.values.masks import Rle, iou
from tests.training.test_finetune import QUICK, network, squares
from tests.widgets.videos import until

DONE, NEW = 6, 3


@pytest.fixture
def labeler(tmp_path: Path) -> Iterator[Labeler]:
    """A labeler on nine pictures of a square; six are submitted, the first of them the least certain."""
    folder = tmp_path / "photos"
    folder.mkdir()
    pairs = squares(DONE + NEW)
    for number, (pixels, _) in enumerate(pairs):
        PillowImage.fromarray(pixels).save(folder / f"{number}.png")
    made = Labeler(folder, ["square"], store=tmp_path / "labels.db", model=ImagePredictor(network(), device="cpu"))
    made._labels.jobs.last("add").wait(30)
    for number, (_, labels) in enumerate(pairs[:DONE]):
        image = made.store.image(number + 1)
        square = Rle.from_mask(np.asarray(labels) > 0)
        annotation = Annotation(label="square", mask=square, score=0.3 + number / 10)
        edits = (AddAnnotation(annotation=annotation), SetState(state="submitted"))
        made.store.edit(image.id, *edits, revision=image.revision)
    made.filter()
    made.go_to(f"{DONE}.png")
    yield made
    made.close()


def test_training_brings_a_gain_and_the_trained_model_does_the_work(labeler: Labeler, tmp_path: Path) -> None:
    assert (labeler.gain, labeler.trained) == (None, None)
    with pytest.raises(LabelError, match="nothing is trained yet"):
        labeler.use_trained()
    job = labeler.finetune(QUICK)
    labeler.add_point(30, 30)
    assert labeler.wait(60)
    labeler.submit()
    assert labeler.image_name == f"{DONE + 1}.png"
    assert not job.has_ended, "the picture was to be labelled while the training ran"
    assert job.wait(120)
    assert labeler.gain is not None
    assert labeler.gain > 0
    assert f"trained on {DONE} pictures: IoU on held-out labels +" in job.view.text
    assert labeler.trained is not None
    assert labeler.trained.is_relative_to(tmp_path / "labels.db.models")
    first = _mask(labeler)
    labeler.use_trained()
    assert not np.array_equal(_mask(labeler), first)
    labeler.use_trained(False)
    assert np.array_equal(_mask(labeler), first)


def test_the_queue_begins_where_there_is_most_to_learn(labeler: Labeler) -> None:
    labeler.finetune(replace(QUICK, epochs=1)).wait(120)
    labeler.use_trained()
    assert labeler.filter(order="gain") == DONE + NEW
    gains = {summary.name: summary.gain for summary in labeler.store.summaries()}
    assert [gains[name] for name in labeler.queue] == sorted(gains.values(), reverse=True)
    assert labeler.queue[:NEW] == ("6.png", "7.png", "8.png")  # nobody has said anything about these
    assert labeler.queue[NEW:] == tuple(f"{number}.png" for number in range(DONE))
    labeler.go_to("7.png")
    labeler.add_point(30, 30)
    assert labeler.wait(60)
    labeler.filter(order="gain")
    sure = labeler.store.summaries([8])[0].gain
    assert sure < 1
    assert labeler.queue.index("7.png") == sum(gain > sure for name, gain in gains.items() if name != "7.png")


def test_a_training_that_is_stopped_keeps_what_it_has(labeler: Labeler) -> None:
    job = labeler.finetune(replace(QUICK, epochs=200, patience=200))
    with pytest.raises(Sam2NotebookError, match="is under way"):
        labeler.finetune()
    until(lambda: labeler.gain is not None)
    job.cancel()
    assert job.wait(60)
    assert (job.state, labeler.trained) == ("cancelled", None)
    assert len(list(labeler.dataset())) == DONE
    assert labeler.finetune(replace(QUICK, epochs=1)).wait(120)
    assert labeler.trained is not None


@pytest.mark.usefixtures("interruptible")
def test_the_notebooks_stop_button_ends_the_training_too(labeler: Labeler) -> None:
    job = labeler.finetune(replace(QUICK, epochs=200, patience=200))
    until(lambda: labeler.gain is not None)
    threading.Timer(0.2, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        job.wait(60)
    until(lambda: job.has_ended)
    assert job.state == "cancelled"


def test_a_detectors_boxes_are_proposed_as_masks_of_its_classes(tmp_path: Path) -> None:
    ((pixels, labels),) = squares(1)
    PillowImage.fromarray(pixels).save(tmp_path / "0.png")
    (y0, x0), (y1, x1) = (np.argwhere(labels == 1).min(axis=0), np.argwhere(labels == 1).max(axis=0) + 1)

    def detect(seen: np.ndarray) -> Detections:
        assert seen.shape == pixels.shape
        box = np.array([[x0, y0, x1, y1]], np.float64)
        return Detections(boxes=box, classes=np.array([0]), scores=np.array([0.75]), names={0: "square"})

    labeler = Labeler(tmp_path, ["square"], store=tmp_path / "labels.db", detector=detect)
    labeler.suggest("detector").wait(60)
    (found,) = labeler.store.image(1).labels.annotations
    assert (found.label, found.proposed, found.disagreement) == ("square", True, 0.25)
    assert found.mask is not None
    assert iou(found.mask.to_mask(), labels == 1) > 0.5
    assert labeler.store.summaries()[0].gain >= 0.25
    labeler.accept_suggestions()
    assert [a.proposed for a in labeler.store.image(1).labels.annotations] == [False]
    labeler.close()


def test_too_little_to_train_on_is_said(tmp_path: Path) -> None:
    PillowImage.fromarray(squares(1)[0][0]).save(tmp_path / "0.png")
    labeler = Labeler(tmp_path, ["square"], store=tmp_path / "labels.db", model=ImagePredictor(network(), device="cpu"))
    with pytest.raises(LabelError, match="0 of 2 pictures with masks are submitted; label some more"):
        labeler.finetune(QUICK).wait(60)
    labeler.close()


def _mask(labeler: Labeler) -> np.ndarray:
    """What the model in use makes of a click on the picture that is shown; the click is taken back."""
    assert labeler.wait(60)
    labeler.add_point(30, 30)
    assert labeler.wait(60)
    mask = labeler.masks[max(labeler.masks)]
    labeler.undo()
    return np.asarray(mask)
