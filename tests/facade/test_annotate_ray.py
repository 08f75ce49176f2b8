"""Annotation on a real Ray cluster of two nodes: nodes, workers and drivers die, every picture is labelled once."""

import importlib.util
import io
import json
import os
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from sam2_notebook import auto_annotate
from sam2_notebook.errors import ModelError, PromptError
from sam2_notebook.facade.annotation.cluster import Share, share_of
from sam2_notebook.facade.annotation.folder import read_labels
from sam2_notebook.media import encode_png
from sam2_notebook.predict import ImagePredictor
from sam2_notebook.weights import save_model
from tests.predict.conftest import random_model

pytestmark = pytest.mark.timeout(1000)
WITH_RAY = importlib.util.find_spec("ray") is not None
PICTURES, SHARDS, IN_A_SHARD = 24, 6, 3
POISON, STUBBORN = 7, 50


def numbered(number: int) -> bytes:
    """A picture whose number every detector can read."""
    return encode_png(np.full((60, 80, 3), number, np.uint8))


def write_shard(path: Path, numbers: range) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    if path.suffix == ".parquet":
        rows = [{"image": {"bytes": numbered(n), "path": f"p{n}.png"}} for n in numbers]
        parquet.write_table(pa.Table.from_pylist(rows), path)
        return
    with tarfile.open(path, "w") as archive:
        for number in numbers:
            content = numbered(number)
            member = tarfile.TarInfo(f"p{number}.png")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What happened in the cluster."""
    folder = tmp_path_factory.mktemp("ray")
    for name in ("pictures", "poisoned", "stubborn", "shards"):
        (folder / name).mkdir()
    for number in range(PICTURES):
        (folder / "pictures" / f"p{number + 10}.png").write_bytes(numbered(number + 10))
    (folder / "pictures" / "broken.png").write_text("no picture")
    for number in range(POISON - 3, POISON + 3):
        (folder / "poisoned" / f"p{number}.png").write_bytes(numbered(number))
    (folder / "stubborn" / f"p{STUBBORN}.png").write_bytes(numbered(STUBBORN))
    for shard in range(SHARDS):
        numbers = range(100 + shard * IN_A_SHARD, 100 + (shard + 1) * IN_A_SHARD)
        write_shard(folder / "shards" / f"s{shard}{('.tar', '.parquet')[shard % 2]}", numbers)
    save_model(random_model(0), folder / "model.safetensors", name="random", half=False)
    # Every process of Ray imports jsonschema, which with Jupyter's rfc3987_syntax takes longer than Ray itself.
    (folder / "sitecustomize.py").write_text("import sys\nsys.modules['rfc3987_syntax'] = None\n")
    # Ray would ask for a token; on a busy machine nodes start slowly, and workers, being nice to others, hardly at all.
    settings = {"RAY_AUTH_MODE": "disabled", "RAY_raylet_start_wait_time_s": "120", "RAY_worker_niceness": "0"}
    settings["PYTHONPATH"] = str(folder)
    environment = {**os.environ, **settings}
    done = subprocess.run(
        [sys.executable, "-m", "tests.facade.ray_runs", str(folder)],
        capture_output=True, text=True, check=False, timeout=900, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return {"folder": folder, **json.loads((folder / "told.json").read_text())}


def noted(folder: Path) -> Counter[str]:
    return Counter(json.loads(line)["file"] for line in (folder / "auto_annotate.jsonl").read_text().splitlines())


with_ray = pytest.mark.skipif(not WITH_RAY, reason='needs the extra "ray"')


@with_ray
def test_a_node_that_dies_loses_nothing_and_doubles_nothing(told: dict) -> None:
    report, seen = told["node"]["report"], told["node"]["seen"]
    begun = {s["number"] for s in seen if s["node"] == told["doomed"]}
    done_twice = {number for number, times in Counter(s["number"] for s in seen).items() if times > 1}
    assert begun, "the node was at work"
    assert done_twice <= begun, "only what died with the node was done again"
    assert report["done"] == {"labelled": PICTURES, "empty": 0, "kept": 0, "failed": 1}
    assert list(report["failures"]) == ["broken.png"]
    labels = told["folder"] / "labels_pictures"
    files = noted(labels)
    assert files.pop("broken.png") == 2, "once by each call"
    assert files == {f"p{number + 10}.png": 1 for number in range(PICTURES)}
    for file in labels.glob("p*.txt"):
        assert [number for number, _ in read_labels(file)] == [int(file.stem[1:])]


@with_ray
def test_a_second_call_does_what_is_left(told: dict) -> None:
    assert (told["again"]["report"]["skipped"], len(told["again"]["seen"])) == (PICTURES, 1)
    assert told["again"]["report"]["failures"] == {}


@with_ray
def test_workers_have_gpus_of_their_own_where_there_are_any(told: dict) -> None:
    assert {tuple(s["gpus"]) for s in told["node"]["seen"]} == {("0",)}
    assert len({s["process"] for s in told["node"]["seen"]}) >= 2
    assert told["again"]["seen"][0]["gpus"] == [], 'device="cpu" asks for none'


@with_ray
def test_a_picture_that_kills_its_workers_takes_no_other_along(told: dict) -> None:
    report = told["poison"]["report"]
    assert report["done"]["labelled"] == 5
    assert list(report["failures"]) == [f"p{POISON}.png"]
    assert "its worker died" in report["failures"][f"p{POISON}.png"]


@with_ray
def test_a_picture_that_was_lost_is_done_in_a_second_round(told: dict) -> None:
    assert told["relents"]["report"]["done"]["labelled"] == 1
    assert told["relents"]["report"]["failures"] == {}
    assert len(told["relents"]["seen"]) == 4, "it has outlived the workers of the first round"


@with_ray
def test_a_driver_that_is_killed_leaves_whole_shards_and_the_next_goes_on(told: dict) -> None:
    from pyarrow import parquet

    report, before = told["shards"]["report"], told["before"]
    labels = told["folder"] / "labels_shards"
    assert 2 <= len(before) < SHARDS
    assert report["shards"] == {"done": SHARDS - len(before), "skipped": len(before), "kept": 0, "failed": 0}
    assert report["pictures"] == report["skipped"] + report["done"]["labelled"] == SHARDS * IN_A_SHARD
    assert {name: (labels / name).stat().st_mtime_ns for name in before} == before, "what was whole is as it was"
    rows = [row for file in labels.glob("*.parquet") for row in parquet.read_table(file).to_pylist()]
    assert sorted(row["picture"] for row in rows) == sorted(f"p{n}.png" for n in range(100, 100 + len(rows)))
    assert all([f"p{o['class']}.png" for o in row["objects"]] == [row["picture"]] for row in rows)
    assert not [path for path in labels.iterdir() if path.name.endswith(".part")]


@with_ray
def test_what_concerns_all_pictures_is_told(told: dict) -> None:
    assert "cannot travel" in told["lock"]
    assert "lock" in told["lock"]
    if importlib.util.find_spec("ultralytics") is None:
        assert "pip install ultralytics" in told["missing"]


@pytest.mark.parametrize(
    ("cluster", "device", "workers", "share"),
    [
        ({"CPU": 8.0}, "", None, Share(workers=8, cpus=1, gpus=0)),
        ({"CPU": 8.0}, "", 2, Share(workers=2, cpus=1, gpus=0)),
        ({"CPU": 2.0}, "", 3, Share(workers=3, cpus=0.5, gpus=0)),
        ({"CPU": 64.0, "GPU": 8.0}, "", None, Share(workers=8, cpus=1, gpus=1)),
        ({"CPU": 4.0, "GPU": 8.0}, "cuda", None, Share(workers=8, cpus=0.5, gpus=1)),
        ({"CPU": 64.0, "GPU": 8.0}, "", 12, Share(workers=12, cpus=1, gpus=0.5)),
        ({"CPU": 64.0, "GPU": 8.0}, "cpu", None, Share(workers=64, cpus=1, gpus=0)),
        ({}, "", None, Share(workers=1, cpus=0, gpus=0)),
    ],
)
def test_workers_ask_for_what_the_cluster_has(
    cluster: dict[str, float], device: str, workers: int | None, share: Share
) -> None:
    assert share_of(cluster, device, workers) == share


@pytest.mark.parametrize("workers", [0, -1, True, 1.5, "two"])
def test_a_number_of_workers_is_a_number(tmp_path: Path, workers: int) -> None:
    with pytest.raises(PromptError, match="workers"):
        auto_annotate(tmp_path, None, None, engine="ray", workers=workers)


def test_one_gpu_by_its_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="a GPU of its own"):
        auto_annotate(tmp_path, None, None, device="cuda:1", engine="ray")


@pytest.mark.skipif(WITH_RAY, reason="Ray is installed")
def test_without_ray_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(numbered(1))
    with pytest.raises(ModelError, match="pip install"):
        auto_annotate(
            tmp_path / "images", lambda _: ([], [], []), ImagePredictor(random_model(0), device="cpu"), engine="ray"
        )
