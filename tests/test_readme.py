"""The README's examples, executed as they stand so that they cannot rot; what a person does in between is done here."""

import ast
import json
import re
import shlex
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from sam2_notebook import DynamicSegmenter, ImageSegmenter, Labeler, VideoSegmenter
from sam2_notebook.cli import app
from sam2_notebook.media import encode_jpeg, write_video
from sam2_notebook.training.finetune import FinetuneSettings
from sam2_notebook.training.scenes import make_scene
from sam2_notebook.values.geometry import Size
from sam2_notebook.weights import load_model, save_model

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
PATIENCE_S = 240
# What needs a cluster, a thousand clicks per picture, or minutes: tests/facade and tests/training have them.
IN_PLACE = {
    'engine="ray"': 'engine="local"',
    "det_model=None": 'det_model="boxes.json"',
    "labeler.finetune()": "labeler.finetune(FinetuneSettings(epochs=1, images=1, side=128))",
}
# What installs, tests or downloads.
NOT_HERE = ("make ", "sam2-notebook download")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


def click(widget: ImageSegmenter) -> None:
    widget.add_point(400, 300)


def follow(widget: VideoSegmenter) -> None:
    widget.add_point(0, 400, 300)
    assert widget.wait(PATIENCE_S)
    assert widget.propagate().wait(PATIENCE_S)


def show(widget: DynamicSegmenter) -> None:
    widget.add_point(0, 400, 300)
    assert widget.wait(PATIENCE_S)
    assert widget.find().wait(PATIENCE_S)


def label(widget: Labeler) -> None:
    for _ in range(2):
        widget.add_box(300, 200, 500, 400)
        assert widget.wait(PATIENCE_S)
        widget.submit()


# Most particular first: a DynamicSegmenter is a VideoSegmenter, a Labeler an ImageSegmenter.
PERSON: dict[type, Callable] = {
    Labeler: label,
    DynamicSegmenter: show,
    VideoSegmenter: follow,
    ImageSegmenter: click,
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the files that the README names."""
    monkeypatch.chdir(tmp_path)
    scene = make_scene(11, Size(height=540, width=960))
    photo = encode_jpeg(scene.render().pixels)
    (tmp_path / "photos").mkdir()
    (tmp_path / "shards").mkdir()
    names = ["photo.jpg", "shelf1.jpg", "shelf2.jpg", *(f"photos/p{number}.jpg" for number in range(6))]
    for name in names:
        (tmp_path / name).write_bytes(photo)
    for name, length in (("clip.mp4", 13), ("video.mp4", 3)):
        write_video(tmp_path / name, (scene.render(i / 8).pixels for i in range(length)))
    with tarfile.open(tmp_path / "shards" / "s0.tar", "w") as archive:
        archive.add("photo.jpg")
    boxes = {
        "images": [{"id": 1, "file_name": "photo.jpg"}],
        "categories": [{"id": 0, "name": "thing"}],
        "annotations": [{"image_id": 1, "category_id": 0, "bbox": [300, 200, 200, 200]}],
    }
    (tmp_path / "boxes.json").write_text(json.dumps(boxes))
    saved = save_model(load_model(device="cpu"), tmp_path / "embedded.safetensors", name="embedded")
    (tmp_path / "sam2.1_b.pt").symlink_to(saved)
    return tmp_path


@pytest.mark.slow
def test_python(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mask = np.zeros((540, 960), bool)
    mask[200:300, 300:420] = True
    names: dict[str, object] = {"mask": mask, "FinetuneSettings": FinetuneSettings}
    for block in blocks("python"):
        for long, short in IN_PLACE.items():
            block = block.replace(long, short)  # noqa: PLW2901
        for statement in ast.parse(block).body:
            exec(compile(ast.Module([statement], []), "README.md", "exec"), names)
            made = names.get(ast.unparse(statement.targets[0])) if isinstance(statement, ast.Assign) else None
            for act in [act for kind, act in PERSON.items() if isinstance(made, kind)][:1]:
                act(made)
    assert (here / "out.jpg").is_file()
    assert (here / "clip.sam2video").exists()
    assert len(list((here / "labels").glob("*.parquet"))) == 1
    assert "(3, 540, 960)" in capsys.readouterr().out


@pytest.mark.slow
def test_shell(here: Path) -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines() if not line.startswith(NOT_HERE)]
    assert len(lines) >= 5
    for line in lines:
        done = CliRunner().invoke(app, shlex.split(line, comments=True)[1:])
        assert done.exit_code == 0, f"{line}: {done.output} {done.exception}"
