"""A small file that the table of published files takes for the real one."""

import hashlib

from sam2_notebook.weights.download_http import Patience
from sam2_notebook.weights.download_table import PublishedFile

MODEL = "sam2.1_hiera_small"
FILE = f"{MODEL}.pt"
HASTE = Patience(connect_s=2.0, silence_s=0.4, pause_s=0.01, tries=3)


def published_as(model: str, content: bytes, url: str = "http://127.0.0.1:9/nobody.pt") -> PublishedFile:
    """A table entry that says `content` is the published file of `model`."""
    return PublishedFile(
        name=f"{model}.pt",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        url=url,
        repository="sam2-notebook-tests/nowhere",
    )


def flipped(content: bytes, at: int = 300_000) -> bytes:
    """The same bytes but for one bit."""
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
