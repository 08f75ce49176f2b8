"""Hugging Face's own client against a local hub: in fresh processes, since it reads its settings once."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from sam2_notebook.weights.download_table import PublishedFile
from tests.weights.download.file_server import FileServer, Turn, serving
from tests.weights.download.stand_in import FILE, MODEL, flipped, published_as

PROGRAM = """
import json, sys
from pathlib import Path
from sam2_notebook.errors import ModelError
from sam2_notebook.weights.download import Places, download, find
from sam2_notebook.weights.download_http import Patience
from sam2_notebook.weights.download_table import PUBLISHED_FILES, PublishedFile

verb, model, file, folder = sys.argv[1:]
PUBLISHED_FILES[model] = PublishedFile(**json.loads(file))
places = Places(folder=Path(folder), patience=Patience(connect_s=5, silence_s=5, pause_s=0.01, tries=2))
try:
    path = find(model, places) if verb == "find" else download(model, progress=verb == "show", places=places)
    print(json.dumps({"path": path and str(path)}))
except ModelError as error:
    print(json.dumps({"error": str(error)}))
"""
COMMIT = "5" * 40


def ask(verb: str, file: PublishedFile, root: Path, endpoint: str, **environment: str) -> tuple[Path | None, str]:
    """The file that a fresh process comes to, and what it told the user."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "SAM2_NOTEBOOK_"))}
    settings = {"HF_ENDPOINT": endpoint, "HF_HOME": str(root / "hf"), "HF_HUB_DISABLE_TELEMETRY": "1"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, verb, MODEL, json.dumps(asdict(file)), str(root / "models")],
        env=kept | settings | environment, capture_output=True, text=True, check=False, timeout=400,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    path = answer.get("path")
    return Path(path) if path else None, answer.get("error", "") + done.stderr


def hub_turn(file: PublishedFile) -> Turn:
    """What the hub says of a file: the revision, and its digest as the tag."""
    return Turn(tag=f'"{file.sha256}"', headers={"X-Repo-Commit": COMMIT})


def cached(root: Path, file: PublishedFile, content: bytes, name: str = FILE) -> Path:
    """Put a file into the hub's cache the way its client does."""
    repository = root / "hf" / "hub" / f"models--{file.repository.replace('/', '--')}"
    snapshot = repository / "snapshots" / COMMIT
    for folder in (snapshot, repository / "blobs", repository / "refs"):
        folder.mkdir(parents=True, exist_ok=True)
    (repository / "refs" / "main").write_text(COMMIT)
    digest = published_as(MODEL, content).sha256
    (repository / "blobs" / digest).write_bytes(content)
    (snapshot / name).symlink_to(Path("../../blobs") / digest)
    return snapshot / name


def requests(server: FileServer) -> int:
    return len(server.asked) + server.heads


def test_the_hub_is_asked_first_and_its_cache_from_then_on(tmp_path: Path, content: bytes) -> None:
    with serving(content) as meta, serving(content) as hub:
        file = published_as(MODEL, content, f"{meta.url}/{FILE}")
        hub.turns[:] = [hub_turn(file)]
        path, told = ask("show", file, tmp_path, hub.url, TQDM_POSITION="-1")  # a bar although this is no terminal
        assert path is not None
        assert path.is_relative_to(tmp_path / "hf")
        assert path.read_bytes() == content
        assert "100%" in told
        assert hub.asked[0][0] == f"/{file.repository}/resolve/main/{FILE}"
        before = requests(hub)
        assert ask("download", file, tmp_path, hub.url) == (path, "")
        assert (requests(hub), requests(meta)) == (before, 0)


@pytest.mark.parametrize("case", ["there is no such file", "access is refused", "other content", "nobody there"])
def test_metas_server_stands_in_for_a_hub_that_fails(tmp_path: Path, content: bytes, case: str) -> None:
    answers = {"there is no such file": Turn(status=404, body=b""), "access is refused": Turn(status=403, body=b"")}
    with serving(content) as meta, serving(content) as hub:
        file = published_as(MODEL, content, f"{meta.url}/{FILE}")
        hub.turns[:] = [answers.get(case, replace(hub_turn(file), body=flipped(content)))]
        path, _ = ask("download", file, tmp_path, "http://127.0.0.1:9" if case == "nobody there" else hub.url)
    assert path == tmp_path / "models" / FILE
    assert (tmp_path / "models" / FILE).read_bytes() == content
    assert len(meta.asked) == 1
    assert not [p for p in (tmp_path / "hf").rglob("*") if p.is_file() and p.stat().st_size == len(content)]


def test_when_nobody_delivers_each_reason_is_told(tmp_path: Path, content: bytes) -> None:
    file = published_as(MODEL, content)
    path, told = ask("download", file, tmp_path, "http://127.0.0.1:9")
    assert path is None
    for words in (file.repository, "Connection refused", file.url, file.sha256, str(file.size), "by hand"):
        assert words in told


def test_a_truncated_file_in_the_cache_is_replaced(tmp_path: Path, content: bytes) -> None:
    with serving(content) as hub:
        file = published_as(MODEL, content)
        hub.turns[:] = [hub_turn(file)]
        damaged = cached(tmp_path, file, content)
        damaged.resolve().write_bytes(content[:1000])
        assert ask("find", file, tmp_path, hub.url, HF_HUB_OFFLINE="1")[0] is None
        path, _ = ask("download", file, tmp_path, hub.url)
    assert path is not None
    assert path.read_bytes() == content


def test_offline_the_cache_serves_and_its_faults_are_told(tmp_path: Path, content: bytes) -> None:
    file = published_as(MODEL, content)
    good = cached(tmp_path, file, content)
    assert ask("download", file, tmp_path, "http://127.0.0.1:9", HF_HUB_OFFLINE="1") == (good, "")
    good.resolve().write_bytes(flipped(content))
    path, told = ask("download", file, tmp_path, "http://127.0.0.1:9", SAM2_NOTEBOOK_OFFLINE="1")
    assert path is None
    assert "SAM2_NOTEBOOK_OFFLINE forbids" in told
    assert f"{good} is in Hugging Face's cache, but not used." in told
    assert "not what was published" in told


def test_what_transformers_brought_is_used_if_it_still_has_its_digest(tmp_path: Path, content: bytes) -> None:
    file = published_as(MODEL, content)
    path = cached(tmp_path, file, content * 2, "model.safetensors")
    assert ask("find", file, tmp_path, "http://127.0.0.1:9") == (path, "")
    path.resolve().write_bytes(flipped(content * 2))
    found, told = ask("find", file, tmp_path, "http://127.0.0.1:9")
    assert found is None
    assert "not used" in told
