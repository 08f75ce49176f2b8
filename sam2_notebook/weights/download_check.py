"""Is this the published file? Size first, then the digest, which is computed once per file and remembered."""

import hashlib
import json
from pathlib import Path

from sam2_notebook.weights.download_table import PublishedFile
from sam2_notebook.weights.foreign import describe_bytes

_BLOCK_BYTES = 1 << 20


def fault(path: Path, file: PublishedFile, remembered: Path | None = None) -> str | None:
    """What is wrong with a file that should be the published one, as a sentence; None when nothing is.

    With `remembered`, a place for a small note, an unchanged file is hashed only the first time.
    """
    size = path.stat().st_size
    if size != file.size:
        return foreign(_head(path)) or _other_size(size, file)
    if remembered and read_note(remembered) == _identity(path, file):
        return None
    digest = sha256_of(path)
    if digest != file.sha256:
        return foreign(_head(path)) or (
            f"Its size is right, but its content is not what was published: SHA-256 {digest} instead of {file.sha256}."
        )
    if remembered:
        remember(path, file, remembered)
    return None


def remember(path: Path, file: PublishedFile, note: Path) -> None:
    """Note that `path` was compared with the published file and found right."""
    write_note(note, _identity(path, file))


def _identity(path: Path, file: PublishedFile) -> dict[str, object]:
    stat = path.stat()
    return {"path": str(path.resolve()), "size": stat.st_size, "changed_ns": stat.st_mtime_ns, "sha256": file.sha256}


def foreign(head: bytes) -> str | None:
    """What something else than a checkpoint is, told from its first bytes; None when it begins like a checkpoint."""
    if not head:
        return "It is empty."
    return None if head.startswith((b"PK\x03\x04", b"\x80\x02")) else describe_bytes(head)


def _other_size(size: int, file: PublishedFile) -> str:
    how = "cut off" if size < file.size else "too long"
    return f"It is {how}: {size} bytes instead of {file.size}."


def sha256_of(path: Path) -> str:
    """The digest of a file, in lower-case hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def read_note(path: Path) -> dict[str, object]:
    """A small JSON object that was noted earlier; empty when there is none or it is damaged."""
    try:
        note = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def write_note(path: Path, note: dict[str, object]) -> None:
    """Note something beside a file. A note saves work and guards nothing: where none can be kept, go on without."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(note), "utf-8")
    except OSError:
        path.unlink(missing_ok=True)


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(4096)
