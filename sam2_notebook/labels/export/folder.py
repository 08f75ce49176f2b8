"""Where an export goes: written beside what is there, and moved in when it is complete.

A list of the files written is kept in the folder, so that a later export can tell its own files from the user's.
"""

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal, TypeAlias
from uuid import uuid4

from PIL.ExifTags import Base as ExifTag

from sam2_notebook.errors import LabelError, MediaError
from sam2_notebook.labels.export.names import UniqueNames, without_suffix
from sam2_notebook.labels.schema import LabeledImage
from sam2_notebook.media import encode_jpeg, encode_png, read_image
from sam2_notebook.media.files import Limits, open_picture
from sam2_notebook.media.images import MAX_BYTES, MAX_PIXELS

Existing: TypeAlias = Literal["refuse", "overwrite", "merge"]
Pictures: TypeAlias = Literal["copy", "link", "leave"]

LISTING = ".sam2_notebook-export.json"
CARD = "README.md"
_PARTIAL = ".sam2_notebook-partial-"
_UPRIGHT = 1
_JPEG_QUALITY = 95


@dataclass(kw_only=True)
class OutputFolder:
    """What an exporter writes to. Every path is inside `draft`; `left_out` counts what the format cannot say, `placed`
    are the pictures among the files.
    """

    draft: Path
    pictures: Pictures
    names: UniqueNames = field(default_factory=UniqueNames)
    left_out: Counter[str] = field(default_factory=Counter)
    placed: set[str] = field(default_factory=set)

    def path(self, relative: str) -> Path:
        """A place for a file, its folder made; the parts of `relative` that come from data are safe names."""
        target = self.draft.joinpath(*relative.split("/"))
        if ".." in target.relative_to(self.draft).parts:
            raise LabelError(f"{relative!r} leads out of the output folder; this is a fault in the exporter, report it")
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def open(self, relative: str) -> IO[str]:
        """A new text file, UTF-8 with plain line ends."""
        return open(self.path(relative), "x", encoding="utf-8", newline="\n")

    def name(self, image: LabeledImage, *, flat: bool) -> str:
        """A safe name for the picture, not given before; `flat` for formats that know one folder only."""
        name = self.names.take(image.name, flat=flat)
        if self.pictures == "leave" or not self._turned(image):
            return name
        return name if name.lower().endswith((".jpg", ".jpeg")) else f"{without_suffix(name)}.png"

    def place(self, image: LabeledImage, relative: str) -> None:
        """Put the picture at a path, upright: one turned by its EXIF is written anew, as JPEG at 95 or as PNG."""
        if self.pictures == "leave":
            return
        target = self.path(relative)
        self.placed.add(target.relative_to(self.draft).as_posix())
        if self._turned(image):
            assert image.path is not None
            pixels = read_image(image.path).pixels
            jpeg = target.suffix.lower() in {".jpg", ".jpeg"}
            target.write_bytes(encode_jpeg(pixels, _JPEG_QUALITY) if jpeg else encode_png(pixels))
            return
        source = _file_of(image)
        if self.pictures == "link":
            try:
                os.link(source, target)
            except OSError:  # another disk, or a file system without links
                shutil.copyfile(source, target)
            return
        shutil.copyfile(source, target)

    def _turned(self, image: LabeledImage) -> bool:
        with open(_file_of(image), "rb") as stream:
            picture = open_picture(stream, image.name, Limits(max_pixels=MAX_PIXELS, max_bytes=MAX_BYTES), None)
            return picture.getexif().get(ExifTag.Orientation, _UPRIGHT) in range(2, 9)


@contextmanager
def output_folder(target: Path, existing: Existing, pictures: Pictures) -> Iterator[OutputFolder]:
    """An empty draft that becomes part of `target` at the end, or vanishes if anything goes wrong.

    `refuse` wants an empty or new folder. `overwrite` replaces files of the same names and removes what an earlier
    export left; other files stay, and pictures that no export wrote are never replaced. `merge` adds files, and refuses
    if one of another content is there; its card stands beside that of the export before.
    """
    _check(target, existing, pictures)
    draft = target / f"{_PARTIAL}{uuid4().hex}"
    made = not target.exists()
    try:
        draft.mkdir(parents=True)
        output = OutputFolder(draft=draft, pictures=pictures)
        yield output
        _move_in(output, target, existing)
    except OSError as error:
        raise LabelError(
            f"{target}: the export cannot be written ({error}). What was there before is unchanged where it was not "
            "replaced; check the space left and the right to write."
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        if made and target.exists() and not any(target.iterdir()):
            target.rmdir()


def _check(target: Path, existing: Existing, pictures: Pictures) -> None:
    if existing not in {"refuse", "overwrite", "merge"}:
        raise LabelError(f"existing= is 'refuse', 'overwrite' or 'merge'; got {existing!r}")
    if pictures not in {"copy", "link", "leave"}:
        raise LabelError(f"pictures= is 'copy', 'link' or 'leave'; got {pictures!r}")
    if target.exists() and not target.is_dir():
        raise LabelError(f"{target}: it is a file; an export goes into a folder")
    there = [p.name for p in target.iterdir() if not p.name.startswith(_PARTIAL)] if target.exists() else []
    if there and existing == "refuse":
        some = ", ".join(sorted(there)[:3])
        raise LabelError(
            f"{target}: the folder is not empty ({some}{', ...' if len(there) > 3 else ''}). Choose another one, or "
            "existing='overwrite' to replace files of the same names, or existing='merge' to add to what is there."
        )


def _move_in(output: OutputFolder, target: Path, existing: Existing) -> None:
    draft = output.draft
    written = sorted(p.relative_to(draft).as_posix() for p in draft.rglob("*") if p.is_file())
    outside = [name for name in written if not _inside(target, target / name)]
    if outside:
        raise LabelError(
            f"{target}: a link in it leads elsewhere ({outside[0]}); nothing was written. Remove the link."
        )
    earlier = set(_listed(target))
    if existing == "merge":
        written = _aside(draft, target, written)
        clash = [name for name in written if _differs(draft / name, target / name)]
        if clash:
            raise LabelError(
                f"{target}: {len(clash):,} files are there with other content, such as {clash[0]}; nothing was "
                "written. Choose another folder, or existing='overwrite' to replace them."
            )
    theirs = [name for name in written if name not in earlier and (target / name).exists()]
    as_it_is = {name for name in theirs if not _differs(draft / name, target / name)}
    pictures = sorted(output.placed.intersection(theirs) - as_it_is)
    if pictures:
        raise LabelError(
            f"{target}: {len(pictures):,} pictures there are not from an export and differ from those to be written, "
            f"such as {pictures[0]}; they may be your originals, so nothing was written. Choose another folder."
        )
    if existing == "overwrite":
        for name in earlier.difference(written):
            if _inside(target, target / name):
                (target / name).unlink(missing_ok=True)
    written = [name for name in written if name not in as_it_is]  # and so never removed as an export's
    for name in written:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(draft / name, target / name)
    kept = earlier.union(written) if existing == "merge" else written
    (draft / LISTING).write_text(json.dumps(sorted(kept)), "utf-8")
    os.replace(draft / LISTING, target / LISTING)


def _aside(draft: Path, target: Path, written: list[str]) -> list[str]:
    """What is written when merging: the card of each export stays, later ones as README-2.md and so on."""
    number, name = 2, CARD
    while _differs(draft / CARD, target / name):
        number, name = number + 1, CARD.replace(".", f"-{number}.")
    if name == CARD:
        return written
    (draft / CARD).rename(draft / name)
    return sorted({*written, name} - {CARD})


def _inside(folder: Path, path: Path) -> bool:
    """Whether a path stays in the folder, links followed."""
    return path.resolve().is_relative_to(folder.resolve())


def _listed(target: Path) -> list[str]:
    """The files that an earlier export wrote."""
    try:
        names = json.loads((target / LISTING).read_text("utf-8"))
    except (OSError, ValueError):
        return []
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _differs(new: Path, there: Path) -> bool:
    return there.exists() and (not there.is_file() or new.read_bytes() != there.read_bytes())


def _file_of(image: LabeledImage) -> Path:
    if image.path is None or not image.path.is_file():
        where = f"is not at {image.path}" if image.path else "is not known"
        raise MediaError(f"{image.name}: its file {where}. Relink it, or export with pictures='leave'.")
    return image.path
