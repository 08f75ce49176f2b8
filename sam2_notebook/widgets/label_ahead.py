"""Pictures of the images to come, read and encoded before anybody asks, and small ones for the queue."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from sam2_notebook.errors import MediaError, Sam2NotebookError
from sam2_notebook.labels.edits import StoredImage
from sam2_notebook.labels.kinds import is_clip
from sam2_notebook.media import Image, encode_jpeg, open_video, read_image, resize_area
from sam2_notebook.values.geometry import Size
from sam2_notebook.widgets.failures import in_words
from sam2_notebook.widgets.worker import Priority, Worker

MOST_PICTURES = 6
MOST_BYTES = 1 << 30
MOST_SMALL = 4000
SMALL_SIDE = 128
SMALL_QUALITY = 78
CLIP = "a clip: run `labeler.open_clip()` in a cell to label it; its first frame is shown here"


class Ahead:
    """Pictures by their files: a few whole ones, many small ones. Safe to call from any thread.

    `encode` makes a picture's embedding, which the predictor keeps; that is done by `device`, when it has nothing more
    urgent to do, and the reading by a thread of its own.
    """

    def __init__(self, encode: Callable[[Image], object], device: Worker) -> None:
        self.encode = encode
        self._reader, self._device = Worker("pictures ahead"), device
        self._lock = threading.Lock()
        self._pictures: OrderedDict[Path, Image] = OrderedDict()
        self._small: OrderedDict[Path, bytes] = OrderedDict()
        self._ready: set[Path] = set()

    def picture(self, path: Path) -> Image:
        """The picture in a file, or the first one of a clip; MediaError if it cannot be read."""
        with self._lock:
            if path in self._pictures:
                self._pictures.move_to_end(path)
                return self._pictures[path]
        picture = read_file(path)
        with self._lock:
            self._pictures[path] = picture
            while len(self._pictures) > MOST_PICTURES or (len(self._pictures) > 1 and self._bytes > MOST_BYTES):
                self._ready.discard(self._pictures.popitem(last=False)[0])
        return picture

    def picture_of(self, image: StoredImage) -> tuple[Image, str]:
        """The picture of an image in the store, and an empty text; or a grey one, and why."""
        labels = image.labels
        if labels.path is None:
            return grey(labels.size, labels.name), f"{labels.name}: the store knows no file of this image"
        try:
            picture = self.picture(labels.path)
        except MediaError as error:
            words = f"{in_words(error)} Its labels are kept. If it was moved: labeler.store.relink(folder)."
            return grey(labels.size, labels.name), words
        if picture.size_hw != (labels.size.height, labels.size.width):
            height, width = picture.size_hw
            return grey(labels.size, labels.name), (
                f"{labels.name} is now {width} x {height}, but its labels were made at {labels.size.width} x "
                f"{labels.size.height}; put the old file back. Nothing was changed."
            )
        return picture, CLIP if is_clip(labels.name) else ""

    def small(self, path: Path) -> bytes:
        """The picture at most 128 pixels wide and high, as JPEG; MediaError if it cannot be read."""
        with self._lock:
            known = self._small.get(path) or None
            picture = self._pictures.get(path)
        if known is None:
            known = small_jpeg(picture or read_file(path))
            with self._lock:
                self._small[path] = known
                while len(self._small) > MOST_SMALL:
                    self._small.popitem(last=False)
        return known

    def prepare(self, paths: Sequence[Path]) -> None:
        """Read and encode these soon, in this order, instead of what was asked for before."""
        self._reader.cancel(self)
        self._device.cancel(self)
        for path in paths:
            self._reader.submit(self, path, lambda path=path: self._read(path), Priority.ENCODE)

    def is_ready(self, path: Path) -> bool:
        """Whether a picture has been read and encoded."""
        return path in self._ready

    def forget_embeddings(self, encode: Callable[[Image], object]) -> None:
        """Another model encodes from now on."""
        self.encode = encode
        self._ready.clear()

    def close(self) -> None:
        """Do nothing more, and end the reading thread."""
        self._reader.stop()
        self._device.cancel(self)

    @property
    def _bytes(self) -> int:
        return sum(picture.pixels.nbytes for picture in self._pictures.values())

    def _read(self, path: Path) -> None:
        try:
            picture = self.picture(path)
        except MediaError:
            return  # whoever opens it is told
        self._device.submit(self, path, lambda: self._encode(path, picture), Priority.ENCODE)

    def _encode(self, path: Path, picture: Image) -> None:
        try:
            self.encode(picture)
        except Sam2NotebookError:
            return  # whoever opens it is told
        self._ready.add(path)


def read_file(path: Path) -> Image:
    """A picture file, or the first frame of a clip; MediaError if it cannot be read."""
    if not is_clip(path.name):
        return read_image(path)
    with closing(open_video(path)) as video:
        return Image(np.array(video.frame(0)), path.name)


def small_jpeg(picture: Image) -> bytes:
    """The picture at most 128 pixels wide and high.

    >>> small_jpeg(Image(np.zeros((300, 200, 3), np.uint8)))[:2]
    b'\\xff\\xd8'
    """
    height, width = picture.size_hw
    scale = min(1.0, SMALL_SIDE / max(height, width))
    return encode_jpeg(
        resize_area(picture.pixels, (max(1, round(height * scale)), max(1, round(width * scale)))), SMALL_QUALITY
    )


def grey(size: Size, name: str) -> Image:
    """What stands for a picture that cannot be read: labels stay at its size.

    >>> grey(Size(height=2, width=3), "gone.jpg").size_hw
    (2, 3)
    """
    return Image(np.full((size.height, size.width, 3), 150, np.uint8), name)
