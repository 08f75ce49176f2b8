"""The command line in the page's style, in a process of its own where it matters."""

import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest
from pycocotools import mask as coco_mask
from typer.testing import CliRunner

from sam2_notebook.cli import app
from sam2_notebook.errors import PromptError
from sam2_notebook.facade.annotation import auto_annotate
from sam2_notebook.facade.command import AnnotateArguments, arguments_of
from sam2_notebook.media import encode_jpeg, encode_png, write_video
from sam2_notebook.weights import save_model
from tests.predict.video_clips import clip, video_model

# pycocotools 2.0.11 makes numpy 2 warn about a keyword of its own __array__.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with weights under a page's name, a picture, a folder and a video."""
    monkeypatch.chdir(tmp_path)
    save_model(video_model(), tmp_path / "sam2.1_b.pt", name="random", half=False)
    (tmp_path / "photo.jpg").write_bytes(encode_jpeg(clip()[0]))
    write_video(tmp_path / "video.mp4", clip(3))
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").write_bytes(encode_png(clip()[0]))
    boxes = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "categories": [{"id": 2, "name": "thing"}],
        "annotations": [{"image_id": 1, "category_id": 2, "bbox": [10, 10, 40, 30]}],
    }
    (tmp_path / "boxes.json").write_text(json.dumps(boxes))
    return tmp_path


def run(*words: str) -> str:
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_picture_is_segmented_and_saved(here: Path) -> None:
    out = run(
        "predict", "model=sam2.1_b.pt", "source=photo.jpg", "points=[[20,20],[60,40]]", "labels=[1,1]", "device=cpu"
    )
    assert "photo.jpg: 2 masks" in out
    assert (here / "runs" / "segment" / "predict" / "photo.jpg").is_file()


def test_json_holds_masks_that_others_read(here: Path) -> None:
    out = run("predict", "model=sam2.1_b.pt", "source=photo.jpg", "bboxes=10,10,50,40", "save=False", "--json")
    told = json.loads(out)
    assert coco_mask.decode(told["masks"][0]["segmentation"]).shape == (60, 80)
    assert not (here / "runs").exists()


@pytest.mark.parametrize("word", ["no", "NO", "off", "0", "false"])
def test_no_is_no(here: Path, word: str) -> None:
    photo = ("predict", "model=sam2.1_b.pt", "source=photo.jpg", "points=20,20", "imgsz=1024.0")
    run(*photo, f"save={word}")
    assert not (here / "runs").exists()
    for _ in range(2):
        run(*photo, "save=yes", f"exist_ok={word}")
    assert len([*(here / "runs" / "segment").iterdir()]) == 2
    words = ["annotate", "data=photos", "det_model=boxes.json", "sam_model=sam2.1_b.pt", f"progress={word}"]
    assert "picture/s" not in CliRunner().invoke(app, words, catch_exceptions=False).stderr


def test_a_video_is_tracked(here: Path) -> None:
    out = run("track", "model=sam2.1_b.pt", "source=video.mp4", "points=20,20", "conf=0.25")
    assert [line.split(":")[0] for line in out.splitlines()] == [f"video.mp4 frame {i}" for i in range(3)]
    assert (here / "runs" / "segment" / "predict" / "video.mp4").is_file()
    out = run("predict", "model=sam2.1_b.pt", "source=video.mp4", "points=20,20", "save=False")
    assert len(out.splitlines()) == 3


def test_a_folder_is_annotated(here: Path) -> None:
    out = run("annotate", "data=photos", "det_model=boxes.json", "sam_model=sam2.1_b.pt", "device=cpu")
    assert "1 pictures: 1" in out
    assert (here / "labels" / "auto_annotate.json").is_file()


def test_annotate_takes_every_argument_of_the_call(here: Path) -> None:
    chosen = "conf=0.5 iou=0.5 imgsz=320 max_det=5 classes=[2] output_dir=out engine=local progress=False"
    words = ("annotate", "data=photos", "det_model=boxes.json", "sam_model=sam2.1_b.pt", "device=[cpu]")
    assert "1 pictures: 1" in run(*words, *chosen.split())
    assert (here / "out" / "auto_annotate.json").is_file()
    with pytest.warns(UserWarning, match="workers=2 has no effect"):
        run(*words, "workers=2", "output_dir=out")
    named = {*inspect.signature(auto_annotate).parameters}
    assert named == {*AnnotateArguments.__dataclass_fields__}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("predict", "photo.jpg"), "name=value"),
        (("predict", "model=sam2.1_b.pt"), "source is missing"),
        (("predict", "source=a", "source=b"), "twice"),
        (("track", "model=sam2.1_b.pt", "source=video.mp4", "pionts=3,4"), "pionts"),
        (("annotate", "det_model=boxes.json"), "data is missing"),
        (("annotate", "data=photos", "ouput_dir=x"), "there is no ouput_dir"),
        (("annotate", "data=photos", "engine=dask"), 'an engine is "local" or "ray"'),
        (("annotate", "data=photos", "engine=ray", "device=cuda:1"), "a GPU of its own"),
        (("annotate", "data=photos", "conf=abc"), "conf is a share from 0 to 1; got 'abc'"),
        (("annotate", "data=photos", "iou=abc"), "iou is a share"),
        (("annotate", "data=photos", "progress=maybe"), "progress is True or False"),
        (("predict", "model=sam2.1_b.pt", "source=photo.jpg", "points=5"), "points have the shape"),
        (("predict", "model=sam2.1_b.pt", "source=photo.jpg", "imgsz=-5"), "imgsz is a side in pixels"),
        (("predict", "model=sam2.1_b.pt", "source=photo.jpg", "save=maybe"), "save is True or False"),
        (("track", "model=sam2.1_b.pt", "source=video.mp4", "conf=abc"), "conf is a score"),
    ],
)
def test_mistakes_are_told(here: Path, words: tuple[str, ...], told: str) -> None:
    with pytest.raises(PromptError, match=told):
        run(*words)


def test_a_mistake_is_one_line_and_an_exit_code(here: Path) -> None:
    command = [sys.executable, "-m", "sam2_notebook.cli", "predict", "model=mobile_sam.pt", "source=photo.jpg"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert "no SAM 2 network" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("x=1", 1), ("x=0.25", 0.25), ("x=true", True), ("x=None", None), ("x=1,2.5", [1, 2.5]),
        ("x=[[1,2],[3,4]]", [[1, 2], [3, 4]]), ("x=a=b.mp4", "a=b.mp4"), ("x=", ""),
    ],
)  # fmt: skip
def test_values_are_read_as_meant(word: str, value: object) -> None:
    assert arguments_of([word]) == {"x": value}


def test_names_of_files_are_text_and_a_web_address_stays_one(here: Path) -> None:
    result = CliRunner().invoke(
        app, ["predict", "model=sam2.1_b.pt", "source=photo.jpg", "points=[40,30]", "name=2024", "stream=True"]
    )
    assert result.exit_code == 0, result.output
    assert (here / "runs" / "segment" / "2024").is_dir()
    result = CliRunner().invoke(
        app, ["predict", "model=sam2.1_b.pt", "source=photo.jpg", "points=[40,30]", "project=None", "name=None"]
    )
    assert result.exit_code == 0, result.output
    result = CliRunner().invoke(app, ["predict", "model=sam2.1_b.pt", "source=http://127.0.0.1:9/bus.jpg"])
    assert "http://127.0.0.1:9/bus.jpg cannot be downloaded" in str(result.exception)
