"""Pictures and clips, told apart by how their names end."""

from pathlib import PurePosixPath

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif"})
CLIP_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi"})


def is_clip(name: str) -> bool:
    """Whether an image of a store is a clip: it is in the queue, but its labels are elsewhere.

    >>> is_clip("a/1.MP4"), is_clip("1.png")
    (True, False)
    """
    return PurePosixPath(name).suffix.lower() in CLIP_SUFFIXES
