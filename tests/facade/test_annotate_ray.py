"""Annotation on a real local Ray cluster of two workers, one of which dies in the middle."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sam2_notebook import auto_annotate
from sam2_notebook.errors import ModelError
from sam2_notebook.facade.annotate import read_labels
from sam2_notebook.media import encode_png
from sam2_notebook.predict import ImagePredictor
from sam2_notebook.weights import save_model
from tests.predict.conftest import random_model

WITH_RAY = importlib.util.find_spec("ray") is not None
# A process of its own: Ray leaves threads and warnings behind, and its workers import the detector by value.
SCRIPT = """
import json, os, sys
from pathlib import Path
import ray
from sam2_notebook import auto_annotate

images, model, death, told = sys.argv[1:]

def detect(pixels, death=death):
    number = int(pixels[0, 0, 0])
    if number == 3 and not os.path.exists(death):
        open(death, "w").close()
        os._exit(1)
    return [[5, 5, 50, 40]], [number], [0.9]

ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
first = auto_annotate(images, detect, model, device="cpu", engine="ray", workers=2, progress=False)
again = auto_annotate(images, detect, model, device="cpu", engine="ray", workers=2, progress=False)
Path(told).write_text(json.dumps({"done": first.done, "skipped": again.skipped, "failures": first.failures}))
"""


@pytest.mark.skipif(not WITH_RAY, reason='needs the extra "ray"')
def test_a_worker_that_dies_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    images = tmp_path / "images"
    images.mkdir()
    for number in range(8):
        (images / f"p{number}.png").write_bytes(encode_png(np.full((60, 80, 3), number, np.uint8)))
    (images / "broken.png").write_text("no picture")
    model = save_model(random_model(0), tmp_path / "model.safetensors", name="random", half=False)
    death = tmp_path / "death"
    report = tmp_path / "report.json"
    command = [sys.executable, "-c", SCRIPT, str(images), str(model), str(death), str(report)]
    patience = {"RAY_raylet_start_wait_time_s": "240", "RAY_AUTH_MODE": "disabled"}  # a loaded machine starts it slowly
    environment = {**os.environ, **patience}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=500, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(report.read_text())
    assert death.exists(), "the worker did die"
    assert told["done"]["labelled"] + told["done"]["empty"] == 8
    assert list(told["failures"]) == ["broken.png"]
    assert told["skipped"] == 8
    labels = tmp_path / "labels"
    noted = [json.loads(line)["file"] for line in (labels / "auto_annotate.jsonl").read_text().splitlines()]
    assert sorted(n for n in noted if n != "broken.png") == [f"p{i}.png" for i in range(8)]
    for file in labels.glob("*.txt"):
        assert [number for number, _ in read_labels(file)] == [int(file.stem[1:])]


@pytest.mark.skipif(WITH_RAY, reason="Ray is installed")
def test_without_ray_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(encode_png(np.zeros((60, 80, 3), np.uint8)))
    with pytest.raises(ModelError, match="pip install"):
        auto_annotate(
            tmp_path / "images", lambda _: ([], [], []), ImagePredictor(random_model(0), device="cpu"), engine="ray"
        )
