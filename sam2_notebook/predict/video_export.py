"""Masks of a video into files that others read: PNG, DAVIS, COCO, YouTube-VIS, numpy, and videos to look at.

Every writer asks for one frame at a time, says so by calling `tick`, which may raise to stop it, and leaves either the
whole file or folder or nothing. Errors of the disk are MediaError.
"""

import errno
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

from sam2_notebook.errors import MediaError
from sam2_notebook.media import write_mask_png, write_video
from sam2_notebook.media.paths import given_path
from sam2_notebook.values.frames import ByteImage, FrameSource
from sam2_notebook.values.masks import BoolMask, Rle, bounding_box
from sam2_notebook.values.tint import lay_over, usual_line

ExportFormat = Literal["png", "davis", "coco", "ytvis", "npz", "overlay", "cutout"]
ENDINGS: Mapping[str, str] = {
    "png": "", "davis": "", "coco": ".json", "ytvis": ".json", "npz": ".npz", "overlay": ".mp4", "cutout": ".webm",
}  # fmt: skip
MOST_INDEXED = 255
UNCLASSED = "object"  # the category of objects without a class


@dataclass(frozen=True, kw_only=True)
class ExportedObject:
    """An object as files name it. `label` is its class, empty for none; `color` red, green, blue from 0 to 255."""

    id: int
    name: str
    label: str
    color: tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class Export:
    """What to write: frames `0` to `count - 1`, and the masks of some objects by frame; absent ones are missing.

    `classes` are the names of all classes there are, not only of those objects: files number them in this order, so
    that what is written of other objects agrees.
    """

    source: FrameSource
    count: int
    objects: Sequence[ExportedObject]
    masks: Callable[[int], Mapping[int, BoolMask]]
    classes: Sequence[str] = ()
    tick: Callable[[int], None] | None = None

    def frames(self) -> Iterator[tuple[int, Mapping[int, BoolMask]]]:
        """Every frame with its masks."""
        for frame in range(self.count):
            yield frame, self.masks(frame)
            if self.tick is not None:
                self.tick(frame)


def target_of(path: str | os.PathLike[str], kind: ExportFormat) -> Path:
    """Where an export of that kind goes: a missing ending is added. Raises MediaError for an unknown kind, and for a
    path that names nothing.

    >>> target_of("clip", "overlay").name
    'clip.mp4'
    """
    target = given_path(path, "a file or a folder to write to")
    ending = ENDINGS.get(kind) if isinstance(kind, str) else None
    if ending is None:
        raise MediaError(f"there is no format {kind!r}. Wanted one of {', '.join(ENDINGS)}.")
    if not target.name:
        raise MediaError(f"{str(path)!r} names no file or folder. Give one to write to.")
    return target.with_name(target.name + ending) if ending and target.suffix.lower() != ending else target


def export_video(export: Export, path: str | os.PathLike[str], kind: ExportFormat) -> Path:
    """Write an export as `kind` to a file or, for `png` and `davis`, a new folder; returns where it is.

    A missing ending is added. Raises MediaError: an unknown kind, a folder that is taken, a full disk, frames that
    cannot be read.
    """
    target, ending = target_of(path, kind), ENDINGS[kind]
    if not export.objects:
        raise MediaError("there is nothing to export: no object has a mask yet. Click on one and follow it first.")
    if not target.parent.is_dir():
        raise MediaError(f"{target}: there is no folder {target.parent.name!r}. Make it first, or write elsewhere.")
    if not ending and target.exists():
        raise MediaError(f"{target}: it exists already. Choose another name, or remove it first.")
    if kind in ("overlay", "cutout"):
        pictures = _overlays(export) if kind == "overlay" else _cutouts(export)
        return write_video(target, pictures, fps=min(max(export.source.fps, 0.1), 1000))
    with _draft(target) as draft:
        _WRITERS[kind](export, draft)
    return target


def _write_png(export: Export, folder: Path) -> None:
    folder.mkdir()
    places = {o.id: folder / f"object_{o.id}" for o in export.objects}
    for place in places.values():
        place.mkdir()
    for frame, masks in export.frames():
        for id_, place in places.items():
            if id_ in masks:
                write_mask_png(masks[id_], place / f"{frame:05d}.png")
    _write_json(folder / "objects.json", {"objects": [_named(o) for o in export.objects]})


def _write_davis(export: Export, folder: Path) -> None:
    """One palette PNG per frame, index 0 for the background, as DAVIS has them; later objects lie on top."""
    if len(export.objects) > MOST_INDEXED:
        raise MediaError(f"a palette has room for {MOST_INDEXED} objects; these are {len(export.objects)}")
    folder.mkdir()
    index = _indices(export.objects)
    palette = np.zeros((256, 3), np.uint8)
    for item in export.objects:
        palette[index[item.id]] = item.color
    size = export.source.size
    for frame, masks in export.frames():
        plane = np.zeros((size.height, size.width), np.uint8)
        for item in export.objects:
            if item.id in masks:
                plane[masks[item.id]] = index[item.id]
        picture = PillowImage.fromarray(plane)
        picture.putpalette(palette.tobytes())
        picture.save(folder / f"{frame:05d}.png", "PNG")
    rows = [_named(o) | {"index": index[o.id]} for o in export.objects]
    _write_json(folder / "objects.json", {"objects": rows})


def _write_coco(export: Export, file: Path) -> None:
    size, name = export.source.size, Path(export.source.name).stem
    categories = _categories(export)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for frame, masks in export.frames():
        file_name = f"{name}/{frame:05d}.jpg"
        images.append({"id": frame + 1, "file_name": file_name, "width": size.width, "height": size.height})
        for item in export.objects:
            mask = masks.get(item.id)
            if mask is None or not mask.any():
                continue
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": frame + 1,
                    "category_id": categories[item.label or UNCLASSED],
                    "track_id": item.id,
                    "iscrowd": 0,
                    **_measured(mask),
                    "segmentation": Rle.from_mask(mask).to_coco(),
                }
            )
    rows = [{"id": number, "name": label} for label, number in categories.items()]
    _write_json(file, {"images": images, "annotations": annotations, "categories": rows})


def _write_ytvis(export: Export, file: Path) -> None:
    size, name = export.source.size, Path(export.source.name).stem
    categories = _categories(export)
    tracks: dict[int, list[dict[str, Any] | None]] = {o.id: [] for o in export.objects}
    for _, masks in export.frames():
        for id_, track in tracks.items():
            mask = masks.get(id_)
            if mask is None or not mask.any():
                track.append(None)
            else:
                track.append(_measured(mask) | {"segmentation": Rle.from_mask(mask).to_coco()})
    video = {
        "id": 1,
        "width": size.width,
        "height": size.height,
        "length": export.count,
        "file_names": [f"{name}/{frame:05d}.jpg" for frame in range(export.count)],
    }
    annotations = [
        {
            "id": number,
            "video_id": 1,
            "category_id": categories[item.label or UNCLASSED],
            "iscrowd": 0,
            "width": size.width,
            "height": size.height,
            "length": export.count,
            "segmentations": [found and found["segmentation"] for found in tracks[item.id]],
            "bboxes": [found and found["bbox"] for found in tracks[item.id]],
            "areas": [found and found["area"] for found in tracks[item.id]],
        }
        for number, item in enumerate(export.objects, 1)
    ]
    rows = [{"id": number, "name": label} for label, number in categories.items()]
    _write_json(file, {"videos": [video], "annotations": annotations, "categories": rows})


def _write_npz(export: Export, file: Path) -> None:
    """`frame_00000` and so on, bool (objects, height, width); `objects` are the ids, `known` (frames, objects)."""
    size = export.source.size
    known = np.zeros((export.count, len(export.objects)), np.bool_)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for frame, masks in export.frames():
            planes = np.zeros((len(export.objects), size.height, size.width), np.bool_)
            for row, item in enumerate(export.objects):
                if item.id in masks:
                    planes[row], known[frame, row] = masks[item.id], True
            _put_array(archive, f"frame_{frame:05d}", planes)
        _put_array(archive, "objects", np.array([o.id for o in export.objects], np.int64))
        _put_array(archive, "names", np.array([o.name for o in export.objects]))
        _put_array(archive, "known", known)


def _put_array(archive: zipfile.ZipFile, name: str, array: npt.NDArray[Any]) -> None:
    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
        np.lib.format.write_array(member, array, allow_pickle=False)


def _overlays(export: Export) -> Iterator[ByteImage]:
    """Frames with the masks tinted and outlined in their colours."""
    line = usual_line((export.source.size.height, export.source.size.width))
    for frame, masks in export.frames():
        pixels = export.source.frame(frame).copy()
        for item in export.objects:
            if item.id in masks:
                lay_over(pixels, masks[item.id], item.color, line)
        yield pixels


def _cutouts(export: Export) -> Iterator[ByteImage]:
    """Frames with a fourth channel that is 255 on the objects and 0 elsewhere."""
    size = export.source.size
    for frame, masks in export.frames():
        alpha = np.zeros((size.height, size.width), np.bool_)
        for mask in masks.values():
            alpha |= mask
        yield np.dstack((export.source.frame(frame) * alpha[..., None], alpha.astype(np.uint8) * 255))


_WRITERS: Mapping[str, Callable[[Export, Path], None]] = {
    "png": _write_png,
    "davis": _write_davis,
    "coco": _write_coco,
    "ytvis": _write_ytvis,
    "npz": _write_npz,
}


def _measured(mask: BoolMask) -> dict[str, Any]:
    box = bounding_box(mask)
    assert box is not None, "only masks with a pixel are measured"
    x0, y0, x1, y1 = box.as_tuple()
    return {"area": int(mask.sum()), "bbox": [x0, y0, x1 - x0 + 1, y1 - y0 + 1]}


def _categories(export: Export) -> dict[str, int]:
    """The numbers of all classes, from 1 on; objects without one are of the class "object"."""
    labels = (*export.classes, *(o.label or UNCLASSED for o in export.objects))
    return {label: number for number, label in enumerate(dict.fromkeys(labels), 1)}


def _indices(objects: Sequence[ExportedObject]) -> dict[int, int]:
    """Palette indices: the ids themselves where all of them fit."""
    fits = all(0 < o.id <= MOST_INDEXED for o in objects)
    return {o.id: o.id if fits else number for number, o in enumerate(objects, 1)}


def _named(item: ExportedObject) -> dict[str, Any]:
    return {"id": item.id, "name": item.name, "label": item.label, "color": list(item.color)}


def _write_json(file: Path, content: dict[str, Any]) -> None:
    with open(file, "w", encoding="utf-8") as text:
        json.dump(content, text, ensure_ascii=False)


@contextmanager
def _draft(target: Path) -> Iterator[Path]:
    """A place to write to, which takes the target's place once all went well, and is removed otherwise."""
    draft = target.with_name(f".{uuid4().hex}{target.suffix}")
    try:
        try:
            yield draft
            os.replace(draft, target)
        finally:
            if draft.is_dir():
                shutil.rmtree(draft, ignore_errors=True)
            else:
                draft.unlink(missing_ok=True)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        why = "the disk is full. Make room, or write elsewhere" if full else f"{error.strerror or error}"
        raise MediaError(f"{target}: it cannot be written: {why}.") from error
