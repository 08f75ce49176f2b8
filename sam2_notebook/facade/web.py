"""Pictures and videos with a web address, brought to this machine while they are needed."""

import re
import tempfile
from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote, urlsplit

import requests
import urllib3

from sam2_notebook.errors import MediaError
from sam2_notebook.weights.download_http import in_words

MOST_BYTES = 2_000_000_000
BLOCK_BYTES = 1 << 16
CONNECT_S, SILENCE_S = 10.0, 30.0
PAGES = ("youtube.com", "youtu.be", "vimeo.com")
_WEB = re.compile(r"https?://", re.IGNORECASE)
_STREAM = re.compile(r"(rtsp|rtmp|tcp|udp|srt)://|screen( |$)", re.IGNORECASE)


def is_web(text: str) -> bool:
    """Whether a source is a file on a web server.

    >>> is_web("https://example.org/bus.jpg"), is_web("bus.jpg")
    (True, False)
    """
    return _WEB.match(text) is not None


def is_live(text: str) -> bool:
    """Whether a source is a camera by its number, a screen or a network stream, as Ultralytics names them.

    >>> is_live("0"), is_live("rtsp://camera/1"), is_live("bus.jpg")
    (True, True, False)
    """
    return text.isdecimal() or _STREAM.match(text) is not None


def refuse_live(text: str) -> NoReturn:
    """Raise MediaError: say how frames of a live source get here."""
    raise MediaError(
        f"{text}: cameras, screens and streams are not opened here. Open it with a library for it and pass an "
        "iterator of RGB frames: sam2_notebook.media.open_video(frames)."
    )


def download(url: str, *, most_bytes: int = MOST_BYTES) -> Path:
    """A web address as a temporary file, which the caller removes; MediaError in words, and nothing is left behind."""
    host = urlsplit(url).hostname or ""
    if any(host == page or host.endswith(f".{page}") for page in PAGES):
        raise MediaError(f"{url}: this is a page around a video, not a video. Download it, and pass the file.")
    suffix = Path(unquote(urlsplit(url).path)).suffix.lower()
    with tempfile.NamedTemporaryFile(prefix="sam2_notebook_", suffix=suffix, delete=False) as file:
        target = Path(file.name)
    whole = False
    try:
        _receive(url, target, most_bytes)
        whole = True
    finally:
        if not whole:
            target.unlink(missing_ok=True)
    return target


def _receive(url: str, target: Path, most_bytes: int) -> None:
    headers = {"User-Agent": "sam2_notebook", "Accept-Encoding": "identity"}
    got = 0
    try:
        with requests.get(url, headers=headers, stream=True, timeout=(CONNECT_S, SILENCE_S)) as answer:
            _check(url, answer, most_bytes)
            with target.open("wb") as file:
                for block in answer.iter_content(BLOCK_BYTES):
                    got += len(block)
                    if got > most_bytes:
                        raise MediaError(_too_much(url, most_bytes))
                    file.write(block)
            promised = answer.headers.get("Content-Length", "")
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise MediaError(f"{url} cannot be downloaded: {in_words(error)}. Check the address, or try again.") from error
    if promised.isdigit() and got < int(promised):
        raise MediaError(f"{url}: the connection ended after {got} of {promised} bytes. Try again.")


def _check(url: str, answer: requests.Response, most_bytes: int) -> None:
    """Refuse what cannot be a picture or a video before it is downloaded."""
    if url.lower().startswith("https:") and not answer.url.startswith("https:"):
        raise MediaError(f"{url} sends on to {answer.url}, which is not encrypted: not followed.")
    if answer.status_code != 200:
        raise MediaError(f"{url} answers {answer.status_code} {answer.reason}. Check the address.")
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        raise MediaError(f"{url} is a web page. Pass the address of the picture or the video itself, or a file.")
    promised = answer.headers.get("Content-Length", "")
    if promised.isdigit() and int(promised) > most_bytes:
        raise MediaError(_too_much(url, most_bytes))


def _too_much(url: str, most_bytes: int) -> str:
    return f"{url}: more than {most_bytes / 1e6:,.0f} MB, which is the most that is downloaded. Pass a file instead."
