"""What may be segmented: one picture, many, or a video, told apart by content and never by name alone."""

import glob
import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image as PillowImage

from sam2_notebook.errors import MediaError
from sam2_notebook.facade.web import download, is_live, is_web, refuse_live
from sam2_notebook.media import Image, open_video, read_image
from sam2_notebook.media.every_nth import EveryNth
from sam2_notebook.media.formats import HEAD_BYTES, picture_format
from sam2_notebook.media.images import ImageSource
from sam2_notebook.media.paths import local_path, path_errors
from sam2_notebook.media.video_pictures import PICTURE_SUFFIXES, natural_order
from sam2_notebook.values.frames import FrameSource

Source: TypeAlias = ImageSource | Image | FrameSource | Sequence[ImageSource | Image]
VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".wmv", ".flv", ".ogv"})


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture to segment, and the path results speak of."""

    image: Image
    path: str


@dataclass(frozen=True, eq=False)
class Clip:
    """A video to segment, of which every `step`th frame counts.

    When done, `owned` ones are closed, and a `temporary` file is removed.
    """

    video: FrameSource
    path: str
    owned: bool
    step: int = 1
    temporary: Path | None = None

    def every(self, step: int) -> "Clip":
        """Every `step`th of its frames."""
        return self if step == 1 else replace(self, video=EveryNth(self.video, step), step=step)


def media_of(source: Source) -> Iterator[Picture | Clip]:
    """Everything a source holds, in order and one at a time.

    A path may be a picture, a video, a folder of both, a pattern with `*`, or the web address of a picture or a video;
    an array (height, width, 3) is a picture in RGB, one with time first a video; a list holds pictures. What cannot be
    read is an error if it was named, and left out with a warning if it was found in a folder.
    """
    if isinstance(source, int):
        refuse_live(str(source))
    if isinstance(source, FrameSource):
        yield Clip(source, source.name, owned=False)
    elif isinstance(source, str | os.PathLike):
        yield from _of_path(os.fspath(source))
    elif isinstance(source, list | tuple):
        if not source:
            raise MediaError("an empty list holds nothing to segment. Pass pictures or their paths.")
        for item in source:
            yield from media_of(item)
    elif isinstance(source, np.ndarray) and source.ndim == 4:
        yield Clip(open_video(source), "array", owned=True)
    else:
        image = read_image(source)  # type: ignore[arg-type] -- MediaError tells what else it is
        name = getattr(source, "filename", "") if isinstance(source, PillowImage.Image) else image.name
        yield Picture(image, os.fsdecode(name) or image.name)


def files_of(folder: Path, suffixes: frozenset[str] | None) -> list[Path]:
    """The files of a folder, with some endings only unless None, hidden ones left out, in natural order."""
    with path_errors(str(folder)):
        names = [entry.name for entry in os.scandir(folder) if entry.is_file() and not entry.name.startswith(".")]
    wanted = names if suffixes is None else [n for n in names if Path(n).suffix.lower() in suffixes]
    return [folder / name for name in sorted(wanted, key=natural_order)]


def _of_path(given: str | bytes) -> Iterator[Picture | Clip]:
    name = os.fsdecode(given)
    if not os.path.exists(name):
        if is_live(name):
            refuse_live(name)
        if is_web(name):
            yield _of_web(name)
            return
    text, label = local_path(given)
    path = Path(text)
    if path.is_dir():
        files = files_of(path, PICTURE_SUFFIXES | VIDEO_SUFFIXES)
        if not files:
            raise MediaError(f"{label}: the folder holds no pictures and no videos. Check the path.")
        yield from _readable(files)
    elif glob.has_magic(text) and not path.exists():
        files = [Path(name) for name in sorted(glob.glob(text, recursive=True), key=natural_order)]
        if not files:
            raise MediaError(f"{label}: no file matches this pattern. Check it from the folder {Path.cwd()}.")
        yield from _readable([file for file in files if file.is_file()])
    else:
        yield _of_file(path, label)


def _readable(files: list[Path]) -> Iterator[Picture | Clip]:
    """What of these files can be read; if nothing can, the first reason is raised."""
    first: MediaError | None = None
    good = 0
    for file in files:
        try:
            found = _of_file(file, str(file))
        except MediaError as error:
            first = first or error
            warnings.warn(f"left out: {error}", stacklevel=2)
            continue
        good += 1
        yield found
    if not good and first is not None:
        raise first


def _of_web(url: str) -> Picture | Clip:
    """A picture or a video of a web server, whose path is its address."""
    file = download(url)
    try:
        found = _of_file(file, url)
    except MediaError as error:
        file.unlink(missing_ok=True)
        raise MediaError(str(error).replace(str(file), url)) from error
    if isinstance(found, Clip):
        return replace(found, path=url, temporary=file)
    file.unlink(missing_ok=True)
    return Picture(Image(found.image.pixels, url), url)


def _of_file(path: Path, label: str) -> Picture | Clip:
    with path_errors(label), path.open("rb") as file:
        kind = picture_format(file.read(HEAD_BYTES))
    if kind == "GIF":
        video = open_video(path)
        if len(video) > 1:
            return Clip(video, str(path), owned=True)
        video.close()
    if kind is None and path.suffix.lower() not in PICTURE_SUFFIXES:
        return Clip(open_video(path), str(path), owned=True)
    return Picture(read_image(path, frame=0 if kind == "GIF" else None), str(path))


def close(clip: Clip) -> None:
    """Let go of a video that was opened here, and of a file that was brought here."""
    if clip.owned:
        clip.video.close()
    if clip.temporary is not None:
        clip.temporary.unlink(missing_ok=True)
