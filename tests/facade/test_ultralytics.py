"""YOLOs of Ultralytics as detectors. Random weights, since none may be downloaded; boxes are Ultralytics' own.

Not in the test extra: it is under the AGPL and needs a torchvision that fits torch. Where it is installed, these run.
"""

from pathlib import Path

import numpy as np
import pytest
import torch

from sam2_notebook import auto_annotate
from sam2_notebook.errors import ModelError
from sam2_notebook.facade.annotation.detectors import Detections, Wishes, detector_of
from sam2_notebook.facade.annotation.folder import read_labels
from sam2_notebook.media import encode_png, read_image
from sam2_notebook.predict import ImagePredictor
from sam2_notebook.training.scenes import make_scene
from sam2_notebook.values.geometry import Size
from tests.predict.conftest import random_model

ultralytics = pytest.importorskip("ultralytics")
pytestmark = pytest.mark.filterwarnings("ignore")  # those of Ultralytics
LOW = Wishes(conf=1e-4, iou=0.9, imgsz=320, max_det=300, device="cpu")


def pixels() -> np.ndarray:
    return make_scene(3, Size(height=240, width=320)).render().pixels


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as users have them: saved by Ultralytics, of a random network with a class for every size of box."""
    torch.manual_seed(0)
    model = ultralytics.YOLO("yolo11n.yaml")
    with torch.no_grad():
        for number, branch in enumerate(model.model.model[-1].cv3):  # the fewer boxes of a size, the surer
            branch[-1].bias.fill_(-12.0)[number] = number - 4.0
    path = tmp_path_factory.mktemp("yolo") / "random.pt"
    model.save(str(path))
    return path


def found_by(model: object, wishes: Wishes = LOW) -> Detections:
    return detector_of(model, wishes)(read_image(pixels()))  # type: ignore[arg-type]


def test_boxes_are_those_that_ultralytics_finds(weights: Path) -> None:
    model = ultralytics.YOLO(str(weights))
    bgr = np.ascontiguousarray(pixels()[..., ::-1])
    (own,) = model.predict(bgr, conf=1e-4, iou=0.9, imgsz=320, max_det=300, device="cpu", verbose=False)
    found = found_by(model)
    assert len(found) + found.unusable == len(own.boxes) > 5
    assert len(set(found.classes.tolist())) > 1
    rows = {tuple(row) for row in own.boxes.data.numpy().astype(np.float64).tolist()}
    ours = np.concatenate((found.boxes, found.scores[:, None], found.classes[:, None]), axis=1)
    assert {tuple(row) for row in ours.tolist()} <= rows
    assert found.names[0] == model.names[0]


def test_a_file_is_loaded_and_wishes_reach_it(weights: Path) -> None:
    every = found_by(str(weights))
    number = int(every.classes[0])
    some = found_by(weights, Wishes(conf=1e-4, iou=0.9, imgsz=320, max_det=2, device="cpu", classes=(number,)))
    assert set(some.classes.tolist()) == {number}
    assert len(some) <= 2


@pytest.mark.parametrize(("name", "fits"), [("yolo11n-seg", True), ("yolo26n", True), ("yolo11n-obb", False)])
def test_models_that_give_upright_boxes_are_taken(name: str, fits: bool) -> None:
    model = ultralytics.YOLO(f"{name}.yaml")
    if fits:
        assert found_by(model).boxes.shape[1] == 4
    else:
        with pytest.raises(ModelError, match="no upright boxes"):
            found_by(model)


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "bad.pt").write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="Ultralytics cannot load"):
        detector_of(tmp_path / "bad.pt", LOW)


def test_the_page(weights: Path, tmp_path: Path) -> None:
    """A folder from a YOLO's file to label files, class by class what the YOLO said."""
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(encode_png(pixels()))
    quick = ImagePredictor(random_model(0), device="cpu")
    report = auto_annotate(
        tmp_path / "images", str(weights), quick, "cpu", conf=1e-4, iou=0.9, imgsz=320, max_det=300, progress=False
    )
    found = found_by(weights)
    assert not report.failures
    written = [number for number, _ in read_labels(tmp_path / "labels" / "a.txt")]
    assert len(written) + report.lost_objects == len(found)
    assert set(written) <= set(found.classes.tolist())
