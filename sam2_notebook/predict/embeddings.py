"""Encoded pictures, and the cache that keeps them: least recently used in memory, and on disk if asked."""

import hashlib
import os
import threading
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from sam2_notebook.media import Image
from sam2_notebook.model import ImageFeatures
from sam2_notebook.values.geometry import Size

PREPROCESSING = 1
MAX_BYTES = 512 * 1024 * 1024
MAX_DISK_BYTES = 4 * 1024 * 1024 * 1024
NAMES = ("coarse", "middle", "fine")


@dataclass(frozen=True, eq=False, kw_only=True)
class EncodedImage:
    """A picture and what a model's encoder made of it; keep it, and segment as often as you like.

    `features` are conditioned for a still picture; `model_key` names the weights they were made with.
    """

    image: Image
    features: ImageFeatures
    model_key: str

    @property
    def size(self) -> Size:
        """The picture's size in pixels."""
        height, width = self.image.size_hw
        return Size(height=height, width=width)

    def __repr__(self) -> str:
        return f"EncodedImage({self.image.name!r}, {self.size.width} x {self.size.height})"


class EmbeddingCache:
    """Features by content of picture and weights of model; never more than `max_bytes` in memory.

    With a `folder` they are kept on disk too and survive a restart; what is damaged or made by other weights there is
    not used. Safe to share between threads.

    >>> cache = EmbeddingCache(max_bytes=0)
    >>> cache.get("unknown") is None
    True
    """

    def __init__(
        self,
        *,
        max_bytes: int = MAX_BYTES,
        folder: Path | str | None = None,
        max_disk_bytes: int = MAX_DISK_BYTES,
    ) -> None:
        self.max_bytes, self.max_disk_bytes = max_bytes, max_disk_bytes
        self.folder = None if folder is None else Path(folder).expanduser()
        self._entries: OrderedDict[str, ImageFeatures] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    @staticmethod
    def key(image: Image, model_key: str) -> str:
        """The name of a picture's features: content, weights and the way of preparing pixels."""
        return hashlib.sha256(f"{image.digest}|{model_key}|{PREPROCESSING}".encode()).hexdigest()[:40]

    @property
    def nbytes(self) -> int:
        """Bytes held in memory."""
        return self._bytes

    def get(self, key: str) -> ImageFeatures | None:
        """The features kept under a key, or None."""
        with self._lock:
            found = self._entries.get(key)
            if found is not None:
                self._entries.move_to_end(key)
                return found
        found = self._read(key)
        if found is not None:
            self.keep(key, found)
        return found

    def put(self, key: str, features: ImageFeatures) -> None:
        """Keep features, and let the least recently used go."""
        self.keep(key, features)
        if self.folder is not None:
            self._write(key, features)

    def clear(self) -> None:
        """Forget what is in memory; files stay."""
        with self._lock:
            self._entries.clear()
            self._bytes = 0

    def keep(self, key: str, features: ImageFeatures) -> None:
        """Keep features in memory only."""
        with self._lock:
            old = self._entries.pop(key, None)
            self._bytes -= old.nbytes if old is not None else 0
            if features.nbytes > self.max_bytes:
                return
            self._entries[key] = features
            self._bytes += features.nbytes
            while self._bytes > self.max_bytes:
                _, oldest = self._entries.popitem(last=False)
                self._bytes -= oldest.nbytes

    def _read(self, key: str) -> ImageFeatures | None:
        if self.folder is None:
            return None
        path = self.folder / f"{key}.safetensors"
        try:
            with safe_open(path, framework="pt") as file:
                tensors = {name: file.get_tensor(name) for name in NAMES}
                metadata = file.metadata() or {}
            os.utime(path)
        except (OSError, SafetensorError):
            return None
        return ImageFeatures(**tensors) if metadata.get("digest") == _digest(key, tensors) else None

    def _write(self, key: str, features: ImageFeatures) -> None:
        """Write a file under a passing name, then rename it; a full disk costs the cache, never the work."""
        assert self.folder is not None
        tensors = {name: getattr(features, name).detach().cpu().contiguous() for name in NAMES}
        partial = self.folder / f"{key}.{os.getpid()}.{threading.get_ident()}.partial"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            save_file(tensors, partial, metadata={"digest": _digest(key, tensors)})
            partial.replace(self.folder / f"{key}.safetensors")
            self._trim()
        except (OSError, SafetensorError):
            with suppress(OSError):
                partial.unlink(missing_ok=True)

    def _trim(self) -> None:
        assert self.folder is not None
        files = [(f.stat().st_mtime, f.stat().st_size, f) for f in self.folder.glob("*.safetensors")]
        total = sum(size for _, size, _ in files)
        for _, size, file in sorted(files, key=lambda entry: entry[0]):
            if total <= self.max_disk_bytes:
                break
            file.unlink(missing_ok=True)
            total -= size


def _digest(key: str, tensors: dict[str, torch.Tensor]) -> str:
    """Digest of the tensors and of the key they were made for, so that no file can stand in for another."""
    content = hashlib.sha256(key.encode())
    for name in NAMES:
        content.update(f"{name}{tuple(tensors[name].shape)}{tensors[name].dtype}".encode())
        content.update(tensors[name].contiguous().view(torch.uint8).numpy().data)
    return content.hexdigest()
