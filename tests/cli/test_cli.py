"""The command line, in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

# pycocotools 2.0.11 makes numpy 2 warn about a keyword of its own __array__.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sam2_notebook.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_segment_writes_a_mask_and_tells_of_it_as_json(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "mask.png"
    done = run("segment", data / "shoes.jpg", "--point", "200,300", "--negative", "5,5", "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    mask = np.asarray(Image.open(out))
    assert mask.shape == (534, 400)
    assert set(np.unique(mask)) <= {0, 255}
    assert told["masks"][0]["area"] == int((mask > 0).sum())
    rle = told["masks"][0]["rle"]
    assert np.array_equal(coco_mask.decode(rle).astype(bool), mask > 0)


def test_all_candidates_are_written_best_first(data: Path, tmp_path: Path) -> None:
    done = run("segment", data / "shoes.jpg", "--point", "200,300", "--out", tmp_path / "m.png", "--all", "--json")
    assert done.returncode == 0, done.stderr
    scores = [m["score"] for m in json.loads(done.stdout)["masks"]]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.png", "m_2.png", "m_3.png"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--point", "9000,5"), "outside the picture"),
        (("--point", "here"), "written x,y"),
        (("--box", "1,2,3"), "x0,y0,x1,y1"),
        ((), "nothing to segment"),
        (("--point", "5,5", "--model", "sam2.1_hiera_tinny"), "sam2.1_hiera_tiny"),
    ],
)
def test_mistakes_are_told_in_one_line(data: Path, tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    done = run("segment", data / "shoes.jpg", "--out", tmp_path / "m.png", *arguments)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_photo_itself_is_not_written_over(data: Path, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    Image.new("RGB", (20, 16)).save(photo)
    before = photo.read_bytes()
    done = run("segment", photo, "--point", "3,3", "--out", photo)
    assert (done.returncode, photo.read_bytes()) == (1, before)
    assert "would be lost" in done.stderr


def test_a_missing_photo_is_told(tmp_path: Path) -> None:
    done = run("segment", tmp_path / "none.jpg", "--point", "1,1")
    assert done.returncode == 1
    assert "none.jpg" in done.stderr


def test_info_names_versions_devices_and_models() -> None:
    done = run("info")
    assert done.returncode == 0, done.stderr
    for word in ("torch", "cpu", "embedded", "sam2.1_hiera_large", "cache"):
        assert word in done.stdout
