"""Bring one URL into one file over plain HTTP, going on where the last try was cut off."""

import contextlib
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import requests
import urllib3

from sam2_notebook.errors import ModelError
from sam2_notebook.weights.download_check import foreign, read_note, write_note
from sam2_notebook.weights.download_table import PublishedFile

_BLOCK_BYTES = 1 << 16  # the most that a cut connection can cost
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_PAUSE_S = 60.0
_WHY = {
    401: "it wants a log-in",
    403: "access is refused",
    404: "there is no such file",
    407: "the proxy wants a log-in (set it in HTTPS_PROXY)",
    410: "the file is gone",
    451: "it is blocked for legal reasons",
}


Report: TypeAlias = Callable[[int], object]
"""Told how many bytes of the file there are, whenever that changed; it may also become less."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait, in seconds, and how many tries in a row may bring nothing."""

    connect_s: float = 10.0
    silence_s: float = 30.0
    pause_s: float = 0.5
    tries: int = 5


class _CutError(Exception):
    """A try ended early; the next may go on from there, after `pause_s` if the server named a time."""

    def __init__(self, reason: str, *, pause_s: float | None = None) -> None:
        super().__init__(reason)
        self.pause_s = pause_s


def fetch(url: str, file: PublishedFile, partial: Path, patience: Patience, report: Report) -> bool:
    """Complete `partial` from `url`; True when something that lay there before was built on.

    Raises ModelError when the server has something else or cannot be reached; what came so far stays in `partial`,
    unless it is of no use.
    """
    best = _size(partial)
    if best > file.size:
        _drop(partial)
        best = 0
    built_on, fruitless = best > 0, 0
    with requests.Session() as session:
        while best < file.size:
            reason, pause_s = "the connection ended early", None
            try:
                _receive(session, url, file, partial, patience, report)
            except _CutError as cut:
                reason, pause_s = str(cut), cut.pause_s
            except (requests.ConnectionError, requests.Timeout) as error:
                reason = in_words(error)
                fruitless = patience.tries if isinstance(error, requests.exceptions.SSLError) else fruitless
            except requests.RequestException as error:
                raise ModelError(f"{url} cannot be asked for: {_innermost(error)}.") from error
            have = _size(partial)
            if have == file.size:
                break
            fruitless = 0 if have > best else fruitless + 1
            best = max(best, have)
            if fruitless >= patience.tries:
                kept = f" The {have} bytes that came are kept; the next try goes on from there." if have else ""
                raise ModelError(f"{url} does not deliver: {reason}.{kept}")
            time.sleep(min(pause_s or patience.pause_s * 2 ** max(fruitless - 1, 0), _LONGEST_PAUSE_S))
    return built_on


def _receive(
    session: requests.Session, url: str, file: PublishedFile, partial: Path, patience: Patience, report: Report
) -> None:
    """One request, from what is there to wherever the connection ends."""
    have = _size(partial)
    note = partial.with_name(f"{partial.name}.json")
    headers = {"Accept-Encoding": "identity", "User-Agent": "sam2_notebook"}
    if have:
        headers["Range"] = f"bytes={have}-"
        noted = read_note(note)
        if noted.get("url") == url and isinstance(noted.get("version"), str):
            headers["If-Range"] = str(noted["version"])
    with session.get(url, headers=headers, stream=True, timeout=(patience.connect_s, patience.silence_s)) as answer:
        if url.startswith("https:") and not answer.url.startswith("https:"):
            raise ModelError(f"{url} sends on to {answer.url}, which is not encrypted: not followed.")
        start = _start(answer, have, file, partial)
        write_note(note, {"url": url, "version": _version(answer)})
        _write(answer, start, file, partial, report)


def _start(answer: requests.Response, have: int, file: PublishedFile, partial: Path) -> int:
    """Where in the file the body of this answer begins, in bytes; raises when it does not belong there."""
    if answer.status_code == 206:
        span = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", ""))
        if not span or int(span[1]) != have:
            _drop(partial)
            raise _CutError("the server sent another part of the file than was asked for")
        if span[2] not in ("*", str(file.size)):
            raise ModelError(f"{answer.url} has a file of {span[2]} bytes; the published one has {file.size}.")
        return have
    if answer.status_code == 416 and have:
        _drop(partial)
        raise _CutError("the server has no more of the file than that")
    if answer.status_code in _BUSY:
        raise _CutError(f"the server answers {answer.status_code} {answer.reason}", pause_s=_retry_after(answer))
    if answer.status_code != 200:
        why = _WHY.get(answer.status_code, answer.reason or "unexpected")
        raise ModelError(f"{answer.url} answers {answer.status_code}: {why}.")
    return 0


def _write(answer: requests.Response, start: int, file: PublishedFile, partial: Path, report: Report) -> None:
    """Put the body of an answer into the file from `start`, refusing what cannot be the published file."""
    promised = answer.headers.get("Content-Length", "")
    at = start
    try:
        with partial.open("r+b" if partial.exists() else "wb") as stream:
            stream.truncate(start)
            stream.seek(start)
            report(start)
            for block in answer.raw.stream(_BLOCK_BYTES, decode_content=False):
                if at == 0:
                    _refuse_early(answer, block, promised, file)
                at += len(block)
                if at > file.size:
                    raise ModelError(f"{answer.url} sends more than the {file.size} bytes of the published file.")
                stream.write(block)
                report(at)
            if at == 0:
                _refuse_early(answer, b"", promised, file)
    except ModelError:
        _drop(partial)
        raise
    except (urllib3.exceptions.HTTPError, TimeoutError, ConnectionError) as error:
        raise _CutError(in_words(error)) from error
    except OSError as error:
        raise ModelError(f"{partial} cannot be written: {error.strerror or error}.") from error


def _refuse_early(answer: requests.Response, block: bytes, promised: str, file: PublishedFile) -> None:
    """Look at the first bytes: a web page need not be downloaded to its end."""
    what = foreign(block) if block or promised == "0" else None
    if what:
        raise ModelError(f"{answer.url} sends something else than {file.name}. {what}")
    if promised.isdigit() and int(promised) != file.size:
        raise ModelError(f"{answer.url} has a file of {promised} bytes; the published one has {file.size}.")


def _version(answer: requests.Response) -> str | None:
    """What `If-Range` may name: a strong ETag, or else the date of change."""
    tag = answer.headers.get("ETag", "")
    return tag if tag.startswith('"') else answer.headers.get("Last-Modified")


def _retry_after(answer: requests.Response) -> float | None:
    with contextlib.suppress(ValueError):  # it may also be a date, or missing
        return max(0.0, float(answer.headers.get("Retry-After", "")))
    return None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _drop(partial: Path) -> None:
    partial.unlink(missing_ok=True)


def settle(partial: Path, target: Path) -> None:
    """Give a finished file its final name, so that it appears whole or not at all."""
    with partial.open("r+b") as stream:
        os.fsync(stream.fileno())
    partial.replace(target)
    partial.with_name(f"{partial.name}.json").unlink(missing_ok=True)


def in_words(error: Exception) -> str:
    """A network error without its nest of wrappers."""
    if isinstance(error, requests.exceptions.SSLError):
        return (
            "its certificate is not trusted (behind a company's proxy, set REQUESTS_CA_BUNDLE to the company's "
            f"certificate): {_innermost(error)}"
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return f"the proxy that the environment names does not answer: {_innermost(error)}"
    if isinstance(error, (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)):
        return "it fell silent"
    return _innermost(error)


def _innermost(error: BaseException) -> str:
    while True:
        inner = getattr(error, "reason", None) or next((a for a in error.args if isinstance(a, BaseException)), None)
        if not isinstance(inner, BaseException):
            return str(error).rpartition(": ")[2] or type(error).__name__
        error = inner
