"""Find a published network's file on this computer, or bring it: Hugging Face first, then Meta's own server.

Files under the published names are compared with the published size and SHA-256; of a network's other names there is
no digest to compare with, and the loader says what such a file holds. Nothing here runs before somebody asks for a
network by name, and nothing is asked of the network before this computer was searched.
"""

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import filelock
from tqdm.auto import tqdm

from sam2_notebook.errors import ModelError
from sam2_notebook.weights.download_check import fault, remember
from sam2_notebook.weights.download_http import Patience, fetch, settle
from sam2_notebook.weights.download_hub import drop_from_hub_cache, from_hub, hub_folder, in_hub_cache
from sam2_notebook.weights.download_table import PUBLISHED_FILES, PublishedFile
from sam2_notebook.weights.files import read
from sam2_notebook.weights.load import models_folder
from sam2_notebook.weights.presets import file_names, published, unknown_name

MIRROR_VARIABLE = "SAM2_NOTEBOOK_MIRROR"
OFFLINE_VARIABLES = ("SAM2_NOTEBOOK_OFFLINE", "HF_HUB_OFFLINE")
_SPARE_BYTES = 64 << 20  # a disk filled to the last byte breaks other programs
_log = logging.getLogger(__name__)


def _mirror() -> str | None:
    return os.environ.get(MIRROR_VARIABLE, "").strip() or None


def _forbidden_by() -> str | None:
    """The environment variable that forbids requests, if one does."""
    on = {"1", "on", "yes", "true"}
    return next((name for name in OFFLINE_VARIABLES if os.environ.get(name, "").strip().lower() in on), None)


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where files are kept and who is asked for them; by default what the environment says.

    A `mirror` is the URL of a folder that holds files under Meta's names; when there is one, nobody else is asked.
    """

    folder: Path = field(default_factory=models_folder)
    mirror: str | None = field(default_factory=_mirror)
    offline: str | None = field(default_factory=_forbidden_by)
    patience: Patience = Patience()

    def workshop(self, name: str) -> Path:
        """A file of ours beside the finished ones: unfinished downloads, locks, notes of what was checked."""
        return self.folder / ".download" / name

    def note(self, path: Path) -> Path:
        """Where it is noted that the file `path` was checked."""
        where = "" if path.parent == self.folder else "hub-"
        return self.workshop(f"{where}{path.name}.checked.json")


def find(name: str, places: Places | None = None) -> Path | None:
    """The file of a published network if it is on this computer, in our folder or Hugging Face's; asks nobody.

    Raises ModelError when the file in our folder is not what was published. It is then renamed.
    """
    path, remarks = _search(_canonical(name), places or Places())
    for remark in remarks:
        _log.warning("%s", remark)
    return path


def download(name: str, *, mirror: str | None = None, progress: bool = True, places: Places | None = None) -> Path:
    """Bring the file of a published network, or compare the one that is there afresh with what was published.

    A broken connection is taken up where it ended, also by a later call. Raises ModelError, with the size, the digest
    and the place for doing it by hand, when the network is offline or nobody has the right file.
    """
    model = _canonical(name)
    file = PUBLISHED_FILES[model]
    places = places or Places(mirror=mirror or _mirror())
    with _alone(file, places):
        for note in places.workshop("").glob(f"*{file.name}.checked.json"):
            note.unlink()
        path, reasons = _search(model, places)
        if path:
            return _read_through(path, file)
        if places.offline:
            raise ModelError(
                " ".join([f"{model} is not on this computer, and {places.offline} forbids downloading it.", *reasons])
                + _by_hand(file, places)
            )
        if not places.mirror:
            try:
                return _through_hub(file, places, again=bool(reasons), progress=progress)
            except ModelError as error:
                reasons.append(str(error))
        try:
            return _through_http(file, places, progress=progress)
        except ModelError as error:
            reasons.append(str(error))
    raise ModelError(" ".join([f"{file.name} could not be downloaded.", *reasons]) + _by_hand(file, places))


def _canonical(name: str) -> str:
    model = published(name)
    if model is None:
        raise unknown_name(name)
    return model


def _search(model: str, places: Places) -> tuple[Path | None, list[str]]:
    """A file of the network on this computer, and why others were passed over."""
    file = PUBLISHED_FILES[model]
    for candidate in file_names(model):
        path = places.folder / candidate
        if path.is_file():
            if candidate == file.name and (wrong := fault(path, file, places.note(path))):
                raise _refused(path, file, wrong)
            return path, []
    remarks: list[str] = []
    for path, what in in_hub_cache(file):
        wrong = fault(path, what, places.note(path))
        if not wrong:
            return path, []
        remarks.append(f"{path} is in Hugging Face's cache, but not used. {wrong}")
    return None, remarks


def _read_through(path: Path, file: PublishedFile) -> Path:
    """The path of a file that is there, once it is known to be one of weights; else it is taken from its name."""
    if path.name != file.name:
        try:
            read(path)
        except ModelError as error:
            raise _refused(path, file, str(error)) from error
    return path


def _refused(path: Path, file: PublishedFile, wrong: str) -> ModelError:
    """Take a wrong file away from its name, and say so."""
    aside = path.with_name(f"{path.name}.refused")
    try:
        path.replace(aside)
        done = f"It is now called {aside.name}: ask again for a fresh download"
    except OSError as error:
        done = f"It cannot be renamed ({error.strerror or error}): delete it"
    return ModelError(
        f"{path} is not the published {file.name}. {wrong} {done}, or give the path if it is a network of your own."
    )


def _through_hub(file: PublishedFile, places: Places, *, again: bool, progress: bool) -> Path:
    _make_room(hub_folder(), file.size)
    path = from_hub(file, again=again, progress=progress, wait_s=places.patience.connect_s)
    wrong = fault(path, file, places.note(path))
    if wrong:
        drop_from_hub_cache(path)
        raise ModelError(f"Hugging Face ({file.repository}) sends something else than was published. {wrong}")
    return path


def _through_http(file: PublishedFile, places: Places, *, progress: bool) -> Path:
    url = f"{places.mirror.rstrip('/')}/{file.name}" if places.mirror else file.url
    target, partial = places.folder / file.name, places.workshop(f"{file.name}.part")
    _make_room(places.folder, file.size - (partial.stat().st_size if partial.exists() else 0))
    with tqdm(total=file.size, desc=file.name, unit="B", unit_scale=True, disable=not progress) as bar:
        while True:
            built_on = fetch(url, file, partial, places.patience, lambda at: bar.update(at - bar.n))
            wrong = fault(partial, file)
            if not wrong:
                break
            partial.unlink()
            if not built_on:  # else what lay there may be to blame: once more, from the beginning
                raise ModelError(f"{url} sends something else than the published {file.name}. {wrong}")
    settle(partial, target)
    remember(target, file, places.note(target))
    return target


@contextmanager
def _alone(file: PublishedFile, places: Places) -> Iterator[None]:
    """Let only one process at a time bring this file; the others wait and then find it."""
    path = places.workshop(f"{file.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(path)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            _log.warning("Another process is downloading %s; waiting for it.", file.name)
            lock.acquire()
    except OSError as error:
        raise ModelError(f"The folder {places.folder} cannot be written: {error.strerror or error}.") from error
    try:
        yield
    finally:
        lock.release()


def _make_room(folder: Path, needed: int) -> None:
    """Refuse to begin what the disk cannot hold."""
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    if free < needed + _SPARE_BYTES:
        raise ModelError(f"{folder} has {free / 1e6:.0f} MB free, {(needed + _SPARE_BYTES) / 1e6:.0f} MB are needed.")


def _by_hand(file: PublishedFile, places: Places) -> str:
    return (
        f" To do it by hand, put {file.name} ({file.size} bytes, SHA-256 {file.sha256}) into {places.folder}; it is at "
        f"{file.url} and https://huggingface.co/{file.repository}."
    )
