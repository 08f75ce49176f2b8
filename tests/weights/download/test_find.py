"""What is already on this computer: found, checked once, refused when wrong; and what is said when nothing is."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from sam2_notebook import cli
from sam2_notebook.errors import ModelError
from sam2_notebook.model import Sam2
from sam2_notebook.weights import PRESETS, load_model, models_folder
from sam2_notebook.weights.download import Places, download, find
from sam2_notebook.weights.download_table import PUBLISHED_FILES, PublishedFile
from tests.weights.download.file_server import Turn, serving
from tests.weights.download.stand_in import FILE, MODEL, flipped, published_as
from tests.weights.layouts import meta_layout, same

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:6d1aa6f3\nsize 184416285\n"
WRONG = {
    "a web page": (b"<html><body>Log in</body></html>", "web page"),
    "a pointer": (POINTER, "Git LFS pointer"),
    "nothing": (b"", "It is empty"),
}


def put(places: Places, content: bytes, name: str = FILE) -> Path:
    places.folder.mkdir(parents=True, exist_ok=True)
    path = places.folder / name
    path.write_bytes(content)
    return path


def test_an_empty_computer_has_nothing(places: Places) -> None:
    assert find(MODEL, places) is None


@pytest.mark.parametrize("name", [FILE, "sam2.1_s.pt", f"{MODEL}.safetensors"])
@pytest.mark.parametrize("asked", [MODEL, "sam2.1_s.pt", "facebook/sam2.1-hiera-small", "SAM2.1_S"])
def test_every_name_of_a_network_finds_its_file_under_any_of_its_names(
    places: Places, content: bytes, name: str, asked: str
) -> None:
    path = put(places, content, name)
    assert find(asked, places) == path
    assert download(asked, places=places) == path  # nobody listens there: it is not asked for


def test_a_name_nobody_published_is_refused(places: Places) -> None:
    with pytest.raises(ModelError, match=r"no model called 'sam2\.1_xl'.*Did you mean"):
        find("sam2.1_xl", places)


@pytest.mark.parametrize("case", [*WRONG, "cut off", "too long", "a flipped bit"])
def test_a_wrong_file_loses_its_name_and_a_fresh_one_takes_it(places: Places, content: bytes, case: str) -> None:
    rest = {"cut off": (content[:-9], "cut off: "), "too long": (content + b"x", "too long: ")}
    wrong, words = (WRONG | rest | {"a flipped bit": (flipped(content), "not what was published")})[case]
    path = put(places, wrong)
    with pytest.raises(ModelError, match=words) as refusal:
        find(MODEL, places)
    assert f"{FILE}.refused" in str(refusal.value)
    assert not path.exists()
    assert path.with_name(f"{FILE}.refused").read_bytes() == wrong
    with serving(content) as server:
        assert download(MODEL, places=replace(places, mirror=server.url), progress=False) == path
    assert path.read_bytes() == content


def test_a_broken_file_under_another_name_loses_it_when_it_is_compared(places: Places) -> None:
    places.folder.mkdir(parents=True, exist_ok=True)
    broken = places.folder / f"{MODEL}.safetensors"
    broken.write_bytes(b"half of a download")
    with pytest.raises(ModelError, match=r"refused.*ask again for a fresh download"):
        download(MODEL, places=places)
    assert not broken.exists()
    assert find(MODEL, places) is None


def test_a_known_file_is_hashed_once_until_it_changes(places: Places, content: bytes) -> None:
    path = put(places, content)
    assert find(MODEL, places) == path
    before = path.stat()
    path.write_bytes(flipped(content))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert find(MODEL, places) == path  # same size, same time: trusted, which is what makes loading quick
    with pytest.raises(ModelError, match="not what was published"):
        download(MODEL, places=places)  # asked for by name: compared afresh


def test_a_changed_file_is_noticed_at_the_next_load(places: Places, content: bytes) -> None:
    path = put(places, content)
    find(MODEL, places)
    path.write_bytes(flipped(content))
    os.utime(path, ns=(1, 1))
    with pytest.raises(ModelError, match="not what was published"):
        find(MODEL, places)


def test_a_damaged_note_costs_only_time(places: Places, content: bytes) -> None:
    path = put(places, content)
    note = places.note(path)
    for rubbish in ("", "{", "[1]", '{"size": "many"}'):
        note.parent.mkdir(exist_ok=True)
        note.write_text(rubbish)
        assert find(MODEL, places) == path


@pytest.mark.parametrize("variable", ["SAM2_NOTEBOOK_OFFLINE", "HF_HUB_OFFLINE"])
@pytest.mark.parametrize("value", ["1", "true", "YES", "on"])
def test_offline_nobody_is_asked_and_the_way_by_hand_is_told(
    tmp_path: Path, table: PublishedFile, content: bytes, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv(variable, value)
    with serving(content) as server, pytest.raises(ModelError) as refusal:
        download(MODEL, places=Places(folder=tmp_path, mirror=server.url))
    message = str(refusal.value)
    assert server.asked == []
    assert "\n" not in message
    for told in (variable, FILE, str(table.size), table.sha256, str(tmp_path)):
        assert told in message


@pytest.mark.parametrize("value", ["0", "", "no"])
def test_an_offline_switch_that_is_off_forbids_nothing(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SAM2_NOTEBOOK_OFFLINE", value)
    monkeypatch.setenv("HF_HUB_OFFLINE", value)
    assert Places().offline is None


def test_a_mirror_of_the_environment_is_asked_alone_and_the_argument_wins(
    tmp_path: Path, table: PublishedFile, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    with serving(content) as named, serving(content, Turn(status=404)) as other:
        monkeypatch.setenv("SAM2_NOTEBOOK_MIRROR", f"{other.url}/sam2/")
        with pytest.raises(ModelError, match="there is no such file") as refusal:
            download(MODEL, progress=False)
        assert "Hugging Face (" not in str(refusal.value)
        assert [path for path, _ in other.asked] == [f"/sam2/{FILE}"]
        assert download(MODEL, mirror=named.url, progress=False) == models_folder() / FILE


def test_a_folder_that_cannot_be_written_is_told(places: Places) -> None:
    places.folder.parent.mkdir(exist_ok=True)
    places.folder.write_text("in the way")
    with pytest.raises(ModelError, match="cannot be written"):
        download(MODEL, places=places)


def test_the_command_line_brings_a_file_and_tells_where_it_is(
    tmp_path: Path, table: PublishedFile, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    with serving(content) as server:
        answer = CliRunner().invoke(cli.app, ["download", "sam2.1_s.pt", "--mirror", server.url, "--quiet"])
    assert answer.exit_code == 0
    assert answer.output.strip() == str(models_folder() / FILE)


def test_a_published_name_becomes_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Sam2(PRESETS["sam2.1_hiera_tiny"]).half().float().eval()
    torch.save({"model": {name: t.half() for name, t in meta_layout(model).items()}}, tmp_path / "served.pt")
    content = (tmp_path / "served.pt").read_bytes()
    monkeypatch.setitem(PUBLISHED_FILES, "sam2.1_hiera_tiny", published_as("sam2.1_hiera_tiny", content))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    with serving(content, Turn(cut_after=30_000_000), Turn()) as server:
        monkeypatch.setenv("SAM2_NOTEBOOK_MIRROR", server.url)
        assert same(load_model("sam2.1_t.pt", device="cpu"), model)
    assert len(server.asked) == 2
    monkeypatch.setenv("SAM2_NOTEBOOK_OFFLINE", "1")
    assert same(load_model("facebook/sam2.1-hiera-tiny", device="cpu"), model)


def test_import_and_the_embedded_network_ask_nobody() -> None:
    program = """
import sys

def refuse(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        raise SystemExit(f"{event} {args}")

sys.addaudithook(refuse)
import sam2_notebook
from sam2_notebook.weights import load_model
load_model(device="cpu")
loaded = {"requests", "huggingface_hub", "sam2_notebook.weights.download"} & set(sys.modules)
raise SystemExit(f"loaded without need: {loaded}" if loaded else 0)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_table_covers_every_published_network() -> None:
    assert list(PUBLISHED_FILES) == list(PRESETS)
    assert (
        len({file.sha256 for file in PUBLISHED_FILES.values()}) == len({f.url for f in PUBLISHED_FILES.values()}) == 8
    )
    assert PUBLISHED_FILES["sam2_hiera_base_plus"].repository == "facebook/sam2-hiera-base-plus"
    assert "/072824/" in PUBLISHED_FILES["sam2_hiera_large"].url
    assert "/092824/" in PUBLISHED_FILES["sam2.1_hiera_large"].url


@pytest.mark.parametrize(("size", "sha256"), [(0, "0" * 64), (1, "0" * 63), (1, "G" * 64)])
def test_a_table_entry_that_fits_no_file_is_refused(size: int, sha256: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        PublishedFile(name="a.pt", size=size, sha256=sha256, url="https://a", repository="a/b")
