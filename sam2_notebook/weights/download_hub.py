"""Hugging Face's cache and hub, through their own client: its cache, its lock, its mirrors and log-ins."""

import re
from dataclasses import replace
from pathlib import Path

import requests

from sam2_notebook.errors import ModelError
from sam2_notebook.weights.download_http import in_words
from sam2_notebook.weights.download_table import PublishedFile


def in_hub_cache(file: PublishedFile) -> list[tuple[Path, PublishedFile]]:
    """What the cache holds of a published network, each with what it should be: Meta's file, and transformers'.

    Asks nobody: it only looks.
    """
    from huggingface_hub import try_to_load_from_cache

    meta = try_to_load_from_cache(file.repository, file.name)
    found = [(Path(meta), file)] if isinstance(meta, str) else []
    safetensors = try_to_load_from_cache(file.repository, "model.safetensors")
    if isinstance(safetensors, str):
        # the cache names what it stores after its digest, where the file system allows links: else nothing can be
        # checked, and nothing is used
        stored = Path(safetensors).resolve()
        if re.fullmatch("[0-9a-f]{64}", stored.name) and stored.stat().st_size:
            known = replace(file, name="model.safetensors", size=stored.stat().st_size, sha256=stored.name)
            found.append((Path(safetensors), known))
    return found


def hub_folder() -> Path:
    """Where Hugging Face's client keeps its files."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def _knock(url: str, wait_s: float) -> None:
    """Raise ModelError at once when nobody is there: the hub's client would try for half a minute."""
    try:
        requests.head(url, timeout=wait_s, allow_redirects=False).close()
    except requests.exceptions.SSLError:
        return  # somebody is there, and the hub's client may know the certificate
    except (requests.ConnectionError, requests.Timeout) as error:
        raise ModelError(f"{url} cannot be reached: {in_words(error)}.") from error


def from_hub(file: PublishedFile, *, again: bool, progress: bool, wait_s: float) -> Path:
    """Bring a file into Hugging Face's cache; `again` replaces a copy that proved wrong.

    Raises ModelError when the hub cannot be reached or does not have it.
    """
    import huggingface_hub as hub
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    _knock(hub.hf_hub_url(file.repository, file.name), wait_s)
    quiet = not progress and not are_progress_bars_disabled()
    if quiet:
        disable_progress_bars()
    try:
        return Path(hub.hf_hub_download(file.repository, file.name, force_download=again))
    except Exception as error:  # the kinds of network errors change with the hub's version
        first = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ModelError(f"Hugging Face ({file.repository}) does not deliver: {first}") from error
    finally:
        if quiet:
            enable_progress_bars()


def drop_from_hub_cache(path: Path) -> None:
    """Remove a file that proved wrong right after it came, the link and what it points at."""
    stored = path.resolve()
    path.unlink()
    stored.unlink(missing_ok=True)
